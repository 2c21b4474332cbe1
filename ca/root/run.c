/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/run.h"

#include "os/file.h"
#include "os/sandbox.h"

/* The folder of a file that is going to be written, or the folder itself. */
static char *
folder_of(const char *path)
{
	const char	*slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	return slash == path ? mem_strdup("/") :
	    mem_printf("%.*s", (int)(slash - path), path);
}

/* Where "approve" writes, which must be known before the sandbox closes. */
static int
output_of(char **output, const struct cmd_args *args, const char *verb,
    struct error *e)
{
	struct ceremony	 c;
	struct buf	 text = { 0 };
	char		*file;
	int		 rc = -1;

	*output = NULL;
	if (verb == NULL || strcmp(verb, "approve") != 0)
		return 0;
	if ((file = session_file(verb, args)) == NULL) {
		*output = mem_strdup(cmd_string(args, "output", NULL));
		return 0;
	}
	if (file_load(&text, file, CEREMONY_MAX, e) == -1 ||
	    ceremony_parse(&c, verb, buf_cstr(&text), file, e) == -1)
		goto out;
	*output = mem_strdup(c.output);
	ceremony_clear(&c, verb);
	rc = 0;
 out:
	buf_clear(&text);
	mem_free(&file);
	return rc;
}

static void
add_path(struct sandbox_path *v, size_t *n, const char *path,
    enum sandbox_access access)
{
	v[(*n)++] = (struct sandbox_path){ path, access };
}

/*
 * From here on: no socket, no other program, and writing only below the
 * directory, to the terminal and where approved orders go.  What a token's
 * module needs besides is what the operator names; args is NULL when no key
 * is going to be used.
 */
static int
enter(const char *dir, const char *output, const struct cmd_args *args,
    struct error *e)
{
	const char *const	*more = NULL;
	size_t			 i, n = 0, nmore;
	struct sandbox_path	*path;
	struct sandbox		 box = { .no_network = true, .no_exec = true,
				    .keep_capabilities = true };
	char			*folder = NULL;
	bool			 landlock;
	int			 rc;

	nmore = args != NULL ? cmd_many(args, "token-path", &more) : 0;
	path = mem_array(nmore + 5, sizeof(*path));
	add_path(path, &n, "/", SANDBOX_READ);
	add_path(path, &n, "/dev/tty", SANDBOX_WRITE);
	add_path(path, &n, "/dev/null", SANDBOX_WRITE);
	if (dir != NULL)
		add_path(path, &n, dir, SANDBOX_WRITE);
	if (output != NULL) {
		folder = folder_of(output);
		add_path(path, &n, folder, SANDBOX_WRITE);
	}
	for (i = 0; i < nmore; i++)
		add_path(path, &n, more[i], SANDBOX_WRITE);
	box.path = path;
	box.npath = n;
	box.local_sockets = args != NULL && cmd_flag(args, "token-sockets");
	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&folder);
	mem_free(&path);
	return rc;
}

static int
ceremony(struct root *r, const struct cmd_args *args, const char *verb,
    run_ceremony_fn *fn, struct error *e)
{
	struct session	 s;
	int		 rc;

	if (session_open(&s, r, verb, args, &clock_system, &rng_system, e) ==
	    -1)
		return -1;
	rc = fn(&s, e);
	session_close(&s);
	return rc;
}

static int
open_for(struct root *r, const char *dir, const char *verb, struct error *e)
{
	bool	 finished;

	if (root_open(r, dir, true, &finished, e) == -1)
		return -1;
	if (finished)
		printf("     An interrupted ceremony was complete: its files "
		    "are written now.\n");
	if (strcmp(verb, "init") != 0)
		return root_check_exists(r, e);
	if (r->ngen == 0)
		return 0;
	error_set(e, ERROR_CONFLICT, "%s: there is a root already", dir);
	return error_hint(e, "see signet-root show; a new key for this root "
	    "is signet-root roll, another root needs another directory");
}

int
run_ceremony(const struct cmd_args *args, const char *verb,
    run_ceremony_fn *fn, struct error *e)
{
	const char	*dir = cmd_string(args, "dir", ".");
	struct root	 r;
	char		*output;
	int		 rc = -1;

	if (output_of(&output, args, verb, e) == -1)
		return -1;
	if (strcmp(verb, "init") == 0 && file_mkdir(dir, 0700, e) == -1)
		goto out;
	if (!file_exists(dir)) {
		error_set(e, ERROR_NOTFOUND, "%s: no such directory", dir);
		error_hint(e, "name the root's directory with --dir");
		goto out;
	}
	if (secret_init(e) == -1 || enter(dir, output, args, e) == -1)
		goto out;
	memset(&r, 0, sizeof(r));
	r.lock = -1;
	if (open_for(&r, dir, verb, e) == 0)
		rc = ceremony(&r, args, verb, fn, e);
	root_close(&r);
 out:
	mem_free(&output);
	return rc;
}

int
run_read(const struct cmd_args *args, bool raw, run_read_fn *fn,
    struct error *e)
{
	const char	*dir = cmd_string(args, "dir", ".");
	struct root	 r = { .lock = -1 };
	int		 rc = -1;

	if (enter(NULL, NULL, NULL, e) == -1)
		return -1;
	if (raw)
		r.dir = mem_strdup(dir);
	else if (root_open(&r, dir, false, NULL, e) == -1 ||
	    root_check_exists(&r, e) == -1)
		goto out;
	rc = fn(&r, args, e);
 out:
	root_close(&r);
	return rc;
}

/* Opening for writing is what finishes an interrupted ceremony. */
int
root_resume(struct cmd_args *args, void *ctx, struct error *e)
{
	const char	*dir = cmd_string(args, "dir", ".");
	struct root	 r;
	bool		 finished;

	(void)ctx;
	if (enter(dir, NULL, NULL, e) == -1 ||
	    root_open(&r, dir, true, &finished, e) == -1)
		return -1;
	if (finished)
		printf("The interrupted ceremony is finished.\n");
	else if (transcript_open_ceremony(&r.transcript) != NULL)
		printf("The last ceremony was interrupted before anything was "
		    "written; the next one\nrecords it as abandoned.\n");
	else
		printf("Nothing was interrupted.\n");
	root_close(&r);
	return 0;
}
