-- SPDX-License-Identifier: Apache-2.0
-- Archives: what has expired long ago leaves the store for a folder that two
-- officers have signed, and leaves behind what others go on asking for: that
-- the number and the key were used, and how it ended.

CREATE TABLE archive (
	digest		bytea PRIMARY KEY CHECK (length(digest) = 32),	-- of its index
	name		text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
	order_id	bytea NOT NULL UNIQUE REFERENCES orders,	-- of kind permit
	cutoff		timestamptz NOT NULL,	-- what had expired by then
	-- taken so far; lists of revocation are counted apart
	orders		bigint NOT NULL DEFAULT 0 CHECK (orders >= 0),
	certs		bigint NOT NULL DEFAULT 0 CHECK (certs >= 0),
	lists		bigint NOT NULL DEFAULT 0 CHECK (lists >= 0),
	begun_at	timestamptz NOT NULL DEFAULT now(),
	done_at		timestamptz
);

CREATE TABLE archived (
	ca		text COLLATE "C" NOT NULL REFERENCES ca,
	serial		bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
	order_id	bytea NOT NULL,
	n		integer NOT NULL,
	profile		text COLLATE "C" NOT NULL,
	holder		text COLLATE "C",
	key_digest	bytea NOT NULL CHECK (length(key_digest) = 32),
	cert_digest	bytea NOT NULL CHECK (length(cert_digest) = 32),
	not_after	timestamptz NOT NULL,
	status		text NOT NULL CHECK (status IN ('good', 'revoked')),
	revoked_at	timestamptz,
	reason		integer,
	invalid_since	timestamptz,
	-- Whose status an order changed: that order, and the certificate, by
	-- which a CA that follows the chain judges who might.
	changed_by	bytea CHECK (length(changed_by) = 16),
	der		bytea CHECK (length(der) BETWEEN 64 AND 65536),
	archive		bytea NOT NULL REFERENCES archive,
	PRIMARY KEY (serial, ca),
	UNIQUE (order_id, n),
	CHECK ((status = 'good') = (revoked_at IS NULL)),
	CHECK ((status = 'good') = (reason IS NULL)),
	CHECK ((changed_by IS NULL) = (der IS NULL)),
	CHECK (status = 'good' OR der IS NOT NULL)
);
CREATE INDEX archived_key ON archived (key_digest);
CREATE INDEX archived_holder ON archived (holder);

-- An order that was archived keeps its row, with which its digest is never
-- used again; what was signed is in the archive.
ALTER TABLE orders
	ALTER COLUMN blob DROP NOT NULL,
	ADD COLUMN archive bytea REFERENCES archive,
	ADD CHECK ((blob IS NULL) = (archive IS NOT NULL));
DROP TRIGGER blob_kept ON orders;
CREATE TRIGGER blob_kept BEFORE UPDATE OF blob ON orders FOR EACH ROW
	WHEN ((OLD.state NOT IN ('pending', 'ready')
	    OR OLD.open_items < OLD.items)
	    AND (NEW.archive IS NULL OR OLD.archive IS NOT NULL))
	EXECUTE FUNCTION orders_keep_blob();

-- Numbers are unique over both tables.
CREATE FUNCTION serial_was_archived() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM added a CROSS JOIN LATERAL
	    (SELECT FROM signet.archived x WHERE x.serial = a.serial
	    AND x.ca = a.ca OFFSET 0) w) THEN
		RAISE EXCEPTION 'a certificate with this number was archived'
		    USING ERRCODE = 'unique_violation';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER serial_is_new AFTER INSERT ON intent
	REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION serial_was_archived();
CREATE TRIGGER serial_is_new AFTER INSERT ON cert
	REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION serial_was_archived();

-- Why this order may not be archived with all that came of it, or NULL.  What
-- is on a list is on one more after it has expired; the signer asks for the
-- certificate when it leaves.  An order that waits names its targets in what is
-- signed, by their numbers.
CREATE FUNCTION archive_objection(wanted bytea, cutoff timestamptz)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
	SELECT CASE
	WHEN o.archive IS NOT NULL THEN 'is archived'
	WHEN o.kind NOT IN ('issue', 'batch') THEN 'does not issue'
	WHEN o.state IN ('pending', 'ready') OR o.open_items > 0 OR EXISTS
	    (SELECT FROM signet.intent i WHERE i.order_id = o.id)
	    THEN 'is under way'
	WHEN o.expires_at >= cutoff OR EXISTS (SELECT FROM signet.cert c
	    WHERE c.order_id = o.id AND c.not_after >= cutoff)
	    THEN 'is too young'
	WHEN EXISTS (SELECT FROM signet.cert c WHERE c.order_id = o.id
	    AND c.status = 'held') THEN 'is on hold'
	WHEN EXISTS (SELECT FROM signet.cert c WHERE c.order_id = o.id
	    AND (c.status <> 'good' OR EXISTS (SELECT FROM signet.status_change s
	    WHERE s.ca = c.ca AND s.serial = c.serial))
	    AND EXISTS (SELECT FROM unnest(ARRAY[0, c.shard]) AS k (shard)
	    WHERE coalesce((SELECT l.this_update FROM signet.crl l
	    WHERE l.ca = c.ca AND l.shard = k.shard AND l.base = 0
	    ORDER BY l.number DESC OFFSET 1 LIMIT 1), '-infinity')
	    < c.not_after)) THEN 'is on the last list'
	WHEN EXISTS (SELECT FROM signet.cert c, signet.orders w
	    WHERE c.order_id = o.id AND w.state IN ('pending', 'ready')
	    AND w.kind IN ('revoke', 'hold', 'release')
	    AND position(c.serial IN w.blob) > 0)
	    THEN 'has an order that waits'
	END
	FROM signet.orders o WHERE o.id = wanted
$$;

-- The same of a list: the last two of its kind stay, and what is not old.
CREATE FUNCTION archive_list_objection(of_ca text, of_shard bigint,
    of_number bigint, of_base bigint, cutoff timestamptz)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
	SELECT CASE
	WHEN l.next_update >= cutoff THEN 'is too young'
	WHEN (SELECT count(*) FROM (SELECT FROM signet.crl k
	    WHERE k.ca = l.ca AND k.shard = l.shard AND k.base = 0
	    AND k.number > l.number LIMIT 2) newer) < 2
	    THEN 'is among the last of its kind'
	END
	FROM signet.crl l WHERE l.ca = of_ca AND l.shard = of_shard
	    AND l.number = of_number AND l.base = of_base
$$;

-- Takes orders, with all that came of them, and lists out of the store.  The
-- only way: no role may delete them.  Nothing goes that is less than a year old
-- by this server's clock, and nothing whose bytes are not in the archive: "have"
-- are the digests of what is.  The first call uses the officers' permit and
-- writes the entry into the chain, the one with "is_last" ends it; what was
-- taken before is passed over, so that a run that was broken off goes on.
CREATE FUNCTION archive_take(of_digest bytea, of_name text, permit bytea,
    of_cutoff timestamptz, who text, ids bytea[], list_ca text[],
    list_shard bigint[], list_number bigint[], list_base bigint[],
    have bytea[], is_last boolean, OUT orders bigint, OUT certs bigint,
    OUT lists bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	a	signet.archive;
	p	signet.orders;
	mine	bytea[];
	why	text;
	what	text;
BEGIN
	IF of_cutoff > now() - interval '1 year' THEN
		RAISE EXCEPTION 'what expired less than a year ago is not'
		    ' archived' USING ERRCODE = 'SG001';
	END IF;
	SELECT * INTO a FROM signet.archive WHERE digest = of_digest FOR UPDATE;
	IF NOT FOUND THEN
		SELECT * INTO p FROM signet.orders WHERE id = permit;
		-- good for this archive, and for nothing else, and once
		IF p.id IS NULL OR p.summary <> 'archive ' || of_name THEN
			RAISE EXCEPTION 'no order permits archive %', of_name
			    USING ERRCODE = 'SG001';
		END IF;
		INSERT INTO signet.permit_use (digest, order_id, who)
		    VALUES (p.digest, p.id, archive_take.who);
		INSERT INTO signet.archive (digest, name, order_id, cutoff)
		    VALUES (of_digest, of_name, permit, of_cutoff)
		    RETURNING * INTO a;
		PERFORM signet.audit_append(ARRAY[convert_to(format(
		    E'act=archive\nat=%s\narchive=%s\nname=%s\norder=%s\nid=%s\n'
		    'cutoff=%s\n', to_char(now() AT TIME ZONE 'UTC',
		    'YYYY-MM-DD"T"HH24:MI:SS"Z"'), encode(of_digest, 'hex'),
		    of_name, encode(p.digest, 'hex'), encode(p.id, 'hex'),
		    to_char(of_cutoff AT TIME ZONE 'UTC',
		    'YYYY-MM-DD"T"HH24:MI:SS"Z"')), 'UTF8')]);
	ELSIF a.name <> of_name OR a.order_id <> permit
	    OR a.cutoff <> of_cutoff THEN
		RAISE EXCEPTION 'archive % is another one', of_name
		    USING ERRCODE = 'SG001';
	END IF;

	-- Locked in one order, so that two runs do not wait for each other.
	SELECT array_agg(id) INTO mine FROM (SELECT o.id FROM signet.orders o
	    WHERE o.id = ANY (ids) AND o.archive IS DISTINCT FROM of_digest
	    ORDER BY o.id FOR UPDATE) x;
	mine := coalesce(mine, '{}');
	SELECT left(encode(x.id, 'hex'), 8), x.why INTO what, why
	    FROM (SELECT i AS id, signet.archive_objection(i, of_cutoff) AS why
	    FROM unnest(mine) AS i) x WHERE x.why IS NOT NULL LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'order % %', what, why USING ERRCODE = 'SG001';
	END IF;
	SELECT format('%s %s', u.ca, u.number), x.why INTO what, why
	    FROM unnest(list_ca, list_shard, list_number, list_base)
	    AS u (ca, shard, number, base) CROSS JOIN LATERAL
	    (SELECT signet.archive_list_objection(u.ca, u.shard, u.number,
	    u.base, of_cutoff) AS why) x WHERE x.why IS NOT NULL LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'list % %', what, why USING ERRCODE = 'SG001';
	END IF;
	IF EXISTS (SELECT sha256(o.blob) FROM signet.orders o
	    WHERE o.id = ANY (mine)
	    UNION ALL SELECT sha256(c.der) FROM signet.cert c
	    WHERE c.order_id = ANY (mine)
	    UNION ALL SELECT sha256(b) FROM signet.request r, LATERAL
	    (VALUES (r.der), (r.proof), (r.station_order)) AS v (b)
	    WHERE r.order_id = ANY (mine) AND b IS NOT NULL
	    UNION ALL SELECT (SELECT sha256(string_agg(q.der, ''::bytea
	    ORDER BY q.n)) FROM signet.crl_part q WHERE q.ca = l.ca
	    AND q.shard = l.shard AND q.number = l.number AND q.base = l.base)
	    FROM unnest(list_ca, list_shard, list_number, list_base)
	    AS u (ca, shard, number, base) JOIN signet.crl l ON l.ca = u.ca
	    AND l.shard = u.shard AND l.number = u.number AND l.base = u.base
	    EXCEPT ALL SELECT unnest(have)) THEN
		RAISE EXCEPTION 'the store has something that is not in archive'
		    ' %, or other bytes', of_name USING ERRCODE = 'SG001';
	END IF;

	INSERT INTO signet.archived (ca, serial, order_id, n, profile, holder,
	    key_digest, cert_digest, not_after, status, revoked_at, reason,
	    invalid_since, changed_by, der, archive)
	    SELECT c.ca, c.serial, c.order_id, c.n, c.profile, c.holder,
	    c.key_digest, sha256(c.der), c.not_after, c.status, c.revoked_at,
	    c.reason, c.invalid_since, s.order_id,
	    CASE WHEN s.order_id IS NOT NULL THEN c.der END, of_digest
	    FROM signet.cert c LEFT JOIN LATERAL (SELECT k.order_id
	    FROM signet.status_change k WHERE k.ca = c.ca
	    AND k.serial = c.serial ORDER BY k.id DESC LIMIT 1) s ON true
	    WHERE c.order_id = ANY (mine);
	GET DIAGNOSTICS certs = ROW_COUNT;
	DELETE FROM signet.cert_name d USING signet.cert c
	    WHERE d.cert = c.id AND c.order_id = ANY (mine);
	DELETE FROM signet.revocation_code d USING signet.cert c
	    WHERE d.cert = c.id AND c.order_id = ANY (mine);
	DELETE FROM signet.notice d USING signet.cert c
	    WHERE d.cert = c.id AND c.order_id = ANY (mine);
	DELETE FROM signet.status_change d USING signet.cert c
	    WHERE d.ca = c.ca AND d.serial = c.serial
	    AND c.order_id = ANY (mine);
	DELETE FROM signet.cert c WHERE c.order_id = ANY (mine);
	DELETE FROM signet.request r WHERE r.order_id = ANY (mine);
	UPDATE signet.orders o SET blob = NULL, archive = of_digest
	    WHERE o.id = ANY (mine);
	orders := cardinality(mine);
	DELETE FROM signet.crl l USING unnest(list_ca, list_shard, list_number,
	    list_base) AS u (ca, shard, number, base) WHERE l.ca = u.ca
	    AND l.shard = u.shard AND l.number = u.number AND l.base = u.base;
	GET DIAGNOSTICS lists = ROW_COUNT;

	UPDATE signet.archive x SET orders = x.orders + archive_take.orders,
	    certs = x.certs + archive_take.certs,
	    lists = x.lists + archive_take.lists, done_at = CASE WHEN is_last
	    THEN coalesce(x.done_at, now()) ELSE x.done_at END
	    WHERE x.digest = of_digest;
END $$;

INSERT INTO audit_act (role, act) VALUES ('signet_archive', 'archive');
