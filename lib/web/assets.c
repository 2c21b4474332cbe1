/* SPDX-License-Identifier: Apache-2.0 */
#include "web/assets.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "os/file.h"

#define YEAR	(365 * 86400)

struct asset {
	char			*name, *url;
	uint8_t			 digest[32];
	struct http_shared	*file;
};
struct assets {
	char		*prefix;	/* "/static/" */
	struct asset	*v;
	size_t		 n;
};

static const struct {
	const char	*ending, *type;
} types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".ico", "image/x-icon" },
	{ ".webp", "image/webp" },
	{ ".woff2", "font/woff2" },
	{ ".txt", "text/plain; charset=utf-8" },
};

void
assets_new(struct assets **out, const char *prefix)
{
	*out = mem_alloc(sizeof(**out));
	(*out)->prefix = mem_strdup(prefix);
}

static void
asset_clear(struct asset *a)
{
	mem_free(&a->name);
	mem_free(&a->url);
	http_shared_free(&a->file);
}

void
assets_free(struct assets **ap)
{
	if (*ap == NULL)
		return;
	while ((*ap)->n > 0)
		asset_clear(&(*ap)->v[--(*ap)->n]);
	mem_free(&(*ap)->v);
	mem_free(&(*ap)->prefix);
	mem_free(ap);
}

static const char *
type_of(const char *name)
{
	size_t	 i, len = strlen(name), n;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		n = strlen(types[i].ending);
		if (len > n && strcmp(name + len - n, types[i].ending) == 0)
			return types[i].type;
	}
	return NULL;
}

static struct asset *
asset_find(const struct assets *a, const char *name)
{
	size_t	 i;

	for (i = 0; i < a->n; i++)
		if (strcmp(a->v[i].name, name) == 0)
			return &a->v[i];
	return NULL;
}

static int
asset_add(struct assets *all, const char *name, struct buf *content,
    struct error *e)
{
	struct http_meta	 meta = { .type = type_of(name) };
	struct asset		*a = asset_find(all, name);
	char			 hex[17];

	if (meta.type == NULL || !text_is_name(name))
		return error_set(e, ERROR_CONFIG, "%s: a static file is called "
		    "NAME.css, .js, .json, .svg, .png, .jpg, .ico, .webp, "
		    ".woff2 or .txt", name);
	if (a == NULL) {
		all->v = mem_resize(all->v, all->n + 1, sizeof(*all->v));
		a = &all->v[all->n++];
	} else
		asset_clear(a);
	*a = (struct asset){ .name = mem_strdup(name) };
	if (EVP_Digest(content->p, content->len, a->digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "%s", name);
	text_hex(hex, a->digest, 8);
	meta.etag = hex;
	meta.expires = INT64_C(253402300799);
	meta.max_age = YEAR;
	a->file = http_shared_buf(&meta, content);
	return 0;
}

/* The address changes with any content, so what is there is there for good. */
static int
assets_name(struct assets *all, struct error *e)
{
	struct buf	 list = { 0 };
	uint8_t		 digest[EVP_MAX_MD_SIZE];
	char		 hex[17];
	size_t		 i;
	int		 rc = -1;

	for (i = 0; i < all->n; i++) {
		buf_add(&list, all->v[i].name, strlen(all->v[i].name) + 1);
		buf_add(&list, all->v[i].digest, sizeof(all->v[i].digest));
	}
	if (EVP_Digest(list.p, list.len, digest, NULL, EVP_sha256(),
	    NULL) != 1) {
		error_ssl(e, ERROR_CRYPTO, "static files");
		goto out;
	}
	text_hex(hex, digest, 8);
	for (i = 0; i < all->n; i++) {
		mem_free(&all->v[i].url);
		all->v[i].url = mem_printf("%s%s/%s", all->prefix, hex,
		    all->v[i].name);
	}
	rc = 0;
 out:
	buf_clear(&list);
	return rc;
}

static int
is_file(const struct dirent *d)
{
	size_t	 len = strlen(d->d_name);

	return d->d_name[0] != '.' && d->d_name[len - 1] != '~' &&
	    strcmp(d->d_name, "Makefile.inc") != 0;
}

static int
load_file(struct assets *all, const char *dir, const char *name,
    struct error *e)
{
	char		*path = file_join(dir, name);
	struct buf	 content = { 0 };
	int		 rc = -1;

	if (file_load(&content, path, ASSET_MAX, e) == 0 &&
	    (rc = asset_add(all, name, &content, e)) == -1)
		error_wrap(e, "%s", dir);
	buf_clear(&content);
	mem_free(&path);
	return rc;
}

int
assets_load(struct assets *all, const char *dir, struct error *e)
{
	struct dirent	**entry = NULL;
	int		  i, n, rc = 0;

	if ((n = scandir(dir, &entry, is_file, alphasort)) == -1)
		return error_sys(e, "read %s", dir);
	for (i = 0; i < n; i++) {
		if (rc == 0)
			rc = load_file(all, dir, entry[i]->d_name, e);
		free(entry[i]);
	}
	free(entry);
	return rc == 0 ? assets_name(all, e) : -1;
}

const char *
assets_url(void *assets, const char *name)
{
	const struct asset	*a = asset_find(assets, name);

	return a == NULL ? NULL : a->url;
}

struct http_shared *
assets_find(const struct assets *all, const char *path)
{
	size_t	 i;

	for (i = 0; i < all->n; i++)
		if (all->v[i].url != NULL && strcmp(all->v[i].url, path) == 0)
			return all->v[i].file;
	return NULL;
}
