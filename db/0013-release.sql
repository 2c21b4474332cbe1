-- SPDX-License-Identifier: Apache-2.0
-- Who may end a hold is said by the certificate and its profile, so the
-- evidence of a release is all three.

DROP FUNCTION release_order;

-- The order that ended the last hold, for those who may not read orders.
CREATE FUNCTION release_evidence(of_ca text, of_serial bytea)
RETURNS TABLE (blob bytea, der bytea, profile text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
	SELECT o.blob, c.der, c.profile FROM signet.status_change s
	JOIN signet.orders o ON o.id = s.order_id
	JOIN signet.cert c ON c.ca = s.ca AND c.serial = s.serial
	WHERE s.ca = of_ca AND s.serial = of_serial AND s.status = 'good'
	    AND o.kind = 'release'
	ORDER BY s.id DESC LIMIT 1
$$;
