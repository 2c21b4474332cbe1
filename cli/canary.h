/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CANARY_H
#define SIGNET_CLI_CANARY_H
/*
 * The public addresses, asked as a client would, and their answers held
 * against the store.  What was asked is one line per CA, question and
 * address, with the worst that came of it.
 */
#include "cli/cli.h"
#include "db/db_cert.h"
#include "x509/cert.h"

enum canary_result { CANARY_OK, CANARY_DEAD, CANARY_WRONG };

struct canary_ask {
	const char	*ca;
	const char	*what;		/* "ocsp get good" */
	const char	*address;
};
struct canary_row {
	struct canary_ask	 ask;
	size_t			 n, bad;	/* answers; what was wrong */
	int64_t			 ms, age;	/* the worst; age -1: has none */
	enum canary_result	 worst;
	char			*words;		/* of the first that was bad */
};

struct canary_holder {
	const char	*ca, *holder;
};

struct canary {
	struct cli		*cli;
	int			 ms;		/* time for one answer */
	size_t			 sample;	/* certificates per status */
	int64_t			 lag;		/* a list may be behind */
	struct canary_row	*row;
	size_t			 n;
	struct canary_holder	*holder;	/* whose certificates were taken */
	size_t			 nholders;
};

/* An answer; its time, its age (-1: it has none). */
void	 canary_good(struct canary *, const struct canary_ask *, int64_t ms,
	    int64_t age);
void	 canary_bad(struct canary *, const struct canary_ask *,
	    enum canary_result, const char *, ...)
	    __attribute__((format(printf, 4, 5)));
/* It is an error that the canary cannot do anything about: no answer at all
 * for ERROR_UPSTREAM, else a wrong one. */
void	 canary_failed(struct canary *, const struct canary_ask *,
	    const struct error *);
/* Has this been asked? */
bool	 canary_asked(const struct canary *, const struct canary_ask *);

/* Is this certificate's status told, by GET and by POST?  -1: the store. */
int	 canary_ocsp(struct canary *, const struct desk_issuer *,
	    const struct db_cert *, const char *url, struct error *);
/* What is said of a number that nobody has issued. */
int	 canary_ocsp_nobody(struct canary *, const struct desk_issuer *,
	    const char *url, struct error *);
/* The list, of that shard or (0) of the whole CA, entry by entry; and the
 * deltas that it names. */
int	 canary_list(struct canary *, const struct desk_issuer *,
	    int64_t shard, const char *url, struct error *);
/* Directories of directories.conf: CAs, and the holders above. */
int	 canary_directories(struct canary *, const char *only_ca,
	    struct error *);
#endif
