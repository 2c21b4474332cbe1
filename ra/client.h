/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_CLIENT_H
#define SIGNET_RA_CLIENT_H
/*
 * Who asks, by the certificate of the connection.
 */
#include "page.h"
#include "rad.h"

/*
 * 1 p->client is filled; 0 no certificate came; -1 ERROR_DENIED saying what is
 * wrong with the one that came, or the store cannot be asked.  Chain, validity,
 * role and status are looked at each time; status only once of a protocol's
 * request that waits for its order, which then has no holder and no row.
 */
int	 client_judge(struct page *, struct error *);
/* The same for a certificate that came another way, whatever its purpose; der
 * stays the caller's. */
int	 client_judge_der(struct page *, struct bytes der, struct error *);
void	 client_clear(struct page_client *);
/* May this client have that page?  ERROR_DENIED. */
int	 client_check(const struct page_client *, enum page_who,
	    struct error *);
#endif
