/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_CMP_TRANS_H
#define SIGNET_RA_CMP_TRANS_H
/*
 * Transactions of CMP that go on after our answer: until the client confirms
 * its certificate, or asks again for one that was not there yet.
 *
 * They are kept in memory, so many and so long; a restart forgets them.  The
 * client is told then that the transaction is unknown, and asks anew: the same
 * request leads to the same order and certificate.
 */
#include <openssl/cmp.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "cmp_message.h"
#include "db/db_row.h"

#define CMP_TRANS_MAX	1000
#define CMP_TRANS_S	300		/* seconds without a message */
#define CMP_TRANS_WAIT_S (7 * 86400)	/* for officers */

struct cmp_trans {
	uint8_t			 id[CMP_ID_MAX];
	size_t			 id_len;
	int64_t			 expires;
	OSSL_CMP_SRV_CTX	*server;	/* OpenSSL's half of the state */
	OSSL_CMP_MSG		*request;	/* that is polled for */
	bool			 has_order;
	uint8_t			 order[DB_ORDER_ID];
	X509			*cert;		/* issued, to be confirmed */
	uint8_t			 who[32];	/* digest of what protects it */
	struct cmp_trans	*next;
};

struct cmp_table;
void	 cmp_table_new(struct cmp_table **);
void	 cmp_table_free(struct cmp_table **);
struct cmp_trans *cmp_trans_new(struct bytes id);
void	 cmp_trans_free(struct cmp_trans **);
/* Take it out: nobody else has it meanwhile.  NULL: unknown. */
struct cmp_trans *cmp_table_take(struct cmp_table *, struct bytes id,
	    int64_t now);
bool	 cmp_table_has(struct cmp_table *, struct bytes id, int64_t now);
/* Put it (back) until "expires".  The one that would end first makes room. */
void	 cmp_table_put(struct cmp_table *, struct cmp_trans **,
	    int64_t expires);
#endif
