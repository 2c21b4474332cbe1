/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_REQUEST_H
#define SIGNET_DESK_REQUEST_H
/*
 * From a certificate request and the operator's words to the fields of an
 * order.  What the operator says wins; the request fills what was not said,
 * and only where the profile lets a request propose the field.
 */
#include "base/error.h"
#include "desk/desk.h"
#include "x509/csr.h"
#include "x509/name.h"
#include "x509/profile.h"

/* The request in PEM or DER.  A certificate or a key handed in by mistake is
 * said to be one. */
int	 request_parse(struct csr **, struct bytes, struct error *);
/* The same out of a file. */
int	 request_load(struct csr **, const char *path, struct error *);
/* The file, or those *.csr, *.pem, *.der, *.p10, *.req of the directory,
 * sorted; an empty one is ERROR_NOTFOUND. */
int	 request_list(char ***file, size_t *n, const char *path,
	    struct error *);
void	 request_list_free(char ***file, size_t n);
/* "name=value", added to fields; the name must be one of the profile's. */
int	 request_add_field(struct fields *, const struct profile *,
	    const char *text, struct error *);
/* A text with one value or, where the profile takes several of it, with any of
 * the separators between them: "a@x;b@x". */
void	 request_add_values(struct fields *, const struct profile *,
	    const char *name, const char *text, const char *separators);
/* Fill fields from the request (NULL: a code order, nothing to fill), and
 * turn domains into A-labels. */
int	 request_fill(struct fields *, const struct profile *,
	    const struct csr *, struct error *);
/* Fields and, unless csr is NULL, wishes and key against the profile. */
int	 request_check(const struct profile *, const struct fields *,
	    const struct csr *, struct error *);
/* The key against the lists of those that are never certified. */
int	 request_check_key(struct desk *, const struct csr *, struct error *);
/* The CA that is to issue: the one wanted, or the profile's first that this
 * installation knows. */
int	 request_find_ca(struct desk *, const struct profile *,
	    const char *wanted, const struct desk_issuer **, struct error *);
#endif
