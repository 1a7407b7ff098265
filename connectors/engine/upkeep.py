"""What a server does for itself now and then: renew credentials in time, and clear away what is old."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from connectors.engine.execution.protocol import Duty
from connectors.engine.tokens import StoredTokens
from connectors.errors import ConnectorError
from connectors.runtime.auth.renewal import MOST_DAYS

if TYPE_CHECKING:
    from connectors.engine.host import Host

_DAY = 86400.0  # seconds
_BUFFER = 900.0  # seconds before they expire that credentials are looked at
_AGAIN = 300.0  # seconds until those that could not be renewed, or had no need to be, are looked at again
_RENEWERS = 4  # at once
_MOST_AT_ONCE = 200  # connections that are taken together
_RETENTION = {  # what is cleared, by the setting that says after how many days
    "CONNECTORS_RETENTION_RUNS": ("runs", "calls"),
    "CONNECTORS_RETENTION_REQUESTS": ("requests",),
    "CONNECTORS_RETENTION_DELIVERIES": ("deliveries",),
    "CONNECTORS_RETENTION_AUDIT": ("audit",),
}

_log = logging.getLogger(__name__)


def duties(host: Host) -> Sequence[Duty]:
    """What has to be done regularly, by one process at a time."""
    return (
        Duty("renew credentials", 60.0, lambda: renew_expiring(host)),
        Duty("clear away what is old", 3600.0, lambda: clear_old(host)),
    )


def renew_expiring(host: Host) -> int:
    """Renew the credentials that expire in the next quarter of an hour; how many connections were looked at.

    A connection that could not be renewed has its error recorded, and is looked at again after five
    minutes, until it failed on four days.
    """
    looked_at = 0
    with ThreadPoolExecutor(_RENEWERS, thread_name_prefix="renew") as pool:
        while not host.stopping.is_set():
            now = host.clock.now()
            found = host.store.upkeep.take_expiring(
                now=now, soon=now + _BUFFER, before=now - _AGAIN, days=MOST_DAYS, limit=_MOST_AT_ONCE
            )
            for done in [pool.submit(_renew, host, *place) for place in found]:
                done.result()
            looked_at += len(found)
            if len(found) < _MOST_AT_ONCE:
                break
    return looked_at


def clear_old(host: Host) -> dict[str, int]:
    """Clear away what the settings say is old, and what has expired; how many of each."""
    now, rows = host.clock.now(), host.store.upkeep
    cleared: dict[str, int] = {}
    for setting, kinds in _RETENTION.items():
        before = now - host.settings.value(setting) * _DAY
        cleared |= {kind: rows.clear(kind, before=before) for kind in kinds}
    cleared["deleted records"] = rows.clear_deleted(
        before=now - host.settings.value("CONNECTORS_RETENTION_DELETED") * _DAY
    )
    cleared |= {kind: rows.clear(kind, before=now) for kind in ("events", "sessions")}
    host.files.prune()
    return cleared


def _renew(host: Host, environment: str, integration: str, id: str) -> None:
    try:
        stored = host.connections.get(environment, id, integration)
        StoredTokens(host, stored).fresh(host.connections.open(stored))
    except ConnectorError as error:  # it is recorded with the connection
        _log.info("the credentials of %s could not be renewed: %s", id, error.message)
    except Exception:  # noqa: BLE001 - one connection keeps no other from being looked at
        _log.exception("the credentials of %s could not be renewed", id)
