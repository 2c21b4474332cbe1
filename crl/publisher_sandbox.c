/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dispatcher and publishers may still read: a directory that was lost is
 * connected to again, with its name looked up and its key loaded afresh.
 */
#include <string.h>

#include "os/file.h"
#include "os/sandbox.h"
#include "publisher_private.h"

static const char *const always[] = { "/etc", "/usr", "/run" };
#define NALWAYS		(sizeof(always) / sizeof(always[0]))
#define OF_TARGET	4

/* The file's directory: a new one comes by renaming. */
static void
allow_file(struct sandbox_path *path, size_t *n, const char *file,
    struct arena *a)
{
	char	*dir;

	if (file == NULL)
		return;
	dir = file_directory(file);
	path[(*n)++] = (struct sandbox_path){ arena_strdup(a, dir),
	    SANDBOX_READ };
	mem_free(&dir);
}

static void
allow_target(struct sandbox_path *path, size_t *n,
    const struct publish_target *t, struct arena *a)
{
	allow_file(path, n, t->tls_ca, a);
	allow_file(path, n, t->tls_cert, a);
	allow_file(path, n, t->tls_key, a);
	if (t->tls_passphrase != NULL &&
	    strncmp(t->tls_passphrase, "file:", 5) == 0)
		allow_file(path, n, t->tls_passphrase + 5, a);
}

int
publisher_confine(const struct publisher_base *b, struct error *e)
{
	const struct publish_target	*t = b->conf.targets.v;
	struct arena			*a = arena_new();
	struct sandbox			 box = { .user = b->setup->user,
	    .no_exec = true };
	struct sandbox_path		*path;
	bool				 landlock;
	size_t				 n = 0;
	int				 rc;

	path = arena_alloc(a, (NALWAYS + 1 + OF_TARGET * b->conf.targets.n) *
	    sizeof(*path));
	for (size_t i = 0; i < NALWAYS; i++)
		path[n++] = (struct sandbox_path){ always[i], SANDBOX_READ };
	if (b->conf.root_files != NULL)
		path[n++] = (struct sandbox_path){ b->conf.root_files,
		    SANDBOX_READ };
	for (size_t i = 0; i < b->conf.targets.n; i++)
		allow_target(path, &n, &t[i], a);
	box.path = path;
	box.npath = n;
	rc = sandbox_enter(&box, &landlock, e);
	arena_free(&a);
	return rc;
}
