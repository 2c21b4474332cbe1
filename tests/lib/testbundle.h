/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_TESTBUNDLE_H
#define SIGNET_TESTS_LIB_TESTBUNDLE_H
/*
 * A little installation's audit bundle, made at run time: two security
 * officers, an officer and a CA agent appointed by the root, certificates by
 * a single order, by a one-time code and by a batch, one of them revoked and
 * on a list, all with signed heads.  A test changes something before or after
 * it is made, writes it to a directory and looks at what an audit says.
 */
#include "audit/head.h"
#include "base/mem.h"
#include "cli/bundle.h"
#include "order/approval.h"
#include "tests/lib/testpki.h"

#define TESTBUNDLE_MAX	100

struct testbundle_list {
	struct buf	 v[TESTBUNDLE_MAX];
	size_t		 n;
};

/* One certificate and what came before it. */
struct testbundle_cert {
	EVP_PKEY	*key;
	X509		*cert;
	uint8_t		 serial[21];
	size_t		 serial_len;
	uint8_t		 order_digest[32], order_id[16];
	int64_t		 entry;		/* that issued it */
};

struct testbundle {
	/* What goes wrong, set before testbundle_make(). */
	const char	*alice_name;	/* in her certificate; NULL: as ordered */
	const char	*alice_mail;
	bool		 officer_revoked;	/* long before the order is used */
	bool		 officer_just_revoked;	/* a moment before */
	bool		 stranger_approves;	/* of another installation */
	bool		 nobody_approves;
	bool		 used_twice;
	bool		 wrong_request;
	bool		 wrong_code;
	bool		 list_lacks;		/* the revoked one */
	bool		 list_has_more;
	bool		 list_goes_back;
	bool		 list_is_earlier;	/* since before the adoption */
	bool		 lone_security_officer;	/* appoints another officer */
	bool		 alarm;
	bool		 not_handed_in;		/* no order-new */
	bool		 rejected;
	bool		 late;			/* used after its expiry */
	bool		 dave_held;		/* and left so */
	bool		 dave_released;		/* after having been held */
	bool		 revoked_released;	/* what may never be */
	bool		 adopted;		/* from the first head on */
	/* Alice is approved in the browser; and with it: */
	bool		 by_assertion;
	bool		 bound_by_one;		/* security officer */
	bool		 never_bound;		/* signed, not carried out */
	bool		 unbound;		/* long before it is used */
	bool		 just_unbound;
	bool		 unbound_by_ra;		/* of no effect, and named */
	bool		 asserted_other;	/* another order */
	/* The PUK of a card is opened; and with it: */
	bool		 secret;
	bool		 secret_by_one;		/* officer */
	bool		 secret_other;		/* than was signed for */
	bool		 secret_twice;

	struct testpki	 pki;
	int64_t		 t;
	struct clock	 clock;
	struct testbundle_cert	so1, so2, officer, agent, alice, bob, carol,
				dave, ra;
	EVP_PKEY		*auth_key;	/* the officer's security key */
	struct buf		 bind;		/* the order that bound it */
	uint8_t			 bind_digest[32];
	/* What has been made. */
	struct testbundle_list	 body;		/* of the entries */
	struct testbundle_list	 part[BUNDLE__MAX];	/* DER */
	struct testbundle_list	 line;		/* of status.txt */
	struct buf		 proofs;
	struct audit_head	 chain;
	int64_t			 first_head;	/* entry of the first head */
};
void	 testbundle_make(struct testbundle *);
void	 testbundle_clear(struct testbundle *);
/* Hashes are computed anew: as somebody would who owns the store.  skip: the
 * entry left out, keeping the numbers of the others; or 0.  lie: the entry
 * whose hash stays that of "before"; or 0. */
void	 testbundle_write(struct testbundle *, const char *dir, int64_t skip,
	    int64_t lie, const char *before);
void	 testbundle_write_heads(const struct testbundle *, const char *path);
void	 testbundle_remove(struct testbundle_list *, size_t i);
/* Replace text in a body or line; aborts when it is not there. */
void	 testbundle_edit(struct buf *, const char *from, const char *to);
#endif
