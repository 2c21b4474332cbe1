/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_OFFICER_APPLICATION_H
#define SIGNET_RA_OFFICER_APPLICATION_H
/*
 * The application that a page is about, if it is within the officer's scope.
 */
#include "db/db_application.h"
#include "officer.h"
#include "x509/csr.h"

struct application {
	struct officer_scope	 s;
	struct db_application	 a;
	struct fields		 fields;
	const struct profile	*profile;
	struct csr		*csr;
};
/* By {id} of the path; ERROR_NOTFOUND for one out of scope, too. */
int	 application_look(struct page *, struct application *,
	    struct error *);
void	 application_clear(struct application *);
/* Profile, names and office, as the bind orders say. */
int	 application_check_scope(struct page *, const struct officer_scope *,
	    const struct db_application *, struct error *);
/* ERROR_CONFLICT: it is decided on, or over. */
int	 application_check_waits(const struct application *, struct error *);
/* Its own address with this behind it; in the arena. */
char	*application_url(struct page *, const struct application *,
	    const char *what);
#endif
