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
	size_t			 n;
};
/* The body of the process (proc_fn).  It tells the parent first whether it is
 * ready; then it is given workers (os/pass.h), and tells events. */
int	 office_main(int parent, void *setup);
/* The parent's side: wait for that.  -1: why it is not; the process ends. */
int	 office_ready(int clerk, struct error *);
/* Are key and certificates there, and do they fit? */
int	 office_check(const struct office_setup *, struct error *);
#endif
