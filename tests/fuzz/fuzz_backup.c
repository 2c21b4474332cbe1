/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of a backup that a bad disk, or a bad man, has altered, and where a
 * restore then puts things.  The input is in parts that end with a NUL: moves,
 * a line each; settings; and the index.
 */
#include <stdlib.h>
#include "cli/backup.h"
#include "cli/moves.h"
#include "tests/fuzz/must.h"

#define MOVES_MAX	8

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char *
next_part(struct bytes *in)
{
	const uint8_t	*end = in->len > 0 ? memchr(in->p, '\0', in->len) :
			    NULL;
	size_t		 n = end != NULL ? (size_t)(end - in->p) : in->len;
	char		*part = mem_printf("%.*s", (int)n, n > 0 ?
			    (const char *)in->p : "");

	in->p += n + (end != NULL);
	in->len -= n + (end != NULL);
	return part;
}

/* ---- where things go ---- */

static void
check_place(const struct moves *m, const char *old)
{
	char	*new = moves_place(m, old);

	must(new[0] == '/' && strstr(new, "/../") == NULL &&
	    new[strlen(new) - 1] != '/');
	must(m->n > 0 || strcmp(old, new) == 0);
	mem_free(&new);
}

static bool
has_old(const struct moves *m, const char *text)
{
	char	*old;
	bool	 found = false;
	size_t	 i;

	for (i = 0; i < m->n && !found; i++) {
		old = mem_printf("%.*s", (int)strcspn(m->v[i], "="), m->v[i]);
		found = strstr(text, old) != NULL;
		mem_free(&old);
	}
	return found;
}

static void
check_rewritten(const struct moves *m, const char *text)
{
	struct buf	 out = { 0 };
	bool		 changed = moves_rewrite(m, text, &out);

	must(changed ? has_old(m, text) : strcmp(buf_cstr(&out), text) == 0);
	buf_clear(&out);
}

/* ---- what the index says ---- */

/* In this order, so that none is there twice. */
static void
check_parts(const json_t *parts, const char *name)
{
	const json_t	*part;
	const char	*file, *digest;
	char		*expected;
	size_t		 i;

	must(json_array_size(parts) > 0);
	json_array_foreach(parts, i, part) {
		file = json_string_value(json_object_get(part, "file"));
		digest = json_string_value(json_object_get(part, "sha256"));
		expected = mem_printf("%s-%04zu.cms", name, i + 1);
		must(file != NULL && strcmp(file, expected) == 0 &&
		    strchr(file, '/') == NULL);
		must(digest != NULL && strlen(digest) == 64);
		must(json_integer_value(json_object_get(part, "bytes")) > 0 &&
		    json_integer_value(json_object_get(part, "bytes")) <=
		    BACKUP_SEALED_MAX);
		mem_free(&expected);
	}
}

static void
check_folder(const struct moves *m, const json_t *folder, size_t n)
{
	const char	*path = json_string_value(json_object_get(folder,
			    "path"));
	char		*name = mem_printf("folder%zu", n), *below;

	must(path != NULL && backup_path_is_clean(path));
	below = mem_printf("%s/x", path);
	must(backup_paths_clash(path, path) &&
	    backup_paths_clash(below, path) && backup_paths_clash(path,
	    below));
	check_parts(json_object_get(folder, "parts"), name);
	check_place(m, path);
	mem_free(&below);
	mem_free(&name);
}

static void
check_index(const struct moves *m, struct bytes text)
{
	struct error	 e = ERROR_INIT;
	const json_t	*folder;
	json_t		*index;
	size_t		 i;

	if (backup_index_parse(&index, text, &e) == -1) {
		must(index == NULL && e.code == ERROR_INPUT &&
		    e.text[0] != '\0');
		return;
	}
	json_array_foreach(json_object_get(index, "folders"), i, folder)
		check_folder(m, folder, i + 1);
	check_parts(json_object_get(json_object_get(index, "store"), "parts"),
	    "store");
	json_decref(index);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes	 in = BYTES(p, n);
	char		*lines = next_part(&in), *text = next_part(&in);
	char		*rest = lines, *line;
	const char	*v[MOVES_MAX];
	struct moves	 m = { v, 0 };
	struct error	 e = ERROR_INIT;

	while (m.n < MOVES_MAX && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			v[m.n++] = line;
	if (moves_check(&m, &e) == -1)
		m.n = 0;
	check_rewritten(&m, text);
	check_index(&m, in);
	mem_free(&text);
	mem_free(&lines);
	return 0;
}
