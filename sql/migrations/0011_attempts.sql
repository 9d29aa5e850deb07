-- Attempts of a job that had more than one. Their output lies one after the other in that of the job: each row has
-- where it ended, the job where that of the last one begins.
CREATE TABLE job_attempt (
	job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	attempt INTEGER NOT NULL,
	attempt_id TEXT NOT NULL,
	state TEXT NOT NULL,
	return_code INTEGER,
	error TEXT,
	started INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	stdout_bytes INTEGER NOT NULL,
	stderr_bytes INTEGER NOT NULL,
	PRIMARY KEY (job_id, attempt)
) STRICT;
ALTER TABLE job ADD COLUMN stdout_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN stderr_from INTEGER NOT NULL DEFAULT 0;
