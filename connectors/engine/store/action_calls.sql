-- name: add_call
-- Remember a call of an action that is to be made.
INSERT INTO action_calls (id, environment, connection, action, given, state, retries, due_at, created_at)
VALUES (:id, :environment, :connection, :action, :given, 'waiting', :retries, :now, :now);

-- name: get_call
-- One call.
SELECT id, action, state, answer, created_at, ended_at FROM action_calls WHERE environment = :environment AND id = :id;

-- name: next_calls
-- The oldest call that may be made now, of each environment in which none is under way.
SELECT id FROM action_calls AS next
WHERE state = 'waiting' AND due_at <= :now
  AND NOT EXISTS (SELECT 1 FROM action_calls AS other WHERE other.environment = next.environment AND other.state = 'running')
ORDER BY due_at LIMIT :limit;

-- name: claim_call
-- Take a call that is to be made.
UPDATE action_calls SET state = 'running', claim = :claim, claim_until = :until WHERE id = :id AND state = 'waiting'
RETURNING id;

-- name: claimed_call
-- A call with the names of its connection.
SELECT action_calls.id, action_calls.environment, action_calls.action, action_calls.given, action_calls.retries,
       action_calls.failures,
       connections.id AS connection_id, connections.integration, connections.key AS connection
FROM action_calls JOIN connections ON connections.key = action_calls.connection
WHERE action_calls.id = :id AND action_calls.claim = :claim;

-- name: keep_call
-- The process that makes a call lives.
UPDATE action_calls SET claim_until = :until WHERE environment = :environment AND id = :id AND claim = :claim AND state = 'running';

-- name: end_call
-- A call has ended; its input is not needed any more.
UPDATE action_calls SET state = :state, answer = :answer, given = '{}', claim = NULL, claim_until = NULL, ended_at = :now
WHERE environment = :environment AND id = :id AND claim = :claim AND state = 'running';

-- name: repeat_call
-- A call failed, and its caller asked for further attempts.
UPDATE action_calls SET state = 'waiting', retries = retries - 1, failures = failures + 1, due_at = :due_at, claim = NULL, claim_until = NULL
WHERE environment = :environment AND id = :id AND claim = :claim AND state = 'running';

-- name: dead_calls
-- Calls whose process died.
SELECT id, environment, claim FROM action_calls WHERE state = 'running' AND claim_until <= :now;

-- name: next_call_at
-- When there is something to do: a call may be made, or the process of one that goes on is dead.
SELECT min(at) AS due_at FROM (
  SELECT min(due_at) AS at FROM action_calls AS next
  WHERE state = 'waiting'
    AND NOT EXISTS (SELECT 1 FROM action_calls AS other WHERE other.environment = next.environment AND other.state = 'running')
  UNION ALL
  SELECT min(claim_until) AS at FROM action_calls WHERE state = 'running') AS times;
