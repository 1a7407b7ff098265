-- name: count_by_key
-- How much is sealed with which key, over all environments; a sealed value begins with its version and its key's id.
SELECT substr(sealed, 2, 4) AS key, count(*) AS many
FROM (
  SELECT sealed FROM connections
  UNION ALL SELECT sealed FROM integrations WHERE sealed IS NOT NULL
  UNION ALL SELECT signing_key FROM environments WHERE signing_key IS NOT NULL
) AS everything
GROUP BY 1
