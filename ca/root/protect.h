/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_PROTECT_H
#define SIGNET_ROOT_PROTECT_H
/*
 * How the root's key is kept: encrypted under one passphrase, or under a
 * random one that is split among custodians, or in a token (root_token.h).
 */
#include <openssl/evp.h>
#include "base/error.h"
#include "ca/root/session.h"

#define PASSPHRASE_MIN	8		/* characters */

/* The settings of a new key make sense; before anything is generated. */
int	 protect_check(const struct ceremony *, struct error *);
/*
 * Ask the custodians of the ceremony (or for the one passphrase) and put key
 * file and shares among the outputs.  hex is the root's id.  A key in a token
 * has neither.
 */
int	 protect_new(struct session *, EVP_PKEY *, const char *hex,
	    struct error *);
/*
 * Unlock the key of a generation: with --custodian NAME=SOURCE, with
 * --passphrase SOURCE, with the sources in the ceremony file, or by asking at
 * the terminal.  The key is held against the certificate.
 */
int	 protect_unlock(struct session *, const struct generation *,
	    EVP_PKEY **, struct error *);
#endif
