-- SPDX-License-Identifier: Apache-2.0
-- What each order has to pass asks the store for less: an order that comes
-- with its request, and an entry in the audit chain.

-- A body's first line names its act.  An act that is not written in small
-- letters is none of audit_act's, however it is spelled here.  current_user is
-- the owner in here, session_user who connected.
CREATE OR REPLACE FUNCTION audit_append(bodies bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	s	bigint;
	h	bytea;
	b	bytea;
	seqs	bigint[] := '{}';
	hashes	bytea[] := '{}';
BEGIN
	IF NOT pg_has_role(session_user, 'signet_ca', 'MEMBER') AND
	    NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
		FOREACH b IN ARRAY bodies LOOP
			IF coalesce(substring(b FROM 1 FOR 4) <> 'act='::bytea, true) OR
			    NOT EXISTS (SELECT FROM signet.audit_act
			    WHERE act = encode(substring(b FROM 5 FOR
			    greatest(position('\x0a'::bytea IN b) - 5, 0)), 'escape') COLLATE "C"
			    AND pg_has_role(session_user, role, 'MEMBER')) THEN
				RAISE EXCEPTION 'role % may not write this into'
				    ' the audit chain', session_user
				    USING ERRCODE = 'insufficient_privilege';
			END IF;
		END LOOP;
	END IF;
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
DROP FUNCTION audit_check(bytea[]);
DROP FUNCTION audit_acts_are(bytea[], text[]);

-- A request opens the item that waits for it; one that came with its item finds
-- none.
CREATE OR REPLACE FUNCTION request_opens_item() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM added a CROSS JOIN LATERAL
	    (SELECT FROM signet.item i WHERE i.order_id = a.order_id
	    AND i.n = a.n AND i.state = 'waiting' OFFSET 0) w) THEN
		RETURN NULL;
	END IF;
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
