-- name: job_event_add
INSERT INTO job_event (job_id, at, attempt, event, detail) VALUES (:job_id, :at, :attempt, :event, :detail);
-- name: job_event_list
SELECT at, attempt, event, detail FROM job_event WHERE job_id = :job_id ORDER BY seq;
