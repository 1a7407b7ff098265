-- A record whose payload was emptied on request: its id, its history and its place stay.
ALTER TABLE records ADD COLUMN pruned_at REAL;
CREATE INDEX records_deleted ON records (stream, change) WHERE deleted_at IS NOT NULL;

-- Calls of actions whose result is fetched later.
CREATE TABLE action_calls (
  id TEXT NOT NULL PRIMARY KEY,         -- a UUID
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  action TEXT NOT NULL,
  given TEXT NOT NULL,                  -- the input, as JSON; emptied at the end
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'success', 'failed')),
  retries INTEGER NOT NULL,             -- further attempts that are left of those the caller asked for
  failures INTEGER NOT NULL DEFAULT 0,  -- attempts that failed
  due_at REAL NOT NULL,                 -- not before
  claim TEXT,                           -- the process that runs it
  claim_until REAL,                     -- if it says nothing until then, it is dead
  answer TEXT,                          -- output or error, as JSON
  created_at REAL NOT NULL,
  ended_at REAL
) STRICT;
CREATE UNIQUE INDEX action_calls_one_at_a_time ON action_calls (environment) WHERE state = 'running';
CREATE INDEX action_calls_by_due ON action_calls (due_at) WHERE state = 'waiting';
CREATE INDEX action_calls_by_end ON action_calls (ended_at) WHERE ended_at IS NOT NULL;
