-- Environments that a server serves.
ALTER TABLE environments ADD COLUMN id TEXT;                   -- a UUID, in addresses that providers call; NULL: no server yet
ALTER TABLE environments ADD COLUMN signing_key BLOB;          -- of webhooks, sealed; NULL: no key was made yet

-- Secret keys: who has one acts for its environment. Only their hashes are here.
CREATE TABLE secret_keys (
  id TEXT NOT NULL PRIMARY KEY,         -- to name it by; tells nothing about the key
  environment TEXT NOT NULL REFERENCES environments (name),
  hash BLOB NOT NULL UNIQUE,            -- SHA-256
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,                 -- JSON; []: all of them
  created_at REAL NOT NULL,
  ends_at REAL                          -- from when it is refused; NULL: it is good until it is revoked
) STRICT, WITHOUT ROWID;
CREATE INDEX secret_keys_by_environment ON secret_keys (environment, created_at);

-- Connect sessions: a customer who may connect an account for half an hour.
CREATE TABLE connect_sessions (
  hash BLOB NOT NULL PRIMARY KEY,       -- SHA-256 of the token
  environment TEXT NOT NULL REFERENCES environments (name),
  sealed BLOB NOT NULL,                 -- what it was made with: defaults may hold secrets
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX connect_sessions_by_expiry ON connect_sessions (expires_at);

-- Whose account a connection is.
ALTER TABLE connections ADD COLUMN end_user TEXT;              -- JSON; NULL: nobody was named
ALTER TABLE connections ADD COLUMN end_user_id TEXT;           -- the same, to find it by
ALTER TABLE connections ADD COLUMN organization_id TEXT;
ALTER TABLE connections ADD COLUMN searched TEXT NOT NULL DEFAULT ''; -- in lower case: id, name and e-mail of the end user
ALTER TABLE connections ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
ALTER TABLE connections ADD COLUMN webhook_url_override TEXT;  -- instead of the environment's; NULL: none
ALTER TABLE connections ADD COLUMN last_fetched_at REAL;       -- when its credentials were last given out, to the minute
UPDATE connections SET searched = lower(id);
CREATE INDEX connections_by_age ON connections (environment, created_at);
CREATE INDEX connections_by_end_user ON connections (environment, end_user_id) WHERE end_user_id IS NOT NULL;
CREATE TABLE connection_tags (
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  pair TEXT NOT NULL,                   -- JSON: [name, value]
  PRIMARY KEY (connection, pair)
) STRICT, WITHOUT ROWID;

-- What an integration shows and passes on.
ALTER TABLE integrations ADD COLUMN display_name TEXT;         -- NULL: the provider's
ALTER TABLE integrations ADD COLUMN forward_webhooks INTEGER NOT NULL DEFAULT 1;
