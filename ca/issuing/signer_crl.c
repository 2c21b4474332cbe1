/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer on revocation lists.  A list says what the signer knows: its
 * last list and its ledger.  The store is heard, and where it differs it has
 * to prove it.
 */
#include <openssl/sha.h>

#include "os/fault.h"
#include "os/file.h"
#include "signer_private.h"
#include "base/text.h"
#include "wire.h"

#define CRL_FILE_MAX	((size_t)256 << 20)

struct crl_build {
	int64_t			 number;
	struct crl_entry	*known;		/* ours, ascending */
	size_t			 nknown;
	struct crl_entry	*extra;		/* only the store has these */
	size_t			 nextra;
	struct crl_entry	*missing;	/* only we have these */
	size_t			 nmissing;
	bool			*drop;		/* known[i] leaves the list */
	bool			 redeliver;	/* the last list never arrived */
};

void
signer_crl_drop(struct signer_ca *ca)
{
	struct crl_build	*b = ca->build;

	if (b == NULL)
		return;
	mem_free(&b->known);
	mem_free(&b->extra);
	mem_free(&b->missing);
	mem_free(&b->drop);
	mem_free(&ca->build);
}

static char *
crl_path(const struct signer *s, const struct signer_ca *ca)
{
	return mem_printf("%s/%s.crl", s->conf->state, ca->conf->name);
}

int
signer_crl_load(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct buf	 der = { 0 };
	char		*path = crl_path(s, ca);
	int		 rc = 0;

	if (file_exists(path) &&
	    (file_load(&der, path, CRL_FILE_MAX, e) == -1 ||
	    crl_parse(&ca->last, BYTES(der.p, der.len), &ca->issuer, e) == -1))
		rc = error_wrap(e, "last list of CA %s", ca->conf->name);
	/* A list that the ledger remembers must be there. */
	if (rc == 0 && ledger_crl_number(s->ledger, ca->conf->name) >
	    (ca->last != NULL ? ca->last->params.number : 0)) {
		error_set(e, ERROR_CONFIG, "%s is older than the ledger", path);
		rc = error_hint(e, "restore the state directory as a whole");
	}
	buf_clear(&der);
	mem_free(&path);
	return rc;
}

/* A newer list in the store that our key signed was made by another
 * instance: it is as good as ours. */
static void
crl_learn(struct signer *s, struct signer_ca *ca, struct bytes der)
{
	struct error	 ignored = ERROR_INIT;
	struct crl	*seen = NULL;
	char		*path;

	if (der.len == 0 ||
	    crl_parse(&seen, der, &ca->issuer, &ignored) == -1)
		return;
	if (ca->last == NULL ||
	    seen->params.number > ca->last->params.number) {
		path = crl_path(s, ca);
		if (file_store(path, der.p, der.len, 0600, &ignored) == 0) {
			crl_free(&ca->last);
			ca->last = seen;
			seen = NULL;
		}
		mem_free(&path);
	}
	crl_free(&seen);
}

static int
entry_order(const void *a, const void *b)
{
	return crl_entry_compare(a, b);
}

static void
entry_from_status(struct crl_entry *c, const struct ledger_status *st)
{
	*c = (struct crl_entry){ .serial_len = st->serial_len,
	    .revoked_at = st->at, .invalid_since = st->invalid_since,
	    .reason = st->reason > 0 ? (int8_t)st->reason : -1 };
	memcpy(c->serial, st->serial, st->serial_len);
}

/* Last list overlaid with the ledger, ascending. */
static void
build_known(struct signer *s, struct signer_ca *ca, struct crl_build *b)
{
	const struct ledger_status	*st;
	const char			*name = ca->conf->name;
	size_t				 i, pos = 0, room;

	room = ca->last != NULL ? ca->last->n : 0;
	while ((st = ledger_next_status(s->ledger, &pos)) != NULL)
		room++;
	b->known = mem_array(room + 1, sizeof(*b->known));
	for (i = 0; ca->last != NULL && i < ca->last->n; i++)
		if (ledger_find_status(s->ledger, name,
		    ca->last->v[i].serial, ca->last->v[i].serial_len) == NULL)
			b->known[b->nknown++] = ca->last->v[i];
	for (pos = 0; (st = ledger_next_status(s->ledger, &pos)) != NULL;)
		if (st->status != CERT_GOOD && strcmp(st->ca, name) == 0)
			entry_from_status(&b->known[b->nknown++], st);
	qsort(b->known, b->nknown, sizeof(*b->known), entry_order);
	b->drop = mem_array(b->nknown + 1, sizeof(*b->drop));
}

static int
store_entry(struct msg *in, struct crl_entry *c)
{
	struct bytes	 serial = msg_get_blob(in, CERT_SERIAL_SIZE);
	int64_t		 reason = msg_get_i64(in);

	*c = (struct crl_entry){ .serial_len = (uint8_t)serial.len,
	    .reason = reason > 0 && reason <= 10 ? (int8_t)reason : -1 };
	c->revoked_at = msg_get_i64(in);
	c->invalid_since = msg_get_i64(in);
	if (in->bad)
		return -1;
	memcpy(c->serial, serial.p, serial.len);
	return 0;
}

/* Walk both ascending sequences side by side. */
static int
build_compare(struct crl_build *b, struct msg *in, uint32_t n,
    struct error *e)
{
	struct crl_entry	 theirs;
	size_t			 k = 0;
	uint32_t		 i;
	int			 order;

	b->extra = mem_array(n + 1, sizeof(theirs));
	b->missing = mem_array(b->nknown + 1, sizeof(theirs));
	for (i = 0; i < n; i++) {
		if (store_entry(in, &theirs) == -1)
			return error_set(e, ERROR_BUG, "malformed entry");
		order = 1;
		while (k < b->nknown && (order = crl_entry_compare(
		    &b->known[k], &theirs)) < 0)
			b->missing[b->nmissing++] = b->known[k++];
		if (k < b->nknown && order == 0)
			k++;
		else
			b->extra[b->nextra++] = theirs;
	}
	while (k < b->nknown)
		b->missing[b->nmissing++] = b->known[k++];
	return 0;
}

static void
put_differences(struct msg *out, const struct crl_build *b)
{
	size_t	 i;

	msg_put_u32(out, (uint32_t)(b->nmissing + b->nextra));
	for (i = 0; i < b->nmissing; i++) {
		msg_put_u32(out, WIRE_DIFFERS_MISSING);
		msg_put_blob(out, b->missing[i].serial,
		    b->missing[i].serial_len);
	}
	for (i = 0; i < b->nextra; i++) {
		msg_put_u32(out, WIRE_DIFFERS_EXTRA);
		msg_put_blob(out, b->extra[i].serial, b->extra[i].serial_len);
	}
}

int
signer_crl(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;
	char			 name[65];
	struct bytes		 seen;
	int64_t			 number;
	uint32_t		 n;

	msg_get_str(in, name, sizeof(name));
	number = msg_get_i64(in);
	seen = msg_get_blob(in, CRL_FILE_MAX);
	n = msg_get_u32(in);
	if (in->bad || n > MSG_MAX / 32)
		return error_set(e, ERROR_BUG, "malformed message");
	if (signer_check_chain(s, e) == -1 ||
	    signer_find_ca(s, name, &ca, e) == -1)
		return -1;
	crl_learn(s, ca, seen);
	signer_crl_drop(ca);
	ca->build = mem_alloc(sizeof(*ca->build));
	ca->build->redeliver = ca->last != NULL &&
	    ca->last->params.number == number &&
	    ca->last->params.next_update > clock_now(s->clock);
	if (ca->last != NULL && ca->last->params.number >= number)
		number = ca->last->params.number + 1;
	ca->build->number = number;
	if (ca->build->redeliver) {
		msg_put_u32(out, 0);
		return 0;
	}
	build_known(s, ca, ca->build);
	if (build_compare(ca->build, in, n, e) == -1 || msg_done(in, e) == -1) {
		signer_crl_drop(ca);
		return -1;
	}
	put_differences(out, ca->build);
	return 0;
}

/* What the worker brings for one entry. */
struct evidence {
	struct bytes	 der, blob;
	char		 profile[65];
};

static bool
order_proves(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, const struct evidence *v, bool release,
    struct ledger_status *st)
{
	const struct ledger_status	*known;
	struct error			 ignored = ERROR_INIT;
	struct signer_proof		 p = { .ca = ca->conf->name,
	    .serial = BYTES(c->serial, c->serial_len), .cert = v->der,
	    .profile = v->profile };
	enum order_kind			 kind;
	bool				 proves = false;

	if (v->blob.len == 0 || approval_open_cached(&p.order, v->blob,
	    s->cache, &ignored) == -1)
		return false;
	known = ledger_find_status(s->ledger, ca->conf->name, c->serial,
	    c->serial_len);
	p.since = release ? c->revoked_at : known != NULL ? known->at : 0;
	kind = p.order->order->kind;
	if (release ? kind == ORDER_RELEASE :
	    kind == ORDER_REVOKE || kind == ORDER_HOLD)
		proves = signer_check_proof(s, &p, &ignored) == 0;
	if (proves)
		signer_proof_status(&p, st);
	approval_free(&p.order);
	return proves;
}

/* RFC 5280, 3.3: an entry stays for one list after its certificate expired. */
static bool
has_expired(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, struct bytes der)
{
	const unsigned char	*p = der.p;
	X509			*x = d2i_X509(NULL, &p, (long)der.len);
	struct tm		 tm;
	bool			 expired = false;

	if (x != NULL && ca->last != NULL && signer_ca_of(s, x) == ca) {
		const ASN1_INTEGER	*n = X509_get0_serialNumber(x);

		expired = (size_t)n->length == c->serial_len &&
		    memcmp(n->data, c->serial, c->serial_len) == 0 &&
		    ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1 &&
		    timegm(&tm) < ca->last->params.this_update;
	}
	X509_free(x);
	return expired;
}

static struct crl_entry *
find_known(const struct crl_build *b, const struct crl_entry *key)
{
	return bsearch(key, b->known, b->nknown, sizeof(*key), entry_order);
}

static void
entry_leaves(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, struct ledger_status *gone)
{
	gone->status = CERT_GOOD;
	gone->at = clock_now(s->clock);
	gone->serial_len = c->serial_len;
	snprintf(gone->ca, sizeof(gone->ca), "%s", ca->conf->name);
	memcpy(gone->serial, c->serial, c->serial_len);
	ledger_add_status(s->ledger, gone);
	ca->build->drop[find_known(ca->build, c) - ca->build->known] = true;
}

/* When it was is the store's word; it cannot be later than now. */
static void
entry_joins(struct signer *s, const struct crl_entry *c,
    struct ledger_status *st)
{
	int64_t	 now = clock_now(s->clock);

	st->at = c->revoked_at < now ? c->revoked_at : now;
	ledger_add_status(s->ledger, st);
}

static void
alarm_add(struct buf *alarms, uint32_t *n, const struct crl_entry *c,
    const char *what)
{
	char	 hex[2 * CERT_SERIAL_SIZE + 3];

	/* Each is a string in the message; NUL separates them here. */
	buf_printf(alarms, "%s %s", what, text_hex(hex, c->serial,
	    c->serial_len));
	buf_byte(alarms, 0);
	(*n)++;
}

/* The evidence comes in the order in which it was asked for. */
static int
weigh_evidence(struct signer *s, struct signer_ca *ca, struct msg *in,
    struct buf *alarms, uint32_t *nalarms, struct error *e)
{
	struct crl_build	*b = ca->build;
	uint32_t		 n = msg_get_u32(in);
	size_t			 i;

	if (n != b->nmissing + b->nextra)
		return error_set(e, ERROR_BUG, "evidence for %u of %zu "
		    "differences", n, b->nmissing + b->nextra);
	for (i = 0; i < n; i++) {
		bool			 missing = i < b->nmissing;
		const struct crl_entry	*c = missing ? &b->missing[i] :
		    &b->extra[i - b->nmissing];
		struct evidence		 v;
		struct ledger_status	 st = { .at = 0 };

		v.der = msg_get_blob(in, CERT_MAX);
		msg_get_str(in, v.profile, sizeof(v.profile));
		v.blob = msg_get_blob(in, 8u << 20);
		if (in->bad)
			break;
		if (missing && (has_expired(s, ca, c, v.der) ||
		    (c->reason == 6 && order_proves(s, ca, c, &v, true,
		    &st))))
			entry_leaves(s, ca, c, &st);
		else if (!missing && order_proves(s, ca, c, &v, false, &st))
			entry_joins(s, c, &st);
		else
			alarm_add(alarms, nalarms, c, missing ?
			    "the store lacks revoked certificate" :
			    "the store calls revoked without an order");
	}
	return msg_done(in, e);
}

struct walk {
	const struct crl_build	*b;
	size_t			 i;
};

static int
walk_next(void *arg, struct crl_entry *c, struct error *e)
{
	struct walk	*w = arg;

	(void)e;
	while (w->i < w->b->nknown && w->b->drop[w->i])
		w->i++;
	if (w->i == w->b->nknown)
		return 0;
	*c = w->b->known[w->i++];
	return 1;
}

static int
crl_make(struct signer *s, struct signer_ca *ca, struct buf *der,
    struct error *e)
{
	struct crl_params	 p = { .number = ca->build->number };
	struct walk		 w = { ca->build, 0 };
	struct crl		*made = NULL;
	uint8_t			 digest[32];
	char			*path = crl_path(s, ca);
	int			 rc = -1;

	p.this_update = clock_now(s->clock);
	if (ca->last != NULL && p.this_update < ca->last->params.this_update) {
		error_set(e, ERROR_CONFIG, "the clock is behind the last list");
		goto out;
	}
	p.next_update = p.this_update + ca->conf->crl_lifetime;
	if (p.next_update > ca->issuer.not_after)
		p.next_update = ca->issuer.not_after;
	if (crl_sign(der, &p, walk_next, &w, &ca->issuer, ca->key, e) == -1 ||
	    crl_parse(&made, BYTES(der->p, der->len), &ca->issuer, e) == -1)
		goto out;
	FAULT("signer.crl-signed");
	SHA256(der->p, der->len, digest);
	ledger_add_crl(s->ledger, ca->conf->name, p.number, digest);
	if (file_store(path, der->p, der->len, 0600, e) == -1 ||
	    ledger_sync(s->ledger, e) == -1)
		goto out;
	FAULT("signer.crl-stored");
	crl_free(&ca->last);
	ca->last = made;
	made = NULL;
	rc = 0;
 out:
	crl_free(&made);
	mem_free(&path);
	return rc;
}

static void
crl_reply(struct msg *out, const struct crl *crl, const struct buf *der,
    const struct buf *alarms, uint32_t nalarms)
{
	const char	*p = (const char *)alarms->p;
	uint32_t	 i;

	msg_put_i64(out, crl->params.number);
	msg_put_i64(out, crl->params.this_update);
	msg_put_i64(out, crl->params.next_update);
	msg_put_u32(out, (uint32_t)crl->n);
	msg_put_blob(out, der->p, der->len);
	msg_put_u32(out, nalarms);
	for (i = 0; i < nalarms; i++, p += strlen(p) + 1)
		msg_put_str(out, p);
}

int
signer_crl_evidence(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca = NULL;
	struct buf		 der = { 0 }, alarms = { 0 };
	uint32_t		 nalarms = 0;
	char			 name[65], *path = NULL;
	int			 rc = -1;

	msg_get_str(in, name, sizeof(name));
	if (in->bad || signer_find_ca(s, name, &ca, e) == -1)
		goto out;
	if (ca->build == NULL) {
		error_set(e, ERROR_BUG, "no list is being made");
		goto out;
	}
	if (ca->build->redeliver) {
		path = crl_path(s, ca);
		if (file_load(&der, path, CRL_FILE_MAX, e) == -1)
			goto out;
	} else if (weigh_evidence(s, ca, in, &alarms, &nalarms, e) == -1 ||
	    (ca->build->nextra > 0 && ledger_sync(s->ledger, e) == -1)) {
		goto out;
	} else {
		/* What joined is known now. */
		if (ca->build->nextra > 0) {
			int64_t	 number = ca->build->number;

			signer_crl_drop(ca);
			ca->build = mem_alloc(sizeof(*ca->build));
			ca->build->number = number;
			build_known(s, ca, ca->build);
		}
		if (crl_make(s, ca, &der, e) == -1)
			goto out;
	}
	crl_reply(out, ca->last, &der, &alarms, nalarms);
	rc = 0;
 out:
	if (in->bad && e->code == ERROR_NONE)
		error_set(e, ERROR_BUG, "malformed message");
	if (ca != NULL)
		signer_crl_drop(ca);
	mem_free(&path);
	buf_clear(&der);
	buf_clear(&alarms);
	return rc;
}
