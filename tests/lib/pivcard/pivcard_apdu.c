/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 7816-4: short and extended commands, chaining, GET RESPONSE. */
#include "pivcard.h"

#define CHAIN_MAX	16384

static const struct {
	uint8_t		 ins;
	bool		 extended, unselected;
	uint16_t	(*run)(struct pivcard *,
			    const struct pivcard_command *, struct buf *);
} commands[] = {
	{ 0xa4, false, true, pivcard_select },
	{ 0xcb, false, false, pivcard_get_data },
	{ 0xdb, false, false, pivcard_put_data },
	{ 0x20, false, false, pivcard_verify },
	{ 0x24, false, false, pivcard_change },
	{ 0x2c, false, false, pivcard_unblock },
	{ 0x47, false, false, pivcard_generate },
	{ 0x87, false, false, pivcard_authenticate },
	{ 0xfd, true, false, pivcard_version },
	{ 0xf8, true, false, pivcard_serial },
	{ 0xf7, true, false, pivcard_metadata },
	{ 0xf9, true, false, pivcard_attest },
	{ 0xfa, true, false, pivcard_retries },
	{ 0xfb, true, false, pivcard_reset },
	{ 0xff, true, false, pivcard_set_manage },
};

/* GlobalPlatform's, of the issuer's security domain. */
static uint16_t
execute_domain(struct pivcard *c, const struct pivcard_command *cmd)
{
	if (cmd->ins == 0x50 && !c->extended)
		return pivcard_initialize(c, cmd, &c->answer);
	if (c->in_domain && cmd->ins == 0xca)
		return pivcard_cplc(c, cmd, &c->answer);
	return SW_INS;
}

size_t
pivcard_atr(const struct pivcard *c, uint8_t atr[33])
{
	/* T=0 and T=1; compact-TLV historical bytes with the capabilities:
	 * chaining, and extended lengths where it has them. */
	static const uint8_t	 t0[] = { 0x3b, 0x04, 'T', '=', '0', 0x00 };
	uint8_t	 a[10] = { 0x3b, 0x85, 0x80, 0x01, 0x80, 0x73, 0xc0, 0x21,
		    c->extended ? 0xc0 : 0x80, 0 };

	if (c->t0) {
		memcpy(atr, t0, sizeof(t0));
		return sizeof(t0);
	}
	for (size_t i = 1; i < 9; i++)
		a[9] ^= a[i];
	memcpy(atr, a, sizeof(a));
	return sizeof(a);
}

static int
parse_extended(struct pivcard_command *cmd, struct bytes in)
{
	size_t	 lc;

	if (in.len == 3) {				/* Le alone */
		cmd->ne = (size_t)in.p[1] << 8 | in.p[2];
		cmd->ne = cmd->ne == 0 ? 65536 : cmd->ne;
		return 0;
	}
	if (in.len < 3)
		return -1;
	lc = (size_t)in.p[1] << 8 | in.p[2];
	if (lc == 0 || (in.len != 3 + lc && in.len != 5 + lc))
		return -1;
	cmd->data = BYTES(in.p + 3, lc);
	if (in.len == 5 + lc) {
		cmd->ne = (size_t)in.p[3 + lc] << 8 | in.p[4 + lc];
		cmd->ne = cmd->ne == 0 ? 65536 : cmd->ne;
	}
	return 0;
}

static int
parse(struct pivcard_command *cmd, struct bytes in, bool extended)
{
	size_t	 lc;

	*cmd = (struct pivcard_command){ in.p[0], in.p[1], in.p[2], in.p[3],
	    { in.p, 0 }, 0 };
	in = BYTES(in.p + 4, in.len - 4);
	if (in.len == 0)
		return 0;
	if (in.len > 1 && in.p[0] == 0)
		return extended ? parse_extended(cmd, in) : -1;
	if (in.len == 1) {
		cmd->ne = in.p[0] == 0 ? 256 : in.p[0];
		return 0;
	}
	lc = in.p[0];
	if (in.len != 1 + lc && in.len != 2 + lc)
		return -1;
	cmd->data = BYTES(in.p + 1, lc);
	if (in.len == 2 + lc)
		cmd->ne = in.p[1 + lc] == 0 ? 256 : in.p[1 + lc];
	return 0;
}

/* What there is of the answer, as much as is wanted. */
static uint16_t
give(struct pivcard *c, size_t ne, struct buf *out)
{
	size_t	 left = c->answer.len - c->answered, n;

	ne = ne == 0 ? 256 : ne;
	if (c->lie == LIE_ENDLESS && c->chain_head[1] == 0x47) {
		for (size_t i = 0; i < ne; i++)
			buf_byte(out, 0x86);
		return SW_MORE;
	}
	if (c->exact_le && left < 256 && ne != left)
		return SW_LE | (uint16_t)left;
	n = left < ne ? left : ne;
	buf_add(out, c->answer.p + c->answered, n);
	c->answered += n;
	left -= n;
	if (left == 0) {
		buf_clear(&c->answer);
		c->answered = 0;
		return SW_OK;
	}
	return SW_MORE | (left > 255 ? 0 : (uint16_t)left);
}

static uint16_t
execute(struct pivcard *c, const struct pivcard_command *cmd)
{
	if (cmd->cla == 0x80)
		return execute_domain(c, cmd);
	if (cmd->ins == 0xdb && cmd->p2 == 0 && c->channel_size != 0)
		return pivcard_admin(c, cmd);
	if (cmd->ins == 0x24 && cmd->p1 != 0 && c->channel_size != 0)
		return pivcard_set_reference(c, cmd);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].ins == cmd->ins) {
			if ((commands[i].extended && !c->extended) ||
			    (!c->selected && !commands[i].unselected))
				break;
			return commands[i].run(c, cmd, &c->answer);
		}
	return SW_INS;
}

/* The data of a chain, joined: 1 complete, 0 more to come, -1 nonsense. */
static int
join(struct pivcard *c, struct pivcard_command *cmd)
{
	const uint8_t	 head[4] = { 0, cmd->ins, cmd->p1, cmd->p2 };

	if (c->chain.len > 0 && memcmp(head, c->chain_head, 4) != 0)
		buf_clear(&c->chain);		/* given up by the host */
	if (c->chain.len + cmd->data.len > CHAIN_MAX)
		return -1;
	if (cmd->cla != 0x10 && c->chain.len == 0)
		return 1;
	memcpy(c->chain_head, head, sizeof(head));
	buf_add(&c->chain, cmd->data.p, cmd->data.len);
	if (cmd->cla == 0x10)
		return 0;
	cmd->data = BYTES(c->chain.p, c->chain.len);
	return 1;
}

/* ISO 7816-3, 12.1: header, P3, and as many bytes as that says, or none. */
static bool
is_tpdu(struct bytes in)
{
	return in.len == 5 || (in.len > 5 && in.len == (size_t)5 + in.p[4]);
}

static uint16_t
dispatch(struct pivcard *c, struct bytes in, struct buf *out)
{
	struct pivcard_command	 cmd;
	bool			 secured = false;
	uint16_t		 sw;

	if (in.len < 4 || (c->t0 && !is_tpdu(in)) ||
	    parse(&cmd, in, c->extended && !c->t0) == -1)
		return SW_LENGTH;
	if (cmd.cla == 0x84 && cmd.ins == 0x82)
		return pivcard_external(c, &cmd);
	if (cmd.cla == 0x84 || cmd.cla == 0x94) {
		if (!pivcard_channel_open(c, &cmd))
			return SW_SECURITY;
		secured = true;
	}
	if (cmd.cla != 0 && cmd.cla != 0x10 && cmd.cla != 0x80)
		return SW_CLA;
	if (cmd.ins == 0xc0)
		return c->answer.len > 0 ? give(c, cmd.ne, out) : SW_CONDITION;
	if (c->exact_le && c->answer.len > 0 && c->answered == 0 &&
	    cmd.ne > 0 && memcmp(c->chain_head, in.p, 4) == 0)
		return give(c, cmd.ne, out);	/* repeated with the right Le */
	buf_clear(&c->answer);
	c->answered = 0;
	switch (join(c, &cmd)) {
	case 0:
		if (c->torn && cmd.ins == 0xdb)
			pivcard_put_part(c);
		if (secured)
			pivcard_channel_close(c, &c->answer, SW_OK);
		return c->answer.len > 0 ? give(c, cmd.ne, out) : SW_OK;
	case -1:
		buf_clear(&c->chain);
		return SW_LENGTH;
	}
	sw = execute(c, &cmd);
	buf_clear(&c->chain);
	if (secured)
		pivcard_channel_close(c, &c->answer, sw);
	if (sw != SW_OK || c->answer.len == 0) {
		buf_clear(&c->answer);
		return sw;
	}
	memcpy(c->chain_head, in.p, 4);
	if (c->t0 && in.len > 5)
		return SW_MORE | (c->answer.len > 255 ? 0 :
		    (uint16_t)c->answer.len);
	return give(c, cmd.ne, out);
}

void
pivcard_apdu(struct pivcard *c, struct bytes in, struct buf *out)
{
	uint16_t	 sw = dispatch(c, in, out);

	buf_byte(out, sw >> 8);
	buf_byte(out, sw & 0xff);
}
