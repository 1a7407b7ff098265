-- name: add_delivery
-- A webhook to be sent at once.
INSERT INTO deliveries (id, environment, connection, kind, url, trusted, body, headers, state, due_at, created_at)
VALUES (:id, :environment, :connection, :kind, :url, :trusted, :body, :headers, 'waiting', :now, :now);

-- name: claim_deliveries
-- Take what is to be sent; if its sender dies, others may take it later.
UPDATE deliveries SET due_at = :until
WHERE id IN (SELECT id FROM deliveries WHERE state = 'waiting' AND due_at <= :now ORDER BY due_at LIMIT :limit)
  AND state = 'waiting' AND due_at <= :now
RETURNING id, environment, kind, url, trusted, body, headers, attempts;

-- name: next_delivery
-- When the next one is to be sent.
SELECT min(due_at) AS due_at FROM deliveries WHERE state = 'waiting';

-- name: delivery_attempted
-- How an attempt ended.
UPDATE deliveries SET attempts = attempts + 1, state = :state, status = :status, error = :error, due_at = :due_at,
  ended_at = :ended_at
WHERE environment = :environment AND id = :id AND state = 'waiting';

-- name: list_deliveries
-- The newest webhooks of an environment.
SELECT deliveries.id, deliveries.kind, deliveries.url, deliveries.state, deliveries.attempts, deliveries.status,
  deliveries.error, deliveries.created_at, deliveries.ended_at, connections.id AS connection, connections.integration
FROM deliveries LEFT JOIN connections ON connections.key = deliveries.connection
WHERE deliveries.environment = :environment ORDER BY deliveries.created_at DESC, deliveries.id LIMIT :limit;

-- name: count_deliveries
-- How many there are of each kind in each state, for the metrics.
SELECT kind, state, count(*) AS count FROM deliveries GROUP BY kind, state;

-- name: get_target
-- Where an environment's webhooks go.
SELECT url, second_url, switched_off FROM webhook_targets WHERE environment = :environment;

-- name: set_target
-- Say where an environment's webhooks go.
INSERT INTO webhook_targets (environment, url, second_url, switched_off)
VALUES (:environment, :url, :second_url, :switched_off)
ON CONFLICT (environment) DO UPDATE SET url = excluded.url, second_url = excluded.second_url,
  switched_off = excluded.switched_off;

-- name: connection_of_call
-- The connection that an action was called for.
SELECT connections.id, connections.integration
FROM action_calls JOIN connections ON connections.key = action_calls.connection
WHERE action_calls.environment = :environment AND action_calls.id = :id;
