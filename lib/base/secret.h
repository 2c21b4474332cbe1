/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_SECRET_H
#define SIGNET_BASE_SECRET_H
/*
 * Passphrases, PINs, shares and private keys in clear.  The bytes live in
 * OpenSSL's secure heap (locked, not dumped, guarded) and are wiped when
 * freed.  There is deliberately no way to print one.
 */
#include <stddef.h>
#include "base/error.h"

struct secret {
	unsigned char	*p;	/* p[len] is always NUL */
	size_t		 len;
};

/*
 * Set up the secure heap and forbid core files.  Called once by each program
 * that touches secrets, before any of them; a second call does nothing.
 */
int	 secret_init(struct error *);
int	 secret_new(struct secret *, size_t len, struct error *);
int	 secret_set(struct secret *, const void *, size_t len, struct error *);
int	 secret_dup(struct secret *, const struct secret *, struct error *);
void	 secret_free(struct secret *);		/* wipes; NULL-safe */
int	 secret_compare(const struct secret *, const struct secret *);
						/* 0 equal; constant time */
/*
 * Fetch a secret from where "where" says:
 *	file:PATH	first line of the file, which must not be readable by
 *			group or others
 *	credential:NAME	$CREDENTIALS_DIRECTORY/NAME (systemd)
 *	fd:N		first line from descriptor N, which is closed
 *	prompt		the terminal, echo off, with "prompt" as the question
 * There is no form that takes the secret itself.
 */
int	 secret_fetch(struct secret *, const char *where, const char *prompt,
	    struct error *);
/* As prompt, asked twice until both agree. */
int	 secret_fetch_new(struct secret *, const char *where,
	    const char *prompt, struct error *);
#endif
