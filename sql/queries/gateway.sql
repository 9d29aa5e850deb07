-- name: gateway_get
SELECT id, cluster_id, gateway_name, description, enabled, readonly, connector_kind, connector_settings,
	created, created_by, last_updated, last_updated_by, last_connected
FROM gateway WHERE id = :id;
-- name: gateway_by_cluster
SELECT id, cluster_id, gateway_name, description, enabled, readonly, connector_kind, connector_settings,
	created, created_by, last_updated, last_updated_by, last_connected
FROM gateway WHERE cluster_id = :cluster_id;
-- name: gateway_list
-- use: sight
SELECT id, cluster_id, gateway_name, description, enabled, readonly, connector_kind, connector_settings,
	created, created_by, last_updated, last_updated_by, last_connected
FROM gateway g WHERE
-- use: sees_gateway
ORDER BY cluster_id;
-- The groups and certificates of all of these, in the same order.
-- name: gateway_list_groups
-- use: sight
SELECT g.id, u.name FROM gateway g JOIN gateway_group x ON x.gateway_id = g.id JOIN user_group u ON u.id = x.group_id
WHERE
-- use: sees_gateway
ORDER BY g.cluster_id, u.name;
-- name: gateway_list_certificates
-- use: sight
SELECT g.id, x.certificate_id AS name FROM gateway g JOIN gateway_certificate x ON x.gateway_id = g.id
WHERE
-- use: sees_gateway
ORDER BY g.cluster_id, x.certificate_id;
-- name: gateway_settings
SELECT connector_settings FROM gateway WHERE id = :id;
-- name: gateway_insert
INSERT INTO gateway (id, cluster_id, gateway_name, description, enabled, readonly, connector_kind,
	connector_settings, created, created_by, last_updated, last_updated_by, last_connected)
VALUES (:id, :cluster_id, :gateway_name, :description, :enabled, :readonly, :connector_kind,
	:connector_settings, :created, :created_by, :last_updated, :last_updated_by, :last_connected);
-- name: gateway_update
UPDATE gateway SET cluster_id = :cluster_id, gateway_name = :gateway_name, description = :description,
	enabled = :enabled, readonly = :readonly, connector_kind = :connector_kind,
	connector_settings = :connector_settings, last_updated = :last_updated,
	last_updated_by = :last_updated_by, last_connected = :last_connected
WHERE id = :id;
-- name: gateway_delete
DELETE FROM gateway WHERE id = :id;
-- name: gateway_group_names
SELECT g.name AS name FROM gateway_group x JOIN user_group g ON g.id = x.group_id
WHERE x.gateway_id = :id ORDER BY g.name;
-- name: gateway_group_clear
DELETE FROM gateway_group WHERE gateway_id = :id;
-- name: gateway_group_add
INSERT INTO gateway_group (gateway_id, group_id) SELECT :id, g.id FROM user_group g WHERE g.name = :name;
-- name: gateway_certificate_names
SELECT certificate_id AS name FROM gateway_certificate WHERE gateway_id = :id ORDER BY certificate_id;
-- name: gateway_certificate_clear
DELETE FROM gateway_certificate WHERE gateway_id = :id;
-- name: gateway_certificate_add
INSERT INTO gateway_certificate (gateway_id, certificate_id) SELECT :id, c.id FROM certificate c WHERE c.id = :name;
