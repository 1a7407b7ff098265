-- name: save_records
-- As for SQLite, from one array per column.
INSERT INTO records AS old (stream, id, data, hash, version, parent, first_change, change, first_seen_at, last_modified_at)
SELECT * FROM unnest(?::bigint[], ?::text[], ?::text[], ?::bytea[], ?::text[], ?::text[], ?::bigint[], ?::bigint[],
                     ?::double precision[], ?::double precision[])
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
WHERE old.hash <> excluded.hash OR old.deleted_at IS NOT NULL OR old.version IS DISTINCT FROM excluded.version
   OR old.parent IS DISTINCT FROM excluded.parent OR old.data <> excluded.data
RETURNING id, change, first_change;
