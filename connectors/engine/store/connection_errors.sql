-- name: record_error
-- One more of an error; how many that makes, and whether the customer was told.
INSERT INTO connection_errors (environment, connection, kind, name, log_id, error, times, notified, since, last_at)
VALUES (:environment, :connection, :kind, :name, :log_id, :error, 1, 0, :now, :now)
ON CONFLICT (connection, kind, name) DO UPDATE SET
  log_id = excluded.log_id, error = excluded.error, times = connection_errors.times + 1, last_at = excluded.last_at
RETURNING times, notified;

-- name: error_notified
-- The customer was told.
UPDATE connection_errors SET notified = 1
WHERE environment = :environment AND connection = :connection AND kind = :kind AND name = :name;

-- name: clear_error
-- It is well again.
DELETE FROM connection_errors
WHERE environment = :environment AND connection = :connection AND kind = :kind AND name = :name;

-- name: clear_errors
-- All of a kind are over.
DELETE FROM connection_errors WHERE environment = :environment AND connection = :connection AND kind = :kind;

-- name: errors_of_environment
-- What is wrong with the connections of an environment, or with one of them.
SELECT connection, kind, name, log_id, error, times, since, last_at FROM connection_errors
WHERE environment = :environment AND (CAST(:connection AS BIGINT) IS NULL OR connection = :connection)
ORDER BY connection, kind, name;

-- name: count_errors
-- How many connections have an error of a kind, for the metrics.
SELECT kind, count(*) AS count FROM connection_errors GROUP BY kind;
