/* SPDX-License-Identifier: Apache-2.0 */
#include "item.h"

#include "base/text.h"
#include "os/file.h"

#define FILE_MAX	(64u << 20)

static const char *const kinds[ITEM__KINDS] = {
	[ITEM_LIST] = "list",
	[ITEM_DELTA] = "delta",
	[ITEM_CERT] = "cert",
};

char *
item_path(const char *ca, enum item_kind kind, int64_t shard)
{
	if (kind == ITEM_CERT)
		return mem_printf("ca/%s.cer", ca);
	if (kind == ITEM_DELTA)
		return mem_printf("crl/%s-delta.crl", ca);
	if (shard > 0)
		return mem_printf("crl/%s-%lld.crl", ca, (long long)shard);
	return mem_printf("crl/%s.crl", ca);
}

static uint64_t
item_hash(const void *item)
{
	const struct item	*it = item;

	return map_hash_bytes(it->path, strlen(it->path));
}

static bool
item_equal(const void *a, const void *b)
{
	const struct item	*x = a, *y = b;

	return strcmp(x->path, y->path) == 0;
}

struct item *
items_find(const struct items *all, const char *path)
{
	struct item	 key = { .shard = 0 }, *found;

	if (all->n == 0)
		return NULL;
	key.path = mem_strdup(path);
	found = map_find(&all->by_path, &key);
	mem_free(&key.path);
	return found;
}

struct item *
items_add(struct items *all, const char *path, const char *ca,
    enum item_kind kind, int64_t shard)
{
	struct item	*it = mem_alloc(sizeof(*it));

	it->path = mem_strdup(path);
	it->ca = mem_strdup(ca);
	it->kind = kind;
	it->shard = shard;
	if (all->by_path.hash == NULL)
		map_init(&all->by_path, item_hash, item_equal);
	(void)map_put(&all->by_path, it);
	all->v = mem_resize(all->v, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = it;
	return it;
}

static void
item_free(struct item **it)
{
	mem_free(&(*it)->path);
	mem_free(&(*it)->ca);
	mem_free(&(*it)->idp);
	mem_free(it);
}

void
items_drop(struct items *all, size_t i)
{
	(void)map_remove(&all->by_path, all->v[i]);
	item_free(&all->v[i]);
	all->v[i] = all->v[--all->n];
}

void
items_clear(struct items *all)
{
	size_t	 i;

	for (i = 0; i < all->n; i++)
		item_free(&all->v[i]);
	if (all->by_path.hash != NULL)
		map_clear(&all->by_path);
	all->by_path.hash = NULL;
	mem_free(&all->v);
	mem_free(&all->path);
	all->n = 0;
}

/*
 * kind ca shard key number base this next digest idp
 */
enum { KIND, CA, SHARD, KEY, NUMBER, BASE, THIS, NEXT, DIGEST, IDP, FIELDS };

static int
number_of(int64_t *n, const char *text, int64_t max, struct error *e)
{
	return text_parse_number(n, text, 0, max, e);
}

static int
item_parse(struct items *all, char *field[FIELDS], struct error *e)
{
	struct item	*it;
	char		*path;
	int64_t		 shard;
	int		 kind = 0;

	while (kind < ITEM__KINDS && strcmp(field[KIND], kinds[kind]) != 0)
		kind++;
	if (kind == ITEM__KINDS || !text_is_name(field[CA]) ||
	    number_of(&shard, field[SHARD], INT32_MAX, e) == -1)
		return -1;
	path = item_path(field[CA], (enum item_kind)kind, shard);
	it = items_add(all, path, field[CA], (enum item_kind)kind, shard);
	mem_free(&path);
	if (strcmp(field[IDP], "-") != 0)
		it->idp = mem_strdup(field[IDP]);
	return text_unhex(it->key, sizeof(it->key), NULL, field[KEY],
	    e) == -1 || number_of(&it->number, field[NUMBER], INT64_MAX,
	    e) == -1 || number_of(&it->base, field[BASE], INT64_MAX,
	    e) == -1 || number_of(&it->this_update, field[THIS], INT64_MAX,
	    e) == -1 || number_of(&it->next_update, field[NEXT], INT64_MAX,
	    e) == -1 ? -1 : text_unhex(it->digest, sizeof(it->digest), NULL,
	    field[DIGEST], e);
}

static int
line_parse(struct items *all, char *line, struct error *e)
{
	char	*field[FIELDS], *p = line;
	int	 n;

	for (n = 0; n < FIELDS; n++) {
		field[n] = p;
		p += strcspn(p, " ");
		if (n < FIELDS - 1 && *p == '\0')
			return -1;
		if (*p != '\0' && n == FIELDS - 1)
			return -1;
		if (*p != '\0')
			*p++ = '\0';
	}
	return item_parse(all, field, e);
}

int
items_load(struct items *all, const char *state, struct error *e)
{
	struct error	 cause = ERROR_INIT;
	struct buf	 text = { 0 };
	char		*p, *end;
	int		 line = 1, rc = -1;

	all->path = mem_printf("%s/published", state);
	if (!file_exists(all->path))
		return 0;
	if (file_load(&text, all->path, FILE_MAX, e) == -1)
		goto out;
	(void)buf_cstr(&text);
	for (p = (char *)text.p; *p != '\0'; p = end + 1, line++) {
		end = p + strcspn(p, "\n");
		if (*end == '\0')
			goto bad;
		*end = '\0';
		if (line_parse(all, p, &cause) == -1)
			goto bad;
	}
	rc = 0;
	goto out;
 bad:
	error_set(e, ERROR_CONFIG, "%s:%d: malformed", all->path, line);
	error_hint(e, "without this file numbers are taken from the lists in "
	    "the directory; remove it only if these are whole");
 out:
	buf_clear(&text);
	return rc;
}

int
items_store(struct items *all, struct error *e)
{
	char			 key[2 * KEY_DIGEST_SIZE + 1], digest[65];
	const struct item	*it;
	struct buf		 text = { 0 };
	static const uint8_t	 nothing[32];
	size_t			 i;
	int			 rc;

	if (!all->changed)
		return 0;
	for (i = 0; i < all->n; i++) {
		it = all->v[i];
		if (memcmp(it->digest, nothing, sizeof(nothing)) == 0)
			continue;
		buf_printf(&text, "%s %s %lld %s %lld %lld %lld %lld %s %s\n",
		    kinds[it->kind], it->ca, (long long)it->shard,
		    text_hex(key, it->key, sizeof(it->key)),
		    (long long)it->number, (long long)it->base,
		    (long long)it->this_update, (long long)it->next_update,
		    text_hex(digest, it->digest, sizeof(it->digest)),
		    it->idp == NULL ? "-" : it->idp);
	}
	rc = file_store(all->path, text.p, text.len, 0600, e);
	if (rc == 0)
		all->changed = false;
	buf_clear(&text);
	return rc;
}
