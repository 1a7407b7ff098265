-- name: add_consent
-- Remember a browser that is on its way.
INSERT INTO consents (state, environment, integration, id, sealed, created_at, expires_at)
VALUES (:state, :environment, :integration, :id, :sealed, :now, :expires_at);

-- name: find_consent
-- The consent that belongs to a state.
SELECT * FROM consents WHERE state = :state;

-- name: use_consent
-- Use it up; what it remembered goes away.
UPDATE consents SET sealed = NULL WHERE state = :state AND sealed IS NOT NULL;

-- name: drop_expired
-- Forget those whose time is over.
DELETE FROM consents WHERE expires_at < :before;

-- name: all_sealed
-- Everything sealed, of all environments, to seal it again with the newest key.
SELECT state, environment, integration, id, sealed FROM consents WHERE sealed IS NOT NULL;

-- name: reseal
-- Store the same secrets under another key, unless they were used up meanwhile.
UPDATE consents SET sealed = :sealed WHERE state = :state AND sealed = :before;
