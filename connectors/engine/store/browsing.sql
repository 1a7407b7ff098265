-- name: counts
-- How much there is in an environment, and how much of it asks for attention.
SELECT
  (SELECT count(*) FROM integrations WHERE environment = :environment) AS integrations,
  (SELECT count(*) FROM connections WHERE environment = :environment) AS connections,
  (SELECT count(DISTINCT connection) FROM connection_errors WHERE environment = :environment) AS troubled,
  (SELECT count(*) FROM schedules WHERE environment = :environment AND failures > 0) AS failing,
  (SELECT count(*) FROM schedules WHERE environment = :environment AND state = 'paused') AS paused,
  (SELECT count(*) FROM runs WHERE environment = :environment AND state = 'running') AS running,
  (SELECT count(*) FROM runs WHERE environment = :environment AND state = 'needs_confirmation') AS held,
  (SELECT count(*) FROM deliveries WHERE environment = :environment AND state = 'failed' AND created_at > :since)
    AS undelivered;

-- name: connections
-- Connections of an environment, the newest first.
SELECT key, id, integration, provider, end_user, created_at, verified_at, error, renewal_failed_at,
  (SELECT count(*) FROM connection_errors WHERE connection = connections.key) AS errors
FROM connections
WHERE environment = :environment AND (created_at, key) < (:at, :before)
  AND (:search IS NULL OR searched LIKE :search ESCAPE '!')
ORDER BY created_at DESC, key DESC LIMIT :limit;

-- name: connections_of_integration
-- The same, of one integration.
SELECT key, id, integration, provider, end_user, created_at, verified_at, error, renewal_failed_at,
  (SELECT count(*) FROM connection_errors WHERE connection = connections.key) AS errors
FROM connections
WHERE environment = :environment AND integration = :integration AND (created_at, key) < (:at, :before)
  AND (:search IS NULL OR searched LIKE :search ESCAPE '!')
ORDER BY created_at DESC, key DESC LIMIT :limit;

-- name: connections_in_trouble
-- The same, of those that something is wrong with; of one integration, or of all.
SELECT key, id, integration, provider, end_user, created_at, verified_at, error, renewal_failed_at,
  (SELECT count(*) FROM connection_errors WHERE connection = connections.key) AS errors
FROM connections
WHERE environment = :environment AND (created_at, key) < (:at, :before)
  AND (:search IS NULL OR searched LIKE :search ESCAPE '!')
  AND (:integration IS NULL OR integration = :integration)
  AND (error IS NOT NULL OR EXISTS (SELECT 1 FROM connection_errors WHERE connection = connections.key))
ORDER BY created_at DESC, key DESC LIMIT :limit;

-- name: syncs
-- Schedules of an environment, the newest first, each with the number of its newest run.
SELECT schedules.*, connections.id AS connection_id, connections.integration, connections.provider,
  (SELECT max(number) FROM runs WHERE runs.connection = schedules.connection AND runs.sync = schedules.sync
     AND runs.variant = schedules.variant) AS last_run
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE schedules.environment = :environment AND schedules.key < :before
ORDER BY schedules.key DESC LIMIT :limit;

-- name: syncs_failing
-- The same, of those whose newest runs failed.
SELECT schedules.*, connections.id AS connection_id, connections.integration, connections.provider,
  (SELECT max(number) FROM runs WHERE runs.connection = schedules.connection AND runs.sync = schedules.sync
     AND runs.variant = schedules.variant) AS last_run
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE schedules.environment = :environment AND schedules.failures > 0 AND schedules.key < :before
ORDER BY schedules.key DESC LIMIT :limit;

-- name: syncs_paused
-- The same, of those that are switched off.
SELECT schedules.*, connections.id AS connection_id, connections.integration, connections.provider,
  (SELECT max(number) FROM runs WHERE runs.connection = schedules.connection AND runs.sync = schedules.sync
     AND runs.variant = schedules.variant) AS last_run
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE schedules.environment = :environment AND schedules.state = 'paused' AND schedules.key < :before
ORDER BY schedules.key DESC LIMIT :limit;

-- name: syncs_of_connection
-- All schedules of a connection, by name.
SELECT schedules.*, connections.id AS connection_id, connections.integration, connections.provider,
  (SELECT max(number) FROM runs WHERE runs.connection = schedules.connection AND runs.sync = schedules.sync
     AND runs.variant = schedules.variant) AS last_run
FROM schedules JOIN connections ON connections.key = schedules.connection
WHERE schedules.environment = :environment AND schedules.connection = :connection
ORDER BY schedules.sync, schedules.variant;

-- name: runs_by_number
-- Some runs by their numbers.
SELECT runs.*, connections.id AS connection_id, connections.integration, connections.provider
FROM runs JOIN connections ON connections.key = runs.connection
WHERE runs.environment = :environment
  AND runs.number IN (SELECT CAST(value AS INTEGER) FROM json_each(:numbers));

-- name: runs
-- Runs of an environment, the newest first.
SELECT runs.*, connections.id AS connection_id, connections.integration, connections.provider
FROM runs JOIN connections ON connections.key = runs.connection
WHERE runs.environment = :environment AND runs.number < :before ORDER BY runs.number DESC LIMIT :limit;

-- name: runs_in_state
-- The same, of those in a state.
SELECT runs.*, connections.id AS connection_id, connections.integration, connections.provider
FROM runs JOIN connections ON connections.key = runs.connection
WHERE runs.environment = :environment AND runs.state = :state AND runs.number < :before
ORDER BY runs.number DESC LIMIT :limit;

-- name: runs_of_connection
-- The same, of a connection.
SELECT runs.*, connections.id AS connection_id, connections.integration, connections.provider
FROM runs JOIN connections ON connections.key = runs.connection
WHERE runs.environment = :environment AND runs.connection = :connection AND runs.number < :before
ORDER BY runs.number DESC LIMIT :limit;

-- name: runs_of_sync
-- The same, of a sync of a connection.
SELECT runs.*, connections.id AS connection_id, connections.integration, connections.provider
FROM runs JOIN connections ON connections.key = runs.connection
WHERE runs.environment = :environment AND runs.connection = :connection AND runs.sync = :sync
  AND runs.variant = :variant AND runs.number < :before
ORDER BY runs.number DESC LIMIT :limit;

-- name: rejects_of_run
-- Records that broke their schema in a run.
SELECT rejects.id, rejects.reason, rejects.version, streams.model, streams.variant
FROM rejects JOIN streams ON streams.key = rejects.stream
WHERE rejects.run = :run AND streams.environment = :environment ORDER BY rejects.stream, rejects.id LIMIT :limit;

-- name: models
-- The models of a connection, with how much each holds up to a number: counting on would take too long.
SELECT key, model, variant, last_time,
  (SELECT count(*) FROM (SELECT 1 FROM records WHERE stream = streams.key LIMIT :most) AS counted) AS stored,
  (SELECT count(*) FROM (SELECT 1 FROM records WHERE stream = streams.key AND deleted_at IS NOT NULL LIMIT :most)
     AS counted) AS deleted,
  (SELECT count(*) FROM (SELECT 1 FROM rejects WHERE stream = streams.key LIMIT :most) AS counted) AS rejected
FROM streams WHERE environment = :environment AND connection = :connection ORDER BY model, variant;

-- name: stream
-- The stream of a model, if it is the environment's.
SELECT key, model, variant, last_time, last_change FROM streams
WHERE environment = :environment AND connection = :connection AND model = :model AND variant = :variant;

-- name: records
-- Records of a stream, the newest change first.
SELECT id, data, first_change, change, first_seen_at, last_modified_at, deleted_at, pruned_at FROM records
WHERE stream = :stream AND change < :before ORDER BY change DESC LIMIT :limit;

-- name: records_deleted
-- The same, of deleted ones.
SELECT id, data, first_change, change, first_seen_at, last_modified_at, deleted_at, pruned_at FROM records
WHERE stream = :stream AND deleted_at IS NOT NULL AND change < :before ORDER BY change DESC LIMIT :limit;

-- name: records_called
-- Records of a stream whose ids lie in a range, by id.
SELECT id, data, first_change, change, first_seen_at, last_modified_at, deleted_at, pruned_at FROM records
WHERE stream = :stream AND id >= :from AND id < :until ORDER BY id LIMIT :limit;

-- name: record
-- One record.
SELECT id, data, version, parent, first_change, change, first_seen_at, last_modified_at, deleted_at, pruned_at
FROM records WHERE stream = :stream AND id = :id;

-- name: rejects
-- Records of a stream that broke their schema, by id.
SELECT id, reason, version, run, rejected_at FROM rejects
WHERE stream = :stream AND id > :after ORDER BY id LIMIT :limit;

-- name: deliveries
-- Webhooks of an environment, the newest first.
SELECT deliveries.id, kind, url, state, attempts, status, deliveries.error, due_at, deliveries.created_at, ended_at,
  connections.id AS connection_id, connections.integration
FROM deliveries LEFT JOIN connections ON connections.key = deliveries.connection
WHERE deliveries.environment = :environment AND (deliveries.created_at, deliveries.id) < (:at, :before)
ORDER BY deliveries.created_at DESC, deliveries.id DESC LIMIT :limit;

-- name: deliveries_in_state
-- The same, of those in a state.
SELECT deliveries.id, kind, url, state, attempts, status, deliveries.error, due_at, deliveries.created_at, ended_at,
  connections.id AS connection_id, connections.integration
FROM deliveries LEFT JOIN connections ON connections.key = deliveries.connection
WHERE deliveries.environment = :environment AND deliveries.state = :state
  AND (deliveries.created_at, deliveries.id) < (:at, :before)
ORDER BY deliveries.created_at DESC, deliveries.id DESC LIMIT :limit;

-- name: delivery
-- One webhook with what it says.
SELECT deliveries.id, kind, url, state, attempts, status, deliveries.error, due_at, deliveries.created_at, ended_at,
  body, connections.id AS connection_id, connections.integration
FROM deliveries LEFT JOIN connections ON connections.key = deliveries.connection
WHERE deliveries.environment = :environment AND deliveries.id = :id;

-- name: files
-- Files of an environment that have not expired, the newest first.
SELECT files.id, name, size, content_type, files.created_at, expires_at, connections.id AS connection_id,
  connections.integration
FROM files JOIN connections ON connections.key = files.connection
WHERE files.environment = :environment AND expires_at > :now AND (files.created_at, files.id) < (:at, :before)
ORDER BY files.created_at DESC, files.id DESC LIMIT :limit;
