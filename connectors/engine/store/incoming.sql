-- name: add_path
-- A secret that a provider sends the events of a connection with.
INSERT INTO webhook_paths (hash, environment, connection, created_at) VALUES (:hash, :environment, :connection, :now);

-- name: find_path
-- The connection that a secret stands for.
SELECT connections.id FROM webhook_paths JOIN connections ON connections.key = webhook_paths.connection
WHERE webhook_paths.hash = :hash AND webhook_paths.environment = :environment AND connections.integration = :integration;

-- name: drop_paths
-- The secrets of a connection are good no longer.
DELETE FROM webhook_paths WHERE environment = :environment AND connection = :connection;

-- name: note_event
-- Remember an event; nothing happens if the same one came within its window.
INSERT INTO events (connection, environment, key, until) VALUES (:connection, :environment, :key, :until)
ON CONFLICT (connection, key) DO UPDATE SET until = excluded.until WHERE events.until <= :now;
