/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_CMD_PRIVATE_H
#define SIGNET_OS_CMD_PRIVATE_H
/*
 * Between cmd.c, which parses, and those that print the tables: cmd_help.c as
 * help pages and manual sections, cmd_complete.c for shells.
 */
#include "os/cmd.h"

/* Never NULL: an empty table where the program gave none. */
const struct cmd_opt *cmd_options(const struct cmd *);
const struct cmd_opt *cmd_globals(const struct cmd_suite *);
/* What its value is called in help pages. */
const char *cmd_opt_arg(const struct cmd_opt *);
bool	 cmd_is_below(const struct cmd *, const char *group);
void	 cmd_first_words(char *dst, size_t size, const char *name,
	    size_t words);

void	 cmd_help_page(const struct cmd_suite *, const struct cmd *, FILE *);
/* The commands of a group; "" is the whole program. */
void	 cmd_help_list(const struct cmd_suite *, const char *group, FILE *);
/* For "bash", "fish" or "zsh"; false: no such shell. */
bool	 cmd_complete(const struct cmd_suite *, const char *shell, FILE *);
/* mdoc: the OPTIONS section of one command, the COMMANDS section of all. */
void	 cmd_describe_one(const struct cmd_suite *, const struct cmd *,
	    FILE *);
void	 cmd_describe_all(const struct cmd_suite *, FILE *);
#endif
