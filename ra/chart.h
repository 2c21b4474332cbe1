/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_CHART_H
#define SIGNET_RA_CHART_H
/*
 * Charts as SVG, drawn here: a page needs no script to show one, and says in
 * words what it shows.  Nothing in one comes from anybody but us.
 */
#include <stdint.h>
#include "base/mem.h"

/*
 * A bar for each of n days from "first" (its first second, UTC); -1: not
 * known, drawn as a gap.  label is a text of the catalogue; in it {total} and
 * {most} stand for the numbers.
 */
void	 chart_days(struct buf *svg, const char *label, int64_t first,
	    const int64_t *day, size_t n);
#endif
