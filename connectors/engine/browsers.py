"""Browsers that are signed in to the dashboard: by a secret key, for half a day, until that key is refused."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.engine.audit_log import acting
from connectors.engine.environments import is_key
from connectors.engine.store.browser_sessions import SignedIn

if TYPE_CHECKING:
    from connectors.engine.host import Host

LIFE = 12 * 3600.0  # seconds
_TOKEN = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Browser:
    """A browser and where it is signed in."""

    signed_in: Sequence[SignedIn]  # the newest first
    form_token: str = field(repr=False)  # what its forms carry, so that nobody else's page can send one

    @property
    def environments(self) -> list[str]:
        """The environments, by name."""
        return sorted(each.environment for each in self.signed_in)

    def at(self, environment: str) -> SignedIn | None:
        """How it is signed in to an environment; None if it is not."""
        return next((each for each in self.signed_in if each.environment == environment), None)

    def owns(self, form_token: str) -> bool:
        """Whether a form comes from a page that was made for this browser."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode("utf-8", "replace"))


class Browsers:
    """The browsers of a host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def sign_in(self, key: str, *, carried: str | None = None) -> tuple[str, str] | None:
        """Let a browser in by a secret key: the environment, and what it carries from now on; None for no good key.

        `carried` is what it carries already: where else it is signed in stays. What it carries is new
        each time, so nobody can have put it there before.
        """
        found = self._host.environments.of_key(key.strip()) if is_key(key.strip()) else None
        if found is None:
            return None
        environment, _, called = found
        token, now = secrets.token_hex(32), self._host.clock.now()
        self._host.store.browser_sessions.add(
            environment,
            hash=_hash(token),
            before=_hash(carried) if carried and _TOKEN.match(carried) else None,
            key=called,
            now=now,
            expires_at=now + LIFE,
        )
        with acting(f"key:{called}"):
            self._host.audit_log.record(environment, "dashboard.signed_in", called)
        return environment, token

    def find(self, carried: str | None) -> Browser | None:
        """The browser that carries this; None if it is signed in nowhere, or no longer."""
        if carried is None or not _TOKEN.match(carried):
            return None
        signed_in = self._host.store.browser_sessions.find(_hash(carried), now=self._host.clock.now())
        return Browser(signed_in, form_token(carried)) if signed_in else None

    def sign_out(self, carried: str) -> None:
        """Forget the browser that carries this, everywhere."""
        self._host.store.browser_sessions.end(_hash(carried))


def form_token(carried: str) -> str:
    """What the forms of a browser carry: it follows from what the browser carries, and that does not follow from it."""
    return hmac.new(carried.encode(), b"form", hashlib.sha256).hexdigest()


def _hash(carried: str) -> bytes:
    # It is 256 random bits: nothing slower than one round of SHA-256 is needed.
    return hashlib.sha256(carried.encode()).digest()
