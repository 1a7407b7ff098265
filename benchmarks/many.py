"""A store with very much in it, made by the database itself; on SQLite and PostgreSQL alike."""

from __future__ import annotations

import json

from connectors.engine.store import Store
from connectors.engine.store.database import Session
from connectors.engine.store.queries import Query

NOW = 1_764_000_000.0
_N = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
_RECORD = json.dumps({"id": "r", "name": "Install the pump", "text": "Switch off the machine and wait. " * 8})
_CONNECTIONS = (
    _N
    + """INSERT INTO connections (environment, integration, id, provider, connection_config, sealed, metadata,
  created_at, updated_at, searched, error)
SELECT :environment, 'paligo', 'customer-' || i, 'paligo', '{}', :bytes, '{}', :now + i, :now, 'customer-' || i,
  CASE WHEN i % 500 = 0 THEN '{"message": "refused"}' END FROM n"""
)
_OF_EACH = (  # for every connection
    """INSERT INTO streams (environment, connection, model, variant, last_change, last_time)
SELECT environment, key, 'Document', 'base', :count, :now FROM connections""",
    _N
    + """INSERT INTO schedules (id, environment, connection, sync, variant, state, every, began_at, due_at, failures)
SELECT 's' || key || '-' || i, environment, key, CASE WHEN i = 1 THEN 'documents' ELSE 'sync-' || i END, 'base',
  CASE WHEN key % 20 = 0 THEN 'paused' ELSE 'started' END, 3600, :now, :now + key,
  CASE WHEN key % 20 = 7 THEN 1 ELSE 0 END
FROM connections CROSS JOIN n WHERE i <= 3""",
    _N
    + """INSERT INTO runs (environment, connection, sync, model, variant, trigger, state, owner, started_at,
  heartbeat_at, ended_at)
SELECT environment, key, 'documents', 'Document', 'base', 'schedule',
  CASE WHEN key % 10 = 0 THEN 'failed' WHEN key % 777 = 0 THEN 'needs_confirmation' ELSE 'success' END, 'a:1',
  :now, :now, :now + 5
FROM n CROSS JOIN connections WHERE i <= 5 ORDER BY i, key""",
    _N
    + """INSERT INTO deliveries (id, environment, connection, kind, url, trusted, body, headers, state,
  due_at, created_at)
SELECT 'd' || key || '-' || i, environment, key, 'sync', 'https://app.example.com', 0, '{}', '{}',
  CASE WHEN key % 5 = 0 THEN 'failed' ELSE 'delivered' END, :now, :now + key
FROM connections CROSS JOIN n WHERE i <= 2""",
    """INSERT INTO connection_errors (environment, connection, kind, name, log_id, error, times, notified,
  since, last_at)
SELECT environment, key, 'sync', 'documents::base', '1', '{}', 1, 1, :now, :now
FROM connections WHERE key % 10 = 0""",
    """INSERT INTO files (id, environment, connection, name, size, created_at, expires_at)
SELECT 'f' || key, environment, key, 'manual.pdf', 1000, :now, :now + 86400 FROM connections WHERE key % 2 = 0""",
    """INSERT INTO audit (environment, at, actor, action, subject, details)
SELECT environment, :now, 'key:1', 'connection.created', 'paligo/' || id, '{}' FROM connections""",
)
_RECORDS = (
    _N
    + """INSERT INTO records (stream, id, data, hash, first_change, change, first_seen_at, last_modified_at, deleted_at)
SELECT streams.key, 'r' || i, :record, :bytes, i, i, :now, :now, CASE WHEN i % 50 = 0 THEN :now END
FROM streams CROSS JOIN n WHERE streams.key """
)
_FEW = 50  # records of most connections
_TABLES = (
    "connections",
    "schedules",
    "runs",
    "records",
    "streams",
    "deliveries",
    "connection_errors",
    "files",
    "audit",
)


def fill(store: Store, *, connections: int, records: int, environments: tuple[str, ...] = ("dev", "other")) -> None:
    """Fill it: half of the records belong to one connection of the first environment, the rest to all alike."""
    each = connections // len(environments)

    def work(session: Session) -> None:
        for environment in environments:
            session.execute(Query(_CONNECTIONS), {"environment": environment, "count": each, "bytes": b"x", "now": NOW})
        for statement in _OF_EACH:
            names = {"count": 5, "now": NOW}
            session.execute(Query(statement), {name: value for name, value in names.items() if f":{name}" in statement})
        session.execute(Query("CREATE TEMPORARY TABLE largest AS SELECT min(key) AS key FROM streams"), {})
        given = {"record": _RECORD, "bytes": b"x", "now": NOW}
        largest = max(_FEW, records - _FEW * (connections - 1))
        session.execute(Query(_RECORDS + "<> (SELECT key FROM largest)"), {**given, "count": _FEW})
        session.execute(Query(_RECORDS + "= (SELECT key FROM largest)"), {**given, "count": largest})

    for environment in environments:
        store.environments.ensure(environment, "paligo", "paligo", now=NOW)
    store.database.write(work)
    for table in _TABLES:
        store.database.connection.execute(Query(f"ANALYZE {table}"))
