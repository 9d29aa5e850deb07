-- name: audit_insert
INSERT INTO audit (id, time, username, account_id, credential, remote, operation, record, job_id, outcome, request_id)
VALUES (:id, :time, :username, :account_id, :credential, :remote, :operation, :record, :job_id, :outcome, :request_id);
-- name: audit_settle
UPDATE audit SET record = :record, job_id = :job_id, outcome = :outcome WHERE id = :id;
-- name: audit_expire
DELETE FROM audit WHERE seq IN (SELECT seq FROM audit ORDER BY seq LIMIT :most) AND time < :before;
-- name: audit_get
SELECT * FROM audit WHERE id = :id;
-- What lists ask for: the columns of the index audit_list, and no others.
-- part: asked_audit
(:username IS NULL OR username = :username) AND (:operation IS NULL OR operation = :operation)
-- name: audit_page
SELECT * FROM audit WHERE seq IN (
	SELECT seq FROM audit
	WHERE seq < CASE WHEN :after IS NULL THEN 9223372036854775807 ELSE (SELECT seq FROM audit WHERE id = :after) END AND
-- use: asked_audit
	ORDER BY seq DESC LIMIT :limit) ORDER BY seq DESC;
-- name: audit_total
SELECT count(*) AS n FROM audit WHERE
-- use: asked_audit
;
