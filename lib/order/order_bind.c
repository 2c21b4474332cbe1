/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders to bind a WebAuthn credential to an officer: doc/order.asn1, Bind.
 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include "base/text.h"
#include "order/order_private.h"
#include "x509/der.h"
#include "x509/key.h"

static int
check_names(const char *what, const struct order_names *names, bool domains,
    struct error *e)
{
	const char	*s;
	size_t		 i;

	if (names->n > ORDER_SCOPE_MAX)
		return error_set(e, ERROR_INPUT, "more than %d %s",
		    ORDER_SCOPE_MAX, what);
	for (i = 0; i < names->n; i++) {
		s = names->v[i];
		if (domains ? order_check_text(what, s, 253, e) == -1 ||
		    *s == '.' || strpbrk(s,
		    "@ ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL :
		    !text_is_name(s))
			return error_set(e, ERROR_INPUT, "%s: number %zu is "
			    "not %s", what, i + 1, domains ?
			    "a domain in lower case" : "a name");
	}
	return 0;
}

/* scheme://host[:port], in lower case and without anything after it, which is
 * how browsers write an origin. */
static int
check_origin(const struct order_bind *b, struct error *e)
{
	const char	*host, *port;
	size_t		 len, rp = strlen(b->rp_id);

	if (order_check_text("origin", b->origin, ORDER_ORIGIN_MAX, e) == -1)
		return -1;
	if (strncmp(b->origin, "https://", 8) != 0 ||
	    strpbrk(b->origin + 8, "/?#@ ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL)
		return error_set(e, ERROR_INPUT, "the origin is not of the "
		    "form https://host or https://host:port");
	host = b->origin + 8;
	port = strchr(host, ':');
	len = port != NULL ? (size_t)(port - host) : strlen(host);
	/* WebAuthn, 5.1.4.1: the relying party is the host or above it. */
	if (len < rp || memcmp(host + len - rp, b->rp_id, rp) != 0 ||
	    (len > rp && host[len - rp - 1] != '.'))
		return error_set(e, ERROR_INPUT, "the origin is not of the "
		    "relying party %s", b->rp_id);
	return 0;
}

/* One of the three kinds that assertion_verify() knows, encoded in one way. */
static int
check_key(struct bytes der, struct error *e)
{
	const unsigned char	*p = der.p;
	unsigned char		*again = NULL;
	EVP_PKEY		*key;
	char			 alg[16];
	int			 n, rc = -1;

	if (der.len == 0 || der.len > ORDER_KEY_MAX ||
	    (key = d2i_PUBKEY(NULL, &p, (long)der.len)) == NULL) {
		ERR_clear_error();
		return error_set(e, ERROR_INPUT, "the credential's key is "
		    "none");
	}
	n = i2d_PUBKEY(key, &again);
	if (n <= 0 || !bytes_equal(BYTES(again, (size_t)n), der))
		error_set(e, ERROR_INPUT, "the credential's key is not in "
		    "its one encoding");
	else if (strcmp(key_algorithm(key, alg), "ec:P-256") != 0 &&
	    strcmp(alg, "ed25519") != 0 && strcmp(alg, "rsa:2048") != 0)
		error_set(e, ERROR_INPUT, "the credential's key is not EC "
		    "P-256, Ed25519 or RSA of 2048 bits");
	else
		rc = 0;
	ERR_clear_error();
	OPENSSL_free(again);
	EVP_PKEY_free(key);
	return rc;
}

int
order_bind_check(const struct order *o, struct error *e)
{
	const struct order_bind	*b = &o->bind;

	if (order_check_text("person", b->person, ORDER_PERSON_MAX, e) == -1 ||
	    order_check_text("relying party", b->rp_id, 253, e) == -1 ||
	    check_origin(b, e) == -1)
		return -1;
	if (b->credential.len == 0 ||
	    b->credential.len > ORDER_CREDENTIAL_MAX)
		return error_set(e, ERROR_INPUT, "a credential's id has 1 to "
		    "%d bytes, not %zu", ORDER_CREDENTIAL_MAX,
		    b->credential.len);
	if (o->until != 0 && o->until <= o->created)
		return error_set(e, ERROR_INPUT, "until is not after created");
	if (check_key(BYTES(b->key.p, b->key.len), e) == -1 ||
	    check_names("profiles", &b->profiles, false, e) == -1 ||
	    check_names("domains", &b->domains, true, e) == -1)
		return -1;
	return check_names("offices", &b->offices, false, e);
}

static void
put_names(struct buf *der, uint8_t tag, const struct order_names *names)
{
	size_t	 list, i;

	if (names->n == 0)
		return;
	list = der_begin(der, tag);
	for (i = 0; i < names->n; i++)
		der_put_str(der, DER_UTF8, names->v[i]);
	der_end(der, list);
}

void
order_bind_put(struct buf *der, const struct order_bind *b)
{
	size_t	 mark = der_begin(der, DER_SEQUENCE);

	der_put_str(der, DER_UTF8, b->person);
	der_put(der, DER_OCTET_STRING, b->credential.p, b->credential.len);
	der_put(der, DER_OCTET_STRING, b->key.p, b->key.len);
	der_put_str(der, DER_UTF8, b->rp_id);
	der_put_str(der, DER_UTF8, b->origin);
	put_names(der, DER_CONTEXT_CONS(0), &b->profiles);
	put_names(der, DER_CONTEXT_CONS(1), &b->domains);
	put_names(der, DER_CONTEXT_CONS(2), &b->offices);
	der_end(der, mark);
}

static char *
take_text(struct bytes *in, size_t max)
{
	struct bytes	 s;
	char		*text;

	if (der_take(in, DER_UTF8, &s) == -1 || s.len == 0 || s.len > max ||
	    memchr(s.p, '\0', s.len) != NULL)
		return NULL;
	text = mem_alloc(s.len + 1);
	memcpy(text, s.p, s.len);
	return text;
}

static int
take_octets(struct buf *out, struct bytes *in, size_t max)
{
	struct bytes	 s;

	if (der_take(in, DER_OCTET_STRING, &s) == -1 || s.len > max)
		return -1;
	buf_add(out, s.p, s.len);
	return 0;
}

static int
take_names(struct order_names *names, struct bytes *in, uint8_t tag)
{
	struct bytes	 list;
	char		*name;

	if (!der_peek(*in, tag))
		return 0;
	if (der_take(in, tag, &list) == -1 || list.len == 0)
		return -1;
	while (list.len > 0) {
		if (names->n == ORDER_SCOPE_MAX ||
		    (name = take_text(&list, FIELD_VALUE_MAX)) == NULL)
			return -1;
		order_names_add(names, name);
		mem_free(&name);
	}
	return 0;
}

int
order_bind_take(struct order_bind *b, struct bytes der, struct error *e)
{
	struct bytes	 in;

	if (der_take(&der, DER_SEQUENCE, &in) == -1 || der.len != 0 ||
	    (b->person = take_text(&in, ORDER_PERSON_MAX)) == NULL ||
	    take_octets(&b->credential, &in, ORDER_CREDENTIAL_MAX) == -1 ||
	    take_octets(&b->key, &in, ORDER_KEY_MAX) == -1 ||
	    (b->rp_id = take_text(&in, 253)) == NULL ||
	    (b->origin = take_text(&in, ORDER_ORIGIN_MAX)) == NULL ||
	    take_names(&b->profiles, &in, DER_CONTEXT_CONS(0)) == -1 ||
	    take_names(&b->domains, &in, DER_CONTEXT_CONS(1)) == -1 ||
	    take_names(&b->offices, &in, DER_CONTEXT_CONS(2)) == -1 ||
	    in.len != 0)
		return error_set(e, ERROR_INPUT, "malformed");
	return 0;
}
