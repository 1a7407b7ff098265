-- Browsers that signed in with a secret key of an environment; one may be signed in to several.
CREATE TABLE browser_sessions (
  hash BLOB NOT NULL,                   -- SHA-256 of what the browser carries
  environment TEXT NOT NULL REFERENCES environments (name),
  key TEXT NOT NULL,                    -- id of the secret key: when that is refused, so is this
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  PRIMARY KEY (hash, environment)
) STRICT, WITHOUT ROWID;
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);

-- What the pages of the dashboard list, each in the order of its pages.
DROP INDEX connections_by_age;
CREATE INDEX connections_by_age ON connections (environment, created_at, key);
CREATE INDEX connections_by_integration ON connections (environment, integration, created_at, key);
CREATE INDEX connection_errors_by_environment ON connection_errors (environment, connection);
CREATE INDEX schedules_by_environment ON schedules (environment, key);
CREATE INDEX schedules_failing ON schedules (environment, key) WHERE failures > 0;
CREATE INDEX schedules_paused ON schedules (environment, key) WHERE state = 'paused';
CREATE INDEX runs_by_connection ON runs (connection, number);
CREATE INDEX runs_by_state ON runs (environment, state, number);
CREATE INDEX rejects_by_run ON rejects (run);
DROP INDEX deliveries_by_age;
CREATE INDEX deliveries_by_age ON deliveries (environment, created_at, id);
CREATE INDEX deliveries_by_state ON deliveries (environment, state, created_at, id);
CREATE INDEX files_by_environment ON files (environment, created_at, id);
