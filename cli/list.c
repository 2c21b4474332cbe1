/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/list.h"
#include "os/file.h"

#define PAGE		500
#define LIMIT_TERMINAL	50

int
list_begin(struct cli *c, struct list *l, const struct out_col *cols,
    size_t ncols, struct error *e)
{
	int64_t	dflt = cli_is_terminal(STDOUT_FILENO) && !c->json &&
		    !pager_is_wanted() ? LIMIT_TERMINAL : 0;
	int64_t	limit = cmd_number(c->args, "limit", dflt);

	memset(l, 0, sizeof(*l));
	if (limit < 0 || limit > 100000000)
		return error_set(e, ERROR_INPUT, "--limit: a number of rows");
	l->bounded = limit > 0;
	l->left = (size_t)limit;
	l->paged = c->json;
	l->out = out_list_new(stdout, c->json, 0, cols, ncols);
	l->arena = arena_new();
	return 0;
}

bool
list_wants(const struct list *l)
{
	return !l->end;
}

/* One more than is printed tells whether there is more. */
size_t
list_page(const struct list *l)
{
	return l->bounded && l->left < PAGE ? l->left + 1 : PAGE;
}

bool
list_take(struct list *l)
{
	if (!l->paged) {
		l->paged = true;
		out_list_to(l->out, pager_open(&l->pager));
	}
	if (!l->bounded)
		return true;
	if (l->left == 0) {
		l->more = l->end = true;
		return false;
	}
	l->left--;
	return true;
}

void
list_turn(struct list *l, size_t got)
{
	if (got < PAGE)
		l->end = true;
	arena_reset(l->arena);
}

void
list_end(struct cli *c, struct list *l, const char *last)
{
	size_t	rows = out_list_rows(l->out);

	out_list_free(&l->out);
	pager_close(&l->pager);
	arena_free(&l->arena);
	if (last == NULL)
		return;
	if (l->more)
		cli_say(c, "more: run the same with --after %s", last);
	else if (rows == 0)
		cli_say(c, "nothing found");
}

int
list_check_word(const char *option, const char *word,
    const char *const *words, size_t n, struct error *e)
{
	struct buf	 all = { 0 };
	const char	*near;
	size_t		 i;

	if (word == NULL)
		return 0;
	for (i = 0; i < n; i++) {
		if (strcmp(words[i], word) == 0) {
			buf_clear(&all);
			return 0;
		}
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	error_set(e, ERROR_INPUT, "%s: \"%.60s\" is none of: %s", option,
	    word, buf_cstr(&all));
	if ((near = text_nearest(word, words, n)) != NULL)
		error_hint(e, "did you mean \"%s\"?", near);
	buf_clear(&all);
	return -1;
}

int
list_write(const char *path, const struct buf *b, struct error *e)
{
	if (strcmp(path, "-") != 0)
		return file_create(path, b->p, b->len, 0644, e);
	if (fwrite(b->p, 1, b->len, stdout) != b->len || fflush(stdout) != 0)
		return error_sys(e, "standard output");
	return 0;
}
