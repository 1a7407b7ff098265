-- name: prune
-- Empty the payload of the first records up to a change; without a version, the next run reads them again.
UPDATE records SET data = '{"id":' || to_json(id)::text || '}', version = NULL, pruned_at = :now
WHERE stream = :stream AND change IN (
  SELECT change FROM records
  WHERE stream = :stream AND change <= :until AND pruned_at IS NULL ORDER BY change LIMIT :limit);
