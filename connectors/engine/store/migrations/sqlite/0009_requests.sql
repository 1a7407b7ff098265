-- The request log: what went out to providers. Of a long run the first and the newest; no secret, no body.
CREATE TABLE run_requests (
  key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  run INTEGER REFERENCES runs (number) ON DELETE CASCADE, -- NULL: of an action or a proxied call
  kind TEXT NOT NULL CHECK (kind IN ('sync', 'action', 'proxy')),
  name TEXT NOT NULL,                   -- of the sync or the action; empty for a proxied call
  number INTEGER NOT NULL,              -- of the run's requests this one, from 1; of an action's too
  method TEXT NOT NULL,
  url TEXT NOT NULL,                    -- without secrets
  attempt INTEGER NOT NULL,             -- 1: the first of its call
  status INTEGER,                       -- NULL: there was no answer
  error TEXT,                           -- code of the error, if there was no answer
  at REAL NOT NULL,                     -- when it went out
  seconds REAL NOT NULL,                -- until the head of the answer was there
  bytes INTEGER                         -- of the answer's body, where the provider said so
) STRICT;
CREATE INDEX run_requests_by_run ON run_requests (run, number) WHERE run IS NOT NULL;
CREATE INDEX run_requests_by_connection ON run_requests (connection, key);
CREATE INDEX run_requests_of_no_run ON run_requests (connection, key) WHERE run IS NULL;
CREATE INDEX run_requests_by_time ON run_requests (at);
