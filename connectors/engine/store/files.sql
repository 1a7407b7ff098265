-- name: add_file
-- Remember a file whose content is in place.
INSERT INTO files (id, environment, connection, name, size, content_type, created_at, expires_at)
VALUES (:id, :environment, :connection, :name, :size, :content_type, :now, :expires_at);

-- name: get_file
-- A file that has not expired.
SELECT id, name, size, content_type FROM files
WHERE environment = :environment AND id = :id AND expires_at > :now;

-- name: files_of_connection
-- The files that hang on a connection.
SELECT id FROM files WHERE environment = :environment AND connection = :connection;

-- name: forget_file
-- Remove a file's row.
DELETE FROM files WHERE environment = :environment AND id = :id;

-- name: forget_expired
-- Remove the rows of all files that expired, of all environments.
DELETE FROM files WHERE expires_at <= :now RETURNING id;

-- name: is_known
-- Whether any environment has that file.
SELECT 1 FROM files WHERE id = :id;
