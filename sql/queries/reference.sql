-- name: group_exists
SELECT id FROM user_group WHERE name = :name;
-- name: certificate_exists
SELECT id FROM certificate WHERE id = :name;
