-- What an ended job holds, and the orders in which jobs grow old: all of them, and those of one service.
ALTER TABLE job ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE job SET kept_bytes = length(params) + coalesce(length(results), 0) +
	(SELECT coalesce(sum(length(data)), 0) FROM output WHERE job_id = job.id)
WHERE ended > 0;
CREATE INDEX job_ended ON job (ended, seq, kept_bytes) WHERE ended > 0;
CREATE INDEX job_service_ended ON job (service_id, ended, seq) WHERE ended > 0;
