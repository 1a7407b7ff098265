-- What is remembered. Times are Unix seconds; JSON is stored as text.

CREATE TABLE environments (
  name TEXT NOT NULL PRIMARY KEY,
  created_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE integrations (
  environment TEXT NOT NULL REFERENCES environments (name),
  unique_key TEXT NOT NULL,
  provider TEXT NOT NULL,
  created_at REAL NOT NULL,
  PRIMARY KEY (environment, unique_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
  key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  integration TEXT NOT NULL,
  id TEXT NOT NULL,
  provider TEXT NOT NULL,
  connection_config TEXT NOT NULL,      -- without its secret fields
  sealed BLOB NOT NULL,                 -- credentials and secret config fields, sealed by the vault
  metadata TEXT NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  verified_at REAL,                     -- NULL: its definition has no verification
  error TEXT,                           -- the last failed check, as JSON; NULL when it is well
  UNIQUE (environment, integration, id),
  FOREIGN KEY (environment, integration) REFERENCES integrations (environment, unique_key)
) STRICT;

-- One row per (connection, model, variant): whoever writes its records locks it and numbers the changes.
CREATE TABLE streams (
  key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  model TEXT NOT NULL,
  variant TEXT NOT NULL,
  last_change INTEGER NOT NULL DEFAULT 0,
  last_time REAL NOT NULL DEFAULT 0,    -- time never goes back in a stream
  UNIQUE (connection, model, variant)
) STRICT;

CREATE TABLE records (
  stream INTEGER NOT NULL REFERENCES streams (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  data TEXT NOT NULL,                   -- canonical JSON
  hash BLOB NOT NULL,                   -- of the data without volatile fields
  version TEXT,                         -- the provider's, as listed
  parent TEXT,
  first_change INTEGER NOT NULL,        -- the change that added it; equal to change: nothing came since
  change INTEGER NOT NULL,              -- the newest change; cursors follow it
  first_seen_at REAL NOT NULL,
  last_modified_at REAL NOT NULL,
  deleted_at REAL,
  PRIMARY KEY (stream, id)
) STRICT;
CREATE UNIQUE INDEX records_by_change ON records (stream, change);
CREATE INDEX records_by_parent ON records (stream, parent) WHERE parent IS NOT NULL;

-- Records that break their schema: not stored, not read again until their version changes.
CREATE TABLE rejects (
  stream INTEGER NOT NULL REFERENCES streams (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version TEXT,
  reason TEXT NOT NULL,
  run INTEGER NOT NULL,
  rejected_at REAL NOT NULL,
  PRIMARY KEY (stream, id)
) STRICT, WITHOUT ROWID;

-- What a sync of a connection remembers between runs.
CREATE TABLE syncs (
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  sync TEXT NOT NULL,
  variant TEXT NOT NULL,
  checkpoint TEXT,
  succeeded_at REAL,                    -- start of the last successful run
  PRIMARY KEY (connection, sync, variant)
) STRICT, WITHOUT ROWID;

CREATE TABLE passes (
  key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  sync TEXT NOT NULL,
  variant TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'held')),  -- held: waits for a yes to its deletions
  whole INTEGER NOT NULL,               -- 1: began without a checkpoint, so absence means deletion
  suspended TEXT,                       -- why nothing may be deleted by absence
  began_at REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX passes_one ON passes (connection, sync, variant);

CREATE TABLE seen (
  pass INTEGER NOT NULL REFERENCES passes (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  PRIMARY KEY (pass, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  sync TEXT NOT NULL,
  model TEXT NOT NULL,
  variant TEXT NOT NULL,
  trigger TEXT NOT NULL,                -- what started it: 'command', 'library'
  state TEXT NOT NULL CHECK (state IN ('running', 'success', 'limited', 'failed', 'interrupted', 'needs_confirmation')),
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
  notes TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE UNIQUE INDEX runs_one_at_a_time ON runs (connection, sync, variant) WHERE state = 'running';
CREATE INDEX runs_by_environment ON runs (environment, number);

-- The pace. No customer data, so no environment: two connections to one account share a purse.
CREATE TABLE purses (
  key TEXT NOT NULL PRIMARY KEY,
  log TEXT NOT NULL,                    -- JSON: times of the last completed calls; token → latest end of running ones
  closed_until REAL NOT NULL DEFAULT 0,
  urgent_until REAL NOT NULL DEFAULT 0
) STRICT;                               -- with row ids: such a table keeps a long row in its page, and is written faster
