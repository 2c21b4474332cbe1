/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

const char *
text_nearest(const char *word, const char *const *candidate, size_t n)
{
	const char	*best = NULL;
	size_t		 i;

	for (i = 0; i < n; i++) {
		if (!text_is_near(word, candidate[i]))
			continue;
		if (best == NULL || text_distance(word, candidate[i]) <
		    text_distance(word, best))
			best = candidate[i];
	}
	return best;
}
