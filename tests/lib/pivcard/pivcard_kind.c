/* SPDX-License-Identifier: Apache-2.0 */
/* What the standard leaves open, or cards do otherwise all the same: the status
 * words and the pace of five that were looked at. */
#include "pivcard.h"

static const struct pivcard_kind	 kinds[] = {
	{ 'A', SW_P1P2, SW_SECURITY, SW_DATA, SW_LENGTH, false, false },
	{ 'B', SW_DATA, SW_DATA, SW_NO_SPACE, SW_NO_SPACE, false, true },
	{ 'C', SW_P1P2, SW_DATA, SW_P1P2, SW_OTHER, true, false },
	{ 'D', SW_OTHER, SW_SECURITY, SW_P1P2, SW_NO_SPACE, false, false },
	{ 'E', SW_DATA, SW_SECURITY, SW_FUNCTION, SW_LENGTH, true, true },
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
