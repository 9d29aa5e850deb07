-- name: session_by_digest
SELECT * FROM session WHERE digest = :digest;
-- name: session_is_there
SELECT id FROM session WHERE id = :id;
-- name: session_insert
INSERT INTO session (id, digest, kind, name, account_id, parent_id, remote, created, created_by, last_used, expires)
VALUES (:id, :digest, :kind, :name, :account_id, :parent_id, :remote, :created, :created_by, :last_used, :expires);
-- name: session_touch
UPDATE session SET last_used = :last_used WHERE id = :id AND last_used < :last_used;
-- name: session_delete
DELETE FROM session WHERE id = :id;
-- name: session_end_all
DELETE FROM session WHERE kind <> 'api'
	AND account_id = (SELECT id FROM account WHERE username = :username);
-- name: session_end_logins
DELETE FROM session WHERE kind <> 'api';
-- name: session_purge
DELETE FROM session WHERE expires > 0 AND expires <= :now AND kind <> 'api';
-- name: session_thin
DELETE FROM session WHERE account_id = :account_id AND kind <> 'api' AND id NOT IN (
	SELECT id FROM session WHERE account_id = :account_id AND kind <> 'api'
	ORDER BY last_used DESC, id DESC LIMIT :keep);
-- name: token_list
SELECT s.id, s.kind, s.name, s.account_id, s.remote, s.created, s.created_by, s.last_used, s.expires, a.username
FROM session s JOIN account a ON a.id = s.account_id WHERE s.kind = 'api' ORDER BY s.name;
-- name: token_delete
DELETE FROM session WHERE kind = 'api' AND name = :name;
