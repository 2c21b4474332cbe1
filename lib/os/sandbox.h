/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_SANDBOX_H
#define SIGNET_OS_SANDBOX_H
/*
 * What a process may still do after set-up.  Entered last, never left:
 * setresuid to the service user (when root), no_new_privs, not dumpable,
 * Landlock over the paths below, and where "no_network" is set a seccomp
 * filter that refuses to create any socket, or, with "local_sockets", any but
 * those of this machine (AF_UNIX).
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
};

/*
 * The first step alone: when root, become the named user for good, with that
 * user's groups only; otherwise nothing.
 */
int	 sandbox_drop_user(const char *user, struct error *);
/* Landlock missing from the kernel is not an error: *had_landlock tells. */
int	 sandbox_enter(const struct sandbox *, bool *had_landlock,
	    struct error *);
#endif
