-- name: stream_of
-- The stream of a model, with its last change number.
SELECT key, last_change FROM streams
WHERE environment = :environment AND connection = :connection AND model = :model AND variant = :variant;

-- name: read_page
-- The next records behind a change, of these kinds of last action, in the order of their changes.
SELECT id, data, first_change, change, first_seen_at, last_modified_at, deleted_at, pruned_at FROM records
WHERE stream = :stream AND change > :after
  AND ((:added = 1 AND deleted_at IS NULL AND first_change = change)
    OR (:updated = 1 AND deleted_at IS NULL AND first_change <> change)
    OR (:deleted = 1 AND deleted_at IS NOT NULL))
ORDER BY change LIMIT :limit;

-- name: read_deleted
-- As read_page, of deleted records alone.
SELECT id, data, first_change, change, first_seen_at, last_modified_at, deleted_at, pruned_at FROM records
WHERE stream = :stream AND change > :after AND deleted_at IS NOT NULL
ORDER BY change LIMIT :limit;

-- name: read_ids
-- As read_page, of these ids alone.
SELECT id, data, first_change, change, first_seen_at, last_modified_at, deleted_at, pruned_at FROM records
WHERE stream = :stream AND id IN (SELECT value FROM json_each(:ids)) AND change > :after
  AND ((:added = 1 AND deleted_at IS NULL AND first_change = change)
    OR (:updated = 1 AND deleted_at IS NULL AND first_change <> change)
    OR (:deleted = 1 AND deleted_at IS NOT NULL))
ORDER BY change LIMIT :limit;

-- name: next_time
-- The first change from a number on, and its time.
SELECT change, last_modified_at FROM records WHERE stream = :stream AND change >= :from ORDER BY change LIMIT 1;

-- name: prune
-- Empty the payload of the first records up to a change; without a version, the next run reads them again.
UPDATE records SET data = json_object('id', id), version = NULL, pruned_at = :now
WHERE stream = :stream AND change IN (
  SELECT change FROM records
  WHERE stream = :stream AND change <= :until AND pruned_at IS NULL ORDER BY change LIMIT :limit);

-- name: any_to_prune
-- Whether a record up to a change still has its payload.
SELECT 1 FROM records WHERE stream = :stream AND change <= :until AND pruned_at IS NULL LIMIT 1;
