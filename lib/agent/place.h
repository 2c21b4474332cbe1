/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_AGENT_PLACE_H
#define SIGNET_AGENT_PLACE_H
/*
 * Where a key and its certificate are, and how others take their place.
 *
 * Beside the certificate's file lies, while something is under way, NAME.new:
 * the new key, its request and the signed order, and in the end also the
 * certificate.  It is a journal: with the certificate in it, what it says is
 * done again until it is done, and then it is removed.  So whatever instant a
 * crash chooses, place_load() finds a key with its certificate.
 */
#include <sys/stat.h>
#include "base/mem.h"
#include "base/secret.h"
#include "x509/key.h"
#include "x509/oid.h"

/* The passphrase of a file's key, or the PIN of a token's. */
struct place_secret {
	struct secret	 secret;	/* p NULL: in clear */
	bool		 refused;	/* a PIN: it is not tried again */
};
struct place {
	char			*key;	/* file; NULL: in a token */
	char			*cert;	/* file; may be the same */
	char			*pending;
	char			*uri;	/* of the key in a token, or NULL */
	struct place_secret	*secret;
};
/* key is a path, "file:PATH" or a pkcs11: URI; cert NULL: the same file. */
void	 place_init(struct place *, const char *key, const char *cert,
	    struct place_secret *);
void	 place_clear(struct place *);

/* Of settings: a key of our own, its certificate, and what opens it. */
struct place_source {
	const char	*key, *cert;		/* as place_init() */
	const char	*secret;		/* secret_fetch()'s, or NULL */
	const char	*module;		/* of a token, or NULL */
	const char	*what;			/* in a prompt: "agent" */
};
/* place_init() with the passphrase or PIN, while it can be had. */
int	 place_open(struct place *, const struct place_source *,
	    struct place_secret *, struct error *);
/* Is it an agent's of this role?  Else ERROR_CONFIG. */
int	 place_check_role(const struct place *, const struct identity *,
	    enum role, struct error *);

/* What is in place, after finishing what a crash interrupted.
 * ERROR_NOTFOUND: nothing is. */
int	 place_load(const struct place *, struct identity *, struct error *);
/* The same without finishing anything: for who may only read. */
int	 place_read(const struct place *, struct identity *, struct error *);
/*
 * Another process replaces what is in place.  After reading it, note in *seen
 * what it was; a look later says 1: here is what is there now; 0: it is the
 * same; -1: of two files one may be new already, and the next look finds both.
 */
int	 place_seen(const struct place *, struct stat *seen, struct error *);
int	 place_look(const struct place *, struct stat *seen,
	    struct identity *, struct error *);

/*
 * A key in a token.  ERROR_NOTFOUND: the token has none of that name; alg,
 * unless NULL, says what is then made there.
 */
int	 place_token_key(struct place_secret *, const char *uri,
	    const char *alg, EVP_PKEY **, struct error *);

struct pending {
	EVP_PKEY	*key;
	char		*uri;		/* where it is a token's */
	struct buf	 csr, order;	/* DER */
	STACK_OF(X509)	*chain;		/* NULL until it has come */
};
void	 pending_clear(struct pending *);
int	 place_store_pending(const struct place *, const struct pending *,
	    struct error *);
/* 1, 0 there is nothing under way, -1. */
int	 place_load_pending(const struct place *, struct pending *,
	    struct error *);
/* chain has come: write it down, put all in place, forget the journal. */
int	 place_finish(const struct place *, const struct pending *,
	    struct error *);
int	 place_drop_pending(const struct place *, struct error *);
#endif
