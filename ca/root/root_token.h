/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_ROOT_TOKEN_H
#define SIGNET_ROOT_ROOT_TOKEN_H
/*
 * The root's key in a PKCS#11 token.  No file has it; the transcript says
 * which key of which token it is.  A PIN is tried once.
 *
 * Of the entry that made the key these are facts: "token-key" (a URI by label
 * and id), "token", "token-serial", "token-model" and "module".  The "begin"
 * of each ceremony that uses it has the same of the token that was there, and
 * the module's digest.
 */
#include <stdbool.h>
#include <openssl/evp.h>
#include "base/error.h"
#include "ca/root/session.h"

/* The settings of a new key in a token make sense. */
int	 root_token_check(const struct ceremony *, struct error *);
/* Make it there; or take the one that is there, if the ceremony says so. */
int	 root_token_new(struct session *, EVP_PKEY **, struct error *);
/* The facts above, for the "end" entry; nothing for a key in memory. */
int	 root_token_record(struct session *, EVP_PKEY *, struct error *);

/* The key of that generation is in a token. */
bool	 root_token_has(const struct root *, int64_t generation);
/* The command that deletes it, which is left to the token's own tools. */
void	 root_token_say_delete(struct session *, const struct generation *);
/* Log in to the token of a generation.  The key is held against the
 * certificate. */
int	 root_token_unlock(struct session *, const struct generation *,
	    EVP_PKEY **, struct error *);
#endif
