-- name: user_group_get
SELECT id, name, description, provenance, inactive, created, created_by, last_updated, last_updated_by
FROM user_group WHERE id = :id;
-- name: user_group_by_name
SELECT id, name, description, provenance, inactive, created, created_by, last_updated, last_updated_by
FROM user_group WHERE name = :name;
-- name: user_group_list
SELECT id, name, description, provenance, inactive, created, created_by, last_updated, last_updated_by
FROM user_group ORDER BY name;
-- name: user_group_insert
INSERT INTO user_group (id, name, description, provenance, inactive, created, created_by, last_updated,
	last_updated_by)
VALUES (:id, :name, :description, :provenance, :inactive, :created, :created_by, :last_updated, :last_updated_by);
-- name: user_group_update
UPDATE user_group SET name = :name, description = :description, provenance = :provenance, inactive = :inactive,
	last_updated = :last_updated, last_updated_by = :last_updated_by
WHERE id = :id;
-- name: user_group_delete
DELETE FROM user_group WHERE id = :id;
-- name: user_group_role_names
SELECT role AS name FROM group_role WHERE group_id = :id ORDER BY role;
-- name: user_group_role_clear
DELETE FROM group_role WHERE group_id = :id;
-- name: user_group_role_add
INSERT INTO group_role (group_id, role) VALUES (:id, :name);
-- name: user_group_parent_names
SELECT parent_id AS name FROM group_parent WHERE group_id = :id ORDER BY parent_id;
-- name: user_group_parent_clear
DELETE FROM group_parent WHERE group_id = :id;
-- name: user_group_parent_add
INSERT INTO group_parent (group_id, parent_id) SELECT :id, u.id FROM user_group u WHERE u.id = :name;
-- Who is in a group by himself.
-- name: user_group_accounts
SELECT a.username AS name FROM account_group x JOIN account a ON a.id = x.account_id WHERE x.group_id = :id
ORDER BY a.username;
-- Whether a group is among those that it is a member of, however far away.
-- name: user_group_is_above_itself
WITH RECURSIVE up (id) AS (
	SELECT parent_id FROM group_parent WHERE group_id = :id
	UNION
	SELECT p.parent_id FROM up u JOIN group_parent p ON p.group_id = u.id
)
SELECT id FROM up WHERE id = :id;
-- How many groups the longest chain through a group has; more than :max are not counted on.
-- name: user_group_chain
WITH RECURSIVE up (id, n) AS (
	SELECT :id, 1
	UNION
	SELECT p.parent_id, u.n + 1 FROM up u JOIN group_parent p ON p.group_id = u.id WHERE u.n <= :max
), down (id, n) AS (
	SELECT :id, 0
	UNION
	SELECT p.group_id, d.n + 1 FROM down d JOIN group_parent p ON p.parent_id = d.id WHERE d.n <= :max
)
SELECT (SELECT max(n) FROM up) + (SELECT max(n) FROM down) AS n;
-- The roles that a group gives, its own and those of the groups that it is a member of, whether active or not.
-- name: user_group_roles_given
WITH RECURSIVE up (id) AS (
	SELECT :id
	UNION
	SELECT p.parent_id FROM up u JOIN group_parent p ON p.group_id = u.id
)
SELECT DISTINCT r.role AS name FROM up u JOIN group_role r ON r.group_id = u.id ORDER BY r.role;
