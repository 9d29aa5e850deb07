-- name: account_get
SELECT id, username, password_hash, is_admin, created, created_by, last_updated, last_updated_by
FROM account WHERE id = :id;
-- name: account_by_username
SELECT id, username, password_hash, is_admin, created, created_by, last_updated, last_updated_by
FROM account WHERE username = :username;
-- name: account_list
SELECT id, username, password_hash, is_admin, created, created_by, last_updated, last_updated_by
FROM account ORDER BY username;
-- name: account_insert
INSERT INTO account (id, username, password_hash, is_admin, created, created_by, last_updated, last_updated_by)
VALUES (:id, :username, :password_hash, :is_admin, :created, :created_by, :last_updated, :last_updated_by);
-- name: account_set_password
UPDATE account SET password_hash = :password_hash, last_updated = :last_updated, last_updated_by = :last_updated_by
WHERE username = :username;
-- name: account_delete
DELETE FROM account WHERE username = :username;
-- name: account_count_admins
SELECT count(*) AS n FROM account WHERE is_admin = 1;
