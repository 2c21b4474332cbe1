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
/* Append with control characters as \xHH and broken UTF-8 likewise. */
void	 columns_clean(struct buf *, const char *);
#endif
