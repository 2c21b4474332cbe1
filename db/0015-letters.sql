-- SPDX-License-Identifier: Apache-2.0
-- What two officers permit and people do: PIN letters that go to the mailing
-- house, escrowed secrets that are opened.  And what ends with a card.

ALTER TABLE orders DROP CONSTRAINT orders_kind_check;
ALTER TABLE orders ADD CONSTRAINT orders_kind_check CHECK (kind IN ('issue',
	'batch', 'item', 'revoke', 'hold', 'release', 'adopt', 'reject', 'bind',
	'unbind', 'permit'));

-- Once, whatever becomes of the order's row.
CREATE TABLE permit_use (
	digest		bytea PRIMARY KEY CHECK (length(digest) = 32),	-- of the order
	order_id	bytea NOT NULL UNIQUE REFERENCES orders,
	who		text NOT NULL CHECK (length(who) BETWEEN 1 AND 256),
	at		timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION permit_is_good() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	UPDATE signet.orders SET state = 'done', changed_at = now()
	    WHERE id = NEW.order_id AND digest = NEW.digest
	    AND kind = 'permit' AND state = 'ready' AND expires_at > now();
	IF NOT FOUND THEN
		RAISE EXCEPTION 'order % permits nothing (any more)',
		    left(encode(NEW.order_id, 'hex'), 8)
		    USING ERRCODE = 'SG001';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER good BEFORE INSERT ON permit_use FOR EACH ROW
	EXECUTE FUNCTION permit_is_good();

-- A run is drawn up by one officer and let go by another: both have signed the
-- order, which has the digest of "list".  These tables had no rows.
DROP TABLE letter_print;
DROP TABLE letter_run;
CREATE TABLE letter_run (
	batch		bigint NOT NULL REFERENCES card_batch,
	run		integer NOT NULL CHECK (run > 0),
	list		bytea NOT NULL CHECK (length(list) <= 16777216),	-- JSON
	order_id	bytea NOT NULL UNIQUE REFERENCES orders,
	made_at		timestamptz NOT NULL DEFAULT now(),
	manifest	bytea CHECK (length(manifest) <= 33554432),	-- CMS of it
	released_by	text CHECK (length(released_by) BETWEEN 1 AND 256),
	released_at	timestamptz,
	void_at		timestamptz,		-- given up before it was released
	PRIMARY KEY (batch, run),
	CHECK ((manifest IS NULL) = (released_at IS NULL)),
	CHECK ((manifest IS NULL) = (released_by IS NULL)),
	CHECK (released_at IS NULL OR void_at IS NULL)
);
CREATE UNIQUE INDEX letter_run_open ON letter_run (batch)
	WHERE released_at IS NULL AND void_at IS NULL;
-- A later run voids the print of those letters in earlier ones.
CREATE TABLE letter_print (
	batch		bigint NOT NULL,
	run		integer NOT NULL,
	letter		text COLLATE "C" NOT NULL REFERENCES letter,
	void_at		timestamptz,
	PRIMARY KEY (letter, batch, run),
	FOREIGN KEY (batch, run) REFERENCES letter_run
);
CREATE UNIQUE INDEX letter_print_valid ON letter_print (letter)
	WHERE void_at IS NULL;

CREATE FUNCTION letter_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is over and stays so', TG_ARGV[0]
	    USING ERRCODE = 'SG001';
END $$;
CREATE TRIGGER over BEFORE UPDATE ON letter FOR EACH ROW
	WHEN (OLD.void_at IS NOT NULL AND NEW.void_at IS DISTINCT FROM OLD.void_at)
	EXECUTE FUNCTION letter_ended('a letter that is void');
CREATE TRIGGER over BEFORE UPDATE ON letter_print FOR EACH ROW
	WHEN (OLD.void_at IS NOT NULL AND NEW.void_at IS DISTINCT FROM OLD.void_at)
	EXECUTE FUNCTION letter_ended('a print that is void');
CREATE TRIGGER over BEFORE UPDATE ON letter_run FOR EACH ROW
	WHEN (OLD.void_at IS NOT NULL OR OLD.released_at IS NOT NULL)
	EXECUTE FUNCTION letter_ended('the run');

CREATE FUNCTION letter_may_print() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM signet.letter l JOIN signet.card c
	    ON c.id = l.card WHERE l.number = NEW.letter AND c.batch = NEW.batch
	    AND l.void_at IS NULL) THEN
		RAISE EXCEPTION 'letter % is void, or of another batch',
		    NEW.letter USING ERRCODE = 'SG001';
	END IF;
	IF NOT EXISTS (SELECT FROM signet.letter_run WHERE batch = NEW.batch
	    AND run = NEW.run AND released_at IS NOT NULL) THEN
		RAISE EXCEPTION 'run % was not released', NEW.run
		    USING ERRCODE = 'SG001';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER may_print BEFORE INSERT ON letter_print FOR EACH ROW
	EXECUTE FUNCTION letter_may_print();

-- Nobody is to get a PIN for a card that nobody is to use.
CREATE FUNCTION card_ends_letter() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	UPDATE signet.letter SET void_at = now(), reason = 'the card was '
	    || NEW.state WHERE card = NEW.id AND void_at IS NULL;
	RETURN NULL;
END $$;
CREATE TRIGGER ends_letter AFTER UPDATE OF state ON card FOR EACH ROW
	WHEN (OLD.state <> NEW.state AND NEW.state IN ('spoiled', 'lost',
	    'replaced', 'returned', 'destroyed'))
	EXECUTE FUNCTION card_ends_letter();

INSERT INTO audit_act (role, act) VALUES ('signet_cli', 'card-secret');
