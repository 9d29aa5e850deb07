-- What happened to a job, in order: the states it went through and what its gateway had to say of it.
CREATE TABLE job_event (
	seq INTEGER PRIMARY KEY,
	job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	at INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	event TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;
CREATE INDEX job_event_job ON job_event (job_id, seq);
