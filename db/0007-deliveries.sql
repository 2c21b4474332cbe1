-- SPDX-License-Identifier: Apache-2.0
-- Directory publication.
--
-- An outbox row says that something happened.  From these rows, and from what
-- has expired, come deliveries: one per directory and entry, which says no
-- more than that this entry needs a look.  A publisher takes it on lease, makes
-- the entry what the store says, and deletes the delivery unless somebody has
-- asked for another look (version) meanwhile.

CREATE TABLE target (
	name		text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
	added_at	timestamptz NOT NULL DEFAULT now(),
	-- a new or rebuilt directory: holders up to this one have their
	-- deliveries; NULL when all have
	fill_after	text COLLATE "C" DEFAULT '',
	seen_at		timestamptz,		-- a publisher was connected
	failing_since	timestamptz,
	error		text CHECK (length(error) <= 600),
	CHECK ((failing_since IS NULL) = (error IS NULL))
);

CREATE TABLE delivery (
	target		text COLLATE "C" NOT NULL REFERENCES target ON DELETE CASCADE,
	-- of a holder, of a CA, or by its name, to be taken away
	kind		text COLLATE "C" NOT NULL CHECK (kind IN ('person', 'ca', 'name')),
	key		text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 2000),
	-- what is done first: 0 CAs and lists, 1 changes of status, 2 the rest
	rank		smallint NOT NULL DEFAULT 2 CHECK (rank BETWEEN 0 AND 2),
	version		bigint NOT NULL DEFAULT 1,
	made_at		timestamptz NOT NULL DEFAULT now(),
	attempts	integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	next_at		timestamptz NOT NULL DEFAULT now(),
	leased_until	timestamptz,
	leased_by	text COLLATE "C" CHECK (length(leased_by) <= 80),
	error		text CHECK (length(error) <= 600),
	dead		boolean NOT NULL DEFAULT false,
	PRIMARY KEY (target, kind, key)
) WITH (fillfactor = 70);
CREATE INDEX delivery_due ON delivery (target, rank, next_at) WHERE NOT dead;
CREATE INDEX delivery_dead ON delivery (target, kind, key) WHERE dead;
ALTER TABLE delivery SET (autovacuum_vacuum_scale_factor = 0.02);

-- Certificates that had expired by then have made their deliveries.
CREATE TABLE expiry_look (
	one		boolean PRIMARY KEY DEFAULT true CHECK (one),
	not_after	timestamptz NOT NULL,
	cert		bigint NOT NULL
);
INSERT INTO expiry_look VALUES (true, now(), 0);
