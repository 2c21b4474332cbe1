/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_AGENT_CONFINE_H
#define SIGNET_AGENT_CONFINE_H
/*
 * The sandbox of a process that has one key and does nothing else: what of the
 * files it may still see, and whether it may still talk to anybody.
 */
#include "agent/place.h"
#include "os/conf.h"

struct confine {
	const char		*user;		/* as struct sandbox */
	const struct conf_list	*token_paths;	/* written */
	bool			 token_sockets;
	/*
	 * It orders new certificates of the store and puts them in place: the
	 * two directories are written, and there is a network.  Otherwise it
	 * only reads, and talks over what it has open.
	 */
	bool			 renews;
	const char		*also;		/* written, too; or NULL */
};
/* Enter it, for the key and certificate of this place. */
int	 confine_enter(const struct confine *, const struct place *,
	    struct error *);
#endif
