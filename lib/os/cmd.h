/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_CMD_H
#define SIGNET_OS_CMD_H
/*
 * Commands with subcommands, as git has them, from const tables.
 *
 * A command's row names its options and its function; cmd_run() parses,
 * prints --help (usage, options, examples), and calls the function with the
 * parsed values.  The same tables print the completion for shells and the
 * OPTIONS sections of the man pages.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

enum cmd_opt_type { CMD_FLAG, CMD_STRING, CMD_NUMBER, CMD_MANY };

struct cmd_opt {
	const char		*name;	/* "profile": --profile */
	char			 letter;	/* 'p': -p, or 0 */
	enum cmd_opt_type	 type;	/* MANY: may be repeated */
	bool			 required;
	const char		*arg;	/* "NAME" in the help */
	const char		*help;
};
#define CMD_OPT_END	{ NULL, 0, CMD_FLAG, false, NULL, NULL }

struct cmd_args;
typedef int cmd_fn(struct cmd_args *, void *ctx, struct error *);

struct cmd {
	const char		*name;		/* "cert revoke" */
	const char		*usage;		/* operands: "SERIAL..." */
	const char		*summary;	/* one line */
	const char		*detail;	/* paragraphs, or NULL */
	const char		*examples;	/* lines, each a command; or NULL */
	const struct cmd_opt	*opt;		/* ends with CMD_OPT_END; or NULL */
	int			 min, max;	/* operands; max -1: no bound */
	cmd_fn			*fn;
};

struct cmd_suite {
	const char		*prog;
	const char		*summary;
	const struct cmd	*cmd;		/* ends with a NULL name */
	const struct cmd_opt	*global;	/* accepted by each; or NULL */
	const char		*epilog;	/* or NULL */
};

bool	 cmd_flag(const struct cmd_args *, const char *name);
const char *cmd_string(const struct cmd_args *, const char *name, const char *dflt);
int64_t	 cmd_number(const struct cmd_args *, const char *name, int64_t dflt);
size_t	 cmd_many(const struct cmd_args *, const char *name,
	    const char *const **values);
int	 cmd_operands(const struct cmd_args *, char *const **);
const struct cmd *cmd_self(const struct cmd_args *);

/*
 * Returns the exit status: 0; 2 for a usage error (said on stderr with the
 * command to ask for help; a mistyped name gets the nearest one suggested);
 * otherwise error_exit_status() of what fn left in its error, after printing
 * "prog: text" and "hint: ...".  "prog help [cmd]", "prog --version" and the
 * hidden "prog --complete SHELL", "prog --describe CMD" are built in.
 */
int	 cmd_run(const struct cmd_suite *, int argc, char *argv[], void *ctx);
#endif
