"""An audit of what is stored of a connection, by the function that its connector brings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from connectors.authoring import NOT_CHECKED, Audit, Audited, Finding
from connectors.engine.records import Reader
from connectors.errors import InputError, RunError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

_VARIANT = "base"


def audit_records(
    host: Host,
    environment: str,
    provider: str,
    connection_id: str,
    *,
    integration: str | None = None,
    kinds: Collection[str] = (),
    checked_out_days: float | None = None,
) -> Iterator[Finding]:
    """Audit what is stored of a connection; `kinds` leaves out all others. No request is made.

    That a chosen kind could not be checked is always said: by the kind `NOT_CHECKED`, with it as `target`.

    Findings come as they are found. Raises at once: `UnknownConnection`, `UnknownFunction` for a
    provider without an audit, `InputError` for a connection of another provider or an unknown
    kind, `RunError` while a sync that the audit needs has not succeeded. Later: what the audit raises.
    """
    stored = host.connections.get(environment, connection_id, integration)
    if stored.provider != provider:
        raise InputError(
            f"{connection_id} is a connection to {stored.provider}, not to {provider}",
            next_step=f"Run `connectors audit {stored.provider} --connection {connection_id}`.",
        )
    audit = host.registry.audit(provider)
    unknown = [kind for kind in kinds if kind not in audit.kinds]
    if unknown:
        raise InputError(
            f"the audit of {provider} finds no {unknown[0]!r}",
            next_step=f"Use one of: {', '.join(audit.kinds)}.",
        )
    _check_needs(host, stored, audit)
    given = Audited(
        records=partial(_alive, Reader(host.store, stored, _VARIANT)),
        connection_config=stored.connection_config,
        metadata=stored.metadata,
        now=host.clock.now(),
        checked_out_days=checked_out_days,
    )
    return (finding for finding in audit.function(given) if not kinds or _concerns(finding, kinds))


def _concerns(finding: Finding, kinds: Collection[str]) -> bool:
    return finding.kind in kinds or (finding.kind == NOT_CHECKED and finding.target in kinds)


def _alive(reader: Reader, model: str) -> Iterator[Mapping[str, Any]]:
    """Records that are not deleted, each with its history under `_metadata`."""
    return (record.to_dict() for record in reader.after(model, None) if record.deleted_at is None)


def _check_needs(host: Host, stored: StoredConnection, audit: Audit) -> None:
    for name in audit.needs:
        state = host.store.runs.state(stored.environment, stored.key, name, _VARIANT)
        if state["succeeded_at"] is None:
            raise RunError(
                f"the audit needs the sync {name}, which has not succeeded yet for {stored.id}",
                next_step=f"Run `connectors sync {name} --connection {stored.id}` first.",
            )
