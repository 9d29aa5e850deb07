-- name: job_get
SELECT * FROM job WHERE id = :id;
-- name: job_by_request
SELECT * FROM job WHERE request_id = :request_id;
-- What lists ask for: the columns of the index job_list, and no others.
-- part: asked_job
(:cluster_id IS NULL OR cluster_id = :cluster_id) AND (:service IS NULL OR service = :service)
	AND (:state IS NULL OR state = :state) AND (:requested_by IS NULL OR requested_by = :requested_by) AND
-- use: sees_job
-- name: job_page
-- use: sight
SELECT * FROM job WHERE seq IN (
	SELECT seq FROM job
	WHERE seq < CASE WHEN :after IS NULL THEN 9223372036854775807 ELSE (SELECT seq FROM job WHERE id = :after) END AND
-- use: asked_job
	ORDER BY seq DESC LIMIT :limit) ORDER BY seq DESC;
-- name: job_total
-- use: sight
SELECT count(*) AS n FROM job WHERE
-- use: asked_job
;
-- name: job_open
SELECT id, created, state, cancel_requested, attempt, stdout_bytes, stderr_bytes
FROM job WHERE state IN ('queued', 'running') ORDER BY seq;
-- name: job_brief
-- All but what may be large.
SELECT seq, id, attempt_id, request_id, body_digest, gateway_id, cluster_id, service_id, service, type, state, return_code, error,
	requested_by, created, started, ended, elapsed_ms, attempt, cancel_requested, stdout_bytes, stderr_bytes, truncated,
	stdout_from, stderr_from
FROM job WHERE id = :id;
-- name: job_order
SELECT params, order_params, inventory, order_inventory FROM job WHERE id = :id;
-- name: job_sealed
SELECT id, order_params FROM job WHERE state IN ('queued', 'running') AND order_params IS NOT NULL ORDER BY seq;
-- name: job_count_open
SELECT count(*) AS n FROM job WHERE gateway_id = :gateway_id AND state IN ('queued', 'running');
-- name: job_open_of_gateway
SELECT * FROM job WHERE gateway_id = :gateway_id AND state IN ('queued', 'running') ORDER BY seq;
-- name: job_state_of_gateway
SELECT * FROM job WHERE gateway_id = :gateway_id AND state = :state ORDER BY seq LIMIT :limit;
-- name: job_ended_of_gateway
SELECT * FROM job WHERE gateway_id = :gateway_id AND state NOT IN ('queued', 'running')
ORDER BY created DESC, seq DESC LIMIT :limit;
-- name: job_count_states
SELECT state, count(*) AS n FROM job
WHERE gateway_id = :gateway_id AND (created >= :since OR state IN ('queued', 'running')) GROUP BY state;
-- name: job_insert
INSERT INTO job (id, attempt_id, request_id, body_digest, gateway_id, cluster_id, service_id, service, type, params, order_params,
	inventory, order_inventory, virtual_cluster_id, state, requested_by, created, started, ended, elapsed_ms, attempt, cancel_requested,
	stdout_bytes, stderr_bytes, truncated)
VALUES (:id, :attempt_id, :request_id, :body_digest, :gateway_id, :cluster_id, :service_id, :service, :type, :params, :order_params,
	:inventory, :order_inventory, :virtual_cluster_id, :state, :requested_by, :created, :started, 0, 0, 1, 0, 0, 0, 0);
-- name: job_start
UPDATE job SET state = 'running', started = :started, order_params = CASE :keep_order WHEN 1 THEN order_params END
WHERE id = :id AND state = 'queued';
-- name: job_retry
UPDATE job SET state = 'queued', attempt = :attempt, attempt_id = :attempt_id, started = 0, return_code = NULL, error = NULL,
	results = NULL, stdout_from = :stdout_from, stderr_from = :stderr_from
WHERE id = :id;
-- name: job_set_order_params
UPDATE job SET order_params = :order_params WHERE id = :id;
-- name: job_cancel_requested
UPDATE job SET cancel_requested = 1 WHERE id = :id;
-- name: job_progress
UPDATE job SET stdout_bytes = :stdout_bytes, stderr_bytes = :stderr_bytes, truncated = :truncated WHERE id = :id;
-- name: job_end
UPDATE job SET state = :state, return_code = :return_code, error = :error, results = :results, ended = :ended,
	elapsed_ms = :elapsed_ms, order_params = NULL,
	kept_bytes = length(params) + coalesce(length(:results), 0) +
		(SELECT coalesce(sum(length(data)), 0) FROM output WHERE job_id = :id)
WHERE id = :id;
-- name: job_delete
DELETE FROM job WHERE id = :id;
-- name: output_add
INSERT INTO output (job_id, stream, at, data) VALUES (:job_id, :stream, :at, :data);
-- name: output_thin
DELETE FROM output WHERE job_id = :job_id AND stream = :stream AND at >= :head AND at + length(data) <= :tail;
-- name: output_read
-- Chunks do not overlap: of those that begin at the offset or before it, only the last can reach beyond it.
SELECT at, data FROM output
WHERE job_id = :job_id AND stream = :stream AND at + length(data) > :offset AND at >= coalesce(
	(SELECT max(at) FROM output WHERE job_id = :job_id AND stream = :stream AND at <= :offset), 0)
ORDER BY at LIMIT :limit;
