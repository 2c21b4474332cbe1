/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_PAPER_CLERK_H
#define SIGNET_TESTS_LIB_PAPER_CLERK_H
/*
 * A clerk for one card, without store and CA: it keeps the journal in memory,
 * and certificates are by a CA of testpki.  It holds everybody to the
 * contract of personalize/clerk.h and counts what it heard.
 */
#include "personalize/clerk.h"
#include "tests/lib/testpki.h"

struct paper_slot {
	enum card_slot	 slot;
	enum card_alg	 alg;
	EVP_PKEY	*key;
	X509		*cert;
	bool		 begun, ordered;
};
struct paper_clerk {
	const struct testpki *pki;
	uint8_t		 guid[16];
	struct paper_slot slot[JOB_SLOTS];
	size_t		 nslots;
	bool		 own_management;	/* give the card a new key */
	uint8_t		 management_alg;	/* of it */
	bool		 is_bare, keeps_management, has_wrong_keys;
	bool		 s16;
	size_t		 channel_size;	/* of its keys */
	bool		 has_secrets, is_issued, is_broken;
	enum error_code	 failed;
	unsigned int	 keys, begun[STEP__MAX], certs;
};
void	 paper_clerk_init(struct paper_clerk *, const struct testpki *,
	    bool own_management);
void	 paper_clerk_clear(struct paper_clerk *);
struct clerk paper_clerk(struct paper_clerk *);
#endif
