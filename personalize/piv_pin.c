/* SPDX-License-Identifier: Apache-2.0 */
/* PIN and PUK: SP 800-73-4 part 2, 3.2.1 to 3.2.3. */
#include "piv_private.h"

#define PIN_SIZE	8

static uint8_t
pin_reference(enum card_pin which)
{
	return which == CARD_PIN ? 0x80 : 0x81;
}

static const char *
pin_name(enum card_pin which)
{
	return which == CARD_PIN ? "PIN" : "PUK";
}

/* Cards do not all look at the length: we do. */
static int
pin_add(struct secret *out, size_t at, enum card_pin which,
    const struct secret *pin, struct error *e)
{
	size_t	 least = which == CARD_PIN ? 6 : PIN_SIZE;

	if (pin->len < least || pin->len > PIN_SIZE)
		return error_set(e, ERROR_INPUT, "a %s has %s characters",
		    pin_name(which), which == CARD_PIN ? "6 to 8" : "8");
	memset(out->p + at, 0xff, PIN_SIZE);
	memcpy(out->p + at, pin->p, pin->len);
	return 0;
}

int
piv_pin_padded(struct secret *out, enum card_pin which,
    const struct secret *pin, struct error *e)
{
	if (secret_new(out, PIN_SIZE, e) == -1)
		return -1;
	if (pin_add(out, 0, which, pin, e) == 0)
		return 0;
	secret_free(out);
	return -1;
}

static int
tries_by_metadata(struct card *c, enum card_pin which, int *left,
    struct error *e)
{
	struct buf	 out = { 0 };
	struct bytes	 v;
	int		 rc;

	rc = piv_metadata(c, pin_reference(which), &out, e);
	if (rc == 1 && tlv_find(BYTES(out.p, out.len), 0x06, &v) == 1 &&
	    v.len == 2)
		*left = v.p[1];
	buf_clear(&out);
	return rc == -1 ? -1 : 0;
}

/* VERIFY without a PIN came later than VERIFY: who does not know it does not
 * tell. */
static bool
does_not_tell(uint16_t sw)
{
	return sw == APDU_WRONG || sw == APDU_LENGTH || sw == APDU_DATA ||
	    sw == APDU_PARAMETERS;
}

/* By VERIFY without a PIN; *left stays when it has been verified, and where the
 * card does not tell. */
static int
tries_by_verify(struct card *c, int *left, bool *verified, struct error *e)
{
	uint16_t	 sw;

	if (piv_send(c, PIV_VERIFY, 0, 0x80, BYTES(NULL, 0), NULL, &sw,
	    e) == -1)
		return -1;
	if (sw == APDU_OK)
		*verified = true;
	else if (sw == APDU_BLOCKED || sw == APDU_UNUSABLE)
		*left = 0;
	else if ((sw & 0xfff0) == 0x63c0)
		*left = sw & 0xf;
	else if (!does_not_tell(sw))
		return apdu_error(e, sw, "ask for the tries of the PIN");
	return 0;
}

int
piv_tries(struct card *c, enum card_pin which, int *left, bool *verified,
    struct error *e)
{
	*left = -1;
	*verified = false;
	if (tries_by_metadata(c, which, left, e) == -1)
		return -1;
	return which == CARD_PUK ? 0 : tries_by_verify(c, left, verified, e);
}

/* May one be spent?  (Of a PIN that was verified all are left.) */
static int
spend(struct card *c, enum card_pin which, int keep, struct error *e)
{
	bool	 verified;
	int	 left = -1;

	if ((which == CARD_PIN ? tries_by_verify(c, &left, &verified, e) :
	    tries_by_metadata(c, which, &left, e)) == -1)
		return -1;
	if (left == 0) {
		error_set(e, ERROR_DENIED, "the %s is blocked",
		    pin_name(which));
		return error_hint(e, which == CARD_PIN ?
		    "unblock it with the PUK" :
		    "the card can only be reset or spoiled");
	}
	if (left != -1 && left <= keep)
		return error_set(e, ERROR_DENIED, "only %d tries of the %s "
		    "are left, and none of them is ours", left,
		    pin_name(which));
	return 0;
}

int
piv_verify(struct card *c, const struct secret *pin, int keep,
    struct error *e)
{
	struct secret	 data = { NULL, 0 };
	uint16_t	 sw;
	int		 rc = -1;

	if (piv_pin_padded(&data, CARD_PIN, pin, e) == -1 ||
	    spend(c, CARD_PIN, keep, e) == -1 ||
	    piv_send(c, PIV_VERIFY, 0, 0x80, BYTES(data.p, data.len), NULL,
	    &sw, e) == -1)
		goto out;
	rc = sw == APDU_OK ? 0 : apdu_error(e, sw, "PIN");
 out:
	secret_free(&data);
	return rc;
}

/* Two of them in one command. */
static int
send_two(struct card *c, uint8_t ins, uint8_t reference,
    enum card_pin first, const struct secret *a, enum card_pin second,
    const struct secret *b, struct error *e)
{
	bool		 is_same = ins == PIV_CHANGE &&
			    secret_compare(a, b) == 0;
	struct secret	 data = { NULL, 0 };
	uint16_t	 sw;
	int		 rc = -1;

	if (secret_new(&data, (size_t)2 * PIN_SIZE, e) == -1 ||
	    pin_add(&data, 0, first, a, e) == -1 ||
	    pin_add(&data, PIN_SIZE, second, b, e) == -1 ||
	    piv_send(c, ins, 0, reference, BYTES(data.p, data.len), NULL, &sw,
	    e) == -1)
		goto out;
	/* What was right, and may not be set again as it is. */
	rc = sw == APDU_OK || (is_same && (sw == APDU_CONDITION ||
	    sw == APDU_DATA)) ? 0 : apdu_error(e, sw, pin_name(first));
 out:
	secret_free(&data);
	return rc;
}

/* The new one is tried at once: a PIN by VERIFY, a PUK, for which there is no
 * such command, by changing it to itself. */
int
piv_change(struct card *c, enum card_pin which, const struct secret *old,
    const struct secret *new, int keep, struct error *e)
{
	uint8_t	 reference = pin_reference(which);

	if (spend(c, which, keep, e) == -1 ||
	    send_two(c, PIV_CHANGE, reference, which, old, which, new,
	    e) == -1)
		return -1;
	if (which == CARD_PIN)
		return piv_verify(c, new, 1, e);
	if (secret_compare(old, new) == 0)
		return 0;
	return send_two(c, PIV_CHANGE, reference, which, new, which, new, e);
}

int
piv_unblock(struct card *c, const struct secret *puk,
    const struct secret *new_pin, struct error *e)
{
	if (spend(c, CARD_PUK, 1, e) == -1 ||
	    send_two(c, PIV_UNBLOCK, 0x80, CARD_PUK, puk, CARD_PIN, new_pin,
	    e) == -1)
		return -1;
	return piv_verify(c, new_pin, 1, e);
}
