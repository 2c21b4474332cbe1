/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_INIT_H
#define SIGNET_CLI_INIT_H
/*
 * Setting up an installation, step by step.
 *
 * Each step looks at what is there, does what is missing and may be
 * interrupted at any instant: running "signet init" again goes on where it
 * stopped.  Nothing is replaced that an operator may have changed.
 *
 *	cmd_init.c	the command, the table of steps
 *	init_answers.c	what has to be known, from options or a file
 *	init_ask.c	the same, asked at a terminal
 *	init_files.c	directories, passphrases, profiles
 *	init_settings.c	settings of each program
 *	init_directories.c	LDAP directories
 *	init_store.c	database, CAs, holders, orders
 *	init_keys.c	keys and requests
 *	init_root.c	the root's ceremonies
 *	init_orders.c	the founding orders
 *	init_collect.c	the CA's first run, certificates
 *	init_run.c	other programs of the suite
 *	init_users.c	users of the daemons, and what is theirs
 */
#include "cli/cli.h"
#include "os/cmd.h"
#include "os/conf.h"

struct init_person {		/* officers = ( { id = ..; name = ..; } ) */
	char	*id;
	char	*name;
	char	*mail;
	char	*unit;
	char	*csr;		/* the officer's own request; or NULL */
};
struct init_custodian {
	char	*name;
	char	*passphrase;	/* secret_fetch() source */
};

struct init_conf {
	char			*organization;
	char			*country;
	char			*database;	/* of the owner */
	char			*url;
	char			*crl_url, *aia_url, *ocsp_url;
	char			*ra_url, *ra_cert_url;
	char			*instance;
	char			*root_key, *ca_key, *key;
	int64_t			 root_validity, ca_validity;
	struct conf_groups	 custodians;
	int64_t			 threshold;
	char			*root_passphrase;
	bool			 offline_root;
	bool			 service_users;
	char			*service_state;	/* above the others' */
	char			*root;		/* the root's directory */
	char			*state, *ocsp_state, *crl_state, *ra_state;
	char			*ocsp_listen, *crl_listen;
	char			*ldap, *ldap_base;	/* or NULL */
	char			*ra_listen, *ra_listen_cert;
	char			*heads;
	char			*user;
	int64_t			 workers, group;
	struct conf_groups	 security_officers, officers;
};
extern const struct conf_item INIT_CONF[];
extern const struct cmd_opt INIT_OPTS[];

/* Somebody, or a daemon, that the root appoints. */
struct init_subject {
	const char	*name;		/* of the files */
	const char	*id, *cn, *mail, *unit;
	const char	*profile;
	const char	*dir;		/* "officers", "agents", "tls" */
	const char	*dns;		/* of a server; or NULL */
	const char	*csr;		/* brought along; or NULL */
	bool		 is_agent;
};

struct init {
	struct cli		*cli;
	const struct cmd_args	*args;
	char			*dir;		/* absolute */
	const char		*data;		/* --data, or NULL */
	struct init_conf	 conf;
	bool			 has_conf;
	struct init_subject	*subject;
	size_t			 nsubjects;
	bool			 did;		/* the step changed something */
	bool			 waits;		/* for files from elsewhere */
	const char		*said;		/* by the last program, or "" */
	int			 step;
};

extern const char *const INIT_CAS[2];	/* "people", "services" */

/* Paths in the arena. */
char	*init_path(struct init *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
const struct init_person *init_person(const struct conf_groups *, size_t i);
const struct init_custodian *init_custodian(const struct init *, size_t i);

/* init_answers.c */
int	 init_answers(struct init *, struct error *);
int	 init_answers_check(const struct init_conf *, struct error *);
void	 init_answers_write(struct buf *, const struct init_conf *);
int	 init_split_person(struct init_person *, const char *text,
	    struct error *);
int	 init_add_person(struct conf_groups *, const char *text,
	    struct error *);
void	 init_add_custodian(struct init_conf *, const char *text);
/* One answer.  ERROR_INPUT naming what it is the answer to. */
typedef int init_check_fn(const char *name, const char *answer,
	    struct error *);
init_check_fn	 init_check_url, init_check_country;
int	 init_check_text(const char *name, const char *, size_t max,
	    struct error *);
int	 init_check_persons(const char *what, const struct conf_groups *,
	    const struct conf_groups *others, struct error *);
/* init_ask.c: what options left open; ERROR_INPUT at the end of input. */
int	 init_ask(struct init *, struct error *);
/* A libconfig string in quotes. */
void	 init_put_string(struct buf *, const char *);
void	 init_put_setting(struct buf *, const char *name, const char *value);

/* The steps. */
typedef int init_step_fn(struct init *, struct error *);
init_step_fn	 init_step_files, init_step_settings, init_step_store,
		 init_step_ca_keys, init_step_root, init_step_certify,
		 init_step_ca_rows, init_step_subject_keys,
		 init_step_orders, init_step_approve, init_step_hand_in,
		 init_step_issue, init_step_collect, init_step_lists,
		 init_step_users;

/* init_files.c */
/* secrets/NAME, made if it is not there; *source is "file:...". */
int	 init_secret(struct init *, const char *name, char **source,
	    struct error *);
/* Where the SQL or the profiles of the suite are; ERROR_CONFIG. */
int	 init_find_data(struct init *, const char *what, char **path,
	    struct error *);
/* Settings as the other commands have them. */
int	 init_load_settings(struct init *, struct error *);
/* Fetch, compare, copy. */
int	 init_copy(const char *from, const char *to, mode_t, struct error *);

/* init_directories.c */
int	 init_directories_check(const struct init_conf *, struct error *);
int	 init_write_directories(struct init *, struct error *);

/* init_root.c: words of a URL for a CA. */
char	*init_cdp(struct init *, const char *ca);
char	*init_aia(struct init *, const char *ca);
/* init_settings.c: where the registration authority is */
char	*init_ra_host(struct init *);

/* init_orders.c */
char	*init_approved_path(struct init *, const struct init_subject *);
/* 1: done, 0: not yet, -1: it never will be. */
int	 init_order_state(struct init *, const struct init_subject *,
	    uint8_t id[ORDER_ID_SIZE], struct error *);

/* init_users.c: nothing of it without service_users. */
void	 init_users_defaults(struct init_conf *);
int	 init_users_check(const struct init_conf *, struct error *);
int	 init_users_begin(struct init *, struct error *);
/* While root runs signet-cad: its keys are root's, if they were given away. */
int	 init_users_lend(struct init *, bool *lent, struct error *);
int	 init_users_return(struct init *, struct error *);
/* The user of the daemon whose agent has that name, or NULL. */
const char *init_user(const struct init *, const char *agent);
/* Where that agent's key is, which is in "dir" as a rule. */
const char *init_agent_dir(struct init *, const char *agent,
	    const char *dir);
/* How settings name a file of secrets/. */
char	*init_secret_source(struct init *, const char *name);
char	*init_station_dir(struct init *);
char	*init_www(struct init *);
char	*init_heads(struct init *);

/* init_run.c */
/* A program of the suite: beside this one, in the build tree, in PATH. */
int	 init_find_program(struct init *, const char *name, char **path,
	    struct error *);
/*
 * Run it and wait.  What it says goes to log/LABEL.log; when it fails, the
 * line that tells why becomes the error.
 */
int	 init_run(struct init *, const char *label, char *const argv[],
	    struct error *);
#endif
