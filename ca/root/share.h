/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_SHARE_H
#define SIGNET_ROOT_SHARE_H
/*
 * A custodian's share as a file: header lines in clear, which say whose it is
 * and of which root, and the share encrypted under the custodian's own
 * passphrase (scrypt N=2^16 r=8 p=1, AES-256-GCM over share and header).
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/split.h"

#define SHARE_FILE_MAX	4096

struct share_file {
	char		 root[65];	/* SHA-256 of the root's public key, hex */
	char		 custodian[65];
	int64_t		 number, threshold, of;
	struct buf	 header;	/* as signed along */
	struct buf	 sealed;	/* salt, nonce, ciphertext, tag */
};

/* Appends the file's text. */
int	 share_seal(struct buf *out, const struct share *, const char *root,
	    const char *custodian, size_t of, const struct secret *passphrase,
	    const struct rng *, struct error *);
int	 share_parse(struct share_file *, struct bytes text, struct error *);
/* ERROR_DENIED when the passphrase is wrong or the file was changed. */
int	 share_unseal(struct share *out, const struct share_file *,
	    const struct secret *passphrase, struct error *);
void	 share_file_clear(struct share_file *);
#endif
