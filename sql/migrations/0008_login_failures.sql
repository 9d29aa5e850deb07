-- Wrong passwords, lately: see access/throttle. A subject is a digest of an account's name and an address, or one of
-- them, as people type passwords where names belong.
CREATE TABLE login_failure (
	subject TEXT PRIMARY KEY NOT NULL,
	failures INTEGER NOT NULL,
	blocked_until INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT;
CREATE INDEX login_failure_expires ON login_failure (expires);
