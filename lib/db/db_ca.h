/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CA_H
#define SIGNET_DB_DB_CA_H
/*
 * The CAs that the store knows, a row for each generation: name (x509/
 * ca_name.h) and certificate.  Which of them a program trusts is in its
 * settings, not here.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_CA;		/* read */
extern const struct db_table DB_CA_ADD;
extern const struct db_table DB_CA_USE;		/* its certificates */

struct db_ca {
	const char	*name;
	int		 generation;	/* 1, 2, 3 ... */
	bool		 is_root;
	const char	*subject;	/* RFC 4514 */
	struct bytes	 der;
	uint8_t		 key_digest[DB_DIGEST];
	int64_t		 not_before, not_after;
	int64_t		 starts_at;	/* meant to issue from then on; 0 */
	int64_t		 added_at;	/* set by the store */
};
struct db_cas {
	struct db_ca	*v;
	size_t		 n;
};
/* With its outbox row.  ERROR_CONFLICT if name or certificate is there. */
int	 db_ca_add(struct db *, const struct db_ca *, struct error *);
/* All, roots first, then by name and generation. */
int	 db_ca_list(struct db *, struct db_cas *, struct arena *,
	    struct error *);
int	 db_ca_find(struct db *, const char *name, struct db_ca *,
	    struct arena *, struct error *);	/* 1, 0, -1 */
/* Has it a certificate that expires after "after"?  1, 0, -1.  Signers of OCSP
 * answers (profile ocsp-signer) are not counted, here and below. */
int	 db_ca_has_certs(struct db *, const char *name, int64_t after,
	    struct error *);

struct db_ca_use {
	int64_t	 certs;		/* issued and not expired at "now" */
	int64_t	 last_end;	/* the last of all expires; 0: none issued */
};
int	 db_ca_use(struct db *, const char *name, int64_t now,
	    struct db_ca_use *, struct error *);
#endif
