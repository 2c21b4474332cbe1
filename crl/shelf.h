/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_SHELF_H
#define SIGNET_CRL_SHELF_H
/*
 * One file of the directory is replaced by a newer one, or stays.
 *
 * A list is read into a file beside it, whatever its size, walked to its end
 * by the reader, which checks the signature, and held against what was
 * published before; then it is renamed.  Before that nobody sees it.
 */
#include "authority.h"
#include "db/db_crl_head.h"
#include "item.h"

struct shelf {
	const struct crld_conf	*conf;
	struct authorities	*authorities;
	struct items		*items;
	int64_t			 now;
};

/*
 * Take the list of the row from the store.  -1 with ERROR_DENIED: it is none
 * that may be published, and why; other errors say that it could not be
 * tried.  The item is as the file is.
 */
int	 shelf_put_list(struct shelf *, struct db *, const struct db_crl *,
	    struct item *, struct error *);
/* The same with a list of a root, from a file. */
int	 shelf_put_root_list(struct shelf *, const char *path,
	    struct item *, struct error *);
/* NAME.cer and NAME.p7c. */
int	 shelf_put_cert(struct shelf *, const struct authority *,
	    struct item *, struct error *);
/* Is the published file there, and the one that the item remembers?  If it
 * knows more than the item, the item learns it.  Sets item->there. */
void	 shelf_look(struct shelf *, struct item *);
/* Look only if somebody has touched the file since it was right: true, and it
 * is not there any more. */
bool	 shelf_was_touched(struct shelf *, struct item *);
/* A delta that nobody can use any more. */
int	 shelf_remove(struct shelf *, struct item *, struct error *);
#endif
