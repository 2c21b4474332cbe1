/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_AUDIT_EXPORT_H
#define SIGNET_CLI_AUDIT_EXPORT_H
/*
 * From the store to a directory that an auditor takes along: everything is
 * read in one snapshot, and the directory appears under its name only when it
 * is complete.
 */
#include "base/error.h"
#include "db/db.h"

struct audit_exported {
	int64_t	 entries, certs, orders;
};
/*
 * since: only entries after that one, to continue an earlier bundle.  What the
 * archives in these folders have is put back; certs and orders count it, too.
 * ERROR_CONFLICT if dir is there and not empty.
 */
int	 audit_export(struct db *, const char *dir, int64_t since,
	    const char *const *archive, size_t narchives,
	    struct audit_exported *, struct error *);
#endif
