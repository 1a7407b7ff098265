-- name: connections
-- Connections by provider.
SELECT provider AS label, count(*) AS count FROM connections GROUP BY provider ORDER BY provider;

-- name: schedules
-- Schedules by state.
SELECT state AS label, count(*) AS count FROM schedules GROUP BY state ORDER BY state;

-- name: schedules_overdue
-- Schedules that are due and that nobody has taken.
SELECT count(*) AS count FROM schedules WHERE wake_at <= :now AND claim IS NULL;

-- name: runs_running
-- Runs that go on.
SELECT count(*) AS count FROM runs WHERE state = 'running';

-- name: deliveries_waiting
-- Webhooks that wait to be sent.
SELECT count(*) AS count FROM deliveries WHERE state = 'waiting';

-- name: connection_errors
-- Connections that have an error, by its kind.
SELECT kind AS label, count(*) AS count FROM connection_errors GROUP BY kind ORDER BY kind;

-- name: calls_waiting
-- Calls of actions that wait or go on.
SELECT count(*) AS count FROM action_calls WHERE state IN ('waiting', 'running');
