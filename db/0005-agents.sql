-- SPDX-License-Identifier: Apache-2.0
-- What a daemon that orders certificates for itself may read of orders and
-- certificates: what became of an order whose id it knows, which is 128 random
-- bits that it chose.  Nothing else of persons and their certificates.
CREATE FUNCTION agent_order(wanted bytea) RETURNS TABLE (state text,
    reason text, cert bytea)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
	SELECT o.state, coalesce(o.reason, i.reason), c.der
	FROM signet.orders o
	LEFT JOIN signet.item i ON i.order_id = o.id AND i.n = 0
	LEFT JOIN signet.cert c ON c.order_id = o.id AND c.n = 0
	WHERE o.id = wanted AND o.kind = 'issue'
$$;
