-- name: certificate_get
SELECT id, certificate, contract_id, alias, host, issuer, self_signed, type, not_before, not_after, fingerprint,
	created, last_updated
FROM certificate WHERE id = :id;
-- name: certificate_list
SELECT id, certificate, contract_id, alias, host, issuer, self_signed, type, not_before, not_after, fingerprint,
	created, last_updated
FROM certificate ORDER BY host, not_after, id;
-- name: certificate_by_fingerprint
SELECT id FROM certificate WHERE fingerprint = :fingerprint;
-- name: certificate_insert
INSERT INTO certificate (id, certificate, contract_id, alias, host, issuer, self_signed, type, not_before, not_after,
	fingerprint, created, last_updated)
VALUES (:id, :certificate, :contract_id, :alias, :host, :issuer, :self_signed, :type, :not_before, :not_after,
	:fingerprint, :created, :last_updated);
-- name: certificate_update
UPDATE certificate SET alias = :alias, last_updated = :last_updated WHERE id = :id;
-- name: certificate_delete
DELETE FROM certificate WHERE id = :id;
-- name: certificate_gateway_names
-- use: sight
SELECT g.id AS name FROM gateway_certificate x JOIN gateway g ON g.id = x.gateway_id
WHERE x.certificate_id = :id AND
-- use: sees_gateway
ORDER BY g.id;
