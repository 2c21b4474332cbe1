-- SPDX-License-Identifier: Apache-2.0
-- Whose is a certificate that the agent has in its hands?  A server's says it
-- nowhere, and the order that renews it has to.
CREATE FUNCTION agent_holder(wanted_serial bytea, wanted bytea) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
	SELECT c.holder
	FROM signet.ca a
	JOIN signet.cert c ON c.ca = a.name AND c.serial = wanted_serial
	WHERE c.der = wanted
$$;
