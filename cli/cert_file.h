/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CERT_FILE_H
#define SIGNET_CLI_CERT_FILE_H
/*
 * A certificate on its way to a file: PEM, DER or PKCS#7, with what leads to
 * the root (without the root itself).
 */
#include "cli/cli.h"
#include "db/db_cert.h"

/* The certificate of the row, which has to be signed by the CA of its name:
 * a row that was tampered with is ERROR_DENIED. */
int	 cert_file_parse(struct cli *, const struct db_cert *, X509 **,
	    struct error *);
/* format: "pem", "der" (no chain) or "p7b". */
int	 cert_file_encode(struct cli *, struct buf *out,
	    const struct db_cert *, const char *format, bool chain,
	    struct error *);
int	 cert_file_check_format(const char *format, struct error *);
#endif
