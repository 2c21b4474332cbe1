/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CSV_H
#define SIGNET_DESK_CSV_H
/*
 * Comma-separated values (RFC 4180) from foreign programs.
 *
 * Strict where a guess could put a name into the wrong column: a quote inside
 * an unquoted cell, text after a closing quote, an open quote at the end, a
 * cell that is not clean UTF-8, too many or too few cells are mistakes with
 * line and column.  Lenient where nothing can go wrong: LF or CRLF, a byte
 * order mark, empty lines.  After a mistake reading goes on with the next
 * line, so that all mistakes can be reported at once.
 */
#include <stddef.h>
#include "base/error.h"
#include "base/mem.h"

#define CSV_CELLS_MAX	64
#define CSV_CELL_MAX	4096		/* bytes */

struct csv {
	struct bytes	 in;		/* what is left; borrowed */
	size_t		 line;		/* number of the row just read, from 1 */
	size_t		 next_line;
	struct buf	 text;		/* of the row, cells NUL-terminated */
	size_t		 start[CSV_CELLS_MAX];	/* of each cell in text */
	size_t		 column[CSV_CELLS_MAX];	/* where it began, from 1 */
	size_t		 ncells;
	char		*head[CSV_CELLS_MAX];
	size_t		 nheads;
};

/* text is borrowed until csv_close(). */
void	 csv_open(struct csv *, struct bytes text);
/* Read the row of names: no duplicates, none empty. */
int	 csv_read_head(struct csv *, struct error *);
/* 1 a row, 0 the end, -1 a mistake (go on or stop).  After csv_read_head() a
 * row has as many cells as there are names. */
int	 csv_next(struct csv *, struct error *);
/* Cell i of the row; valid until the next csv_next(). */
const char *csv_cell(const struct csv *, size_t i);
/* Index of the column with this name, or -1. */
int	 csv_find(const struct csv *, const char *name);
void	 csv_close(struct csv *);
#endif
