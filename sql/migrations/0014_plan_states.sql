-- States of opentofu-plan services, each version sealed. They outlive their gateway and their job: what a plan has made
-- outlives them too.
CREATE TABLE plan_state (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	gateway_id TEXT NOT NULL,
	service TEXT NOT NULL,
	workspace TEXT NOT NULL,
	version INTEGER NOT NULL,		-- counts from 1, without gaps
	whole INTEGER NOT NULL,			-- 0: what was found is no state
	serial INTEGER NOT NULL,
	lineage TEXT NOT NULL,
	resources INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	digest TEXT NOT NULL,			-- of the text that is sealed
	sealed TEXT NOT NULL,
	job_id TEXT,				-- NULL: somebody put it
	attempt_id TEXT,
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	UNIQUE (gateway_id, service, workspace, version)
) STRICT;
CREATE INDEX plan_state_job ON plan_state (job_id) WHERE job_id IS NOT NULL;
