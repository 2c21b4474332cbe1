/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_FORM_H
#define SIGNET_WEB_FORM_H
/*
 * What a form sends: application/x-www-form-urlencoded and
 * multipart/form-data (RFC 7578), and the query of an address.
 *
 * Names and values are UTF-8 without NUL, line ends are LF; the content of a
 * file is bytes.  Everything is bounded: nobody makes us remember a million
 * fields.  The name of a file is the browser's word: it is shown and never
 * opened.
 */
#include "base/error.h"
#include "base/mem.h"

#define FORM_FIELDS_MAX		512
#define FORM_NAME_MAX		64
#define FORM_FILENAME_MAX	255

struct form_field {
	const char	*name;
	const char	*value;		/* NUL-terminated; a file's may hold NUL */
	size_t		 len;
	const char	*filename;	/* NULL: not a file; without directories */
	const char	*type;		/* of a file, as told; or NULL */
};

struct form {
	struct form_field	*field;
	size_t			 n;
};

/* Content-Type decides; other than the two is ERROR_INPUT.  All is in the
 * arena. */
int	 form_parse(struct form *, const char *type, struct bytes body,
	    struct arena *, struct error *);
int	 form_parse_urlencoded(struct form *, struct bytes, struct arena *,
	    struct error *);
int	 form_parse_multipart(struct form *, const char *boundary,
	    struct bytes, struct arena *, struct error *);

/* The first of that name, or NULL. */
const struct form_field *form_find(const struct form *, const char *name);
const char *form_get(const struct form *, const char *name);
/* The i-th of that name: for check boxes; NULL after the last. */
const char *form_get_nth(const struct form *, const char *name, size_t i);

/* %XX of a path segment or a query; plus: '+' is a space.  ERROR_INPUT for a
 * broken escape, NUL, control characters or what is not UTF-8. */
int	 form_unescape(char **out, struct bytes, bool plus, struct arena *,
	    struct error *);
/* For a link: what is not unreserved becomes %XX. */
void	 form_escape(struct buf *out, const char *);
#endif
