/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_SESSION_H
#define SIGNET_WEB_SESSION_H
/*
 * Sessions that live in the browser's cookie, signed (HMAC-SHA256).
 *
 * Nothing is kept here, so that every node with the same key knows every
 * session.  A session says who is talking only together with the certificate
 * that it is bound to; by itself it carries a token against forged requests.
 */
#include <stdbool.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

#define SESSION_KEY	32
#define SESSION_ID	16
#define SESSION_TOKEN	44		/* base 64 of 32 bytes, with NUL */
#define SESSION_COOKIE	512

struct session {
	uint8_t	 id[SESSION_ID];
	int64_t	 created_at, used_at;
	uint8_t	 cert[32];		/* SHA-256 of it; zero: bound to none */
	char	 message[65];		/* key of a text for the next page */
};

/* A new one, bound to a certificate (its SHA-256) or to none (NULL). */
int	 session_init(struct session *, const uint8_t *cert, int64_t now,
	    const struct rng *, struct error *);
/* The cookie's value. */
int	 session_encode(char dst[SESSION_COOKIE], const struct session *,
	    const uint8_t key[SESSION_KEY], struct error *);
/* ERROR_DENIED unless we made it. */
int	 session_decode(struct session *, const char *cookie,
	    const uint8_t key[SESSION_KEY], struct error *);

/* What a form of this session carries ("csrf"). */
int	 session_token(char dst[SESSION_TOKEN], const struct session *,
	    const uint8_t key[SESSION_KEY], struct error *);
/* In constant time. */
bool	 session_token_is_good(const struct session *,
	    const uint8_t key[SESSION_KEY], const char *token);

/* The key in this file; made if there is none. */
int	 session_key_load(uint8_t key[SESSION_KEY], const char *path,
	    const struct rng *, struct error *);
#endif
