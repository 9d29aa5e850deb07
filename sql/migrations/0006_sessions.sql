-- What stands for a caller: the session of a login, an access token (OAuth), or a named API token. Of the token
-- itself only a digest is kept.
CREATE TABLE session (
	id TEXT PRIMARY KEY NOT NULL,
	digest TEXT NOT NULL UNIQUE,
	kind TEXT NOT NULL,			-- login, oauth, api
	name TEXT UNIQUE,			-- of an API token
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	parent_id TEXT REFERENCES session (id) ON DELETE CASCADE,	-- the API token that asked for it
	remote TEXT NOT NULL,			-- the address it was made for
	created INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	last_used INTEGER NOT NULL,		-- to the minute or so
	expires INTEGER NOT NULL		-- 0: never
) STRICT;
CREATE INDEX session_account ON session (account_id, last_used);
CREATE INDEX session_parent ON session (parent_id);
CREATE INDEX session_expires ON session (expires);
