/* SPDX-License-Identifier: Apache-2.0 */
/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER: part 2, 3.2. */
#include <openssl/crypto.h>
#include "pivcard.h"

/* Six to eight digits, then FF: part 2, 2.4.3. */
static bool
pin_is_formed(const uint8_t p[8])
{
	size_t	 n = 0;

	while (n < 8 && p[n] >= '0' && p[n] <= '9')
		n++;
	if (n < 6)
		return false;
	while (n < 8 && p[n] == 0xff)
		n++;
	return n == 8;
}

/* One guess: 9000, or what is left. */
static uint16_t
pin_try(struct pivcard *c, struct pivcard_pin *pin, const uint8_t p[8])
{
	if (pin->tries == 0)
		return SW_BLOCKED;
	if (CRYPTO_memcmp(pin->value, p, 8) == 0) {
		if (pin->tries != pin->max) {
			pin->tries = pin->max;
			pivcard_save(c);
		}
		return SW_OK;
	}
	pin->tries--;
	pivcard_save(c);
	return pin->tries == 0 && (c->kind == NULL || !c->kind->blocks_late) ?
	    SW_BLOCKED : SW_TRIES | (uint16_t)pin->tries;
}

static void
pin_set(struct pivcard *c, struct pivcard_pin *pin, const uint8_t p[8])
{
	memcpy(pin->value, p, 8);
	pin->is_default = false;
	pin->tries = pin->max;
	pivcard_save(c);
}

uint16_t
pivcard_verify(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	uint16_t	 sw;

	(void)out;
	if (cmd->p2 != 0x80)
		return SW_NO_REFERENCE;
	if (cmd->p1 == 0xff && cmd->data.len == 0) {
		c->verified = c->verified_now = false;
		return SW_OK;
	}
	if (cmd->p1 != 0)
		return SW_P1P2;
	if (cmd->data.len == 0 && c->kind != NULL && c->kind->no_count)
		return SW_LENGTH;
	if (cmd->data.len == 0) {
		if (c->verified)
			return SW_OK;
		return c->pin.tries == 0 ? SW_BLOCKED :
		    SW_TRIES | (uint16_t)c->pin.tries;
	}
	if (cmd->data.len != 8 || !pin_is_formed(cmd->data.p))
		return SW_DATA;
	sw = pin_try(c, &c->pin, cmd->data.p);
	c->verified = c->verified_now = sw == SW_OK;
	return sw;
}

uint16_t
pivcard_change(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct pivcard_pin	*pin = cmd->p2 == 0x80 ? &c->pin : &c->puk;
	uint16_t		 sw;

	(void)out;
	if (cmd->p2 != 0x80 && cmd->p2 != 0x81)
		return SW_NO_REFERENCE;
	if (cmd->p1 != 0)
		return SW_P1P2;
	if (cmd->data.len != 16 ||
	    (cmd->p2 == 0x80 && !pin_is_formed(cmd->data.p + 8)))
		return SW_DATA;
	if ((sw = pin_try(c, pin, cmd->data.p)) == SW_OK &&
	    c->kind != NULL && c->kind->no_same &&
	    memcmp(cmd->data.p, cmd->data.p + 8, 8) == 0)
		return SW_CONDITION;
	if (sw == SW_OK)
		pin_set(c, pin, cmd->data.p + 8);
	if (cmd->p2 == 0x80)
		c->verified = c->verified_now = sw == SW_OK;
	return sw;
}

uint16_t
pivcard_unblock(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	uint16_t	 sw;

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != 0x80)
		return SW_P1P2;
	if (cmd->data.len != 16 || !pin_is_formed(cmd->data.p + 8))
		return SW_DATA;
	if ((sw = pin_try(c, &c->puk, cmd->data.p)) == SW_OK)
		pin_set(c, &c->pin, cmd->data.p + 8);
	return sw;
}
