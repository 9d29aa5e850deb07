-- Who did what, from where, to which record, and what came of it. It names, and does not refer to: it outlives them all.
CREATE TABLE audit (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	time INTEGER NOT NULL,
	username TEXT NOT NULL,		-- '' where it was nobody that is known
	account_id TEXT,
	credential TEXT,		-- by which it was known who it is
	remote TEXT NOT NULL,		-- address
	operation TEXT NOT NULL,
	record TEXT NOT NULL,
	job_id TEXT,			-- of a run
	outcome TEXT NOT NULL,		-- ok, ordered, refused, or the code of an error
	request_id TEXT NOT NULL
) STRICT;
CREATE INDEX audit_username ON audit (username, seq);
CREATE INDEX audit_operation ON audit (operation, seq);
