-- The core schema: CAs, holders, orders and their items, certificates,
-- revocations, lists, the outbox and the audit chain.
--
-- The store is not trusted (doc/architecture.md): these constraints and grants
-- keep honest programs honest.  What protects against the others is the
-- signature on each order and the signer's own ledger.

CREATE TABLE ca (
	name		text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
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
	id		text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
	name		text NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
	mail		text CHECK (length(mail) <= 254),
	org		text CHECK (length(org) <= 256),
	note		text CHECK (length(note) <= 2000),
	created_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX holder_mail ON holder (lower(mail));

-- States and the ways between them, for orders and for items.
CREATE TABLE state_change (
	what		text NOT NULL,		-- 'order' or 'item'
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
	('item', 'open', 'signing'),		-- intent written
	('item', 'signing', 'open'),		-- intent withdrawn, key not used
	('item', 'signing', 'done'),
	('item', 'signing', 'refused'),
	('item', 'open', 'refused'),
	('item', 'open', 'dropped');		-- order rejected or expired

CREATE TABLE orders (
	id		bytea PRIMARY KEY CHECK (length(id) = 16),
	seq		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	digest		bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
	kind		text NOT NULL CHECK (kind IN ('issue', 'batch', 'item',
			    'revoke', 'hold', 'release', 'adopt')),
	state		text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending',
			    'ready', 'done', 'rejected', 'expired', 'refused')),
	ca		text,
	profile		text,
	holder		text,
	summary		text NOT NULL CHECK (length(summary) <= 400),
	blob		bytea NOT NULL CHECK (length(blob) <= 67108864),
	approvals	integer NOT NULL DEFAULT 0 CHECK (approvals >= 0),
	items		integer NOT NULL DEFAULT 0 CHECK (items >= 0),
	open_items	integer NOT NULL DEFAULT 0 CHECK (open_items BETWEEN 0 AND items),
	created_at	timestamptz NOT NULL,
	expires_at	timestamptz NOT NULL CHECK (expires_at > created_at),
	stored_at	timestamptz NOT NULL DEFAULT now(),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	reason		text CHECK (length(reason) <= 600),	-- why not, in words
	CHECK (kind NOT IN ('issue', 'batch') OR (ca IS NOT NULL AND profile IS NOT NULL))
);
-- What the CA looks for, and what listings walk.
CREATE INDEX orders_ready ON orders (seq) WHERE state = 'ready';
CREATE INDEX orders_pending ON orders (seq) WHERE state = 'pending';
CREATE INDEX orders_holder ON orders (holder, seq);

-- One row per certificate to be made: item 0 of a single order, 1..n of a
-- batch.  The request has a table of its own because items are updated.
CREATE TABLE item (
	order_id	bytea NOT NULL REFERENCES orders,
	n		integer NOT NULL CHECK (n >= 0),
	state		text NOT NULL DEFAULT 'open' CHECK (state IN ('open',
			    'signing', 'done', 'refused', 'dropped')),
	holder		text,
	reason		text CHECK (length(reason) <= 600),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (order_id, n)
);
CREATE INDEX item_open ON item (order_id, n) WHERE state = 'open';
CREATE INDEX item_signing ON item (order_id, n) WHERE state = 'signing';

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
	ca		text NOT NULL REFERENCES ca,
	serial		bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
	tbs		bytea NOT NULL CHECK (length(tbs) <= 65536),
	instance	text NOT NULL CHECK (length(instance) <= 64),
	written_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (order_id, n),
	UNIQUE (ca, serial),
	FOREIGN KEY (order_id, n) REFERENCES item
);
CREATE INDEX intent_instance ON intent (instance, written_at);

CREATE TABLE cert (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	ca		text NOT NULL REFERENCES ca,
	serial		bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
	order_id	bytea NOT NULL,
	n		integer NOT NULL,
	profile		text NOT NULL,
	holder		text,
	card		text,
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
	UNIQUE (ca, serial),
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
	value		text NOT NULL CHECK (length(value) <= 512),
	PRIMARY KEY (value, kind, cert)
);

-- Each change of status, with the order that asked for it.
CREATE TABLE status_change (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	ca		text NOT NULL,
	serial		bytea NOT NULL,
	status		text NOT NULL CHECK (status IN ('good', 'held', 'revoked')),
	reason		integer,
	order_id	bytea NOT NULL,
	changed_at	timestamptz NOT NULL,
	FOREIGN KEY (ca, serial) REFERENCES cert (ca, serial)
);
CREATE INDEX status_change_serial ON status_change (ca, serial);

CREATE TABLE crl (
	ca		text NOT NULL REFERENCES ca,
	number		bigint NOT NULL CHECK (number > 0),
	this_update	timestamptz NOT NULL,
	next_update	timestamptz NOT NULL CHECK (next_update > this_update),
	entries		integer NOT NULL CHECK (entries >= 0),
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, signet AS $$
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
CREATE TRIGGER audit_final BEFORE UPDATE OR DELETE ON audit
	FOR EACH ROW EXECUTE FUNCTION audit_is_final();

-- States change only along state_change.
CREATE FUNCTION state_check() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet AS $$
BEGIN
	IF NEW.state <> OLD.state AND NOT EXISTS (
	    SELECT 1 FROM signet.state_change WHERE what = TG_ARGV[0]
	    AND before = OLD.state AND after = NEW.state) THEN
		RAISE EXCEPTION '% cannot go from % to %', TG_ARGV[0],
		    OLD.state, NEW.state USING ERRCODE = '23514';
	END IF;
	NEW.changed_at := now();
	RETURN NEW;
END $$;
CREATE TRIGGER orders_state BEFORE UPDATE OF state ON orders
	FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
	EXECUTE FUNCTION state_check('order');
CREATE TRIGGER item_state BEFORE UPDATE OF state ON item
	FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
	EXECUTE FUNCTION state_check('item');
