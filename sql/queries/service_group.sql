-- name: service_group_list
-- use: sight
SELECT s.id, s.gateway_id, s.name, g.cluster_id, s.is_default, s.description, s.created, s.created_by,
	s.last_updated, s.last_updated_by
FROM service_group s JOIN gateway g ON g.id = s.gateway_id
WHERE (:cluster_id IS NULL OR g.cluster_id = :cluster_id) AND
-- use: sees_service_group
ORDER BY g.cluster_id, s.is_default DESC, s.name;
-- name: service_group_get
SELECT s.id, s.gateway_id, s.name, g.cluster_id, s.is_default, s.description, s.created, s.created_by,
	s.last_updated, s.last_updated_by
FROM service_group s JOIN gateway g ON g.id = s.gateway_id WHERE s.id = :id;
-- name: service_group_insert
INSERT INTO service_group (id, gateway_id, name, description, is_default, created, created_by, last_updated,
	last_updated_by)
VALUES (:id, :gateway_id, :name, :description, :is_default, :created, :created_by, :last_updated, :last_updated_by);
-- name: service_group_update
UPDATE service_group SET name = :name, description = :description, last_updated = :last_updated,
	last_updated_by = :last_updated_by
WHERE id = :id;
-- name: service_group_delete
DELETE FROM service_group WHERE id = :id;
-- name: service_group_services
SELECT v.uuid AS id, v.name FROM service_group s JOIN service v ON v.gateway_id = s.gateway_id
WHERE s.id = :id AND (s.is_default = 1 OR EXISTS (
	SELECT 1 FROM service_group_service x WHERE x.service_group_id = s.id AND x.service_id = v.id))
ORDER BY v.seq;
-- name: service_group_service_clear
DELETE FROM service_group_service WHERE service_group_id = :id;
-- A service that is given twice, by its UUID and its record id, is added once; each time a row counts as changed.
-- name: service_group_service_add
INSERT INTO service_group_service (service_group_id, service_id)
SELECT s.id, v.id FROM service_group s JOIN service v ON v.gateway_id = s.gateway_id
WHERE s.id = :id AND (v.uuid = :name OR v.id = :name)
ON CONFLICT (service_group_id, service_id) DO UPDATE SET service_id = excluded.service_id;
-- name: service_group_groups
SELECT u.name AS name FROM service_group s JOIN user_group u ON 1 = 1
WHERE s.id = :id AND (EXISTS (
	SELECT 1 FROM service_group_group x
	WHERE s.is_default = 0 AND x.service_group_id = s.id AND x.group_id = u.id) OR EXISTS (
	SELECT 1 FROM gateway_group y
	WHERE s.is_default = 1 AND y.gateway_id = s.gateway_id AND y.group_id = u.id))
ORDER BY u.name;
-- name: service_group_group_clear
DELETE FROM service_group_group WHERE service_group_id = :id;
-- name: service_group_group_add
INSERT INTO service_group_group (service_group_id, group_id)
SELECT :id, u.id FROM user_group u WHERE u.name = :name;
