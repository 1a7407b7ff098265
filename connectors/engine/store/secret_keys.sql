-- name: add_key
-- Add a secret key.
INSERT INTO secret_keys (id, environment, hash, name, scopes, created_at, ends_at)
VALUES (:id, :environment, :hash, :name, :scopes, :now, NULL);

-- name: find_key
-- Whom a key acts for, if it still does.
SELECT id, environment, scopes FROM secret_keys WHERE hash = :hash AND (ends_at IS NULL OR ends_at > :now);

-- name: list_keys
-- The keys of an environment, oldest first.
SELECT id, environment, name, scopes, created_at, ends_at FROM secret_keys
WHERE environment = :environment ORDER BY created_at, id;

-- name: end_key
-- From when a key is refused; an end that was set before is not put off.
UPDATE secret_keys SET ends_at = :ends_at
WHERE environment = :environment AND id = :id AND (ends_at IS NULL OR ends_at > :ends_at);

-- name: lock_environment
-- One that exists, for as long as the transaction takes.
SELECT * FROM environments WHERE name = :environment;

-- name: equip
-- Give an environment its address and its signing key, unless it has them.
UPDATE environments SET id = COALESCE(id, :id), signing_key = COALESCE(signing_key, :sealed) WHERE name = :environment;

-- name: list_environments
-- All environments with how much each has.
SELECT environments.name, environments.id, environments.created_at,
       (SELECT count(*) FROM secret_keys WHERE secret_keys.environment = environments.name
                                           AND (ends_at IS NULL OR ends_at > :now)) AS keys,
       (SELECT count(*) FROM connections WHERE connections.environment = environments.name) AS connections
FROM environments ORDER BY environments.name;

-- name: find_by_address
-- The environment that an address of incoming webhooks belongs to.
SELECT name FROM environments WHERE id = :id;

-- name: set_signing_key
-- Replace the signing key.
UPDATE environments SET signing_key = :sealed WHERE name = :environment;

-- name: all_sealed
-- Everything sealed, of all environments, to seal it again with the newest key.
SELECT name, signing_key FROM environments WHERE signing_key IS NOT NULL ORDER BY name;

-- name: reseal
-- Store the same secret under another key, unless it was changed meanwhile.
UPDATE environments SET signing_key = :sealed WHERE name = :environment AND signing_key = :before;
