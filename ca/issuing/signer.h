/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_SIGNER_H
#define SIGNET_CA_SIGNER_H
/*
 * The signer process: it has the keys and the ledger, and decides.
 *
 * It opens no socket and knows no store; what workers hand it is checked as
 * if an attacker had written it.  Messages are in wire.h.
 */
#include "base/clock.h"
#include "base/error.h"
#include "settings.h"

struct signer;

/* Load profiles, certificates, keys, agent and ledger.  A CA whose key does
 * not load is reported in *unusable (lines) and stays unusable; the others
 * work.  Only when no CA has a key is it an error. */
int	 signer_new(struct signer **, const struct cad_conf *,
	    const struct clock *, const struct rng *, struct buf *unusable,
	    struct error *);
/* The keys that are in tokens, whose modules are other people's code: after
 * the sandbox has closed.  A token that is away is no error. */
int	 signer_open_tokens(struct signer *, struct buf *notes,
	    struct error *);
void	 signer_free(struct signer **);

struct msg;
/* Answer one message: fills reply (type 0 with the error when it fails).
 * Separate from the loop so that tests can call it. */
void	 signer_answer(struct signer *, struct msg *request,
	    struct msg *reply);

/* Serve the descriptors until the last is closed. */
int	 signer_serve(struct signer *, const int *fd, size_t nfd,
	    struct error *);
#endif
