-- When a sync of a connection runs. One row per (connection, sync, variant).
CREATE TABLE schedules (
  key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,              -- what the HTTP API calls it
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  sync TEXT NOT NULL,
  variant TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('started', 'paused')),
  every REAL NOT NULL,                  -- seconds between two slots
  frequency TEXT,                       -- this connection's own, as it was written; NULL: the declared one
  began_at REAL NOT NULL,               -- slots are counted from here
  due_at REAL NOT NULL,                 -- the next slot
  waits_for TEXT,                       -- the sync that has to succeed once before; NULL: none, or it has
  triggered_at REAL,                    -- a run that was asked for and has not ended
  reset INTEGER NOT NULL DEFAULT 0,     -- 1: it forgets what the sync remembers
  emptied INTEGER NOT NULL DEFAULT 0,   -- 1: and the records
  targeted INTEGER NOT NULL DEFAULT 0,  -- 1: an event asked, for the wanted ids only
  claim TEXT,                           -- who took it to run it; NULL: nobody
  claimed_at REAL,
  claim_until REAL,                     -- if nobody says anything until then, it may be taken again
  failures INTEGER NOT NULL DEFAULT 0,  -- in a row
  wake_at REAL GENERATED ALWAYS AS (
    CASE WHEN claim IS NOT NULL THEN claim_until
         WHEN waits_for IS NOT NULL THEN NULL
         WHEN triggered_at IS NOT NULL THEN triggered_at
         WHEN state = 'started' THEN due_at
    END) STORED,                        -- when somebody has to look at it; NULL: not by itself
  UNIQUE (connection, sync, variant)
) STRICT;
CREATE INDEX schedules_by_wake ON schedules (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX schedules_by_claim ON schedules (claim) WHERE claim IS NOT NULL;

-- Why a run has to end before its time; NULL: it has not. The run looks at it between two calls.
ALTER TABLE runs ADD COLUMN stop TEXT;
CREATE INDEX runs_by_sync ON runs (connection, sync, variant, number);

-- Ids that events asked for and no run has read since; an empty one stands for the whole sync.
CREATE TABLE wanted (
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  sync TEXT NOT NULL,
  id TEXT NOT NULL,
  received_at REAL NOT NULL,
  PRIMARY KEY (connection, sync, id)
) STRICT, WITHOUT ROWID;
