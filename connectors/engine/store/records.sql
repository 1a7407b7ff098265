-- name: ensure_stream
-- Make the stream of a model unless it is there.
INSERT INTO streams (environment, connection, model, variant) VALUES (:environment, :connection, :model, :variant)
ON CONFLICT DO NOTHING;

-- name: find_stream
-- The stream of a model, with its last change number and time.
SELECT key, last_change, last_time FROM streams
WHERE environment = :environment AND connection = :connection AND model = :model AND variant = :variant;

-- name: advance_stream
-- Remember the last change number and time that were used.
UPDATE streams SET last_change = :change, last_time = :time WHERE environment = :environment AND key = :stream;

-- name: save_records
-- Insert or update a batch; the change moves only if the hash differs or the record was deleted.
INSERT INTO records AS old (stream, id, data, hash, version, parent, first_change, change, first_seen_at, last_modified_at)
:rows
ON CONFLICT (stream, id) DO UPDATE SET
  data = excluded.data,
  hash = excluded.hash,
  version = excluded.version,
  parent = excluded.parent,
  first_change = CASE WHEN old.deleted_at IS NULL THEN old.first_change ELSE excluded.first_change END,
  first_seen_at = CASE WHEN old.deleted_at IS NULL THEN old.first_seen_at ELSE excluded.first_seen_at END,
  change = CASE WHEN old.hash <> excluded.hash OR old.deleted_at IS NOT NULL THEN excluded.change ELSE old.change END,
  last_modified_at = CASE WHEN old.hash <> excluded.hash OR old.deleted_at IS NOT NULL
                     THEN excluded.last_modified_at ELSE old.last_modified_at END,
  deleted_at = NULL,
  pruned_at = NULL
WHERE old.hash <> excluded.hash OR old.deleted_at IS NOT NULL OR old.version IS NOT excluded.version
   OR old.parent IS NOT excluded.parent OR old.data <> excluded.data
RETURNING id, change, first_change;

-- name: stored_hashes
-- What a batch would meet: hash and deletion by id.
SELECT id, hash, deleted_at FROM records WHERE stream = :stream AND id IN (SELECT value FROM json_each(:ids));

-- name: stored_versions
-- The stored version of some ids that are not deleted.
SELECT id, version FROM records
WHERE stream = :stream AND id IN (SELECT value FROM json_each(:ids)) AND deleted_at IS NULL;

-- name: stored_data
-- Some records that are not deleted, by id.
SELECT data FROM records
WHERE stream = :stream AND id IN (SELECT value FROM json_each(:ids)) AND deleted_at IS NULL ORDER BY id;

-- name: rejected_versions
-- The version of some ids that were rejected.
SELECT id, version FROM rejects WHERE stream = :stream AND id IN (SELECT value FROM json_each(:ids));

-- name: children
-- The ids of all records of a parent that are not deleted.
SELECT id FROM records WHERE stream = :stream AND parent = :parent AND deleted_at IS NULL;

-- name: delete_records
-- Mark some records as deleted, each as a change of its own.
UPDATE records SET deleted_at = :time, last_modified_at = :time, change = :change + gone.number
FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM records
      WHERE stream = :stream AND deleted_at IS NULL AND id IN (SELECT value FROM json_each(:ids))) AS gone
WHERE records.stream = :stream AND records.id = gone.id;

-- name: delete_absent
-- Mark as deleted what a pass did not see, each as a change of its own.
UPDATE records SET deleted_at = :time, last_modified_at = :time, change = :change + gone.number
FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM records
      WHERE stream = :stream AND deleted_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.pass = :pass AND seen.id = records.id)) AS gone
WHERE records.stream = :stream AND records.id = gone.id;

-- name: absent
-- How many are stored, how many of them a pass did not see.
SELECT count(*) AS stored,
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM seen WHERE seen.pass = :pass AND seen.id = records.id)) AS absent
FROM records WHERE stream = :stream AND deleted_at IS NULL;

-- name: absent_examples
-- A few of what a pass did not see.
SELECT id FROM records
WHERE stream = :stream AND deleted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.pass = :pass AND seen.id = records.id)
ORDER BY id LIMIT :limit;

-- name: forget_absent_rejects
-- Forget rejected records that a pass did not see.
DELETE FROM rejects WHERE stream = :stream
  AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.pass = :pass AND seen.id = rejects.id);

-- name: reject
-- Remember a record that breaks its schema.
INSERT INTO rejects (stream, id, version, reason, run, rejected_at) VALUES (:stream, :id, :version, :reason, :run, :time)
ON CONFLICT (stream, id) DO UPDATE SET version = excluded.version, reason = excluded.reason, run = excluded.run,
  rejected_at = excluded.rejected_at;

-- name: accept
-- Forget that some ids were rejected.
DELETE FROM rejects WHERE stream = :stream AND id IN (SELECT value FROM json_each(:ids));

-- name: list_rejects
-- The rejected records of a connection's model.
SELECT rejects.id, rejects.version, rejects.reason, rejects.run, rejects.rejected_at FROM rejects
WHERE rejects.stream = (SELECT key FROM streams WHERE key = :stream AND environment = :environment) ORDER BY rejects.id LIMIT :limit;

-- name: page
-- The next records in the order of their changes.
SELECT id, data, first_change, change, first_seen_at, last_modified_at, deleted_at FROM records
WHERE stream = (SELECT key FROM streams WHERE key = :stream AND environment = :environment) AND change > :after
ORDER BY change LIMIT :limit;

-- name: alive
-- The next ids of records that are not deleted.
SELECT id FROM records
WHERE stream = (SELECT key FROM streams WHERE key = :stream AND environment = :environment)
  AND id > :after AND deleted_at IS NULL ORDER BY id LIMIT :limit;

-- name: models
-- The models of a connection with their counts.
SELECT model, variant, last_time,
       (SELECT count(*) FROM records WHERE stream = streams.key AND deleted_at IS NULL) AS records,
       (SELECT count(*) FROM records WHERE stream = streams.key AND deleted_at IS NOT NULL) AS deleted,
       (SELECT count(*) FROM rejects WHERE stream = streams.key) AS rejected
FROM streams WHERE environment = :environment AND connection = :connection ORDER BY model, variant;
