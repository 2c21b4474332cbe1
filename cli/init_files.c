/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories, passphrases, profiles and layouts.
 */
#include "cli/init.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/text.h"
#include "os/fault.h"
#include "os/file.h"

#define FILE_MAX	(1u << 20)
#define SECRET_BYTES	20

char *
init_path(struct init *in, const char *fmt, ...)
{
	struct buf	 b = { 0 };
	char		 name[512], *full;
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (name[0] == '/')
		return arena_strdup(in->cli->desk.arena, name);
	buf_printf(&b, "%s/%s", in->dir, name);
	full = arena_strdup(in->cli->desk.arena, buf_cstr(&b));
	buf_clear(&b);
	return full;
}

int
init_copy(const char *from, const char *to, mode_t mode, struct error *e)
{
	struct buf	 b = { 0 };
	int		 rc;

	rc = file_load(&b, from, FILE_MAX, e);
	if (rc == 0)
		rc = file_store(to, b.p, b.len, mode, e);
	buf_clear(&b);
	return rc;
}

/* Where the suite's own files are. */

int
init_find_data(struct init *in, const char *what, char **path,
    struct error *e)
{
	const char	*base[] = { in->data, in->data, DATADIR };
	const char	*under[] = { "", "etc/", "" };
	struct stat	 st;
	size_t		 i;

	for (i = 0; i < 3; i++) {
		if (base[i] == NULL)
			continue;
		*path = arena_printf(in->cli->desk.arena, "%s/%s%s", base[i],
		    under[i], what);
		if (stat(*path, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
	}
	error_set(e, ERROR_CONFIG, "no directory \"%s\" in %s", what,
	    in->data != NULL ? in->data : DATADIR);
	return error_hint(e, "name the suite's data with --data DIR");
}

/* Passphrases: 32 characters, 160 bits. */

static int
secret_make(struct init *in, const char *path, struct error *e)
{
	static const char	 digits[] = "abcdefghijkmnpqrstuvwxyz23456789";
	struct secret		 raw = { 0 }, text = { 0 };
	size_t			 i;
	int			 rc = -1;

	if (secret_new(&raw, SECRET_BYTES, e) == -1 ||
	    secret_new(&text, SECRET_BYTES * 8 / 5 + 1, e) == -1 ||
	    rng_fill(in->cli->desk.rng, raw.p, raw.len, e) == -1)
		goto out;
	for (i = 0; i < SECRET_BYTES * 8 / 5; i++) {
		unsigned int	 bit = (unsigned int)i * 5, two;

		two = (unsigned int)raw.p[bit / 8] << 8;
		if (bit / 8 + 1 < raw.len)
			two |= raw.p[bit / 8 + 1];
		text.p[i] = (unsigned char)digits[two >> (11 - bit % 8) & 31];
	}
	text.p[i] = '\n';
	rc = file_create(path, text.p, text.len, 0600, e);
 out:
	secret_free(&text);
	secret_free(&raw);
	return rc;
}

int
init_secret(struct init *in, const char *name, char **source,
    struct error *e)
{
	char	*path = init_path(in, "secrets/%s", name);

	*source = arena_printf(in->cli->desk.arena, "file:%s", path);
	if (file_exists(path))
		return 0;
	return secret_make(in, path, e);
}

/* Directories, profiles and layouts of cards. */

static const struct {
	const char	*name;
	mode_t		 mode;
} directories[] = {
	{ "ca", 0755 },
	{ "secrets", 0700 },
	{ "officers", 0700 },
	{ "founding/approved", 0755 },
	{ "profiles", 0755 },
	{ "cards", 0755 },
	{ "log", 0700 },
};

static int
make_directory(struct init *in, const char *path, mode_t mode,
    struct error *e)
{
	if (file_exists(path))
		return 0;
	in->did = true;
	return file_mkdir(path, mode, e);
}

static int
make_directories(struct init *in, struct error *e)
{
	const char	*state[] = { in->conf.state, in->conf.ocsp_state,
			    in->conf.crl_state, in->conf.ra_state };
	size_t		 i;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (make_directory(in, init_path(in, "%s",
		    directories[i].name), directories[i].mode, e) == -1)
			return -1;
	if (in->conf.service_users && make_directory(in, init_path(in, "%s",
	    in->conf.service_state), 0755, e) == -1)
		return -1;
	for (i = 0; i < sizeof(state) / sizeof(state[0]); i++)
		if (make_directory(in, init_path(in, "%s", state[i]), 0700,
		    e) == -1)
			return -1;
	for (i = 0; i < in->nsubjects; i++)
		if (make_directory(in, init_path(in, "%s",
		    in->subject[i].dir), 0755, e) == -1)
			return -1;
	if (make_directory(in, init_www(in), 0755, e) == -1 ||
	    make_directory(in, init_station_dir(in), 0700, e) == -1)
		return -1;
	return make_directory(in, init_path(in, "%s/signers",
	    in->conf.ocsp_state), 0700, e);
}

static int
copy_all(struct init *in, const char *what, struct error *e)
{
	struct dirent	*entry;
	char		*from, *to;
	DIR		*d;
	int		 rc = 0;

	if (init_find_data(in, what, &from, e) == -1)
		return -1;
	if ((d = opendir(from)) == NULL)
		return error_sys(e, "%s", from);
	while (rc == 0 && (entry = readdir(d)) != NULL) {
		if (!text_is_name(entry->d_name))
			continue;
		to = init_path(in, "%s/%s", what, entry->d_name);
		if (file_exists(to))
			continue;
		in->did = true;
		rc = init_copy(arena_printf(in->cli->desk.arena, "%s/%s", from,
		    entry->d_name), to, 0644, e);
	}
	closedir(d);
	return rc;
}

int
init_step_files(struct init *in, struct error *e)
{
	if (make_directories(in, e) == -1)
		return -1;
	FAULT("init.directories");
	if (copy_all(in, "profiles", e) == -1)
		return -1;
	if (copy_all(in, "cards", e) == -1)
		return -1;
	return init_users_begin(in, e);
}
