/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_OFFICE_H
#define SIGNET_PERSONALIZE_OFFICE_H
/*
 * The clerk's process: one for all readers.
 *
 * It has the store, the station's key, and the keys that open the secrets of
 * cards under way; it has no reader.  What a worker asks is answered when it
 * is committed.
 */
#include "settings.h"

struct office_setup {
	const struct station_conf *conf;
	const char *const	*batch;		/* names */
	size_t			 nbatches;
	const char *const	*reader;	/* names, as workers count them */
	const int		*fd;		/* a worker at the other end */
	size_t			 n;
};
/* The body of the process (proc_fn).  Events go to the parent. */
int	 office_main(int parent, void *setup);
/* Are key, certificates, layouts and template there? */
int	 office_check(const struct office_setup *, struct error *);
#endif
