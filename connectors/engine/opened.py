"""Connections that were opened lately, so that a call need not unseal and compile what the last one did."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.engine.store.connections import StoredConnection
    from connectors.engine.store.integrations import StoredIntegration
    from connectors.runtime.connection import Connection

_MOST = 256


class Opened:
    """The newest opened connections. One whose row, or whose integration's row, was changed does not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[StoredConnection, StoredIntegration | None, Connection]] = OrderedDict()

    def get(self, stored: StoredConnection, integration: StoredIntegration | None) -> Connection | None:
        """The connection as it was opened from just these rows."""
        with self._lock:
            kept = self._kept.get(stored.key)
            if kept is None or kept[0] != stored or kept[1] != integration:
                return None
            self._kept.move_to_end(stored.key)
            return kept[2]

    def keep(self, stored: StoredConnection, integration: StoredIntegration | None, opened: Connection) -> Connection:
        """Keep one, and drop the one that was used least lately."""
        with self._lock:
            self._kept[stored.key] = (stored, integration, opened)
            self._kept.move_to_end(stored.key)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return opened
