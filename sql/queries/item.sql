-- name: item_list
SELECT id, gateway_id, kind, name, body FROM item WHERE gateway_id = :gateway_id ORDER BY seq;
-- Of all gateways, or of one, what services name; in an order that can be searched by halves.
-- name: item_list_named
SELECT i.id, i.gateway_id, i.kind, i.name, i.body FROM item i
WHERE i.kind IN ('decorators', 'repositories') AND (:cluster_id IS NULL OR
	i.gateway_id = (SELECT g.id FROM gateway g WHERE g.cluster_id = :cluster_id))
ORDER BY i.gateway_id, i.kind, i.name;
-- name: item_get
SELECT id, gateway_id, kind, name, body FROM item
WHERE gateway_id = :gateway_id AND kind = :kind AND name = :name;
-- name: item_put
INSERT INTO item (id, gateway_id, kind, name, body) VALUES (:id, :gateway_id, :kind, :name, :body)
ON CONFLICT (gateway_id, kind, name) DO UPDATE SET body = excluded.body;
