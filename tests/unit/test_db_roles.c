/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants: every statement can be prepared by the programs that need it, and
 * none of the roles can do what it must not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_agent.h"
#include "db/db_application.h"
#include "db/db_archive.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_calendar.h"
#include "db/db_card.h"
#include "db/db_card_batch.h"
#include "db/db_card_life.h"
#include "db/db_cert.h"
#include "db/db_code_try.h"
#include "db/db_credential.h"
#include "db/db_crl.h"
#include "db/db_gauge.h"
#include "db/db_holder.h"
#include "db/db_issue.h"
#include "db/db_key.h"
#include "db/db_letter.h"
#include "db/db_notice.h"
#include "db/db_ocsp.h"
#include "db/db_officer.h"
#include "db/db_order.h"
#include "db/db_private.h"
#include "db/db_permit.h"
#include "db/db_publish.h"
#include "db/db_revocation_code.h"
#include "db/db_status.h"
#include "db/db_watch.h"
#include "tests/lib/testdb.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static struct testdb t;

enum { CA, CLI, RA, OCSP, CRL, STATION, AUDIT, AGENT, BACKUP, ARCHIVE,
    ROLES };
static const char *const role[ROLES] = { "signet_ca", "signet_cli",
    "signet_ra", "signet_ocsp", "signet_crl", "signet_station",
    "signet_audit", "signet_agent", "signet_backup",
    "signet_archive" };

#define R(r)	(1u << (r))
#define READERS	(R(CA) | R(CLI) | R(AUDIT) | R(BACKUP))

/* Which role can prepare, and so run, which aggregate.  PREPARE checks no
 * grants; running with arguments that match nothing does. */
static const struct {
	const struct db_table	*table;
	const char		*name;
	unsigned int		 roles;
} may[] = {
	{ &DB_AGENT, "agent", R(AGENT) },
	{ &DB_APPLICATION, "application", READERS | R(RA) },
	{ &DB_APPLICATION_DECIDE, "application decide", R(RA) },
	{ &DB_APPLICATION_FOLLOW, "application follow", R(RA) },
	{ &DB_APPLICATION_NEW, "application new", R(RA) },
	{ &DB_ARCHIVE, "archive", READERS | R(RA) },
	{ &DB_ARCHIVE_PLAN, "archive plan", R(CLI) },
	{ &DB_ARCHIVE_TAKE, "archive take", R(ARCHIVE) },
	{ &DB_AUDIT, "audit", READERS | R(RA) },
	{ &DB_AUDIT_APPEND, "audit append",
	    R(CA) | R(CLI) | R(RA) | R(STATION) | R(CRL) | R(AGENT) |
	    R(BACKUP) },
	{ &DB_AUDIT_SIGN, "audit sign", R(CA) },
	{ &DB_CA, "ca", R(CA) | R(CLI) | R(RA) | R(OCSP) | R(CRL) |
	    R(STATION) | R(AUDIT) | R(AGENT) | R(BACKUP) },
	{ &DB_CA_ADD, "ca add", R(CLI) },
	{ &DB_CALENDAR, "calendar", READERS | R(RA) },
	{ &DB_CARD, "card", READERS | R(RA) | R(STATION) },
	{ &DB_CARD_BATCH, "card batch", R(CLI) | R(AUDIT) | R(STATION) },
	{ &DB_CARD_BATCH_MAKE, "card batch make", R(CLI) },
	{ &DB_CARD_CLAIM, "card claim", R(STATION) },
	{ &DB_CARD_END, "card end", R(STATION) },
	{ &DB_CARD_ESCROW, "card escrow",
	    R(CLI) | R(STATION) | R(AUDIT) | R(BACKUP) },
	{ &DB_CARD_KEY, "card key", R(STATION) },
	{ &DB_CARD_LIFE, "card life", READERS | R(RA) | R(STATION) },
	{ &DB_CARD_LIFE_MOVE, "card life move", R(CLI) | R(RA) |
	    R(STATION) },
	{ &DB_CARD_OWN, "card own", R(CLI) | R(RA) | R(STATION) },
	{ &DB_CARD_SECRET, "card secret", R(STATION) },
	{ &DB_CARD_SEIZE, "card seize", R(CLI) | R(STATION) },
	{ &DB_CARD_SPOIL, "card spoil", R(CLI) | R(STATION) },
	{ &DB_CARD_STEP, "card step", R(STATION) },
	{ &DB_CERT, "cert", READERS | R(RA) },
	{ &DB_CERT_ORDER, "cert of order", READERS | R(RA) | R(STATION) },
	{ &DB_CODE_TRY, "code try", R(CLI) | R(RA) },
	{ &DB_CREDENTIAL, "credential", READERS | R(RA) },
	{ &DB_CREDENTIAL_KEEP, "credential keep", R(CA) },
	{ &DB_CREDENTIAL_STATE, "credential state", READERS | R(RA) |
	    R(OCSP) | R(CRL) },
	{ &DB_CRL, "crl", READERS | R(RA) | R(OCSP) | R(CRL) },
	{ &DB_CRL_ENTRIES, "crl entries", READERS | R(RA) |
	    R(STATION) | R(CRL) },
	{ &DB_CRL_MAKE, "crl make", R(CA) },
	{ &DB_GAUGE_PUBLISH, "gauge publish", READERS | R(CRL) },
	{ &DB_HEARTBEAT, "heartbeat", R(CA) | R(CRL) },
	{ &DB_HOLDER, "holder", READERS | R(RA) | R(STATION) },
	{ &DB_HOLDER_ADD, "holder add", R(CLI) | R(RA) },
	{ &DB_HOLDER_EDIT, "holder edit", R(CLI) },
	{ &DB_ISSUE, "issue", R(CA) },
	{ &DB_KEY, "key", READERS | R(RA) | R(STATION) },
	{ &DB_LETTER, "letter", READERS },
	{ &DB_LETTER_RUN, "letter run", R(CLI) },
	{ &DB_NOTICE, "notice", R(RA) },
	{ &DB_NOTICE_ADD, "notice add", R(RA) },
	{ &DB_NOTICE_ASK, "notice ask", R(CLI) | R(RA) },
	{ &DB_NOTICE_SCAN, "notice scan", R(RA) },
	{ &DB_OCSP, "ocsp", READERS | R(OCSP) },
	{ &DB_OFFICER, "officer", READERS | R(RA) },
	{ &DB_ORDER, "order", READERS | R(RA) | R(STATION) },
	{ &DB_ORDER_INTAKE, "order intake", R(CLI) | R(RA) },
	{ &DB_ORDER_ADD, "order add",
	    R(CLI) | R(RA) | R(AGENT) | R(STATION) },
	{ &DB_ORDER_ENTER, "order enter", R(CLI) | R(RA) },
	{ &DB_ORDER_NEW, "order new", R(CLI) | R(RA) | R(AGENT) },
	{ &DB_ORDER_OF, "order of", READERS | R(RA) },
	{ &DB_ORDER_REQUESTS, "order requests", READERS | R(RA) },
	{ &DB_ORDER_SUPPLY, "order supply", R(CLI) | R(RA) | R(STATION) },
	{ &DB_PERMIT, "permit", READERS | R(RA) | R(STATION) },
	{ &DB_PERMIT_USE, "permit use", R(CLI) },
	{ &DB_PUBLISH, "publish", R(CRL) },
	{ &DB_PUBLISH_ASK, "publish ask", R(CLI) },
	{ &DB_PUBLISH_LOOK, "publish look", READERS | R(RA) | R(STATION) |
	    R(CRL) },
	{ &DB_REVOCATION_CODE, "revocation code", R(RA) },
	{ &DB_STATUS, "status", R(CA) },
	{ &DB_WATCH, "watch", READERS },
};

/* EXPLAIN goes through the executor's start, where grants are checked, and
 * does nothing. */
static int
explain(struct db *db, const struct db_stmt *s, struct error *e)
{
	struct db_rows	*rows = NULL;
	char		*sql, *p;
	int		 rc;

	/* Parameters as NULL of their type: "$1::text" -> "null::text". */
	sql = mem_printf("EXPLAIN %s", s->sql);
	while ((p = strchr(sql, '$')) != NULL) {
		size_t	 digits = strspn(p + 1, "0123456789");
		char	*next = mem_printf("%.*sNULL%s", (int)(p - sql), sql,
		    p + 1 + digits);

		mem_free(&sql);
		sql = next;
	}
	rc = db_ask(db, sql, NULL, 0, &rows, e);
	db_rows_free(&rows);
	mem_free(&sql);
	return rc;
}

/* 0 all statements allowed, 1 some are denied. */
static int
try_table(struct db *db, const struct db_table *table)
{
	int	 denied = 0;

	for (size_t i = 0; i < table->n; i++) {
		struct error	 e = ERROR_INIT;

		if (explain(db, &table->stmt[i], &e) == 0)
			continue;
		if (strstr(e.text, "(SQLSTATE 42501)") == NULL)
			fail_msg("%s: %s", table->stmt[i].name, e.text);
		assert_int_equal(e.code, ERROR_CONFIG);
		denied = 1;
	}
	return denied;
}

static void
each_role_runs_the_statements_that_it_needs_and_no_others(void **state)
{
	(void)state;
	for (int r = 0; r < ROLES; r++) {
		struct db *db = testdb_open(&t, role[r], NULL, 0);

		for (size_t i = 0; i < COUNT(may); i++) {
			bool allowed = (may[i].roles & R(r)) != 0;

			if (try_table(db, may[i].table) != !allowed)
				fail_msg("%s %s run \"%s\"", role[r],
				    allowed ? "cannot" : "can", may[i].name);
		}
		db_close(&db);
	}
}

static void
every_statement_prepares_on_a_fresh_schema(void **state)
{
	const struct db_table	*all[COUNT(may)];
	struct db		*db;

	(void)state;
	for (size_t i = 0; i < COUNT(may); i++)
		all[i] = may[i].table;
	db = testdb_open(&t, NULL, all, COUNT(all));
	db_close(&db);
}

/* Acts that a program that has been taken over would like to do. */
static const struct {
	const char	*sql;
	unsigned int	 roles;		/* who may */
} acts[] = {
	{ "INSERT INTO cert (ca) VALUES ('x')", R(CA) },
	{ "UPDATE cert SET status = 'good'", R(CA) },
	{ "UPDATE cert SET der = ''", 0 },
	{ "UPDATE cert SET serial = ''", 0 },
	{ "DELETE FROM cert", 0 },
	{ "DELETE FROM orders", 0 },
	{ "DELETE FROM crl", 0 },
	{ "INSERT INTO archive (name) VALUES ('x')", 0 },
	{ "INSERT INTO archived (ca) VALUES ('x')", 0 },
	{ "UPDATE archived SET status = 'good'", 0 },
	{ "DELETE FROM archived", 0 },
	{ "UPDATE archive SET done_at = NULL", 0 },
	{ "UPDATE orders SET archive = NULL", 0 },
	{ "SELECT status, reason FROM archived WHERE serial = '\\x01'",
	    READERS | R(RA) | R(STATION) | R(OCSP) },
	{ "SELECT holder FROM archived", READERS | R(RA) | R(STATION) },
	{ "SELECT der FROM cert", READERS | R(RA) | R(CRL) | R(STATION) },
	{ "SELECT holder FROM cert", READERS | R(RA) | R(CRL) | R(STATION) },
	{ "SELECT status, reason FROM cert WHERE serial = '\\x01'",
	    READERS | R(RA) | R(CRL) | R(STATION) | R(OCSP) },
	{ "SELECT * FROM holder", READERS | R(RA) | R(STATION) },
	{ "SELECT tbs FROM intent", READERS },
	{ "INSERT INTO intent (n) VALUES (1)", R(CA) },
	{ "UPDATE intent SET tbs = ''", 0 },
	{ "INSERT INTO crl (ca) VALUES ('x')", R(CA) },
	{ "UPDATE crl SET size = 1", 0 },
	{ "INSERT INTO crl_part (ca) VALUES ('x')", R(CA) },
	{ "UPDATE crl_part SET der = ''", 0 },
	{ "DELETE FROM crl_part", 0 },
	{ "INSERT INTO status_change (ca) VALUES ('x')", R(CA) },
	{ "DELETE FROM status_change", 0 },
	{ "UPDATE item SET state = 'open'", R(CA) },
	{ "UPDATE orders SET state = 'ready'", R(CA) | R(CLI) | R(RA) },
	{ "UPDATE orders SET blob = ''", R(CLI) | R(RA) },
	{ "UPDATE orders SET digest = ''", 0 },
	{ "UPDATE request SET der = ''", 0 },
	{ "DELETE FROM request", 0 },
	{ "INSERT INTO ca (name) VALUES ('x')", R(CLI) },
	{ "UPDATE holder SET name = 'x'", R(CLI) },
	{ "UPDATE holder SET id = 'x'", 0 },
	{ "UPDATE ca SET der = ''", 0 },
	{ "DELETE FROM outbox", R(CRL) },
	{ "DELETE FROM delivery", R(CRL) },
	{ "UPDATE delivery SET leased_until = NULL", R(CRL) },
	{ "UPDATE delivery SET key = 'x'", R(CRL) },
	{ "UPDATE target SET name = 'x'", 0 },
	{ "UPDATE expiry_look SET cert = 1", R(CRL) },
	{ "INSERT INTO audit VALUES (1, '', '')", 0 },
	{ "UPDATE audit SET body = ''", 0 },
	{ "DELETE FROM audit", 0 },
	{ "UPDATE audit_head SET seq = 0", 0 },
	{ "SELECT body FROM audit", READERS | R(RA) },
	{ "SELECT order_id FROM status_change", READERS | R(RA) },
	{ "SELECT blob FROM orders", READERS | R(RA) | R(STATION) },
	{ "SELECT hash FROM revocation_code", R(RA) | R(BACKUP) },
	{ "SELECT token FROM application_link", R(RA) | R(BACKUP) },
	{ "SELECT state FROM application", READERS | R(RA) },
	{ "UPDATE application SET state = 'waiting'", R(RA) },
	{ "UPDATE application SET request = ''", 0 },
	{ "UPDATE application SET mail = ''", 0 },
	{ "DELETE FROM application", 0 },
	{ "UPDATE notice SET mail = ''", 0 },
	{ "DELETE FROM notice", 0 },
	{ "DELETE FROM revocation_code", 0 },
	{ "DELETE FROM code_try", 0 },
	{ "SELECT work FROM card_secret", R(STATION) | R(BACKUP) },
	{ "SELECT sealed FROM card_secret", R(CLI) | R(STATION) | R(AUDIT) |
	    R(BACKUP) },
	{ "UPDATE card_secret SET sealed = ''", 0 },
	{ "DELETE FROM card_secret", 0 },
	{ "UPDATE card SET identity = 'other'", 0 },
	{ "UPDATE card SET holder = 'x'", 0 },
	{ "UPDATE card SET state = 'issued'", R(CLI) | R(RA) | R(STATION) },
	{ "DELETE FROM card", 0 },
	{ "UPDATE card_item SET holder = 'x'", 0 },
	{ "UPDATE card_item SET number = 'x'", 0 },
	{ "INSERT INTO card_item (n) VALUES (1)", R(CLI) },
	{ "INSERT INTO card_batch (name) VALUES ('x')", R(CLI) },
	{ "UPDATE card_batch SET state = 'closed'", R(CLI) },
	{ "INSERT INTO card_stock (count) VALUES (1)", R(CLI) },
	{ "UPDATE card_stock SET count = 1", 0 },
	{ "DELETE FROM card_step", 0 },
	{ "UPDATE card_event SET who = 'x'", 0 },
	{ "DELETE FROM card_event", 0 },
	{ "UPDATE letter SET sealed = ''", 0 },
	{ "DELETE FROM letter", 0 },
	{ "INSERT INTO letter (number) VALUES ('x')", R(STATION) },
	{ "UPDATE letter_run SET list = ''", 0 },
	{ "DELETE FROM letter_print", 0 },
	{ "UPDATE permit_use SET who = 'x'", 0 },
	{ "DELETE FROM permit_use", 0 },
	{ "UPDATE card_effect SET effect = 'none'", 0 },
	{ "UPDATE orders SET blob = '' WHERE id = ''", R(CLI) | R(RA) },
	{ "UPDATE heartbeat SET one = true", 0 },
	{ "INSERT INTO audit_act VALUES ('signet_ra', 'issue')", 0 },
	{ "DELETE FROM heartbeat", 0 },
	{ "UPDATE audit_signed_head SET cms = ''", 0 },
	{ "INSERT INTO state_change VALUES ('order', 'done', 'ready')", 0 },
	{ "UPDATE schema_version SET version = 9", 0 },
};

static void
each_role_is_denied_what_it_must_not_do(void **state)
{
	(void)state;
	for (int r = 0; r < ROLES; r++) {
		struct db *db = testdb_open(&t, role[r], NULL, 0);

		for (size_t i = 0; i < COUNT(acts); i++) {
			const struct db_stmt s = DB_STMT("act", acts[i].sql);
			struct error e = ERROR_INIT;
			bool allowed = (acts[i].roles & R(r)) != 0;

			if ((explain(db, &s, &e) == 0) != allowed)
				fail_msg("%s: %s: %s", role[r], acts[i].sql,
				    allowed ? e.text : "is allowed");
			if (!allowed)
				assert_int_equal(e.code, ERROR_CONFIG);
		}
		db_close(&db);
	}
}

/* The signer believes what the chain says that the CA did, or stops. */
static void
only_the_ca_writes_down_what_the_ca_did(void **state)
{
	static const struct {
		const char	*body;
		unsigned int	 roles;
	} entry[] = {
		{ "act=issue\nat=x\n", R(CA) },
		{ "act=revoke\nat=x\n", R(CA) },
		{ "act=reject\nat=x\n", R(CA) },
		{ "act=bind\nat=x\n", R(CA) },
		{ "act=unbind\nat=x\n", R(CA) },
		{ "act=order-new", R(CA) },
		{ "act=order-newer\nat=x\n", R(CA) },
		{ "x=1\nact=order-new\n", R(CA) },
		{ "act=order-new", R(CA) },
		{ "act=\nact=order-new\n", R(CA) },
		{ "act=order-new\\\nat=x\n", R(CA) },
		{ "act=order-new\nat=x\n", R(CA) | R(CLI) | R(RA) | R(STATION) |
		    R(AGENT) },
		{ "act=order-reject\nat=x\n", R(CA) | R(CLI) | R(RA) },
		{ "act=application-reject\nat=x\n", R(CA) | R(RA) },
		{ "act=application-move\nat=x\n", R(CA) | R(RA) },
		{ "act=ca-add\nat=x\n", R(CA) | R(CLI) },
		{ "act=alarm\nat=x\n", R(CA) | R(CRL) },
		{ "act=backup\nat=x\n", R(CA) | R(BACKUP) },
		{ "act=archive\nat=x\n", R(CA) },
	};

	(void)state;
	for (int r = 0; r < ROLES; r++) {
		const struct db_table *const tables[] = { &DB_AUDIT_APPEND };
		struct db *db;

		if (r == OCSP || r == AUDIT || r == ARCHIVE)
			continue;	/* which may not call it at all */
		db = testdb_open(&t, role[r], tables, 1);
		for (size_t i = 0; i < COUNT(entry); i++) {
			const struct bytes b = BYTES(entry[i].body,
			    strlen(entry[i].body));
			struct error e = ERROR_INIT;
			bool allowed = (entry[i].roles & R(r)) != 0;

			if ((db_audit_append(db, &b, 1, NULL, &e) == 0) !=
			    allowed)
				fail_msg("%s: %s: %s", role[r], entry[i].body,
				    allowed ? e.text : "is allowed");
			if (!allowed)
				assert_non_null(strstr(e.text,
				    "may not write this into the audit chain"));
		}
		db_close(&db);
	}
}

static void
no_role_truncates_creates_or_turns_triggers_off(void **state)
{
	static const char *const ddl[] = {
		"TRUNCATE audit", "TRUNCATE cert CASCADE",
		"CREATE TABLE signet.x (y integer)",
		"CREATE TABLE public.x (y integer)",
		"CREATE TEMPORARY TABLE audit_head (seq bigint)",
		"ALTER TABLE audit DISABLE TRIGGER ALL",
		"DROP FUNCTION audit_append", "SET ROLE signet_ca_owner",
		"SET session_replication_role = replica",
	};

	(void)state;
	for (int r = 0; r < ROLES; r++) {
		struct db *db = testdb_open(&t, role[r], NULL, 0);

		for (size_t i = 0; i < COUNT(ddl); i++) {
			struct error e = ERROR_INIT;

			if (db_script(db, ddl[i], &e) == 0)
				fail_msg("%s: %s", role[r], ddl[i]);
		}
		db_close(&db);
	}
}

static void
a_role_outside_of_the_suite_cannot_connect(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db = (void *)1;
	char		*conninfo;

	(void)state;
	testdb_sql(&t, "DO $$ BEGIN CREATE ROLE stranger LOGIN;"
	    " EXCEPTION WHEN duplicate_object THEN NULL; END $$");
	conninfo = testdb_conninfo(&t, "stranger");
	assert_int_equal(db_open(&db, conninfo, "test", NULL, 0, &e), -1);
	assert_null(db);
	assert_non_null(strstr(e.text, "permission denied for database"));
	mem_free(&conninfo);
}

static void
each_role_has_a_time_limit(void **state)
{
	(void)state;
	for (int r = 0; r < ROLES; r++) {
		struct db	*db = testdb_open(&t, role[r], NULL, 0);
		struct db_rows	*rows;
		struct error	 e = ERROR_INIT;

		assert_int_equal(db_ask(db, "SELECT setting::bigint"
		    " FROM pg_settings WHERE name = 'statement_timeout'", NULL,
		    0, &rows, &e), 0);
		assert_in_range(db_get_int(rows, 0, 0), 1000, 600000);
		db_rows_free(&rows);
		db_close(&db);
	}
}

static int
setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	testdb_clear(&t);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_prepares_on_a_fresh_schema),
		cmocka_unit_test(
		    each_role_runs_the_statements_that_it_needs_and_no_others),
		cmocka_unit_test(each_role_is_denied_what_it_must_not_do),
		cmocka_unit_test(only_the_ca_writes_down_what_the_ca_did),
		cmocka_unit_test(
		    no_role_truncates_creates_or_turns_triggers_off),
		cmocka_unit_test(a_role_outside_of_the_suite_cannot_connect),
		cmocka_unit_test(each_role_has_a_time_limit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
