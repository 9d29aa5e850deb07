-- Roles say what an account may do; it has its own and those of its groups. Groups say what it sees. A group that is a
-- member of another has that one's roles and sight too. What is inactive counts for nothing.
ALTER TABLE account ADD COLUMN inactive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_group ADD COLUMN provenance TEXT NOT NULL DEFAULT '';
ALTER TABLE user_group ADD COLUMN inactive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_group ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_group ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE user_group ADD COLUMN last_updated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_group ADD COLUMN last_updated_by TEXT NOT NULL DEFAULT '';

CREATE TABLE account_role (
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	role TEXT NOT NULL,
	PRIMARY KEY (account_id, role)
) STRICT;

CREATE TABLE account_group (
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	PRIMARY KEY (account_id, group_id)
) STRICT;
CREATE INDEX account_group_group ON account_group (group_id);

CREATE TABLE group_role (
	group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	role TEXT NOT NULL,
	PRIMARY KEY (group_id, role)
) STRICT;

CREATE TABLE group_parent (
	group_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	parent_id TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	PRIMARY KEY (group_id, parent_id)
) STRICT;
CREATE INDEX group_parent_parent ON group_parent (parent_id);

-- Administrators stay that. Readers could read everything, of every gateway: they go on with what there is now by the
-- group "readers", which new gateways have only if they are given it.
INSERT INTO account_role (account_id, role) SELECT id, 'admin' FROM account WHERE is_admin = 1;
INSERT INTO account_role (account_id, role)
SELECT a.id, r.name
FROM account a JOIN (
	SELECT 'gateway:read' AS name UNION SELECT 'certificate:read' UNION SELECT 'service-group:read'
	UNION SELECT 'service:read' UNION SELECT 'job:read' UNION SELECT 'inventory:read'
	UNION SELECT 'account:read' UNION SELECT 'audit:read') r ON 1 = 1
WHERE a.is_admin = 0;
INSERT INTO user_group (id, name, description, created_by, last_updated_by)
SELECT '726561646572730000000000', 'readers', 'who could read everything before there were groups', 'migration', 'migration'
WHERE EXISTS (SELECT 1 FROM account WHERE is_admin = 0) ON CONFLICT (name) DO NOTHING;
INSERT INTO account_group (account_id, group_id)
SELECT a.id, u.id FROM account a JOIN user_group u ON u.name = 'readers' WHERE a.is_admin = 0;
INSERT INTO gateway_group (gateway_id, group_id)
SELECT g.id, u.id FROM gateway g JOIN user_group u ON u.name = 'readers'
WHERE EXISTS (SELECT 1 FROM account WHERE is_admin = 0)
ON CONFLICT (gateway_id, group_id) DO NOTHING;

ALTER TABLE account DROP COLUMN is_admin;
