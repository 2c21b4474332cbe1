/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PUBLISH_WANTED_PRIVATE_H
#define SIGNET_PUBLISH_WANTED_PRIVATE_H
/*
 * What the builders of entries share.
 */
#include "publish/wanted.h"

/* The attribute, with room for so many values. */
struct directory_attr *wanted_attr(struct wanted *, const char *name,
	    size_t room, struct arena *);
void	 wanted_text(struct directory_attr *, const char *);	/* borrowed */
void	 wanted_bytes(struct directory_attr *, struct bytes);
/* Remember the first problem. */
void	 wanted_problem(struct wanted *, const struct error *);
#endif
