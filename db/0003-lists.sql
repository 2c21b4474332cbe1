-- SPDX-License-Identifier: Apache-2.0
-- Revocation lists of any size: their bytes in rows of their own, so that
-- nobody has to hold a list to write or read it; and besides complete lists
-- there are deltas and shards.

-- base: what a delta adds to, 0 for a complete list.  A delta and a complete
-- list of the same moment have the same number (RFC 5280, 5.2.3).
ALTER TABLE crl
	ADD COLUMN shard integer NOT NULL DEFAULT 0 CHECK (shard >= 0),
	ADD COLUMN base bigint NOT NULL DEFAULT 0
	    CHECK (base >= 0 AND base < number),
	ADD COLUMN size bigint CHECK (size > 0),
	DROP CONSTRAINT crl_pkey,
	ADD PRIMARY KEY (ca, shard, number, base);

-- Not compressed: it is for the most part random serial numbers.
CREATE TABLE crl_part (
	ca		text COLLATE "C" NOT NULL,
	shard		integer NOT NULL,
	number		bigint NOT NULL,
	base		bigint NOT NULL,
	n		integer NOT NULL CHECK (n >= 0),
	der		bytea NOT NULL
			    CHECK (length(der) BETWEEN 1 AND 262144),
	PRIMARY KEY (ca, shard, number, base, n),
	FOREIGN KEY (ca, shard, number, base) REFERENCES crl ON DELETE CASCADE
);
ALTER TABLE crl_part ALTER COLUMN der SET STORAGE EXTERNAL;
INSERT INTO crl_part SELECT ca, shard, number, base, n,
	substring(der FROM n * 262144 + 1 FOR 262144)
	FROM crl, generate_series(0, (length(der) - 1) / 262144) n;
UPDATE crl SET size = length(der);
ALTER TABLE crl ALTER COLUMN size SET NOT NULL, DROP COLUMN der;

ALTER TABLE outbox
	ADD COLUMN shard integer,
	ADD COLUMN base bigint;

-- What goes on a list, in the order of numbers, read from the index alone.
-- That needs pages that vacuum has seen, so it comes sooner than usual.
DROP INDEX cert_revoked;
CREATE INDEX cert_list ON cert (ca, octet_length(serial), serial)
	INCLUDE (not_after, reason, revoked_at, invalid_since)
	WHERE status <> 'good';
ALTER TABLE cert SET (autovacuum_vacuum_scale_factor = 0.02);
