/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet explain: why something is as it is, in words, and what to do next.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cert_file.h"
#include "cli/cli.h"
#include "cli/explain_ocsp.h"
#include "cli/last_crl.h"
#include "cli/profile_view.h"
#include "db/db_crl.h"
#include "desk/review.h"
#include "desk/selector.h"
#include "desk/target.h"
#include "x509/cert.h"

/* ---- profile ---- */

static int
explain_profile(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	const struct profile	*p;
	char *const		*name;

	cli_begin(c, a);
	if (cli_open_profiles(c, e) == -1)
		return -1;
	if (cmd_operands(a, &name) == 0) {
		profile_view_list(c);
		return 0;
	}
	if (profiles_find(&c->desk.profiles, name[0], &p, e) == -1)
		return -1;
	profile_view(c, p);
	return 0;
}

#define ORDER_ITEMS	20

/* ---- order ---- */

static const struct {
	const char	*state;
	const char	*words;
} order_states[] = {
	{ "pending", "It waits for approval." },
	{ "ready", "It is approved and waits for the CA." },
	{ "done", "The CA has carried it out." },
	{ "rejected", "An officer rejected it; it can never be used." },
	{ "expired", "It was not approved in time; it can never be used." },
	{ "refused", "The CA refused it." },
};

static const char *
order_words(const struct review *r)
{
	const char	*state = r->row.state;
	size_t		 i;

	if (strcmp(state, "ready") == 0 && r->row.waiting_items > 0 &&
	    r->row.waiting_items == r->row.open_items)
		return "It is approved and waits for its request.";
	for (i = 0; i < sizeof(order_states) / sizeof(order_states[0]); i++)
		if (strcmp(order_states[i].state, state) == 0)
			return order_states[i].words;
	return "Its state is unknown to this program.";
}

static const char *
order_next(struct cli *c, const struct review *r)
{
	const char	*state = r->row.state;
	char		 id[REVIEW_SHORT + 1];

	review_short_id(id, r->row.id);
	if (r->row.expires_at < clock_now(c->desk.clock) &&
	    review_is_open(r))
		return "hand in a new order: this one has run out of time";
	if (strcmp(state, "pending") == 0 && !r->complete)
		return arena_printf(c->desk.arena,
		    "another officer runs: signet "
		    "order approve %s", id);
	if (review_is_open(r) && r->row.waiting_items > 0)
		return r->approved->order->has_code ?
		    arena_printf(c->desk.arena, "the holder of the code brings "
		    "the request: signet order redeem %s --csr FILE", id) :
		    "the station brings the missing requests";
	if (review_is_open(r))
		return "start signet-cad, or look into its log";
	if (strcmp(state, "done") == 0)
		return arena_printf(c->desk.arena, "signet order show %s", id);
	return "hand in a new order if it is still wanted";
}

static void
put_approvers(struct out_record *out, const struct review *r)
{
	char	*line, at[TEXT_TIME_SIZE];
	size_t	 i;

	for (i = 0; i < r->approved->n; i++) {
		const struct approver	*by = &r->approved->by[i];

		line = mem_printf("%s %s on %s%s", role_name(by->role),
		    by->person, text_time(at, by->signed_at),
		    by->bind != NULL ? ", in the browser" : "");
		out_put(out, NULL, "Approved by", line);
		mem_free(&line);
	}
}

static int
explain_order(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*out;
	struct review		 r = { 0 };
	struct buf		 order = { 0 }, approvals = { 0 };
	char *const		*id;
	char			*rules;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &id);
	if (review_load(&c->desk, id[0], &r, e) == -1 ||
	    review_judge(&c->desk, &r, e) == -1 ||
	    review_describe(&c->desk, &r, &approvals, e) == -1)
		goto out;
	out = out_record_new(stdout, c->json);
	rules = review_rules_text(&r);
	out_put_hex(out, "id", "Order", r.row.id, DB_ORDER_ID);
	out_put(out, "summary", "About", r.row.summary);
	out_put(out, "state", "State", r.row.state);
	out_put(out, "words", "", order_words(&r));
	out_put(out, "reason", "Reason", r.row.reason);
	out_put(out, "needs", "Needs approval by", rules);
	out_put(out, "missing", "Missing", r.complete ||
	    !review_is_open(&r) ? NULL : r.missing.text);
	out_put_time(out, "expires_at", "Good until", r.row.expires_at);
	out_put(out, "next", "Next", order_next(c, &r));
	/* What was signed, word for word as the officers' pages show it. */
	order_describe(&order, r.approved->order, ORDER_ITEMS);
	out_put(out, "order", NULL, buf_cstr(&order));
	out_put_text(out, buf_cstr(&order));
	out_put(out, "approvals", NULL, buf_cstr(&approvals));
	out_put_text(out, buf_cstr(&approvals));
	out_record_free(&out);
	mem_free(&rules);
	rc = 0;
 out:
	buf_clear(&order);
	buf_clear(&approvals);
	review_clear(&r);
	return rc;
}

/* ---- certificate ---- */

static const char *
cert_words(struct cli *c, const struct db_cert *x)
{
	int64_t	now = clock_now(c->desk.clock);
	char	at[TEXT_TIME_SIZE];

	if (strcmp(x->status, "revoked") == 0)
		return arena_printf(c->desk.arena,
		    "It was revoked on %s (%s) and "
		    "stays revoked.", text_time(at, x->revoked_at),
		    selector_reason_name(x->reason));
	if (strcmp(x->status, "held") == 0)
		return arena_printf(c->desk.arena,
		    "It is on hold since %s and is "
		    "not to be trusted meanwhile.",
		    text_time(at, x->revoked_at));
	if (now < x->not_before)
		return "It is not valid yet.";
	if (now > x->not_after)
		return arena_printf(c->desk.arena, "It expired on %s.",
		    text_time(at, x->not_after));
	return "It is valid.";
}

static const char *
cert_next(struct cli *c, const struct db_cert *x)
{
	int64_t			 now = clock_now(c->desk.clock);
	const struct profile	*p;
	struct error		 ignored = ERROR_INIT;
	char			 hex[43];

	text_hex(hex, x->serial.p, x->serial.len);
	if (strcmp(x->status, "held") == 0)
		return arena_printf(c->desk.arena, "signet cert release %s, or "
		    "signet cert revoke %s", hex, hex);
	if (strcmp(x->status, "revoked") == 0 || now > x->not_after)
		return arena_printf(c->desk.arena,
		    "order a new one: signet order "
		    "new -p %s ...", x->profile);
	if (profiles_find(&c->desk.profiles, x->profile, &p, &ignored) == 0 &&
	    now > x->not_after - p->renewal_window)
		return arena_printf(c->desk.arena,
		    "it can be renewed now: signet "
		    "cert renew %s --csr FILE", hex);
	return "nothing";
}

/* What a program that checks the latest list would find. */
static int
put_crl(struct cli *c, struct out_record *r, const struct db_cert *x,
    struct error *e)
{
	int64_t	 number;
	int	 on;

	on = last_crl_find(c, x->ca, BYTES(x->serial.p, x->serial.len), NULL,
	    &number, e);
	if (on == -1)
		return -1;
	if (number == 0) {
		out_put(r, NULL, "CRL", "the CA has made none yet");
		return 0;
	}
	out_put_bool(r, "on_crl", "On the latest CRL", on == 1);
	out_put_num(r, "crl_number", "  number", number);
	if (on == 0 && strcmp(x->status, "good") != 0)
		out_put(r, NULL, "", "the next list will have it");
	return 0;
}

static int
put_order(struct cli *c, struct out_record *out, const struct db_cert *x,
    struct error *e)
{
	struct review	r = { 0 };
	char		id[REVIEW_SHORT + 1];
	int		rc = -1;

	out_put(out, "order", "Made by order", review_short_id(id,
	    x->ref.order_id));
	if (review_load_id(&c->desk, x->ref.order_id, &r, e) == 0) {
		put_approvers(out, &r);
		out_put(out, "evidence", "Evidence",
		    r.approved->order->comment);
		rc = 0;
	}
	review_clear(&r);
	return rc;
}

/* Its number and its key stay known; what it said is in the archive. */
static void
put_archived(struct cli *c, const struct db_archived *x)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	const char		*words;
	char			 end[TEXT_TIME_SIZE], at[TEXT_TIME_SIZE];

	text_time(end, x->not_after);
	words = strcmp(x->status, "revoked") == 0 ? arena_printf(c->desk.arena,
	    "It was revoked on %s (%s), expired on %s and was archived.",
	    text_time(at, x->revoked_at), selector_reason_name(x->reason),
	    end) : arena_printf(c->desk.arena,
	    "It expired on %s and was archived.", end);
	out_put_hex(r, "serial", "Certificate", x->serial.p, x->serial.len);
	out_put(r, "ca", "Signed by CA", x->ca);
	out_put(r, "status", "Status", x->status);
	out_put(r, "words", "", words);
	out_put_time(r, "not_after", "Valid until", x->not_after);
	out_put_hex(r, "order", "Made by order", x->ref.order_id,
	    DB_ORDER_ID);
	out_put(r, "archive", "Archive", x->archive);
	out_put_hex(r, "archive_digest", "  its SHA-256", x->digest,
	    DB_DIGEST);
	out_put(r, "next", "Next", "read certs.pem and orders.pem in the "
	    "archive; \"signet archive verify\" proves that it is this one");
	out_record_free(&r);
}

static int
explain_cert(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*r;
	struct db_archived	 gone;
	struct db_cert		 x;
	X509			*cert = NULL;
	char *const		*serial;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &serial);
	if (target_find_archived(&c->desk, serial[0], &gone, e) == 1) {
		put_archived(c, &gone);
		return 0;
	}
	error_clear(e);
	if (target_find(&c->desk, serial[0], &x, e) == -1 ||
	    cli_open_trust(c, e) == -1 || cli_open_profiles(c, e) == -1 ||
	    cert_file_parse(c, &x, &cert, e) == -1)
		return -1;
	X509_free(cert);
	r = out_record_new(stdout, c->json);
	out_put_hex(r, "serial", "Certificate", x.serial.p, x.serial.len);
	out_put(r, "subject", "Of", x.subject);
	out_put(r, "ca", "Signed by CA", x.ca);
	out_put(r, "status", "Status", x.status);
	out_put(r, "words", "", cert_words(c, &x));
	out_put_time(r, "not_after", "Valid until", x.not_after);
	if (put_crl(c, r, &x, e) == 0 && put_order(c, r, &x, e) == 0)
		rc = 0;
	out_put(r, "next", "Next", cert_next(c, &x));
	out_record_free(&r);
	return rc;
}

/* ---- list ---- */

/* "6 days": nobody wants to know the seconds. */
static const char *
about(struct cli *c, int64_t seconds)
{
	static const struct {
		int64_t		 seconds;
		const char	*name;
	} units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" },
	};
	size_t		 i = 0;
	int64_t		 n;

	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	n = seconds / units[i].seconds;
	return arena_printf(c->desk.arena, "%lld %s%s", (long long)n,
	    units[i].name, n == 1 ? "" : "s");
}

static const char *
crl_words(struct cli *c, const struct db_crl *row)
{
	int64_t	now = clock_now(c->desk.clock);

	if (now > row->next_update)
		return arena_printf(c->desk.arena,
		    "It ran out %s ago: programs "
		    "refuse it, and with it every certificate of the CA.",
		    about(c, now - row->next_update));
	return arena_printf(c->desk.arena, "It is good for another %s.",
	    about(c, row->next_update - now));
}

static int
explain_crl(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*r;
	struct db_crl		 row;
	char *const		*ca;
	int			 found;

	cli_begin(c, a);
	cmd_operands(a, &ca);
	if (cli_open_db(c, e) == -1)
		return -1;
	if ((found = db_crl_find(c->desk.db, ca[0], 0, DB_CRL_COMPLETE, 0, &row,
	    c->desk.arena, e)) == -1)
		return -1;
	r = out_record_new(stdout, c->json);
	out_put(r, "ca", "CA", ca[0]);
	if (found == 0) {
		out_put(r, "words", "", "It has no revocation list.  One "
		    "exists from the CA's first minute: signet-cad has not "
		    "run with this CA, or the name is wrong.");
		out_put(r, "next", "Next", "signet ca list; then start "
		    "signet-cad, or look into its log");
	} else {
		out_put_num(r, "number", "Number", row.number);
		out_put(r, "words", "", crl_words(c, &row));
		out_put_time(r, "this_update", "Made", row.this_update);
		out_put_time(r, "next_update", "Good until",
		    row.next_update);
		out_put_num(r, "entries", "Entries", row.entries);
		out_put(r, "next", "Next", clock_now(c->desk.clock) >
		    row.next_update ? "start signet-cad, or look into its "
		    "log" : "nothing");
	}
	out_record_free(&r);
	return 0;
}

const struct cmd CLI_EXPLAIN[] = {
	{ "explain cert", "SERIAL", "say why a certificate is as it is", NULL,
	    "signet explain cert 4f2a91\n", NULL, 1, 1, explain_cert },
	{ "explain order", "ID", "say what an order waits for", NULL,
	    "signet explain order 5f2c\n", NULL, 1, 1, explain_order },
	{ "explain crl", "CA", "say how a CA's revocation list stands", NULL,
	    NULL, NULL, 1, 1, explain_crl },
	{ "explain ocsp", "REQUEST",
	    "say what an OCSP request asks, and why it is answered so",
	    "REQUEST is a file (DER, PEM or base 64; \"-\" is standard"
	    " input), base 64 itself, or the URL or path of a GET.",
	    "signet explain ocsp request.der\n"
	    "signet explain ocsp http://ocsp.example.org/MEUwQzBBMD8wPTAJ...\n",
	    NULL, 1, 1, explain_ocsp },
	{ "explain profile", "[NAME]",
	    "list the profiles, or say what one asks for", NULL,
	    "signet explain profile\nsignet explain profile mail-sign\n",
	    NULL, 0, 1, explain_profile },
	CMD_END
};
