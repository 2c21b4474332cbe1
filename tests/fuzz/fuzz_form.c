/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser sends beside the request line.  The first byte says what the
 * rest is: the body of a form of either kind, with a boundary of the input's
 * own or ours; a header with cookies; a piece of a path.
 */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "tests/fuzz/must.h"
#include "web/cookie.h"
#include "web/form.h"

#define INPUT_MAX	(64u << 10)

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must_say(const struct error *e)
{
	must(e->code == ERROR_INPUT && e->text[0] != '\0');
}

static void
look(const struct form *f)
{
	const struct form_field	*x;

	must(f->n <= FORM_FIELDS_MAX);
	for (size_t i = 0; i < f->n; i++) {
		x = &f->field[i];
		must(x->value[x->len] == '\0');
		must(strlen(x->name) <= FORM_NAME_MAX);
		must(form_find(f, x->name) != NULL);
		must(x->filename == NULL ||
		    (strlen(x->filename) <= FORM_FILENAME_MAX &&
		    strpbrk(x->filename, "/\\") == NULL));
		/* Nothing hides behind a NUL, and no line end is another's. */
		if (x->filename == NULL)
			must(strlen(x->value) == x->len &&
			    strchr(x->value, '\r') == NULL);
	}
}

static void
form(const char *type, struct bytes body, struct arena *a)
{
	struct error	 e = ERROR_INIT;
	struct form	 f = { NULL, 0 };

	if (form_parse(&f, type, body, a, &e) == 0)
		look(&f);
	else
		must_say(&e);
}

/* A NUL-terminated copy. */
static char *
line(struct bytes in, struct arena *a)
{
	char	*p = arena_alloc(a, in.len + 1);

	memcpy(p, in.p, in.len);
	p[in.len] = '\0';
	return p;
}

/* The input's first line is the header, the rest the body. */
static void
own_type(struct bytes in, struct arena *a)
{
	const uint8_t	*end = memchr(in.p, '\n', in.len);
	size_t		 n = end == NULL ? in.len : (size_t)(end - in.p);

	form(line(BYTES(in.p, n), a), end == NULL ? BYTES(in.p, 0) :
	    BYTES(end + 1, in.len - n - 1), a);
}

static void
cookie(struct bytes in, struct arena *a)
{
	struct error	 e = ERROR_INIT;
	struct buf	 out = { 0 };
	char		 value[200];
	int		 rc;

	rc = cookie_find(value, sizeof(value), line(in, a), "sid", &e);
	must(rc != -1 || e.text[0] != '\0');
	/* What was taken can be sent back. */
	if (rc == 1 && cookie_make(&out, "sid", value, 0, &e) == 0)
		must(strcspn(buf_cstr(&out), "\r\n") == out.len);
	buf_clear(&out);
}

static void
piece(struct bytes in, struct arena *a)
{
	struct error	 e = ERROR_INIT;
	struct buf	 again = { 0 };
	char		*out, *back;

	if (form_unescape(&out, in, false, a, &e) == -1) {
		must_say(&e);
		return;
	}
	form_escape(&again, out);
	must(form_unescape(&back, BYTES(again.p, again.len), false, a,
	    &e) == 0 && strcmp(out, back) == 0);
	buf_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena	*a;
	struct bytes	 rest;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	a = arena_new();
	rest = BYTES(p + 1, n - 1);
	switch (p[0] % 5) {
	case 0:
		form("application/x-www-form-urlencoded", rest, a);
		break;
	case 1:
		form("multipart/form-data; boundary=xx", rest, a);
		break;
	case 2:
		own_type(rest, a);
		break;
	case 3:
		cookie(rest, a);
		break;
	default:
		piece(rest, a);
	}
	arena_free(&a);
	return 0;
}
