-- Who sees which services of a gateway. The default group of a gateway holds all its services and groups: these are
-- read from the gateway, not kept here.
CREATE TABLE service_group (
	id TEXT PRIMARY KEY NOT NULL,
	gateway_id TEXT NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	is_default INTEGER NOT NULL,
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_updated INTEGER NOT NULL,
	last_updated_by TEXT NOT NULL,
	UNIQUE (gateway_id, name)
) STRICT;

CREATE TABLE service_group_service (
	service_group_id TEXT NOT NULL REFERENCES service_group (id) ON DELETE CASCADE,
	service_id TEXT NOT NULL REFERENCES service (id) ON DELETE CASCADE,
	PRIMARY KEY (service_group_id, service_id)
) STRICT;
CREATE INDEX service_group_service_service ON service_group_service (service_id);

CREATE TABLE service_group_group (
	service_group_id TEXT NOT NULL REFERENCES service_group (id) ON DELETE CASCADE,
	group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	PRIMARY KEY (service_group_id, group_id)
) STRICT;
CREATE INDEX service_group_group_group ON service_group_group (group_id);
