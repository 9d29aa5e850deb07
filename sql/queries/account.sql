-- name: account_get
SELECT id, username, password_hash, inactive, created, created_by, last_updated, last_updated_by
FROM account WHERE id = :id;
-- name: account_by_username
SELECT id, username, password_hash, inactive, created, created_by, last_updated, last_updated_by
FROM account WHERE username = :username;
-- name: account_list
SELECT id, username, password_hash, inactive, created, created_by, last_updated, last_updated_by
FROM account ORDER BY username;
-- name: account_insert
INSERT INTO account (id, username, password_hash, inactive, created, created_by, last_updated, last_updated_by)
VALUES (:id, :username, :password_hash, :inactive, :created, :created_by, :last_updated, :last_updated_by);
-- name: account_update
UPDATE account SET password_hash = :password_hash, inactive = :inactive, last_updated = :last_updated,
	last_updated_by = :last_updated_by
WHERE id = :id;
-- name: account_set_password
UPDATE account SET password_hash = :password_hash, last_updated = :last_updated, last_updated_by = :last_updated_by
WHERE username = :username;
-- name: account_delete
DELETE FROM account WHERE username = :username;
-- name: account_role_names
SELECT role AS name FROM account_role WHERE account_id = :id ORDER BY role;
-- name: account_role_clear
DELETE FROM account_role WHERE account_id = :id;
-- name: account_role_add
INSERT INTO account_role (account_id, role) VALUES (:id, :name);
-- name: account_group_names
SELECT group_id AS name FROM account_group WHERE account_id = :id ORDER BY group_id;
-- name: account_group_clear
DELETE FROM account_group WHERE account_id = :id;
-- name: account_group_add
INSERT INTO account_group (account_id, group_id) SELECT :id, u.id FROM user_group u WHERE u.id = :name;
-- The roles that an account has, and from which group; '' is its own.
-- name: account_roles_held
-- use: mine
SELECT role, '' AS via FROM account_role WHERE account_id = :seer
UNION ALL
SELECT r.role, u.name FROM mine m JOIN group_role r ON r.group_id = m.id JOIN user_group u ON u.id = m.id
ORDER BY 1, 2;
-- The groups that count for an account.
-- name: account_groups_held
-- use: mine
SELECT u.id, u.name, EXISTS (
	SELECT 1 FROM account_group a WHERE a.account_id = :seer AND a.group_id = u.id) AS direct
FROM mine m JOIN user_group u ON u.id = m.id ORDER BY u.name;
-- By which groups that count for an account it is in the group :name; '' is by itself.
-- name: account_group_ways
-- use: mine
SELECT '' AS name FROM account_group a JOIN user_group u ON u.id = a.group_id
WHERE a.account_id = :seer AND u.name = :name AND u.inactive = 0
UNION ALL
SELECT b.name FROM user_group u JOIN group_parent p ON p.parent_id = u.id JOIN user_group b ON b.id = p.group_id
WHERE u.name = :name AND b.id IN (SELECT id FROM mine)
ORDER BY 1;
-- How many accounts, active ones, have the role admin: their own, or by their groups.
-- name: account_count_admins
WITH RECURSIVE mighty (id) AS (
	SELECT u.id FROM group_role r JOIN user_group u ON u.id = r.group_id WHERE r.role = 'admin' AND u.inactive = 0
	UNION
	SELECT u.id FROM mighty m JOIN group_parent p ON p.parent_id = m.id JOIN user_group u ON u.id = p.group_id
	WHERE u.inactive = 0
)
SELECT count(*) AS n FROM account a
WHERE a.inactive = 0 AND (
	EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = a.id AND r.role = 'admin') OR
	EXISTS (SELECT 1 FROM account_group x WHERE x.account_id = a.id AND x.group_id IN (SELECT id FROM mighty)));
