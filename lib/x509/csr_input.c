/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file's bytes to DER: one request, and nothing beside it.
 */
#include <string.h>
#include <openssl/evp.h>
#include "base/text.h"
#include "x509/csr_private.h"

/*
 * PEM: exactly one block, nothing beside it but white space.
 */
static const struct {
	const char	*begin, *end;
} labels[] = {
	{ "-----BEGIN CERTIFICATE REQUEST-----",
	  "-----END CERTIFICATE REQUEST-----" },
	{ "-----BEGIN NEW CERTIFICATE REQUEST-----",
	  "-----END NEW CERTIFICATE REQUEST-----" },
};

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes
trim(struct bytes t)
{
	while (t.len > 0 && is_space(t.p[0])) {
		t.p++;
		t.len--;
	}
	while (t.len > 0 && is_space(t.p[t.len - 1]))
		t.len--;
	return t;
}

static bool
strip(struct bytes *t, const char *begin, const char *end)
{
	size_t	 nb = strlen(begin), ne = strlen(end);

	if (t->len < nb + ne || memcmp(t->p, begin, nb) != 0 ||
	    memcmp(t->p + t->len - ne, end, ne) != 0)
		return false;
	*t = BYTES(t->p + nb, t->len - nb - ne);
	return true;
}

/* Padding only at the end; bits that do not count must be zero, which
 * encoding again shows. */
static int
base64_decode(struct buf *der, struct bytes t, struct error *e)
{
	struct buf	 dense = { 0 };
	char		*again = NULL;
	size_t		 i, pad = 0;
	int		 n, rc = -1;

	for (i = 0; i < t.len; i++)
		if (!is_space(t.p[i]))
			buf_byte(&dense, t.p[i]);
	while (pad < 2 && pad < dense.len &&
	    dense.p[dense.len - 1 - pad] == '=')
		pad++;
	buf_reserve(der, dense.len + 1);
	n = EVP_DecodeBlock(der->p, dense.p, (int)dense.len);
	if (n < (int)pad + 1 || dense.len % 4 != 0) {
		csr_bad(e, "not one PEM block of base 64");
		goto out;
	}
	der->len = (size_t)n - pad;
	again = text_base64(der->p, der->len);
	if (strlen(again) != dense.len ||
	    memcmp(again, dense.p, dense.len) != 0) {
		csr_bad(e, "not one PEM block of base 64");
		goto out;
	}
	rc = 0;
 out:
	mem_free(&again);
	buf_clear(&dense);
	return rc;
}

int
csr_input(struct buf *der, struct bytes text, struct error *e)
{
	struct bytes	 t = trim(text);
	size_t		 i;

	if (text.len > 2 * CSR_MAX)
		return error_set(e, ERROR_INPUT,
		    "request: larger than %d bytes", CSR_MAX);
	if (text.len == 0 || t.len == 0)
		return csr_bad(e, "empty");
	if (text.p[0] == DER_SEQUENCE) {
		buf_add(der, text.p, text.len);
	} else {
		for (i = 0; i < 2; i++)
			if (strip(&t, labels[i].begin, labels[i].end))
				break;
		if (i == 2)
			return csr_bad(e, "neither DER nor one PEM block of type"
			    " CERTIFICATE REQUEST");
		if (base64_decode(der, t, e) == -1)
			return -1;
	}
	if (der->len > CSR_MAX)
		return error_set(e, ERROR_INPUT,
		    "request: larger than %d bytes", CSR_MAX);
	return 0;
}
