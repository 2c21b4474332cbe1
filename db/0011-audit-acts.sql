-- SPDX-License-Identifier: Apache-2.0
-- What the CA did it alone writes down.  Its signer learns from the chain what
-- other instances did, and stops where no order proves an entry: whoever else
-- may append, the registration first of all, could stop it so.

CREATE TABLE audit_act (
	role		name NOT NULL,
	act		text COLLATE "C" NOT NULL CHECK (act ~ '^[a-z-]+$'),
	PRIMARY KEY (role, act)
);
INSERT INTO audit_act (role, act) VALUES
	('signet_cli', 'order-new'), ('signet_cli', 'order-approve'),
	('signet_cli', 'order-reject'), ('signet_cli', 'holder-new'),
	('signet_cli', 'holder-edit'), ('signet_cli', 'ca-add'),
	('signet_cli', 'card-batch'), ('signet_cli', 'card-batch-state'),
	('signet_cli', 'card-stock'), ('signet_cli', 'card-drop'),
	('signet_cli', 'card'), ('signet_cli', 'card-letters'),
	('signet_ra', 'order-new'), ('signet_ra', 'order-approve'),
	('signet_ra', 'order-reject'), ('signet_ra', 'application-reject'),
	('signet_station', 'order-new'), ('signet_station', 'order-approve'),
	('signet_station', 'card'), ('signet_station', 'card-refused'),
	('signet_agent', 'order-new'), ('signet_agent', 'order-approve'),
	('signet_crl', 'alarm');

-- Does each body begin with one of these acts, in a line of its own?
CREATE FUNCTION audit_acts_are(bodies bytea[], acts text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
	SELECT coalesce(bool_and(EXISTS (SELECT FROM unnest(acts) AS a (act)
	    WHERE substring(b.body FROM 1 FOR octet_length(act) + 5) =
	    convert_to('act=' || act || chr(10), 'UTF8'))), true)
	FROM unnest(bodies) AS b (body)
$$;

-- current_user is the owner in here, session_user who connected.
CREATE FUNCTION audit_check(bodies bytea[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
	IF pg_has_role(session_user, 'signet_ca', 'MEMBER') OR
	    pg_has_role(session_user, current_user, 'MEMBER') OR
	    signet.audit_acts_are(bodies, ARRAY(SELECT act
	    FROM signet.audit_act
	    WHERE pg_has_role(session_user, role, 'MEMBER'))) THEN
		RETURN;
	END IF;
	RAISE EXCEPTION 'role % may not write this into the audit chain',
	    session_user USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE FUNCTION audit_append(bodies bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	s	bigint;
	h	bytea;
	b	bytea;
	seqs	bigint[] := '{}';
	hashes	bytea[] := '{}';
BEGIN
	PERFORM signet.audit_check(bodies);
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
