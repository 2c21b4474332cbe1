/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_JUDGED_H
#define SIGNET_RA_JUDGED_H
/*
 * Certificates of clients whose signatures were verified lately, so that not
 * each request of the same browser costs three of them and the parsing of a
 * key.  What a certificate says is kept, and that its chain was good; whether
 * it is revoked is never kept.
 */
#include "page.h"

#define JUDGED_MAX	64		/* certificates; the oldest makes room */
#define JUDGED_SECONDS	60

struct judged;
struct judged *judged_new(void);
void	 judged_free(struct judged **);
/* When CAs may have changed. */
void	 judged_forget(struct judged *);

/*
 * 1 and everything but der, holder and row, strings borrowed until the next
 * call of judged_add(), when the certificate with this SHA-256 was judged in
 * the last minute and has not expired; else 0.
 */
int	 judged_find(const struct judged *, const uint8_t digest[32],
	    int64_t now, struct page_client *);
/* Copies. */
void	 judged_add(struct judged *, const struct page_client *, int64_t now);
#endif
