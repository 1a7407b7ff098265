-- name: save_connection
-- Add a connection, or replace what is stored of it.
INSERT INTO connections (environment, integration, id, provider, connection_config, sealed, metadata,
                         created_at, updated_at, verified_at, credentials_expires_at, warnings)
VALUES (:environment, :integration, :id, :provider, :connection_config, :sealed, :metadata, :now, :now, :verified_at,
        :credentials_expires_at, :warnings)
ON CONFLICT (environment, integration, id) DO UPDATE SET
  connection_config = excluded.connection_config, sealed = excluded.sealed, metadata = excluded.metadata,
  updated_at = excluded.updated_at, verified_at = excluded.verified_at, error = NULL,
  credentials_expires_at = excluded.credentials_expires_at, warnings = excluded.warnings,
  renewed_at = NULL, renewal_failed_at = NULL, renewal_failed_days = 0
RETURNING key;

-- name: find_connections
-- The connections of that id; one per integration at most.
SELECT * FROM connections
WHERE environment = :environment AND id = :id AND (CAST(:integration AS TEXT) IS NULL OR integration = :integration)
ORDER BY integration;

-- name: list_connections
-- All connections of an environment.
SELECT * FROM connections WHERE environment = :environment ORDER BY id, integration;

-- name: set_metadata
-- Replace the metadata of a connection.
UPDATE connections SET metadata = :metadata, updated_at = :now WHERE environment = :environment AND key = :key;

-- name: find_owner
-- What is known about whose account it is.
SELECT id, end_user, tags, webhook_url_override FROM connections WHERE environment = :environment AND key = :key;

-- name: set_owner
-- Replace that.
UPDATE connections SET end_user = :end_user, end_user_id = :end_user_id, organization_id = :organization_id,
  searched = :searched, tags = :tags, webhook_url_override = :webhook_url_override
WHERE environment = :environment AND key = :key;

-- name: touch
-- It changed.
UPDATE connections SET updated_at = :now WHERE environment = :environment AND key = :key;

-- name: drop_tags
-- Forget the tags that it is found by.
DELETE FROM connection_tags WHERE connection = :key;

-- name: add_tag
-- A tag that it is found by.
INSERT INTO connection_tags (connection, pair) VALUES (:key, :pair);

-- name: set_fetched
-- Remember when its credentials were last given out, to the minute.
UPDATE connections SET last_fetched_at = :now
WHERE environment = :environment AND key = :key AND (last_fetched_at IS NULL OR last_fetched_at < :now - 60);

-- name: find_listed
-- The connections that a list asks for, newest first.
SELECT connections.* FROM connections
WHERE environment = :environment
  AND (:id IS NULL OR id = :id)
  AND (:end_user_id IS NULL OR end_user_id = :end_user_id)
  AND (:organization_id IS NULL OR organization_id = :organization_id)
  AND (:integrations IS NULL OR integration IN (SELECT value FROM json_each(:integrations)))
  AND (:search IS NULL OR searched LIKE :search ESCAPE '!')
  AND (SELECT count(*) FROM connection_tags
       WHERE connection = connections.key AND pair IN (SELECT value FROM json_each(:pairs))) = :pair_count
ORDER BY created_at DESC, key DESC LIMIT :limit OFFSET :offset;

-- name: set_checked
-- Remember how the newest check ended.
UPDATE connections SET verified_at = COALESCE(:verified_at, verified_at), error = :error
WHERE environment = :environment AND key = :key;

-- name: set_renewed
-- New credentials in the place of those that they were made from; the failures to renew are over.
UPDATE connections SET connection_config = :connection_config, sealed = :sealed,
  credentials_expires_at = :credentials_expires_at, renewed_at = :now, updated_at = :now,
  error = CASE WHEN renewal_failed_at IS NULL THEN error END, renewal_failed_at = NULL, renewal_failed_days = 0
WHERE environment = :environment AND key = :key AND sealed = :before;

-- name: set_renewal_failed
-- Remember that renewing failed, and on how many days it has.
UPDATE connections SET renewal_failed_at = :failed_at, renewal_failed_days = :days, error = :error
WHERE environment = :environment AND key = :key AND sealed = :before;

-- name: delete_connection
-- Delete a connection with everything that hangs on it.
DELETE FROM connections WHERE environment = :environment AND key = :key;

-- name: count_held
-- How much a connection holds.
SELECT (SELECT count(*) FROM records JOIN streams ON streams.key = records.stream
        WHERE streams.environment = :environment AND streams.connection = :key) AS records,
       (SELECT count(*) FROM runs WHERE environment = :environment AND connection = :key) AS runs;

-- name: all_sealed
-- Everything sealed, of all environments, to seal it again with the newest key.
SELECT key, environment, integration, id, sealed FROM connections ORDER BY key;

-- name: reseal
-- Store the same secrets under another key, unless they were changed meanwhile.
UPDATE connections SET sealed = :sealed WHERE key = :key AND sealed = :before;
