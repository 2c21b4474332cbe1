/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_DESK_H
#define SIGNET_DESK_DESK_H
/*
 * The desk at which orders are taken in: drawn up, checked, handed in,
 * approved, rejected.  The command line has one; each thread of the
 * registration authority has one of its own, and no two share anything.
 *
 * A desk reads no settings and talks to nobody.  What it works with is put
 * into it by its program, either beforehand or, through "open", when it is
 * first needed: so that bad input never touches the store.
 */
#include <stdbool.h>
#include <stdint.h>
#include <openssl/x509.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "db/db.h"
#include "order/approval.h"
#include "x509/blocklist.h"
#include "x509/profile.h"

/* What a desk can be without at first. */
enum desk_part {
	DESK_DB,
	DESK_PROFILES,
	DESK_BLOCKLISTS,
	DESK_TRUST,		/* desk_trust_open() and desk_trust_add() */
	DESK_SIGNER,
	DESK__MAX
};

struct desk_issuer {		/* a CA that this installation knows */
	char		*name;
	X509		*cert;
	STACK_OF(X509)	*chain;	/* what follows in its file; may be NULL */
};

/*
 * Who approves at this desk.  sign() adds to the blob one SignerInfo by cert,
 * or one that carries what cert's person has asserted.
 */
struct desk_signer {
	X509	*cert;		/* borrowed; NULL: nobody */
	int	(*sign)(void *arg, struct buf *out, struct bytes blob,
		    struct error *);
	void	*arg;
};

/* Who is told of long work; any may be NULL. */
struct desk_ears {
	void	*arg;
	/* The nth mistake in a batch; work goes on. */
	void	(*bad)(void *arg, size_t n, const char *where,
		    const struct error *);
	/* "storing", so many of so many (0: not known); what NULL: the end. */
	void	(*progress)(void *arg, const char *what, uint64_t done,
		    uint64_t total);
};

struct desk {
	const struct clock	*clock;
	const struct rng	*rng;
	struct arena		*arena;	/* what is found; the program resets it */
	const char		*who;	/* acts, for the audit; borrowed */
	struct desk_ears	 ears;
	/* Make the part ready; NULL: all of them are. */
	int			(*open)(void *arg, enum desk_part,
				    struct error *);
	void			*open_arg;

	struct db		*db;
	struct profiles		 profiles;
	struct blocklists	 blocklists;
	bool			 has_blocklists;	/* they are open */
	STACK_OF(X509)		*anchors;	/* the root */
	STACK_OF(X509)		*intermediates;
	STACK_OF(X509)		*officers_cas;	/* of issuer[], borrowed */
	struct approval_cache	*approvers;	/* judged by these CAs */
	char			*officers_ca;	/* name; NULL: any CA's count */
	struct desk_issuer	*issuer;
	size_t			 nissuers;
	struct desk_signer	 signer;
};
/* With the system's clock and randomness and an arena. */
void	 desk_init(struct desk *);
void	 desk_clear(struct desk *);

/* Have the part ready. */
int	 desk_need(struct desk *, enum desk_part, struct error *);

/* The root, and the CA whose certificates have roles (NULL: any); drops what
 * was known. */
int	 desk_trust_open(struct desk *, const char *root,
	    const char *officers_ca, struct error *);
/* A CA's certificate and what leads to the root; it is checked to do so. */
int	 desk_trust_add(struct desk *, const char *name, const char *path,
	    struct error *);
/* NAME.pem of each CA that is not known yet; an absent directory has none. */
int	 desk_trust_add_all(struct desk *, const char *dir, struct error *);
/* Read them again when they are needed next. */
void	 desk_trust_forget(struct desk *);

/* ERROR_NOTFOUND naming those there are. */
int	 desk_find_ca(struct desk *, const char *name,
	    const struct desk_issuer **, struct error *);
/* The CA that has signed this certificate, by name and signature; or NULL. */
const struct desk_issuer *desk_issuer_of(struct desk *, X509 *);
/* Trust for approval_check(); status comes from the store. */
int	 desk_trust(struct desk *, struct approval_trust *, struct error *);

/* One more mistake in what is being read: counted, and told. */
void	 desk_bad(struct desk *, size_t *bad, const char *where,
	    const struct error *);
void	 desk_progress(struct desk *, const char *what, uint64_t done,
	    uint64_t total);
#endif
