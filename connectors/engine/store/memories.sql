-- name: get_memory
-- What an action of a connection remembers.
SELECT value FROM memories WHERE environment = :environment AND connection = :connection AND action = :action;

-- name: ensure_memory
-- Make it, empty, unless it is there.
INSERT INTO memories (environment, connection, action, value) VALUES (:environment, :connection, :action, '{}')
ON CONFLICT DO NOTHING;

-- name: set_memory
-- Replace it.
INSERT INTO memories (environment, connection, action, value) VALUES (:environment, :connection, :action, :value)
ON CONFLICT (connection, action) DO UPDATE SET value = excluded.value;
