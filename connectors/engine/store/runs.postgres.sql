-- name: close_dead
-- Close a run of which nothing was heard for too long. The clock is the database's: all machines share it.
UPDATE runs SET state = 'interrupted', ended_at = :now
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant
  AND state = 'running' AND heartbeat_at < extract(epoch FROM clock_timestamp()) - :take_over RETURNING number;

-- name: begin_run
-- Begin a run.
INSERT INTO runs (environment, connection, sync, model, variant, trigger, state, owner, started_at, heartbeat_at)
VALUES (:environment, :connection, :sync, :model, :variant, :trigger, 'running', :owner, :now,
        extract(epoch FROM clock_timestamp())) RETURNING number;

-- name: count_run
-- Add to the counts of a run, and prove that it lives.
UPDATE runs SET heartbeat_at = extract(epoch FROM clock_timestamp()), added = added + :added,
  updated = updated + :updated, deleted = deleted + :deleted, unchanged = unchanged + :unchanged,
  rejected = rejected + :rejected, skipped = skipped + :skipped, requests = :requests, waited = :waited
WHERE environment = :environment AND number = :run AND state = 'running';

-- name: count_deleted
-- Add to the deletions of a run.
UPDATE runs SET heartbeat_at = extract(epoch FROM clock_timestamp()), deleted = deleted + :deleted
WHERE environment = :environment AND number = :run;

-- name: beat
-- Prove that a run lives.
UPDATE runs SET heartbeat_at = extract(epoch FROM clock_timestamp())
WHERE environment = :environment AND number = :run AND state = 'running';

-- name: silence
-- For how long nothing was heard of a run.
SELECT extract(epoch FROM clock_timestamp())::double precision - heartbeat_at AS seconds FROM runs
WHERE environment = :environment AND number = :run;

-- name: close_silent
-- Close every run of which nothing was heard for too long.
UPDATE runs SET state = 'interrupted', ended_at = :now
WHERE state = 'running' AND heartbeat_at < extract(epoch FROM clock_timestamp()) - :take_over
RETURNING number, environment, connection, sync, variant, trigger;
