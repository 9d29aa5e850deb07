-- name: login_failure_get
SELECT * FROM login_failure WHERE subject = :subject;
-- name: login_failure_put
INSERT INTO login_failure (subject, failures, blocked_until, expires)
VALUES (:subject, :failures, :blocked_until, :expires)
ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until,
	expires = excluded.expires;
-- name: login_failure_delete
DELETE FROM login_failure WHERE subject = :subject;
-- name: login_failure_purge
DELETE FROM login_failure WHERE expires <= :now;
