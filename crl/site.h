/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_SITE_H
#define SIGNET_CRL_SITE_H
/*
 * The directory as the web process serves it: a table of its files by their
 * path, each ready to be sent.  A request is looked up in the table and opens
 * nothing, so no path leads out of it.
 */
#include <stdint.h>
#include "base/error.h"
#include "net/http.h"

struct site;

/* crl_age, cert_age: how long caches may keep a file, in seconds. */
struct site *site_new(const char *directory, int64_t crl_age,
	    int64_t cert_age);
void	 site_free(struct site **);
/*
 * Read what has changed since last time; *changed (may be NULL) tells how many
 * files.  A file that cannot be read stays as it was in the table; -1, with
 * the last such error.
 */
int	 site_refresh(struct site *, size_t *changed, struct error *);
/* A reference to what is at "/crl/people.crl", or NULL.  Any thread. */
struct http_shared *site_find(struct site *, const char *path);
#endif
