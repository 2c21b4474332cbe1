/* SPDX-License-Identifier: Apache-2.0 */
/* Cards that come with nothing on them: the objects and keys that they are to
 * have are named, and the first secrets set, inside the channel. */
#include "pivcard.h"

bool
pivcard_is_defined(const struct pivcard *c, uint32_t name)
{
	for (size_t i = 0; i < c->ndefined; i++)
		if (c->defined[i] == name)
			return true;
	return !c->is_bare;
}

int
pivcard_define(struct pivcard *c, uint32_t name)
{
	if (c->ndefined == PIVCARD_DEFINED)
		return -1;
	c->defined[c->ndefined++] = name;
	return 0;
}

static bool
has_byte(struct bytes in, uint32_t wanted, uint8_t *b)
{
	struct bytes	 v;
	uint32_t	 tag;

	while (ber_next(&in, &tag, &v) == 1)
		if (tag == wanted) {
			*b = v.len == 1 ? v.p[0] : 0;
			return v.len == 1;
		}
	return false;
}

/* An object has modes; a key a mechanism, a role and attributes as well. */
static bool
is_complete(uint32_t kind, struct bytes in)
{
	uint8_t	 b;

	if (!has_byte(in, 0x8c, &b) || !has_byte(in, 0x8d, &b))
		return false;
	return kind == 0x64 || (has_byte(in, 0x8e, &b) &&
	    has_byte(in, 0x8f, &b) && has_byte(in, 0x90, &b));
}

/* PUT DATA with P2 = 00. */
uint16_t
pivcard_admin(struct pivcard *c, const struct pivcard_command *cmd)
{
	struct bytes	 in = cmd->data, all, id;
	uint32_t	 kind, tag, name = 0;
	uint8_t		 alg;

	if (!c->channel.is_open)
		return SW_SECURITY;
	if (ber_next(&in, &kind, &all) != 1 || in.len != 0 ||
	    (kind != 0x64 && kind != 0x66) || !is_complete(kind, all) ||
	    ber_next(&all, &tag, &id) != 1 || tag != 0x8b || id.len < 1 ||
	    id.len > 3)
		return SW_DATA;
	for (; id.len > 0; id.len--)
		name = name << 8 | *id.p++;
	if (name == 0x9b && kind == 0x66 && has_byte(all, 0x8e, &alg) &&
	    !pivcard_manage_has(c, alg))
		return SW_DATA;
	if (c->is_bare && pivcard_is_defined(c, name))
		return SW_CONDITION;
	if (pivcard_define(c, name) == -1)
		return SW_NO_SPACE;
	pivcard_save(c);
	return SW_OK;
}

/* CHANGE REFERENCE DATA without the old one, of the management key too. */
uint16_t
pivcard_set_reference(struct pivcard *c, const struct pivcard_command *cmd)
{
	const uint8_t		*p = cmd->data.p;
	struct pivcard_pin	*pin = cmd->p2 == 0x80 ? &c->pin : &c->puk;
	size_t			 n;

	if (!c->channel.is_open)
		return SW_SECURITY;
	if (cmd->p1 == 0xff && (cmd->p2 == 0x80 || cmd->p2 == 0x81)) {
		if (cmd->data.len != sizeof(pin->value))
			return SW_LENGTH;
		memcpy(pin->value, p, sizeof(pin->value));
		pin->is_default = false;
		pin->tries = pin->max;
	} else if (cmd->p2 == 0x9b && pivcard_is_defined(c, 0x9b) &&
	    pivcard_manage_has(c, cmd->p1) && cmd->p1 != 0 &&
	    (n = pivcard_manage_size(cmd->p1)) != 0) {
		if (cmd->data.len != n + 4 || p[0] != 0x30 ||
		    p[1] != n + 2 || p[2] != 0x80 || p[3] != n)
			return SW_DATA;
		c->manage_alg = cmd->p1;
		memcpy(c->manage, p + 4, n);
		c->manage_default = false;
	} else
		return SW_NO_REFERENCE;
	pivcard_save(c);
	return SW_OK;
}
