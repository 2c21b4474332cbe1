/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_SANDBOX_H
#define SIGNET_OS_SANDBOX_H
/*
 * What a process may still do after set-up.  Entered last, never left:
 * setresuid to the service user (when root), no capability, no_new_privs, no
 * core file, Landlock over the paths below, and a seccomp filter.  It refuses
 * always what takes hold of other processes, of the kernel or of the machine,
 * and sockets that are not Unix, IP or the kernel's own; with "no_network" any
 * socket, or, with "local_sockets", any but those of this machine (AF_UNIX).
 */
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

enum sandbox_access { SANDBOX_READ, SANDBOX_WRITE };

struct sandbox_path {
	const char		*path;	/* file or directory; absent is skipped */
	/* WRITE: below a directory, also create and remove. */
	enum sandbox_access	 access;
};

struct sandbox {
	const char			*user;		/* NULL: stay */
	const struct sandbox_path	*path;
	size_t				 npath;
	bool				 no_network;
	bool				 no_exec;
	bool				 local_sockets;	/* though no network */
	/* Root that stays root reaches files of others, as by hand. */
	bool				 keep_capabilities;
	bool				 all_paths;	/* no Landlock */
};

/*
 * The first step alone: when root, become the named user for good, with that
 * user's groups only; otherwise nothing.
 */
int	 sandbox_drop_user(const char *user, struct error *);
/* Landlock missing from the kernel is not an error: *had_landlock tells. */
int	 sandbox_enter(const struct sandbox *, bool *had_landlock,
	    struct error *);
/*
 * For who does nothing but start others and take them away: its user, files
 * and capabilities stay, since those begin with them.
 */
int	 sandbox_supervise(bool no_exec, struct error *);
#endif
