/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_HOLDER_H
#define SIGNET_DB_DB_HOLDER_H
/*
 * Holders: the persons, machines and mailboxes that certificates are for.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_HOLDER;		/* read */
extern const struct db_table DB_HOLDER_ADD;
extern const struct db_table DB_HOLDER_EDIT;

struct db_holder {
	const char	*id;		/* the organisation's own number */
	const char	*name;
	const char	*mail, *org, *note;	/* or NULL */
	int64_t		 created_at;	/* set by the store */
};
struct db_holders {
	struct db_holder *v;
	size_t		  n;
};
/* Once more with the same data is well; with other data ERROR_CONFLICT. */
int	 db_holder_add(struct db *, const struct db_holder *, struct error *);
/* NULL leaves as it is, "" takes away (not the name).  ERROR_NOTFOUND. */
int	 db_holder_edit(struct db *, const struct db_holder *, struct error *);
/* Many at once; those that are there already stay as they are. */
int	 db_holder_add_missing(struct db *, const struct db_holder *, size_t n,
	    struct error *);
int	 db_holder_find(struct db *, const char *id, struct db_holder *,
	    struct arena *, struct error *);	/* 1, 0, -1 */
/* By id, after that one ("" to start).  mail NULL: all; letter case of mail
 * does not matter. */
int	 db_holder_list(struct db *, const char *mail, const char *after,
	    size_t limit, struct db_holders *, struct arena *, struct error *);
#endif
