/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_TARGET_H
#define SIGNET_DESK_TARGET_H
/*
 * Which certificates?  What the operator names - serials, a holder, a key, a
 * card - becomes a list of certificates from the store.
 */
#include "db/db_archive.h"
#include "db/db_cert.h"
#include "desk/desk.h"
#include "order/order.h"

/* One certificate by serial or its beginning, with der; ERROR_NOTFOUND, also
 * of one that was archived. */
int	 target_find(struct desk *, const char *serial, struct db_cert *,
	    struct error *);
/* One that was archived: 1, 0, -1. */
int	 target_find_archived(struct desk *, const char *serial,
	    struct db_archived *, struct error *);

struct targets {
	struct db_cert	*v;
	size_t		 n;
	char		 selector[160];	/* "holder:17", for the order */
};
/* One of the four. */
struct target_ask {
	const char *const	*serial;
	size_t			 nserials;
	const char		*holder;
	const char		*card;
	const uint8_t		*key;		/* digest */
};
/*
 * Only certificates that have not expired and that "kind" would change.
 * ERROR_NOTFOUND when there is none; ERROR_CONFLICT for a serial number that
 * it would not change.
 */
int	 target_resolve(struct desk *, enum order_kind,
	    const struct target_ask *, struct targets *, struct error *);
/* Make them what the order is about. */
void	 target_set(struct order *, const struct targets *);
void	 target_clear(struct targets *);
/* Digest of a public key: hex, or a file with certificate, request or key. */
int	 target_key_digest(uint8_t dst[32], const char *, struct error *);
#endif
