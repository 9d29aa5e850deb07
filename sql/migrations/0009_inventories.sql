-- Inventories: nodes that runs may work on. Tags are names with a newline between them.
CREATE TABLE inventory (
	id TEXT PRIMARY KEY NOT NULL,
	name TEXT NOT NULL UNIQUE,
	description TEXT NOT NULL,
	tags TEXT NOT NULL,
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_updated INTEGER NOT NULL,
	last_updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE inventory_group (
	inventory_id TEXT NOT NULL REFERENCES inventory (id) ON DELETE CASCADE,
	group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	PRIMARY KEY (inventory_id, group_id)
) STRICT;
CREATE INDEX inventory_group_group ON inventory_group (group_id);

CREATE TABLE inventory_node (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	inventory_id TEXT NOT NULL REFERENCES inventory (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	attributes TEXT NOT NULL,		-- a JSON object; may hold passwords
	tags TEXT NOT NULL,
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_updated INTEGER NOT NULL,
	last_updated_by TEXT NOT NULL,
	UNIQUE (inventory_id, name)
) STRICT;

-- What a run's inventory is found by at its start: ids, where job.inventory has the names of the request.
ALTER TABLE job ADD COLUMN order_inventory TEXT;
