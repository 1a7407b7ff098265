-- name: connection_of_run
-- The connection that a run belongs to; locked, so that one run at a time begins or is asked about.
SELECT key FROM connections WHERE environment = :environment AND key = :connection;

-- name: open_pass
-- The pass that is going on.
SELECT key, state, whole, suspended, began_at FROM passes
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant AND state = 'open';

-- name: drop_pass
-- Forget the pass of a sync with what it saw.
DELETE FROM passes
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant;

-- name: begin_pass
-- Begin with nothing seen.
INSERT INTO passes (environment, connection, sync, variant, state, whole, began_at)
VALUES (:environment, :connection, :sync, :variant, 'open', :whole, :now) RETURNING key, state, whole, suspended, began_at;

-- name: see
-- Note that these ids are there; gives back those that were not noted yet.
INSERT INTO seen (pass, id) SELECT :pass, value FROM json_each(:ids) WHERE true ON CONFLICT DO NOTHING RETURNING id;

-- name: unseen
-- Those of these ids that the pass has not noted.
SELECT value AS id FROM json_each(:ids)
WHERE NOT EXISTS (SELECT 1 FROM seen WHERE seen.pass = :pass AND seen.id = value);

-- name: seen_any
-- Whether anything came at all.
SELECT EXISTS (SELECT 1 FROM seen WHERE pass = :pass) AS any;

-- name: suspend_pass
-- Nothing may be deleted by absence in this pass; the first reason stays.
UPDATE passes SET suspended = COALESCE(suspended, :reason) WHERE environment = :environment AND key = :pass;

-- name: hold_pass
-- Keep what the pass saw until somebody says yes.
UPDATE passes SET state = 'held' WHERE environment = :environment AND key = :pass;

-- name: any_held
-- Whether the pass of a sync waits for a yes.
SELECT 1 FROM passes
WHERE environment = :environment AND connection = :connection AND sync = :sync AND variant = :variant AND state = 'held';

-- name: held_pass
-- A pass that waits for a yes.
SELECT key, state, whole, suspended, began_at FROM passes
WHERE environment = :environment AND key = :pass AND state = 'held';
