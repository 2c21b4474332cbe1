/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_TARGET_H
#define SIGNET_CLI_TARGET_H
/*
 * Which certificates?  What the operator names - serials, a holder, a key, a
 * card - becomes a list of certificates from the store.
 */
#include "cli/cli.h"
#include "db/db_cert.h"
#include "order/order.h"

/* One certificate by serial or its beginning, with der; ERROR_NOTFOUND. */
int	 target_find(struct cli *, const char *serial, struct db_cert *,
	    struct error *);

struct targets {
	struct db_cert	*v;
	size_t		 n;
	char		 selector[160];	/* "holder:17", for the order */
};
/*
 * The operands of the command, or --holder, --key-of, --card: exactly one of
 * these.  Only certificates that have not expired and that "kind" would
 * change.  ERROR_NOTFOUND when there is none.
 */
int	 target_resolve(struct cli *, enum order_kind, struct targets *,
	    struct error *);
void	 target_clear(struct targets *);
/* Digest of a public key: hex, or a file with certificate, request or key. */
int	 target_key_digest(uint8_t dst[32], const char *, struct error *);
#endif
