-- Values that services are given, sealed (src/secret/box). A service file may name one before it has a value.
CREATE TABLE secret (
	seq INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	gateway_id TEXT NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	sealed TEXT,				-- NULL: it has no value yet
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_updated INTEGER NOT NULL,		-- when it got its value; 0: not yet
	last_updated_by TEXT NOT NULL,
	UNIQUE (gateway_id, name)
) STRICT;

INSERT INTO secret (id, gateway_id, name, created, created_by, last_updated, last_updated_by)
SELECT i.id, i.gateway_id, i.name, g.created, g.created_by, 0, ''
FROM item i JOIN gateway g ON g.id = i.gateway_id WHERE i.kind = 'secrets' ORDER BY i.seq;
DELETE FROM item WHERE kind = 'secrets';
