/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: is it there, is its schema ours, is its server safe, and have the
 * daemons' roles what they need.
 */
#include "cli/doctor.h"

#include <string.h>

#include "db/conninfo.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_calendar.h"
#include "db/db_cert.h"
#include "db/db_crl.h"
#include "db/db_clock.h"
#include "db/db_doctor.h"
#include "db/db_watch.h"
#include "db/migrate.h"
#include "db/successor.h"
#include "os/file.h"

#define CLOCK_MS	2000

/* ---- schema ---- */

/* 0 when the store may be asked more. */
static int
look_schema(struct doctor *d)
{
	const char		*dir = cli_path(d->cli, d->cli->conf.schema);
	struct migrate_plan	 plan = { 0 };
	struct error		 e = ERROR_INIT;
	int			 rc = -1;

	doctor_looked(d);
	if (migrate_status(&plan, d->cli->conf.database, dir, &e) == -1) {
		doctor_say(d, DOCTOR_PROBLEM, "store-away", "nothing is "
		    "issued or revoked, and OCSP answers only what it has",
		    *e.hint != '\0' ? doctor_text(d, "%s", e.hint) :
		    doctor_text(d, "start PostgreSQL, or correct database in "
		    "%s", d->cli->conf_path), "%s", e.text);
		return -1;
	}
	if (plan.current < DB_SCHEMA_VERSION)
		doctor_say(d, DOCTOR_PROBLEM, "schema-old", "programs of this "
		    "version do not start", "stop the daemons, make a backup, "
		    "then: signet db migrate", "the schema has version %d, "
		    "these programs need %d", plan.current,
		    DB_SCHEMA_VERSION);
	else if (plan.current > DB_SCHEMA_VERSION)
		doctor_say(d, DOCTOR_PROBLEM, "schema-new", "programs of this "
		    "version do not start", "install the newer version of "
		    "Signet on this machine", "the schema has version %d, "
		    "these programs need %d", plan.current,
		    DB_SCHEMA_VERSION);
	else
		rc = 0;
	migrate_plan_clear(&plan);
	return rc;
}

static int
open_store(struct doctor *d)
{
	static const struct db_table *const	 tables[] = { &DB_DOCTOR,
	    &DB_AUDIT, &DB_CA, &DB_CALENDAR, &DB_CERT, &DB_CLOCK, &DB_CRL,
	    &DB_WATCH };
	struct error				 e = ERROR_INIT;

	if (db_open(&d->db, d->cli->conf.database, "signet doctor", tables,
	    sizeof(tables) / sizeof(tables[0]), &e) == 0) {
		db_set_patience(d->db, (int)d->cli->conf.patience);
		return 0;
	}
	doctor_looked(d);
	doctor_say(d, DOCTOR_PROBLEM, "store-grant", "this program does not "
	    "work", "signet db migrate --owner 'user=postgres ...' sets "
	    "grants again", "%s", e.text);
	return -1;
}

/* ---- hosts ---- */

#define HOSTS	16

struct host {
	char	*name;
	int64_t	 timeline;	/* of a primary; 0 standby, -1 away */
	bool	 alone;		/* waits for standbys, and has none */
};

static size_t
ask_hosts(struct doctor *d, struct host *host)
{
	struct pgwait	 w = PGWAIT_INIT;
	struct error	 ignored = ERROR_INIT;
	size_t		 n = 0;
	char		*one;

	while (n < HOSTS && conninfo_one(&one, d->cli->conf.database,
	    (unsigned int)n, &ignored) == 1) {
		host[n].name = conninfo_host(one);
		host[n].timeline = successor_timeline(&w, one,
		    &host[n].alone);
		n++;
		mem_free(&one);
	}
	return n;
}

static void
look_alone(struct doctor *d, const struct host *host)
{
	doctor_looked(d);
	if (host->alone)
		doctor_say(d, DOCTOR_PROBLEM, "store-alone", "nothing is "
		    "issued, revoked or ordered: no commit there is "
		    "acknowledged", "if another one was promoted, stop this "
		    "server; else see to the standbys that its "
		    "synchronous_standby_names names", "the primary %s of the "
		    "store waits for standbys and has none", host->name);
}

/* As after a failover in which the old one was not switched off. */
static void
look_primaries(struct doctor *d, const struct host *host, size_t n)
{
	size_t	 best = 0, i;

	for (i = 1; i < n; i++)
		if (host[i].timeline > host[best].timeline)
			best = i;
	for (i = 0; i < n; i++) {
		look_alone(d, &host[i]);
		doctor_looked(d);
		if (i != best && host[i].timeline > 0)
			doctor_say(d, DOCTOR_PROBLEM, "store-primaries",
			    "what only the older one has is lost, and who is "
			    "told of no other reads there what is not so any "
			    "more", doctor_text(d, "stop the server of %s at "
			    "once; pg_rewind makes it a replica again",
			    host[i].name), "the store has two primaries: %s "
			    "(timeline %lld), in whose place is %s (timeline "
			    "%lld)", host[i].name, (long long)host[i].timeline,
			    host[best].name, (long long)host[best].timeline);
		else if (host[i].timeline == -1)
			doctor_say(d, DOCTOR_WARNING, "store-host", "there is "
			    "one less to go on with when another one fails",
			    "start it, or take it out of database in the "
			    "settings", "host %s of the store does not answer",
			    host[i].name);
	}
}

static void
look_hosts(struct doctor *d)
{
	struct host	 host[HOSTS];
	size_t		 n = 0, i;

	if (conninfo_count(d->cli->conf.database) > 1)
		n = ask_hosts(d, host);
	look_primaries(d, host, n);
	for (i = 0; i < n; i++)
		mem_free(&host[i].name);
}

/* ---- server ---- */

static const struct {
	const char		*name, *good;
	enum doctor_level	 level;
	const char		*check, *effect, *fix;
} settings[] = {
	{ "server_encoding", "UTF8", DOCTOR_PROBLEM, "encoding",
	    "names that are not plain ASCII are refused or garbled",
	    "pg_dump it, createdb --encoding=UTF8 --template=template0, and "
	    "restore it there" },
	{ "fsync", "on", DOCTOR_PROBLEM, "fsync",
	    "a power cut can lose or break what was issued and revoked",
	    "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();" },
	{ "full_page_writes", "on", DOCTOR_PROBLEM, "full-page-writes",
	    "a power cut can leave broken pages",
	    "ALTER SYSTEM SET full_page_writes = on; SELECT "
	    "pg_reload_conf();" },
};

static void
look_settings(struct doctor *d)
{
	struct error	 e = ERROR_INIT;
	const char	*value;
	size_t		 i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (db_doctor_setting(d->db, settings[i].name, &value,
		    d->arena, &e) == -1) {
			doctor_unknown(d, settings[i].check, &e);
			return;
		}
		doctor_looked(d);
		if (value == NULL || strcmp(value, settings[i].good) != 0)
			doctor_say(d, settings[i].level, settings[i].check,
			    settings[i].effect, settings[i].fix,
			    "the server of the store has %s = %s, not %s",
			    settings[i].name, value == NULL ? "(none)" : value,
			    settings[i].good);
	}
}

static void
look_clock(struct doctor *d)
{
	struct error	 e = ERROR_INIT;
	int64_t		 before, ms, off;

	before = clock_now(d->cli->desk.clock) * 1000;
	if (db_clock_ms(d->db, &ms, &e) == -1) {
		doctor_unknown(d, "clock", &e);
		return;
	}
	doctor_looked(d);
	/* Ours is in whole seconds. */
	off = ms - before - 500;
	if (off < -CLOCK_MS || off > CLOCK_MS)
		doctor_say(d, DOCTOR_PROBLEM, "clock", "certificates and lists "
		    "begin and end at wrong times, and orders are too old or "
		    "not yet valid", "timedatectl set-ntp true on the machine "
		    "whose clock is wrong: compare both with date -u",
		    "the clock of the store's server is %lld s %s of this "
		    "machine's", (long long)(off < 0 ? -off : off) / 1000,
		    off < 0 ? "behind that" : "ahead");
}

/* Until the disk is full, and then the server stops. */
static void
look_log(struct doctor *d)
{
	struct error	 e = ERROR_INIT;
	const char	*why;

	if (db_doctor_archiver(d->db, &why, d->arena, &e) == -1)
		doctor_unknown(d, "wal-archive", &e);
	else {
		doctor_looked(d);
		if (why != NULL)
			doctor_say(d, DOCTOR_PROBLEM, "wal-archive", "the "
			    "server keeps all of its log until its disk is "
			    "full, and a restore ends where archiving did",
			    "see the server's log and run its archive_command "
			    "by hand: SHOW archive_command; SELECT * FROM "
			    "pg_stat_archiver;", "%s", why);
	}
	error_clear(&e);
	if (db_doctor_slot(d->db, &why, d->arena, &e) == -1)
		doctor_unknown(d, "wal-slot", &e);
	else {
		doctor_looked(d);
		if (why != NULL)
			doctor_say(d, DOCTOR_WARNING, "wal-slot", "the server "
			    "keeps its log for it until the disk is full",
			    "start the replica that reads it; if there is none "
			    "any more: SELECT pg_drop_replication_slot('...');",
			    "nobody reads replication slot %s", why);
	}
}

/* ---- roles and grants, as roles.sql sets them ---- */

static void
look_privilege(struct doctor *d, const char *what, const char *table,
    const char *role)
{
	struct error	 e = ERROR_INIT;
	int		 may = db_doctor_may(d->db, role, table, what, &e);

	doctor_looked(d);
	if (may == -1)
		doctor_unknown(d, "store-grant", &e);
	else if (may == 0)
		doctor_say(d, DOCTOR_PROBLEM, "store-grant", "its program "
		    "does not start", "signet db migrate --owner "
		    "'user=postgres ...' sets all grants again",
		    "role %s may not %s %s", role, what, table);
}

static char *
word(char **p)
{
	char	*w;

	while ((w = strsep(p, " \t\n,;")) != NULL && *w == '\0')
		continue;
	return w;
}

static bool
is_word(const char *w, const char *is)
{
	return w != NULL && strcmp(w, is) == 0;
}

/* "(a, b)" behind a privilege names columns. */
static void
drop_columns(char *p)
{
	int	 depth = 0;

	for (; *p != '\0'; p++) {
		depth += *p == '(';
		depth -= *p == ')';
		if (depth > 0 || *p == ')')
			*p = ' ';
	}
}

#define WORDS	24

/* "SELECT, UPDATE ON a, b TO role": each of the tables, for each privilege. */
static void
look_grant(struct doctor *d, char *rest)
{
	char	*what[WORDS], *table[WORDS], *w;
	size_t	 n = 0, t = 0, i, k;

	drop_columns(rest);
	while ((w = word(&rest)) != NULL && !is_word(w, "ON"))
		if (n < WORDS)
			what[n++] = w;
	while ((w = word(&rest)) != NULL && !is_word(w, "TO"))
		if (t < WORDS)
			table[t++] = w;
	w = word(&rest);
	if (w == NULL || t == 0 || is_word(table[0], "ALL") ||
	    is_word(table[0], "SEQUENCE") || is_word(table[0], "FUNCTION") ||
	    is_word(table[0], "SCHEMA"))
		return;
	for (i = 0; i < n; i++)
		for (k = 0; k < t; k++)
			look_privilege(d, what[i], table[k], w);
}

/* 0 when there is such a role. */
static int
look_role(struct doctor *d, const char *role)
{
	struct error	 e = ERROR_INIT;
	int		 has = db_doctor_has_role(d->db, role, &e);

	doctor_looked(d);
	if (has == 1)
		return 0;
	if (has == -1)
		doctor_unknown(d, "store-role", &e);
	else
		doctor_say(d, DOCTOR_PROBLEM, "store-role", "its program "
		    "cannot log in", doctor_text(d, "as a superuser: CREATE "
		    "ROLE %s LOGIN; then signet db migrate", role),
		    "there is no role %s in the store", role);
	return -1;
}

static void
look_grants(struct doctor *d)
{
	const char	*path = doctor_text(d, "%s/roles.sql",
			    cli_path(d->cli, d->cli->conf.schema));
	struct error	 e = ERROR_INIT;
	struct buf	 sql = { 0 };
	char		*p, *end;

	if (file_load(&sql, path, 1u << 20, &e) == -1) {
		doctor_unknown(d, "store-grant", &e);
		return;
	}
	buf_byte(&sql, '\0');
	for (p = (char *)sql.p; (p = strstr(p, "\nGRANT ")) != NULL; p = end) {
		p += 7;
		if ((end = strchr(p, ';')) == NULL)
			break;
		*end++ = '\0';
		look_grant(d, p);
	}
	buf_clear(&sql);
}

void
doctor_store(struct doctor *d)
{
	static const char *const	 roles[] = { "signet_ca",
	    "signet_cli", "signet_ra", "signet_ocsp", "signet_crl",
	    "signet_station", "signet_audit", "signet_agent" };
	size_t				 i;
	int				 bad = 0;

	if (look_schema(d) == -1 || open_store(d) == -1)
		return;
	look_hosts(d);
	look_settings(d);
	look_clock(d);
	look_log(d);
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		bad |= look_role(d, roles[i]);
	if (bad == 0)
		look_grants(d);
}
