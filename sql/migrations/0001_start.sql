-- Times are milliseconds since 1970, booleans 0 or 1, JSON is text, ids are 24 hex digits.

CREATE TABLE account (
	id TEXT PRIMARY KEY NOT NULL,
	username TEXT NOT NULL UNIQUE,
	password_hash TEXT NOT NULL,
	is_admin INTEGER NOT NULL,
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_updated INTEGER NOT NULL,
	last_updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE user_group (
	id TEXT PRIMARY KEY NOT NULL,
	name TEXT NOT NULL UNIQUE,
	description TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE certificate (
	id TEXT PRIMARY KEY NOT NULL,
	fingerprint TEXT NOT NULL UNIQUE,
	certificate TEXT NOT NULL,
	contract_id TEXT NOT NULL DEFAULT '',
	alias TEXT NOT NULL DEFAULT '',
	created INTEGER NOT NULL,
	last_updated INTEGER NOT NULL
) STRICT;

CREATE TABLE gateway (
	id TEXT PRIMARY KEY NOT NULL,
	cluster_id TEXT NOT NULL UNIQUE,
	gateway_name TEXT NOT NULL,
	description TEXT NOT NULL,
	enabled INTEGER NOT NULL,
	readonly INTEGER NOT NULL,
	connector_kind TEXT NOT NULL,
	connector_settings TEXT NOT NULL,
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_updated INTEGER NOT NULL,
	last_updated_by TEXT NOT NULL,
	last_connected INTEGER NOT NULL
) STRICT;

CREATE TABLE gateway_group (
	gateway_id TEXT NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	PRIMARY KEY (gateway_id, group_id)
) STRICT;
CREATE INDEX gateway_group_group ON gateway_group (group_id);

CREATE TABLE gateway_certificate (
	gateway_id TEXT NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	certificate_id TEXT NOT NULL REFERENCES certificate (id) ON DELETE CASCADE,
	PRIMARY KEY (gateway_id, certificate_id)
) STRICT;
CREATE INDEX gateway_certificate_certificate ON gateway_certificate (certificate_id);

-- The items of a gateway's service file but its services: decorators, repositories, executable-objects ...
CREATE TABLE item (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	gateway_id TEXT NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	body TEXT NOT NULL,
	UNIQUE (gateway_id, kind, name)
) STRICT;

CREATE TABLE service (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	uuid TEXT NOT NULL UNIQUE,
	gateway_id TEXT NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	description TEXT NOT NULL,
	discovered INTEGER NOT NULL,	-- by the connector; else imported
	definition TEXT NOT NULL,	-- the item as it came
	active INTEGER NOT NULL,
	created INTEGER NOT NULL,
	last_run INTEGER NOT NULL,	-- 0: never
	UNIQUE (gateway_id, name)
) STRICT;

-- A run. It keeps names, not references: jobs outlive gateways and services.
CREATE TABLE job (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	attempt_id TEXT NOT NULL UNIQUE,
	request_id TEXT NOT NULL UNIQUE,	-- of the order: sent again it is the same job
	body_digest TEXT,			-- of the request, where it had an Idempotency-Key
	gateway_id TEXT NOT NULL,
	cluster_id TEXT NOT NULL,
	service_id TEXT NOT NULL,
	service TEXT NOT NULL,
	type TEXT NOT NULL,
	params TEXT NOT NULL,			-- what is not to be shown is masked
	order_params TEXT,			-- as sent, where params is masked; cleared at the start
	inventory TEXT,
	state TEXT NOT NULL,
	return_code INTEGER,
	error TEXT,
	results TEXT,
	requested_by TEXT NOT NULL,
	created INTEGER NOT NULL,
	started INTEGER NOT NULL,		-- 0: not yet
	ended INTEGER NOT NULL,
	elapsed_ms INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	cancel_requested INTEGER NOT NULL,
	stdout_bytes INTEGER NOT NULL,
	stderr_bytes INTEGER NOT NULL,
	truncated INTEGER NOT NULL
) STRICT;
CREATE INDEX job_open ON job (state, seq) WHERE state IN ('queued', 'running');
CREATE INDEX job_cluster ON job (cluster_id, seq);
CREATE INDEX job_service ON job (service, seq);
CREATE INDEX job_state ON job (state, seq);
CREATE INDEX job_requester ON job (requested_by, seq);

-- Kept output. AT is the offset of the chunk's first byte in all that the stream gave.
CREATE TABLE output (
	job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	stream INTEGER NOT NULL,		-- 0 stdout, 1 stderr
	at INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (job_id, stream, at)
) STRICT;
