/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_COLUMNS_H
#define SIGNET_BASE_COLUMNS_H
/*
 * UTF-8 text in the columns of a terminal.
 */
#include <stddef.h>
#include "base/mem.h"

size_t	 columns_of(const char *);
/* Cut to at most width columns, the last one an ellipsis; appends. */
void	 columns_fit(struct buf *, const char *, size_t width);
/* Append each line of a text in lines of at most width columns, broken between words
 * where there are any; what goes on is indented, so that it is no line of its own.
 * width 0: as it is. */
void	 columns_fold(struct buf *, const char *text, size_t width, size_t indent);
/* Append with control characters as \xHH and broken UTF-8 likewise. */
void	 columns_clean(struct buf *, const char *);
#endif
