/* SPDX-License-Identifier: Apache-2.0 */
#include "public.h"

#include <string.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "base/text.h"
#include "desk/request.h"
#include "said.h"
#include "x509/certs_only.h"
#include "x509/name.h"

#define CHAIN_MAX	8

const char *
public_day(struct page *p, int64_t when)
{
	char	 text[TEXT_TIME_SIZE];

	if (when == 0)
		return "";
	return arena_printf(p->arena, "%.10s", text_time(text, when));
}

const char *
public_text(struct page *p, const char *key)
{
	const char	*text = page_text(p, key);

	return text != NULL && strcmp(text, key) != 0 ? text : NULL;
}

char *
public_hex(struct page *p, const void *v, size_t n)
{
	char	*dst = arena_alloc(p->arena, 2 * n + 1);

	return text_hex(dst, v, n);
}

const char *
public_description(struct page *p, const char *name)
{
	const struct profile	*profile;
	const char		*text = public_text(p, arena_printf(p->arena,
	    "profile.%s", name));
	struct error		 ignored = ERROR_INIT;

	if (text != NULL)
		return text;
	if (desk_need(p->desk, DESK_PROFILES, &ignored) == 0 &&
	    profiles_find(&p->desk->profiles, name, &profile,
	    &ignored) == 0 && profile->description != NULL)
		return profile->description;
	return name;
}

static const char *
common_name(struct page *p, const X509_NAME *n)
{
	int			 i = X509_NAME_get_index_by_NID(n,
				    NID_commonName, -1);
	unsigned char		*utf8 = NULL;
	const char		*name = "";
	char			*all;

	if (i >= 0 && ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(
	    X509_NAME_get_entry(n, i))) >= 0) {
		name = arena_strdup(p->arena, (const char *)utf8);
	} else if ((all = name_text(n)) != NULL) {
		name = arena_strdup(p->arena, all);
		mem_free(&all);
	}
	OPENSSL_free(utf8);
	return name;
}

static json_t *
mails_of(X509 *x)
{
	STACK_OF(OPENSSL_STRING)	*all = X509_get1_email(x);
	json_t				*list = json_array();

	for (int i = 0; i < sk_OPENSSL_STRING_num(all); i++)
		json_array_append_new(list, json_string(
		    sk_OPENSSL_STRING_value(all, i)));
	X509_email_free(all);
	return list;
}

/* "valid": as people see it. */
static const char *
status_word(const struct page *p, const struct db_cert *c)
{
	if (strcmp(c->status, "good") != 0)
		return c->status;
	return c->not_after < p->now ? "expired" : "valid";
}

json_t *
public_cert(struct page *p, const struct db_cert *c)
{
	const unsigned char	*der = c->der.p;
	X509			*x = d2i_X509(NULL, &der, (long)c->der.len);
	uint8_t			 digest[SHA256_DIGEST_LENGTH];
	json_t			*v = json_object();

	digest_sha256(digest, c->der.p, c->der.len);
	json_object_set_new(v, "serial", json_string(public_hex(p,
	    c->serial.p, c->serial.len)));
	json_object_set_new(v, "not_before", json_string(public_day(p,
	    c->not_before)));
	json_object_set_new(v, "not_after", json_string(public_day(p,
	    c->not_after)));
	json_object_set_new(v, "sha256", json_string(public_hex(p, digest,
	    sizeof(digest))));
	json_object_set_new(v, "description", json_string(
	    public_description(p, c->profile)));
	json_object_set_new(v, "status", json_string(status_word(p, c)));
	json_object_set_new(v, "name", json_string(x == NULL ? c->subject :
	    common_name(p, X509_get_subject_name(x))));
	json_object_set_new(v, "issuer", json_string(x == NULL ? c->ca :
	    common_name(p, X509_get_issuer_name(x))));
	json_object_set_new(v, "mails", x == NULL ? json_array() :
	    mails_of(x));
	X509_free(x);
	return v;
}

/* ---- forms ---- */

void
public_wrong(struct page *p, const char *field, const char *text)
{
	json_t	*list = json_object_get(p->data, "errors"), *one;

	if (list == NULL) {
		list = json_array();
		page_put(p, "errors", list);
	}
	one = json_pack("{s:s, s:s}", "field", field, "text",
	    said_text(p->arena, p->texts, text));
	if (public_text(p, field) != NULL)
		json_object_set_new(one, "label", json_string(public_text(p,
		    field)));
	json_array_append_new(list, one);
	page_put_bool(p, "has_errors", true);
	p->status = 400;
}

bool
public_is_wrong(const struct page *p)
{
	return json_object_get(p->data, "errors") != NULL;
}

static bool
takes_key(const struct profile *profile, const char *type, int64_t bits,
    const char *curve)
{
	for (size_t i = 0; profile != NULL && i < profile->nkeys; i++) {
		const struct profile_key *k = &profile->keys[i];

		if (strcmp(k->type, type) != 0)
			continue;
		if (curve == NULL && bits >= k->min && bits <= k->max)
			return true;
		for (size_t c = 0; curve != NULL && c < k->curves.n; c++)
			if (strcmp(k->curves.v[c], curve) == 0)
				return true;
	}
	return profile == NULL;
}

void
public_put_keys(struct page *p, const struct profile *profile)
{
	static const struct {
		const char	*value, *type, *curve;
		int64_t		 bits;
	} kinds[] = {
		{ "P-256", "ec", "P-256", 0 },
		{ "P-384", "ec", "P-384", 0 },
		{ "rsa-3072", "rsa", NULL, 3072 },
		{ "rsa-2048", "rsa", NULL, 2048 },
		{ "rsa-4096", "rsa", NULL, 4096 },
	};
	json_t	*list = json_array();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (takes_key(profile, kinds[i].type, kinds[i].bits,
		    kinds[i].curve))
			json_array_append_new(list, json_pack("{s:s, s:s}",
			    "value", kinds[i].value, "label", page_text(p,
			    arena_printf(p->arena, "kind.%s",
			    kinds[i].value))));
	page_put(p, "key_kinds", list);
}

void
public_csr(struct page *p, struct csr **csr)
{
	const struct form_field	*file = form_find(&p->form, "csr_file");
	const char		*pasted = page_field(p, "csr");
	struct bytes		 text = BYTES(pasted, pasted != NULL ?
	    strlen(pasted) : 0);
	struct error		 e = ERROR_INIT;

	*csr = NULL;
	/* A private key is not sent back, too. */
	page_put_text(p, "csr", pasted != NULL && strstr(pasted,
	    "PRIVATE KEY") == NULL ? pasted : "");
	if (text.len == 0 && file != NULL)
		text = BYTES(file->value, file->len);
	if (text.len == 0)
		public_wrong(p, "csr", "no request (CSR): make a key here, or "
		    "paste or upload a request");
	else if (request_parse(csr, text, &e) == -1)
		public_wrong(p, "csr", e.text);
}

/* ---- chains ---- */

/* The certificate and those above it but the root; how many. */
static size_t
chain_of(struct page *p, X509 *x, X509 *chain[CHAIN_MAX], struct error *e)
{
	const struct desk_issuer	*issuer;
	size_t				 n = 0;

	chain[n++] = x;
	if (desk_need(p->desk, DESK_TRUST, e) == -1 ||
	    (issuer = desk_issuer_of(p->desk, x)) == NULL)
		return n;
	chain[n++] = issuer->cert;
	for (int i = 0; i < sk_X509_num(issuer->chain) && n < CHAIN_MAX; i++)
		if ((X509_get_extension_flags(sk_X509_value(issuer->chain,
		    i)) & EXFLAG_SS) == 0)
			chain[n++] = sk_X509_value(issuer->chain, i);
	return n;
}

static int
parse(X509 **x, struct bytes der, struct error *e)
{
	const unsigned char	*p = der.p;

	if ((*x = d2i_X509(NULL, &p, (long)der.len)) == NULL)
		return error_ssl(e, ERROR_BUG, "a certificate of the store");
	return 0;
}

int
public_chain_pem(struct page *p, struct bytes der, struct buf *out,
    struct error *e)
{
	X509	*chain[CHAIN_MAX], *x;
	BIO	*bio;
	char	*text;
	long	 len;
	size_t	 n;
	bool	 ok = true;

	if (parse(&x, der, e) == -1)
		return -1;
	if ((bio = BIO_new(BIO_s_mem())) == NULL) {
		X509_free(x);
		return error_ssl(e, ERROR_NOMEM, "PEM");
	}
	n = chain_of(p, x, chain, e);
	for (size_t i = 0; i < n && ok; i++)
		ok = PEM_write_bio_X509(bio, chain[i]) == 1;
	len = BIO_get_mem_data(bio, &text);
	if (ok)
		buf_add(out, text, (size_t)len);
	BIO_free(bio);
	X509_free(x);
	return ok ? 0 : error_ssl(e, ERROR_NOMEM, "PEM");
}

int
public_chain_p7(struct page *p, struct bytes der, struct buf *out,
    struct error *e)
{
	X509		*chain[CHAIN_MAX], *x;
	unsigned char	*one[CHAIN_MAX] = { NULL };
	struct bytes	 v[CHAIN_MAX];
	size_t		 n;
	int		 len = 0;

	if (parse(&x, der, e) == -1)
		return -1;
	n = chain_of(p, x, chain, e);
	for (size_t i = 0; i < n; i++) {
		if ((len = i2d_X509(chain[i], &one[i])) <= 0)
			break;
		v[i] = BYTES(one[i], (size_t)len);
	}
	if (len > 0)
		certs_only_put(out, v, n);
	for (size_t i = 0; i < n; i++)
		OPENSSL_free(one[i]);
	X509_free(x);
	return len > 0 ? 0 : error_ssl(e, ERROR_NOMEM, "PKCS#7");
}
