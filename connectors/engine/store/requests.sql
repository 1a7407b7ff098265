-- name: add_request
-- Write down a request that went out.
INSERT INTO run_requests
  (environment, connection, run, kind, name, number, method, url, attempt, status, error, at, seconds, bytes)
VALUES (:environment, :connection, :run, :kind, :name, :number, :method, :url, :attempt, :status, :error, :at,
  :seconds, :bytes);

-- name: drop_middle
-- Keep the first requests of a run and its newest.
DELETE FROM run_requests
WHERE run = :run AND number > :first AND number <= (SELECT max(number) FROM run_requests WHERE run = :run) - :newest;

-- name: drop_older
-- Keep the newest requests of a connection that belong to no run.
DELETE FROM run_requests WHERE connection = :connection AND run IS NULL AND key <= (
  SELECT key FROM run_requests WHERE connection = :connection AND run IS NULL ORDER BY key DESC LIMIT 1 OFFSET :newest);

-- name: of_run
-- The requests of a run, in the order in which they ended.
SELECT kind, name, number, method, url, attempt, status, error, at, seconds, bytes FROM run_requests
WHERE environment = :environment AND run = :run ORDER BY number;

-- name: of_connection
-- The newest requests of a connection: of its runs, actions and proxied calls.
SELECT kind, name, number, method, url, attempt, status, error, at, seconds, bytes FROM run_requests
WHERE environment = :environment AND connection = :connection ORDER BY key DESC LIMIT :limit;
