/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "cli/backup.h"

#define FOLDERS_MAX	1000
#define DIGEST_TEXT	64
#define PATH_LEN	3800	/* and room for what is in it */

/* ---- paths ---- */

static bool
is_component(const char *p, size_t n)
{
	return n > 0 && !(n == 1 && p[0] == '.') &&
	    !(n == 2 && p[0] == '.' && p[1] == '.');
}

bool
backup_path_is_clean(const char *path)
{
	const char	*p = path;
	size_t		 n;

	if (*p != '/' || strlen(path) > PATH_LEN)
		return false;
	for (; *p == '/'; p += n) {
		n = strcspn(++p, "/");
		if (!is_component(p, n))
			return false;
	}
	for (p = path; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

/* Is b a, or below it? */
static bool
has(const char *a, const char *b)
{
	size_t	 n = strlen(a);

	return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/');
}

/* Or in the place where a is made. */
static bool
takes_place_of(const char *a, const char *b)
{
	size_t	 n = strlen(a), m = strlen(BACKUP_STAGE);

	return has(a, b) || (strncmp(a, b, n) == 0 &&
	    strncmp(b + n, BACKUP_STAGE, m) == 0 &&
	    (b[n + m] == '\0' || b[n + m] == '/'));
}

bool
backup_paths_clash(const char *a, const char *b)
{
	return takes_place_of(a, b) || takes_place_of(b, a);
}

/* ---- what the index says ---- */

static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "%s: %s", BACKUP_INDEX, what);
}

static bool
is_digest(const char *text)
{
	return text != NULL && strlen(text) == DIGEST_TEXT &&
	    strspn(text, "0123456789abcdef") == DIGEST_TEXT;
}

/* Named as backup_seal() does: no other file, none twice, in their order. */
static int
check_part(const json_t *part, const char *name, size_t n, struct error *e)
{
	const char	*file = json_string_value(json_object_get(part,
			    "file"));
	json_int_t	 bytes = json_integer_value(json_object_get(part,
			    "bytes"));
	char		 expected[BACKUP_FILE];

	backup_file_name(expected, name, n);
	if (file == NULL || strcmp(file, expected) != 0)
		return error_set(e, ERROR_INPUT, "%s: no file %s where it "
		    "should be", BACKUP_INDEX, expected);
	if (bytes <= 0 || bytes > BACKUP_SEALED_MAX || !is_digest(
	    json_string_value(json_object_get(part, "sha256"))))
		return error_set(e, ERROR_INPUT, "%s: %s has no size or "
		    "digest", BACKUP_INDEX, expected);
	return 0;
}

static int
check_parts(const json_t *parts, const char *name, struct error *e)
{
	const json_t	*part;
	size_t		 i;

	if (json_array_size(parts) == 0)
		return error_set(e, ERROR_INPUT, "%s: nothing where the parts "
		    "of %s should be", BACKUP_INDEX, name);
	json_array_foreach(parts, i, part)
		if (check_part(part, name, i + 1, e) == -1)
			return -1;
	return 0;
}

static int
check_folders(const json_t *folders, struct error *e)
{
	const json_t	*folder;
	const char	*path;
	char		 name[BACKUP_FILE];
	size_t		 i;

	if (!json_is_array(folders) || json_array_size(folders) > FOLDERS_MAX)
		return bad(e, "no list of folders");
	json_array_foreach(folders, i, folder) {
		path = json_string_value(json_object_get(folder, "path"));
		if (path == NULL || !backup_path_is_clean(path))
			return error_set(e, ERROR_INPUT, "%s: folder %zu has "
			    "no path", BACKUP_INDEX, i + 1);
		backup_folder_name(name, i + 1);
		if (check_parts(json_object_get(folder, "parts"), name,
		    e) == -1)
			return -1;
	}
	return 0;
}

static int
check(const json_t *index, struct error *e)
{
	const char	*format = json_string_value(json_object_get(index,
			    "format"));
	const json_t	*at = json_object_get(index, "made_at"), *seq;

	if (format == NULL || strcmp(format, BACKUP_FORMAT) != 0)
		return bad(e, "not a backup of the format " BACKUP_FORMAT);
	seq = json_object_get(json_object_get(index, "audit"), "seq");
	if (check_folders(json_object_get(index, "folders"), e) == -1 ||
	    check_parts(json_object_get(json_object_get(index, "store"),
	    "parts"), "store", e) == -1)
		return -1;
	if (json_integer_value(at) <= 0 || !json_is_integer(seq) ||
	    json_integer_value(seq) < 0)
		return bad(e, "it does not say when it was made, and after "
		    "what");
	return 0;
}

int
backup_index_parse(json_t **out, struct bytes text, struct error *e)
{
	json_error_t	 why;
	json_t		*index = json_loadb((const char *)text.p, text.len,
			    JSON_REJECT_DUPLICATES, &why);

	*out = NULL;
	if (index == NULL)
		return error_set(e, ERROR_INPUT, "%s: line %d is no JSON",
		    BACKUP_INDEX, why.line);
	if (check(index, e) == -1) {
		json_decref(index);
		return -1;
	}
	*out = index;
	return 0;
}
