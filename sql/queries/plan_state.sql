-- Newest first; what is sealed is left out: it is long.
-- name: plan_state_list
SELECT id, gateway_id, service, workspace, version, whole, serial, lineage, resources, bytes, digest, job_id,
	attempt_id, created, created_by
FROM plan_state WHERE gateway_id = :gateway_id AND service = :service ORDER BY workspace, version DESC;
-- name: plan_state_latest
SELECT id, gateway_id, service, workspace, version, whole, serial, lineage, resources, bytes, digest, sealed, job_id,
	attempt_id, created, created_by
FROM plan_state WHERE gateway_id = :gateway_id AND service = :service AND workspace = :workspace
	AND (:version = 0 OR version = :version)
ORDER BY version DESC LIMIT 1;
-- name: plan_state_get
SELECT id, gateway_id, service, workspace, version, whole, serial, lineage, resources, bytes, digest, sealed, job_id,
	attempt_id, created, created_by
FROM plan_state WHERE id = :id;
-- name: plan_state_of_job
SELECT id, gateway_id, service, workspace, version, whole, serial, lineage, resources, bytes, digest, sealed, job_id,
	attempt_id, created, created_by
FROM plan_state WHERE job_id = :job_id ORDER BY seq DESC LIMIT 1;
-- name: plan_state_ids
SELECT id AS name FROM plan_state ORDER BY seq;
-- name: plan_state_add
INSERT INTO plan_state (id, gateway_id, service, workspace, version, whole, serial, lineage, resources, bytes, digest,
	sealed, job_id, attempt_id, created, created_by)
VALUES (:id, :gateway_id, :service, :workspace, :version, :whole, :serial, :lineage, :resources, :bytes, :digest,
	:sealed, :job_id, :attempt_id, :created, :created_by);
-- name: plan_state_reseal
UPDATE plan_state SET sealed = :sealed WHERE id = :id;
-- name: plan_state_spoil
UPDATE plan_state SET sealed = :sealed, whole = 0 WHERE id = :id;
-- The last whole one is never too old.
-- name: plan_state_thin
DELETE FROM plan_state WHERE gateway_id = :gateway_id AND service = :service AND workspace = :workspace
	AND version <= :version
	AND version < (SELECT max(p.version) FROM plan_state p WHERE p.gateway_id = :gateway_id
		AND p.service = :service AND p.workspace = :workspace AND p.whole = 1);
-- Services whose last state still has resources.
-- name: plan_state_held
SELECT DISTINCT p.service AS name FROM plan_state p WHERE p.gateway_id = :id AND p.resources > 0
	AND p.version = (SELECT max(x.version) FROM plan_state x WHERE x.gateway_id = p.gateway_id
		AND x.service = p.service AND x.workspace = p.workspace)
ORDER BY name;
