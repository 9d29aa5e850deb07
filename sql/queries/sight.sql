-- Parts of statements about who has and sees what: "-- use: NAME" puts one in. :seer is the account that looks.

-- The groups that count for it: its own, and what these are members of.
-- part: mine
WITH RECURSIVE mine (id) AS (
	SELECT u.id FROM account_group a JOIN user_group u ON u.id = a.group_id
	WHERE a.account_id = :seer AND u.inactive = 0
	UNION
	SELECT u.id FROM mine m JOIN group_parent p ON p.group_id = m.id JOIN user_group u ON u.id = p.parent_id
	WHERE u.inactive = 0
)
-- What these see. Who sees a gateway sees all of it, as its default service group holds all; the other service groups
-- show services to who does not see the gateway.
-- part: sight
-- use: mine
, seen_gateway (id) AS (
	SELECT gateway_id FROM gateway_group WHERE group_id IN (SELECT id FROM mine)
), shared_group (id) AS (
	SELECT service_group_id FROM service_group_group WHERE group_id IN (SELECT id FROM mine)
), shared_service (id) AS (
	SELECT service_id FROM service_group_service WHERE service_group_id IN (SELECT id FROM shared_group)
)
