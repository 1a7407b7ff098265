-- name: lock_purse
-- The log of a purse, which is made if it is not there: a row that is missing cannot be locked.
INSERT INTO purses AS old (key, log) VALUES (:key, '[[], {}]')
ON CONFLICT (key) DO UPDATE SET log = old.log RETURNING log, closed_until, urgent_until;

-- name: close_purse
-- No call before that time; a later time that was set stays.
INSERT INTO purses AS old (key, log, closed_until) VALUES (:key, '[[], {}]', :until)
ON CONFLICT (key) DO UPDATE SET closed_until = greatest(old.closed_until, excluded.closed_until);

-- name: mark_urgent
-- Calls that are not urgent wait until then.
INSERT INTO purses AS old (key, log, urgent_until) VALUES (:key, '[[], {}]', :until)
ON CONFLICT (key) DO UPDATE SET urgent_until = greatest(old.urgent_until, excluded.urgent_until);
