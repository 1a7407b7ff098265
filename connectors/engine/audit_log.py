"""Who did what that a customer may ask about: connected, read credentials, rotated, deleted.

Who acts is known where a request or a command comes in, and what is done deep below; a context
variable carries the one to the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from connectors.engine.host import Host

Deed = Literal[
    "connection.created",
    "connection.reauthorised",
    "connection.deleted",
    "connection.erased",
    "credentials.read",
    "dashboard.signed_in",
    "integration.deleted",
    "key.created",
    "key.rotated",
    "key.revoked",
    "signing_key.rotated",
    "vault.rotated",
    "webhook.address_made",
    "webhook.addresses_revoked",
]

_actor: ContextVar[str] = ContextVar("actor", default="library")


@contextmanager
def acting(actor: str) -> Iterator[None]:
    """Whatever is done in the block is done by `actor`: `key:ID`, `session`, `command`, `server`.

    It holds for the calling thread, and for what is started with its context.
    """
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


class AuditLog:
    """The audit log of a host's environments."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def record(self, environment: str, action: Deed, subject: str, **details: Any) -> None:
        """Write down what was done to `subject`, such as `integration/connection` or a key's id. Never a secret."""
        self._host.store.audit.add(
            environment,
            actor=_actor.get(),
            action=action,
            subject=subject,
            details={name: value for name, value in details.items() if value is not None},
            now=self._host.clock.now(),
        )

    def list(self, environment: str, *, before: int | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """The newest entries, or those before a number."""
        return self._host.store.audit.list(environment, before=before, limit=limit)
