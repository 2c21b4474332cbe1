/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden DIR: certificates and lists from a fixed clock and fixed randomness,
 * for tests/lib/golden.pl to compare octet by octet.  Profiles are in
 * DIR/profiles, keys are DIR/NAME.key.  Each line of standard input is a job,
 * with tabs between the words:
 *
 *	cert OUT PROFILE ISSUER KEY SCHEME RANDOM FIELD=VALUE;...
 *	crl OUT ISSUER SCHEME COUNT SCOPE
 *
 * makes DIR/OUT.der.  ISSUER is the OUT of an earlier line, or "-" for the
 * root itself, KEY a name, SCHEME "-" or "rsa-pss", RANDOM octets in hex: 20,
 * and 4 more where a shard is drawn.  SCOPE is the number of a shard, or 0;
 * "deltas" names where those are.
 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "os/file.h"
#include "x509/crl.h"
#include "x509/crl_shard.h"

#define NOW	INT64_C(1800000000)	/* 2027-01-15T08:00:00Z */
#define WORDS	8

struct golden {
	const char	*dir;
	struct profiles	 profiles;
	struct issuer	 issuer;
	EVP_PKEY	*key;		/* the issuer's */
	unsigned char	 chance[CERT_SERIAL_SIZE + 4];
	size_t		 chances, drawn;
	struct error	 e;
};

static const char	*url[] = { "http://pki.example.org/a.crl",
	"http://pki.example.org/b.crl", "http://ocsp.example.org/",
	"http://pki.example.org/a.cer" };

#define SHARD_URL	"http://pki.example.org/s-%d.crl"
#define DELTA_URL	"http://pki.example.org/d.crl"

static const char *
path(const struct golden *g, const char *name, const char *suffix)
{
	static char	 text[500];

	snprintf(text, sizeof(text), "%s/%s.%s", g->dir, name, suffix);
	return text;
}

static int
store(struct golden *g, const char *out, const struct buf *der)
{
	return file_store(path(g, out, "der"), der->p, der->len, 0644, &g->e);
}

static void
add_fields(struct fields *f, char *text)
{
	char	*pair, *value;

	while ((pair = strsep(&text, ";")) != NULL)
		if ((value = strchr(pair, '=')) != NULL) {
			*value++ = '\0';
			fields_add(f, pair, value);
		}
}

/* The octets that the job gives, and no more of them. */
static int
given(const struct rng *rng, unsigned char *dst, size_t n, struct error *e)
{
	struct golden	*g = (struct golden *)(uintptr_t)rng->seed;

	if (n > g->chances - g->drawn)
		return error_set(e, ERROR_BUG, "%zu octets asked for", n);
	memcpy(dst, g->chance + g->drawn, n);
	g->drawn += n;
	return 0;
}

static int
open_issuer(struct golden *g, const char *name, const char *scheme)
{
	X509	*cert = NULL;
	int	 rc = -1;

	if (key_load(&g->key, path(g, name, "key"), NULL, &g->e) == -1 ||
	    cert_load(&cert, path(g, name, "der"), &g->e) == -1 ||
	    issuer_init(&g->issuer, name, cert, &g->e) == -1)
		goto out;
	if (strcmp(scheme, "-") != 0 && issuer_set_signature(&g->issuer,
	    g->key, scheme, &g->e) == -1)
		goto out;
	g->issuer.cdp = (struct conf_list){ (char **)(uintptr_t)url, 2 };
	g->issuer.ocsp = (struct conf_list){ (char **)(uintptr_t)(url + 2), 1 };
	g->issuer.aia = (struct conf_list){ (char **)(uintptr_t)(url + 3), 1 };
	g->issuer.freshest = DELTA_URL;
	g->issuer.shard_url = SHARD_URL;
	g->issuer.shards = 9;
	rc = 0;
 out:
	X509_free(cert);
	return rc;
}

static int
open_self(struct golden *g, const struct cert_spec *s, const char *key)
{
	return key_load(&g->key, path(g, key, "key"), NULL, &g->e) == -1 ?
	    -1 : issuer_init_self(&g->issuer, "root", g->key, s->profile,
	    s->fields, &g->e);
}

static int
make_cert(struct golden *g, char *w[WORDS])
{
	struct rng		 rng = { given, (uint64_t)(uintptr_t)g };
	struct cert_spec	 s = { .issuer = &g->issuer };
	struct fields		 fields = { 0 };
	struct buf		 spki = { 0 }, tbs = { 0 }, der = { 0 };
	struct error		*e = &g->e;
	EVP_PKEY		*key = NULL;
	int			 rc = -1;

	add_fields(&fields, w[7]);
	s.fields = &fields;
	if (profiles_find(&g->profiles, w[2], &s.profile, e) == -1 ||
	    text_unhex(g->chance, sizeof(g->chance), &g->chances, w[6],
	    e) == -1 ||
	    (strcmp(w[3], "-") == 0 ? open_self(g, &s, w[4]) :
	    open_issuer(g, w[3], w[5])) == -1 ||
	    key_load(&key, path(g, w[4], "key"), NULL, e) == -1 ||
	    key_public_der(&spki, key, e) == -1)
		goto out;
	s.spki = BYTES(spki.p, spki.len);
	g->drawn = 0;
	if (cert_spec_init(&s, NOW, 0, &rng, e) == -1 ||
	    cert_tbs(&tbs, &s, e) == -1 ||
	    cert_sign(&der, BYTES(tbs.p, tbs.len), &g->issuer, g->key, e) ==
	    -1 || cert_check(BYTES(der.p, der.len), &s, e) == -1)
		goto out;
	rc = store(g, w[1], &der);
 out:
	EVP_PKEY_free(key);
	fields_clear(&fields);
	buf_clear(&spki);
	buf_clear(&tbs);
	buf_clear(&der);
	return rc;
}

struct count {
	int	 i, n;
};

/*
 * Entry i: serial 7f, 80, and then twelve octets with i at their end; every
 * reason that a list can have and none; an invalidityDate for each third.
 */
static int
next(void *arg, struct crl_entry *x, struct error *e)
{
	struct count	*c = arg;
	int		 i = c->i++, reason = i % 10;

	(void)e;
	if (i == c->n)
		return 0;
	x->serial_len = i < 2 ? 1 : 12;
	memset(x->serial, 0xa5, 12);
	x->serial[0] = (uint8_t)(i < 2 ? 0x7f + i : 0xa5);
	if (i >= 2)
		x->serial[11] = (uint8_t)i;
	x->reason = (int8_t)(reason == 0 || reason == 7 || reason == 8 ? -1 :
	    reason);
	x->revoked_at = NOW - 3600 * i;
	x->invalid_since = i % 3 == 0 ? x->revoked_at - 86400 : 0;
	return 1;
}

static int
make_crl(struct golden *g, char *w[WORDS])
{
	struct crl_params	 p = { .number = 4660, .this_update = NOW,
	    .next_update = NOW + 7 * 86400 };
	struct count		 c = { 0, 0 };
	struct buf		 der = { 0 };
	char			 shard[CRL_SHARD_URL];
	int64_t			 n, which = 0;
	int			 rc = -1;

	if (strcmp(w[5], "deltas") == 0)
		p.freshest = BYTES(DELTA_URL, strlen(DELTA_URL));
	else if (text_parse_number(&which, w[5], 0, 9, &g->e) == -1)
		return -1;
	if (which > 0)
		p.idp = BYTES(crl_shard_url(shard, SHARD_URL, which),
		    strlen(shard));
	if (text_parse_number(&n, w[4], 0, 200, &g->e) == -1 ||
	    open_issuer(g, w[2], w[3]) == -1)
		return -1;
	c.n = (int)n;
	if (crl_sign(&der, &p, next, &c, &g->issuer, g->key, &g->e) == 0)
		rc = store(g, w[1], &der);
	buf_clear(&der);
	return rc;
}

static int
job(struct golden *g, char *line)
{
	char	*w[WORDS] = { NULL };
	size_t	 n = 0;
	int	 rc;

	line[strcspn(line, "\n")] = '\0';
	while (n < WORDS && (w[n] = strsep(&line, "\t")) != NULL)
		n++;
	if (n == WORDS && strcmp(w[0], "cert") == 0)
		rc = make_cert(g, w);
	else if (n == 6 && strcmp(w[0], "crl") == 0)
		rc = make_crl(g, w);
	else
		return error_set(&g->e, ERROR_INPUT, "no such job");
	issuer_clear(&g->issuer);
	EVP_PKEY_free(g->key);
	g->key = NULL;
	return rc == 0 ? 0 : error_wrap(&g->e, "%s", w[1]);
}

int
main(int argc, char *argv[])
{
	struct golden	 g = { .dir = argv[1] };
	char		 line[2000], *dir;
	int		 rc = -1;

	if (argc != 2) {
		fprintf(stderr, "usage: golden DIR <JOBS\n");
		return 2;
	}
	dir = mem_printf("%s/profiles", g.dir);
	if (profiles_load(&g.profiles, dir, &g.e) == 0)
		for (rc = 0; rc == 0 && fgets(line, sizeof(line), stdin); )
			rc = job(&g, line);
	if (rc == -1)
		fprintf(stderr, "golden: %s\n", g.e.text);
	profiles_free(&g.profiles);
	mem_free(&dir);
	return rc == 0 ? 0 : 1;
}
