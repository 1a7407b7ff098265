-- name: count_all
-- How much there is, over all environments.
SELECT 'connections', count(*) FROM connections
UNION ALL SELECT 'records', count(*) FROM records WHERE deleted_at IS NULL
UNION ALL SELECT 'runs', count(*) FROM runs;

-- name: all_sealed
-- Everything sealed, to see which keys it needs.
SELECT environment, integration, id, sealed FROM connections ORDER BY environment, id, integration;

-- name: sealed_of_integrations
-- The same of integrations and of consents that are under way.
SELECT environment, unique_key, '', sealed FROM integrations WHERE sealed IS NOT NULL
UNION ALL SELECT environment, integration, id || ' (consent)', sealed FROM consents WHERE sealed IS NOT NULL;

-- name: sealed_of_environments
-- The keys that environments sign webhooks with.
SELECT name, 'signing key', '', signing_key FROM environments WHERE signing_key IS NOT NULL;
