/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP requests as people have them at hand: saved by a client, copied from a
 * log, seen in a proxy.
 */
#include <ctype.h>
#include <string.h>

#include "cli/explain_ocsp.h"
#include "os/file.h"
#include "x509/der.h"
#include "x509/ocsp.h"

#define INPUT_MAX	(4 * OCSP_REQUEST_MAX)
#define DEPTH		24

/* Between the lines of PEM; the text as it is if it is none. */
static char *
inner_text(struct arena *a, const char *text)
{
	const char	*begin = strstr(text, "-----BEGIN "), *end;
	char		*inner;
	size_t		 n;

	if (begin != NULL && (begin = strchr(begin, '\n')) != NULL)
		text = begin;
	while (isspace((unsigned char)*text))
		text++;
	end = strstr(text, "-----END ");
	n = end != NULL ? (size_t)(end - text) : strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	inner = arena_alloc(a, n + 1);
	memcpy(inner, text, n);
	return inner;
}

/* Without scheme and host. */
static const char *
path_of(const char *text)
{
	const char	*host = strstr(text, "://"), *path;

	if (host == NULL)
		return text;
	path = strchr(host + 3, '/');
	return path != NULL ? path : "";
}

/*
 * Where the responder's own path ends and the request begins is not written
 * down, and both may have slashes: the first piece that is DER it is, or the
 * last one that is base 64.
 */
static bool
is_text(struct buf *der, const char *text)
{
	struct error	 ignored;
	const char	*p;
	size_t		 start = der->len;
	bool		 any = false;

	for (p = text; p != NULL; p = strchr(p + 1, '/')) {
		struct buf	 piece = { 0 };
		bool		 done = false;

		error_clear(&ignored);
		if (ocsp_request_from_path(&piece, p, &ignored) == 0) {
			any = true;
			der->len = start;
			buf_add(der, piece.p, piece.len);
			done = der_check(BYTES(piece.p, piece.len), DEPTH,
			    &ignored) == 0;
		}
		buf_clear(&piece);
		if (done)
			return true;
	}
	return any;
}

static int
from_file(struct buf *der, const char *path, struct arena *a,
    struct error *e)
{
	struct buf	 b = { 0 };
	int		 rc;

	if ((rc = file_load(&b, path, INPUT_MAX, e)) == -1)
		return -1;
	if (b.len > 0 && b.p[0] == DER_SEQUENCE)
		buf_add(der, b.p, b.len);
	else if (!is_text(der, path_of(inner_text(a, buf_cstr(&b)))))
		rc = error_set(e, ERROR_INPUT, "%s: no OCSP request in DER,"
		    " PEM or base 64", path);
	buf_clear(&b);
	return rc;
}

int
ocsp_input_load(struct buf *der, const char *what, struct error *e)
{
	struct arena	*a = arena_new();
	int		 rc = 0;

	if (strcmp(what, "-") == 0 || file_exists(what))
		rc = from_file(der, what, a, e);
	else if (!is_text(der, path_of(inner_text(a, what)))) {
		error_set(e, ERROR_INPUT, "\"%.60s\" is no file, and no OCSP"
		    " request in base 64", what);
		rc = error_hint(e, "give a file, base 64, or the URL of a GET:"
		    " signet help explain ocsp");
	}
	arena_free(&a);
	return rc;
}
