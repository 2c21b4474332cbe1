/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CA_KEY_H
#define SIGNET_CLI_CA_KEY_H
/*
 * The files of an issuing CA that is being made: its encrypted key (or none,
 * when the key is in a token), the request for the root, and the certificate
 * that comes back.
 */
#include <openssl/x509.h>
#include "cli/cli.h"
#include "db/db_ca.h"
#include "x509/parcel.h"

/* ca_dir/NAME.suffix; in the arena. */
char	*ca_file(struct cli *, const char *name, const char *suffix);
/*
 * Make a key and NAME.csr; refuses to replace the request, and goes on from a
 * key that is there without one.
 */
struct ca_new_key {
	const char	*name;
	const char	*key;		/* kind of key, for NAME.key; or a pkcs11:
					 * URI of what the token has or makes */
	const char	*token_alg;	/* what it makes */
	const char	*common_name;
	const char	*passphrase;	/* or PIN: where it comes from */
	bool		 made;		/* out: it was not there */
};
int	 ca_make_key(struct cli *, struct ca_new_key *, struct error *);
/* Where key and request are. */
void	 ca_say_key(struct cli *, const struct ca_new_key *);

/* The certificate of a CA and what leads to the root, from PEM or from a
 * parcel of the root. */
struct ca_import {
	X509		*cert;
	STACK_OF(X509)	*chain;
	int64_t		 parcel;	/* its number, or 0 */
};
/* For a CA, *name may become that of the generation whose key it is. */
int	 ca_import_find(struct cli *, const char **name, const char *path,
	    struct ca_import *, struct error *);
int	 ca_import_read(struct cli *, const char *path, const char *name,
	    struct ca_import *, struct error *);
/* Chain, key, validity. */
int	 ca_import_check(struct cli *, const char *name,
	    const struct ca_import *, struct error *);
/* Write NAME.pem and remember the parcel's number. */
int	 ca_import_store(struct cli *, const char *name,
	    const struct ca_import *, struct error *);
void	 ca_import_clear(struct ca_import *);

/* The CA's row in the store, with its audit entry; *added unless it was
 * there.  The store is open. */
int	 ca_store(struct cli *, const char *name, X509 *, bool is_root,
	    int64_t starts_at, bool *added, struct error *);

/* The newest generation of a CA here, 0 if there is none. */
int	 ca_newest(struct cli *, const char *family,
	    const struct desk_issuer **);
/* A name that an issuing CA may have; "ca roll" alone gives out NAME.gN. */
int	 ca_check_name(const char *name, bool generation, struct error *);

/* Has a later generation of the same CA begun by then? */
bool	 ca_has_newer(const struct db_cas *, const struct db_ca *,
	    const char *family, int64_t begun_at);

cmd_fn	 ca_roll, ca_list, ca_show;
extern const struct cmd_opt CA_ROLL_OPTS[];
#endif
