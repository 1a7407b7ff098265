-- What an operator configures for all connections of an integration.
ALTER TABLE integrations ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE integrations ADD COLUMN scopes TEXT NOT NULL DEFAULT '';       -- a list with commas in between
ALTER TABLE integrations ADD COLUMN custom TEXT NOT NULL DEFAULT '{}';     -- its own fields, without the secret ones
ALTER TABLE integrations ADD COLUMN hosts TEXT NOT NULL DEFAULT '[]';      -- further hosts its credentials may go to
ALTER TABLE integrations ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]';    -- JSON: the names of what is sealed
ALTER TABLE integrations ADD COLUMN sealed BLOB;                           -- client secret and secret own fields; NULL: none
ALTER TABLE integrations ADD COLUMN updated_at REAL;                       -- NULL: never changed since it was made

-- How renewing a connection's credentials went.
ALTER TABLE connections ADD COLUMN renewed_at REAL;                        -- when it last succeeded; NULL: never
ALTER TABLE connections ADD COLUMN renewal_failed_at REAL;                 -- when it last failed; NULL: not since it succeeded
ALTER TABLE connections ADD COLUMN renewal_failed_days INTEGER NOT NULL DEFAULT 0; -- on how many days (UTC) since then

-- What connecting leaves to know about a connection.
ALTER TABLE connections ADD COLUMN credentials_expires_at REAL;            -- when its credentials have to be looked at again
ALTER TABLE connections ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';    -- JSON: what went wrong without undoing it

-- Browsers that are on their way to a provider's page and back.
CREATE TABLE consents (
  state BLOB NOT NULL PRIMARY KEY,      -- SHA-256 of what the browser carries
  environment TEXT NOT NULL,
  integration TEXT NOT NULL,
  id TEXT NOT NULL,                     -- of the connection to be made
  sealed BLOB,                          -- what was given and what has to be remembered; NULL: it is used up
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_by_expiry ON consents (expires_at);
