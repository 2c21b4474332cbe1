/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "desk/card_order.h"

/* Would an order of this kind change this certificate? */
static bool
is_changed(const struct db_card_key *k, enum order_kind kind)
{
	if (k->der.p == NULL || k->cert_status == NULL)
		return false;
	if (kind == ORDER_RELEASE)
		return strcmp(k->cert_status, "held") == 0;
	if (kind == ORDER_HOLD)
		return strcmp(k->cert_status, "good") == 0;
	return strcmp(k->cert_status, "revoked") != 0;
}

static void
add_target(struct order *o, const struct db_card_key *k)
{
	struct order_target	*t = &o->target[o->ntargets++];

	t->ca = mem_strdup(k->ca);
	t->serial_len = k->serial.len;
	memcpy(t->serial, k->serial.p, t->serial_len);
}

int
card_order_draw_up(struct desk *dk, struct draft *d, enum order_kind kind,
    const struct db_card *card, int reason, const char *words,
    struct error *e)
{
	struct db_card_keys	 keys;
	struct order		*o;
	size_t			 i;

	if (desk_need(dk, DESK_DB, e) == -1 || db_card_keys(dk->db,
	    card->hold.id, &keys, dk->arena, e) == -1 ||
	    draft_new(dk, d, kind, NULL, e) == -1)
		return -1;
	o = d->order;
	o->target = mem_array(keys.n + 1, sizeof(*o->target));
	for (i = 0; i < keys.n; i++)
		if (is_changed(&keys.v[i], kind))
			add_target(o, &keys.v[i]);
	o->selector = mem_printf("card:%s", card->number);
	if (kind == ORDER_REVOKE)
		o->reason = reason;
	o->comment = mem_strdup(words);
	return 0;
}
