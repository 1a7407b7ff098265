-- name: lock_purse
-- The log of a purse and until when it is closed; nobody else reads it before this transaction ends.
SELECT log, closed_until, urgent_until FROM purses WHERE key = :key;

-- name: write_log
-- Keep the log of a purse.
INSERT INTO purses (key, log) VALUES (:key, :log) ON CONFLICT (key) DO UPDATE SET log = excluded.log;

-- name: close_purse
-- No call before that time; a later time that was set stays.
INSERT INTO purses (key, log, closed_until) VALUES (:key, '[[], {}]', :until)
ON CONFLICT (key) DO UPDATE SET closed_until = max(closed_until, excluded.closed_until);

-- name: clear_urgent
-- Nobody urgent waits.
UPDATE purses SET urgent_until = 0 WHERE key = :key;

-- name: mark_urgent
-- Calls that are not urgent wait until then.
INSERT INTO purses (key, log, urgent_until) VALUES (:key, '[[], {}]', :until)
ON CONFLICT (key) DO UPDATE SET urgent_until = max(urgent_until, excluded.urgent_until);
