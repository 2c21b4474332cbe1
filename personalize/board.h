/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_BOARD_H
#define SIGNET_PERSONALIZE_BOARD_H
/*
 * What the operator sees: a line per reader that says what to do next, and
 * how far the batches are.
 *
 * Events go in; out comes the whole board for a terminal of some size, one
 * line for a log, or one JSON object.  Nothing here writes or reads a clock.
 */
#include "event.h"

struct board;
/* names: of the readers; title and batches are shown as they are. */
void	 board_new(struct board **, const char *title, const char *batches,
	    char *const *names, size_t n);
void	 board_free(struct board **);
/* now_ms: monotonic.  True: the operator is to look here (ring). */
bool	 board_note(struct board *, const struct event *, int64_t now_ms);
/* Lines of at most "columns", at most "rows" of them, each ended by "\n". */
void	 board_draw(struct board *, struct buf *out, size_t columns,
	    size_t rows, bool colour, int64_t now_ms);
/* False: nothing that is worth a line. */
bool	 board_line(const struct board *, const struct event *,
	    struct buf *out);
/* now: seconds since 1970. */
void	 board_json(const struct board *, const struct event *,
	    struct buf *out, int64_t now);
/* Has every reader something that a person must do? */
bool	 board_is_idle(const struct board *);
#endif
