-- SPDX-License-Identifier: Apache-2.0
-- Login roles and grants.  Run after each migration; may be run at any time.
--
-- One role per program, each with what it needs and no more.  This is the
-- second wall: the first is that nothing is signed without a signed order.
-- Authentication is pg_hba.conf's business: none of the roles has a password.

DO $$
DECLARE
	r	text;
	missing	text := '';
BEGIN
	FOREACH r IN ARRAY '{signet_ca, signet_cli, signet_ra, signet_ocsp,
	    signet_crl, signet_station, signet_audit, signet_agent,
	    signet_backup, signet_archive}'::text[] LOOP
		CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles
		    WHERE rolname = r);
		BEGIN
			EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', r);
		EXCEPTION
		WHEN duplicate_object OR unique_violation THEN
			NULL;		-- another database of this server did
		WHEN insufficient_privilege THEN
			missing := missing || format('CREATE ROLE %I LOGIN; ', r);
		END;
	END LOOP;
	IF missing <> '' THEN
		RAISE EXCEPTION 'as a superuser, run: %', missing USING
		    ERRCODE = 'insufficient_privilege',
		    HINT = 'or give this user CREATEROLE';
	END IF;
END $$;

-- Start from nothing.
DO $$
DECLARE
	roles constant text := 'signet_ca, signet_cli, signet_ra, signet_ocsp,
	    signet_crl, signet_station, signet_audit, signet_agent,
	    signet_backup, signet_archive';
	db constant text := current_database();
BEGIN
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, ', db) || roles;
	EXECUTE 'REVOKE ALL ON SCHEMA signet FROM PUBLIC, ' || roles;
	REVOKE ALL ON SCHEMA public FROM PUBLIC;
	EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA signet FROM PUBLIC, '
	    || roles;
	EXECUTE 'REVOKE ALL ON ALL SEQUENCES IN SCHEMA signet FROM PUBLIC, '
	    || roles;
	EXECUTE 'REVOKE ALL ON ALL FUNCTIONS IN SCHEMA signet FROM PUBLIC, '
	    || roles;
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO ', db) || roles;
	EXECUTE 'GRANT USAGE ON SCHEMA signet TO ' || roles;
	EXECUTE 'GRANT SELECT ON schema_version TO ' || roles;
END $$;

-- signet-cad: alone writes certificates, their status and lists.
GRANT SELECT ON ALL TABLES IN SCHEMA signet TO signet_ca;
GRANT UPDATE (state, reason, open_items, changed_at) ON orders TO signet_ca;
GRANT UPDATE (state, reason, changed_at) ON item TO signet_ca;
GRANT INSERT, DELETE, UPDATE (instance, written_at) ON intent TO signet_ca;
GRANT INSERT, UPDATE (status, revoked_at, reason, invalid_since) ON cert
	TO signet_ca;
GRANT INSERT ON cert_name, status_change, crl, crl_part, outbox,
	audit_signed_head TO signet_ca;
GRANT UPDATE (at) ON heartbeat TO signet_ca;
GRANT INSERT (bind, order_id, person, credential, rp_id, origin, until),
	UPDATE (unbound_at, unbound_by) ON credential TO signet_ca;

-- signet: the operator hands in and approves, and never certifies.
GRANT SELECT ON ALL TABLES IN SCHEMA signet TO signet_cli;
GRANT INSERT ON ca, holder, orders, item, request TO signet_cli;
GRANT UPDATE (name, mail, org, note) ON holder TO signet_cli;
GRANT INSERT (topic, ca) ON outbox TO signet_cli;
GRANT UPDATE (blob, approvals, state, reason, changed_at) ON orders
	TO signet_cli;
GRANT INSERT (target, kind, key) ON delivery TO signet_cli;
GRANT UPDATE (version, attempts, next_at, error, dead) ON delivery
	TO signet_cli;
GRANT UPDATE (fill_after), DELETE ON target TO signet_cli;
-- Cards: makes batches, counts blanks, follows what was issued.
GRANT INSERT ON card_batch, card_batch_order, card_item TO signet_cli;
GRANT INSERT (batch, run, list, order_id) ON letter_run TO signet_cli;
GRANT INSERT (batch, run, letter) ON letter_print TO signet_cli;
GRANT INSERT (digest, order_id, who) ON permit_use TO signet_cli;
GRANT INSERT (batch, kind, count, who, note) ON card_stock TO signet_cli;
GRANT USAGE ON SEQUENCE card_running TO signet_cli;
GRANT UPDATE (state, changed_at, note) ON card_batch TO signet_cli;
GRANT UPDATE (state, round, place, reason, changed_at) ON card_item
	TO signet_cli;
GRANT UPDATE (state, turn, changed_at, changed_by, reason, order_id) ON card
	TO signet_cli;
-- and takes one away from a station, of which nothing is to be used then.
GRANT UPDATE (done_at) ON card_step TO signet_cli;
GRANT UPDATE (void_at, reason) ON letter TO signet_cli;
GRANT UPDATE (void_at) ON letter_print TO signet_cli;
GRANT UPDATE (manifest, released_by, released_at, void_at) ON letter_run
	TO signet_cli;

-- signet-rad: as the operator, for orders and holders only.
GRANT SELECT ON ca, holder, orders, item, request, cert, cert_name, crl,
	crl_part, status_change, audit, audit_head, audit_signed_head,
	archive, archived TO signet_ra;
GRANT INSERT ON holder, orders, item, request TO signet_ra;
GRANT UPDATE (blob, approvals, state, reason, changed_at) ON orders
	TO signet_ra;
-- Applications, codes and notices are its own; what has been is not altered.
GRANT SELECT ON application, application_link, revocation_code, code_try,
	notice, notice_cursor, credential TO signet_ra;
GRANT INSERT (id, office, profile, fields, note, request, key_digest, mail,
	lang, expires_at) ON application TO signet_ra;
GRANT UPDATE (state, office, order_id, reason, confirmed_at, changed_at,
	expires_at, moved_from, moved_by, moved_why) ON application TO signet_ra;
GRANT INSERT (token, application, kind) ON application_link TO signet_ra;
GRANT INSERT (cert, name, salt, hash), UPDATE (name, salt, hash, made_at,
	tries, locked_until, used_at) ON revocation_code TO signet_ra;
GRANT INSERT (order_id, tries), UPDATE (tries, locked_until, last_at)
	ON code_try TO signet_ra, signet_cli;
GRANT INSERT (kind, application, cert, step, mail, lang) ON notice
	TO signet_ra;
GRANT UPDATE (state, changed_at, attempts, next_at, leased_until, leased_by,
	error) ON notice TO signet_ra;
GRANT INSERT, UPDATE (place, not_after, upto, horizon, noted_at)
	ON notice_cursor TO signet_ra;
GRANT EXECUTE ON FUNCTION registration_sweep TO signet_ra;
-- What becomes of cards, for officers at the pages; of their secrets nothing.
GRANT SELECT ON card, card_batch, card_batch_order, card_item, card_key,
	card_step, card_event, card_effect TO signet_ra;
GRANT INSERT (card, what, who, reason) ON card_event TO signet_ra;
GRANT UPDATE (state, changed_at, changed_by, reason, order_id) ON card
	TO signet_ra;
GRANT UPDATE (state, changed_at, attempts, next_at, error) ON notice
	TO signet_cli;

-- signet-station: brings requests for items of approved batches, keeps the
-- journal of each card, and hands in orders to revoke what is on spoiled ones.
GRANT SELECT ON ca, holder, orders, item, cert, archived TO signet_station;
GRANT SELECT (order_id, n) ON request TO signet_station;
GRANT INSERT ON request TO signet_station;
GRANT INSERT (id, digest, kind, state, ca, profile, holder, summary, blob,
	approvals, items, open_items, waiting_items, created_at, expires_at)
	ON orders TO signet_station;
GRANT SELECT ON card_batch, card_batch_order, card_item, card, card_key,
	card_secret, card_step, card_event, card_stock, card_effect, letter
	TO signet_station;
GRANT INSERT ON card, card_key, card_secret, card_step, letter
	TO signet_station;
GRANT INSERT (card, what, who, reason, order_id) ON card_event
	TO signet_station, signet_cli;
GRANT UPDATE (state, attempts, reason, changed_at) ON card_item
	TO signet_station;
GRANT UPDATE (state, turn, station, reader, taken_at, changed_at, issued_at,
	expires, changed_by, reason, order_id) ON card TO signet_station;
GRANT UPDATE (alg, spki, key_digest, attestation, request, order_id, n, made_at,
	written_at) ON card_key TO signet_station;
GRANT UPDATE (work, set_at, void_at) ON card_secret TO signet_station;
GRANT UPDATE (tries, station, done_at) ON card_step TO signet_station;
GRANT UPDATE (void_at, reason) ON letter TO signet_station;
GRANT INSERT (cert, name, salt, hash) ON revocation_code TO signet_station;
GRANT EXECUTE ON FUNCTION card_withdraw TO signet_station, signet_cli;
GRANT EXECUTE ON FUNCTION card_balance TO signet_station, signet_cli,
	signet_audit;

-- signet-ocspd: status, and nothing about persons.
GRANT SELECT ON ca, crl, crl_part, audit_head, heartbeat TO signet_ocsp;
GRANT SELECT (ca, serial, not_after, status, revoked_at, reason, invalid_since)
	ON cert TO signet_ocsp;
GRANT SELECT (ca, serial, not_after, status, revoked_at, reason, invalid_since)
	ON archived TO signet_ocsp;
GRANT SELECT (ca, serial, seq) ON status_change TO signet_ocsp;
GRANT SELECT (seq, hash) ON audit TO signet_ocsp;
GRANT SELECT (bind, unbound_at) ON credential TO signet_ocsp, signet_crl;
GRANT EXECUTE ON FUNCTION release_evidence TO signet_ocsp, signet_crl, signet_cli;

-- signet-crld: what is published, and the list of what to publish.
GRANT SELECT ON ca, cert, cert_name, crl, crl_part, outbox TO signet_crl;
GRANT DELETE ON outbox TO signet_crl;
GRANT SELECT ON heartbeat TO signet_crl;
GRANT UPDATE (at) ON heartbeat TO signet_crl;
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery TO signet_crl;
GRANT SELECT ON target, expiry_look TO signet_crl;
GRANT INSERT (name) ON target TO signet_crl;
GRANT UPDATE (fill_after, seen_at, failing_since, error, refusing) ON target
	TO signet_crl;
GRANT UPDATE ON expiry_look TO signet_crl;

-- The process in which a daemon orders its own certificates: hands in, and
-- sees what became of orders whose ids it knows.
GRANT SELECT ON ca TO signet_agent;
GRANT INSERT (id, digest, kind, state, ca, profile, holder, summary, blob,
	approvals, items, open_items, waiting_items, created_at, expires_at),
	SELECT (digest) ON orders TO signet_agent;
GRANT INSERT (order_id, n, state, holder) ON item TO signet_agent;
GRANT INSERT ON request TO signet_agent;
GRANT EXECUTE ON FUNCTION agent_order, agent_holder TO signet_agent;

GRANT SELECT ON ALL TABLES IN SCHEMA signet TO signet_audit;

-- signet backup: takes everything with it, and says so.
GRANT SELECT ON ALL TABLES IN SCHEMA signet TO signet_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA signet TO signet_backup;

-- signet archive: takes away by the one function that leaves a row behind, and
-- may nothing else.  Nobody may delete any of it otherwise.
GRANT EXECUTE ON FUNCTION archive_take TO signet_archive;
GRANT EXECUTE ON FUNCTION archive_objection, archive_list_objection
	TO signet_cli;

GRANT EXECUTE ON FUNCTION audit_append TO signet_ca, signet_cli, signet_ra,
	signet_station, signet_crl, signet_agent, signet_backup;

-- Digests of secrets are for the RA alone.
REVOKE ALL ON application_link, revocation_code
	FROM signet_ca, signet_cli, signet_audit;
-- Of the secrets of cards the CA needs nothing, the operator what is sealed for
-- the escrow, and only stations what they go on with.
REVOKE ALL ON card_secret FROM signet_ca, signet_cli, signet_audit;
GRANT SELECT (card, kind, version, sealed, made_at, set_at, void_at)
	ON card_secret TO signet_cli, signet_audit;
GRANT UPDATE (work, void_at) ON card_secret TO signet_cli;

-- Per program and database.  The CA's statements all go by key; a plan that
-- was made while a table was small must not read all of it when it is big.
-- An owner who may not alter the roles goes without: programs then limit
-- themselves to a minute.
DO $$
DECLARE
	s	text[];
BEGIN
	FOREACH s SLICE 1 IN ARRAY '{
	    {signet_ca, statement_timeout, 120s},
	    {signet_ca, enable_seqscan, off},
	    {signet_cli, statement_timeout, 300s},
	    {signet_ra, statement_timeout, 20s},
	    {signet_ocsp, statement_timeout, 5s},
	    {signet_crl, statement_timeout, 120s},
	    {signet_station, statement_timeout, 20s},
	    {signet_audit, statement_timeout, 600s},
	    {signet_archive, statement_timeout, 600s},
	    {signet_agent, statement_timeout, 20s}}'::text[] LOOP
		EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %I = %L',
		    s[1], current_database(), s[2], s[3]);
	END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
	RAISE NOTICE 'no time limits per role: %', SQLERRM;
END $$;
