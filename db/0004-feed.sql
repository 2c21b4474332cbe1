-- SPDX-License-Identifier: Apache-2.0
-- What tells readers that something has changed, and how old their copy is.

-- The number of the last audit entry of the transaction that made the change.
-- The lock on audit_head lasts until COMMIT, so numbers become visible in
-- their order: who has seen audit_head at n has seen every change up to n.
ALTER TABLE status_change
	ADD COLUMN seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0);
CREATE INDEX status_change_seq ON status_change (seq);
DROP INDEX status_change_recent;	-- the same as status_change_ca

-- Written each second by whoever keeps the primary busy; on a replica its age
-- is how far the replica is behind.
CREATE TABLE heartbeat (
	one		boolean PRIMARY KEY DEFAULT true CHECK (one),
	at		timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO heartbeat VALUES (true, now());

-- The order that ended the last hold, for those who may not read orders.
CREATE FUNCTION release_order(of_ca text, of_serial bytea) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
	SELECT o.blob FROM signet.status_change s
	JOIN signet.orders o ON o.id = s.order_id
	WHERE s.ca = of_ca AND s.serial = of_serial AND s.status = 'good'
	    AND o.kind = 'release'
	ORDER BY s.id DESC LIMIT 1
$$;
