/* SPDX-License-Identifier: Apache-2.0 */
/* Data objects: SP 800-73-4 part 1, 3 and appendix A. */
#include <openssl/crypto.h>
#include "piv_private.h"

static void
put_tag(struct buf *out, uint32_t tag)
{
	uint8_t	 t[3] = { tag >> 16 & 0xff, tag >> 8 & 0xff, tag & 0xff };

	tlv_put(out, 0x5c, tag > 0xff ? BYTES(t, sizeof(t)) : BYTES(t + 2, 1));
}

/* Discovery is its own container, in both directions. */
static uint32_t
container(uint32_t tag)
{
	return tag == PIV_DISCOVERY ? tag : 0x53;
}

/* The management key may be in it. */
static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		OPENSSL_cleanse(b->p, b->len);
	buf_clear(b);
}

/* Not there, unknown, not supported, wrong data field: of an object that is
 * asked for in the standard's way all mean the same. */
static bool
is_absent(uint16_t sw)
{
	return sw >> 8 == APDU_DATA >> 8;
}

int
piv_get(struct card *c, uint32_t tag, struct buf *out, struct error *e)
{
	struct buf	 ask = { 0 }, answer = { 0 };
	struct bytes	 v;
	uint16_t	 sw;
	int		 rc = -1;

	put_tag(&ask, tag);
	if (piv_send(c, PIV_GET, 0x3f, 0xff, BYTES(ask.p, ask.len), &answer,
	    &sw, e) == -1)
		goto out;
	if (is_absent(sw) || (sw == APDU_OK && answer.len == 0)) {
		rc = 0;
		goto out;
	}
	if (sw != APDU_OK) {
		apdu_error(e, sw, "read an object");
		goto out;
	}
	if (tlv_find(BYTES(answer.p, answer.len), container(tag),
	    &v) != 1) {
		error_set(e, ERROR_CARD, "object %06x is malformed",
		    (unsigned int)tag);
		goto out;
	}
	buf_clear(out);
	if (v.len > 0)
		buf_add(out, v.p, v.len);
	rc = v.len > 0;		/* empty is deleted */
 out:
	wipe(&answer);
	buf_clear(&ask);
	return rc;
}

int
piv_get_discovery(struct card *c, struct buf *out, struct error *e)
{
	int	 rc = piv_get(c, PIV_DISCOVERY, out, e);

	if (rc != -1 || c->io->lost)
		return rc;
	error_clear(e);
	return 0;
}

int
piv_put(struct card *c, uint32_t tag, struct bytes value, uint16_t *sw,
    struct error *e)
{
	struct buf	 data = { 0 };
	int		 rc;

	if (tag != PIV_DISCOVERY)
		put_tag(&data, tag);
	tlv_put(&data, container(tag), value);
	rc = piv_send(c, PIV_PUT, 0x3f, 0xff, BYTES(data.p, data.len), NULL,
	    sw, e);
	wipe(&data);
	return rc;
}

static int
compare(struct card *c, uint32_t tag, struct bytes value, const char *what,
    struct error *e)
{
	struct buf	 back = { 0 };
	int		 rc = piv_get(c, tag, &back, e);

	if (rc != -1 && (rc == 0 ||
	    !bytes_equal(BYTES(back.p, back.len), value)))
		rc = error_set(e, ERROR_CARD,
		    "%s: the card keeps something else than was written",
		    what);
	wipe(&back);
	return rc == -1 ? -1 : 0;
}

int
piv_store(struct card *c, uint32_t tag, struct bytes value, const char *what,
    struct error *e)
{
	uint16_t	 sw;

	if (piv_put(c, tag, value, &sw, e) == -1)
		return -1;
	if (sw != APDU_OK) {
		apdu_error(e, sw, "write");
		return error_wrap(e, "%s", what);
	}
	return compare(c, tag, value, what, e);
}

/* Appendix A, table 9.  The FASC-N is that of a card outside the federal
 * numbering: agency 9999. */
static void
make_chuid(struct buf *out, const struct card_name *name)
{
	static const uint8_t	 fascn[25] = { 0xd4, 0xe7, 0x39, 0xda, 0x73,
		0x9c, 0xed, 0x39, 0xce, 0x73, 0x9d, 0x83, 0x68, 0x58, 0x21,
		0x08, 0x42, 0x10, 0x84, 0x21, 0xc8, 0x42, 0x10, 0xc3, 0xeb };

	tlv_put(out, 0x30, BYTES(fascn, sizeof(fascn)));
	tlv_put(out, 0x34, BYTES(name->guid, sizeof(name->guid)));
	tlv_put(out, 0x35, BYTES(name->expires, 8));
	tlv_put(out, 0x3e, BYTES(NULL, 0));
	tlv_put(out, 0xfe, BYTES(NULL, 0));
}

/* Appendix A, table 8. */
static void
make_ccc(struct buf *out, const struct card_name *name)
{
	static const uint8_t	 head[] = { 0xa0, 0, 0, 1, 0x16, 0xff, 2 };
	static const uint8_t	 empty[] = { 0xf6, 0xf7, 0xfa, 0xfb, 0xfc,
		0xfd, 0xfe };
	uint8_t			 id[21];

	memcpy(id, head, sizeof(head));
	memcpy(id + sizeof(head), name->unique, sizeof(name->unique));
	tlv_put(out, 0xf0, BYTES(id, sizeof(id)));
	tlv_put_byte(out, 0xf1, 0x21);
	tlv_put_byte(out, 0xf2, 0x21);
	tlv_put(out, 0xf3, BYTES(NULL, 0));
	tlv_put_byte(out, 0xf4, 0x00);
	tlv_put_byte(out, 0xf5, 0x10);
	for (size_t i = 0; i < sizeof(empty); i++)
		tlv_put(out, empty[i], BYTES(NULL, 0));
}

/* Only the PIN of this application: SP 800-73-4 part 1, 3.3.2.  Cards that
 * make up the object themselves take none. */
static int
set_discovery(struct card *c, struct error *e)
{
	static const uint8_t	 says[] = { 0x4f, 11, 0xa0, 0, 0, 3, 8, 0, 0,
		0x10, 0, 1, 0, 0x5f, 0x2f, 2, 0x40, 0 };
	struct buf		 now = { 0 };
	uint16_t		 sw;
	int			 rc = piv_get_discovery(c, &now, e);

	buf_clear(&now);
	return rc != 0 ? rc : piv_put(c, PIV_DISCOVERY, BYTES(says,
	    sizeof(says)), &sw, e);
}

/* There are cards that come with one and let nobody change it. */
static int
set_capabilities(struct card *c, struct bytes ccc, struct error *e)
{
	struct error	 none = ERROR_INIT;

	if (piv_store(c, PIV_CCC, ccc, "CCC", e) == 0)
		return 0;
	if (c->io->lost || piv_has_capabilities(c, &none) != 1)
		return -1;
	error_clear(e);
	return 0;
}

/* The CHUID comes last: it tells that the others are there. */
int
piv_set_name(struct card *c, const struct card_name *name, struct error *e)
{
	struct buf	 chuid = { 0 }, ccc = { 0 };
	int		 rc = -1;

	if (strlen(name->expires) != 8)
		return error_set(e, ERROR_BUG, "card expiry is not YYYYMMDD");
	make_chuid(&chuid, name);
	make_ccc(&ccc, name);
	if (set_capabilities(c, BYTES(ccc.p, ccc.len), e) == -1 ||
	    set_discovery(c, e) == -1 || piv_store(c, PIV_CHUID,
	    BYTES(chuid.p, chuid.len), "CHUID", e) == -1)
		goto out;
	c->info.has_guid = true;
	memcpy(c->info.guid, name->guid, sizeof(c->info.guid));
	rc = 0;
 out:
	buf_clear(&ccc);
	buf_clear(&chuid);
	return rc;
}

int
piv_has_capabilities(struct card *c, struct error *e)
{
	struct buf	 ccc = { 0 };
	int		 rc = piv_get(c, PIV_CCC, &ccc, e);

	buf_clear(&ccc);
	return rc;
}

int
piv_set_history(struct card *c, unsigned int n, struct error *e)
{
	struct buf	 out = { 0 };
	int		 rc;

	if (n > CARD_SLOT__MAX - CARD_RETIRED)
		return error_set(e, ERROR_BUG, "%u retired keys", n);
	tlv_put_byte(&out, 0xc1, n & 0xff);
	tlv_put_byte(&out, 0xc2, 0);
	tlv_put(&out, 0xf3, BYTES(NULL, 0));
	tlv_put(&out, 0xfe, BYTES(NULL, 0));
	rc = piv_store(c, PIV_HISTORY, BYTES(out.p, out.len), "key history",
	    e);
	buf_clear(&out);
	return rc;
}
