-- Who sees what: the one place. These are parts, which statements take in by "-- use: NAME". :seer is the account that
-- looks; where a statement lets it be NULL, that sees all.

-- The groups that count for it: its own, and what these are members of.
-- part: mine
WITH RECURSIVE mine (id) AS (
	SELECT u.id FROM account_group a JOIN user_group u ON u.id = a.group_id
	WHERE a.account_id = :seer AND u.inactive = 0
	UNION
	SELECT u.id FROM mine m JOIN group_parent p ON p.group_id = m.id JOIN user_group u ON u.id = p.parent_id
	WHERE u.inactive = 0
)
-- What these see by themselves.
-- part: sight
-- use: mine
, seen_gateway (id) AS (
	SELECT gateway_id FROM gateway_group WHERE group_id IN (SELECT id FROM mine)
), shared_group (id) AS (
	SELECT service_group_id FROM service_group_group WHERE group_id IN (SELECT id FROM mine)
), shared_service (id) AS (
	SELECT service_id FROM service_group_service WHERE service_group_id IN (SELECT id FROM shared_group)
)
-- A gateway g: by its groups.
-- part: sees_gateway
(:seer IS NULL OR g.id IN (SELECT id FROM seen_gateway))
-- A service s: by a service group that holds it and has one of the groups. The default one holds all services of its
-- gateway and has its groups, so that who sees a gateway sees all of it.
-- part: sees_service
(:seer IS NULL OR s.gateway_id IN (SELECT id FROM seen_gateway) OR s.id IN (SELECT id FROM shared_service))
-- A service group s: by its own groups, or its gateway.
-- part: sees_service_group
(:seer IS NULL OR s.gateway_id IN (SELECT id FROM seen_gateway) OR s.id IN (SELECT id FROM shared_group))
-- A job: by its gateway or its service, as they are now, or because it was asked for by the account itself: not by an
-- earlier one of the same name.
-- part: sees_job
(:seer IS NULL OR gateway_id IN (SELECT id FROM seen_gateway) OR service_id IN (SELECT id FROM shared_service)
	OR (requested_by = (SELECT username FROM account WHERE id = :seer)
		AND job.created >= (SELECT a.created FROM account a WHERE a.id = :seer)))
-- An inventory i: by its groups.
-- part: sees_inventory
(:seer IS NULL OR i.id IN (SELECT inventory_id FROM inventory_group WHERE group_id IN (SELECT id FROM mine)))
-- A virtual cluster v: by its groups.
-- part: sees_virtual_cluster
(:seer IS NULL OR v.id IN (
	SELECT virtual_cluster_id FROM virtual_cluster_group WHERE group_id IN (SELECT id FROM mine)))

-- Whether one record is seen: a row, or none.
-- name: sight_gateway
-- use: sight
SELECT g.id FROM gateway g WHERE g.id = :id AND
-- use: sees_gateway
;
-- name: sight_service
-- use: sight
SELECT s.id FROM service s WHERE s.id = :id AND
-- use: sees_service
;
-- The service groups by which a service is seen, each with the groups of the account that it has.
-- name: sight_service_by
-- use: mine
SELECT s.name AS service_group, u.name AS user_group FROM service_group_service x
JOIN service_group s ON s.id = x.service_group_id JOIN service_group_group y ON y.service_group_id = s.id
JOIN user_group u ON u.id = y.group_id
WHERE x.service_id = :id AND u.id IN (SELECT id FROM mine) ORDER BY s.name, u.name;
-- name: sight_service_group
-- use: sight
SELECT s.id FROM service_group s WHERE s.id = :id AND
-- use: sees_service_group
;
-- name: sight_job
-- use: sight
SELECT id FROM job WHERE id = :id AND
-- use: sees_job
;
-- name: sight_inventory
-- use: mine
SELECT i.id FROM inventory i WHERE i.id = :id AND
-- use: sees_inventory
;
-- name: sight_virtual_cluster
-- use: mine
SELECT v.id FROM virtual_cluster v WHERE v.id = :id AND
-- use: sees_virtual_cluster
;
