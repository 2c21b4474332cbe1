/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_ASSETS_H
#define SIGNET_WEB_ASSETS_H
/*
 * Static files, read once into memory, each under an address with a digest in
 * it ("/static/0a1b2c3d4e5f6071/site.css"), so that browsers keep it for a
 * year and still see the next version at once.  It is one digest of all the
 * files together, the same for each: scripts import each other ("./der.js"),
 * and an address that a file names itself must lead to the file beside it.
 */
#include "base/error.h"
#include "base/mem.h"
#include "net/http.h"

#define ASSET_MAX	(2u << 20)	/* bytes in one file */

struct assets;
void	 assets_new(struct assets **, const char *prefix);
void	 assets_free(struct assets **);
/* All files of a directory, those of an earlier one of the same name are
 * replaced; addresses that were given before change.  ERROR_CONFIG for one
 * whose type we do not know by its ending. */
int	 assets_load(struct assets *, const char *dir, struct error *);
/* Address of a file, or NULL.  Fits template_static_fn. */
const char *assets_url(void *assets, const char *name);
/* What is at an address; NULL: nothing. */
struct http_shared *assets_find(const struct assets *, const char *path);
#endif
