/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/bio.h>
#include "base/text.h"
#include "x509/der.h"
#include "x509/name.h"
#include "x509/script.h"

void
fields_add(struct fields *f, const char *name, const char *value)
{
	f->v = mem_resize(f->v, f->n + 1, sizeof(*f->v));
	f->v[f->n].name = mem_strdup(name);
	f->v[f->n].value = mem_strdup(value);
	f->n++;
}

const char *
fields_get(const struct fields *f, const char *name, size_t k)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0 && k-- == 0)
			return f->v[i].value;
	return NULL;
}

size_t
fields_count(const struct fields *f, const char *name)
{
	size_t	 i, n = 0;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			n++;
	return n;
}

void
fields_copy(struct fields *dst, const struct fields *src)
{
	size_t	 i;

	for (i = 0; i < src->n; i++)
		fields_add(dst, src->v[i].name, src->v[i].value);
}

void
fields_clear(struct fields *f)
{
	size_t	 i;

	for (i = 0; i < f->n; i++) {
		mem_free(&f->v[i].name);
		mem_free(&f->v[i].value);
	}
	mem_free(&f->v);
	f->n = 0;
}

/*
 * Bounds are those of RFC 5280, appendix A, except: GN and SN, where 32768
 * is allowed and 64 is what linters and clients put up with, and the last
 * four, which have none there.
 */
static const struct name_attr attrs[] = {
	{ "CN", "2.5.4.3", DER_UTF8, 64 },
	{ "SN", "2.5.4.4", DER_UTF8, 64 },
	{ "serialNumber", "2.5.4.5", DER_PRINTABLE, 64 },
	{ "C", "2.5.4.6", DER_PRINTABLE, 2 },
	{ "L", "2.5.4.7", DER_UTF8, 128 },
	{ "ST", "2.5.4.8", DER_UTF8, 128 },
	{ "O", "2.5.4.10", DER_UTF8, 64 },
	{ "OU", "2.5.4.11", DER_UTF8, 64 },
	{ "title", "2.5.4.12", DER_UTF8, 64 },
	{ "GN", "2.5.4.42", DER_UTF8, 64 },
	{ "pseudonym", "2.5.4.65", DER_UTF8, 128 },
	{ "emailAddress", "1.2.840.113549.1.9.1", DER_IA5, 255 },
	{ "DC", "0.9.2342.19200300.100.1.25", DER_IA5, 63 },
	{ "UID", "0.9.2342.19200300.100.1.1", DER_UTF8, 256 },
	{ "street", "2.5.4.9", DER_UTF8, 128 },
	{ "postalCode", "2.5.4.17", DER_UTF8, 40 },
	{ "organizationIdentifier", "2.5.4.97", DER_UTF8, 256 },
};

const struct name_attr *
name_attr_find(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		if (strcmp(attrs[i].name, name) == 0)
			return &attrs[i];
	return NULL;
}

/* Octets that do not continue a character. */
size_t
name_characters(const char *s)
{
	size_t	 n = 0;

	for (; *s != '\0'; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	return n;
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

int
name_check_value(const struct name_attr *a, const char *value,
    struct error *e)
{
	size_t	 len = strlen(value);

	if (len == 0)
		return error_set(e, ERROR_INPUT, "%s is empty", a->name);
	if (!text_is_clean(value, len, FIELD_VALUE_MAX))
		return error_set(e, ERROR_INPUT, "%s has characters that"
		    " must not be in a name, or is too long", a->name);
	if (script_check(value, len, e) == -1)
		return error_wrap(e, "%s", a->name);
	if (value[0] == ' ' || value[len - 1] == ' ')
		return error_set(e, ERROR_INPUT,
		    "%s begins or ends with a space", a->name);
	if (name_characters(value) > a->max)
		return error_set(e, ERROR_INPUT,
		    "%s is longer than %zu characters", a->name, a->max);
	if (a->der_tag == DER_PRINTABLE &&
	    !der_is_printable(BYTES(value, len)))
		return error_set(e, ERROR_INPUT, "%s has characters other than"
		    " letters, digits, space and '()+,-./:=?", a->name);
	if (a->der_tag == DER_IA5 && !is_ascii(value))
		return error_set(e, ERROR_INPUT,
		    "%s has characters outside ASCII", a->name);
	if (strcmp(a->name, "C") == 0 && (len != 2 || value[0] < 'A' ||
	    value[0] > 'Z' || value[1] < 'A' || value[1] > 'Z'))
		return error_set(e, ERROR_INPUT,
		    "C is not two capital letters");
	return 0;
}

int
name_put_rdn(struct buf *der, const struct name_attr *a, const char *value,
    struct error *e)
{
	size_t	 set, seq;

	if (name_check_value(a, value, e) == -1)
		return -1;
	set = der_begin(der, DER_SET);
	seq = der_begin(der, DER_SEQUENCE);
	if (der_put_oid(der, a->oid) == -1)
		return error_set(e, ERROR_BUG, "%s: bad identifier", a->name);
	der_put_str(der, a->der_tag, value);
	der_end(der, seq);
	der_end(der, set);
	return 0;
}

/* X509_NAME_print_ex() with RFC 2253 flags begins with the last RDN, and a
 * subject here begins with the country: so C comes last.  UTF-8 stays. */
char *
name_text(const X509_NAME *name)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p, *text;
	long	 n;

	if (bio == NULL || X509_NAME_print_ex(bio, name, 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) < 0) {
		BIO_free(bio);
		return mem_strdup("");
	}
	n = BIO_get_mem_data(bio, &p);
	text = mem_alloc((size_t)n + 1);
	if (n > 0)
		memcpy(text, p, (size_t)n);
	BIO_free(bio);
	return text;
}
