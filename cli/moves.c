/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/moves.h"

#include <ctype.h>
#include <string.h>

#include "cli/backup.h"

static bool
is_move(const char *move)
{
	size_t	 len = strcspn(move, "=");
	char	*old = mem_printf("%.*s", (int)len, move);
	bool	 yes = move[len] == '=' && backup_path_is_clean(old) &&
		    backup_path_is_clean(move + len + 1);

	mem_free(&old);
	return yes;
}

int
moves_check(const struct moves *m, struct error *e)
{
	size_t	 i;

	for (i = 0; i < m->n; i++)
		if (!is_move(m->v[i]))
			return error_set(e, ERROR_INPUT, "--move %s: it is "
			    "/OLD/PATH=/NEW/PATH", m->v[i]);
	return 0;
}

/* The longest OLD that fits; NULL when none does. */
static const char *
find(const struct moves *m, const char *path, size_t *old_len)
{
	const char	*to = NULL;
	size_t		 i, len;

	*old_len = 0;
	for (i = 0; i < m->n; i++) {
		len = strcspn(m->v[i], "=");
		if (len > *old_len && strncmp(path, m->v[i], len) == 0 &&
		    strchr("/\"'= ", path[len]) != NULL) {
			*old_len = len;
			to = m->v[i] + len + 1;
		}
	}
	return to;
}

char *
moves_place(const struct moves *m, const char *path)
{
	size_t		 len;
	const char	*to = find(m, path, &len);

	return to != NULL ? mem_printf("%s%s", to, path + len) :
	    mem_strdup(path);
}

/* At a slash: is what is before it no part of a path or of a host's name?  Of
 * three slashes, as in file:///etc, the last one begins it. */
static bool
begins(const char *text, const char *at)
{
	unsigned char	 before;

	if (at == text)
		return true;
	before = (unsigned char)at[-1];
	if (before == '/')
		return at - text >= 2 && at[-2] == '/';
	return before < 0x80 && !isalnum(before) &&
	    strchr("._-+~", before) == NULL;
}

bool
moves_rewrite(const struct moves *m, const char *text, struct buf *out)
{
	const char	*in = text;
	bool		 changed = false;

	while (*in != '\0') {
		size_t		 len = 0;
		const char	*to = *in == '/' && begins(text, in) ?
				    find(m, in, &len) : NULL;

		if (to != NULL) {
			buf_str(out, to);
			in += len;
			changed = true;
		} else
			buf_byte(out, (uint8_t)*in++);
	}
	return changed;
}
