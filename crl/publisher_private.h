/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_PUBLISHER_PRIVATE_H
#define SIGNET_CRL_PUBLISHER_PRIVATE_H
/*
 * What the files of the publisher share.
 */
#include <openssl/x509.h>
#include "base/mem.h"
#include "db/db.h"
#include "db/db_publish.h"
#include "net/directory.h"
#include "publish/cas.h"
#include "publish/deliver.h"
#include "publish/target.h"
#include "publisher.h"
#include "x509/profile.h"

#define PUBLISHER_CHANNEL	"signet_delivery"

/* What dispatcher and publishers open alike. */
struct publisher_base {
	const struct publisher_setup	*setup;
	int				 bell;		/* as of db_set_bell() */
	struct publish_conf		 conf;
	struct db			*db;
	struct profiles			 profiles;
	const char		       **published;	/* names of profiles */
	struct db_profiles		 want;
	STACK_OF(X509)			*anchors;
};
int	 publisher_base_open(struct publisher_base *, const char *name,
	    struct error *);
/* From here on it only reads what it must, and starts nothing. */
int	 publisher_confine(const struct publisher_base *, struct error *);
void	 publisher_base_close(struct publisher_base *);

struct dispatcher {
	struct publisher_base	 base;
	uint64_t		 files;		/* as they were last seen */
	bool			 started;
};
int	 dispatcher_open(struct dispatcher *, struct error *);
/* 1: there is more at once; 0; -1. */
int	 dispatcher_round(struct dispatcher *, int64_t now, struct error *);
void	 dispatcher_close(struct dispatcher *);

struct publisher {
	struct publisher_base	 base;
	const struct publish_target *target;
	char			 name[80];	/* leases are in this name */
	int			 index;		/* of those side by side */
	struct publish_cas	 cas;
	struct directory	*directory;
	struct arena		*arena;
	size_t			 batch;
	int			 failures;	/* of the directory, in a row */
	struct refusals {
		int	 n;		/* of entries, in a row */
		bool	 all;		/* it takes none */
	}			 refusals[2];	/* of people, of CAs */
	bool			 waits_for_others;	/* to say that it does */
	int64_t			 retry_at;	/* monotonic ms */
	int64_t			 said_at;	/* that it is well */
	bool			 resume;	/* leases may be ours */
};
int	 publisher_open(struct publisher *, const char *target, int index,
	    struct error *);
/* 1: did something; 0: nothing to do, or not now (*e says why, if anything);
 * -1: the store. */
int	 publisher_round(struct publisher *, const struct clock *,
	    struct error *);
void	 publisher_close(struct publisher *);

/* publisher_outcome.c: what a batch says about the directory, and why. */
enum publisher_outcome { PUBLISHER_NOTHING, PUBLISHER_WRITTEN,
    PUBLISHER_REFUSED };
enum publisher_outcome publisher_judge(struct publisher *,
	    const struct db_deliveries *, const struct deliver *,
	    struct error *why);
bool	 publisher_is_refused(const struct publisher *);
int	 publisher_finish(struct publisher *, const struct db_deliveries *,
	    const struct deliver *, const struct error *lost, struct error *);
#endif
