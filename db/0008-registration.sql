-- SPDX-License-Identifier: Apache-2.0
-- Registration: what people ask for by form, the tries of codes, and notices.
--
-- An application is no order: nobody has decided anything.  It becomes one when
-- an officer does.  No secret is kept in clear, not even one that was sent by
-- mail: of a link's token there is a digest, of a revocation code a slow hash.

CREATE TABLE application (
	id		bytea PRIMARY KEY CHECK (length(id) = 16),
	seq		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	state		text NOT NULL DEFAULT 'unconfirmed' CHECK (state IN
			    ('unconfirmed', 'waiting', 'ordered', 'issued',
			    'rejected', 'withdrawn', 'expired')),
	office		text COLLATE "C" CHECK (length(office) BETWEEN 1 AND 64),
	profile		text COLLATE "C" NOT NULL CHECK (length(profile) BETWEEN 1 AND 64),
	-- [["name", "value"], ...]
	fields		text NOT NULL CHECK (octet_length(fields) <= 20000
			    AND jsonb_typeof(fields::jsonb) = 'array'),
	note		text CHECK (octet_length(note) <= 2000),	-- to the officer
	request		bytea NOT NULL CHECK (length(request) BETWEEN 64 AND 16384),
	key_digest	bytea NOT NULL CHECK (length(key_digest) = 32),
	mail		text NOT NULL CHECK (length(mail) BETWEEN 3 AND 254),
	lang		text COLLATE "C" NOT NULL CHECK (lang ~ '^[a-z]{2,3}$'),
	order_id	bytea UNIQUE REFERENCES orders,
	reason		text CHECK (octet_length(reason) <= 600),	-- why not
	made_at		timestamptz NOT NULL DEFAULT now(),
	confirmed_at	timestamptz,
	changed_at	timestamptz NOT NULL DEFAULT now(),
	-- when it is not confirmed, or not decided on, until then
	expires_at	timestamptz NOT NULL CHECK (expires_at > made_at),
	CHECK (state <> 'unconfirmed' OR confirmed_at IS NULL),
	CHECK (state NOT IN ('waiting', 'ordered', 'issued', 'rejected')
	    OR confirmed_at IS NOT NULL),
	CHECK (state NOT IN ('ordered', 'issued') OR order_id IS NOT NULL),
	CHECK (state <> 'rejected' OR reason IS NOT NULL)
) WITH (fillfactor = 80);
-- What officers walk, newest first; and what waits for its order.
CREATE INDEX application_queue ON application (state, seq)
	WHERE state IN ('unconfirmed', 'waiting', 'ordered');
CREATE INDEX application_office ON application (office, seq)
	WHERE state = 'waiting';
CREATE INDEX application_expiry ON application (expires_at)
	WHERE state IN ('unconfirmed', 'waiting');
CREATE INDEX application_sweep ON application (changed_at)
	WHERE state = 'expired' AND confirmed_at IS NULL;
CREATE INDEX application_mail ON application (lower(mail) COLLATE "C", seq);
CREATE INDEX application_key ON application (key_digest);

INSERT INTO state_change VALUES
	('application', 'unconfirmed', 'waiting'),	-- the link was followed
	('application', 'unconfirmed', 'expired'),
	('application', 'waiting', 'ordered'),		-- an officer made the order
	('application', 'waiting', 'rejected'),
	('application', 'waiting', 'withdrawn'),	-- by the applicant
	('application', 'waiting', 'expired'),
	('application', 'ordered', 'issued'),
	('application', 'ordered', 'rejected'),		-- the order was, or was refused
	('application', 'ordered', 'expired');		-- the order is
DO $$
DECLARE
	ways	text;
BEGIN
	SELECT string_agg(quote_literal(before || '>' || after), ', ')
	    INTO STRICT ways FROM state_change WHERE what = 'application';
	EXECUTE format('CREATE TRIGGER state_change'
	    ' BEFORE UPDATE OF state ON application FOR EACH ROW'
	    ' WHEN (OLD.state <> NEW.state AND'
	    ' OLD.state || ''>'' || NEW.state NOT IN (%s))'
	    ' EXECUTE FUNCTION state_is_wrong(''application'', ''state'')',
	    ways);
END $$;

-- Links that were sent: to confirm the address, or to see how it stands.  The
-- token itself is in the mail and nowhere else.
CREATE TABLE application_link (
	token		bytea PRIMARY KEY CHECK (length(token) = 32),	-- SHA-256
	application	bytea NOT NULL REFERENCES application ON DELETE CASCADE,
	kind		text NOT NULL CHECK (kind IN ('confirm', 'status')),
	made_at		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX application_link_of ON application_link (application);

-- With its revocation code a certificate can be revoked, and nothing else.
CREATE TABLE revocation_code (
	cert		bigint PRIMARY KEY REFERENCES cert,
	-- the first part of the code, by which it is found; not secret
	name		text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[0-9A-Z]{8}$'),
	salt		bytea NOT NULL CHECK (length(salt) = 16),
	hash		bytea NOT NULL CHECK (length(hash) = 32),	-- scrypt
	made_at		timestamptz NOT NULL DEFAULT now(),
	tries		integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
	locked_until	timestamptz,
	used_at		timestamptz
) WITH (fillfactor = 80);

-- Wrong attempts at the one-time code of an order.
CREATE TABLE code_try (
	order_id	bytea PRIMARY KEY REFERENCES orders,
	tries		integer NOT NULL CHECK (tries >= 0),
	locked_until	timestamptz,
	last_at		timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

-- Mails to applicants and holders.  A row says who is told of what; the words
-- are made when it is sent.  Rows stay a while after they were sent, so that
-- nobody is told twice.
CREATE TABLE notice (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind		text COLLATE "C" NOT NULL CHECK (kind IN ('confirm',
			    'received', 'approved', 'rejected', 'expired',
			    'issued', 'expiring', 'revoked', 'held', 'released')),
	application	bytea REFERENCES application ON DELETE CASCADE,
	cert		bigint REFERENCES cert,
	-- of a certificate that expires: days before; of one that changed its
	-- status: the change
	step		bigint NOT NULL DEFAULT 0,
	-- NULL: the first address in the certificate
	mail		text CHECK (length(mail) BETWEEN 3 AND 254),
	lang		text COLLATE "C" CHECK (lang ~ '^[a-z]{2,3}$'),	-- NULL: default
	state		text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting',
			    'sent', 'dead', 'dropped')),
	made_at		timestamptz NOT NULL DEFAULT now(),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	attempts	integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	next_at		timestamptz NOT NULL DEFAULT now(),
	leased_until	timestamptz,
	leased_by	text COLLATE "C" CHECK (length(leased_by) <= 80),
	error		text CHECK (length(error) <= 600),
	CHECK (num_nonnulls(application, cert) = 1),
	CHECK (application IS NULL OR mail IS NOT NULL)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX notice_cert ON notice (cert, kind, step)
	WHERE cert IS NOT NULL;
CREATE UNIQUE INDEX notice_application ON notice (application, kind)
	WHERE application IS NOT NULL;
CREATE INDEX notice_due ON notice (next_at) WHERE state = 'waiting';
CREATE INDEX notice_dead ON notice (id) WHERE state = 'dead';
CREATE INDEX notice_old ON notice (changed_at)
	WHERE state IN ('sent', 'dropped');
ALTER TABLE notice SET (autovacuum_vacuum_scale_factor = 0.02);

-- How far notices have been made.  Rows become visible in another order than
-- their numbers.  So the newest number is noted (upto); a second later, when
-- whoever has a smaller one surely has a transaction id, the next of these is
-- noted (horizon); and when all below that have ended, rows up to "upto" are
-- looked at.
CREATE TABLE notice_cursor (
	name		text COLLATE "C" PRIMARY KEY CHECK (name IN ('issued',
			    'status', 'expiring-60', 'expiring-30',
			    'expiring-14', 'expiring-3')),
	place		bigint NOT NULL DEFAULT 0,	-- id of the last one
	not_after	timestamptz,			-- and when it expires
	upto		bigint NOT NULL DEFAULT 0,
	horizon		xid8,
	noted_at	timestamptz
);

-- Takes away what nobody needs any more: applications whose address was never
-- confirmed, a week after they expired, and notices that were done with
-- before.  Returns how many.
CREATE FUNCTION registration_sweep(notices_before timestamptz, n bigint)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	a	bigint;
	b	bigint;
BEGIN
	DELETE FROM signet.application WHERE ctid = ANY (ARRAY(
	    SELECT ctid FROM signet.application WHERE state = 'expired'
	    AND confirmed_at IS NULL AND changed_at < now() - interval '7 days'
	    ORDER BY changed_at LIMIT n FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS a = ROW_COUNT;
	DELETE FROM signet.notice WHERE ctid = ANY (ARRAY(
	    SELECT ctid FROM signet.notice WHERE state IN ('sent', 'dropped')
	    AND changed_at < least(notices_before, now() - interval '7 days')
	    ORDER BY changed_at LIMIT n FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS b = ROW_COUNT;
	RETURN a + b;
END $$;
