/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/mem.h"

#define MAP_FIRST	64

static char	 grave;		/* marks a slot whose item was removed */

void
map_init(struct map *m, map_hash_fn *hash, map_equal_fn *equal)
{
	*m = (struct map){ .hash = hash, .equal = equal };
}

void
map_clear(struct map *m)
{
	mem_free(&m->slot);
	m->nslots = m->used = m->n = 0;
}

static size_t
map_slot(const struct map *m, const void *key, bool *found)
{
	size_t	 mask = m->nslots - 1, i, first = SIZE_MAX;

	*found = false;
	for (i = m->hash(key) & mask; m->slot[i] != NULL; i = (i + 1) & mask) {
		if (m->slot[i] == &grave) {
			if (first == SIZE_MAX)
				first = i;
		} else if (m->equal(m->slot[i], key)) {
			*found = true;
			return i;
		}
	}
	return first != SIZE_MAX ? first : i;
}

static void
map_grow(struct map *m)
{
	struct map	 old = *m;
	size_t		 i;

	m->nslots = m->nslots == 0 ? MAP_FIRST :
	    m->n * 2 >= m->nslots ? m->nslots * 2 : m->nslots;
	m->slot = mem_array(m->nslots, sizeof(*m->slot));
	m->used = m->n = 0;
	for (i = 0; i < old.nslots; i++)
		if (old.slot[i] != NULL && old.slot[i] != &grave)
			map_put(m, old.slot[i]);
	mem_free(&old.slot);
}

void *
map_find(const struct map *m, const void *key)
{
	bool	 found;
	size_t	 i;

	if (m->n == 0)
		return NULL;
	i = map_slot(m, key, &found);
	return found ? m->slot[i] : NULL;
}

void *
map_put(struct map *m, void *item)
{
	void	*old;
	bool	 found;
	size_t	 i;

	/* At most two thirds full, so that probing ends soon. */
	if (m->used * 3 >= m->nslots * 2)
		map_grow(m);
	i = map_slot(m, item, &found);
	old = found ? m->slot[i] : NULL;
	if (!found) {
		if (m->slot[i] == NULL)
			m->used++;
		m->n++;
	}
	m->slot[i] = item;
	return old;
}

void *
map_remove(struct map *m, const void *key)
{
	void	*old;
	bool	 found;
	size_t	 i;

	if (m->n == 0)
		return NULL;
	i = map_slot(m, key, &found);
	if (!found)
		return NULL;
	old = m->slot[i];
	m->slot[i] = &grave;
	m->n--;
	return old;
}

void *
map_next(const struct map *m, size_t *pos)
{
	while (*pos < m->nslots) {
		void	*item = m->slot[(*pos)++];

		if (item != NULL && item != &grave)
			return item;
	}
	return NULL;
}

uint64_t
map_hash_bytes(const void *p, size_t n)
{
	const uint8_t	*b = p;
	uint64_t	 h = 0xcbf29ce484222325u;
	size_t		 i;

	for (i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}
