/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_PUBLISHER_H
#define SIGNET_CRL_PUBLISHER_H
/*
 * The processes of signet-crld that keep directories in step with the store:
 * one that starts the others, one dispatcher, which turns outbox and expiry
 * into deliveries, and for each directory publishers, which work them off side
 * by side.
 *
 * Each has a connection of its own to the store, as signet_crl; none has a
 * key but the one that says to the directory who is writing, and none listens.
 */
#include "base/error.h"
#include "publish/target.h"

struct publisher_setup {
	const char	*instance;	/* of all that share the store its own */
	const char	*database;
	const char	*profiles;	/* directory */
	const char	*root;		/* PEM with the trusted roots */
	const char	*officers_ca;	/* whose orders end holds */
	const char	*user;		/* or NULL */
	const char	*directories;	/* directories.conf; NULL: none, but the
					 * outbox is emptied all the same */
	bool		 once;		/* until nothing is due */
};

/* Can directories.conf be read? */
int	 publishers_check(const struct publisher_setup *, struct error *);

/*
 * A process (proc_fn) that starts them all, starts again what has ended, and
 * ends when its parent closes the pair.  arg: the setup.  With "once" it does
 * all of it by itself and ends.
 */
int	 publishers_main(int parent, void *arg);
#endif
