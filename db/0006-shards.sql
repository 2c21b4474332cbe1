-- SPDX-License-Identifier: Apache-2.0
-- Shards: the certificate names its list, and the row remembers which.  What
-- is on a list is decided by the certificate; the column is how it is found.

ALTER TABLE cert
	ADD COLUMN shard integer NOT NULL DEFAULT 0
	    CHECK (shard BETWEEN 0 AND 9999);
ALTER TABLE status_change
	ADD COLUMN shard integer NOT NULL DEFAULT 0
	    CHECK (shard BETWEEN 0 AND 9999);
ALTER TABLE crl
	ADD CHECK (shard <= 9999),
	ADD CHECK (shard = 0 OR base = 0);	-- shards have no deltas

-- As cert_list, for one shard.
CREATE INDEX cert_list_shard ON cert (ca, shard, octet_length(serial), serial)
	INCLUDE (not_after, reason, revoked_at, invalid_since)
	WHERE status <> 'good' AND shard > 0;
-- Which shards there are, and until when each is needed.
CREATE INDEX cert_shard ON cert (ca, shard, not_after) WHERE shard > 0;
-- What has changed since a shard's last list.
CREATE INDEX status_change_shard ON status_change (ca, shard, id)
	WHERE shard > 0;
