/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker of the CA that has gone mad asks the signer (ca/issuing/wire.h).
 *
 * The input is a program that puts messages together out of its own bytes, of
 * what the last answers said, and of real things, which no chance would find:
 * orders that officers have approved and that nobody has, requests,
 * certificates.  Whatever it asks, no certificate names what was not approved,
 * no order gives two of them, and nothing is revoked that nobody revokes.
 */
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>
#include "audit/chain.h"
#include "ca/issuing/signer_private.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/must.h"
#include "tests/unit/signer_fixture.h"

#define INPUT_MAX	4096
#define ASKED_MAX	24		/* messages of one input */
#define BODY_MAX	(256u << 10)
#define HEARD_MAX	16

#define GOOD_NAME	"good.example.org"
#define EVIL_NAME	"evil.example.org"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum thing {
	GOOD, GOOD_AGAIN, UNSIGNED, AUDITORS, BATCH, EVIL_BATCH, REVOKE, EVIL_REVOKE,
	HOLD, REQUEST, VICTIM, OTHER, CA_CERT, THING__MAX
};

static struct fixture	*f;
static struct buf	 thing[THING__MAX];
static struct bytes	 heard[HEARD_MAX];	/* blobs of the last answers */
static uint8_t		 heard_bytes[HEARD_MAX][4096];
static size_t		 nheard;
static X509		*victim, *other;
static uint8_t		 seen[2][20];	/* serial numbers of good names */
static size_t		 nseen;
static bool		 used;		/* the signer remembers something */
static struct audit_head	 chain;		/* after what was told so far */

/* ---- what is real ---- */

static void
make_thing(enum thing t, struct order *o, const struct identity *by)
{
	approve(f, &thing[t], o, by, NULL);
}

/* Of the services CA, by other hands than the signer's. */
static X509 *
known(enum thing t, const char *name)
{
	const struct testpki_spec	 spec = { .name = name };
	X509				*x = testpki_cert(&f->pki, &spec, f->key,
					    f->pki.services,
					    f->pki.services_key);

	testpki_cert_der(&thing[t], x);
	return x;
}

static void
make_things(void)
{
	/* Where the fixture looks for etc/profiles. */
	must(setenv("srcdir", SOURCE, 0) == 0);
	must(set_up((void **)&f) == 0);
	victim = known(VICTIM, "victim");
	other = known(OTHER, "other");
	testpki_cert_der(&thing[CA_CERT], f->pki.services);
	make_thing(GOOD, tls_order(f, GOOD_NAME), &f->officer);
	make_thing(GOOD_AGAIN, tls_order(f, GOOD_NAME), &f->officer);
	make_thing(UNSIGNED, tls_order(f, EVIL_NAME), NULL);
	make_thing(AUDITORS, tls_order(f, EVIL_NAME), &f->auditor);
	approve(f, &thing[BATCH], batch_order(f, 3, true), &f->officer,
	    &f->second);
	make_thing(EVIL_BATCH, batch_order(f, 3, true), &f->officer);
	make_thing(REVOKE, status_order(f, ORDER_REVOKE, "services", other),
	    &f->officer);
	make_thing(EVIL_REVOKE, status_order(f, ORDER_REVOKE, "services",
	    victim), &f->auditor);
	make_thing(HOLD, status_order(f, ORDER_HOLD, "services", other),
	    &f->officer);
	buf_add(&thing[REQUEST], f->request.p, f->request.len);
}

static void
take_away(void)
{
	(void)tear_down((void **)&f);
}

/* As it was before the first question: neither ledger nor lists. */
static void
start_again(void)
{
	glob_t	 g;
	char	*all = mem_printf("%s/*", f->dir);
	size_t	 i;

	signer_free(&f->signer);
	must(glob(all, 0, NULL, &g) == 0);
	for (i = 0; i < g.gl_pathc; i++)
		if (strstr(g.gl_pathv[i], ".pem") == NULL &&
		    strstr(g.gl_pathv[i], ".key") == NULL)
			(void)unlink(g.gl_pathv[i]);
	globfree(&g);
	mem_free(&all);
	start(f);
	nseen = 0;
	used = false;
}

/* ---- what is asked ---- */

/* With one octet another, when the input says so. */
static void
put_thing(struct msg *m, struct input *in, bool twisted)
{
	put_some_thing(m, in, &thing[one(in) % THING__MAX], twisted);
}

static void
put_digest(struct msg *m, struct input *in)
{
	uint8_t	 digest[32];

	digest_of(digest, &thing[one(in) % THING__MAX]);
	msg_put_blob(m, digest, sizeof(digest));
}

static void
put_name(struct msg *m, struct input *in)
{
	static const char *const name[] = { "services", "people", "tls-server",
		"mail-dual", "officer", "", "services/2" };

	msg_put_str(m, name[one(in) % (sizeof(name) / sizeof(name[0]))]);
}

/* The next of the audit chain, whose hashes no chance finds. */
static void
put_audit(struct msg *m, struct input *in)
{
	static const char *const act[] = { "issue", "revoke", "hold", "release",
		"reject", "crl", "alarm", "start" };
	struct buf	 body = { 0 };
	uint8_t		 digest[32], kind = one(in);

	digest_of(digest, &thing[one(in) % THING__MAX]);
	entry_of(&body, kind & 0x80 ? "test" : "else",
	    act[kind % (sizeof(act) / sizeof(act[0]))], digest,
	    kind & 0x40 ? victim : other);
	audit_advance(&chain, BYTES(body.p, body.len));
	msg_put_i64(m, chain.seq);
	msg_put_blob(m, chain.hash, sizeof(chain.hash));
	msg_put_blob(m, body.p, body.len);
	buf_clear(&body);
}

/* false: that was the last field. */
static bool
put_field(struct msg *m, struct input *in)
{
	struct bytes	 b;

	switch (one(in) % 13) {
	case 0:
		return false;
	case 1:
		msg_put_u32(m, one(in));
		break;
	case 2:
		msg_put_u32(m, four(in));
		break;
	case 3:
		msg_put_i64(m, (int8_t)one(in));
		break;
	case 4:
		msg_put_i64(m, NOW + (int32_t)four(in));
		break;
	case 5:
		b = some(in, one(in));
		msg_put_blob(m, b.p, b.len);
		break;
	case 6:
		put_thing(m, in, false);
		break;
	case 7:
		put_thing(m, in, true);
		break;
	case 8:
		b = nheard > 0 ? heard[one(in) % nheard] : BYTES(NULL, 0);
		msg_put_blob(m, b.p, b.len);
		break;
	case 9:
		put_digest(m, in);
		break;
	case 10:
		put_name(m, in);
		break;
	case 11:
		put_audit(m, in);
		break;
	default:
		b = some(in, one(in) & 15);
		buf_add(&m->body, b.p, b.len);
	}
	return true;
}

/* ---- what is answered ---- */

static bool
has(struct bytes b, const char *text)
{
	return memmem(b.p, b.len, text, strlen(text)) != NULL;
}

static void
remember(struct bytes b)
{
	size_t	 k = nheard < HEARD_MAX ? nheard++ : b.len % HEARD_MAX;

	if (b.len > sizeof(heard_bytes[k]))
		b.len = sizeof(heard_bytes[k]);
	if (b.len > 0)
		memcpy(heard_bytes[k], b.p, b.len);
	heard[k] = BYTES(heard_bytes[k], b.len);
}

/* Two orders name the good one, so there may be two, each once. */
static void
judge_cert(struct bytes der)
{
	const unsigned char	*p = der.p;
	X509			*x = d2i_X509(NULL, &p, (long)der.len);
	const ASN1_INTEGER	*n;
	size_t			 i;

	must(x != NULL && !has(der, EVIL_NAME));
	must(X509_verify(x, f->pki.services_key) == 1 ||
	    X509_verify(x, f->pki.people_key) == 1);
	n = X509_get0_serialNumber(x);
	must(n->length > 0 && (size_t)n->length <= sizeof(seen[0]));
	if (has(der, GOOD_NAME)) {
		for (i = 0; i < nseen; i++)
			if (memcmp(seen[i], n->data,
			    (size_t)n->length) == 0)
				break;
		must(i < sizeof(seen) / sizeof(seen[0]));
		if (i == nseen)
			memcpy(seen[nseen++], n->data,
			    (size_t)n->length);
	}
	X509_free(x);
}

static void
hear_prepared(struct msg *m)
{
	uint32_t	 n = msg_get_u32(m);
	struct error	 e;
	char		 text[257];

	for (; n > 0 && !m->bad; n--) {
		if (msg_get_u32(m) == 0) {
			msg_get_error(m, &e);
			must(m->bad || e.text[0] != '\0');
			continue;
		}
		remember(msg_get_blob(m, 32));
		msg_get_str(m, text, sizeof(text));
		remember(msg_get_blob(m, 20));
		remember(msg_get_blob(m, BODY_MAX));
		msg_get_str(m, text, sizeof(text));
		msg_get_str(m, text, sizeof(text));
		(void)msg_get_i64(m);
		(void)msg_get_u32(m);
		(void)msg_get_blob(m, BODY_MAX);
		(void)msg_get_blob(m, BODY_MAX);
		must(!m->bad);
	}
}

static void
hear_signed(struct msg *m)
{
	uint32_t	 n = msg_get_u32(m);
	struct error	 e;

	for (; n > 0 && !m->bad; n--) {
		if (msg_get_u32(m) == 0) {
			msg_get_error(m, &e);
			continue;
		}
		judge_cert(msg_get_blob(m, BODY_MAX));
		(void)msg_get_i64(m);
		must(!m->bad);
	}
}

static void
hear(struct msg *m, uint32_t asked)
{
	struct error	 e = ERROR_INIT;

	must(m->type == asked || m->type == 0);
	m->pos = 0;
	if (m->type == 0) {
		msg_get_error(m, &e);
		must(e.code != ERROR_NONE && e.text[0] != '\0');
		return;
	}
	used |= asked != WIRE_HELLO;
	if (asked == WIRE_PREPARE)
		hear_prepared(m);
	else if (asked == WIRE_SIGN)
		hear_signed(m);
	else if (asked == WIRE_BATCH)
		remember(msg_get_blob(m, 32));
	else
		remember(BYTES(m->body.p, m->body.len));
}

static void
ask(struct input *in)
{
	uint32_t	 type = one(in) % (WIRE__MAX + 1);

	msg_init(&f->ask, type);
	while (f->ask.body.len < BODY_MAX && put_field(&f->ask, in))
		;
	f->ask.pos = 0;
	f->ask.bad = false;
	signer_answer(f->signer, &f->ask, &f->answer);
	hear(&f->answer, type);
}

static void
nobody_revoked(X509 *x)
{
	const ASN1_INTEGER	*n = X509_get0_serialNumber(x);
	const struct signer_ca	*ca = &f->signer->ca[0];

	must(ledger_find_status(f->signer->ledger, "services", n->data,
	    (size_t)n->length) == NULL);
	must(ca->last == NULL || !crl_find(ca->last, n->data,
	    (size_t)n->length, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct input	 in = { p, n };
	size_t		 asked;

	if (n > INPUT_MAX)
		return 0;
	if (f == NULL) {
		make_things();
		must(atexit(take_away) == 0);
	}
	nheard = 0;
	memset(&chain, 0, sizeof(chain));
	for (asked = 0; asked < ASKED_MAX && in.n > 0; asked++)
		ask(&in);
	nobody_revoked(victim);
	if (used || f->signer->forked)
		start_again();
	return 0;
}
