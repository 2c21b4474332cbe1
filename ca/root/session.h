/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_SESSION_H
#define SIGNET_ROOT_SESSION_H
/*
 * One ceremony under way.  In this order:
 *
 *	session_open()		read the ceremony file, check clock and state
 *	session_fact_*()	what is going to be done; for the transcript
 *	session_confirm()	a person says yes
 *	protect_unlock()	custodians, or the passphrase
 *	session_begin()		the "begin" entry is on disk
 *	...			now the key may be used
 *	session_put() ...	outputs, in memory
 *	session_commit()	"end" entry, signed head, everything on disk
 *
 * A failure before session_commit() leaves nothing but, after
 * session_begin(), an entry that says what had been planned.
 */
#include <stdbool.h>
#include "base/clock.h"
#include "base/error.h"
#include "ca/root/ceremony.h"
#include "ca/root/journal.h"
#include "ca/root/root.h"
#include "os/cmd.h"
#include "x509/parcel.h"

struct session {
	struct root		*root;
	const struct cmd_args	*args;
	const struct clock	*clock;
	const struct rng	*rng;
	const char		*verb;
	char			*file;		/* of the ceremony, or NULL */
	struct buf		 input;		/* its text */
	struct ceremony		 c;
	bool			 parsed;
	int64_t			 number, now;
	int			 step;
	bool			 quiet;
	struct buf		 begin, end;	/* bodies under construction */
	int			 confirmed, nissued, nrevoked;
	struct index		 index;		/* as it will be */
	struct journal		 journal;
	struct parcel		*parcel;	/* or NULL: none goes out */
};

/* The ceremony file that the command line names, or NULL; caller frees. */
char	*session_file(const char *verb, const struct cmd_args *);
/* Without a ceremony file the options are the ceremony. */
int	 session_open(struct session *, struct root *, const char *verb,
	    const struct cmd_args *, const struct clock *, const struct rng *,
	    struct error *);
void	 session_close(struct session *);

/* "  3. text" on standard output. */
void	 session_step(struct session *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
/* Indented below the step. */
void	 session_note(struct session *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* Facts of the "begin" entry. */
void	 session_fact(struct session *, const char *key, const char *value);
void	 session_fact_digest(struct session *, const char *key, struct bytes);
/* "confirm.K=NAME TIME" */
void	 session_confirmed(struct session *, const char *name);
/* Somebody must stand for each ceremony: custodians, or the operator. */
int	 session_check_somebody(const struct session *, struct error *);
/* Ask for a yes, unless --yes was given. */
int	 session_confirm(struct session *, const char *question,
	    struct error *);
int	 session_begin(struct session *, struct error *);

/* An output, named in the "end" entry with its digest. */
void	 session_put(struct session *, const char *name, mode_t,
	    struct bytes);
void	 session_remove(struct session *, const char *name);
/* A certificate: index line, file, and into the parcel. */
void	 session_issued(struct session *, struct issued *, struct bytes pem);
void	 session_revoked(struct session *, struct issued *,
	    const char *reason);
/* Start the parcel of this ceremony; files are added to s->parcel. */
void	 session_parcel(struct session *, const struct generation *);
/* The key and certificate sign the parcel and the head. */
int	 session_commit(struct session *, EVP_PKEY *, X509 *cert,
	    struct error *);
#endif
