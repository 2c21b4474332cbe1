/* SPDX-License-Identifier: Apache-2.0 */
#include "est_body.h"

#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/text.h"
#include "x509/csr.h"
#include "x509/der.h"

#define BODY_MAX	(2 * CSR_MAX)
#define DEPTH		16

static bool
is_blank(uint8_t c)
{
	return c == '\r' || c == '\n' || c == ' ' || c == '\t';
}

int
est_decode(struct buf *der, struct bytes body, struct error *e)
{
	struct buf	 dense = { 0 };
	size_t		 i;
	int		 rc = -1;

	if (body.len > BODY_MAX)
		return error_set(e, ERROR_INPUT, "body: larger than %d bytes",
		    BODY_MAX);
	for (i = 0; i < body.len; i++)
		if (!is_blank(body.p[i]))
			buf_byte(&dense, body.p[i]);
	if (dense.len == 0)
		error_set(e, ERROR_INPUT, "body: empty; a request in base 64 "
		    "belongs here (RFC 8951, 3.1)");
	else if (base64_parse(der, (const char *)dense.p, dense.len,
	    e) == -1) {
		error_set(e, ERROR_INPUT, "body: not base 64 (RFC 8951, "
		    "3.1)%s", memmem(body.p, body.len, "-----BEGIN", 10) !=
		    NULL ? ": PEM has lines that do not belong here" : "");
	} else if (der_check(BYTES(der->p, der->len), DEPTH, e) == -1)
		error_wrap(e, "body");
	else
		rc = 0;
	buf_clear(&dense);
	return rc;
}

void
est_encode(struct buf *out, struct bytes der)
{
	char	*text = text_base64(der.p, der.len);

	buf_str(out, text);
	mem_free(&text);
}

bool
est_type_is(const char *type, const char *wanted)
{
	size_t	n = strlen(wanted);

	return type != NULL && strncasecmp(type, wanted, n) == 0 &&
	    (type[n] == '\0' || type[n] == ';' || type[n] == ' ' ||
	    type[n] == '\t');
}

/* ---- attributes ---- */

#define OID_RSA		"1.2.840.113549.1.1.1"
#define OID_EC		"1.2.840.10045.2.1"
#define OID_ED25519	"1.3.101.112"
#define OID_EXT_REQUEST	"1.2.840.113549.1.9.14"
#define OID_SAN		"2.5.29.17"

static const struct {
	const char	*name, *oid;
} curves[] = {
	{ "P-256", "1.2.840.10045.3.1.7" }, { "P-384", "1.3.132.0.34" },
	{ "P-521", "1.3.132.0.35" },
};

static void
put_curves(struct buf *out, const struct profile_key *k)
{
	size_t	 attr, set, i, j;

	attr = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, OID_EC);
	set = der_begin(out, DER_SET);
	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		for (j = 0; j < k->curves.n; j++)
			if (strcmp(k->curves.v[j], curves[i].name) == 0)
				der_put_oid(out, curves[i].oid);
	der_end(out, set);
	der_end(out, attr);
}

static void
put_rsa(struct buf *out, const struct profile_key *k)
{
	size_t	 attr, set;

	attr = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, OID_RSA);
	set = der_begin(out, DER_SET);
	der_put_int(out, k->min);
	der_end(out, set);
	der_end(out, attr);
}

/* GeneralNames without values: the applicant puts his in (RFC 9908, 3.1). */
static const struct {
	const char	*kind;
	uint8_t		 tag;
} names[] = {
	{ "email", DER_CONTEXT(1) }, { "dns", DER_CONTEXT(2) },
	{ "uri", DER_CONTEXT(6) }, { "ip", DER_CONTEXT(7) },
};

static size_t
put_names(struct buf *out, const struct profile *p)
{
	size_t	 i, j, n = 0, mark = der_begin(out, DER_SEQUENCE);

	for (i = 0; i < p->nsan; i++) {
		if (p->san[i].from == NULL ||
		    !profile_offers(p, p->san[i].from))
			continue;
		for (j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			if (strcmp(p->san[i].type, names[j].kind) == 0) {
				der_put(out, names[j].tag, NULL, 0);
				n++;
			}
	}
	der_end(out, mark);
	return n;
}

static void
put_extensions(struct buf *out, const struct profile *p)
{
	struct buf	 san = { 0 };
	size_t		 attr, set, list, ext;

	if (put_names(&san, p) > 0) {
		attr = der_begin(out, DER_SEQUENCE);
		der_put_oid(out, OID_EXT_REQUEST);
		set = der_begin(out, DER_SET);
		list = der_begin(out, DER_SEQUENCE);
		ext = der_begin(out, DER_SEQUENCE);
		der_put_oid(out, OID_SAN);
		der_put(out, DER_OCTET_STRING, san.p, san.len);
		der_end(out, ext);
		der_end(out, list);
		der_end(out, set);
		der_end(out, attr);
	}
	buf_clear(&san);
}

void
est_attributes(struct buf *out, const struct profile *p)
{
	size_t	 mark = der_begin(out, DER_SEQUENCE), i;

	for (i = 0; i < p->nkeys; i++) {
		if (strcmp(p->keys[i].type, "ec") == 0)
			put_curves(out, &p->keys[i]);
		else if (strcmp(p->keys[i].type, "rsa") == 0)
			put_rsa(out, &p->keys[i]);
		else if (strcmp(p->keys[i].type, "ed25519") == 0)
			der_put_oid(out, OID_ED25519);
	}
	put_extensions(out, p);
	der_end(out, mark);
}

/* ---- Authorization ---- */

/* "name:password" (RFC 7617, 2): a name has no colon. */
static int
basic_split(char name[EST_NAME_MAX + 1], struct secret *password,
    const struct buf *text, struct error *e)
{
	const uint8_t	*colon = memchr(text->p, ':', text->len);
	size_t		 n;

	if (colon == NULL)
		return error_set(e, ERROR_INPUT, "Authorization: no colon "
		    "between name and password (RFC 7617, 2)");
	n = (size_t)(colon - text->p);
	if (n == 0 || n > EST_NAME_MAX || !text_is_clean((const char *)text->p,
	    n, EST_NAME_MAX))
		return error_set(e, ERROR_INPUT, "Authorization: name is not "
		    "clean text of 1 to %d bytes", EST_NAME_MAX);
	if (text->len - n - 1 > EST_PASSWORD_MAX)
		return error_set(e, ERROR_INPUT, "Authorization: password is "
		    "longer than %d bytes", EST_PASSWORD_MAX);
	memcpy(name, text->p, n);
	name[n] = '\0';
	if (secret_new(password, text->len - n - 1, e) == -1)
		return -1;
	memcpy(password->p, colon + 1, password->len);
	return 0;
}

int
est_basic(char name[EST_NAME_MAX + 1], struct secret *password,
    const char *header, struct error *e)
{
	struct buf	 text = { 0 };
	int		 rc = -1;

	if (header == NULL || strncasecmp(header, "Basic ", 6) != 0)
		return 0;
	for (header += 6; *header == ' '; header++)
		;
	if (strlen(header) > 2 * (EST_NAME_MAX + EST_PASSWORD_MAX) ||
	    base64_parse(&text, header, strlen(header), e) == -1)
		error_set(e, ERROR_INPUT, "Authorization: not base 64 of a "
		    "name and a password (RFC 7617, 2)");
	else if (text.len == 0)
		error_set(e, ERROR_INPUT, "Authorization: empty");
	else if (basic_split(name, password, &text, e) == 0)
		rc = 1;
	if (text.p != NULL)
		OPENSSL_cleanse(text.p, text.len);
	buf_clear(&text);
	return rc;
}
