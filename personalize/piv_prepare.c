/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cards that come with nothing on them.  The objects and keys that they are to
 * have are named, and the first secrets set, inside GlobalPlatform's channel.
 * Strict cards have no standard for this; these are the commands of the open
 * one among them.
 */
#include "piv_private.h"
#include "scp03.h"

#define ADMIN		0x00		/* P2 of PUT DATA */
#define OBJECT		0x64
#define KEY		0x66
#define EXISTS		0x6a89

enum { NEVER = 0x00, PIN = 0x01, PIN_ALWAYS = 0x02, ALWAYS = 0x7f };
enum { ROLE_AUTHENTICATE = 0x01, ROLE_AGREE = 0x02, ROLE_SIGN = 0x04 };
enum { MUTUAL = 0x0c, IMPORTABLE = 0x10 };

int
piv_secure(struct card *c, const struct scp03_keys *keys, struct error *e)
{
	return scp03_open(c->io, keys, e);
}

static int
need_channel(struct card *c, const char *what, struct error *e)
{
	return c->io->channel != NULL ? 0 : error_set(e, ERROR_BUG,
	    "%s: no secure channel is open", what);
}

static void
put_name(struct buf *out, uint32_t name)
{
	uint8_t	 b[3] = { name >> 16 & 0xff, name >> 8 & 0xff, name & 0xff };

	tlv_put(out, 0x8b, name > 0xff ? BYTES(b, 3) : BYTES(b + 2, 1));
}

/* What is there already stays; whether it serves shows when it is used. */
static int
define(struct card *c, uint32_t kind, const struct buf *inside,
    uint32_t name, struct error *e)
{
	struct buf	 data = { 0 };
	uint16_t	 sw;
	int		 rc;

	tlv_put(&data, kind, BYTES(inside->p, inside->len));
	rc = piv_send(c, PIV_PUT, 0x3f, ADMIN, BYTES(data.p, data.len), NULL,
	    &sw, e);
	buf_clear(&data);
	if (rc == -1)
		return -1;
	if (sw == APDU_OK || sw == EXISTS || sw == APDU_CONDITION)
		return 0;
	apdu_error(e, sw, "name it");
	if (name == PIV_MANAGEMENT && piv_is_not_offered(sw))
		e->code = ERROR_CONFIG;
	return error_wrap(e, "%s %02x", kind == KEY ? "key" : "object",
	    (unsigned int)name);
}

static int
define_object(struct card *c, uint32_t tag, struct error *e)
{
	struct buf	 in = { 0 };
	int		 rc;

	put_name(&in, tag);
	tlv_put_byte(&in, 0x8c, ALWAYS);
	tlv_put_byte(&in, 0x8d, NEVER);
	rc = define(c, OBJECT, &in, tag, e);
	buf_clear(&in);
	return rc;
}

static int
define_key(struct card *c, uint8_t reference, uint8_t mode, uint8_t alg,
    uint8_t role, uint8_t attributes, struct error *e)
{
	struct buf	 in = { 0 };
	int		 rc;

	put_name(&in, reference);
	tlv_put_byte(&in, 0x8c, mode);
	tlv_put_byte(&in, 0x8d, NEVER);
	tlv_put_byte(&in, 0x8e, alg);
	tlv_put_byte(&in, 0x8f, role);
	tlv_put_byte(&in, 0x90, attributes);
	rc = define(c, KEY, &in, reference, e);
	buf_clear(&in);
	return rc;
}

/* SP 800-73-4 part 1, table 4b: what each key is for, and when. */
static int
define_slot(struct card *c, enum card_slot slot, enum card_alg alg,
    struct error *e)
{
	bool	 agrees = slot == CARD_KEY_MANAGEMENT || slot >= CARD_RETIRED;
	uint8_t	 mode = slot == CARD_ITSELF ? ALWAYS :
		    slot == CARD_SIGNATURE ? PIN_ALWAYS : PIN;
	uint8_t	 role = slot == CARD_SIGNATURE ? ROLE_SIGN :
		    agrees ? ROLE_AGREE : ROLE_AUTHENTICATE;

	/* The proof of possession is a signature, whatever comes later. */
	if (!agrees || alg < CARD_P256)
		role |= ROLE_SIGN;
	if (define_object(c, piv_cert_tag(slot), e) == -1)
		return -1;
	return define_key(c, piv_slot(slot), mode, piv_alg(alg), role, 0, e);
}

int
piv_prepare(struct card *c, const struct card_layout *l, struct error *e)
{
	static const uint32_t	 always[] = { PIV_CHUID, PIV_CCC, PIV_HISTORY };

	if (need_channel(c, "prepare the card", e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (define_object(c, always[i], e) == -1)
			return -1;
	if (!c->info.has_discovery &&
	    define_object(c, PIV_DISCOVERY, e) == -1)
		return -1;
	for (enum card_slot s = 0; s < CARD_SLOT__MAX; s++)
		if (l->has[s] && define_slot(c, s, l->alg[s], e) == -1)
			return -1;
	return define_key(c, PIV_MANAGEMENT, ALWAYS, l->management,
	    ROLE_AUTHENTICATE, MUTUAL | IMPORTABLE, e);
}

static int
set_one(struct card *c, enum card_pin which, const struct secret *pin,
    struct error *e)
{
	struct secret	 data = { NULL, 0 };
	uint16_t	 sw;
	int		 rc;

	if (piv_pin_padded(&data, which, pin, e) == -1)
		return -1;
	rc = piv_send(c, PIV_CHANGE, 0xff, which == CARD_PIN ? 0x80 : 0x81,
	    BYTES(data.p, data.len), NULL, &sw, e);
	secret_free(&data);
	if (rc == 0 && sw != APDU_OK)
		rc = apdu_error(e, sw, which == CARD_PIN ? "set the PIN" :
		    "set the PUK");
	return rc;
}

int
piv_set_pins(struct card *c, const struct secret *pin,
    const struct secret *puk, struct error *e)
{
	if (need_channel(c, "set PIN and PUK", e) == -1)
		return -1;
	return set_one(c, CARD_PIN, pin, e) == -1 ||
	    set_one(c, CARD_PUK, puk, e) == -1 ? -1 : 0;
}

/* The status word decides, as for piv_put(). */
int
piv_set_reference(struct card *c, uint8_t alg, const struct secret *key,
    uint16_t *sw, struct error *e)
{
	struct secret	 data = { NULL, 0 };
	int		 rc;

	if (secret_new(&data, 4 + key->len, e) == -1)
		return -1;
	data.p[0] = 0x30;
	data.p[1] = (key->len + 2) & 0xff;
	data.p[2] = 0x80;
	data.p[3] = key->len & 0xff;
	memcpy(data.p + 4, key->p, key->len);
	rc = piv_send(c, PIV_CHANGE, alg, PIV_MANAGEMENT,
	    BYTES(data.p, data.len), NULL, sw, e);
	secret_free(&data);
	return rc;
}
