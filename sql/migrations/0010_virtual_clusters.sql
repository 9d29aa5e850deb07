-- Names for several gateways, of which one runs what is sent there. They are known by their ids: new names do not matter.
CREATE TABLE virtual_cluster (
	id TEXT PRIMARY KEY NOT NULL,
	cluster_id TEXT NOT NULL UNIQUE,	-- and of no gateway: store/virtual_cluster sees to that
	description TEXT NOT NULL,
	enabled INTEGER NOT NULL,
	readonly INTEGER NOT NULL,
	primary_id TEXT NOT NULL REFERENCES gateway (id),
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_updated INTEGER NOT NULL,
	last_updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX virtual_cluster_primary ON virtual_cluster (primary_id);

CREATE TABLE virtual_cluster_backup (
	seq INTEGER PRIMARY KEY,		-- the order in which they are tried
	virtual_cluster_id TEXT NOT NULL REFERENCES virtual_cluster (id) ON DELETE CASCADE,
	gateway_id TEXT NOT NULL REFERENCES gateway (id),
	UNIQUE (virtual_cluster_id, gateway_id)
) STRICT;
CREATE INDEX virtual_cluster_backup_gateway ON virtual_cluster_backup (gateway_id);

CREATE TABLE virtual_cluster_group (
	virtual_cluster_id TEXT NOT NULL REFERENCES virtual_cluster (id) ON DELETE CASCADE,
	group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	PRIMARY KEY (virtual_cluster_id, group_id)
) STRICT;
CREATE INDEX virtual_cluster_group_group ON virtual_cluster_group (group_id);

-- What a run was sent to, where that was a virtual cluster; cluster_id is the gateway that it went to.
ALTER TABLE job ADD COLUMN virtual_cluster_id TEXT;
CREATE INDEX job_gateway ON job (gateway_id, created);
