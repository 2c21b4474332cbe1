/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/x509v3.h>

#include "audit/chain.h"
#include "base/base64.h"
#include "base/text.h"
#include "order/code.h"
#include "os/file.h"
#include "tests/lib/testassert.h"
#include "tests/lib/testbundle.h"
#include "x509/cert.h"
#include "x509/crl.h"
#include "x509/csr.h"

#define LIFETIME	(7 * TESTPKI_DAY)

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "testbundle: %s\n", what);
	abort();
}

static void
ok(int rc, const struct error *e)
{
	must(rc == 0, e->text);
}

static struct buf *
list_add(struct testbundle_list *l, const void *p, size_t n)
{
	must(l->n < TESTBUNDLE_MAX, "too many items");
	buf_add(&l->v[l->n], p, n);
	return &l->v[l->n++];
}

void
testbundle_remove(struct testbundle_list *l, size_t i)
{
	must(i < l->n, "nothing to remove");
	buf_clear(&l->v[i]);
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof(l->v[0]));
	l->n--;
	l->v[l->n] = (struct buf){ 0 };
}

void
testbundle_edit(struct buf *b, const char *from, const char *to)
{
	struct buf	 out = { 0 };
	const char	*text = buf_cstr(b), *at = strstr(text, from);

	must(at != NULL, "text to edit is not there");
	buf_add(&out, text, (size_t)(at - text));
	buf_str(&out, to);
	buf_str(&out, at + strlen(from));
	buf_clear(b);
	*b = out;
}

/* Entries. */

static struct buf *
entry_begin(struct testbundle *w, struct buf *body, const char *act)
{
	w->t += 10;
	w->clock = clock_fixed(w->t);
	audit_begin(body, act, w->t);
	return body;
}

static int64_t
entry_end(struct testbundle *w, struct buf *body)
{
	list_add(&w->body, body->p, body->len);
	audit_advance(&w->chain, BYTES(body->p, body->len));
	buf_clear(body);
	return w->chain.seq;
}

static void
put_time(struct buf *body, const char *key, int64_t t)
{
	char	 text[TEXT_TIME_SIZE];

	audit_str(body, key, text_time(text, t));
}

static void
put_cert(struct testbundle_list *l, X509 *cert, uint8_t digest[32])
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(cert, &der);

	must(n > 0, "i2d_X509");
	list_add(l, der, (size_t)n);
	must(EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(), NULL) == 1,
	    "digest");
	OPENSSL_free(der);
}

static void
add_ca(struct testbundle *w, const char *name, X509 *cert)
{
	struct buf	 body = { 0 };
	uint8_t		 digest[32];

	put_cert(&w->part[BUNDLE_CAS], cert, digest);
	entry_begin(w, &body, "ca-add");
	audit_str(&body, "ca", name);
	audit_hex(&body, "cert", digest, 32);
	entry_end(w, &body);
}

static void
add_head(struct testbundle *w)
{
	struct error			 e = ERROR_INIT;
	struct audit_signed_head	 h = { .head = w->chain, .at = w->t,
					    .instance = "cad1" };
	struct identity			 id = { 0 };
	struct buf			 cms = { 0 };

	testpki_identity_of(&id, &w->pki, w->agent.cert, w->agent.key);
	ok(audit_head_sign(&cms, &h, &id, &e), &e);
	list_add(&w->part[BUNDLE_HEADS], cms.p, cms.len);
	buf_clear(&cms);
	testpki_identity_clear(&id);
}

/* Orders. */

static void
approve(struct testbundle *w, struct buf *blob, EVP_PKEY *key, X509 *cert)
{
	struct error	 e = ERROR_INIT;
	struct identity	 id = { 0 };
	struct buf	 out = { 0 };

	testpki_identity_of(&id, &w->pki, cert, key);
	ok(approval_add(&out, BYTES(blob->p, blob->len), &id, &w->clock, &e),
	    &e);
	buf_clear(blob);
	*blob = out;
	testpki_identity_clear(&id);
}

static void
put_order(struct buf *body, const uint8_t digest[32], const uint8_t id[16])
{
	audit_hex(body, "order", digest, 32);
	audit_hex(body, "id", id, 16);
}

/* Hand in: the blob, its entry, its digest. */
static void
hand_in(struct testbundle *w, const struct order *o, struct buf *blob,
    uint8_t digest[32])
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 }, body = { 0 };

	ok(order_encode(&der, o, &e), &e);
	must(EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL) == 1,
	    "digest");
	buf_clear(&der);
	list_add(&w->part[BUNDLE_ORDERS], blob->p, blob->len);
	buf_clear(blob);
	entry_begin(w, &body, "order-new");
	put_order(&body, digest, o->id);
	audit_str(&body, "kind", order_kind_name(o->kind));
	entry_end(w, &body);
}

static struct order *
order_make(struct testbundle *w, enum order_kind kind)
{
	struct error	 e = ERROR_INIT;
	struct order	*o = NULL;

	ok(order_new(&o, kind, LIFETIME, &w->clock, &rng_system, &e), &e);
	return o;
}

static void
request_make(struct testbundle *w, struct testbundle_cert *c,
    uint8_t digest[32])
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	c->key = testpki_key("P-256");
	ok(csr_make(&der, c->key, "request", &e), &e);
	list_add(&w->part[BUNDLE_REQUESTS], der.p, der.len);
	must(EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL) == 1,
	    "digest");
	buf_clear(&der);
}

/* Certificates. */

static X509 *
cert_make(struct testbundle *w, const struct testpki_spec *spec,
    EVP_PKEY *key, bool people, const char *mail)
{
	EVP_PKEY	*by = people ? w->pki.people_key : w->pki.services_key;
	X509		*ca = people ? w->pki.people : w->pki.services;
	X509		*cert = testpki_cert(&w->pki, spec, key, ca, by);
	X509_EXTENSION	*ext;
	char		 san[200];

	if (mail == NULL)
		return cert;
	snprintf(san, sizeof(san), "email:%s", mail);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	must(ext != NULL && X509_add_ext(cert, ext, -1) == 1 &&
	    X509_sign(cert, by, EVP_sha256()) > 0, "subjectAltName");
	X509_EXTENSION_free(ext);
	return cert;
}

static void
tbs_digest(X509 *cert, uint8_t digest[32])
{
	unsigned char	*der = NULL;
	int		 n = i2d_re_X509_tbs(cert, &der);

	must(n > 0 && EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(),
	    NULL) == 1, "tbs");
	OPENSSL_free(der);
}

static void
issue(struct testbundle *w, struct testbundle_cert *c, const struct order *o,
    const char *holder, int64_t n, const uint8_t request[32])
{
	struct error	 e = ERROR_INIT;
	struct cert_info info;
	struct buf	 body = { 0 };
	uint8_t		 digest[32], tbs[32];

	ok(cert_info(&info, c->cert, &e), &e);
	memcpy(c->serial, info.serial, info.serial_len);
	c->serial_len = info.serial_len;
	memcpy(c->order_id, o->id, 16);
	put_cert(&w->part[BUNDLE_CERTS], c->cert, digest);
	tbs_digest(c->cert, tbs);
	entry_begin(w, &body, "issue");
	put_order(&body, c->order_digest, o->id);
	audit_num(&body, "n", n);
	audit_str(&body, "ca", o->ca);
	audit_hex(&body, "serial", c->serial, c->serial_len);
	audit_hex(&body, "cert", digest, 32);
	audit_hex(&body, "tbs", tbs, 32);
	audit_hex(&body, "key", info.key_digest, 32);
	audit_hex(&body, "request", request, 32);
	audit_str(&body, "profile", o->profile);
	audit_str(&body, "holder", holder);
	put_time(&body, "expires", o->expires);
	audit_str(&body, "instance", "cad1");
	c->entry = entry_end(w, &body);
	cert_info_clear(&info);
}

static void
status_good(struct testbundle *w, const char *ca,
    const struct testbundle_cert *c)
{
	char	 hex[43], line[200];

	snprintf(line, sizeof(line), "%s %s good - - -\n", ca,
	    text_hex(hex, c->serial, c->serial_len));
	list_add(&w->line, line, strlen(line));
}

static struct order *
issue_order(struct testbundle *w, const char *ca, const char *profile,
    const char *name, const char *id)
{
	struct order	*o = order_make(w, ORDER_ISSUE);

	o->ca = mem_strdup(ca);
	o->profile = mem_strdup(profile);
	o->holder = mem_strdup(id);
	fields_add(&o->fields, "name", name);
	fields_add(&o->fields, "id", id);
	return o;
}

/* An officer or agent, approved by the root or by a security officer. */
static void
appoint(struct testbundle *w, struct testbundle_cert *c, const char *profile,
    const char *name, const char *id, const char *eku,
    const struct testbundle_cert *by)
{
	struct error		 e = ERROR_INIT;
	struct order		*o = issue_order(w, "services", profile, name,
				    id);
	struct testpki_spec	 spec = { .name = name, .person = id,
				    .eku = eku };
	struct buf		 blob = { 0 };

	o->has_request = true;
	request_make(w, c, o->request);
	ok(approval_wrap(&blob, o, &e), &e);
	if (by != NULL)
		approve(w, &blob, by->key, by->cert);
	else
		approve(w, &blob, w->pki.root_key, w->pki.root);
	hand_in(w, o, &blob, c->order_digest);
	c->cert = cert_make(w, &spec, c->key, false, NULL);
	issue(w, c, o, id, 0, o->request);
	status_good(w, "services", c);
	order_free(&o);
}

static void
put_approval(struct testbundle *w, const struct order *o,
    const uint8_t digest[32], X509 *cert, const char *person)
{
	struct buf	 body = { 0 };
	uint8_t		 by[32];

	must(X509_digest(cert, EVP_sha256(), by, NULL) == 1, "digest");
	entry_begin(w, &body, "order-approve");
	put_order(&body, digest, o->id);
	audit_str(&body, "person", person);
	audit_str(&body, "role", "officer");
	audit_hex(&body, "cert", by, 32);
	entry_end(w, &body);
}

static void
status_line(struct testbundle *w, const struct order *o, const char *ca,
    const struct testbundle_cert *c, int reason)
{
	char	 hex[43], id[33], at[TEXT_TIME_SIZE], line[300];

	text_hex(hex, c->serial, c->serial_len);
	text_hex(id, o->id, 16);
	if (o->kind == ORDER_RELEASE)
		snprintf(line, sizeof(line), "%s %s good - - %s\n", ca, hex,
		    id);
	else
		snprintf(line, sizeof(line), "%s %s %s %d %s %s\n", ca, hex,
		    o->kind == ORDER_HOLD ? "held" : "revoked", reason,
		    text_time(at, w->t), id);
	list_add(&w->line, line, strlen(line));
}

static void
put_status(struct testbundle *w, const char *act, const char *ca,
    struct testbundle_cert *c, int reason)
{
	struct error	 e = ERROR_INIT;
	struct order	*o = order_make(w, order_kind_of(act));
	struct buf	 blob = { 0 }, body = { 0 };
	uint8_t		 digest[32];

	o->target = mem_array(1, sizeof(*o->target));
	o->ntargets = 1;
	o->target[0].ca = mem_strdup(ca);
	memcpy(o->target[0].serial, c->serial, c->serial_len);
	o->target[0].serial_len = c->serial_len;
	o->reason = o->kind == ORDER_REVOKE ? reason : 0;
	o->selector = mem_strdup("serial");
	ok(approval_wrap(&blob, o, &e), &e);
	approve(w, &blob, w->so1.key, w->so1.cert);
	approve(w, &blob, w->so2.key, w->so2.cert);
	hand_in(w, o, &blob, digest);
	entry_begin(w, &body, act);
	put_order(&body, digest, o->id);
	audit_str(&body, "ca", ca);
	audit_hex(&body, "serial", c->serial, c->serial_len);
	audit_num(&body, "reason", reason);
	entry_end(w, &body);
	status_line(w, o, ca, c, reason);
	order_free(&o);
}

/* Two security officers let the CA go on from the first head. */
static void
put_adopt(struct testbundle *w, const struct audit_head *from)
{
	struct error	 e = ERROR_INIT;
	struct order	*o = order_make(w, ORDER_ADOPT);
	struct buf	 blob = { 0 }, body = { 0 };
	uint8_t		 digest[32];

	o->audit_seq = from->seq;
	memcpy(o->audit_hash, from->hash, 32);
	ok(approval_wrap(&blob, o, &e), &e);
	approve(w, &blob, w->so1.key, w->so1.cert);
	approve(w, &blob, w->so2.key, w->so2.cert);
	hand_in(w, o, &blob, digest);
	entry_begin(w, &body, "adopt");
	put_order(&body, digest, o->id);
	audit_num(&body, "seq", from->seq);
	audit_hex(&body, "hash", from->hash, 32);
	entry_end(w, &body);
	order_free(&o);
}

static void
remove_status(struct testbundle *w, const struct testbundle_cert *c)
{
	char	 hex[43];
	size_t	 i;

	text_hex(hex, c->serial, c->serial_len);
	for (i = 0; i < w->line.n; i++)
		if (strstr(buf_cstr(&w->line.v[i]), hex) != NULL) {
			testbundle_remove(&w->line, i);
			return;
		}
}

/* Credentials. */

static void
put_binding(struct testbundle *w, const char *act, const uint8_t order[32],
    const uint8_t id[16])
{
	struct buf	 body = { 0 };

	entry_begin(w, &body, act);
	put_order(&body, order, id);
	if (strcmp(act, "bind") == 0)
		audit_str(&body, "person", "o1");
	else
		audit_hex(&body, "unbinds", w->bind_digest, 32);
	entry_end(w, &body);
}

static void
bind_make(struct testbundle *w)
{
	struct error	 e = ERROR_INIT;
	struct order	*o;
	struct buf	 blob = { 0 };

	appoint(w, &w->ra, "ra-agent", "RA nine", "ra-9", OID_ROLE_RA_AGENT,
	    NULL);
	w->auth_key = testpki_key("P-256");
	o = testassert_bind(w->auth_key, "o1", "ra.example.org",
	    "https://ra.example.org", &w->clock);
	ok(approval_wrap(&blob, o, &e), &e);
	approve(w, &blob, w->so1.key, w->so1.cert);
	if (!w->bound_by_one)
		approve(w, &blob, w->so2.key, w->so2.cert);
	buf_add(&w->bind, blob.p, blob.len);
	hand_in(w, o, &blob, w->bind_digest);
	if (!w->never_bound)
		put_binding(w, "bind", w->bind_digest, o->id);
	order_free(&o);
}

static void
unbind_make(struct testbundle *w)
{
	struct testbundle_cert	*by = w->unbound_by_ra ? &w->ra : &w->so1;
	struct error		 e = ERROR_INIT;
	struct order		*o = order_make(w, ORDER_UNBIND);
	struct buf		 blob = { 0 };
	uint8_t			 digest[32];

	memcpy(o->unbinds, w->bind_digest, 32);
	ok(approval_wrap(&blob, o, &e), &e);
	approve(w, &blob, by->key, by->cert);
	hand_in(w, o, &blob, digest);
	put_binding(w, "unbind", digest, o->id);
	order_free(&o);
}

static void
put_secret(struct testbundle *w, const uint8_t order[32], const uint8_t id[16])
{
	struct buf	 body = { 0 };
	uint8_t		 sealed[32];

	memset(sealed, w->secret_other ? 6 : 5, sizeof(sealed));
	entry_begin(w, &body, "card-secret");
	audit_str(&body, "card", "P0000123K");
	audit_str(&body, "kind", "puk");
	put_order(&body, order, id);
	audit_hex(&body, "sealed", sealed, sizeof(sealed));
	audit_str(&body, "persons", "so1, so2");
	entry_end(w, &body);
}

static void
secret_make(struct testbundle *w)
{
	struct error	 e = ERROR_INIT;
	struct order	*o = order_make(w, ORDER_PERMIT);
	struct buf	 blob = { 0 };
	uint8_t		 digest[32];

	o->selector = mem_strdup("puk P0000123K");
	memset(o->permits, 5, sizeof(o->permits));
	ok(approval_wrap(&blob, o, &e), &e);
	approve(w, &blob, w->so1.key, w->so1.cert);
	if (!w->secret_by_one)
		approve(w, &blob, w->so2.key, w->so2.cert);
	hand_in(w, o, &blob, digest);
	put_secret(w, digest, o->id);
	if (w->secret_twice)
		put_secret(w, digest, o->id);
	order_free(&o);
}

static void
assert_order(struct testbundle *w, struct buf *blob)
{
	struct identity	 id = { 0 };
	struct buf	 out = { 0 };

	testpki_identity_of(&id, &w->pki, w->ra.cert, w->ra.key);
	testassert_approve(&out, BYTES(blob->p, blob->len), &id,
	    w->officer.cert, w->auth_key, BYTES(w->bind.p, w->bind.len),
	    w->asserted_other ? w->bind_digest : NULL, w->t);
	buf_clear(blob);
	*blob = out;
	testpki_identity_clear(&id);
}

/* Alice: a single order, approved by the officer. */

static void
alice_approve(struct testbundle *w, struct buf *blob)
{
	struct testpki	 other;
	struct identity	 id = { 0 };

	if (w->by_assertion) {
		assert_order(w, blob);
		return;
	}
	if (w->stranger_approves) {
		testpki_init(&other, w->pki.now);
		testpki_identity(&id, &other, "P-256", "Stranger", "s1",
		    OID_ROLE_OFFICER);
		approve(w, blob, id.key, id.cert);
		testpki_identity_clear(&id);
		testpki_clear(&other);
	} else if (!w->nobody_approves) {
		approve(w, blob, w->officer.key, w->officer.cert);
	}
}

static void
alice_entries(struct testbundle *w, const struct order *o)
{
	struct buf	 body = { 0 };

	if (!w->stranger_approves && !w->nobody_approves)
		put_approval(w, o, w->alice.order_digest, w->officer.cert,
		    "o1");
	if (w->rejected) {
		entry_begin(w, &body, "order-reject");
		put_order(&body, w->alice.order_digest, o->id);
		entry_end(w, &body);
	}
	if (w->officer_revoked || w->officer_just_revoked) {
		remove_status(w, &w->officer);
		put_status(w, "revoke", "services", &w->officer, 1);
	}
	if (w->unbound || w->just_unbound || w->unbound_by_ra)
		unbind_make(w);
	if (w->officer_revoked || w->unbound)
		w->t += 3600;
}

static void
alice_make(struct testbundle *w)
{
	struct error		 e = ERROR_INIT;
	struct order		*o = issue_order(w, "people", "mail-dual",
				    "Alice Holm", "17");
	struct testpki_spec	 spec = { .name = "Alice Holm",
				    .person = "17" };
	struct buf		 blob = { 0 };
	size_t			 handed;

	fields_add(&o->fields, "mail", "alice@example.org");
	o->has_request = true;
	request_make(w, &w->alice, o->request);
	ok(approval_wrap(&blob, o, &e), &e);
	alice_approve(w, &blob);
	hand_in(w, o, &blob, w->alice.order_digest);
	handed = w->body.n - 1;
	alice_entries(w, o);
	if (w->alice_name != NULL)
		spec.name = w->alice_name;
	if (w->late)
		spec.not_before = o->expires + 60;
	w->alice.cert = cert_make(w, &spec, w->alice.key, true,
	    w->alice_mail != NULL ? w->alice_mail : "alice@example.org");
	if (w->wrong_request)
		o->request[0] ^= 1;
	issue(w, &w->alice, o, "17", 0, o->request);
	if (w->not_handed_in)
		testbundle_edit(&w->body.v[handed], "act=order-new",
		    "act=expire");
	if (w->used_twice) {
		struct testbundle_cert	 again = w->alice;

		again.cert = cert_make(w, &spec, w->alice.key, true,
		    "alice@example.org");
		issue(w, &again, o, "17", 0, o->request);
		status_good(w, "people", &again);
		X509_free(again.cert);
	}
	order_free(&o);
}

/* Bob: by a one-time code. */
static void
bob_make(struct testbundle *w)
{
	struct error		 e = ERROR_INIT;
	struct order		*o = issue_order(w, "people", "mail-dual",
				    "Bob Berg", "18");
	struct testpki_spec	 spec = { .name = "Bob Berg", .person = "18" };
	struct secret		 code = { 0 };
	struct buf		 blob = { 0 };
	uint8_t			 request[32], proof[CODE_PROOF_SIZE];
	char			 hex[2 * CODE_PROOF_SIZE + 1];

	ok(code_make(o, &code, &rng_system, &e), &e);
	ok(approval_wrap(&blob, o, &e), &e);
	approve(w, &blob, w->officer.key, w->officer.cert);
	hand_in(w, o, &blob, w->bob.order_digest);
	request_make(w, &w->bob, request);
	ok(code_prove(proof, o, w->bob.order_digest, &code, request, &e), &e);
	if (w->wrong_code)
		proof[3] ^= 1;
	buf_printf(&w->proofs, "%s 0 ", text_hex(hex, w->bob.order_digest,
	    32));
	buf_printf(&w->proofs, "%s\n", text_hex(hex, proof, sizeof(proof)));
	w->bob.cert = cert_make(w, &spec, w->bob.key, true, NULL);
	issue(w, &w->bob, o, "18", 0, request);
	status_good(w, "people", &w->bob);
	secret_free(&code);
	order_free(&o);
}

/* Carol and Dave: a batch. */

static void
item_set(struct testbundle *w, struct order_item *item, uint32_t n,
    struct testbundle_cert *c, const char *name, const char *id)
{
	item->n = n;
	item->holder = mem_strdup(id);
	item->has_request = true;
	fields_add(&item->fields, "name", name);
	fields_add(&item->fields, "id", id);
	request_make(w, c, item->request);
}

static void
batch_make(struct testbundle *w)
{
	static const char *const	 name[] = { "Carol Dahl", "Dave Ek" };
	static const char *const	 id[] = { "19", "20" };
	struct testbundle_cert		*c[] = { &w->carol, &w->dave };
	struct error			 e = ERROR_INIT;
	struct order			*o = order_make(w, ORDER_BATCH);
	struct testpki_spec		 spec = { 0 };
	struct buf			 blob = { 0 };
	uint32_t			 i;

	o->ca = mem_strdup("people");
	o->profile = mem_strdup("card-auth");
	o->item = mem_array(2, sizeof(*o->item));
	o->nitems = 2;
	for (i = 0; i < 2; i++)
		item_set(w, &o->item[i], i + 1, c[i], name[i], id[i]);
	ok(approval_wrap(&blob, o, &e), &e);
	approve(w, &blob, w->so1.key, w->so1.cert);
	approve(w, &blob, w->so2.key, w->so2.cert);
	hand_in(w, o, &blob, w->carol.order_digest);
	memcpy(w->dave.order_digest, w->carol.order_digest, 32);
	for (i = 0; i < 2; i++) {
		spec.name = name[i];
		spec.person = id[i];
		c[i]->cert = cert_make(w, &spec, c[i]->key, true, NULL);
		issue(w, c[i], o, id[i], i + 1, o->item[i].request);
		status_good(w, "people", c[i]);
	}
	order_free(&o);
}

/* The list of the people CA. */

struct serials {
	struct crl_entry	 v[4];
	size_t			 n, next;
};

static int
serial_next(void *arg, struct crl_entry *entry, struct error *e)
{
	struct serials	*s = arg;

	(void)e;
	if (s->next == s->n)
		return 0;
	*entry = s->v[s->next++];
	return 1;
}

static void
serial_put(struct serials *s, const struct testbundle_cert *c, int64_t at,
    int reason)
{
	struct crl_entry	 entry = { .revoked_at = at,
				    .reason = (int8_t)reason }, swap;

	memcpy(entry.serial, c->serial, c->serial_len);
	entry.serial_len = (uint8_t)c->serial_len;
	s->v[s->n++] = entry;
	if (s->n == 2 && crl_entry_compare(&s->v[0], &s->v[1]) > 0) {
		swap = s->v[0];
		s->v[0] = s->v[1];
		s->v[1] = swap;
	}
}

static void
list_make(struct testbundle *w, int64_t number, struct serials *s)
{
	struct error		 e = ERROR_INIT;
	struct issuer		 issuer;
	struct crl_params	 p = { .number = number };
	struct buf		 der = { 0 }, body = { 0 };
	uint8_t			 digest[32];

	entry_begin(w, &body, "crl");
	p.this_update = w->t;
	p.next_update = w->t + LIFETIME;
	ok(issuer_init(&issuer, "people", w->pki.people, &e), &e);
	ok(crl_sign(&der, &p, serial_next, s, &issuer, w->pki.people_key, &e),
	    &e);
	must(EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL) == 1,
	    "digest");
	list_add(&w->part[BUNDLE_CRLS], der.p, der.len);
	audit_str(&body, "ca", "people");
	audit_num(&body, "number", number);
	audit_hex(&body, "crl", digest, 32);
	audit_num(&body, "entries", (int64_t)s->n);
	put_time(&body, "this", p.this_update);
	put_time(&body, "next", p.next_update);
	audit_str(&body, "instance", "cad1");
	entry_end(w, &body);
	buf_clear(&der);
	issuer_clear(&issuer);
}

static void
lists_make(struct testbundle *w, int64_t earlier)
{
	struct serials	 none = { 0 }, some = { 0 };
	int64_t		 revoked;

	list_make(w, 1, &none);
	put_status(w, "revoke", "people", &w->alice, 1);
	revoked = w->t;
	if (!w->list_lacks)
		serial_put(&some, &w->alice, w->list_is_earlier ? earlier :
		    revoked, 1);
	if (w->list_has_more)
		serial_put(&some, &w->dave, revoked, 1);
	list_make(w, w->list_goes_back ? 1 : 2, &some);
}

/* Later changes, after the lists. */
static void
changes_make(struct testbundle *w)
{
	if (w->dave_held || w->dave_released) {
		remove_status(w, &w->dave);
		put_status(w, "hold", "people", &w->dave, 6);
	}
	if (w->dave_released) {
		remove_status(w, &w->dave);
		put_status(w, "release", "people", &w->dave, 0);
	}
	if (w->revoked_released) {
		remove_status(w, &w->alice);
		put_status(w, "release", "people", &w->alice, 0);
	}
}

static void
alarm_make(struct testbundle *w)
{
	struct buf	 body = { 0 };

	entry_begin(w, &body, "alarm");
	audit_str(&body, "what", "crl");
	audit_str(&body, "detail", "the store hides 2a");
	entry_end(w, &body);
}

void
testbundle_make(struct testbundle *w)
{
	struct testbundle_cert	 late = { 0 };
	struct audit_head	 first;
	struct buf		 body = { 0 };
	int64_t			 before;

	w->t = TESTPKI_NOW;
	w->clock = clock_fixed(w->t);
	testpki_init(&w->pki, w->t);
	entry_begin(w, &body, "start");
	entry_end(w, &body);
	add_ca(w, "root", w->pki.root);
	add_ca(w, "services", w->pki.services);
	add_ca(w, "people", w->pki.people);
	appoint(w, &w->so1, "security-officer", "Sigrid Ost", "so1",
	    OID_ROLE_SECURITY_OFFICER, NULL);
	appoint(w, &w->so2, "security-officer", "Tom Norr", "so2",
	    OID_ROLE_SECURITY_OFFICER, NULL);
	appoint(w, &w->officer, "officer", "Olga Vik", "o1",
	    OID_ROLE_OFFICER, NULL);
	appoint(w, &w->agent, "ca-agent", "cad1", "cad1", OID_ROLE_CA_AGENT,
	    NULL);
	add_head(w);
	w->first_head = w->chain.seq;
	first = w->chain;
	if (w->lone_security_officer) {
		appoint(w, &late, "officer", "Pal Syd", "o2",
		    OID_ROLE_OFFICER, &w->so1);
		X509_free(late.cert);
		EVP_PKEY_free(late.key);
	}
	if (w->by_assertion)
		bind_make(w);
	if (w->secret)
		secret_make(w);
	bob_make(w);
	alice_make(w);
	batch_make(w);
	before = w->t;
	if (w->adopted)
		put_adopt(w, &first);
	lists_make(w, before);
	changes_make(w);
	if (w->alarm)
		alarm_make(w);
	add_head(w);
}

static void
cert_clear(struct testbundle_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

static void
list_clear(struct testbundle_list *l)
{
	while (l->n > 0)
		buf_clear(&l->v[--l->n]);
}

void
testbundle_clear(struct testbundle *w)
{
	int	 i;

	cert_clear(&w->so1);
	cert_clear(&w->so2);
	cert_clear(&w->officer);
	cert_clear(&w->agent);
	cert_clear(&w->alice);
	cert_clear(&w->bob);
	cert_clear(&w->carol);
	cert_clear(&w->dave);
	cert_clear(&w->ra);
	EVP_PKEY_free(w->auth_key);
	buf_clear(&w->bind);
	list_clear(&w->body);
	list_clear(&w->line);
	for (i = 0; i < BUNDLE__MAX; i++)
		list_clear(&w->part[i]);
	buf_clear(&w->proofs);
	testpki_clear(&w->pki);
}

/* Writing. */

static void
store(const char *dir, enum bundle_part part, struct buf *text)
{
	struct error	 e = ERROR_INIT;
	char		*path = file_join(dir, bundle_name(part));

	ok(file_store(path, text->p, text->len, 0600, &e), &e);
	mem_free(&path);
	buf_clear(text);
}

static void
write_entries(struct testbundle *w, const char *dir, int64_t skip,
    int64_t lie, const char *before)
{
	struct audit_head	 chain = { 0 };
	struct buf		 text = { 0 };
	struct bytes		 hashed;
	int64_t			 seq;

	for (seq = 1; seq <= (int64_t)w->body.n; seq++) {
		const struct buf	*b = &w->body.v[seq - 1];

		hashed = BYTES(b->p, b->len);
		if (seq == lie)
			hashed = BYTES(before, strlen(before));
		audit_advance(&chain, hashed);
		if (seq != skip)
			bundle_put_entry(&text, seq, chain.hash,
			    BYTES(b->p, b->len));
	}
	store(dir, BUNDLE_ENTRIES, &text);
}

void
testbundle_write(struct testbundle *w, const char *dir, int64_t skip,
    int64_t lie, const char *before)
{
	struct buf	 text = { 0 };
	size_t		 i;
	int		 part;

	write_entries(w, dir, skip, lie, before);
	for (part = 0; part < BUNDLE__MAX; part++) {
		if (bundle_label(part) == NULL)
			continue;
		for (i = 0; i < w->part[part].n; i++)
			base64_put_pem(&text, bundle_label(part),
			    BYTES(w->part[part].v[i].p,
			    w->part[part].v[i].len));
		store(dir, part, &text);
	}
	for (i = 0; i < w->line.n; i++)
		buf_add(&text, w->line.v[i].p, w->line.v[i].len);
	store(dir, BUNDLE_STATUS, &text);
	buf_add(&text, w->proofs.p, w->proofs.len);
	store(dir, BUNDLE_PROOFS, &text);
}

void
testbundle_write_heads(const struct testbundle *w, const char *path)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };
	size_t		 i;

	for (i = 0; i < w->part[BUNDLE_HEADS].n; i++)
		base64_put_pem(&text, "CMS",
		    BYTES(w->part[BUNDLE_HEADS].v[i].p,
		    w->part[BUNDLE_HEADS].v[i].len));
	ok(file_store(path, text.p, text.len, 0600, &e), &e);
	buf_clear(&text);
}
