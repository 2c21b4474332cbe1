/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_TLS_KEEPER_H
#define SIGNET_RA_TLS_KEEPER_H
/*
 * The process that has the web server's key.
 *
 * It knows neither the network nor the store.  The web process, which reads
 * what strangers send, shows the certificate and asks here for the signature
 * of each handshake; whoever owns it can have handshakes signed as long as
 * that lasts, and does not get the key.  The key may be a file, encrypted or
 * not, or in a token.
 */
#include "base/error.h"
#include "base/mem.h"
#include "settings.h"
#include "x509/key.h"

/*
 * The sockets between the two, made before either process is: one for each
 * handshake that is signed at the same time.
 */
#define TLS_LANES_MAX	16
struct tls_lanes {
	int	 ask[TLS_LANES_MAX], answer[TLS_LANES_MAX];
	size_t	 n;
};
/* n 0: one for each processor. */
int	 tls_lanes_open(struct tls_lanes *, size_t n, struct error *);
/* In this process: those ends that are not its own. */
void	 tls_lanes_close(struct tls_lanes *, bool ask, bool answer);

/* The body of the process; its exit status.  It ends when the other end of the
 * sockets is gone. */
int	 tls_keeper_main(const struct rad_conf *, const struct tls_lanes *);

/* The other end, for many threads; the sockets are its own now. */
struct tls_keeper;
void	 tls_keeper_new(struct tls_keeper **, const struct tls_lanes *);
void	 tls_keeper_free(struct tls_keeper **);
/* Certificate and chain as they are in place now, PEM, appended. */
int	 tls_keeper_chain(struct tls_keeper *, struct buf *pem,
	    struct error *);
/* The same with a key for OpenSSL, whose signatures the keeper makes; k must
 * outlive it. */
int	 tls_keeper_identity(struct tls_keeper *k, struct identity *,
	    struct error *);
/*
 * http_tls_sign_fn; arg is a struct tls_keeper.  By the key whose public half
 * has this SHA-256, the last one or the one before: handshakes that have begun
 * with that end with it.
 */
int	 tls_keeper_sign(void *keeper, const uint8_t key[32],
	    uint16_t scheme, struct bytes digest, struct buf *sig,
	    struct error *);
#endif
