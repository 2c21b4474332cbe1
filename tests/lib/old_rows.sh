# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Stores as earlier versions of the suite had them; after tap.sh, with a
# PostgreSQL and the roles:
#
#	old_apply DB K		apply migration K to DB, by hand
#	old_rows K		SQL: rows that a store of that version has in what
#				is new in it
#	old_newest		the number of the last migration
#	old_keep DB		remember what DB has (in a schema of its own)
#	old_lost DB		after an upgrade: what is not as it was
: "${srcdir:?}"

old_newest() {
	find "$srcdir/db" -name '[0-9]*.sql' | wc -l
}

old_psql() {
	old_db=$1
	shift
	psql -X -q -At -v ON_ERROR_STOP=1 -d "$old_db" "$@"
}

old_apply() {
	old_file=$(find "$srcdir/db" -name "$(printf '%04d' "$2")-*.sql")
	{
		echo 'BEGIN; SET LOCAL client_min_messages = error;
		    CREATE SCHEMA IF NOT EXISTS signet;
		    CREATE TABLE IF NOT EXISTS signet.schema_version (
		    version integer PRIMARY KEY CHECK (version > 0),
		    name text NOT NULL,
		    applied_at timestamptz NOT NULL DEFAULT now());
		    SET LOCAL search_path = signet, pg_temp;'
		cat "$old_file"
		printf "INSERT INTO signet.schema_version VALUES (%d, '%s');" \
		    "$2" "$(basename "$old_file" .sql | cut -c 6-)"
		old_rows "$2"
		echo 'COMMIT;'
	} | old_psql "$1" >/dev/null
}

# An order that was carried out, of this kind; its id is N sixteen times.
old_order() {
	echo "INSERT INTO orders (id, digest, kind, state, ca, profile, holder,
	    summary, blob, approvals, items, open_items, created_at, expires_at)
	    VALUES (decode(repeat('$1', 16), 'hex'),
	    decode(repeat('$1', 32), 'hex'), '$2', '${3:-done}', 'people',
	    'mail-dual', '4711', 'an old one', decode(repeat('$1', 300), 'hex'),
	    2, 1, 0, now() - interval '3 years', now() + interval '1 year');"
}

# A certificate of that order; more columns and their values.
old_cert() {
	echo "INSERT INTO item VALUES (decode(repeat('$1', 16), 'hex'), 0,
	    'done', '4711', NULL, now());
	    INSERT INTO request (order_id, n, der) VALUES (
	    decode(repeat('$1', 16), 'hex'), 0, decode(repeat('$1', 90), 'hex'));
	    INSERT INTO cert (ca, serial, order_id, n, profile, holder, subject,
	    key_digest, not_before, not_after, der, issued_at, status,
	    revoked_at, reason${2:+, $2}) VALUES ('people',
	    decode(repeat('$1', 16), 'hex'), decode(repeat('$1', 16), 'hex'), 0,
	    'mail-dual', '4711', 'CN=Alice', decode(repeat('$1', 32), 'hex'),
	    now() - interval '3 years', now() - interval '1 year',
	    decode(repeat('$1', 700), 'hex'), now() - interval '3 years',
	    'revoked', now() - interval '2 years', 1${3:+, $3});"
}

old_ca() {
	echo "INSERT INTO ca (name, is_root, subject, der, key_digest, not_before,
	    not_after${2:+, $2}) VALUES ('$1', '$1' = 'root', 'CN=$1',
	    convert_to(repeat('$1', 64), 'UTF8'), sha256('$1'),
	    now() - interval '3 years', now() + interval '7 years'${3:+, $3});"
}

old_rows() {
	case $1 in
	1)	old_ca root && old_ca people && old_order 11 issue && old_cert 11
		echo "INSERT INTO holder VALUES ('4711', 'Alice', 'a@example.org');
		    INSERT INTO cert_name SELECT id, 'mail', 'a@example.org'
		    FROM cert;
		    INSERT INTO status_change (ca, serial, status, reason,
		    order_id, changed_at) SELECT ca, serial, status, reason,
		    order_id, now() FROM cert;
		    INSERT INTO crl VALUES ('people', 1, now(), now() +
		    interval '7 days', 1, 1, decode(repeat('c1', 300000),
		    'hex'));
		    INSERT INTO outbox (topic, ca, number) VALUES ('crl',
		    'people', 1);
		    INSERT INTO intent (order_id, n, ca, serial, tbs, key_digest,
		    instance) SELECT order_id, n, ca, decode(repeat('12', 16), 'hex'), 'tbs',
		    sha256('12'), 'ca-1' FROM cert;
		    INSERT INTO audit_signed_head VALUES (1, 'ca-1', now(),
		    'cms');
		    SELECT audit_append(ARRAY['act=one'::bytea, 'act=two']);" ;;
	2)	old_ca people.g2 'generation, starts_at' '2, now()' ;;
	3)	echo "INSERT INTO crl (ca, number, this_update, next_update,
		    entries, change, base, size) VALUES ('people', 2, now(),
		    now() + interval '1 day', 0, 1, 1, 3);
		    INSERT INTO crl_part VALUES ('people', 0, 2, 1, 0, 'abc');" ;;
	4)	echo "INSERT INTO status_change (ca, serial, status, order_id,
		    changed_at, seq) SELECT ca, serial, 'held', order_id, now(),
		    2 FROM cert;" ;;
	6)	old_order 66 issue && old_cert 66 shard 3 ;;
	7)	echo "INSERT INTO target (name) VALUES ('main');
		    INSERT INTO delivery (target, kind, key) VALUES ('main',
		    'person', '4711');" ;;
	8)	echo "INSERT INTO application (id, profile, fields, request,
		    key_digest, mail, lang, expires_at) VALUES (decode(
		    repeat('88', 16), 'hex'), 'mail-dual', '[]', decode(
		    repeat('88', 90), 'hex'), decode(repeat('88', 32), 'hex'),
		    'b@example.org', 'en', now() + interval '1 day');
		    INSERT INTO application_link (token, application, kind)
		    SELECT sha256('link'), id, 'status' FROM application;
		    INSERT INTO notice (kind, cert) SELECT 'issued', id
		    FROM cert;
		    INSERT INTO notice_cursor (name) VALUES ('issued')
		    ON CONFLICT DO NOTHING;
		    INSERT INTO revocation_code (cert, name, salt, hash)
		    SELECT id, 'ABCD' || lpad(id::text, 4, '0'),
		    decode(repeat('5a', 16), 'hex'), sha256('code') FROM cert;
		    INSERT INTO code_try (order_id, tries) SELECT id, 2
		    FROM orders LIMIT 1;" ;;
	9)	old_order 99 bind
		echo "INSERT INTO credential (bind, order_id, person, credential,
		    rp_id, origin) VALUES (decode(repeat('99', 32), 'hex'),
		    decode(repeat('99', 16), 'hex'), 'o1', 'key', 'example.org',
		    'https://example.org');" ;;
	10)	old_order ab issue && old_order ac batch
		echo "INSERT INTO card_batch (name, layout, per_holder, made_by)
		    VALUES ('b1', 'person-ec', 1, 'o1');
		    INSERT INTO card_item (batch, n, number, holder, place)
		    SELECT id, 1, 'SIG-00001', '4711', 1 FROM card_batch;
		    INSERT INTO card (id, identity, number, batch, n, holder,
		    layout, family, station, reader, changed_by) SELECT decode(
		    repeat('aa', 16), 'hex'), 'piv-serial:1', 'SIG-00001', id, 1,
		    '4711', 'person-ec', 'piv', 's1', 'r1', 's1'
		    FROM card_batch;
		    INSERT INTO card_batch_order (batch, round, slot, order_id)
		    SELECT id, 1, 'auth', decode(repeat('ac', 16), 'hex')
		    FROM card_batch;
		    INSERT INTO card_key (card, slot, alg, spki, key_digest)
		    SELECT id, 'auth', 'ec:P-256', decode(repeat('ab', 90),
		    'hex'), sha256('key') FROM card;
		    INSERT INTO card_secret (card, kind, version, sealed)
		    SELECT id, 'puk', 1, decode(repeat('cd', 90), 'hex')
		    FROM card;
		    INSERT INTO card_step (card, seq, step, station) SELECT id, 1,
		    'keys', 's1' FROM card;
		    INSERT INTO letter (number, card, sealed, digest)
		    SELECT 'L0000001', id, decode(repeat('ce', 90), 'hex'),
		    sha256('letter') FROM card;
		    INSERT INTO card_event (card, what, who) SELECT id, 'claimed',
		    's1' FROM card;
		    INSERT INTO card_stock (batch, kind, count, who) SELECT id,
		    'received', 10, 'o1' FROM card_batch;" ;;
	11)	echo "SELECT audit_append(ARRAY['act=eleven'::bytea]);" ;;
	14)	echo "UPDATE ca SET crl_number_from = 1001
		    WHERE name = 'people';" ;;
	15)	old_order ff permit ready && old_order ee permit
		echo "INSERT INTO permit_use (digest, order_id, who) VALUES (
		    decode(repeat('ff', 32), 'hex'), decode(repeat('ff', 16),
		    'hex'), 'o2');
		    INSERT INTO letter_run (batch, run, list, order_id, manifest,
		    released_by, released_at) SELECT id, 1, '[]',
		    decode(repeat('ee', 16), 'hex'), 'cms', 'o2', now()
		    FROM card_batch;
		    INSERT INTO letter_print (batch, run, letter) SELECT batch,
		    run, (SELECT number FROM letter) FROM letter_run;" ;;
	20)	echo "INSERT INTO archive (digest, name, order_id, cutoff) VALUES (
		    sha256('index'), 'old', decode(repeat('ff', 16), 'hex'),
		    now() - interval '2 years');
		    INSERT INTO archived (ca, serial, order_id, n, profile,
		    key_digest, cert_digest, not_after, status, archive) VALUES (
		    'people', decode(repeat('77', 16), 'hex'),
		    decode(repeat('77', 16), 'hex'), 0, 'mail-dual',
		    sha256('a'), sha256('b'), now() - interval '3 years', 'good',
		    sha256('index'));" ;;
	esac
}

old_keep() {
	old_psql "$1" -c "DO \$\$
	DECLARE
		t	text;
	BEGIN
		CREATE SCHEMA was;
		FOR t IN SELECT tablename FROM pg_tables
		    WHERE schemaname = 'signet' LOOP
			EXECUTE format('CREATE TABLE was.%1\$I AS
			    SELECT to_jsonb(x) AS r FROM signet.%1\$I x', t);
		END LOOP;
	END \$\$"
}

# "TABLE: n rows", "TABLE.COLUMN is gone": what is new may be anything.
old_lost() {
	old_psql "$1" -c "CREATE FUNCTION was.lost() RETURNS SETOF text
	LANGUAGE plpgsql AS \$\$
	DECLARE
		t	text;
		gone	text[];
		n	bigint;
	BEGIN
		FOR t IN SELECT tablename FROM pg_tables
		    WHERE schemaname = 'was' ORDER BY 1 LOOP
			EXECUTE format('SELECT coalesce(array_agg(DISTINCT k),
			    ''{}'') FROM was.%1\$I w, jsonb_object_keys(w.r) k
			    WHERE NOT EXISTS (SELECT FROM pg_attribute
			    WHERE attrelid = to_regclass(''signet.%1\$I'')
			    AND attname = k AND NOT attisdropped)', t)
			    INTO gone;
			RETURN QUERY SELECT t || '.' || g || ' is gone'
			    FROM unnest(gone) g;
			EXECUTE format('SELECT count(*) FROM was.%1\$I w
			    WHERE NOT EXISTS (SELECT FROM signet.%1\$I x
			    WHERE to_jsonb(x) @> w.r - \$1)', t)
			    INTO n USING gone;
			IF n > 0 THEN
				RETURN NEXT t || ': ' || n || ' rows';
			END IF;
		END LOOP;
	END \$\$" -c "SELECT was.lost()" || echo 'nobody could look'
}
