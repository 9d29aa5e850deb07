-- name: virtual_cluster_list
SELECT v.*, g.cluster_id AS primary_cluster_id FROM virtual_cluster v JOIN gateway g ON g.id = v.primary_id
ORDER BY v.cluster_id;
-- name: virtual_cluster_get
SELECT v.*, g.cluster_id AS primary_cluster_id FROM virtual_cluster v JOIN gateway g ON g.id = v.primary_id
WHERE v.id = :id;
-- name: virtual_cluster_by_cluster
SELECT v.*, g.cluster_id AS primary_cluster_id FROM virtual_cluster v JOIN gateway g ON g.id = v.primary_id
WHERE v.cluster_id = :cluster_id;
-- name: virtual_cluster_insert
INSERT INTO virtual_cluster (id, cluster_id, description, enabled, readonly, primary_id, created, created_by,
	last_updated, last_updated_by)
SELECT :id, :cluster_id, :description, :enabled, :readonly, g.id, :created, :created_by, :last_updated, :last_updated_by
FROM gateway g WHERE g.cluster_id = :primary_cluster_id;
-- name: virtual_cluster_update
UPDATE virtual_cluster SET cluster_id = :cluster_id, description = :description, enabled = :enabled,
	readonly = :readonly, primary_id = (SELECT g.id FROM gateway g WHERE g.cluster_id = :primary_cluster_id),
	last_updated = :last_updated, last_updated_by = :last_updated_by
WHERE id = :id AND EXISTS (SELECT 1 FROM gateway g WHERE g.cluster_id = :primary_cluster_id);
-- name: virtual_cluster_delete
DELETE FROM virtual_cluster WHERE id = :id;
-- name: virtual_cluster_backup_names
SELECT g.cluster_id AS name FROM virtual_cluster_backup b JOIN gateway g ON g.id = b.gateway_id
WHERE b.virtual_cluster_id = :id ORDER BY b.seq;
-- name: virtual_cluster_backup_clear
DELETE FROM virtual_cluster_backup WHERE virtual_cluster_id = :id;
-- name: virtual_cluster_backup_add
INSERT INTO virtual_cluster_backup (virtual_cluster_id, gateway_id)
SELECT :id, g.id FROM gateway g WHERE g.cluster_id = :name;
-- name: virtual_cluster_group_names
SELECT g.name AS name FROM virtual_cluster_group x JOIN user_group g ON g.id = x.group_id
WHERE x.virtual_cluster_id = :id ORDER BY g.name;
-- name: virtual_cluster_group_clear
DELETE FROM virtual_cluster_group WHERE virtual_cluster_id = :id;
-- name: virtual_cluster_group_add
INSERT INTO virtual_cluster_group (virtual_cluster_id, group_id) SELECT :id, g.id FROM user_group g WHERE g.name = :name;
-- name: virtual_cluster_of_gateway
SELECT v.cluster_id AS name FROM virtual_cluster v
WHERE v.primary_id = :id OR EXISTS (
	SELECT 1 FROM virtual_cluster_backup b WHERE b.virtual_cluster_id = v.id AND b.gateway_id = :id)
ORDER BY v.cluster_id;
-- The two kinds of clusters share their names.
-- name: virtual_cluster_named
SELECT cluster_id AS name FROM virtual_cluster WHERE cluster_id = :id;
-- name: gateway_named
SELECT cluster_id AS name FROM gateway WHERE cluster_id = :id;
