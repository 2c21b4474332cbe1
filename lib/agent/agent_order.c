/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders: made and approved by the agent's key, kept on disk, handed in as
 * often as it takes.
 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "agent/agent_private.h"
#include "audit/chain.h"
#include "db/db_agent.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_order.h"
#include "order/approval.h"
#include "os/fault.h"
#include "x509/ca_name.h"
#include "x509/cert.h"
#include "x509/csr.h"

#define LIFETIME	86400	/* of an order; ocsp-signer's profile has it */
#define NAME_MAX_	64	/* characters of a common name */

/* ---- making one ---- */

/* The token's URI with an object of its own for each CA. */
static char *
object_uri(const struct agent *a, const struct task *t)
{
	const char	*uri = a->conf->signer_uri, *query;
	char		*named, *full;

	if (strstr(uri, "object=") != NULL || strstr(uri, "id=") != NULL)
		named = mem_strdup(uri);
	else {
		query = strchr(uri, '?');
		named = mem_printf("%.*s;object=ocsp-%s%s", query != NULL ?
		    (int)(query - uri) : (int)strlen(uri), uri, t->ca->name,
		    query != NULL ? query : "");
	}
	full = key_uri(named, a->conf->pkcs11_module);
	mem_free(&named);
	return full;
}

static int
signer_key(struct agent *a, const struct task *t, struct pending *p,
    struct error *e)
{
	if (a->conf->signer_uri == NULL)
		return key_generate(&p->key, a->conf->signer_key, e);
	/* A key that is in a token stays, and is certified again. */
	p->uri = object_uri(a, t);
	return place_token_key(&a->signer_secret, p->uri,
	    a->conf->signer_key, &p->key, e);
}

/* The same kind as it was; one in a token stays. */
static int
agent_key(const struct task *t, struct pending *p, struct error *e)
{
	char	 alg[16];

	if (t->place.uri == NULL)
		return key_generate(&p->key, key_algorithm(t->now.key, alg),
		    e);
	p->uri = mem_strdup(t->place.uri);
	if (EVP_PKEY_up_ref(t->now.key) != 1)
		return error_set(e, ERROR_NOMEM, "no memory");
	p->key = t->now.key;
	return 0;
}

/* A value of a certificate's subject, as text; NULL if there is none. */
static char *
subject_value(X509 *cert, int nid)
{
	X509_NAME	*name = X509_get_subject_name(cert);
	int		 at = X509_NAME_get_index_by_NID(name, nid, -1);
	unsigned char	*utf8 = NULL;
	char		*text;
	int		 len;

	if (at == -1 || (len = ASN1_STRING_to_UTF8(&utf8,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)))) < 0)
		return NULL;
	text = mem_printf("%.*s", len, (const char *)utf8);
	OPENSSL_free(utf8);
	return text;
}

static void
add_from(struct fields *f, const char *field, X509 *cert, int nid)
{
	char	*value = subject_value(cert, nid);

	if (value != NULL)
		fields_add(f, field, value);
	mem_free(&value);
}

static void
signer_name(struct fields *f, const struct agent_ca *ca)
{
	char	*cn = subject_value(ca->cert, NID_commonName);
	char	*name = mem_printf("%s OCSP", cn != NULL ? cn : ca->name);

	if (name_characters(name) > NAME_MAX_) {
		mem_free(&name);
		name = mem_printf("OCSP of CA %.50s", ca->name);
	}
	fields_add(f, "name", name);
	mem_free(&name);
	mem_free(&cn);
}

static void
fill_signer(const struct agent *a, const struct task *t, struct order *o)
{
	o->ca = mem_strdup(t->ca->name);
	o->profile = mem_strdup("ocsp-signer");
	o->holder = mem_strdup(a->person);
	add_from(&o->fields, "org", a->task[0].now.cert,
	    NID_organizationName);
	signer_name(&o->fields, t->ca);
}

/* All names for which it stands are those of the old one. */
static int
add_dns_names(struct fields *f, X509 *cert, struct error *e)
{
	GENERAL_NAMES		*names;
	void			*found;
	const GENERAL_NAME	*one;
	char			*text;
	int			 i;

	if (cert_find_ext(&found, cert, NID_subject_alt_name, e) == -1)
		return -1;
	names = found;
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		one = sk_GENERAL_NAME_value(names, i);
		if (one->type != GEN_DNS)
			continue;
		text = mem_printf("%.*s",
		    ASN1_STRING_length(one->d.dNSName),
		    (const char *)ASN1_STRING_get0_data(one->d.dNSName));
		fields_add(f, "dns", text);
		mem_free(&text);
	}
	GENERAL_NAMES_free(names);
	return 0;
}

/* A server's certificate does not name its holder; the store knows. */
static int
server_holder(struct agent *a, const struct task *t, struct order *o,
    const struct cert_info *info, struct error *e)
{
	const char	*holder;
	unsigned char	*der = NULL;
	int		 len, found = -1;

	if ((len = i2d_X509(t->now.cert, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "certificate");
	if (agent_open(a, e) == 0)
		found = db_agent_holder(a->db, BYTES(info->serial,
		    info->serial_len), BYTES(der, (size_t)len), &holder,
		    a->arena, e);
	OPENSSL_free(der);
	if (found == 1)
		o->holder = mem_strdup(holder);
	else if (found == 0) {
		error_set(e, ERROR_CONFIG, "%s is not of this store's CAs",
		    t->place.cert);
		error_hint(e, "renew it where it came from");
	}
	return found == 1 ? 0 : -1;
}

static int
fill_renewal(struct agent *a, const struct task *t, struct order *o,
    struct error *e)
{
	struct cert_info	 info;

	if (cert_info(&info, t->now.cert, e) == -1)
		return -1;
	o->ca = mem_strdup(a->conf->officers_ca);
	o->profile = mem_strdup(t->server ? a->conf->server_profile :
	    role_name(a->role));
	o->is_renewal = true;
	memcpy(o->renews, info.serial, info.serial_len);
	o->renews_len = info.serial_len;
	if (t->server && server_holder(a, t, o, &info, e) == -1) {
		cert_info_clear(&info);
		return -1;
	}
	cert_info_clear(&info);
	if (t->server)
		return add_dns_names(&o->fields, t->now.cert, e);
	o->holder = mem_strdup(a->person);
	add_from(&o->fields, "org", t->now.cert, NID_organizationName);
	add_from(&o->fields, "id", t->now.cert, NID_serialNumber);
	add_from(&o->fields, "name", t->now.cert, NID_commonName);
	return 0;
}

/* The order with our signature: as an agent, or as who holds the old key. */
static int
approve(const struct agent *a, const struct order *o, struct buf *out,
    struct error *e)
{
	struct buf	 blob = { 0 };
	int		 rc = -1;

	if (approval_wrap(&blob, o, e) == 0)
		rc = approval_add(out, BYTES(blob.p, blob.len),
		    &a->task[0].now, a->clock, e);
	buf_clear(&blob);
	return rc;
}

/* What it is for: a person's or daemon's name, or a server's first one. */
static const char *
order_name(const struct order *o)
{
	const char	*name = fields_get(&o->fields, "name", 0);

	return name != NULL ? name : fields_get(&o->fields, "dns", 0);
}

int
agent_order_new(struct agent *a, const struct task *t, struct pending *p,
    struct error *e)
{
	struct order	*o = NULL;
	struct csr	*csr = NULL;
	int		 rc = -1;

	memset(p, 0, sizeof(*p));
	if ((t->ca != NULL ? signer_key(a, t, p, e) : agent_key(t, p,
	    e)) == -1 || order_new(&o, ORDER_ISSUE, LIFETIME, a->clock, a->rng,
	    e) == -1)
		goto out;
	if (t->ca != NULL)
		fill_signer(a, t, o);
	else if (fill_renewal(a, t, o, e) == -1)
		goto out;
	o->comment = mem_printf("by %s", a->conf->program);
	if (csr_make(&p->csr, p->key, order_name(o), e) == -1 ||
	    csr_parse(&csr, BYTES(p->csr.p, p->csr.len), e) == -1)
		goto out;
	o->has_request = true;
	memcpy(o->request, csr->digest, ORDER_DIGEST);
	rc = approve(a, o, &p->order, e);
 out:
	csr_free(&csr);
	order_free(&o);
	if (rc == -1)
		pending_clear(p);
	return rc;
}

/* ---- handing it in ---- */

struct hand_in {
	const struct approved	*approved;
	const struct pending	*pending;
	const struct agent	*agent;
};

static int
add_order(const struct hand_in *h, struct db *db, struct error *e)
{
	const struct order	*o = h->approved->order;
	char			*summary = mem_printf("%s for %s: %s",
				    o->profile, o->holder,
				    order_name(o));
	struct db_order		 row = { .kind = "issue", .state = "ready",
				    .ca = o->ca, .profile = o->profile,
				    .holder = o->holder, .summary = summary,
				    .approvals = (int)h->approved->n,
				    .items = 1, .open_items = 1,
				    .created_at = o->created,
				    .expires_at = o->expires };
	int			 added;

	memcpy(row.id, o->id, sizeof(row.id));
	memcpy(row.digest, h->approved->digest, sizeof(row.digest));
	added = db_order_add(db, &row, BYTES(h->pending->order.p,
	    h->pending->order.len), e);
	mem_free(&summary);
	return added;
}

static int
add_entries(const struct hand_in *h, struct db *db, struct error *e)
{
	const struct approved	*a = h->approved;
	int64_t			 now = clock_now(h->agent->clock);
	struct buf		 b[2] = { { 0 }, { 0 } };
	struct bytes		 body[2];
	int			 i, rc;

	audit_begin(&b[0], "order-new", now);
	audit_begin(&b[1], "order-approve", now);
	for (i = 0; i < 2; i++) {
		audit_hex(&b[i], "order", a->digest, sizeof(a->digest));
		audit_hex(&b[i], "id", a->order->id, ORDER_ID_SIZE);
	}
	audit_str(&b[0], "kind", "issue");
	audit_str(&b[0], "profile", a->order->profile);
	audit_str(&b[0], "ca", a->order->ca);
	audit_str(&b[0], "holder", a->order->holder);
	audit_str(&b[0], "by", h->agent->conf->program);
	audit_str(&b[1], "person", a->order->is_renewal ? a->order->holder :
	    h->agent->person);
	audit_str(&b[1], "role", role_name(a->order->is_renewal ?
	    ROLE_HOLDER : h->agent->role));
	audit_hex(&b[1], "cert", a->by[0].cert_digest, 32);
	for (i = 0; i < 2; i++)
		body[i] = BYTES(b[i].p, b[i].len);
	rc = db_audit_append(db, body, 2, NULL, e);
	buf_clear(&b[0]);
	buf_clear(&b[1]);
	return rc;
}

static int
hand_in(struct db *db, void *arg, struct error *e)
{
	const struct hand_in	*h = arg;
	struct db_item_new	 item = { .holder = h->approved->order->holder };
	int			 added;

	if ((added = add_order(h, db, e)) != 1)
		return added;
	memcpy(item.ref.order_id, h->approved->order->id, ORDER_ID_SIZE);
	item.request = BYTES(h->pending->csr.p, h->pending->csr.len);
	if (db_order_add_items(db, &item, 1, e) == -1 ||
	    db_notify(db, "signet_order", e) == -1)
		return -1;
	return add_entries(h, db, e);
}

/* ---- what became of it ---- */

/* The CAs of the store, as ways to a root that we know; none is trusted. */
static int
load_intermediates(struct agent *a, STACK_OF(X509) **out, struct error *e)
{
	const unsigned char	*p;
	struct db_cas		 cas;
	X509			*cert;
	size_t			 i;

	if ((*out = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory");
	if (db_ca_list(a->db, &cas, a->arena, e) == -1)
		return -1;
	for (i = 0; i < cas.n; i++) {
		p = cas.v[i].der.p;
		if (cas.v[i].is_root || (cert = d2i_X509(NULL, &p,
		    (long)cas.v[i].der.len)) == NULL)
			continue;
		if (sk_X509_push(*out, cert) <= 0)
			X509_free(cert);
	}
	ERR_clear_error();
	return 0;
}

/* The certificate, and the CA that issued it. */
static int
take_chain(struct pending *p, struct bytes der, STACK_OF(X509) *cas,
    struct error *e)
{
	const unsigned char	*at = der.p;
	X509			*cert = d2i_X509(NULL, &at, (long)der.len);
	int			 i;

	if (cert == NULL)
		return error_ssl(e, ERROR_DENIED, "the CA's certificate "
		    "cannot be read");
	if ((p->chain = sk_X509_new_null()) == NULL ||
	    sk_X509_push(p->chain, cert) <= 0) {
		X509_free(cert);
		return error_set(e, ERROR_NOMEM, "no memory");
	}
	for (i = 0; i < sk_X509_num(cas); i++) {
		X509	*ca = sk_X509_value(cas, i);

		if (X509_check_issued(ca, cert) != X509_V_OK ||
		    X509_up_ref(ca) != 1)
			continue;
		sk_X509_push(p->chain, ca);
		break;
	}
	ERR_clear_error();
	return 0;
}

static int
take_cert(struct agent *a, struct task *t, struct pending *p,
    struct bytes der, enum agent_answer *answer, struct error *why,
    struct error *e)
{
	STACK_OF(X509)	*cas = NULL;
	int		 rc = -1;

	if (load_intermediates(a, &cas, e) == -1)
		goto out;
	*answer = take_chain(p, der, cas, why) == 0 &&
	    agent_check(a, t, p, cas, why) == 0 ? AGENT_ISSUED :
	    AGENT_REFUSED;
	rc = 0;
 out:
	sk_X509_pop_free(cas, X509_free);
	return rc;
}

static int
judge(struct agent *a, struct task *t, struct pending *p,
    const struct db_agent_order *row, enum agent_answer *answer,
    struct error *why, struct error *e)
{
	char	 id[2 * ORDER_ID_SIZE + 1];

	text_hex(id, t->order, ORDER_ID_SIZE);
	if (strcmp(row->state, "done") == 0 && row->cert.p != NULL)
		return take_cert(a, t, p, row->cert, answer, why, e);
	if (strcmp(row->state, "pending") == 0 ||
	    strcmp(row->state, "ready") == 0) {
		*answer = AGENT_WAITING;
		return 0;
	}
	*answer = AGENT_REFUSED;
	error_set(why, ERROR_DENIED, "order %.8s is %s: %.300s", id,
	    row->state, row->reason != NULL ? row->reason :
	    "no reason is given");
	error_hint(why, "signet explain order %.8s", id);
	return 0;
}

int
agent_order_look(struct agent *a, struct task *t, struct pending *p,
    enum agent_answer *answer, struct error *why, struct error *e)
{
	struct db_agent_order	 row;
	struct approved		*approved = NULL;
	struct hand_in		 h = { .pending = p, .agent = a };
	int			 found, rc = -1;

	if (approval_open(&approved, BYTES(p->order.p, p->order.len), e) == -1)
		goto out;
	h.approved = approved;
	memcpy(t->order, approved->order->id, ORDER_ID_SIZE);
	if ((found = db_agent_order(a->db, t->order, &row, a->arena, e)) == -1)
		goto out;
	if (found == 1) {
		rc = judge(a, t, p, &row, answer, why, e);
		goto out;
	}
	*answer = AGENT_WAITING;
	rc = db_txn(a->db, hand_in, &h, e);
	FAULT("agent.handed-in");
 out:
	approval_free(&approved);
	return rc;
}
