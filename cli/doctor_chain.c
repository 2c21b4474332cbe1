/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store says of the work: the audit chain, the lists, whether the CA
 * is at work, and how far the replica is behind.
 */
#include "cli/doctor.h"

#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_calendar.h"
#include "db/db_crl.h"
#include "db/db_doctor.h"
#include "db/db_ocsp.h"
#include "os/file.h"

#define ENTRIES		1000	/* looked at: the last ones */
#define SILENT_MS	60000
#define LAG_MS		10000	/* max_lag, unless it is set */

static void
broken(struct doctor *d, int64_t seq)
{
	doctor_say(d, DOCTOR_PROBLEM, "audit-chain", "signet-cad stops, and "
	    "what happened cannot be proven", "find out who changed it before "
	    "anything else: signet audit export DIR; signet audit verify DIR; "
	    "then restore the store from a backup",
	    "entry %lld of the audit chain does not continue the one before "
	    "it", (long long)seq);
}

static void
look_audit(struct doctor *d)
{
	struct db_audit_entries	 all;
	struct audit_head	 head = { 0 };
	struct error		 e = ERROR_INIT;
	int64_t			 seq, from;
	uint8_t			 hash[DB_DIGEST];
	size_t			 i;

	if (db_audit_head(d->db, &seq, hash, &e) == -1) {
		doctor_unknown(d, "audit-chain", &e);
		return;
	}
	doctor_looked(d);
	from = seq > ENTRIES ? seq - ENTRIES - 1 : 0;
	if (db_audit_list(d->db, from, ENTRIES + 2, &all, d->arena,
	    &e) == -1) {
		doctor_unknown(d, "audit-chain", &e);
		return;
	}
	for (i = 0; i < all.n; i++) {
		if (i == 0 && from > 0) {
			head.seq = all.v[0].seq;
			memcpy(head.hash, all.v[0].hash, sizeof(head.hash));
			continue;
		}
		audit_advance(&head, all.v[i].body);
		if (head.seq != all.v[i].seq || memcmp(head.hash,
		    all.v[i].hash, sizeof(head.hash)) != 0) {
			broken(d, all.v[i].seq);
			return;
		}
	}
	if (head.seq < seq || (head.seq == seq && memcmp(head.hash, hash,
	    sizeof(head.hash)) != 0))
		broken(d, seq);
}

static void
look_list(struct doctor *d, const char *ca)
{
	struct error	 e = ERROR_INIT;
	struct db_crl	 crl;
	int64_t		 left, life;
	char		 t[TEXT_TIME_SIZE];
	int		 found;

	found = db_crl_find(d->db, ca, 0, DB_CRL_COMPLETE, 0, &crl, d->arena,
	    &e);
	doctor_looked(d);
	if (found == -1) {
		doctor_unknown(d, "crl-expired", &e);
		return;
	}
	if (found == 0) {
		doctor_say(d, DOCTOR_WARNING, "crl-missing", "clients that "
		    "check certificates refuse them", "start signet-cad",
		    "CA %s has made no list yet", ca);
		return;
	}
	left = crl.next_update - d->now;
	life = crl.next_update - crl.this_update;
	text_time(t, crl.next_update);
	if (left <= 0)
		doctor_say(d, DOCTOR_PROBLEM, "crl-expired", "clients that "
		    "check certificates refuse all of this CA", "see why "
		    "signet-cad makes none: its log, and signet ca list",
		    "the list of CA %s has expired: %s", ca, t);
	else if (left < life / 4)
		doctor_say(d, DOCTOR_WARNING, "crl-expiring", "when it has "
		    "expired clients refuse all certificates of this CA",
		    "see why signet-cad makes none: its log",
		    "the list of CA %s expires soon: %s", ca, t);
}

static void
look_lists(struct doctor *d)
{
	struct db_cas	 all;
	struct error	 e = ERROR_INIT;
	size_t		 i;

	if (db_ca_list(d->db, &all, d->arena, &e) == -1) {
		doctor_unknown(d, "crl-expired", &e);
		return;
	}
	for (i = 0; i < all.n; i++)
		if (!all.v[i].is_root)
			look_list(d, all.v[i].name);
}

/* A store that has certificates, and a CA that does not know them. */
static void
look_ledger(struct doctor *d)
{
	const char	*state = doctor_get(doctor_daemon(d, "cad"), "state");
	struct error	 e = ERROR_INIT;

	if (state == NULL || !file_exists(state))
		return;
	doctor_looked(d);
	if (file_exists(doctor_text(d, "%s/ledger", state)) ||
	    db_doctor_has_certs(d->db, &e) != 1)
		return;
	doctor_say(d, DOCTOR_PROBLEM, "ledger-missing", "signet-cad could "
	    "take an order a second time, and forget who is revoked",
	    doctor_text(d, "do not start signet-cad; bring %s/ledger back "
	    "from a backup", state), "%s has no ledger, though certificates "
	    "were issued", state);
}

/* ---- backups ---- */

int
doctor_last_backup(struct db *db, int64_t *at, struct arena *a,
    struct error *e)
{
	struct bytes	 body;
	struct buf	 text = { 0 };
	int		 rc;

	*at = 0;
	rc = db_calendar_backup(db, &body, a, e);
	if (rc == 1 && (rc = audit_find(body, "at", &text, e)) == 1)
		rc = text_parse_time(at, buf_cstr(&text), e);
	buf_clear(&text);
	return rc == -1 ? -1 : 0;
}

static void
look_backup(struct doctor *d)
{
	const int64_t	 every = d->cli->conf.backup_every;
	struct error	 e = ERROR_INIT;
	char		 t[TEXT_TIME_SIZE], span[32];
	int64_t		 at;

	if (every == 0)
		return;
	if (doctor_last_backup(d->db, &at, d->arena, &e) == -1) {
		doctor_unknown(d, "backup-old", &e);
		return;
	}
	doctor_looked(d);
	if (at + every > d->now)
		return;
	doctor_say(d, DOCTOR_WARNING, "backup-old", "what has happened since "
	    "is lost with this machine", "signet backup DIR --for FILE; if "
	    "its timer does it: systemctl status signet-backup.timer "
	    "signet-backup.service", at == 0 ? "no backup was ever made" :
	    "the last backup is of %s, and one is due every %s",
	    text_time(t, at), text_duration(span, every));
}

/* ---- the responder's store, which may be a replica ---- */

static int
feed_of(const char *conninfo, struct db_ocsp_feed *feed, struct error *e)
{
	static const uint8_t			 zero[DB_DIGEST];
	static const struct db_table *const	 tables[] = { &DB_OCSP };
	struct db				*db = NULL;
	int					 rc;

	rc = db_open(&db, conninfo, "signet doctor", tables, 1, e);
	if (rc == 0)
		rc = db_ocsp_feed(db, 0, zero, feed, e);
	db_close(&db);
	return rc;
}

static int64_t
max_lag(const struct doctor_daemon *m)
{
	struct error	 e = ERROR_INIT;
	const char	*text = doctor_get(m, "max_lag");
	int64_t		 s;

	return text != NULL && text_parse_duration(&s, text, &e) == 0 ?
	    s * 1000 : LAG_MS;
}

static void
look_replica(struct doctor *d)
{
	const struct doctor_daemon	*m = doctor_daemon(d, "ocspd");
	struct db_ocsp_feed		 feed;
	struct error			 e = ERROR_INIT;

	if (doctor_get(m, "database") == NULL)
		return;
	if (feed_of(doctor_get(m, "database"), &feed, &e) == -1) {
		doctor_unknown(d, "replica-lag", &e);
		return;
	}
	doctor_looked(d);
	if (feed.is_replica && feed.heartbeat_ms > max_lag(m))
		doctor_say(d, DOCTOR_PROBLEM, "replica-lag", "signet-ocspd "
		    "signs no answers until it has caught up", "on the "
		    "replica: SELECT * FROM pg_stat_wal_receiver; SELECT "
		    "pg_wal_replay_resume();", "the replica that signet-ocspd "
		    "reads is %lld s behind, or nothing writes to the primary",
		    (long long)feed.heartbeat_ms / 1000);
	else if (!feed.is_replica && feed.heartbeat_ms > SILENT_MS)
		doctor_say(d, DOCTOR_WARNING, "cad-silent", "orders wait, and "
		    "no lists are made", "start signet-cad",
		    "signet-cad has not been at work for %lld s",
		    (long long)feed.heartbeat_ms / 1000);
}

void
doctor_chain(struct doctor *d)
{
	if (d->db == NULL)
		return;
	look_audit(d);
	look_lists(d);
	look_ledger(d);
	doctor_lost(d);
	look_backup(d);
	look_replica(d);
}
