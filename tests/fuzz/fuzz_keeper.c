/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web process of the registration authority, which strangers have taken
 * over, asks the processes that have keys (ra/sealer.c, ra/tls_keeper.c); and
 * one of these gone mad answers it.
 *
 * The first byte is who is asked or answers.  What follows is a program that
 * puts messages together: a type, and fields, out of its own bytes and of real
 * things, which no chance would find.  Whatever is asked, the sealer signs the
 * order that it was given and no other, and the keeper of the web server's key
 * a digest in the way that its scheme says.
 */
#include <stdlib.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/socket.h>
#include "ra/keeper_private.h"
#include "order/approval.h"
#include "os/file.h"
#include "ra/sealer.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/scratch.h"
#include "tests/lib/testassert.h"
#include "tests/lib/testpki.h"
#include "ra/tls_keeper.h"

#define INPUT_MAX	(16u << 10)
#define BODY_MAX	(64u << 10)	/* fits a socket */
#define ASKED_MAX	8
#define PERSON		"4711"
#define RP_ID		"ra.example.org"
#define ORIGIN		"https://ra.example.org"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum thing {
	ORDER, OFFICERS, OTHER_ORDER, SEALED, BIND, ASSERTION, OFFICER,
	STRANGER, AGENT, OWN_KEY, KEY_BEFORE, CHAIN, THING__MAX
};

static char		 dir[SCRATCH_SIZE];
static struct testpki	 pki;
static struct identity	 agent, officer, server, before;
static struct keeper	 keeper;	/* the sealer's */
static struct tls	 tls = { .lock = PTHREAD_MUTEX_INITIALIZER };
static struct buf	 thing[THING__MAX];

/* ---- what is real ---- */

static void
make_order(struct buf *blob, const char *name)
{
	struct error	 e = ERROR_INIT;
	struct order	*o;

	must(order_new(&o, ORDER_ISSUE, 86400, &clock_system, &rng_system,
	    &e) == 0);
	o->ca = mem_strdup("people");
	o->profile = mem_strdup("mail-sign");
	o->holder = mem_strdup("17");
	fields_add(&o->fields, "name", name);
	o->has_request = true;
	must(approval_wrap(blob, o, &e) == 0);
	order_free(&o);
}

static void
sign_order(struct buf *out, const struct buf *blob, const struct identity *by)
{
	struct error	 e = ERROR_INIT;

	must(approval_add(out, BYTES(blob->p, blob->len), by, &clock_system,
	    &e) == 0);
}

/* The officer's, with a security key, over the first order. */
static void
make_assertion(void)
{
	struct testassert_ask	 ask = { .rp_id = RP_ID, .origin = ORIGIN,
				    .flags = TESTASSERT_UP | TESTASSERT_UV };
	EVP_PKEY		*key = testpki_key("P-256");
	struct error		 e = ERROR_INIT;
	struct buf		 unsigned_bind = { 0 };
	struct testassert	 made;
	struct assertion	 parts;
	struct order		*o = testassert_bind(key, PERSON, RP_ID,
				    ORIGIN, &clock_system);

	must(approval_wrap(&unsigned_bind, o, &e) == 0);
	sign_order(&thing[BIND], &unsigned_bind, &officer);
	order_free(&o);
	must(approval_look(&o, ask.challenge, BYTES(thing[ORDER].p,
	    thing[ORDER].len), &e) == 0);
	testassert_make(&made, key, &ask);
	testassert_parts(&parts, &made, officer.cert, BYTES(thing[BIND].p,
	    thing[BIND].len));
	must(assertion_encode(&thing[ASSERTION], &parts, &e) == 0);
	testassert_clear(&made);
	order_free(&o);
	buf_clear(&unsigned_bind);
	EVP_PKEY_free(key);
}

static void
put_digest_of(enum thing t, EVP_PKEY *key)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 md[KEY_DIGEST_SIZE];

	must(key_digest(md, key, &e) == 0);
	buf_add(&thing[t], md, sizeof(md));
}

static void
make_keeper(struct keeper *k, const char *name, const struct identity *id)
{
	char			*file = file_join(dir, name);
	struct place_source	 from = { .key = file, .cert = NULL,
				    .what = name };
	struct error		 e = ERROR_INIT;
	struct buf		 pem = { 0 };
	BIO			*bio = BIO_new(BIO_s_mem());
	char			*text;
	long			 n;

	must(key_encode(&pem, id->key, NULL, &e) == 0 &&
	    PEM_write_bio_X509(bio, id->cert) == 1);
	n = BIO_get_mem_data(bio, &text);
	buf_add(&pem, text, (size_t)n);
	must(file_create(file, pem.p, pem.len, 0600, &e) == 0 &&
	    keeper_open(k, &from, &e) == 0);
	BIO_free(bio);
	buf_clear(&pem);
	mem_free(&file);
}

static void
take_away(void)
{
	size_t	 i;

	for (i = 0; i < THING__MAX; i++)
		buf_clear(&thing[i]);
	keeper_clear(&keeper);
	keeper_clear(&tls.k);
	testpki_identity_clear(&agent);
	testpki_identity_clear(&officer);
	testpki_identity_clear(&server);
	testpki_identity_clear(&before);
	testpki_clear(&pki);
	testpki_remove_tree(dir);
}

static void
make_things(void)
{
	struct error	 e = ERROR_INIT;
	struct msg	 q = { .type = TLS_CHAIN }, r = { .type = 0 };

	scratch_make(dir, "keeper");
	testpki_init(&pki, clock_now(&clock_system));
	testpki_identity(&agent, &pki, "P-256", "agent", "1",
	    OID_ROLE_RA_AGENT);
	testpki_identity(&officer, &pki, "P-256", "officer", PERSON,
	    OID_ROLE_OFFICER);
	testpki_identity(&server, &pki, "P-256", RP_ID, "2", NULL);
	testpki_identity(&before, &pki, "rsa", RP_ID, "2", NULL);
	make_keeper(&keeper, "agent", &agent);
	make_keeper(&tls.k, "server", &server);
	tls.before = before;
	make_order(&thing[ORDER], "Carol Berg");
	make_order(&thing[OTHER_ORDER], "Dora Ek");
	sign_order(&thing[OFFICERS], &thing[ORDER], &officer);
	sign_order(&thing[SEALED], &thing[ORDER], &agent);
	make_assertion();
	testpki_cert_der(&thing[OFFICER], officer.cert);
	testpki_cert_der(&thing[STRANGER], server.cert);
	testpki_cert_der(&thing[AGENT], agent.cert);
	put_digest_of(OWN_KEY, server.key);
	put_digest_of(KEY_BEFORE, before.key);
	must(tls_keeper_answer(&tls, &q, &r, &e) == 0);
	buf_add(&thing[CHAIN], r.body.p + 4, r.body.len - 4);
	msg_clear(&r);
	must(atexit(take_away) == 0);
}

/* ---- what is said ---- */

/* With one octet another, when the input says so; or none of it. */
static void
put_thing(struct msg *m, struct input *in, bool twisted)
{
	put_some_thing(m, in, &thing[one(in) % THING__MAX], twisted);
}

static void
put_error(struct msg *m, struct input *in)
{
	struct bytes	 b;

	msg_put_u32(m, one(in));
	b = some(in, one(in));
	msg_put_blob(m, b.p, b.len);
	b = some(in, one(in));
	msg_put_blob(m, b.p, b.len);
}

static void
put_digest(struct msg *m, struct input *in)
{
	static const uint8_t	 zeros[65];
	static const size_t	 size[] = { 32, 48, 64, 20, 0, 65, 31, 33 };

	msg_put_blob(m, zeros, size[one(in) % (sizeof(size) /
	    sizeof(size[0]))]);
}

/* false: that was the last field. */
static bool
put_field(struct msg *m, struct input *in)
{
	struct bytes	 b;

	switch (one(in) % 10) {
	case 0:
		return false;
	case 1:
		msg_put_u32(m, (uint32_t)one(in) << 8 | one(in));
		break;
	case 2:
		msg_put_u32(m, four(in));
		break;
	case 3:
		b = some(in, one(in));
		msg_put_blob(m, b.p, b.len);
		break;
	case 4:
		put_thing(m, in, false);
		break;
	case 5:
		put_thing(m, in, true);
		break;
	case 6:
		put_digest(m, in);
		break;
	case 7:
		put_error(m, in);
		break;
	case 8:
		msg_put_blob(m, NULL, 0);
		break;
	default:
		b = some(in, one(in) & 15);
		buf_add(&m->body, b.p, b.len);
	}
	return true;
}

static void
put_message(struct msg *m, struct input *in)
{
	msg_init(m, one(in) % 4);
	while (m->body.len < BODY_MAX && put_field(m, in))
		;
}

/* ---- what is signed ---- */

/* They are a SET, which DER sorts; an agent who brings assertions is in it
 * once. */
static bool
is_by_agent(const struct approved *a)
{
	size_t	 i;

	for (i = 0; i < a->n; i++)
		if (X509_cmp(a->by[i].cert, agent.cert) == 0)
			return true;
	return false;
}

static void
judge_sealed(struct bytes asked, bool assertion, struct bytes got)
{
	struct error	 e = ERROR_INIT;
	struct order	*of = NULL, *to = NULL;
	uint8_t		 digest[2][ORDER_DIGEST];
	struct approved	*was = NULL, *is = NULL;

	must(approval_look(&of, digest[0], asked, &e) == 0 &&
	    approval_look(&to, digest[1], got, &e) == 0 &&
	    memcmp(digest[0], digest[1], ORDER_DIGEST) == 0);
	if (approval_open(&was, asked, &e) == 0) {
		must(approval_open(&is, got, &e) == 0 && is_by_agent(is));
		must(is->n == was->n + !is_by_agent(was) + assertion);
	}
	approval_free(&was);
	approval_free(&is);
	order_free(&of);
	order_free(&to);
}

static void
hear_sealer(struct msg *q, struct msg *r)
{
	struct bytes	 got = msg_get_blob(r, MSG_MAX), order;
	struct error	 e = ERROR_INIT;

	must(msg_done(r, &e) == 0 && got.len > 0);
	if (q->type == SEAL_CERT) {
		must(bytes_equal(got, BYTES(thing[AGENT].p,
		    thing[AGENT].len)));
		return;
	}
	order = msg_get_blob(q, MSG_MAX);
	(void)msg_get_blob(q, MSG_MAX);
	judge_sealed(order, msg_get_blob(q, MSG_MAX).len > 0, got);
}

/* RFC 8446, 4.2.3. */
static const struct scheme {
	uint32_t	 number;
	int		 padding;	/* 0: ECDSA */
	const char	*md;
} schemes[] = {
	{ 0x0401, RSA_PKCS1_PADDING, "SHA256" },
	{ 0x0501, RSA_PKCS1_PADDING, "SHA384" },
	{ 0x0601, RSA_PKCS1_PADDING, "SHA512" },
	{ 0x0403, 0, "SHA256" },
	{ 0x0503, 0, "SHA384" },
	{ 0x0603, 0, "SHA512" },
	{ 0x0804, RSA_PKCS1_PSS_PADDING, "SHA256" },
	{ 0x0805, RSA_PKCS1_PSS_PADDING, "SHA384" },
	{ 0x0806, RSA_PKCS1_PSS_PADDING, "SHA512" },
};

static void
judge_handshake(EVP_PKEY *key, uint32_t scheme, struct bytes digest,
    struct bytes sig)
{
	const struct scheme	*s = schemes;
	const EVP_MD		*md;
	EVP_PKEY_CTX		*ctx = EVP_PKEY_CTX_new(key, NULL);

	while (s->number != scheme)
		must(++s < schemes + sizeof(schemes) / sizeof(schemes[0]));
	must((md = EVP_get_digestbyname(s->md)) != NULL &&
	    (size_t)EVP_MD_get_size(md) == digest.len);
	must(EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, md) == 1);
	must(EVP_PKEY_is_a(key, "RSA") == (s->padding != 0));
	if (s->padding != 0)
		must(EVP_PKEY_CTX_set_rsa_padding(ctx, s->padding) == 1);
	if (s->padding == RSA_PKCS1_PSS_PADDING)
		must(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
		    RSA_PSS_SALTLEN_DIGEST) == 1);
	must(EVP_PKEY_verify(ctx, sig.p, sig.len, digest.p, digest.len) ==
	    1);
	EVP_PKEY_CTX_free(ctx);
}

static void
hear_tls(struct msg *q, struct msg *r)
{
	struct bytes	 got = msg_get_blob(r, MSG_MAX), which;
	struct error	 e = ERROR_INIT;
	uint32_t	 scheme;
	EVP_PKEY	*key;

	must(msg_done(r, &e) == 0 && got.len > 0);
	if (q->type == TLS_CHAIN) {
		must(bytes_equal(got, BYTES(thing[CHAIN].p,
		    thing[CHAIN].len)));
		return;
	}
	which = msg_get_blob(q, KEY_DIGEST_SIZE);
	key = bytes_equal(which, BYTES(thing[OWN_KEY].p, 32)) ? server.key :
	    before.key;
	must(key == server.key || bytes_equal(which,
	    BYTES(thing[KEY_BEFORE].p, 32)));
	scheme = msg_get_u32(q);
	judge_handshake(key, scheme, msg_get_blob(q, 64), got);
}

static void
ask(struct input *in, bool sealer)
{
	struct msg	 q = { .type = 0 }, r = { .type = 0 };
	struct error	 e = ERROR_INIT;
	size_t		 n;

	for (n = 0; n < ASKED_MAX && in->n > 0; n++) {
		put_message(&q, in);
		if (sealer)
			keeper_answer(sealer_answer, &keeper, &q, &r);
		else
			keeper_answer(tls_keeper_answer, &tls, &q, &r);
		must(!r.bad && (r.type == 0 || r.type == q.type));
		must(ERR_peek_error() == 0);
		q.pos = 0;
		if (r.type == 0) {
			msg_get_error(&r, &e);
			must(msg_done(&r, &e) == 0 && e.text[0] != '\0');
		} else if (sealer)
			hear_sealer(&q, &r);
		else
			hear_tls(&q, &r);
		ERR_clear_error();	/* of judging */
	}
	msg_clear(&q);
	msg_clear(&r);
}

/* ---- what is heard ---- */

/* All that is said, whole or not, and nothing after it. */
static int
line_with(struct input *in, int *other)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { .type = 0 };
	struct bytes	 raw;
	int		 fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	if (one(in) % 4 == 0) {
		raw = some(in, in->n);
		must(raw.len == 0 || write(fd[0], raw.p, raw.len) ==
		    (ssize_t)raw.len);
	} else {
		put_message(&m, in);
		must(msg_send(fd[0], &m, &e) == 0);
		msg_clear(&m);
	}
	must(shutdown(fd[0], SHUT_WR) == 0);
	*other = fd[0];
	return fd[1];
}

static void
hear_sealed(struct input *in)
{
	uint8_t		 what = one(in);
	int		 other, fd = line_with(in, &other);
	struct error	 e = ERROR_INIT;
	struct buf	 out = { 0 };
	X509		*cert = NULL;
	struct sealer	*s;
	int		 rc;

	sealer_new(&s, fd);
	if (what % 2 == 0) {
		rc = sealer_cert(s, &cert, &e);
		must((rc == 0) == (cert != NULL));
	} else {
		rc = sealer_seal(s, BYTES(thing[ORDER].p, thing[ORDER].len),
		    officer.cert, BYTES(thing[ASSERTION].p, 9), &out, &e);
		must((rc == 0) == (out.len > 0));
	}
	must(rc == 0 || (e.code != ERROR_NONE && e.text[0] != '\0'));
	X509_free(cert);
	buf_clear(&out);
	sealer_free(&s);
	close(other);
}

static void
hear_keeper(struct input *in)
{
	static const uint8_t	 zeros[32];
	uint8_t			 what = one(in);
	int			 other, fd = line_with(in, &other), rc;
	struct tls_lanes	 lanes = { .ask = { fd }, .n = 1 };
	struct error		 e = ERROR_INIT;
	struct buf		 out = { 0 };
	struct tls_keeper	*k;
	struct identity		 id;

	tls_keeper_new(&k, &lanes);
	if (what % 2 == 0) {
		rc = tls_keeper_identity(k, &id, &e);
		must((rc == 0) == (id.cert != NULL) &&
		    (rc == 0) == (id.key != NULL));
		identity_free(&id);
	} else {
		rc = tls_keeper_sign(k, zeros, 0x0403, BYTES(zeros, 32), &out,
		    &e);
		must((rc == 0) == (out.len > 0) && out.len <= 1024);
	}
	must(rc == 0 || (e.code != ERROR_NONE && e.text[0] != '\0'));
	buf_clear(&out);
	tls_keeper_free(&k);
	close(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct input	 in = { p, n };

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (thing[ORDER].len == 0)
		make_things();
	switch (one(&in) % 4) {
	case 0:
		ask(&in, true);
		break;
	case 1:
		ask(&in, false);
		break;
	case 2:
		hear_sealed(&in);
		break;
	default:
		hear_keeper(&in);
	}
	ERR_clear_error();
	return 0;
}
