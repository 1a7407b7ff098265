-- name: ensure_environment
-- Make the environment unless it is there.
INSERT INTO environments (name, created_at) VALUES (:environment, :now) ON CONFLICT DO NOTHING;

-- name: ensure_integration
-- Make the integration unless it is there.
INSERT INTO integrations (environment, unique_key, provider, scopes, created_at)
VALUES (:environment, :integration, :provider, :scopes, :now) ON CONFLICT DO NOTHING;

-- name: integration_provider
-- The provider that an integration configures.
SELECT provider FROM integrations WHERE environment = :environment AND unique_key = :integration;
