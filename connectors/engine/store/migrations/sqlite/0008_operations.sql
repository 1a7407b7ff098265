-- Where an environment's webhooks go, and which of them. No row: the setting says where, and all go.
CREATE TABLE webhook_targets (
  environment TEXT NOT NULL PRIMARY KEY,
  url TEXT NOT NULL,                    -- empty: the setting's
  second_url TEXT NOT NULL DEFAULT '',  -- empty: none
  switched_off TEXT NOT NULL            -- JSON: names of kinds that are not sent
) STRICT, WITHOUT ROWID;

-- Webhooks on their way, and what became of them.
CREATE TABLE deliveries (
  id TEXT NOT NULL PRIMARY KEY,         -- a UUID
  environment TEXT NOT NULL,
  connection INTEGER REFERENCES connections (key) ON DELETE CASCADE, -- NULL: of no connection that is stored
  kind TEXT NOT NULL,                   -- auth, sync, async_action, forward
  url TEXT NOT NULL,
  trusted INTEGER NOT NULL,             -- 1: the operator named it, so it may be a private address
  body TEXT NOT NULL,                   -- as it is signed and sent
  headers TEXT NOT NULL,                -- JSON: further ones
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at REAL NOT NULL,                 -- not before; while somebody sends it, when others may
  status INTEGER,                       -- the last answer's; NULL: there was none
  error TEXT,                           -- why the last attempt failed
  created_at REAL NOT NULL,
  ended_at REAL
) STRICT;
CREATE INDEX deliveries_by_due ON deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_by_age ON deliveries (environment, created_at);
CREATE INDEX deliveries_by_end ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX deliveries_by_connection ON deliveries (connection) WHERE connection IS NOT NULL;

-- What is wrong with a connection now; a row goes when it is well again.
CREATE TABLE connection_errors (
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('auth', 'sync')),
  name TEXT NOT NULL,                   -- of the sync, with its variant; empty for auth
  log_id TEXT NOT NULL,                 -- a UUID, or the number of the run
  error TEXT NOT NULL,                  -- as JSON
  times INTEGER NOT NULL,               -- how often since it was well
  notified INTEGER NOT NULL,            -- 1: the customer was told
  since REAL NOT NULL,
  last_at REAL NOT NULL,
  PRIMARY KEY (connection, kind, name)
) STRICT, WITHOUT ROWID;

-- Where a provider sends the events of one connection: what it has to know, by its hash.
CREATE TABLE webhook_paths (
  hash BLOB NOT NULL PRIMARY KEY,       -- SHA-256 of the secret
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  created_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_paths_by_connection ON webhook_paths (connection);

-- Events that came in lately: the same one within its window counts once.
CREATE TABLE events (
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  environment TEXT NOT NULL,
  key TEXT NOT NULL,
  until REAL NOT NULL,                  -- the end of its window
  PRIMARY KEY (connection, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_end ON events (until);

-- When a background job last looked whether a connection's credentials have to be renewed.
ALTER TABLE connections ADD COLUMN looked_at REAL;
CREATE INDEX connections_by_expiry ON connections (credentials_expires_at) WHERE credentials_expires_at IS NOT NULL;

-- What retention looks for.
CREATE INDEX runs_by_end ON runs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX records_by_deletion ON records (deleted_at) WHERE deleted_at IS NOT NULL;

-- Who connected, read credentials, rotated, deleted. Never changed; it outlives what it tells of.
CREATE TABLE audit (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  at REAL NOT NULL,
  actor TEXT NOT NULL,                  -- such as key:1a2b3c4d, session, command, server
  action TEXT NOT NULL,                 -- such as connection.created, credentials.read
  subject TEXT NOT NULL,                -- what it was done to: integration/connection, or a key's id
  details TEXT NOT NULL                 -- JSON; never a secret
) STRICT;
CREATE INDEX audit_by_environment ON audit (environment, number);
CREATE INDEX audit_by_time ON audit (at);
