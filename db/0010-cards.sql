-- SPDX-License-Identifier: Apache-2.0
-- Cards: batches and their items, each card with its journal, keys and secrets,
-- letters, stock, and what a change of state does to certificates.
--
-- A card has certificates of several profiles and a batch order has one, so a
-- card batch is one batch order per slot, all with the same items.  An item
-- whose card was spoiled after its orders had been used is "spent" and needs a
-- further round of orders.

CREATE TABLE card_batch (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name		text COLLATE "C" NOT NULL UNIQUE
			    CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
	layout		text COLLATE "C" NOT NULL CHECK (length(layout) BETWEEN 1 AND 64),
	state		text NOT NULL DEFAULT 'running' CHECK (state IN ('running',
			    'paused', 'closed')),
	per_holder	integer NOT NULL CHECK (per_holder >= 0),	-- 0: any number
	expires		timestamptz,		-- of the cards; NULL: by the layout
	made_by		text NOT NULL CHECK (length(made_by) BETWEEN 1 AND 256),
	made_at		timestamptz NOT NULL DEFAULT now(),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	note		text CHECK (length(note) <= 2000)
);

-- Round 1 has all items; each later one those that were spent.
CREATE TABLE card_batch_order (
	batch		bigint NOT NULL REFERENCES card_batch,
	round		integer NOT NULL CHECK (round > 0),
	slot		text COLLATE "C" NOT NULL CHECK (length(slot) BETWEEN 1 AND 32),
	order_id	bytea NOT NULL UNIQUE REFERENCES orders,
	PRIMARY KEY (batch, round, slot)
);

-- Running numbers of cards, of all batches.
CREATE SEQUENCE card_running;

CREATE TABLE card_item (
	batch		bigint NOT NULL REFERENCES card_batch,
	n		integer NOT NULL CHECK (n > 0),
	-- printed on the face; stays with the item whatever card it gets
	number		text COLLATE "C" NOT NULL UNIQUE CHECK (length(number) BETWEEN 4 AND 32),
	holder		text COLLATE "C" NOT NULL REFERENCES holder,
	replaces	text COLLATE "C" CHECK (length(replaces) BETWEEN 4 AND 32),
	face		jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(face) = 'object'
			    AND octet_length(face::text) <= 8000),
	-- item "place" of each order of this round
	round		integer NOT NULL DEFAULT 1 CHECK (round > 0),
	place		integer NOT NULL CHECK (place > 0),
	state		text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting',
			    'claimed', 'issued', 'spent', 'dropped')),
	attempts	integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
	reason		text CHECK (length(reason) <= 600),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (batch, n),
	UNIQUE (batch, round, place)
) WITH (fillfactor = 70);
CREATE INDEX card_item_waiting ON card_item (batch, n) WHERE state = 'waiting';
CREATE INDEX card_item_holder ON card_item (holder);

CREATE TABLE card (
	id		bytea PRIMARY KEY CHECK (length(id) = 16),	-- GUID of the CHUID
	-- by what a card is known again: "piv-serial:..", "cplc:.."
	identity	text COLLATE "C" NOT NULL CHECK (length(identity) BETWEEN 4 AND 128),
	number		text COLLATE "C" NOT NULL,
	batch		bigint NOT NULL,
	n		integer NOT NULL,
	holder		text COLLATE "C" NOT NULL REFERENCES holder,
	layout		text COLLATE "C" NOT NULL,
	family		text COLLATE "C" NOT NULL CHECK (length(family) BETWEEN 1 AND 64),
	state		text NOT NULL DEFAULT 'claimed' CHECK (state IN ('claimed',
			    'keyed', 'ordered', 'certified', 'written', 'locked',
			    'verified', 'issued', 'spoiled', 'packed', 'delivered',
			    'activated', 'suspended', 'lost', 'replaced',
			    'returned', 'destroyed')),
	-- Who works on it.  Each taking over has the next turn, and who has an
	-- earlier one can write nothing any more.
	turn		bigint NOT NULL DEFAULT 1,
	station		text COLLATE "C" NOT NULL CHECK (length(station) BETWEEN 1 AND 64),
	reader		text NOT NULL CHECK (length(reader) <= 200),
	claimed_at	timestamptz NOT NULL DEFAULT now(),
	taken_at	timestamptz NOT NULL DEFAULT now(),
	changed_at	timestamptz NOT NULL DEFAULT now(),
	issued_at	timestamptz,
	expires		timestamptz,
	-- of the last change of state
	changed_by	text NOT NULL CHECK (length(changed_by) BETWEEN 1 AND 256),
	reason		text CHECK (length(reason) <= 600),
	order_id	bytea REFERENCES orders,	-- that carries out its effect
	FOREIGN KEY (batch, n) REFERENCES card_item
) WITH (fillfactor = 70);
-- A physical card is one card at a time, an item has one card that counts.
CREATE UNIQUE INDEX card_identity ON card (identity)
	WHERE state NOT IN ('spoiled', 'returned', 'destroyed');
CREATE INDEX card_seen ON card (identity, claimed_at);
CREATE UNIQUE INDEX card_of_item ON card (batch, n)
	WHERE issued_at IS NOT NULL OR state NOT IN ('spoiled', 'destroyed');
CREATE INDEX card_number ON card (number);
CREATE INDEX card_holder ON card (holder);
CREATE INDEX card_state ON card (state, changed_at);

CREATE TABLE card_key (
	card		bytea NOT NULL REFERENCES card,
	slot		text COLLATE "C" NOT NULL CHECK (length(slot) BETWEEN 1 AND 32),
	alg		text COLLATE "C" NOT NULL CHECK (length(alg) BETWEEN 1 AND 32),
	spki		bytea NOT NULL CHECK (length(spki) BETWEEN 32 AND 4096),
	-- a key is on one card, ever
	key_digest	bytea NOT NULL UNIQUE CHECK (length(key_digest) = 32),
	attestation	bytea CHECK (length(attestation) <= 16384),	-- leaf, then issuer
	request		bytea CHECK (length(request) <= 16384),		-- PKCS#10
	order_id	bytea,
	n		integer,
	made_at		timestamptz NOT NULL DEFAULT now(),
	written_at	timestamptz,		-- the certificate, read back
	PRIMARY KEY (card, slot),
	UNIQUE (order_id, n),
	FOREIGN KEY (order_id, n) REFERENCES item,
	CHECK ((order_id IS NULL) = (n IS NULL)),
	CHECK (order_id IS NOT NULL OR written_at IS NULL)
);

-- Nothing in clear: "sealed" is for the escrow, "work" for the stations that
-- may go on with the card, and gone when the card is issued or spoiled.
CREATE TABLE card_secret (
	card		bytea NOT NULL REFERENCES card,
	kind		text NOT NULL CHECK (kind IN ('pin', 'puk', 'management')),
	version		integer NOT NULL CHECK (version > 0),
	sealed		bytea CHECK (length(sealed) BETWEEN 64 AND 65536),
	work		bytea CHECK (length(work) BETWEEN 64 AND 65536),
	made_at		timestamptz NOT NULL DEFAULT now(),
	set_at		timestamptz,		-- the card has it
	void_at		timestamptz,
	PRIMARY KEY (card, kind, version),
	CHECK (kind <> 'pin' OR sealed IS NULL),
	CHECK (void_at IS NULL OR work IS NULL)
);

-- The write-ahead journal: a step is here before its first command changes
-- the card, and one at a time is open.
CREATE TABLE card_step (
	card		bytea NOT NULL REFERENCES card,
	seq		integer NOT NULL CHECK (seq > 0),
	step		text COLLATE "C" NOT NULL CHECK (length(step) BETWEEN 1 AND 32),
	slot		text COLLATE "C" CHECK (length(slot) BETWEEN 1 AND 32),
	tries		integer NOT NULL DEFAULT 1 CHECK (tries > 0),
	station		text COLLATE "C" NOT NULL,
	begun_at	timestamptz NOT NULL DEFAULT now(),
	done_at		timestamptz,
	PRIMARY KEY (card, seq)
);
CREATE UNIQUE INDEX card_step_open ON card_step (card) WHERE done_at IS NULL;

-- History.  "what" is a change of state, or what happened without one.
CREATE TABLE card_event (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	card		bytea NOT NULL REFERENCES card,
	what		text COLLATE "C" NOT NULL CHECK (length(what) BETWEEN 1 AND 32),
	before		text,
	who		text NOT NULL CHECK (length(who) BETWEEN 1 AND 256),
	reason		text CHECK (length(reason) <= 600),
	order_id	bytea,
	at		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX card_event_card ON card_event (card, id);

-- PIN letters, sealed to the mailing house.  The number is the letter's own.
CREATE TABLE letter (
	number		text COLLATE "C" PRIMARY KEY CHECK (length(number) BETWEEN 8 AND 32),
	card		bytea NOT NULL REFERENCES card,
	sealed		bytea NOT NULL CHECK (length(sealed) BETWEEN 64 AND 4194304),
	digest		bytea NOT NULL CHECK (length(digest) = 32),	-- of sealed
	made_at		timestamptz NOT NULL DEFAULT now(),
	void_at		timestamptz,
	reason		text CHECK (length(reason) <= 600)
);
CREATE UNIQUE INDEX letter_card ON letter (card) WHERE void_at IS NULL;

-- Runs of the mailing house: what another officer than the batch's maker let
-- go.  A later run voids the print of those letters in earlier ones.
CREATE TABLE letter_run (
	batch		bigint NOT NULL REFERENCES card_batch,
	run		integer NOT NULL CHECK (run > 0),
	manifest	bytea NOT NULL CHECK (length(manifest) <= 16777216),	-- CMS
	released_by	text NOT NULL CHECK (length(released_by) BETWEEN 1 AND 256),
	released_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (batch, run)
);
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

-- Blanks: received from the box, found useless before anybody got them, put
-- back.  What became cards is counted there.
CREATE TABLE card_stock (
	id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	batch		bigint NOT NULL REFERENCES card_batch,
	kind		text NOT NULL CHECK (kind IN ('received', 'useless',
			    'returned')),
	count		integer NOT NULL CHECK (count > 0),
	who		text NOT NULL CHECK (length(who) BETWEEN 1 AND 256),
	note		text CHECK (length(note) <= 600),
	at		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX card_stock_batch ON card_stock (batch);

-- The balance of a batch.  A blank is an issued card, a spoiled one, useless,
-- back in the box, or it is missing: on a reader, or gone.
CREATE FUNCTION card_balance(of_batch bigint, OUT received bigint,
    OUT returned bigint, OUT useless bigint, OUT under_way bigint,
    OUT issued bigint, OUT spoiled bigint, OUT items_open bigint)
LANGUAGE sql STABLE SET search_path = signet, pg_catalog, pg_temp AS $$
	SELECT s.*, c.*, (SELECT count(*) FROM card_item WHERE batch = of_batch
	    AND state NOT IN ('issued', 'dropped'))
	FROM (SELECT
		coalesce(sum(count) FILTER (WHERE kind = 'received'), 0)::bigint,
		coalesce(sum(count) FILTER (WHERE kind = 'returned'), 0)::bigint,
		coalesce(sum(count) FILTER (WHERE kind = 'useless'), 0)::bigint
		FROM card_stock WHERE batch = of_batch) s,
	    (SELECT
		count(*) FILTER (WHERE state IN ('claimed', 'keyed', 'ordered',
		    'certified', 'written', 'locked', 'verified')),
		count(*) FILTER (WHERE issued_at IS NOT NULL),
		count(*) FILTER (WHERE issued_at IS NULL
		    AND state IN ('spoiled', 'destroyed'))
		FROM card WHERE batch = of_batch) c
$$;

INSERT INTO state_change VALUES
	('card batch', 'running', 'paused'),
	('card batch', 'paused', 'running'),
	('card batch', 'running', 'closed'),
	('card batch', 'paused', 'closed'),
	('card item', 'waiting', 'claimed'),
	('card item', 'waiting', 'dropped'),
	('card item', 'claimed', 'issued'),
	('card item', 'claimed', 'waiting'),	-- spoiled before anything was ordered
	('card item', 'claimed', 'spent'),	-- spoiled, its orders are used
	('card item', 'spent', 'waiting'),	-- with the next round of orders
	('card item', 'spent', 'dropped'),
	('card', 'claimed', 'keyed'),
	('card', 'keyed', 'ordered'),
	('card', 'ordered', 'certified'),
	('card', 'certified', 'written'),
	('card', 'written', 'locked'),
	('card', 'locked', 'verified'),
	('card', 'verified', 'issued'),
	('card', 'claimed', 'spoiled'),
	('card', 'keyed', 'spoiled'),
	('card', 'ordered', 'spoiled'),
	('card', 'certified', 'spoiled'),
	('card', 'written', 'spoiled'),
	('card', 'locked', 'spoiled'),
	('card', 'verified', 'spoiled'),
	('card', 'spoiled', 'destroyed');

-- What becomes of an issued card, and of its certificates with it.
CREATE TABLE card_effect (
	before		text NOT NULL,
	after		text NOT NULL,
	effect		text NOT NULL CHECK (effect IN ('none', 'hold', 'release',
			    'revoke')),
	reason		integer,		-- CRLReason of a revocation
	PRIMARY KEY (before, after),
	CHECK ((effect = 'revoke') = (reason IS NOT NULL))
);
INSERT INTO card_effect VALUES
	('issued', 'packed', 'none', NULL),
	('issued', 'delivered', 'none', NULL),	-- handed over, not posted
	('packed', 'delivered', 'none', NULL),
	('delivered', 'activated', 'none', NULL),
	('delivered', 'suspended', 'hold', NULL),
	('activated', 'suspended', 'hold', NULL),
	('suspended', 'activated', 'release', NULL),
	('issued', 'lost', 'revoke', 1),
	('packed', 'lost', 'revoke', 1),
	('delivered', 'lost', 'revoke', 1),
	('activated', 'lost', 'revoke', 1),
	('suspended', 'lost', 'revoke', 1),
	('issued', 'replaced', 'revoke', 4),
	('packed', 'replaced', 'revoke', 4),
	('delivered', 'replaced', 'revoke', 4),
	('activated', 'replaced', 'revoke', 4),
	('suspended', 'replaced', 'revoke', 4),
	('issued', 'returned', 'revoke', 5),
	('packed', 'returned', 'revoke', 5),
	('delivered', 'returned', 'revoke', 5),
	('activated', 'returned', 'revoke', 5),
	('suspended', 'returned', 'revoke', 5),
	('lost', 'returned', 'none', NULL),		-- found again
	('replaced', 'returned', 'none', NULL),
	('issued', 'destroyed', 'revoke', 5),
	('packed', 'destroyed', 'revoke', 5),
	('replaced', 'destroyed', 'none', NULL),
	('returned', 'destroyed', 'none', NULL);
INSERT INTO state_change SELECT 'card', before, after FROM card_effect;

DO $$
DECLARE
	t	text[];			-- what, table
	ways	text;
BEGIN
	FOREACH t SLICE 1 IN ARRAY '{{card batch, card_batch},
	    {card item, card_item}, {card, card}}'::text[] LOOP
		SELECT string_agg(quote_literal(before || '>' || after), ', ')
		    INTO STRICT ways FROM state_change WHERE what = t[1];
		EXECUTE format('CREATE TRIGGER state_change'
		    ' BEFORE UPDATE OF state ON %1$I FOR EACH ROW'
		    ' WHEN (OLD.state <> NEW.state AND'
		    ' OLD.state || ''>'' || NEW.state NOT IN (%2$s))'
		    ' EXECUTE FUNCTION state_is_wrong(%3$L, ''state'')',
		    t[2], ways, t[1]);
	END LOOP;
END $$;

-- A change that has an effect on certificates comes with the order that has
-- it, unless there is nothing left to do.
CREATE FUNCTION card_needs_order() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	wanted	text;
BEGIN
	SELECT effect INTO wanted FROM signet.card_effect
	    WHERE before = OLD.state AND after = NEW.state;
	IF wanted IS NULL OR wanted = 'none' OR EXISTS (SELECT FROM signet.orders
	    WHERE id = NEW.order_id AND kind = wanted
	    AND NEW.order_id IS DISTINCT FROM OLD.order_id) THEN
		RETURN NEW;
	END IF;
	IF EXISTS (SELECT FROM signet.card_key k JOIN signet.cert c
	    ON c.order_id = k.order_id AND c.n = k.n WHERE k.card = NEW.id
	    AND c.not_after > now() AND c.status IN ('good',
	    CASE WHEN wanted = 'hold' THEN 'good' ELSE 'held' END)
	    AND (wanted <> 'release' OR c.status = 'held')) THEN
		RAISE EXCEPTION 'card % cannot go from % to % without an order to % '
		    'its certificates', NEW.number, OLD.state, NEW.state, wanted
		    USING ERRCODE = 'SG001';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER effect BEFORE UPDATE OF state ON card FOR EACH ROW
	WHEN (OLD.state <> NEW.state AND OLD.issued_at IS NOT NULL)
	EXECUTE FUNCTION card_needs_order();

CREATE FUNCTION card_remember() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO signet.card_event (card, what, who)
		    VALUES (NEW.id, NEW.state, NEW.changed_by);
	ELSE
		INSERT INTO signet.card_event (card, what, before, who, reason,
		    order_id) VALUES (NEW.id, NEW.state, OLD.state,
		    NEW.changed_by, NEW.reason,
		    CASE WHEN NEW.order_id IS DISTINCT FROM OLD.order_id
		    THEN NEW.order_id END);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER remember_new AFTER INSERT ON card FOR EACH ROW
	EXECUTE FUNCTION card_remember();
CREATE TRIGGER remember AFTER UPDATE OF state ON card FOR EACH ROW
	WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION card_remember();

-- A batch is closed when every item has its card and every blank is found.
CREATE FUNCTION card_batch_closes() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	b	record;
BEGIN
	SELECT * INTO STRICT b FROM signet.card_balance(NEW.id);
	IF b.items_open > 0 THEN
		RAISE EXCEPTION 'batch % has % items that are neither issued nor '
		    'dropped', NEW.name, b.items_open USING ERRCODE = 'SG001';
	END IF;
	IF b.received <> b.issued + b.spoiled + b.useless + b.returned THEN
		RAISE EXCEPTION 'batch %: % blanks received, but % issued + % '
		    'spoiled + % useless + % returned = %', NEW.name, b.received,
		    b.issued, b.spoiled, b.useless, b.returned,
		    b.issued + b.spoiled + b.useless + b.returned
		    USING ERRCODE = 'SG001';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER closes BEFORE UPDATE OF state ON card_batch FOR EACH ROW
	WHEN (OLD.state <> NEW.state AND NEW.state = 'closed')
	EXECUTE FUNCTION card_batch_closes();

-- Of a spoiled card: what the CA has not begun to sign it shall not sign.
-- Returns how many certificates there are or may still come.
CREATE FUNCTION card_withdraw(spoiled bytea) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, signet, pg_temp AS $$
DECLARE
	left_over	bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM signet.card WHERE id = spoiled
	    AND state = 'spoiled') THEN
		RAISE EXCEPTION 'the card is not spoiled' USING ERRCODE = 'SG001';
	END IF;
	WITH dropped AS (
		UPDATE signet.item i SET state = 'dropped',
		    reason = 'the card was spoiled', changed_at = now()
		FROM signet.card_key k WHERE k.card = spoiled
		    AND i.order_id = k.order_id AND i.n = k.n
		    AND i.state = 'open' RETURNING i.order_id
	), per_order AS (
		SELECT order_id, count(*) AS n FROM dropped GROUP BY order_id
	)
	UPDATE signet.orders o SET open_items = o.open_items - p.n,
	    state = CASE WHEN o.state = 'ready' AND o.open_items = p.n
		THEN 'done' ELSE o.state END, changed_at = now()
	    FROM per_order p WHERE o.id = p.order_id;
	SELECT count(*) INTO left_over FROM signet.card_key k
	    JOIN signet.item i ON i.order_id = k.order_id AND i.n = k.n
	    WHERE k.card = spoiled AND i.state IN ('signing', 'done');
	RETURN left_over;
END $$;
