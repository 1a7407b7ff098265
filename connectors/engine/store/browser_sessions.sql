-- name: add_session
-- A browser has signed in to an environment; once more makes it last longer.
INSERT INTO browser_sessions (hash, environment, key, created_at, expires_at)
VALUES (:hash, :environment, :key, :now, :expires_at)
ON CONFLICT (hash, environment) DO UPDATE SET key = excluded.key, created_at = excluded.created_at,
  expires_at = excluded.expires_at;

-- name: find_sessions
-- Where a browser is signed in now, the newest first; a key that is refused no longer counts.
SELECT browser_sessions.environment, browser_sessions.key, browser_sessions.expires_at, secret_keys.scopes
FROM browser_sessions
JOIN secret_keys ON secret_keys.id = browser_sessions.key AND secret_keys.environment = browser_sessions.environment
WHERE browser_sessions.hash = :hash AND browser_sessions.expires_at > :now
  AND (secret_keys.ends_at IS NULL OR secret_keys.ends_at > :now)
ORDER BY browser_sessions.created_at DESC, browser_sessions.environment;

-- name: move_sessions
-- What a browser carries was replaced.
UPDATE browser_sessions SET hash = :fresh WHERE hash = :hash;

-- name: end_sessions
-- Forget a browser.
DELETE FROM browser_sessions WHERE hash = :hash;

-- name: drop_expired
-- Forget those whose time is over.
DELETE FROM browser_sessions WHERE expires_at <= :now;
