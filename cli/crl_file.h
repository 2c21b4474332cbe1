/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CRL_FILE_H
#define SIGNET_CLI_CRL_FILE_H
/*
 * Lists between store and files, part by part: whatever their size, nobody
 * holds one.
 */
#include <stdbool.h>
#include <stdio.h>
#include "db/db_crl.h"
#include "x509/crl.h"

/* DER, or PEM as base64_put_pem() has it; to the end of the stream. */
int	 crl_file_write(struct db *, const struct db_crl *, FILE *, bool pem,
	    struct error *);
/* To a new file, which is not there if it fails; or "-". */
int	 crl_file_create(struct db *, const struct db_crl *, const char *path,
	    bool pem, struct error *);
/* As crl_load() of a file that is gone already. */
int	 crl_file_load(struct crl **, struct db *, const struct db_crl *,
	    const struct issuer *, struct error *);
#endif
