-- name: add_schedule
-- Make a schedule unless it is there.
INSERT INTO schedules (id, environment, connection, sync, variant, state, every, frequency, began_at, due_at, waits_for)
VALUES (:id, :environment, :connection, :sync, :variant, :state, :every, :frequency, :now, :now, :waits_for)
ON CONFLICT (connection, sync, variant) DO NOTHING;

-- name: without_schedules
-- Connections of a provider that lack the schedule of a sync.
SELECT connections.environment, connections.key FROM connections
WHERE connections.provider = :provider AND NOT EXISTS (
  SELECT 1 FROM schedules
  WHERE schedules.connection = connections.key AND schedules.sync = :sync AND schedules.variant = 'base');

-- name: schedules_of_integration
-- The schedules of an integration, or of one of its connections.
SELECT schedules.*, connections.id AS connection_id, connections.integration, connections.provider
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE schedules.environment = :environment AND connections.environment = :environment
  AND connections.integration = :integration
  AND (CAST(:connection AS TEXT) IS NULL OR connections.id = :connection)
ORDER BY schedules.key;

-- name: find_schedule
-- One schedule by the names of what it runs.
SELECT schedules.*, connections.id AS connection_id, connections.integration, connections.provider
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE schedules.environment = :environment AND schedules.connection = :connection
  AND schedules.sync = :sync AND schedules.variant = :variant;

-- name: schedule_by_key
-- One schedule by its key.
SELECT schedules.*, connections.id AS connection_id, connections.integration, connections.provider
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE schedules.environment = :environment AND schedules.key = :key;

-- name: ask_run
-- Ask for a run; nothing happens while one is asked for, taken or going on.
UPDATE schedules SET triggered_at = :now, targeted = 0
WHERE environment = :environment AND key = :key AND claim IS NULL AND (triggered_at IS NULL OR targeted = 1);

-- name: ask_reset
-- Ask for a run that forgets first; one that is taken or going on is followed by it.
UPDATE schedules SET triggered_at = :now, targeted = 0, reset = 1, emptied = :emptied
WHERE environment = :environment AND key = :key;

-- name: ask_targeted
-- Ask for a run of the wanted ids; what is asked for and not begun takes them along.
UPDATE schedules SET triggered_at = :now, targeted = 1
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = 'base'
  AND state = 'started' AND (triggered_at IS NULL OR (claim IS NOT NULL AND claim <> :queued));

-- name: pause_schedule
-- Switch off, with what was asked for.
UPDATE schedules SET state = 'paused', triggered_at = NULL, reset = 0, emptied = 0, targeted = 0, claim = NULL,
  claimed_at = NULL, claim_until = NULL
WHERE environment = :environment AND key = :key;

-- name: start_schedule
-- Switch on; nothing happens if it is on.
UPDATE schedules SET state = 'started', due_at = :due_at
WHERE environment = :environment AND key = :key AND state = 'paused';

-- name: set_frequency
-- Give a schedule another frequency.
UPDATE schedules SET every = :every, frequency = :frequency, due_at = :due_at
WHERE environment = :environment AND key = :key;

-- name: declared_otherwise
-- Schedules without a frequency of their own that follow what a sync declared before.
SELECT schedules.environment, schedules.key, schedules.began_at, schedules.due_at
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE connections.provider = :provider AND schedules.sync = :sync AND schedules.frequency IS NULL
  AND schedules.every <> :every;

-- name: set_declared
-- What a sync declares holds wherever a connection has no frequency of its own.
UPDATE schedules SET every = :every, due_at = :due_at
WHERE environment = :environment AND key = :key AND frequency IS NULL;

-- name: claim_due
-- Take what is due, the longest due first; nobody else gets it before the claim ends.
UPDATE schedules SET claim = :claim, claimed_at = :now, claim_until = :until
WHERE key IN (SELECT key FROM schedules WHERE wake_at <= :now ORDER BY wake_at LIMIT :limit) AND wake_at <= :now
RETURNING key, environment, connection, sync, variant, triggered_at, reset, emptied, targeted, due_at <= :now AS slot, claim;

-- name: take_queued
-- Take one that was queued; nothing happens if somebody else has it, or it was paused meanwhile.
UPDATE schedules SET claim = :claim, claimed_at = :now, claim_until = :until
WHERE environment = :environment AND key = :key AND claim = :queued
RETURNING key, environment, connection, sync, variant, triggered_at, reset, emptied, targeted, due_at <= :now AS slot, claim;

-- name: next_wake
-- When the next one is due.
SELECT min(wake_at) AS wake_at FROM schedules WHERE wake_at IS NOT NULL;

-- name: count_overdue
-- How many are due and were not asked for.
SELECT count(*) AS overdue FROM schedules WHERE wake_at <= :now AND claim IS NULL AND triggered_at IS NULL;

-- name: spread_overdue
-- Put off those that are due and were not asked for, each by another part of a time.
UPDATE schedules SET due_at = :now + :over * ((key * 7919) % 1000) / 1000.0
WHERE wake_at <= :now AND claim IS NULL AND triggered_at IS NULL;

-- name: keep_claims
-- The owner lives: what it took stays taken.
UPDATE schedules SET claim_until = :until WHERE claim = :claim;

-- name: keep_claim
-- Whether a claim still holds, and longer.
UPDATE schedules SET claim_until = :until WHERE environment = :environment AND key = :key AND claim = :claim;

-- name: release_claims
-- Give back what an owner took.
UPDATE schedules SET claim = NULL, claimed_at = NULL, claim_until = NULL WHERE claim = :claim;

-- name: forgotten
-- The reset that was asked for is done.
UPDATE schedules SET reset = 0, emptied = 0
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant;

-- name: finish_schedule
-- A run of it has ended; what it was taken for is done, what was asked for meanwhile is not.
UPDATE schedules SET claim = NULL, claimed_at = NULL, claim_until = NULL, due_at = :due_at,
  triggered_at = CASE WHEN triggered_at = :taken THEN NULL ELSE triggered_at END,
  targeted = CASE WHEN triggered_at = :taken THEN 0 ELSE targeted END
WHERE environment = :environment AND key = :key AND claim = :claim;

-- name: put_off
-- Give a claimed one back, to be taken again at a time, for the same: a slot, or what was asked for.
UPDATE schedules SET claim = NULL, claimed_at = NULL, claim_until = NULL,
  due_at = CASE WHEN triggered_at IS NULL THEN :due_at ELSE due_at END,
  triggered_at = CASE WHEN triggered_at IS NOT NULL THEN :due_at END
WHERE environment = :environment AND key = :key AND claim = :claim;

-- name: wait_for
-- Give a claimed one back until another sync has succeeded; what was asked for is asked for still.
UPDATE schedules SET claim = NULL, claimed_at = NULL, claim_until = NULL, waits_for = :needs
WHERE environment = :environment AND key = :key AND claim = :claim;

-- name: satisfied
-- A sync has succeeded: those that waited for it wait no longer.
UPDATE schedules SET waits_for = NULL
WHERE environment = :environment AND connection = :connection AND variant = :variant AND waits_for = :sync;

-- name: note_success
-- The failures in a row are over.
UPDATE schedules SET failures = 0
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant AND failures > 0;

-- name: note_failure
-- One more failure in a row.
UPDATE schedules SET failures = failures + 1
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant
RETURNING failures;

-- name: delete_schedule
-- Remove a schedule.
DELETE FROM schedules WHERE environment = :environment AND key = :key;

-- name: count_variants
-- How many schedules a sync of a connection has besides its base.
SELECT count(*) AS variants FROM schedules
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant <> 'base';

-- name: stop_run
-- Ask the run that goes on to end.
UPDATE runs SET stop = :why
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant
  AND state = 'running' AND stop IS NULL;

-- name: stop_runs_of_connection
-- Ask all runs of a connection that go on to end.
UPDATE runs SET stop = :why
WHERE environment = :environment AND connection = :connection AND state = 'running' AND stop IS NULL;

-- name: drop_schedules
-- Remove the schedules of a connection.
DELETE FROM schedules WHERE environment = :environment AND connection = :connection;

-- name: count_running
-- How many runs of a connection go on.
SELECT count(*) AS running FROM runs
WHERE environment = :environment AND connection = :connection AND state = 'running';

-- name: asked_to_stop
-- Why a run has to end; nothing while it has not.
SELECT stop FROM runs WHERE environment = :environment AND number = :run AND stop IS NOT NULL;

-- name: last_run
-- The newest run of a sync.
SELECT number, state, trigger, started_at, ended_at, added, updated, deleted, error, stop FROM runs
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant
ORDER BY number DESC LIMIT 1;

-- name: count_records
-- How many records of a model a connection has, without deleted ones.
SELECT count(*) AS records FROM records JOIN streams ON streams.key = records.stream
WHERE streams.environment = :environment AND streams.connection = :connection AND streams.model = :model
  AND streams.variant = :variant AND records.deleted_at IS NULL;

-- name: forget_sync
-- Forget checkpoint and successes.
DELETE FROM syncs
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant;

-- name: empty_records
-- Delete the records of a model as if they had never been; changes are numbered on, so no cursor misses any.
DELETE FROM records WHERE stream IN (
  SELECT key FROM streams WHERE environment = :environment AND connection = :connection AND model = :model
  AND variant = :variant);

-- name: empty_rejects
-- And those that broke their schema.
DELETE FROM rejects WHERE stream IN (
  SELECT key FROM streams WHERE environment = :environment AND connection = :connection AND model = :model
  AND variant = :variant);

-- name: drop_stream
-- Delete the records of a variant and what numbers them.
DELETE FROM streams
WHERE environment = :environment AND connection = :connection AND model = :model AND variant = :variant;

-- name: drop_pass
-- Forget the pass of a sync with what it saw.
DELETE FROM passes
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant;

-- name: want
-- Remember that an event asked for an id.
INSERT INTO wanted (environment, connection, sync, id, received_at)
VALUES (:environment, :connection, :sync, :id, :now)
ON CONFLICT (connection, sync, id) DO UPDATE SET received_at = excluded.received_at;

-- name: wanted_ids
-- The ids that events asked for, the oldest first.
SELECT id, received_at FROM wanted
WHERE environment = :environment AND connection = :connection AND sync = :sync ORDER BY received_at, id LIMIT :limit;

-- name: count_wanted
-- How many ids of a sync wait.
SELECT count(*) AS wanted FROM wanted
WHERE environment = :environment AND connection = :connection AND sync = :sync;

-- name: no_longer_wanted
-- Forget those that were asked for until a time: a run that began then has read everything.
DELETE FROM wanted
WHERE environment = :environment AND connection = :connection AND sync = :sync AND received_at <= :until;

-- name: no_longer_wanted_id
-- Forget one, unless it was asked for again meanwhile.
DELETE FROM wanted
WHERE environment = :environment AND connection = :connection AND sync = :sync AND id = :id AND received_at <= :until;
