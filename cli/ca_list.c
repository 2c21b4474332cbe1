/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet ca list, show: the CAs of the store, and what each generation does.
 *
 * What issues is decided by the settings of signet-cad, which are not read
 * here; this is what the store knows.
 */
#include <string.h>

#include "cli/ca_key.h"
#include "db/db_ca.h"
#include "db/db_crl.h"
#include "x509/ca_name.h"

struct state {
	const char		*word;
	char			 family[CA_NAME_SIZE];
	int64_t			 due;		/* of the next one; 0: it is there */
	bool			 is_due;
	struct db_ca_use	 use;
};

bool
ca_has_newer(const struct db_cas *all, const struct db_ca *ca,
    const char *family, int64_t begun_at)
{
	char	 own[CA_NAME_SIZE];
	size_t	 i;

	for (i = 0; i < all->n; i++) {
		const struct db_ca	*x = &all->v[i];

		if (x->generation <= ca->generation)
			continue;
		ca_name_split(x->name, own);
		if (strcmp(own, family) == 0 && x->starts_at <= begun_at &&
		    x->not_before <= begun_at && x->not_after >= begun_at)
			return true;
	}
	return false;
}

static const char *
state_word(const struct db_cas *all, const struct db_ca *ca,
    const struct state *s, int64_t now)
{
	if (ca->is_root)
		return now > ca->not_after ? "expired" : "root";
	if (ca_has_newer(all, ca, s->family, now))
		return s->use.certs > 0 ? "lists only" : "finished";
	if (now > ca->not_after)
		return "expired";
	return now < ca->starts_at || now < ca->not_before ? "waiting" :
	    "issuing";
}

static int
state_of(struct cli *c, const struct db_cas *all, const struct db_ca *ca,
    struct state *s, struct error *e)
{
	int64_t	 now = clock_now(c->desk.clock);

	memset(s, 0, sizeof(*s));
	ca_name_split(ca->name, s->family);
	if (!ca->is_root &&
	    db_ca_use(c->desk.db, ca->name, now, &s->use, e) == -1)
		return -1;
	s->word = state_word(all, ca, s, now);
	if (ca->is_root || ca_has_newer(all, ca, s->family, ca->not_after))
		return 0;
	s->due = ca->not_after - c->conf.roll_before -
	    profiles_longest(&c->desk.profiles, s->family);
	s->is_due = now >= s->due;
	return 0;
}

static int
load(struct cli *c, struct db_cas *all, struct error *e)
{
	if (cli_open_trust(c, e) == -1 || cli_open_profiles(c, e) == -1 ||
	    cli_open_db(c, e) == -1)
		return -1;
	return db_ca_list(c->desk.db, all, c->desk.arena, e);
}

static void
list_row(struct cli *c, struct out_list *l, const struct db_ca *ca,
    const struct state *s)
{
	const struct desk_issuer	*known;
	struct error		 ignored = ERROR_INIT;

	out_text(l, ca->name);
	out_text(l, s->word);
	out_bool(l, ca->is_root ||
	    desk_find_ca(&c->desk, ca->name, &known, &ignored) == 0);
	out_time(l, ca->not_after);
	out_time(l, s->due);
	out_text(l, ca->subject);
	out_bool(l, ca->is_root);
	out_text(l, s->family);
	out_num(l, ca->generation);
	out_bool(l, s->is_due);
	out_num(l, (ca->not_after - clock_now(c->desk.clock)) / 86400);
	out_num(l, s->use.certs);
	out_time(l, s->use.last_end);
	out_time(l, ca->starts_at);
	out_time(l, ca->not_before);
	out_hex(l, ca->key_digest, DB_DIGEST);
}

int
ca_list(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "name", "NAME", 0 },
		{ "state", "STATE", 0 },
		{ "is_trusted", "KNOWN HERE", 0 },
		{ "not_after", "EXPIRES", OUT_DAY },
		{ "roll_by", "ROLL BY", OUT_DAY },
		{ "subject", "SUBJECT", OUT_SHRINK },
		{ "is_root", NULL, OUT_JSON },
		{ "ca", NULL, OUT_JSON },
		{ "generation", NULL, OUT_JSON },
		{ "roll_due", NULL, OUT_JSON },
		{ "days_left", NULL, OUT_JSON },
		{ "valid_certs", NULL, OUT_JSON },
		{ "last_cert_ends", NULL, OUT_JSON },
		{ "starts_at", NULL, OUT_JSON },
		{ "not_before", NULL, OUT_JSON },
		{ "key_digest", NULL, OUT_JSON },
	};
	struct cli		*c = ctx;
	struct db_cas		 all;
	struct state		 s;
	struct out_list		*l;
	size_t			 i;
	int			 rc = 0;

	cli_begin(c, a);
	if (load(c, &all, e) == -1)
		return -1;
	l = out_list_new(stdout, c->json, 0, cols,
	    sizeof(cols) / sizeof(cols[0]));
	for (i = 0; i < all.n && rc == 0; i++)
		if ((rc = state_of(c, &all, &all.v[i], &s, e)) == 0)
			list_row(c, l, &all.v[i], &s);
	if (all.n == 0)
		cli_say(c, "no CA yet; next: signet ca import NAME FILE");
	out_list_free(&l);
	return rc;
}

static int
put_crl(struct cli *c, struct out_record *r, const char *name,
    struct error *e)
{
	struct db_crl	crl;
	int		found;

	found = db_crl_find(c->desk.db, name, 0, DB_CRL_COMPLETE, 0, &crl,
	    c->desk.arena, e);
	if (found != 1)
		return found;
	out_put_num(r, "crl_number", "Latest CRL", crl.number);
	out_put_num(r, "crl_entries", "  entries", crl.entries);
	out_put_time(r, "crl_next_update", "  good until", crl.next_update);
	return 0;
}

/* What the operator can do about it. */
static void
put_advice(struct out_record *r, const struct db_ca *ca,
    const struct state *s)
{
	if (strcmp(s->word, "finished") == 0)
		out_put_line(r, "Finished: no certificate of it is valid any "
		    "more.  Its entry in signet-cad.conf may go.");
	else if (strcmp(s->word, "expired") == 0 && !ca->is_root)
		out_put_line(r, "Expired: orders wait.  Next: signet ca roll "
		    "%s", s->family);
	else if (s->is_due)
		out_put_line(r, "The next generation is due: signet ca roll "
		    "%s", s->family);
}

/* The other generations of the same CA, by name and state. */
static int
put_others(struct cli *c, struct out_record *r, const struct db_cas *all,
    const struct db_ca *ca, const struct state *own, struct error *e)
{
	json_t		*list = json_array();
	struct state	 s;
	size_t		 i;
	int		 rc = 0;

	for (i = 0; i < all->n && rc == 0; i++) {
		const struct db_ca	*x = &all->v[i];

		if (x->is_root || !ca_name_is_of(x->name, own->family))
			continue;
		if ((rc = state_of(c, all, x, &s, e)) == -1)
			break;
		json_array_append_new(list, json_pack("{s:s, s:s, s:i}",
		    "name", x->name, "state", s.word, "generation",
		    x->generation));
		if (x != ca)
			out_put(r, NULL, "Generation",
			    arena_printf(c->desk.arena,
			    "%s (%s)", x->name, s.word));
	}
	out_put_json(r, "generations", list);
	return rc;
}

static int
show_ca(struct cli *c, const struct db_cas *all, const struct db_ca *ca,
    struct error *e)
{
	struct out_record	*r;
	struct state		 s;
	int			 rc = -1;

	if (state_of(c, all, ca, &s, e) == -1)
		return -1;
	r = out_record_new(stdout, c->json);
	out_put(r, "name", "Name", ca->name);
	out_put(r, "subject", "Subject", ca->subject);
	out_put_bool(r, "is_root", "Root", ca->is_root);
	out_put_num(r, "generation", "Generation", ca->generation);
	out_put(r, "state", "State", s.word);
	out_put_time(r, "starts_at", "Starts", ca->starts_at);
	out_put_time(r, "not_before", "Valid from", ca->not_before);
	out_put_time(r, "not_after", "Valid until", ca->not_after);
	out_put_num(r, "days_left", "Days left",
	    (ca->not_after - clock_now(c->desk.clock)) / 86400);
	out_put_time(r, "roll_by", "Roll by", s.due);
	out_put_bool(r, "roll_due", NULL, s.is_due);
	if (!ca->is_root) {
		out_put_num(r, "valid_certs", "Valid certs", s.use.certs);
		out_put_time(r, "last_cert_ends", "Last one ends",
		    s.use.last_end);
	}
	out_put_hex(r, "key_digest", "Key SHA-256", ca->key_digest,
	    DB_DIGEST);
	out_put_time(r, "added_at", "Added", ca->added_at);
	if (put_others(c, r, all, ca, &s, e) == 0 &&
	    put_crl(c, r, ca->name, e) == 0)
		rc = 0;
	put_advice(r, ca, &s);
	out_record_free(&r);
	return rc;
}

int
ca_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct db_cas	 all;
	char *const	*name;
	size_t		 i;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (load(c, &all, e) == -1)
		return -1;
	for (i = 0; i < all.n; i++)
		if (strcmp(all.v[i].name, name[0]) == 0)
			return show_ca(c, &all, &all.v[i], e);
	error_set(e, ERROR_NOTFOUND, "the store knows no CA \"%.64s\"",
	    name[0]);
	return error_hint(e, "see: signet ca list");
}
