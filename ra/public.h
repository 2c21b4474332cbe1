/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_PUBLIC_H
#define SIGNET_RA_PUBLIC_H
/*
 * What the pages of applicants and holders share.
 */
#include "db/db_cert.h"
#include "desk/desk.h"
#include "page.h"
#include "x509/csr.h"
#include "x509/profile.h"

/* A certificate for a template: { name, serial, not_before, not_after, sha256,
 * issuer, mails, description, status }.  der must be there. */
json_t	*public_cert(struct page *, const struct db_cert *);
/* As the text "profile.NAME" or the profile itself says, or its name. */
const char *public_description(struct page *, const char *profile);
/* "2026-11-21", "" for 0; in the arena. */
const char *public_day(struct page *, int64_t);
/* A text that need not be there: NULL then. */
const char *public_text(struct page *, const char *key);
char	*public_hex(struct page *, const void *, size_t);	/* in the arena */

/* One more mistake in a form: its field as it is sent, and what is wrong, which
 * is said as said.h knows it. */
void	 public_wrong(struct page *, const char *field, const char *text);
bool	 public_is_wrong(const struct page *);
/* What is wrong with this field, of what has been told; or NULL. */
const char *public_told(struct page *, const char *field);
/* What was typed for a field of the profile, sent as "field.NAME"; or NULL. */
const char *public_typed(struct page *, const char *field);
/* As the text "office.NAME" says, or its name. */
const char *public_office(struct page *, const char *office);
/* { name, label, value, required, hint?, error? } */
json_t	*public_field(struct page *, const struct profile *,
	    const char *field);
/* The kinds of key that the profile (NULL: any) takes, for key_form.html. */
void	 public_put_keys(struct page *, const struct profile *);
/*
 * The request that was pasted ("csr") or uploaded ("csr_file"); a mistake is
 * put on the form, and *csr is NULL.
 */
void	 public_csr(struct page *, struct csr **);

/* PEM of the certificate and what leads from it to the root, without that;
 * caller clears. */
int	 public_chain_pem(struct page *, struct bytes der, struct buf *out,
	    struct error *);
/* The same as a certs-only message. */
int	 public_chain_p7(struct page *, struct bytes der, struct buf *out,
	    struct error *);

/* May it be revoked by the RA alone, as its profile says? */
bool	 public_may_revoke(struct page *, const struct db_cert *);
#endif
