-- name: item_list
SELECT id, gateway_id, kind, name, body FROM item WHERE gateway_id = :gateway_id ORDER BY seq;
-- name: item_get
SELECT id, gateway_id, kind, name, body FROM item
WHERE gateway_id = :gateway_id AND kind = :kind AND name = :name;
-- name: item_put
INSERT INTO item (id, gateway_id, kind, name, body) VALUES (:id, :gateway_id, :kind, :name, :body)
ON CONFLICT (gateway_id, kind, name) DO UPDATE SET body = excluded.body;
