/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_DOCTOR_H
#define SIGNET_CLI_DOCTOR_H
/*
 * signet doctor: looks at an installation from outside and says of each
 * mistake what it is, what comes of it, and what to do.
 *
 *	cmd_doctor.c	the command, what it prints
 *	doctor_conf.c	the daemons' settings, and what they say of them
 *	doctor_files.c	modes, owners, room, core files
 *	doctor_certs.c	keys and certificates, the root's list
 *	doctor_pairs.c	which of them there are
 *	doctor_host.c	what crosses a network in clear, swap, time, units
 *	doctor_store.c	the store, its server, roles and grants
 *	doctor_chain.c	the audit chain, lists, replica, CA at work
 *	doctor_lost.c	what a signer knows and the store has lost
 *	doctor_net.c	addresses, ports, mail server, directories, readers
 *
 * A check never stops the others: what cannot be looked at is said, too.
 */
#include "cli/cli.h"
#include "db/db.h"

enum doctor_level { DOCTOR_UNKNOWN, DOCTOR_WARNING, DOCTOR_PROBLEM };

struct doctor_finding {
	enum doctor_level	 level;
	const char		*check;		/* "key-mismatch" */
	const char		*cause, *effect, *fix;
};

struct doctor_daemon;			/* doctor_conf.c */

struct doctor {
	struct cli		*cli;
	struct arena		*arena;
	int64_t			 now;
	const char		*dir;		/* of the settings */
	int64_t			 min_free;	/* percent */
	bool			 offline;	/* ask nobody */
	struct doctor_daemon	*daemon;
	size_t			 ndaemons;
	struct db		*db;		/* or NULL: store is away */
	struct doctor_finding	*found;
	size_t			 n;
	size_t			 checks;	/* things looked at */
};
typedef void doctor_fn(struct doctor *);
doctor_fn	 doctor_files, doctor_certs, doctor_host, doctor_store,
		 doctor_chain, doctor_net;

/* Once for each thing that was looked at and is well or not. */
void	 doctor_looked(struct doctor *);
/* effect is borrowed for ever; fix is doctor_text(). */
void	 doctor_say(struct doctor *, enum doctor_level, const char *check,
	    const char *effect, const char *fix, const char *fmt, ...)
	    __attribute__((format(printf, 6, 7)));
/* It could not be looked at. */
void	 doctor_unknown(struct doctor *, const char *check,
	    const struct error *);
const char *doctor_text(struct doctor *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* doctor_lost.c: of doctor_chain(). */
void	 doctor_lost(struct doctor *);
/* doctor_chain.c: as the audit chain has it; 0: never. */
int	 doctor_last_backup(struct db *, int64_t *at, struct arena *,
	    struct error *);

/* doctor_pairs.c: of CAs, agents, the web server, OCSP signers. */
struct doctor_pair {			/* as settings name it */
	const char	*kind, *what;
	const char	*cert, *key, *passphrase;
	const char	*role;		/* or NULL */
	const char	*renew;		/* how it is renewed */
	const char	*host;		/* whose name it is to have, or NULL */
};
typedef void doctor_pair_fn(struct doctor *, const struct doctor_pair *,
	    void *arg);
void	 doctor_each_pair(struct doctor *, doctor_pair_fn *, void *arg);
/* The file of the root's list; NULL: none is published from here. */
const char *doctor_root_crl(const struct doctor *);
#define DOCTOR_ROOT_CRL_DAYS	30	/* before its end it is due */
/* ERROR_INPUT: it is no list. */
int	 doctor_crl_until(const char *path, int64_t *until, struct error *);

/* doctor_conf.c: read them; and ask each program what it says of its own. */
void	 doctor_conf_read(struct doctor *);
void	 doctor_conf_ask(struct doctor *);
void	 doctor_conf_close(struct doctor *);
/* "cad", "ocspd", ...: NULL if this installation has no settings of it. */
const struct doctor_daemon *doctor_daemon(const struct doctor *,
	    const char *name);
const char *doctor_daemon_file(const struct doctor_daemon *);
/* A setting, "cas.[0].key"; NULL if it is not there.  At i of a list, too. */
const char *doctor_get(const struct doctor_daemon *, const char *path);
const char *doctor_get_nth(const struct doctor_daemon *, const char *path,
	    int i);
bool	 doctor_is(const struct doctor_daemon *, const char *path); /* true */
int	 doctor_count(const struct doctor_daemon *, const char *path);
/* The path in "file:PATH" or "PATH"; NULL if it is something else. */
const char *doctor_path(const char *value);
/* Run a program of the suite; *said is the last line of it.  Its status. */
int	 doctor_run(struct doctor *, const char *program,
	    const char *const *args, const char **said, struct error *);
#endif
