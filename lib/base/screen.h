/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_SCREEN_H
#define SIGNET_BASE_SCREEN_H
/*
 * A page that is drawn again and again on a terminal: cells and lines of a
 * fixed width, and the page written over the last one, so that nothing
 * flickers.  Text from elsewhere cannot command the terminal.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/mem.h"

/* Append text, cut or filled with spaces to that many columns. */
void	 screen_cell(struct buf *, const char *text, size_t width);
/* The same in a colour, "31"; NULL or "": none. */
void	 screen_paint(struct buf *, const char *text, size_t width,
	    const char *colour);
/* A line of at most that many columns. */
void	 screen_line(struct buf *, const char *text, size_t columns);
/* "0:07", "12:30", "3 h 05", "5 days". */
void	 screen_span(struct buf *, int64_t ms);

struct screen_size {
	size_t	 columns, rows;
};
/* Of the terminal; 80 to 24 where it does not say. */
struct screen_size screen_size(int fd);
/* Take the terminal's other page, give it back. */
void	 screen_begin(FILE *);
void	 screen_end(FILE *);
/* Write the page over the one before. */
void	 screen_show(FILE *, struct buf *page);
/* Is it a terminal that does what it is told?  One of TERM=dumb, and one that
 * nobody has named, only takes lines. */
bool	 screen_is_able(int fd);
/* Unless NO_COLOR is set (no-color.org). */
bool	 screen_has_colour(void);
#endif
