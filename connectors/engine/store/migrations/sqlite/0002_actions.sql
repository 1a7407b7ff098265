-- Files that actions take and give; their content lies in the data folder under their id.
CREATE TABLE files (
  id TEXT NOT NULL PRIMARY KEY,
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  name TEXT NOT NULL,
  size INTEGER NOT NULL,
  content_type TEXT,
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_expiry ON files (expires_at);
CREATE INDEX files_by_connection ON files (connection);

-- What an action of a connection remembers from call to call.
CREATE TABLE memories (
  environment TEXT NOT NULL,
  connection INTEGER NOT NULL REFERENCES connections (key) ON DELETE CASCADE,
  action TEXT NOT NULL,
  value TEXT NOT NULL,                  -- a JSON object
  PRIMARY KEY (connection, action)
) STRICT, WITHOUT ROWID;
