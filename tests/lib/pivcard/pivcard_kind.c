/* SPDX-License-Identifier: Apache-2.0 */
/* What the standard leaves open, or cards do otherwise all the same: the status
 * words and the pace of five that were looked at, and of two that are stranger. */
#include "pivcard.h"

static const struct pivcard_kind	 kinds[] = {
	{ .letter = 'A', .wrong_alg = SW_P1P2, .wrong_key = SW_SECURITY,
	    .not_offered = SW_DATA, .too_big = SW_LENGTH,
	    .absent = SW_NO_OBJECT },
	{ .letter = 'B', .wrong_alg = SW_DATA, .wrong_key = SW_DATA,
	    .not_offered = SW_NO_SPACE, .too_big = SW_NO_SPACE,
	    .no_template = true, .absent = SW_NO_OBJECT },
	{ .letter = 'C', .wrong_alg = SW_P1P2, .wrong_key = SW_DATA,
	    .not_offered = SW_P1P2, .too_big = SW_OTHER, .blocks_late = true,
	    .absent = SW_NO_OBJECT },
	{ .letter = 'D', .wrong_alg = SW_OTHER, .wrong_key = SW_SECURITY,
	    .not_offered = SW_P1P2, .too_big = SW_NO_SPACE,
	    .absent = SW_NO_OBJECT },
	{ .letter = 'E', .wrong_alg = SW_DATA, .wrong_key = SW_SECURITY,
	    .not_offered = SW_FUNCTION, .too_big = SW_LENGTH,
	    .blocks_late = true, .no_template = true,
	    .absent = SW_NO_OBJECT },
	/* None that was looked at: what five had in common, the other way. */
	{ .letter = 'F', .wrong_alg = SW_OTHER, .wrong_key = SW_DATA,
	    .not_offered = SW_OTHER, .too_big = SW_OTHER, .blocks_late = true,
	    .no_template = true, .absent = SW_NO_REFERENCE, .cold = true,
	    .short_name = true, .no_count = true, .no_same = true },
	{ .letter = 'G', .wrong_alg = SW_P1P2, .wrong_key = SW_SECURITY,
	    .not_offered = SW_DATA, .too_big = SW_LENGTH,
	    .absent = SW_NO_OBJECT, .global_pin = true },
};

const struct pivcard_kind *
pivcard_kind_find(char letter)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].letter == letter)
			return &kinds[i];
	return NULL;
}

/* Orders of magnitude, in milliseconds. */
unsigned int
pivcard_pace(const struct pivcard *c, struct bytes in)
{
	const uint8_t	*p = in.p;

	if (in.len < 5 || (p[0] & 0x10) != 0)
		return 10;
	switch (p[1]) {
	case 0x47:
		return in.len > 9 && (p[9] == 0x11 || p[9] == 0x14) ? 300 :
		    4000;
	case 0x87:
		return p[3] == 0x9b ? 30 : p[2] < 0x10 ? 350 : 100;
	case 0xf9:
		return 200;
	case 0xdb:
		return 40;
	}
	return c->extended ? 8 : 15;
}
