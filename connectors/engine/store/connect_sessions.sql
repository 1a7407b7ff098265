-- name: add_session
-- Remember a session.
INSERT INTO connect_sessions (hash, environment, sealed, created_at, expires_at)
VALUES (:hash, :environment, :sealed, :now, :expires_at);

-- name: find_session
-- The session of a token that is good now.
SELECT * FROM connect_sessions WHERE hash = :hash AND expires_at > :now;

-- name: end_session
-- Forget a session.
DELETE FROM connect_sessions WHERE hash = :hash;

-- name: drop_expired
-- Forget those whose time is over.
DELETE FROM connect_sessions WHERE expires_at <= :now;

-- name: all_sealed
-- Everything sealed, of all environments, to seal it again with the newest key.
SELECT hash, environment, sealed FROM connect_sessions;

-- name: reseal
-- Store the same secrets under another key.
UPDATE connect_sessions SET sealed = :sealed WHERE hash = :hash AND sealed = :before;
