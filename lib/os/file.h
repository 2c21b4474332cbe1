/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_FILE_H
#define SIGNET_OS_FILE_H
/*
 * Files, read with a bound and written so that a crash at any instant leaves
 * the old content or the new one, never a mixture.
 */
#include <stdbool.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/mem.h"

/* The whole file; more than max bytes is ERROR_INPUT.  "-" is stdin. */
int	 file_load(struct buf *out, const char *path, size_t max,
	    struct error *);
/* Temporary file, fsync, rename, fsync of the directory.  A crash may leave the
 * first; who writes there next takes it over. */
int	 file_store(const char *path, const void *, size_t, mode_t,
	    struct error *);
/* As file_store, but refuses to replace: ERROR_CONFLICT. */
int	 file_create(const char *path, const void *, size_t, mode_t,
	    struct error *);
/* A file that is on disk already takes the place of another. */
int	 file_rename(const char *from, const char *to, struct error *);
bool	 file_exists(const char *path);
int	 file_mkdir(const char *path, mode_t, struct error *);	/* mkdir -p */
/* Must be a plain file, owned by us or root, closed to group and others. */
int	 file_check_private(const char *path, struct error *);
/* dir + "/" + name unless name is absolute; caller frees. */
char	*file_join(const char *dir, const char *name);
/* The directory that a path is in: "." without a slash; caller frees. */
char	*file_directory(const char *path);
/*
 * Standard input, output and error that are closed stay useless, but nothing
 * that is opened later gets their numbers: what a program prints would go into
 * that.  First of all things.
 */
int	 file_keep_standard(struct error *);
/* Exclusive lock held until the descriptor closes; ERROR_CONFLICT if taken.  The
 * file stays, unless the holder removes it before that. */
int	 file_lock(int *fd, const char *path, struct error *);
#endif
