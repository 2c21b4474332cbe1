/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "audit/chain.h"

static char *
path_in(struct fixture *f, const char *name)
{
	return mem_printf("%s/%s", f->dir, name);
}

static void
ca_files(struct fixture *f, struct ca_conf *c, const char *name, X509 *cert,
    EVP_PKEY *key)
{
	static char	 address[] = "http://pki.example.org/file";
	static char	*url[] = { address };
	char		 file[32];

	snprintf(file, sizeof(file), "%s.pem", name);
	c->name = mem_strdup(name);
	c->cert = path_in(f, file);
	snprintf(file, sizeof(file), "%s.key", name);
	c->key = path_in(f, file);
	c->crl_lifetime = 7 * 86400;
	c->cdp.v = c->ocsp.v = c->aia.v = url;
	c->cdp.n = c->ocsp.n = c->aia.n = 1;
	testpki_write_cert(c->cert, cert);
	testpki_write_key(c->key, key);
	chmod(c->key, 0600);
}

void
start(struct fixture *f)
{
	struct buf	 notes = { 0 };

	error_clear(&f->e);
	if (signer_new(&f->signer, &f->conf, &f->clock, &f->rng, &notes,
	    &f->e) == -1)
		fail_msg("%s", f->e.text);
	buf_clear(&notes);
}

int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	const char	*src = getenv("srcdir");

	*state = f;
	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-signer.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	testpki_init(&f->pki, NOW);
	f->conf.instance = mem_strdup("test");
	f->conf.state = mem_strdup(f->dir);
	f->conf.profiles = mem_printf("%s/etc/profiles", src != NULL ? src :
	    ".");
	f->conf.root = path_in(f, "root.pem");
	f->conf.officers_ca = mem_strdup("services");
	testpki_write_cert(f->conf.root, f->pki.root);
	ca_files(f, &f->ca[0], "services", f->pki.services,
	    f->pki.services_key);
	ca_files(f, &f->ca[1], "people", f->pki.people, f->pki.people_key);
	f->conf.cas.v = f->ca;
	f->conf.cas.n = 2;
	testpki_identity(&f->officer, &f->pki, "P-256", "Officer One", "1",
	    OID_ROLE_OFFICER);
	testpki_identity(&f->second, &f->pki, "P-256", "Officer Two", "2",
	    OID_ROLE_OFFICER);
	testpki_identity(&f->twin, &f->pki, "P-256", "Officer One", "1",
	    OID_ROLE_OFFICER);
	testpki_identity(&f->security, &f->pki, "P-256", "Security", "3",
	    OID_ROLE_SECURITY_OFFICER);
	testpki_identity(&f->auditor, &f->pki, "P-256", "Auditor", "4",
	    OID_ROLE_AUDITOR);
	f->clock = clock_fixed(NOW);
	f->rng = rng_system;
	f->key = testpki_key("P-256");
	if (csr_make(&f->request, f->key, "whoever", &f->e) == -1)
		return -1;
	start(f);
	return 0;
}

int
tear_down(void **state)
{
	struct fixture	*f = *state;
	struct identity	*all[] = { &f->officer, &f->second, &f->twin,
	    &f->security, &f->auditor, &f->foreign };
	size_t		 i;

	signer_free(&f->signer);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		testpki_identity_clear(all[i]);
	for (i = 0; i < 2; i++) {
		mem_free(&f->ca[i].name);
		mem_free(&f->ca[i].cert);
		mem_free(&f->ca[i].key);
	}
	mem_free(&f->conf.instance);
	mem_free(&f->conf.state);
	mem_free(&f->conf.profiles);
	mem_free(&f->conf.root);
	mem_free(&f->conf.officers_ca);
	EVP_PKEY_free(f->key);
	buf_clear(&f->request);
	msg_clear(&f->ask);
	msg_clear(&f->answer);
	buf_clear(&f->list);
	testpki_clear(&f->pki);
	testpki_remove_tree(f->dir);
	mem_free(&f);
	return 0;
}

void
digest_of(uint8_t dst[32], const struct buf *b)
{
	EVP_Digest(b->p, b->len, dst, NULL, EVP_sha256(), NULL);
}

/* Orders. */

struct order *
tls_order(struct fixture *f, const char *dns)
{
	struct order	*o;

	assert_int_equal(order_new(&o, ORDER_ISSUE, 86400, &f->clock, &f->rng,
	    &f->e), 0);
	o->ca = mem_strdup("services");
	o->profile = mem_strdup("tls-server");
	o->holder = mem_strdup("web-1");
	fields_add(&o->fields, "dns", dns);
	o->has_request = true;
	digest_of(o->request, &f->request);
	return o;
}

static void
item_fields(struct fields *to, const char *mail)
{
	fields_add(to, "name", "Alice Holm");
	fields_add(to, "given", "Alice");
	fields_add(to, "surname", "Holm");
	fields_add(to, "mail", mail);
	fields_add(to, "org", "Example AB");
	fields_add(to, "orgid", "NTRSE-5560000001");
	fields_add(to, "country", "SE");
}

struct order *
batch_order(struct fixture *f, uint32_t n, bool with_requests)
{
	struct order	*o;
	char		 text[64];
	uint32_t	 i;

	assert_int_equal(order_new(&o, ORDER_BATCH, 86400, &f->clock, &f->rng,
	    &f->e), 0);
	o->ca = mem_strdup("people");
	o->profile = mem_strdup("mail-dual");
	o->item = mem_array(n, sizeof(*o->item));
	o->nitems = n;
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "p%u@example.org", i + 1);
		o->item[i].n = i + 1;
		o->item[i].holder = mem_printf("p%u", i + 1);
		item_fields(&o->item[i].fields, text);
		o->item[i].has_request = with_requests;
		if (with_requests)
			digest_of(o->item[i].request, &f->request);
	}
	return o;
}

struct order *
status_order(struct fixture *f, enum order_kind kind, const char *ca, X509 *x)
{
	const ASN1_INTEGER	*n = X509_get0_serialNumber(x);
	struct order		*o;

	assert_int_equal(order_new(&o, kind, 86400, &f->clock, &f->rng,
	    &f->e), 0);
	o->target = mem_array(1, sizeof(*o->target));
	o->ntargets = 1;
	o->target[0].ca = mem_strdup(ca);
	memcpy(o->target[0].serial, n->data, (size_t)n->length);
	o->target[0].serial_len = (size_t)n->length;
	o->reason = kind == ORDER_REVOKE ? 1 : kind == ORDER_HOLD ? 6 : 0;
	return o;
}

/* Encode, let these approve, and forget the order. */
void
approve(struct fixture *f, struct buf *blob, struct order *o,
    const struct identity *a, const struct identity *b)
{
	struct buf	 next = { 0 };

	*blob = (struct buf){ 0 };
	if (approval_wrap(blob, o, &f->e) == -1)
		fail_msg("%s", f->e.text);
	order_free(&o);
	for (; a != NULL; a = b, b = NULL) {
		next = (struct buf){ 0 };
		if (approval_add(&next, BYTES(blob->p, blob->len), a,
		    &f->clock, &f->e) == -1)
			fail_msg("%s", f->e.text);
		buf_clear(blob);
		*blob = next;
	}
}

/* Asking. */

void
answer(struct fixture *f)
{
	f->ask.pos = 0;
	signer_answer(f->signer, &f->ask, &f->answer);
	error_clear(&f->e);
	if (f->answer.type == 0)
		msg_get_error(&f->answer, &f->e);
}

/* 0 and *r, or -1 and f->e. */
int
prepare(struct fixture *f, bool by_digest, struct bytes order, uint32_t n,
    const struct buf *request, struct bytes proof, struct bytes station,
    struct prepared_reply *r)
{
	char		 text[257];
	struct bytes	 b;

	msg_init(&f->ask, WIRE_PREPARE);
	msg_put_u32(&f->ask, 1);
	msg_put_u32(&f->ask, by_digest);
	msg_put_blob(&f->ask, order.p, order.len);
	msg_put_u32(&f->ask, n);
	msg_put_blob(&f->ask, request->p, request->len);
	msg_put_blob(&f->ask, proof.p, proof.len);
	msg_put_blob(&f->ask, station.p, station.len);
	answer(f);
	if (f->e.code != ERROR_NONE)
		return -1;
	assert_int_equal(msg_get_u32(&f->answer), 1);
	if (msg_get_u32(&f->answer) == 0) {
		msg_get_error(&f->answer, &f->e);
		return -1;
	}
	memcpy(r->digest, msg_get_blob(&f->answer, 32).p, 32);
	msg_get_str(&f->answer, text, sizeof(text));
	memcpy(r->serial, msg_get_blob(&f->answer, 20).p, 20);
	b = msg_get_blob(&f->answer, 65536);
	r->tbs = (struct buf){ 0 };
	buf_add(&r->tbs, b.p, b.len);
	return 0;
}

int
prepare_single(struct fixture *f, const struct buf *blob,
    struct prepared_reply *r)
{
	return prepare(f, false, BYTES(blob->p, blob->len), 0, &f->request,
	    BYTES(NULL, 0), BYTES(NULL, 0), r);
}

X509 *
sign(struct fixture *f, const uint8_t digest[32], uint32_t n,
    const uint8_t serial[20], struct bytes tbs)
{
	const unsigned char	*p;
	struct bytes		 der;
	X509			*x;

	msg_init(&f->ask, WIRE_SIGN);
	msg_put_u32(&f->ask, 1);
	msg_put_blob(&f->ask, digest, 32);
	msg_put_u32(&f->ask, n);
	msg_put_blob(&f->ask, serial, 20);
	msg_put_blob(&f->ask, tbs.p, tbs.len);
	answer(f);
	if (f->e.code != ERROR_NONE)
		return NULL;
	assert_int_equal(msg_get_u32(&f->answer), 1);
	if (msg_get_u32(&f->answer) == 0) {
		msg_get_error(&f->answer, &f->e);
		return NULL;
	}
	der = msg_get_blob(&f->answer, 65536);
	f->drawn = msg_get_i64(&f->answer);
	p = der.p;
	x = d2i_X509(NULL, &p, (long)der.len);
	assert_non_null(x);
	return x;
}

X509 *
issue(struct fixture *f, const struct buf *blob)
{
	struct prepared_reply	 r;
	X509			*x;

	if (prepare_single(f, blob, &r) == -1)
		return NULL;
	x = sign(f, r.digest, 0, r.serial, BYTES(NULL, 0));
	buf_clear(&r.tbs);
	return x;
}

/* A certificate of the services CA for a web server, by all the rules. */
X509 *
issue_tls(struct fixture *f, const char *dns)
{
	struct buf	 blob;
	X509		*x;

	approve(f, &blob, tls_order(f, dns), &f->officer, NULL);
	if ((x = issue(f, &blob)) == NULL)
		fail_msg("%s", f->e.text);
	buf_clear(&blob);
	return x;
}

void
assert_refused(struct fixture *f, const struct buf *blob,
    enum error_code code, const char *text)
{
	assert_null(issue(f, blob));
	if (strstr(f->e.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, f->e.text);
	assert_int_equal(f->e.code, code);
}

void
refuse_approved_by(struct fixture *f, const struct identity *a,
    const char *text)
{
	struct buf	 blob;

	approve(f, &blob, tls_order(f, "www.example.org"), a, NULL);
	assert_refused(f, &blob, ERROR_DENIED, text);
	buf_clear(&blob);
}

/* Status orders; 0 and the number of changes, or -1. */
int
change(struct fixture *f, const struct buf *blob, X509 *x,
    const char *profile)
{
	unsigned char	*der = NULL;
	int		 len = i2d_X509(x, &der);

	msg_init(&f->ask, WIRE_STATUS);
	msg_put_u32(&f->ask, 1);
	msg_put_blob(&f->ask, blob->p, blob->len);
	msg_put_u32(&f->ask, 1);
	msg_put_blob(&f->ask, der, (size_t)len);
	msg_put_str(&f->ask, profile);
	OPENSSL_free(der);
	answer(f);
	if (f->e.code != ERROR_NONE)
		return -1;
	assert_int_equal(msg_get_u32(&f->answer), 1);
	if (msg_get_u32(&f->answer) == 0) {
		msg_get_error(&f->answer, &f->e);
		return -1;
	}
	memcpy(f->changed, msg_get_blob(&f->answer, 32).p, 32);
	(void)msg_get_i64(&f->answer);
	return (int)msg_get_u32(&f->answer);
}

void
entry_of(struct buf *b, const char *instance, const char *act,
    const uint8_t order[32], X509 *x)
{
	const ASN1_INTEGER	*n;
	uint8_t			 tbs[32] = { 1 };

	audit_begin(b, act, NOW);
	audit_hex(b, "order", order, 32);
	audit_num(b, "n", 0);
	audit_str(b, "ca", "services");
	if (x != NULL) {
		n = X509_get0_serialNumber(x);
		audit_hex(b, "serial", n->data, (size_t)n->length);
	}
	audit_hex(b, "tbs", tbs, 32);
	audit_num(b, "reason", 1);
	audit_str(b, "expires", "2027-02-01T00:00:00Z");
	audit_str(b, "instance", instance);
}

void
told(struct fixture *f, const char *act, X509 *x)
{
	struct audit_head	 head = { .seq = 0 };
	struct buf		 body = { 0 };

	entry_of(&body, f->conf.instance, act, f->changed, x);
	audit_advance(&head, BYTES(body.p, body.len));
	msg_init(&f->ask, WIRE_FOLLOW);
	msg_put_i64(&f->ask, 0);
	msg_put_u32(&f->ask, 0);
	msg_put_u32(&f->ask, 1);
	msg_put_i64(&f->ask, 1);
	msg_put_blob(&f->ask, head.hash, 32);
	msg_put_blob(&f->ask, body.p, body.len);
	msg_put_u32(&f->ask, 0);
	msg_put_blob(&f->ask, NULL, 0);
	msg_put_str(&f->ask, "officer");
	answered(f);
	buf_clear(&body);
}

int
change_by(struct fixture *f, enum order_kind kind, X509 *x,
    const char *profile, const struct identity *by)
{
	struct buf	 blob;
	int		 rc;

	approve(f, &blob, status_order(f, kind, "services", x), by, NULL);
	rc = change(f, &blob, x, profile);
	buf_clear(&blob);
	return rc;
}

void
answered(struct fixture *f)
{
	answer(f);
	if (f->e.code != ERROR_NONE)
		fail_msg("%s", f->e.text);
}

/* Begins the next list of a kind; what the signer waits for. */
uint32_t
begin_list(struct fixture *f, enum wire_crl_kind kind, int64_t complete,
    int64_t next)
{
	msg_init(&f->ask, WIRE_CRL);
	msg_put_str(&f->ask, "services");
	msg_put_u32(&f->ask, kind);
	msg_put_i64(&f->ask, f->shard);
	msg_put_i64(&f->ask, complete);
	msg_put_i64(&f->ask, next);
	answer(f);
	return f->e.code == ERROR_NONE ? msg_get_u32(&f->answer) : 0;
}

void
put_entry(struct fixture *f, X509 *x)
{
	const ASN1_INTEGER	*n = X509_get0_serialNumber(x);

	msg_put_blob(&f->ask, n->data, (size_t)n->length);
	msg_put_i64(&f->ask, 1);
	msg_put_i64(&f->ask, NOW);
	msg_put_i64(&f->ask, 0);
}

void
bring(struct fixture *f, X509 *x, const struct buf *evidence, uint32_t n)
{
	unsigned char	*cert = NULL;
	uint32_t	 i;

	msg_init(&f->ask, WIRE_CRL_EVIDENCE);
	msg_put_str(&f->ask, "services");
	msg_put_u32(&f->ask, n);
	for (i = 0; i < n; i++) {
		int	 len = x != NULL ? i2d_X509(x, &cert) : 0;

		msg_put_blob(&f->ask, cert, (size_t)len);
		msg_put_str(&f->ask, "tls-server");
		msg_put_blob(&f->ask, evidence != NULL ? evidence->p : NULL,
		    evidence != NULL ? evidence->len : 0);
		OPENSSL_free(cert);
		cert = NULL;
	}
	answered(f);
}

/* The list, from the signer's hands into f->list; parsed. */
struct crl *
take_list(struct fixture *f, uint32_t *alarms)
{
	struct issuer	 issuer;
	struct crl	*crl;
	struct bytes	 piece;
	int64_t		 number, size;

	do {
		msg_init(&f->ask, WIRE_CRL_SIGN);
		msg_put_str(&f->ask, "services");
		answered(f);
	} while (msg_get_u32(&f->answer) == 0);
	number = msg_get_i64(&f->answer);
	f->lists = number;
	if (msg_get_i64(&f->answer) == 0)
		f->complete = number;
	(void)msg_get_i64(&f->answer);
	(void)msg_get_i64(&f->answer);
	(void)msg_get_i64(&f->answer);
	size = msg_get_i64(&f->answer);
	*alarms = msg_get_u32(&f->answer);
	if (*alarms > 0)
		msg_get_str(&f->answer, f->alarm, sizeof(f->alarm));
	for (f->list.len = 0; (int64_t)f->list.len < size;) {
		msg_init(&f->ask, WIRE_CRL_PIECE);
		msg_put_str(&f->ask, "services");
		msg_put_i64(&f->ask, f->shard);
		msg_put_i64(&f->ask, number);
		msg_put_i64(&f->ask, (int64_t)f->list.len);
		answered(f);
		piece = msg_get_blob(&f->answer, WIRE_CRL_CHUNK);
		buf_add(&f->list, piece.p, piece.len);
	}
	assert_int_equal(issuer_init(&issuer, "services", f->pki.services,
	    &f->e), 0);
	assert_int_equal(crl_parse(&crl, BYTES(f->list.p, f->list.len),
	    &issuer, &f->e), 0);
	issuer_clear(&issuer);
	return crl;
}

/* What the store says (x revoked, or nothing), and what comes out. */
struct crl *
make_list(struct fixture *f, X509 *x, const struct buf *evidence,
    uint32_t *differences, uint32_t *alarms)
{
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, f->complete,
	    f->lists + 1), WIRE_NEXT_ENTRIES);
	msg_init(&f->ask, WIRE_CRL_ENTRIES);
	msg_put_str(&f->ask, "services");
	msg_put_u32(&f->ask, 1);
	msg_put_u32(&f->ask, x != NULL);
	if (x != NULL)
		put_entry(f, x);
	answered(f);
	*differences = msg_get_u32(&f->answer);
	if (*differences > 0) {
		bring(f, x, evidence, *differences);
		assert_int_equal(msg_get_u32(&f->answer), 0);
	}
	return take_list(f, alarms);
}

int
reason_of(const struct crl *crl)
{
	struct crl_entry	 c;
	size_t			 pos = 0;

	assert_true(crl_next(crl, &pos, &c));
	return c.reason;
}

/* As the store might: a worker that has been taken over says anything. */
void
send_crl(struct fixture *f, uint32_t type, const char *ca)
{
	msg_init(&f->ask, type);
	msg_put_str(&f->ask, ca);
}
