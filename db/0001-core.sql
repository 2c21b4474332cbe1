-- SPDX-License-Identifier: Apache-2.0
-- The core schema: CAs, holders, orders and their items, certificates,
-- revocations, lists, the outbox and the audit chain.
--
-- The store is not trusted (doc/architecture.md): these constraints and grants
-- keep honest programs honest.  What protects against the others is the
-- signature on each order and the signer's own ledger.
--
-- Names that are compared byte by byte are COLLATE "C": cheaper, the same order
-- on every machine, and LIKE 'prefix%' finds its index.

CREATE TABLE ca (
	name		text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
	generation	integer NOT NULL DEFAULT 1 CHECK (generation > 0),
	is_root		boolean NOT NULL,
	subject		text NOT NULL,
	der		bytea NOT NULL CHECK (length(der) BETWEEN 64 AND 65536),
	key_digest	bytea NOT NULL CHECK (length(key_digest) = 32),
	not_before	timestamptz NOT NULL,
	not_after	timestamptz NOT NULL CHECK (not_after > not_before),
	added_at	timestamptz NOT NULL DEFAULT now(),
	UNIQUE (der)
);

CREATE TABLE holder (
	id		text COLLATE "C" PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
	name		text NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
	mail		text CHECK (length(mail) <= 254),
	org		text CHECK (length(org) <= 256),
	note		text CHECK (length(note) <= 2000),
	created_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX holder_mail ON holder (lower(mail) COLLATE "C", id);

-- States and the ways between them, for orders and for items.
CREATE TABLE state_change (
	what		text NOT NULL,		-- 'order', 'item' or 'certificate'
	before		text NOT NULL,
	after		text NOT NULL,
	PRIMARY KEY (what, before, after)
);
INSERT INTO state_change VALUES
	('order', 'pending', 'ready'),		-- approvals complete
	('order', 'pending', 'rejected'),	-- by an officer
	('order', 'pending', 'expired'),
	('order', 'pending', 'refused'),	-- by the signer
	('order', 'ready', 'pending'),		-- the signer found approvals missing
	('order', 'ready', 'rejected'),
	('order', 'ready', 'expired'),
	('order', 'ready', 'refused'),
	('order', 'ready', 'done'),
	('item', 'waiting', 'open'),		-- its request has come
	('item', 'waiting', 'dropped'),
	('item', 'open', 'signing'),		-- intent written
	('item', 'signing', 'open'),		-- intent withdrawn, key not used
	('item', 'signing', 'done'),
	('item', 'signing', 'refused'),
	('item', 'open', 'refused'),
	('item', 'open', 'dropped'),		-- order rejected or expired
	('certificate', 'good', 'held'),
	('certificate', 'good', 'revoked'),
	('certificate', 'held', 'good'),
	('certificate', 'held', 'revoked');	-- and revoked is for ever

CREATE TABLE orders (
	id		bytea PRIMARY KEY CHECK (length(id) = 16),
	seq		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	digest		bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
	kind		text NOT NULL CHECK (kind IN ('issue', 'batch', 'item',
			    'revoke', 'hold', 'release', 'adopt', 'reject')),
	state		text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending',
			    'ready', 'done', 'rejected', 'expired', 'refused')),
	ca		text COLLATE "C",
	profile		text COLLATE "C",
	holder		text COLLATE "C",
	summary		text NOT NULL CHECK (length(summary) <= 400),
	blob		bytea NOT NULL CHECK (length(blob) <= 67108864),
	approvals	integer NOT NULL DEFAULT 0 CHECK (approvals >= 0),
	items		integer NOT NULL DEFAULT 0 CHECK (items >= 0),
	-- not yet done, refused or dropped; of these: still without a request
	open_items	integer NOT NULL DEFAULT 0 CHECK (open_items BETWEEN 0 AND items),
	waiting_items	integer NOT NULL DEFAULT 0
			    CHECK (waiting_items BETWEEN 0 AND open_items),
	created_at	timestamptz NOT NULL,
	expires_at	timestamptz NOT NULL CHECK (expires_at > created_at),
	stored_at	timestamptz NOT NULL DEFAULT now(),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	reason		text CHECK (length(reason) <= 600),	-- why not, in words
	CHECK (kind NOT IN ('issue', 'batch') OR (ca IS NOT NULL AND profile IS NOT NULL))
);
-- What the CA looks for: orders with something to sign, and orders that change
-- a status.  Neither index grows with orders that wait for their holder.
CREATE INDEX orders_work ON orders (seq)
	WHERE state = 'ready' AND open_items > waiting_items;
CREATE INDEX orders_status ON orders (seq) WHERE state = 'ready'
	AND kind IN ('revoke', 'hold', 'release', 'adopt');
CREATE INDEX orders_expiry ON orders (expires_at)
	WHERE state IN ('pending', 'ready');
-- What listings walk.
CREATE INDEX orders_state ON orders (state, seq)
	WHERE state NOT IN ('done', 'expired');
CREATE INDEX orders_holder ON orders (holder, seq);

-- One row per certificate to be made: item 0 of a single order, 1..n of a
-- batch.  The request has a table of its own because items are updated.
CREATE TABLE item (
	order_id	bytea NOT NULL REFERENCES orders,
	n		integer NOT NULL CHECK (n >= 0),
	state		text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting',
			    'open', 'signing', 'done', 'refused', 'dropped')),
	holder		text COLLATE "C",
	reason		text CHECK (length(reason) <= 600),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (order_id, n)
) WITH (fillfactor = 70);
CREATE INDEX item_open ON item (order_id, n) WHERE state = 'open';
CREATE INDEX item_signing ON item (order_id) WHERE state = 'signing';

CREATE TABLE request (
	order_id	bytea NOT NULL,
	n		integer NOT NULL,
	der		bytea NOT NULL CHECK (length(der) BETWEEN 64 AND 16384),
	proof		bytea CHECK (length(proof) <= 1024),	-- of a one-time code
	station_order	bytea CHECK (length(station_order) <= 65536),	-- CMS of an ORDER_ITEM
	PRIMARY KEY (order_id, n),
	FOREIGN KEY (order_id, n) REFERENCES item
);

-- Written before the key is used, gone when the certificate is stored.
CREATE TABLE intent (
	order_id	bytea NOT NULL,
	n		integer NOT NULL,
	ca		text COLLATE "C" NOT NULL REFERENCES ca,
	serial		bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
	tbs		bytea NOT NULL CHECK (length(tbs) <= 65536),
	-- two certificates for one key are never under way at once
	key_digest	bytea NOT NULL UNIQUE CHECK (length(key_digest) = 32),
	instance	text NOT NULL CHECK (length(instance) <= 64),
	written_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (order_id, n),
	UNIQUE (ca, serial),
	FOREIGN KEY (order_id, n) REFERENCES item
);
CREATE INDEX intent_instance ON intent (instance, written_at);

CREATE TABLE cert (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	ca		text COLLATE "C" NOT NULL REFERENCES ca,
	serial		bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
	order_id	bytea NOT NULL,
	n		integer NOT NULL,
	profile		text COLLATE "C" NOT NULL,
	holder		text COLLATE "C",
	card		text COLLATE "C",
	subject		text NOT NULL CHECK (length(subject) <= 2000),
	key_digest	bytea NOT NULL CHECK (length(key_digest) = 32),
	not_before	timestamptz NOT NULL,
	not_after	timestamptz NOT NULL CHECK (not_after > not_before),
	der		bytea NOT NULL CHECK (length(der) BETWEEN 64 AND 65536),
	issued_at	timestamptz NOT NULL,
	-- good, held, revoked; the last two with time and reason
	status		text NOT NULL DEFAULT 'good' CHECK (status IN ('good', 'held', 'revoked')),
	revoked_at	timestamptz,
	reason		integer CHECK (reason IN (0, 1, 2, 3, 4, 5, 6, 9, 10)),
	invalid_since	timestamptz,
	UNIQUE (serial, ca),		-- in this order: searched by prefix, too
	UNIQUE (order_id, n),
	CHECK ((status = 'good') = (revoked_at IS NULL)),
	CHECK ((status = 'good') = (reason IS NULL)),
	CHECK ((status = 'held') = (reason IS NOT NULL AND reason = 6)
	    OR status = 'good')
);
CREATE INDEX cert_holder ON cert (holder, id);
CREATE INDEX cert_key ON cert (key_digest);
CREATE INDEX cert_expiry ON cert (not_after, id);
CREATE INDEX cert_revoked ON cert (ca, serial) WHERE status <> 'good';
CREATE INDEX cert_card ON cert (card) WHERE card IS NOT NULL;

-- Names to search by: mail addresses, host names, common names, lower case.
CREATE TABLE cert_name (
	cert		bigint NOT NULL REFERENCES cert,
	kind		text NOT NULL CHECK (kind IN ('cn', 'mail', 'dns', 'upn', 'uri', 'ip')),
	value		text COLLATE "C" NOT NULL CHECK (length(value) <= 512),
	PRIMARY KEY (value, kind, cert)
);

-- Each change of status, with the order that asked for it.
CREATE TABLE status_change (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	ca		text COLLATE "C" NOT NULL,
	serial		bytea NOT NULL,
	status		text NOT NULL CHECK (status IN ('good', 'held', 'revoked')),
	reason		integer,
	order_id	bytea NOT NULL,
	changed_at	timestamptz NOT NULL,
	FOREIGN KEY (ca, serial) REFERENCES cert (ca, serial)
);
CREATE INDEX status_change_serial ON status_change (serial, ca);
CREATE INDEX status_change_ca ON status_change (ca, id);
CREATE INDEX status_change_recent ON status_change (ca, id);

CREATE TABLE crl (
	ca		text COLLATE "C" NOT NULL REFERENCES ca,
	number		bigint NOT NULL CHECK (number > 0),
	this_update	timestamptz NOT NULL,
	next_update	timestamptz NOT NULL CHECK (next_update > this_update),
	entries		integer NOT NULL CHECK (entries >= 0),
	-- the newest status_change that was known when the list was made
	change		bigint NOT NULL CHECK (change >= 0),
	der		bytea NOT NULL,
	PRIMARY KEY (ca, number)
);

-- Work for the publisher; made in the transaction of the change itself.
CREATE TABLE outbox (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	topic		text NOT NULL CHECK (topic IN ('cert', 'status', 'crl', 'ca')),
	ca		text NOT NULL,
	serial		bytea,
	number		bigint,
	made_at		timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit (
	seq		bigint PRIMARY KEY CHECK (seq > 0),
	hash		bytea NOT NULL CHECK (length(hash) = 32),
	body		bytea NOT NULL CHECK (length(body) BETWEEN 1 AND 65536)
);
CREATE TABLE audit_head (		-- one row: where the chain stands
	one		boolean PRIMARY KEY DEFAULT true CHECK (one),
	seq		bigint NOT NULL,
	hash		bytea NOT NULL CHECK (length(hash) = 32)
);
INSERT INTO audit_head VALUES (true, 0, decode(repeat('00', 32), 'hex'));

CREATE TABLE audit_signed_head (
	seq		bigint NOT NULL,
	instance	text NOT NULL CHECK (length(instance) <= 64),
	signed_at	timestamptz NOT NULL,
	cms		bytea NOT NULL CHECK (length(cms) <= 65536),
	PRIMARY KEY (seq, instance)
);

-- Append bodies to the chain.  The lock on audit_head puts appends in order
-- and lasts until COMMIT, so callers do this last.
CREATE FUNCTION audit_append(bodies bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	s	bigint;
	h	bytea;
	b	bytea;
	seqs	bigint[] := '{}';
	hashes	bytea[] := '{}';
BEGIN
	SELECT seq, hash INTO STRICT s, h FROM signet.audit_head FOR UPDATE;
	FOREACH b IN ARRAY bodies LOOP
		s := s + 1;
		h := sha256('\x01'::bytea || h || int8send(s) || b);
		seqs := seqs || s;
		hashes := hashes || h;
	END LOOP;
	INSERT INTO signet.audit (seq, hash, body)
	    SELECT * FROM unnest(seqs, hashes, bodies);
	UPDATE signet.audit_head SET seq = s, hash = h;
	RETURN s;
END $$;

CREATE FUNCTION audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit chain is append-only';
END $$;
CREATE TRIGGER audit_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
	FOR EACH STATEMENT EXECUTE FUNCTION audit_is_final();

-- States change only along state_change.  The triggers' conditions are made
-- from that table, so that a change that is allowed costs no function call:
-- items change state by the hundred thousand.
CREATE FUNCTION state_is_wrong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% cannot go from % to %', TG_ARGV[0],
	    to_jsonb(OLD) ->> TG_ARGV[1], to_jsonb(NEW) ->> TG_ARGV[1]
	    USING ERRCODE = 'SG001';
END $$;
DO $$
DECLARE
	t	text[];			-- what, table, column
	ways	text;
BEGIN
	FOREACH t SLICE 1 IN ARRAY '{{order, orders, state},
	    {item, item, state}, {certificate, cert, status}}'::text[] LOOP
		SELECT string_agg(quote_literal(before || '>' || after), ', ')
		    INTO STRICT ways FROM state_change WHERE what = t[1];
		EXECUTE format('CREATE TRIGGER state_change'
		    ' BEFORE UPDATE OF %2$I ON %1$I FOR EACH ROW'
		    ' WHEN (OLD.%2$I <> NEW.%2$I AND'
		    ' OLD.%2$I || ''>'' || NEW.%2$I NOT IN (%3$s))'
		    ' EXECUTE FUNCTION state_is_wrong(%4$L, %2$L)',
		    t[2], t[3], ways, t[1]);
	END LOOP;
END $$;

-- An order that ends early takes its items along, whoever ends it; those that
-- are being signed finish.
CREATE FUNCTION orders_drop_items() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	UPDATE signet.item SET state = 'dropped', changed_at = now()
	    WHERE order_id = NEW.id AND state IN ('waiting', 'open');
	SELECT count(*) INTO NEW.open_items FROM signet.item
	    WHERE order_id = NEW.id AND state = 'signing';
	NEW.waiting_items := 0;
	RETURN NEW;
END $$;
CREATE TRIGGER state_ended BEFORE UPDATE OF state ON orders FOR EACH ROW
	WHEN (OLD.state <> NEW.state
	    AND NEW.state IN ('rejected', 'expired', 'refused'))
	EXECUTE FUNCTION orders_drop_items();

-- A request opens the item that waits for it.
CREATE FUNCTION request_opens_item() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	WITH opened AS (
		UPDATE signet.item i SET state = 'open', changed_at = now()
		FROM added a WHERE i.order_id = a.order_id AND i.n = a.n
		    AND i.state = 'waiting' RETURNING i.order_id
	), per_order AS (
		SELECT order_id, count(*) AS n FROM opened GROUP BY order_id
	)
	UPDATE signet.orders o SET waiting_items = o.waiting_items - p.n
	    FROM per_order p WHERE o.id = p.order_id;
	RETURN NULL;
END $$;
CREATE TRIGGER request_added AFTER INSERT ON request
	REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION request_opens_item();
