/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CLI_H
#define SIGNET_CLI_CLI_H
/*
 * What the commands of signet share: settings, the desk with what is opened
 * on first use (store, profiles, trust, the officer's identity), and small
 * manners.
 *
 * A command is a function in a file of its group.  The file ends with a
 * const table of its rows, and signet.c lists the tables.  A command first
 * checks its arguments, then opens what it needs: bad arguments never touch
 * the store.
 */
#include <stdbool.h>
#include <stdint.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "desk/desk.h"
#include "os/cmd.h"
#include "os/conf.h"
#include "x509/key.h"

/* The tables, each ending with a row without a name. */
extern const struct cmd CLI_ARCHIVE[];
extern const struct cmd CLI_AUDIT[];
extern const struct cmd CLI_BACKUP[];
extern const struct cmd CLI_BLOCKLIST[];
extern const struct cmd CLI_CA[];
extern const struct cmd CLI_CALENDAR[];
extern const struct cmd CLI_CANARY[];
extern const struct cmd CLI_CARD[];
extern const struct cmd CLI_CERT[];
extern const struct cmd CLI_CREDENTIAL[];
extern const struct cmd CLI_CRL[];
extern const struct cmd CLI_CSR[];
extern const struct cmd CLI_DB[];
extern const struct cmd CLI_DOCTOR[];
extern const struct cmd CLI_EXPLAIN[];
extern const struct cmd CLI_HOLDER[];
extern const struct cmd CLI_INIT[];
extern const struct cmd CLI_ISSUE[];
extern const struct cmd CLI_NOTICE[];
extern const struct cmd CLI_ORDER[];
extern const struct cmd CLI_PROFILE[];
extern const struct cmd CLI_PUBLISH[];
extern const struct cmd CLI_RESTORE[];
extern const struct cmd CLI_TOP[];
#define CMD_END	{ NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL }

struct cli_ca {			/* cas = ( { name = ..; cert = ..; } ) */
	char	*name;
	char	*cert;
};

struct cli_conf {
	char			*database;	/* libpq connection string */
	char			*profiles;	/* directory */
	char			*cards;		/* directory of layouts */
	struct conf_list	 blocklists;	/* files */
	char			*schema;	/* directory of the migrations */
	char			*directories;	/* file: where is published */
	char			*root;		/* PEM */
	char			*ca_dir;	/* NAME.pem, NAME.key, NAME.csr */
	struct conf_groups	 cas;		/* of struct cli_ca: elsewhere */
	char			*officers_ca;	/* name */
	char			*officer_key;	/* URI */
	char			*officer_cert;
	char			*officer_passphrase;	/* secret_fetch source */
	int64_t			 roll_before;	/* as in signet-cad.conf */
	int64_t			 backup_every;	/* 0: nobody asks for one */
	int64_t			 archive_after;	/* after the end, seconds */
	char			*pkcs11_module;
	int64_t			 patience;	/* seconds to wait for the store */
};
extern const struct conf_item CLI_CONF[];
extern const struct cmd_opt CLI_GLOBAL[];	/* --config, --json, --yes */

struct cli {
	const struct cmd_args	*args;
	bool			 json;
	bool			 yes;
	char			*conf_path;	/* the file that was read */
	char			*conf_dir;	/* relative paths start here */
	struct cli_conf		 conf;
	struct desk		 desk;	/* its arena lives as long as the command */
	struct identity		 officer;
	struct progress		 progress;
};
void	 cli_init(struct cli *);
void	 cli_clear(struct cli *);

/* First line of each command: takes over the global options.  Cannot fail. */
void	 cli_begin(struct cli *, const struct cmd_args *);
/*
 * Each opens what is not open yet and returns 0 or -1.  Settings come from
 * --config, $SIGNET_CONFIG or SYSCONFDIR/signet.conf, in this order.
 */
int	 cli_settings(struct cli *, struct error *);
/* These, whatever else says. */
int	 cli_settings_of(struct cli *, const char *path, struct error *);
int	 cli_open_db(struct cli *, struct error *);
int	 cli_open_profiles(struct cli *, struct error *);
int	 cli_open_blocklists(struct cli *, struct error *);
/* Root and issuing CAs; each CA is checked to chain to the root. */
int	 cli_open_trust(struct cli *, struct error *);
/* --key, --cert, --passphrase of the command, else the settings'. */
int	 cli_open_officer(struct cli *, struct error *);

/* A path of the settings, relative to their file; lives in the arena. */
char	*cli_path(struct cli *, const char *path);

/* Show the question and wait for y or n; --yes answers.  0 only for yes;
 * ERROR_DENIED for no, ERROR_INPUT when there is nobody to ask. */
int	 cli_confirm(struct cli *, struct error *, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* A line for people on standard output; nothing with --json. */
void	 cli_say(const struct cli *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
/* What was done, for people this line, for programs an object in one line;
 * takes the reference. */
void	 cli_did(const struct cli *, json_t *, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* An advice for people on standard error. */
void	 cli_warn(const struct cli *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
bool	 cli_is_terminal(int fd);
#endif
