/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_NOTICES_PRIVATE_H
#define SIGNET_RA_NOTICES_PRIVATE_H
/*
 * What the files of the notices share.
 */
#include <jansson.h>
#include "base/mem.h"
#include "db/db.h"
#include "db/db_notice.h"
#include "notices.h"
#include "x509/profile.h"

/* Words for each kind, in each language: a subject, an empty line, a body. */
struct notice_texts;
int	 notice_texts_load(struct notice_texts **, const char *dir,
	    const char *brand, const struct conf_list *languages,
	    struct error *);
void	 notice_texts_free(struct notice_texts **);
/* lang NULL or unknown: the first.  Fills in {names}. */
int	 notice_texts_fill(const struct notice_texts *, const char *lang,
	    const char *kind, const json_t *values, struct buf *subject,
	    struct buf *body, const char **used_lang, struct error *);

/* A text of the pages in that language, or the first; NULL: there is none. */
const char *notice_texts_word(const struct notice_texts *, const char *lang,
	    const char *key);

struct notices {
	const struct notices_setup	*setup;
	struct smtp			 smtp;
	struct db			*db;
	struct arena			*arena;
	struct profiles			 profiles;
	struct notice_texts		*texts;
	char				 name[80];	/* leases */
	bool				 resume;	/* leases may be ours */
	int64_t				 scan_at, expire_at, sweep_at;
	int64_t				 follow_after;
	int64_t				 retry_at;	/* monotonic ms */
	int				 failures;	/* of the server, in a row */
};
/* Send some: 1 did, 0 nothing to do or not now (*e says why, if anything),
 * -1: the store. */
int	 notices_send(struct notices *, struct error *);

/* What a notice says, and to whom (in the arena).  1; 0: it has become
 * pointless, and *why says so; -1. */
struct notice_mail {
	const char	*to, *lang;
	struct buf	 subject, body;
};
int	 notice_render(struct notices *, const struct db_notice *,
	    struct notice_mail *, const char **why, struct error *);
void	 notice_mail_clear(struct notice_mail *);
#endif
