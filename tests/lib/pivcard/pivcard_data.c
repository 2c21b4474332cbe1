/* SPDX-License-Identifier: Apache-2.0 */
/* SELECT, GET DATA, PUT DATA: SP 800-73-4 part 2, 3.1 and 3.3; part 1, 4. */
#include "pivcard.h"

#define TAG_DISCOVERY	0x7e
#define TAG_ATTESTER	0x5fff01

static const uint8_t	 aid[] = { 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00,
			    0x10, 0x00, 0x01, 0x00 };

static const uint8_t	 domain[] = { 0xa0, 0x00, 0x00, 0x01, 0x51, 0x00,
			    0x00, 0x00 };

static bool
names(const struct pivcard_command *cmd, const uint8_t *id, size_t n)
{
	return cmd->data.len >= 5 && cmd->data.len <= n &&
	    memcmp(cmd->data.p, id, cmd->data.len) == 0;
}

/* Card production life cycle: GlobalPlatform 2.3, table H-7. */
uint16_t
pivcard_cplc(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	uint8_t	 v[42] = { 0x47, 0x90, 0xd3, 0x21, 0x47, 0x00, 0x00, 0x00,
		    0x00, 0x00, 0x63, 0x51 };

	if (cmd->p1 != 0x9f || cmd->p2 != 0x7f)
		return SW_NO_REFERENCE;
	for (int i = 0; i < 4; i++)
		v[12 + i] = c->serial >> (24 - 8 * i) & 0xff;
	v[16] = 0x10;
	ber_put(out, 0x9f7f, v, sizeof(v));
	return SW_OK;
}

uint16_t
pivcard_select(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	static const uint8_t	 template[] = { 0x61, 0x11, 0x4f, 0x06, 0x00,
		0x00, 0x10, 0x00, 0x01, 0x00, 0x79, 0x07, 0x4f, 0x05, 0xa0,
		0x00, 0x00, 0x03, 0x08 };

	if (cmd->p1 != 4 || (cmd->p2 & 0xfc) != 0)
		return SW_P1P2;
	if (names(cmd, domain, sizeof(domain)) && !c->extended &&
	    c->serial != 0) {
		pivcard_power(c);
		c->in_domain = c->is_warm = true;
		return SW_OK;
	}
	if (c->kind != NULL && c->kind->cold && !c->is_warm) {
		c->is_warm = true;
		return SW_OTHER;
	}
	if (!names(cmd, aid, c->kind != NULL && c->kind->short_name ? 9 :
	    sizeof(aid)))
		return SW_NO_OBJECT;
	c->verified = c->verified_now = c->managed = c->in_domain = false;
	c->channel = (struct pivcard_channel){ .mac_len = 0 };
	c->selected = true;
	if (c->kind != NULL && c->kind->no_template)
		ber_put(out, 0x61, NULL, 0);
	else
		buf_add(out, template, sizeof(template));
	return SW_OK;
}

struct pivcard_object *
pivcard_object_find(struct pivcard *c, uint32_t tag)
{
	for (size_t i = 0; i < c->nobjects; i++)
		if (c->objects[i].tag == tag)
			return &c->objects[i];
	return NULL;
}

int
pivcard_object_set(struct pivcard *c, uint32_t tag, struct bytes value)
{
	struct pivcard_object	*o = pivcard_object_find(c, tag);

	if (o == NULL) {
		if (c->nobjects == PIVCARD_OBJECTS)
			return -1;
		o = &c->objects[c->nobjects++];
		*o = (struct pivcard_object){ .tag = tag };
	}
	buf_clear(&o->value);
	if (value.len > 0)
		buf_add(&o->value, value.p, value.len);
	c->written = tag;
	return 0;
}

/* The containers of part 1, table 3; PUT DATA knows no others. */
static bool
tag_is_known(const struct pivcard *c, uint32_t tag)
{
	if (c->extended && (tag & 0xffff00) == 0x5fff00)
		return true;
	return (tag >= 0x5fc101 && tag <= 0x5fc123) || tag == 0x7f61;
}

/* Fingerprints, face, printed information, iris: part 1, table 3. */
static bool
tag_needs_pin(uint32_t tag)
{
	return tag == 0x5fc103 || tag == 0x5fc108 || tag == 0x5fc109 ||
	    tag == 0x5fc121;
}

static int
read_tag(struct bytes *in, uint32_t *tag)
{
	struct bytes	 v;

	if (ber_next(in, tag, &v) != 1 || *tag != 0x5c || v.len < 1 ||
	    v.len > 3)
		return -1;
	for (*tag = 0; v.len > 0; v.len--)
		*tag = *tag << 8 | *v.p++;
	return 0;
}

uint16_t
pivcard_get_data(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	uint8_t			 discovery[] = { 0x4f, 0x0b, 0xa0, 0x00, 0x00,
		0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x5f, 0x2f,
		0x02, 0x40, 0x00 };
	struct pivcard_object	*o;
	struct bytes		 in = cmd->data;
	uint32_t		 tag;

	if (cmd->p1 != 0x3f || cmd->p2 != 0xff)
		return SW_P1P2;
	if (read_tag(&in, &tag) == -1 || in.len != 0)
		return SW_DATA;
	if (tag == TAG_DISCOVERY && c->kind != NULL && c->kind->short_name)
		return SW_FUNCTION;
	if (c->kind != NULL && c->kind->global_pin) {
		discovery[sizeof(discovery) - 2] = 0x60;
		discovery[sizeof(discovery) - 1] = 0x20;
	}
	if (tag == TAG_DISCOVERY) {
		ber_put(out, tag, discovery, sizeof(discovery));
		return SW_OK;
	}
	if ((o = pivcard_object_find(c, tag)) == NULL)
		return c->kind != NULL ? c->kind->absent : SW_NO_OBJECT;
	if (tag_needs_pin(tag) && !c->verified && c->lie != LIE_OPEN)
		return SW_SECURITY;
	ber_put(out, 0x53, o->value.p, o->value.len);
	return SW_OK;
}

uint16_t
pivcard_put_data(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct bytes	 in = cmd->data, value;
	uint8_t		 other[4] = { 0x70, 0x02, 0xde, 0xad };
	uint32_t	 tag, outer;

	(void)out;
	if (cmd->p1 != 0x3f || cmd->p2 != 0xff)
		return SW_P1P2;
	if (!c->managed && !c->channel.is_open)
		return SW_SECURITY;
	if (read_tag(&in, &tag) == -1 || ber_next(&in, &outer, &value) != 1 ||
	    outer != 0x53 || in.len != 0)
		return SW_DATA;
	if (!tag_is_known(c, tag))
		return SW_FUNCTION;
	if (!pivcard_is_defined(c, tag))
		return SW_NO_OBJECT;
	if (value.len > c->object_max)
		return c->kind != NULL ? c->kind->too_big : SW_NO_SPACE;
	if (c->lie == LIE_STORED && value.len > sizeof(other))
		value = BYTES(other, sizeof(other));
	if (pivcard_object_set(c, tag, value) == -1)
		return SW_NO_SPACE;
	pivcard_save(c);
	return SW_OK;
}

/* A card that writes as it receives: what has come replaces the front of what
 * was there, and a power cut leaves it so. */
void
pivcard_put_part(struct pivcard *c)
{
	struct bytes	 in = BYTES(c->chain.p, c->chain.len);
	uint32_t	 tag;
	size_t		 head;

	if ((!c->managed && !c->channel.is_open) ||
	    read_tag(&in, &tag) == -1 || !pivcard_is_defined(c, tag) ||
	    !tag_is_known(c, tag) || in.len < 4 || in.p[0] != 0x53)
		return;
	head = in.p[1] < 0x80 ? 2 : 2 + (in.p[1] & 0x7f);
	if (in.len < head || in.len - head > c->object_max)
		return;
	if (pivcard_object_set(c, tag,
	    BYTES(in.p + head, in.len - head)) == 0)
		pivcard_save(c);
}
