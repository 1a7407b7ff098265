-- name: close_dead
-- Close the run of a dead owner; the caller holds the lock that a living owner would hold.
UPDATE runs SET state = 'interrupted', ended_at = :now
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant
  AND state = 'running' RETURNING number;

-- name: begin_run
-- Begin a run.
INSERT INTO runs (environment, connection, sync, model, variant, trigger, state, owner, started_at, heartbeat_at)
VALUES (:environment, :connection, :sync, :model, :variant, :trigger, 'running', :owner, :now, :now) RETURNING number;

-- name: count_run
-- Add to the counts of a run, and prove that it lives.
UPDATE runs SET heartbeat_at = :now, added = added + :added, updated = updated + :updated, deleted = deleted + :deleted,
  unchanged = unchanged + :unchanged, rejected = rejected + :rejected, skipped = skipped + :skipped,
  requests = :requests, waited = :waited
WHERE environment = :environment AND number = :run AND state = 'running';

-- name: count_deleted
-- Add to the deletions of a run.
UPDATE runs SET heartbeat_at = :now, deleted = deleted + :deleted WHERE environment = :environment AND number = :run;

-- name: is_running
-- Whether a run still is the running one.
SELECT 1 FROM runs WHERE environment = :environment AND number = :run AND state = 'running';

-- name: end_run
-- Close a run that still is the running one.
UPDATE runs SET state = :state, ended_at = :now, heartbeat_at = :now, pass = :pass, would_delete = :would_delete,
  requests = :requests, waited = :waited, error = :error, notes = :notes
WHERE environment = :environment AND number = :run AND state = 'running';

-- name: running
-- The run of a sync that goes on.
SELECT * FROM runs
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant AND state = 'running';

-- name: get_run
-- One run with the names of its connection.
SELECT runs.*, connections.id AS connection_id, connections.integration, connections.provider
FROM runs JOIN connections ON connections.key = runs.connection
WHERE runs.environment = :environment AND runs.number = :run;

-- name: list_runs
-- The newest runs of an environment, or of one connection.
SELECT runs.*, connections.id AS connection_id, connections.integration, connections.provider
FROM runs JOIN connections ON connections.key = runs.connection
WHERE runs.environment = :environment AND (CAST(:connection AS INTEGER) IS NULL OR runs.connection = :connection)
ORDER BY runs.number DESC LIMIT :limit;

-- name: confirm_run
-- Close a run whose deletions were confirmed.
UPDATE runs SET state = 'success', pass = NULL, deleted = deleted + :deleted, would_delete = 0
WHERE environment = :environment AND number = :run AND state = 'needs_confirmation';

-- name: sync_state
-- What a sync remembers between runs.
SELECT checkpoint, succeeded_at FROM syncs
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant;

-- name: save_checkpoint
-- Remember a checkpoint, or with NULL forget it.
INSERT INTO syncs (environment, connection, sync, variant, checkpoint)
VALUES (:environment, :connection, :sync, :variant, :checkpoint)
ON CONFLICT (connection, sync, variant) DO UPDATE SET checkpoint = excluded.checkpoint;

-- name: save_success
-- Remember when the last successful run began.
INSERT INTO syncs (environment, connection, sync, variant, succeeded_at)
VALUES (:environment, :connection, :sync, :variant, :succeeded_at)
ON CONFLICT (connection, sync, variant) DO UPDATE SET succeeded_at = excluded.succeeded_at;

-- name: beat
-- Prove that a run lives.
UPDATE runs SET heartbeat_at = :now WHERE environment = :environment AND number = :run AND state = 'running';

-- name: silence
-- For how long nothing was heard of a run.
SELECT :now - heartbeat_at AS seconds FROM runs WHERE environment = :environment AND number = :run;

-- name: all_running
-- Every run that calls itself running, of all environments.
SELECT number, environment, connection, sync, variant, trigger FROM runs WHERE state = 'running';

-- name: close_silent
-- Close these runs: the caller saw that nobody holds them.
UPDATE runs SET state = 'interrupted', ended_at = :now
WHERE number IN (SELECT CAST(value AS INTEGER) FROM json_each(:runs)) AND state = 'running'
RETURNING number, environment, connection, sync, variant, trigger;
