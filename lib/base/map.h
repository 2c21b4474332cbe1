/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_MAP_H
#define SIGNET_BASE_MAP_H
/*
 * A hash table of pointers to items that contain their own key.  The table
 * owns no item; its user says how to hash and compare them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t map_hash_fn(const void *item);
typedef bool map_equal_fn(const void *a, const void *b);

struct map {
	map_hash_fn	 *hash;
	map_equal_fn	 *equal;
	void		**slot;
	size_t		  nslots;	/* a power of two */
	size_t		  used;		/* items and graves */
	size_t		  n;		/* items */
};
void	 map_init(struct map *, map_hash_fn *, map_equal_fn *);
void	 map_clear(struct map *);		/* frees the slots, no item */
/* The item that equals key (which may be a partly filled item), or NULL. */
void	*map_find(const struct map *, const void *key);
/* Returns the equal item that was replaced, or NULL. */
void	*map_put(struct map *, void *item);
void	*map_remove(struct map *, const void *key);
/* The next item; *pos starts at 0.  NULL at the end.  Do not put meanwhile. */
void	*map_next(const struct map *, size_t *pos);
/* FNV-1a, good enough for keys that an attacker cannot choose freely. */
uint64_t map_hash_bytes(const void *, size_t);
#endif
