/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_ROOT_KEY_H
#define SIGNET_ROOT_ROOT_KEY_H
/*
 * A new key of the root, as init and roll need it.
 */
#include <openssl/evp.h>
#include "base/error.h"
#include "ca/root/session.h"

/* Check the settings of protection and key, and generate it, in memory or in
 * a token, where it stays whatever follows. */
int	 root_key_new(struct session *, EVP_PKEY **, struct error *);
/* A generation that has no certificate yet. */
int	 root_key_generation(struct generation *, int64_t number, EVP_PKEY *,
	    struct error *);
/* Say in the "end" entry that this ceremony made the key and the settings. */
int	 root_key_record(struct session *, const struct generation *,
	    EVP_PKEY *, struct error *);
#endif
