ALTER TABLE runs DROP CONSTRAINT runs_state_check;
ALTER TABLE runs ADD CONSTRAINT runs_state_check CHECK (
  state IN ('running', 'success', 'limited', 'failed', 'interrupted', 'needs_confirmation', 'waiting')
);
CREATE INDEX runs_alive ON runs (heartbeat_at) WHERE state = 'running';
