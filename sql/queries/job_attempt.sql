-- name: job_attempt_add
INSERT INTO job_attempt (job_id, attempt, attempt_id, state, return_code, error, started, ended, stdout_bytes, stderr_bytes)
VALUES (:job_id, :attempt, :attempt_id, :state, :return_code, :error, :started, :ended, :stdout_bytes, :stderr_bytes);
-- name: job_attempt_list
SELECT * FROM job_attempt WHERE job_id = :job_id ORDER BY attempt;
