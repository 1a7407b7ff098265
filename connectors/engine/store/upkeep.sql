-- name: take_expiring
-- Connections whose credentials expire soon and that nobody looked at lately; they count as looked at now.
UPDATE connections SET looked_at = :now
WHERE key IN (
  SELECT key FROM connections
  WHERE credentials_expires_at <= :soon AND (looked_at IS NULL OR looked_at <= :before) AND renewal_failed_days < :days
  ORDER BY credentials_expires_at LIMIT :limit)
  AND (looked_at IS NULL OR looked_at <= :before)
RETURNING environment, integration, id;

-- name: old_runs
-- Runs that ended before a time, but never the newest of a sync, which says how it is.
DELETE FROM runs WHERE number IN (
  SELECT old.number FROM runs AS old
  WHERE old.ended_at < :before AND old.state <> 'needs_confirmation' AND EXISTS (
    SELECT 1 FROM runs AS newer WHERE newer.connection = old.connection AND newer.sync = old.sync
      AND newer.variant = old.variant AND newer.number > old.number)
  LIMIT :limit);

-- name: old_calls
-- Calls of actions that ended before a time.
DELETE FROM action_calls WHERE id IN (SELECT id FROM action_calls WHERE ended_at < :before LIMIT :limit);

-- name: old_requests
-- Requests that went out before a time.
DELETE FROM run_requests WHERE key IN (SELECT key FROM run_requests WHERE at < :before LIMIT :limit);

-- name: old_deliveries
-- Webhooks whose sending ended before a time.
DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE ended_at < :before LIMIT :limit);

-- name: old_events
-- Events whose window is over.
DELETE FROM events WHERE until < :before;

-- name: old_sessions
-- Connect sessions that have expired.
DELETE FROM connect_sessions WHERE expires_at < :before;

-- name: old_audit
-- What was done before a time.
DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE at < :before LIMIT :limit);

-- name: next_deleted
-- Streams with records that were deleted before a time.
SELECT DISTINCT stream FROM records WHERE deleted_at < :before LIMIT :limit;

-- name: old_deleted
-- Records of a stream that were deleted before a time.
DELETE FROM records WHERE stream = :stream AND deleted_at < :before;
