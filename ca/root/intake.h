/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_INTAKE_H
#define SIGNET_ROOT_INTAKE_H
/*
 * What comes in over the air gap: requests, bare or in a parcel.  What was
 * certified before is refused unless the ceremony says why it is done again,
 * and so is a parcel whose number is not higher than the packer's last.
 */
#include "base/error.h"
#include "ca/root/session.h"
#include "x509/csr.h"

/* Keeps a copy among the inputs. */
int	 intake_request(struct session *, const struct generation *,
	    const char *path, struct csr **, struct error *);
/* Refuse what a "key=value" of an earlier, finished ceremony names already. */
int	 intake_check_new(struct session *, const char *key,
	    const char *value, struct error *);
#endif
