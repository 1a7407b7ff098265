-- name: add_integration
-- Add an integration; nothing happens if its key is taken.
INSERT INTO integrations (environment, unique_key, provider, client_id, scopes, custom, hosts, secrets, sealed,
                          display_name, forward_webhooks, created_at)
VALUES (:environment, :unique_key, :provider, :client_id, :scopes, :custom, :hosts, :secrets, :sealed,
        :display_name, :forward_webhooks, :now)
ON CONFLICT DO NOTHING;

-- name: find_integration
-- The integration of that key.
SELECT * FROM integrations WHERE environment = :environment AND unique_key = :unique_key;

-- name: list_integrations
-- All integrations of an environment, and how many connections each has.
SELECT integrations.*, (SELECT count(*) FROM connections
                        WHERE connections.environment = integrations.environment
                          AND connections.integration = integrations.unique_key) AS connections
FROM integrations WHERE environment = :environment ORDER BY unique_key;

-- name: change_integration
-- Replace what is configured.
UPDATE integrations SET client_id = :client_id, scopes = :scopes, custom = :custom, hosts = :hosts,
  secrets = :secrets, sealed = :sealed, display_name = :display_name, forward_webhooks = :forward_webhooks,
  updated_at = :now
WHERE environment = :environment AND unique_key = :unique_key;

-- name: rename_integration
-- Give it another key.
UPDATE integrations SET unique_key = :new, sealed = :sealed, updated_at = :now
WHERE environment = :environment AND unique_key = :unique_key;

-- name: count_connections
-- How many connections an integration has.
SELECT count(*) FROM connections WHERE environment = :environment AND integration = :unique_key;

-- name: delete_integration
-- Delete an integration.
DELETE FROM integrations WHERE environment = :environment AND unique_key = :unique_key;

-- name: all_sealed
-- Everything sealed, of all environments, to seal it again with the newest key.
SELECT environment, unique_key, sealed FROM integrations WHERE sealed IS NOT NULL ORDER BY environment, unique_key;

-- name: reseal
-- Store the same secrets under another key, unless they were changed meanwhile.
UPDATE integrations SET sealed = :sealed
WHERE environment = :environment AND unique_key = :unique_key AND sealed = :before;
