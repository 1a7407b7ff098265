-- name: add_entry
-- Write down what was done.
INSERT INTO audit (environment, at, actor, action, subject, details)
VALUES (:environment, :now, :actor, :action, :subject, :details);

-- name: list_entries
-- What was done in an environment, the newest first; before a number, to page.
SELECT number, at, actor, action, subject, details FROM audit
WHERE environment = :environment AND (CAST(:before AS BIGINT) IS NULL OR number < :before)
ORDER BY number DESC LIMIT :limit;
