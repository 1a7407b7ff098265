-- A run can close because it would have to wait for long. SQLite changes a CHECK by making the table anew.
CREATE TABLE runs_new (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  sync TEXT NOT NULL,
  model TEXT NOT NULL,
  variant TEXT NOT NULL,
  trigger TEXT NOT NULL,                -- what started it: 'command', 'library', 'schedule', 'api'
  state TEXT NOT NULL CHECK (
    state IN ('running', 'success', 'limited', 'failed', 'interrupted', 'needs_confirmation', 'waiting')
  ),
  owner TEXT NOT NULL,                  -- host and process
  pass INTEGER,                         -- the pass that this run holds for confirmation
  started_at REAL NOT NULL,
  heartbeat_at REAL NOT NULL,
  ended_at REAL,
  added INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  would_delete INTEGER NOT NULL DEFAULT 0,
  requests INTEGER NOT NULL DEFAULT 0,
  waited REAL NOT NULL DEFAULT 0,       -- seconds spent waiting for the budget
  error TEXT,                           -- as JSON
  notes TEXT NOT NULL DEFAULT '[]',
  stop TEXT                             -- why it has to end before its time; NULL: it has not
) STRICT;
INSERT INTO runs_new (number, environment, connection, sync, model, variant, trigger, state, owner, pass, started_at,
  heartbeat_at, ended_at, added, updated, deleted, unchanged, rejected, skipped, would_delete, requests, waited, error, notes, stop)
SELECT number, environment, connection, sync, model, variant, trigger, state, owner, pass, started_at,
  heartbeat_at, ended_at, added, updated, deleted, unchanged, rejected, skipped, would_delete, requests, waited, error, notes, stop
FROM runs;
-- Numbers of runs that were deleted are not given again.
DELETE FROM sqlite_sequence WHERE name = 'runs_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'runs_new', seq FROM sqlite_sequence WHERE name = 'runs';
DROP TABLE runs;
ALTER TABLE runs_new RENAME TO runs;
CREATE UNIQUE INDEX runs_one_at_a_time ON runs (connection, sync, variant) WHERE state = 'running';
CREATE INDEX runs_by_environment ON runs (environment, number);
CREATE INDEX runs_by_sync ON runs (connection, sync, variant, number);
CREATE INDEX runs_alive ON runs (heartbeat_at) WHERE state = 'running';
