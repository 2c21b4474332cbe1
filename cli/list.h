/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_LIST_H
#define SIGNET_CLI_LIST_H
/*
 * Listings page by page: --limit, --after, and the line that says how to go
 * on.  Pages are read by key, so that the last page costs what the first does.
 *
 *	list_begin(c, &list, cols, ncols, e);
 *	while (list_wants(&list)) {
 *		query(..., list_page(&list), &page, list.arena, e);
 *		for (i = 0; i < page.n && list_take(&list); i++)
 *			row(list.out, &page.v[i]);
 *		list_turn(&list, page.n);
 *	}
 *	list_end(c, &list, key of the last row);
 */
#include "cli/cli.h"
#include "os/pager.h"

#define LIST_OPTS \
	{ "limit", 'n', CMD_NUMBER, false, "N", \
	    "at most so many rows (50 on a terminal without PAGER; 0: all)" }, \
	{ "after", 0, CMD_STRING, false, "KEY", \
	    "go on behind this row, as the line \"more\" says" }

struct list {
	struct out_list	*out;
	struct pager	 pager;		/* from the first row on */
	bool		 paged;
	struct arena	*arena;		/* of the page; emptied by list_turn() */
	size_t		 left;		/* rows */
	bool		 bounded;
	bool		 more;		/* there was one row too many */
	bool		 end;
};
int	 list_begin(struct cli *, struct list *, const struct out_col *,
	    size_t ncols, struct error *);
bool	 list_wants(const struct list *);
size_t	 list_page(const struct list *);	/* rows to ask for */
bool	 list_take(struct list *);		/* may one more be printed? */
void	 list_turn(struct list *, size_t got);
/* last NULL: something failed, print no advice. */
void	 list_end(struct cli *, struct list *, const char *last);

/* A word out of a few; NULL is well.  ERROR_INPUT with a suggestion. */
int	 list_check_word(const char *option, const char *word,
	    const char *const *words, size_t n, struct error *);
/* To a file, or to standard output for "-".  A file is not replaced. */
int	 list_write(const char *path, const struct buf *, struct error *);
#endif
