-- name: secret_list
SELECT id, gateway_id, name, sealed, created, created_by, last_updated, last_updated_by
FROM secret WHERE gateway_id = :gateway_id ORDER BY seq;
-- name: secret_get
SELECT id, gateway_id, name, sealed, created, created_by, last_updated, last_updated_by
FROM secret WHERE gateway_id = :gateway_id AND name = :name;
-- name: secret_put
-- One that is put without a value keeps the value that it has.
INSERT INTO secret (id, gateway_id, name, sealed, created, created_by, last_updated, last_updated_by)
VALUES (:id, :gateway_id, :name, :sealed, :created, :created_by, :last_updated, :last_updated_by)
ON CONFLICT (gateway_id, name) DO UPDATE SET sealed = excluded.sealed,
	last_updated = excluded.last_updated, last_updated_by = excluded.last_updated_by
WHERE excluded.sealed IS NOT NULL;
-- name: secret_delete
DELETE FROM secret WHERE gateway_id = :gateway_id AND name = :name;
-- What is sealed, wherever it is, and how it is sealed anew.
-- name: secret_sealed
SELECT id, gateway_id, name, sealed, created, created_by, last_updated, last_updated_by
FROM secret WHERE sealed IS NOT NULL ORDER BY seq;
-- name: secret_reseal
UPDATE secret SET sealed = :sealed WHERE id = :id;
-- name: secret_forget
UPDATE secret SET sealed = NULL, last_updated = 0, last_updated_by = '' WHERE sealed IS NOT NULL;
-- name: secret_any_sealed
SELECT count(*) AS n FROM (SELECT 1 FROM secret WHERE sealed IS NOT NULL UNION ALL SELECT 1 FROM plan_state LIMIT 1);
