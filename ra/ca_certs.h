/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_CA_CERTS_H
#define SIGNET_RA_CA_CERTS_H
/*
 * The certificates of the authorities, for programs that ask for them: EST's
 * /cacerts, and caCerts in a general message of CMP.
 */
#include "desk/desk.h"
#include "x509/profile.h"

#define CA_CERTS_MAX	64

struct ca_certs {
	struct bytes	 der[CA_CERTS_MAX];
	size_t		 n;
};
/* Of the CAs that issue this profile (NULL: all), each one once, and of who is
 * above them; roots only if they are wanted, and last. */
int	 ca_certs_find(struct ca_certs *, struct desk *, const struct profile *,
	    bool roots, struct error *);
void	 ca_certs_clear(struct ca_certs *);
#endif
