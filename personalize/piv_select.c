/* SPDX-License-Identifier: Apache-2.0 */
/* Finding out what kind of PIV card this is, and which. */
#include "piv_private.h"
#include "scp03.h"

#define CPLC_SIZE	42

int
piv_metadata(struct card *c, uint8_t reference, struct buf *out,
    struct error *e)
{
	uint16_t	 sw;

	if (!c->info.extended)
		return 0;
	if (piv_send(c, PIV_METADATA, 0, reference, BYTES(NULL, 0), out, &sw,
	    e) == -1)
		return -1;
	return sw == APDU_OK ? 1 : 0;
}

/* Is it the factory's?  1, 0, or -1: the card does not tell. */
static int
piv_is_default(struct card *c, uint8_t reference, int *is, uint8_t *alg,
    struct error *e)
{
	struct buf	 out = { 0 };
	struct bytes	 v;
	int		 rc;

	*is = -1;
	if ((rc = piv_metadata(c, reference, &out, e)) == 1) {
		if (tlv_find(BYTES(out.p, out.len), 0x05, &v) == 1 &&
		    v.len == 1)
			*is = v.p[0] != 0;
		if (tlv_find(BYTES(out.p, out.len), 0x01, &v) == 1 &&
		    v.len == 1)
			*alg = v.p[0];
	}
	buf_clear(&out);
	return rc == -1 ? -1 : 0;
}

/* A number that was never written is the same on every card. */
static bool
says_nothing(const uint8_t *p, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (p[i] != p[0])
			return false;
	return p[0] == 0 || p[0] == 0xff;
}

/* Strict cards answer 6D00 to all of these. */
static int
learn_vendor(struct card *c, struct error *e)
{
	struct buf	 out = { 0 };
	uint8_t		 none, alg = 0;
	uint16_t	 sw;
	int		 rc = -1;

	if (piv_send(c, PIV_VERSION, 0, 0, BYTES(NULL, 0), &out, &sw,
	    e) == -1)
		goto out;
	c->info.extended = sw == APDU_OK && out.len == 3;
	if (!c->info.extended) {
		rc = 0;
		goto out;
	}
	memcpy(c->info.version, out.p, 3);
	if (piv_send(c, PIV_SERIAL, 0, 0, BYTES(NULL, 0), &out, &sw, e) == -1)
		goto out;
	if (sw == APDU_OK && out.len == 4 && !says_nothing(out.p, 4)) {
		c->info.has_serial = true;
		c->info.serial = (uint32_t)out.p[0] << 24 |
		    (uint32_t)out.p[1] << 16 | (uint32_t)out.p[2] << 8 |
		    out.p[3];
		snprintf(c->info.identity, sizeof(c->info.identity),
		    "piv-serial:%lu", (unsigned long)c->info.serial);
	}
	rc = piv_is_default(c, 0x80, &c->info.default_pin, &none, e) == -1 ||
	    piv_is_default(c, 0x81, &c->info.default_puk, &none, e) == -1 ||
	    piv_is_default(c, PIV_MANAGEMENT, &c->info.default_management,
	    &alg, e) == -1 ? -1 : 0;
	if (card_management_size(alg) != 0)
		c->management_alg = alg;
 out:
	buf_clear(&out);
	return rc;
}

/* GlobalPlatform, H.6: what the chip's maker wrote, the same for life. */
static void
set_cplc(struct card_info *info, struct bytes v)
{
	/* Fabricator and type, date of fabrication, serial and batch. */
	static const struct { uint8_t at, n; } part[] = { { 0, 4 },
		{ 10, 2 }, { 12, 4 }, { 16, 2 } };
	size_t			 len;

	if (v.len < 18 || says_nothing(v.p + 12, 4))
		return;
	len = (size_t)snprintf(info->identity, sizeof(info->identity),
	    "cplc:");
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		for (uint8_t k = 0; k < part[i].n; k++)
			len += (size_t)snprintf(info->identity + len,
			    sizeof(info->identity) - len, "%02x",
			    v.p[part[i].at + k]);
}

/* Some cards say 6F00 to the first command after the power came on. */
static int
select_aid(struct card *c, struct bytes aid, uint16_t *sw, struct error *e)
{
	struct buf	 out = { 0 };
	int		 rc = piv_send(c, PIV_SELECT, 4, 0, aid, &out, sw, e);

	if (rc == 0 && *sw == APDU_FAILED)
		rc = piv_send(c, PIV_SELECT, 4, 0, aid, &out, sw, e);
	/* What the template says differs from what cards do: not read. */
	buf_clear(&out);
	return rc;
}

/* It knows no application of that name, or no applications at all. */
static bool
is_another_family(uint16_t sw)
{
	return sw >> 8 == APDU_DATA >> 8 || sw == APDU_NO_SELECT ||
	    sw == APDU_NO_INS || sw == APDU_NO_CLA;
}

static int
select_piv(struct card *c, struct error *e)
{
	static const uint8_t	 aid[] = { 0xa0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1,
		0 };
	/* Whole, without the version, and the maker's part alone. */
	static const size_t	 len[] = { sizeof(aid), 9, 5 };
	uint16_t		 sw = 0, first = 0;

	for (size_t i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		if (select_aid(c, BYTES(aid, len[i]), &sw, e) == -1)
			return -1;
		if (sw == APDU_OK)
			return 0;
		first = i == 0 ? sw : first;
		if (!is_another_family(sw))
			break;
	}
	if (!is_another_family(first))
		return apdu_error(e, first, "select PIV");
	return error_set(e, ERROR_NOTFOUND, "not a PIV card (it says %04X)",
	    first);
}

/* Who has no serial number command is asked below the application. */
static int
learn_cplc(struct card *c, struct error *e)
{
	static const uint8_t	 isd[] = { 0xa0, 0, 0, 1, 0x51, 0, 0, 0 };
	static const struct apdu get = { PIV_CPLC, 0x9f, 0x7f, { NULL, 0 },
		true, 0x80 };
	struct buf		 out = { 0 };
	struct bytes		 v;
	uint16_t		 sw;
	int			 rc;

	if (select_aid(c, BYTES(isd, sizeof(isd)), &sw, e) == -1)
		return -1;
	rc = sw != APDU_OK ? 0 : apdu_exchange(c->io, &get, &out, &sw, e);
	/* Old ones do not say its name. */
	if (rc == 0 && sw == APDU_OK) {
		if (tlv_find(BYTES(out.p, out.len), 0x9f7f, &v) != 1)
			v = BYTES(out.p, out.len == CPLC_SIZE ? out.len : 0);
		set_cplc(&c->info, v);
	}
	buf_clear(&out);
	return rc == -1 ? -1 : select_piv(c, e);
}

/* SP 800-73-4 part 1, 3.3.2. */
static int
learn_discovery(struct card *c, struct error *e)
{
	struct buf	 out = { 0 };
	struct bytes	 v, policy;
	int		 rc = piv_get_discovery(c, &out, e);

	c->info.has_discovery = rc == 1;
	v = BYTES(out.p, out.len);
	if (rc == 1 && tlv_find(v, 0x5f2f, &policy) == 1 && policy.len == 2)
		c->info.prefers_global_pin = (policy.p[0] & 0x20) != 0 &&
		    policy.p[1] == 0x20;
	buf_clear(&out);
	return rc == -1 ? -1 : 0;
}

static int
learn_guid(struct card *c, struct error *e)
{
	struct buf	 chuid = { 0 };
	struct bytes	 v;
	int		 rc;

	if ((rc = piv_get(c, PIV_CHUID, &chuid, e)) == 1 &&
	    tlv_find(BYTES(chuid.p, chuid.len), 0x34, &v) == 1 &&
	    v.len == sizeof(c->info.guid)) {
		c->info.has_guid = true;
		memcpy(c->info.guid, v.p, v.len);
	}
	buf_clear(&chuid);
	return rc == -1 ? -1 : 0;
}

int
piv_select(struct card *c, struct error *e)
{
	c->info = (struct card_info){ .default_pin = -1, .default_puk = -1,
	    .default_management = -1 };
	c->management_alg = 0;
	scp03_close(c->io);
	if (select_piv(c, e) == -1 || learn_vendor(c, e) == -1 ||
	    (!c->info.has_serial && learn_cplc(c, e) == -1) ||
	    learn_discovery(c, e) == -1)
		return -1;
	return learn_guid(c, e);
}
