/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_BUNDLE_OUT_H
#define SIGNET_CLI_BUNDLE_OUT_H
/*
 * Writes the files of a bundle, for "signet audit export" and for archives.
 * What is there already, because an archive brought it, is passed over.
 */
#include <stdio.h>
#include "base/map.h"
#include "cli/bundle.h"
#include "db/db_export.h"

struct bundle_out {
	const char	*dir;		/* borrowed */
	FILE		*f[BUNDLE__MAX];
	struct buf	 text;		/* on its way to a file */
	struct map	 seen;		/* digests of what archives brought */
	struct arena	*arena;		/* theirs; NULL: there are none */
};

int	 bundle_out_open(struct bundle_out *, struct error *);
/* On disk, unless failed is set; then only closed. */
int	 bundle_out_close(struct bundle_out *, bool failed, struct error *);
void	 bundle_out_clear(struct bundle_out *);
/* To the file, as it is. */
int	 bundle_out_text(struct bundle_out *, enum bundle_part,
	    struct bytes text, struct error *);
/* A PEM block; the bytes are what names it. */
int	 bundle_out_block(struct bundle_out *, enum bundle_part,
	    struct bytes der, struct error *);
/* A line of proofs.txt, if there is a proof. */
int	 bundle_out_proof(struct bundle_out *, const uint8_t order[32],
	    uint32_t n, struct bytes proof, struct error *);
/* A certificate, and its line of status.txt. */
int	 bundle_out_cert(struct bundle_out *, const struct db_export_cert *,
	    struct error *);

/* Remember, or ask for, what an archive brought. */
void	 bundle_seen_put(struct bundle_out *, struct bytes);
bool	 bundle_seen(const struct bundle_out *, struct bytes);
bool	 bundle_seen_digest(const struct bundle_out *, const uint8_t [32]);
#endif
