-- What may go, oldest first, after a place in that order. A job whose Idempotency-Key still counts stays.
-- name: retention_due
SELECT seq, id, ended, kept_bytes FROM job
WHERE ended > 0 AND ended <= :until AND (ended, seq) > (:after_ended, :after_seq)
	AND (body_digest IS NULL OR created < :keys_from)
ORDER BY ended, seq LIMIT :limit;
-- name: retention_due_of_service
SELECT seq, id, ended, kept_bytes FROM job
WHERE service_id = :service_id AND ended > 0 AND ended <= :until AND (ended, seq) > (:after_ended, :after_seq)
	AND (body_digest IS NULL OR created < :keys_from)
ORDER BY ended, seq LIMIT :limit;
-- name: retention_next_service
SELECT service_id FROM job WHERE ended > 0 AND service_id > :after ORDER BY service_id LIMIT 1;
-- name: retention_surplus_of_service
SELECT ended FROM job WHERE service_id = :service_id AND ended > 0 ORDER BY ended DESC, seq DESC LIMIT 1 OFFSET :keep;
-- name: retention_sizes
SELECT ended, seq, kept_bytes FROM job
WHERE ended > 0 AND (ended, seq) < (:before_ended, :before_seq)
ORDER BY ended DESC, seq DESC LIMIT :limit;
