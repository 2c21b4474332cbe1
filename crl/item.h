/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_ITEM_H
#define SIGNET_CRL_ITEM_H
/*
 * What is published, one item per file, remembered in STATE/published so
 * that neither a store that was set back nor a directory that was wiped
 * makes us publish something older.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "base/error.h"
#include "base/map.h"
#include "net/metrics.h"
#include "x509/key.h"

struct item_mark {		/* by which a file is the one that it was */
	ino_t		 ino;
	off_t		 size;
	struct timespec	 modified, changed;
};

enum item_kind { ITEM_LIST, ITEM_DELTA, ITEM_CERT, ITEM__KINDS };

struct item {
	char			*path;	/* below the directory */
	char			*ca;
	enum item_kind		 kind;
	int64_t			 shard;
	uint8_t			 key[KEY_DIGEST_SIZE];	/* of the CA */
	/* Of the list that is published; number 0: none yet. */
	int64_t			 number, base;
	int64_t			 this_update, next_update;
	uint8_t			 digest[32];	/* of the file */
	char			*idp;	/* NULL: none */
	/* Not remembered. */
	bool			 there;		/* the file is, and is right */
	struct item_mark	 mark;		/* then */
	bool			 seen;		/* in the store, this time */
	bool			 by_file;	/* a root's: not in the store */
	bool			 judged;	/* by round_health(), this time */
	int64_t			 refused;	/* number of what was not
						 * published, 0: nothing */
	int64_t			 again_ms;	/* when to look at it again */
	struct error		 why;
	struct metric		*until, *number_shown;
};
struct items {
	char		*path;			/* STATE/published */
	struct item	**v;
	size_t		 n;
	struct map	 by_path;
	bool		 changed;
};

/* No file is nothing published; a malformed one is ERROR_CONFIG. */
int	 items_load(struct items *, const char *state, struct error *);
int	 items_store(struct items *, struct error *);	/* if changed */
void	 items_clear(struct items *);
struct item *items_find(const struct items *, const char *path);
struct item *items_add(struct items *, const char *path, const char *ca,
	    enum item_kind, int64_t shard);
/* Forget what never was published. */
void	 items_drop(struct items *, size_t i);
/* "crl/people.crl", "crl/people-delta.crl", "crl/people-7.crl",
 * "ca/people.cer"; caller frees. */
char	*item_path(const char *ca, enum item_kind, int64_t shard);
#endif
