/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_KEY_PRIVATE_H
#define SIGNET_X509_KEY_PRIVATE_H
/*
 * What the files of the key module share: the passphrase, fetched only when
 * OpenSSL asks for it, and keys in tokens.
 */
#include <stdbool.h>
#include "base/secret.h"
#include "x509/key.h"

struct key_asker {
	const char	*from;		/* secret_fetch() source or NULL */
	const char	*prompt;
	struct secret	 secret;	/* fetched once */
	struct error	*e;		/* why the fetch failed */
	int		 asked;		/* how often OpenSSL has */
};
/* A pem_password_cb; arg is a struct key_asker. */
int	 key_ask(char *dst, int size, int rwflag, void *arg);
/* Report OpenSSL's failure, unless the asker's own is the cause. */
int	 key_asker_error(struct key_asker *, const char *what);

/* Key and, unless cert is NULL, certificate that a PKCS#11 URI names. */
int	 key_pkcs11_load(EVP_PKEY **, X509 **cert, const char *uri,
	    const char *pin_from, struct error *);
int	 key_pem_load(EVP_PKEY **, const char *path, struct key_asker *,
	    struct error *);
#endif
