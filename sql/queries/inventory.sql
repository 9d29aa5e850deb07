-- name: inventory_list
-- use: mine
SELECT i.*, (SELECT count(*) FROM inventory_node n WHERE n.inventory_id = i.id) AS node_count
FROM inventory i WHERE
-- use: sees_inventory
ORDER BY i.name;
-- name: inventory_get
SELECT i.*, (SELECT count(*) FROM inventory_node n WHERE n.inventory_id = i.id) AS node_count
FROM inventory i WHERE i.id = :id;
-- name: inventory_by_name
SELECT i.*, (SELECT count(*) FROM inventory_node n WHERE n.inventory_id = i.id) AS node_count
FROM inventory i WHERE i.name = :name;
-- name: inventory_insert
INSERT INTO inventory (id, name, description, tags, created, created_by, last_updated, last_updated_by)
VALUES (:id, :name, :description, :tags, :created, :created_by, :last_updated, :last_updated_by);
-- name: inventory_update
UPDATE inventory SET name = :name, description = :description, tags = :tags, last_updated = :last_updated,
	last_updated_by = :last_updated_by
WHERE id = :id;
-- name: inventory_delete
DELETE FROM inventory WHERE id = :id;
-- name: inventory_group_names
SELECT g.name AS name FROM inventory_group x JOIN user_group g ON g.id = x.group_id
WHERE x.inventory_id = :id ORDER BY g.name;
-- name: inventory_group_clear
DELETE FROM inventory_group WHERE inventory_id = :id;
-- name: inventory_group_add
INSERT INTO inventory_group (inventory_id, group_id) SELECT :id, g.id FROM user_group g WHERE g.name = :name;
-- name: inventory_node_list
SELECT * FROM inventory_node WHERE inventory_id = :inventory_id ORDER BY seq;
-- name: inventory_node_by_name
SELECT * FROM inventory_node WHERE inventory_id = :inventory_id AND name = :name;
-- name: inventory_node_clear
DELETE FROM inventory_node WHERE inventory_id = :inventory_id;
-- name: inventory_node_put
INSERT INTO inventory_node (id, inventory_id, name, attributes, tags, created, created_by, last_updated, last_updated_by)
VALUES (:id, :inventory_id, :name, :attributes, :tags, :created, :created_by, :last_updated, :last_updated_by)
ON CONFLICT (inventory_id, name) DO UPDATE SET attributes = excluded.attributes, tags = excluded.tags,
	last_updated = excluded.last_updated, last_updated_by = excluded.last_updated_by;
-- name: inventory_node_weight
SELECT count(*) AS n, coalesce(sum(length(CAST(name AS BLOB)) + length(CAST(attributes AS BLOB))), 0) AS bytes
FROM inventory_node WHERE inventory_id = :inventory_id;
