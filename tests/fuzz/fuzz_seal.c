/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was sealed, and lay in a store that somebody else writes.  What opens is
 * what was sealed: no name of an algorithm, no length and no tag is another.
 *
 * No chance finds an encrypted key, so the target seals, twice, and the input
 * says what becomes of the first.  Its first byte: 0, and the rest is the
 * message itself; else the lowest bits are the recipients, the next who opens.
 * Then come changes, each the number of an element, of a kind, and what the
 * kind needs; lengths are made to fit.
 */
#include <stdlib.h>
#include <openssl/err.h>
#include "base/secret.h"
#include "card/seal.h"
#include "card/seal_form.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/must.h"
#include "tests/lib/testpki.h"
#include "x509/der.h"

#define INPUT_MAX	(16u << 10)
#define NODES_MAX	256
#define DEPTH_MAX	16
#define BOTH		3

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum change { KEEP, DROP, TWICE, TAG, CONTENT, CUT, FLIP, DONATED, CHANGE__MAX };
struct node {
	uint8_t		 tag;
	size_t		 end;		/* the node after all that is in it */
	struct bytes	 content;
	enum change	 change;
	uint8_t		 at, with;
	struct bytes	 bytes;		/* instead */
};
struct message {
	struct buf	 der;
	struct node	 node[NODES_MAX];
	size_t		 n;
};

static const char	*const clear[2] = { "puk=19283746", "pin=4711" };
static EVP_PKEY		*key[2];		/* RSA, EC */
static X509		*cert[2];
static struct message	 sealed[BOTH + 1][2];

/* ---- what was sealed ---- */

static void
divide(struct message *m, struct bytes in, int depth)
{
	struct bytes	 content;
	uint8_t		 tag;
	size_t		 i;

	while (der_next(&in, &tag, &content, NULL) == 1) {
		must(m->n < NODES_MAX && depth < DEPTH_MAX);
		i = m->n++;
		m->node[i] = (struct node){ .tag = tag, .content = content };
		if ((tag & 0x20) != 0)
			divide(m, content, depth + 1);
		m->node[i].end = m->n;
	}
}

static void
seal(struct message *m, int to, const char *text)
{
	struct seal	 s = { NULL };
	struct error	 e = ERROR_INIT;
	int		 i;

	for (i = 0; i < 2; i++)
		if ((to & 1 << i) != 0)
			must(seal_add_cert(&s, cert[i], TESTPKI_NOW, &e) == 0);
	must(seal_make(&m->der, &s, text, strlen(text), &e) == 0);
	divide(m, BYTES(m->der.p, m->der.len), 0);
	seal_clear(&s);
}

/* testpki gives certificates for signing. */
static X509 *
made_cert(const struct testpki *pki, EVP_PKEY *k, int usage)
{
	const struct testpki_spec	 spec = { .name = "escrow",
					    .serial = 4711 };
	X509	*x = testpki_cert(pki, &spec, k, pki->services,
		    pki->services_key);
	ASN1_BIT_STRING	*bits = ASN1_BIT_STRING_new();

	X509_EXTENSION_free(X509_delete_ext(x, X509_get_ext_by_NID(x,
	    NID_key_usage, -1)));
	must(ASN1_BIT_STRING_set_bit(bits, usage, 1) == 1 &&
	    X509_add1_ext_i2d(x, NID_key_usage, bits, 1, 0) == 1 &&
	    X509_sign(x, pki->services_key, EVP_sha256()) > 0);
	ASN1_BIT_STRING_free(bits);
	return x;
}

static void
make(void)
{
	struct error	 e = ERROR_INIT;
	struct testpki	 pki;
	int		 to, i;

	must(secret_init(&e) == 0);
	testpki_init(&pki, TESTPKI_NOW);
	key[0] = testpki_key("rsa");
	key[1] = testpki_key("P-256");
	cert[0] = made_cert(&pki, key[0], 2);	/* keyEncipherment */
	cert[1] = made_cert(&pki, key[1], 4);	/* keyAgreement */
	for (to = 1; to <= BOTH; to++)
		for (i = 0; i < 2; i++)
			seal(&sealed[to][i], to, clear[i]);
	testpki_clear(&pki);
}

/* ---- what becomes of it ---- */

static void
change(struct message *m, struct input *in)
{
	struct node	*x = &m->node[one(in) % m->n];

	x->change = one(in) % CHANGE__MAX;
	if (x->change == CONTENT) {
		x->bytes = some(in, one(in));
	} else if (x->change > TWICE) {
		x->at = one(in);
		x->with = x->change == FLIP ? one(in) : 0;
	}
}

static void put(struct buf *, const struct message *, size_t,
	    const struct message *);

/* From the last bytes: a tag's count. */
static void
put_content(struct buf *out, const struct node *x)
{
	size_t	 n = x->content.len, at = out->len;

	if (x->change == CONTENT)
		buf_add(out, x->bytes.p, x->bytes.len);
	else if (x->change == CUT)
		buf_add(out, x->content.p, n > x->at ? n - x->at : 0);
	else
		buf_add(out, x->content.p, n);
	if (x->change == FLIP && n > 0)
		out->p[at + x->at % n] ^= x->with;
}

static void
put_once(struct buf *out, const struct message *m, size_t i,
    const struct message *other)
{
	const struct node	*x = &m->node[i];
	size_t			 mark = der_begin(out, x->change == TAG ?
				    x->at : x->tag), k;

	if (x->change == CONTENT || (x->tag & 0x20) == 0)
		put_content(out, x);
	else
		for (k = i + 1; k < x->end; k = m->node[k].end)
			put(out, m, k, other);
	der_end(out, mark);
}

static void
put(struct buf *out, const struct message *m, size_t i,
    const struct message *other)
{
	const struct node	*x = &m->node[i];

	if (x->change == DROP)
		return;
	if (x->change == DONATED && other != NULL) {
		put_once(out, other, x->at == 0 ? i : x->at % other->n, NULL);
		return;
	}
	put_once(out, m, i, other);
	if (x->change == TWICE)
		put_once(out, m, i, other);
}

/* ---- what opens ---- */

static bool
is_one_of_ours(struct bytes got)
{
	return bytes_equal(got, BYTES(clear[0], strlen(clear[0]))) ||
	    bytes_equal(got, BYTES(clear[1], strlen(clear[1])));
}

static int
open_it(struct bytes in, int who)
{
	struct error	 e = ERROR_INIT, again = ERROR_INIT, form = ERROR_INIT;
	struct secret	 got = { NULL, 0 };
	struct buf	 much = { 0 };
	int		 rc = seal_open(&got, in, cert[who], key[who], &e);

	must(seal_open_much(&much, in, cert[who], key[who], &again) == rc);
	if (rc == 0)
		must(seal_form_check(in, &form) == 0 &&
		    is_one_of_ours(BYTES(got.p, got.len)) &&
		    bytes_equal(BYTES(got.p, got.len),
		    BYTES(much.p, much.len)));
	else
		must(got.p == NULL && much.len == 0 && e.text[0] != '\0' &&
		    (e.code == ERROR_INPUT || e.code == ERROR_DENIED));
	must(ERR_peek_error() == 0);
	secret_free(&got);
	buf_clear(&much);
	return rc;
}

/* Untouched it opens, to those to whom it was sealed and to nobody else. */
static void
open_changed(uint8_t head, struct input *in)
{
	static struct message	 m;
	int			 to = head & BOTH, who = head >> 2 & 1;
	bool			 untouched = in->n == 0;
	struct buf		 out = { 0 };
	int			 rc;

	m = sealed[to][0];
	while (in->n > 0)
		change(&m, in);
	put(&out, &m, 0, &sealed[to][1]);
	rc = open_it(BYTES(out.p, out.len), who);
	must(!untouched || (rc == 0) == ((to & 1 << who) != 0));
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct input	 in = { p, n };
	uint8_t		 head;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (key[0] == NULL)
		make();
	head = one(&in);
	if ((head & BOTH) == 0)
		(void)open_it(BYTES(in.p, in.n), head >> 2 & 1);
	else
		open_changed(head, &in);
	return 0;
}
