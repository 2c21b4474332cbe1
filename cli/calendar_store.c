/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store knows: CAs and their generations, lists, certificates of
 * officers and agents anywhere, those of holders, cards, security keys, and
 * when the last backup was made.
 */
#include "cli/calendar.h"

#include <string.h>

#include "base/text.h"
#include "cli/ca_key.h"
#include "db/db_ca.h"
#include "db/db_calendar.h"
#include "db/db_credential.h"
#include "x509/ca_name.h"

#define DAY	INT64_C(86400)
#define PAGE	1000

/* ---- CAs ---- */

static void
take_roll(struct calendar *k, const struct db_cas *all,
    const struct db_ca *ca, const char *family)
{
	const struct cli		*c = k->cli;
	const int64_t			 shortened = ca->not_after -
	    profiles_longest(&c->desk.profiles, family);
	const struct calendar_entry	 v = { .kind = "ca-roll",
	    .what = doctor_text(&k->doctor, "CA %s can issue for the full time",
	    ca->name), .key = ca->name, .from = shortened -
	    c->conf.roll_before, .at = shortened,
	    .todo = doctor_text(&k->doctor, "signet ca roll %s", family) };

	if (!ca_has_newer(all, ca, family, ca->not_after))
		calendar_add(k, &v);
}

static void
take_ca(struct calendar *k, const struct db_cas *all, const struct db_ca *ca)
{
	char			 family[CA_NAME_SIZE];
	bool			 newer;
	struct calendar_entry	 v = { .kind = ca->is_root ? "root" : "ca",
	    .what = doctor_text(&k->doctor, ca->is_root ? "the root's "
	    "certificate (%s)" : "certificate of CA %s", ca->name),
	    .key = ca->name, .at = ca->not_after };

	ca_name_split(ca->name, family);
	newer = ca_has_newer(all, ca, family, k->now);
	if (newer && ca->not_after <= k->now)
		return;
	if (!newer) {
		v.from = ca->not_after - k->cli->conf.roll_before;
		v.todo = ca->is_root ? "signet-root roll" :
		    doctor_text(&k->doctor, "signet ca roll %s", family);
	}
	calendar_add(k, &v);
	if (!ca->is_root)
		take_roll(k, all, ca, family);
}

/* A generation that another has followed, and of which no certificate is
 * valid any more, makes no lists: 1, 0, -1. */
static int
is_finished(struct calendar *k, const struct db_cas *all, const char *name,
    struct error *e)
{
	char	 family[CA_NAME_SIZE];
	int	 has;

	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].name, name) != 0)
			continue;
		ca_name_split(name, family);
		if (!ca_has_newer(all, &all->v[i], family, k->now))
			return 0;
		has = db_ca_has_certs(k->cli->desk.db, name, k->now, e);
		return has == -1 ? -1 : has == 0;
	}
	return 0;
}

/* signet-cad makes the next one by itself; it should long have done so when a
 * quarter of its time is left. */
static int
take_lists(struct calendar *k, const struct db_cas *cas, struct error *e)
{
	struct db_calendar_lists	 all;
	int				 finished;
	struct calendar_entry		 v = { .kind = "crl",
	    .todo = "signet-cad makes the next one: see its log" };

	if (db_calendar_lists(k->cli->desk.db, k->now, &all, k->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const struct db_calendar_list	*l = &all.v[i];

		if ((finished = is_finished(k, cas, l->ca, e)) == -1)
			return -1;
		if (finished == 1)
			continue;
		v.what = l->shard == 0 ? doctor_text(&k->doctor,
		    "list %lld of CA %s", (long long)l->number, l->ca) :
		    doctor_text(&k->doctor, "list %lld of CA %s, shard %lld",
		    (long long)l->number, l->ca, (long long)l->shard);
		v.key = doctor_text(&k->doctor, "%s/%lld", l->ca,
		    (long long)l->shard);
		v.at = l->next_update;
		v.from = v.at - (l->next_update - l->this_update) / 4;
		calendar_add(k, &v);
	}
	return 0;
}

static int
take_cas(struct calendar *k, struct error *e)
{
	struct db_cas	 all;

	if (db_ca_list(k->cli->desk.db, &all, k->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		take_ca(k, &all, &all.v[i]);
	return take_lists(k, &all, e);
}

/* ---- our own people and programs ---- */

static bool
is_own(const struct profile *p)
{
	for (int r = ROLE_OFFICER; r <= ROLE_CRL_AGENT; r++)
		if (profile_has_eku(p, role_oid((enum role)r)))
			return true;
	return profile_has_eku(p, profile_eku_oid("OCSPSigning"));
}

static void
find_own_profiles(struct calendar *k)
{
	const struct profiles	*all = &k->cli->desk.profiles;

	k->profile = arena_alloc(k->arena, (all->n + 1) *
	    sizeof(*k->profile));
	for (size_t i = 0; i < all->n; i++)
		if (is_own(all->v[i]))
			k->profile[k->nprofiles++] = all->v[i]->name;
}

static bool
was_told(const struct calendar *k, const char *serial)
{
	for (size_t i = 0; i < k->nserials; i++)
		if (strcmp(k->serial[i], serial) == 0)
			return true;
	return false;
}

static const char *
serial_text(struct calendar *k, const struct db_serial *s)
{
	char	*hex = arena_alloc(k->arena, 2 * s->len + 1);

	return text_hex(hex, s->p, s->len);
}

static const char *
own_todo(struct calendar *k, const struct db_calendar_cert *c)
{
	size_t	 n = strlen(c->profile);

	if ((n > 6 && strcmp(c->profile + n - 6, "-agent") == 0) ||
	    strcmp(c->profile, "ocsp-signer") == 0)
		return doctor_text(&k->doctor, "its daemon renews it; once it "
		    "has expired: signet order new --profile %s", c->profile);
	return doctor_text(&k->doctor, "signet cert renew %.12s",
	    serial_text(k, &c->serial));
}

static void
take_own(struct calendar *k, const struct db_calendar_cert *c)
{
	struct error		 ignored = ERROR_INIT;
	const struct profile	*p;
	struct calendar_entry	 v = { .kind = c->profile,
	    .what = doctor_text(&k->doctor, "%s %s (%s)", c->profile,
	    c->holder != NULL ? c->holder : "-", c->subject),
	    .key = serial_text(k, &c->serial), .at = c->not_after,
	    .todo = own_todo(k, c) };

	if (was_told(k, v.key))
		return;
	v.from = v.at - (v.at - c->not_before) / 10;
	if (profiles_find(&k->cli->desk.profiles, c->profile, &p,
	    &ignored) == 0 && p->renewal_window > 0)
		v.from = v.at - p->renewal_window;
	calendar_add(k, &v);
}

static int
take_all_own(struct calendar *k, const struct db_calendar_span *span,
    struct error *e)
{
	struct db_calendar_certs	 all;

	if (db_calendar_own(k->cli->desk.db, span, &all, k->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		take_own(k, &all.v[i]);
	return 0;
}

static int
take_credentials(struct calendar *k, struct error *e)
{
	struct db_credentials	 all;
	struct calendar_entry	 v = { .kind = "credential",
	    .todo = "bind another one: signet credential new" };
	char			 hex[2 * DB_DIGEST + 1];

	if (db_credential_list(k->cli->desk.db, NULL, false, &all, k->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		if (all.v[i].until == 0 || all.v[i].until <= k->now)
			continue;
		v.what = doctor_text(&k->doctor, "the security key of %s",
		    all.v[i].person);
		v.key = arena_strdup(k->arena, text_hex(hex, all.v[i].bind,
		    DB_DIGEST));
		v.at = all.v[i].until;
		v.from = v.at - 30 * DAY;
		calendar_add(k, &v);
	}
	return 0;
}

/* ---- holders ---- */

static void
take_weeks(struct calendar *k, const char *kind, const char *one,
    const char *many, const struct db_calendar_weeks *all)
{
	struct calendar_entry	 v = { .kind = kind, .days = 7 };
	char			 day[TEXT_TIME_SIZE], n[32];

	for (size_t i = 0; i < all->n; i++) {
		text_time(day, all->v[i].monday);
		day[strlen("2026-11-21")] = '\0';
		v.what = doctor_text(&k->doctor, "%s %s in the week from %s",
		    text_count(n, (uint64_t)all->v[i].count),
		    all->v[i].count == 1 ? one : many, day);
		v.key = arena_strdup(k->arena, day);
		v.at = all->v[i].first;
		v.count = all->v[i].count;
		calendar_add(k, &v);
	}
}

static int
take_by_week(struct calendar *k, const struct db_calendar_span *span,
    struct error *e)
{
	struct db_calendar_weeks	 all;
	struct db			*db = k->cli->desk.db;

	if (db_calendar_cert_weeks(db, span, &all, k->arena, e) == -1)
		return -1;
	take_weeks(k, "certificates", "certificate of a holder ends",
	    "certificates of holders end", &all);
	if (db_calendar_card_weeks(db, span, &all, k->arena, e) == -1)
		return -1;
	take_weeks(k, "cards", "card ends", "cards end", &all);
	return 0;
}

static int
take_each_cert(struct calendar *k, const struct db_calendar_span *span,
    struct error *e)
{
	struct db_calendar_certs	 page = { .n = PAGE };
	struct calendar_entry		 v = { .kind = "certificate" };
	int64_t				 after = 0, id = 0;

	while (page.n == PAGE) {
		if (db_calendar_certs(k->cli->desk.db, span, after, id, PAGE,
		    &page, k->arena, e) == -1)
			return -1;
		for (size_t i = 0; i < page.n; i++) {
			const struct db_calendar_cert	*c = &page.v[i];

			v.key = serial_text(k, &c->serial);
			v.what = doctor_text(&k->doctor, "%s of %s (%.8s)",
			    c->profile, c->holder != NULL ? c->holder : "-",
			    v.key);
			v.at = c->not_after;
			after = c->not_after;
			id = c->id;
			if (!was_told(k, v.key))
				calendar_add(k, &v);
		}
	}
	return 0;
}

static int
take_each_card(struct calendar *k, const struct db_calendar_span *span,
    struct error *e)
{
	struct db_calendar_cards	 page = { .n = PAGE };
	struct calendar_entry		 v = { .kind = "card", .key = "" };
	int64_t				 after = 0;

	while (page.n == PAGE) {
		if (db_calendar_cards(k->cli->desk.db, span, after, v.key,
		    PAGE, &page, k->arena, e) == -1)
			return -1;
		for (size_t i = 0; i < page.n; i++) {
			v.what = doctor_text(&k->doctor, "card %s of %s",
			    page.v[i].number, page.v[i].holder);
			v.key = page.v[i].number;
			v.at = after = page.v[i].expires;
			calendar_add(k, &v);
		}
	}
	return 0;
}

/* ---- backup ---- */

static int
take_backup(struct calendar *k, struct error *e)
{
	const int64_t		 every = k->cli->conf.backup_every;
	struct calendar_entry	 v = { .kind = "backup",
	    .what = "the next backup", .key = "backup",
	    .todo = "signet backup DIR --for FILE; is its timer running?" };
	int64_t			 at;

	if (every == 0)
		return 0;
	if (doctor_last_backup(k->cli->desk.db, &at, k->arena, e) == -1)
		return -1;
	if (at == 0)
		v.what = "the first backup";
	v.from = v.at = at == 0 ? k->now : at + every;
	calendar_add(k, &v);
	return 0;
}

int
calendar_store(struct calendar *k, struct error *e)
{
	struct db_calendar_span	 span = { .now = k->now, .until = k->until };

	find_own_profiles(k);
	span.profiles = k->profile;
	span.n = k->nprofiles;
	span.told = k->serial;
	span.ntold = k->nserials;
	if (take_cas(k, e) == -1 ||
	    take_all_own(k, &span, e) == -1 || take_credentials(k, e) == -1 ||
	    take_backup(k, e) == -1)
		return -1;
	if (!k->each)
		return take_by_week(k, &span, e);
	if (take_each_cert(k, &span, e) == -1)
		return -1;
	return take_each_card(k, &span, e);
}
