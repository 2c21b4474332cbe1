/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"

#define NEAR_MAX	3	/* letters that may differ in a suggestion */

/* Letters to change, add or drop; at most NEAR_MAX + 1. */
static size_t
distance(const char *a, const char *b)
{
	size_t	row[65], la = strlen(a), lb = strlen(b), i, j, up, left;

	if (la > 64 || lb > 64)
		return NEAR_MAX + 1;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		left = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			up = row[j];
			row[j] = left + (a[i - 1] != b[j - 1]);
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			left = up;
		}
	}
	return row[lb];
}

const char *
cli_nearest(const char *word, const char *const *candidate, size_t n)
{
	const char	*best = NULL;
	size_t		 i, d, least = NEAR_MAX + 1;

	for (i = 0; i < n; i++) {
		d = distance(word, candidate[i]);
		if (d < least && d < strlen(candidate[i])) {
			least = d;
			best = candidate[i];
		}
	}
	return best;
}
