-- name: service_list
-- use: sight
SELECT s.id, s.uuid, s.gateway_id, g.cluster_id, s.name, s.type, s.description, s.discovered, s.definition,
	s.active, s.created, s.last_run, g.enabled AS gateway_enabled, g.readonly AS gateway_readonly
FROM service s JOIN gateway g ON g.id = s.gateway_id
WHERE (:cluster_id IS NULL OR g.cluster_id = :cluster_id) AND
-- use: sees_service
ORDER BY s.seq;
-- name: service_get
SELECT s.id, s.uuid, s.gateway_id, g.cluster_id, s.name, s.type, s.description, s.discovered, s.definition,
	s.active, s.created, s.last_run
FROM service s JOIN gateway g ON g.id = s.gateway_id WHERE s.id = :id OR s.uuid = :id;
-- name: service_by_name
SELECT s.id, s.uuid, s.gateway_id, g.cluster_id, s.name, s.type, s.description, s.discovered, s.definition,
	s.active, s.created, s.last_run
FROM service s JOIN gateway g ON g.id = s.gateway_id WHERE s.gateway_id = :gateway_id AND s.name = :name;
-- name: service_put
INSERT INTO service (id, uuid, gateway_id, name, type, description, discovered, definition, active, created, last_run)
VALUES (:id, :uuid, :gateway_id, :name, :type, :description, :discovered, :definition, 1, :created, 0)
ON CONFLICT (gateway_id, name) DO UPDATE SET type = excluded.type, description = excluded.description,
	discovered = excluded.discovered, definition = excluded.definition, active = 1;
-- name: service_discover
INSERT INTO service (id, uuid, gateway_id, name, type, description, discovered, definition, active, created, last_run)
VALUES (:id, :uuid, :gateway_id, :name, :type, :description, 1, :definition, 1, :created, 0)
ON CONFLICT (gateway_id, name) DO UPDATE SET type = excluded.type, description = excluded.description,
	discovered = 1, definition = excluded.definition, active = 1
WHERE service.discovered = 1 OR service.active = 0;
-- name: service_retire_discovered
UPDATE service SET active = 0 WHERE gateway_id = :gateway_id AND discovered = 1;
-- name: service_set_last_run
UPDATE service SET last_run = :last_run WHERE id = :id;
