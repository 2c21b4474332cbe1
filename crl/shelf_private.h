/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_SHELF_PRIVATE_H
#define SIGNET_CRL_SHELF_PRIVATE_H
/*
 * Between shelf.c, which moves files, and shelf_check.c, which knows what may
 * lie where.
 */
#include "shelf.h"
#include "x509/crl.h"

/* ERROR_DENIED: it is none that may be published. */
int	 shelf_refuse(struct error *, const char *why);
/* May a list with these parameters take the place of what is published? */
int	 shelf_check(const struct item *, const struct crl_params *,
	    int64_t now, struct error *);
#endif
