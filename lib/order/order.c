/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "order/order.h"

static const char *const kind_names[ORDER__MAX] = {
	[ORDER_ISSUE] = "issue",
	[ORDER_BATCH] = "batch",
	[ORDER_ITEM] = "item",
	[ORDER_REVOKE] = "revoke",
	[ORDER_HOLD] = "hold",
	[ORDER_RELEASE] = "release",
	[ORDER_ADOPT] = "adopt",
	[ORDER_REJECT] = "reject",
	[ORDER_BIND] = "bind",
	[ORDER_UNBIND] = "unbind",
	[ORDER_PERMIT] = "permit",
};

const char *
order_kind_name(enum order_kind kind)
{
	if ((unsigned int)kind >= ORDER__MAX)
		return "unknown";
	return kind_names[kind];
}

enum order_kind
order_kind_of(const char *name)
{
	unsigned int	 kind;

	for (kind = 0; kind < ORDER__MAX; kind++)
		if (strcmp(kind_names[kind], name) == 0)
			break;
	return (enum order_kind)kind;
}

int
order_new(struct order **out, enum order_kind kind, int64_t lifetime,
    const struct clock *clock, const struct rng *rng, struct error *e)
{
	struct order	*o;

	*out = NULL;
	if ((unsigned int)kind >= ORDER__MAX)
		return error_set(e, ERROR_BUG, "no such kind of order");
	if (lifetime <= 0)
		return error_set(e, ERROR_INPUT,
		    "the lifetime of an order must be positive");
	o = mem_alloc(sizeof(*o));
	o->kind = kind;
	o->created = clock_now(clock);
	o->expires = o->created + lifetime;
	if (rng_fill(rng, o->id, sizeof(o->id), e) == -1) {
		order_free(&o);
		return -1;
	}
	*out = o;
	return 0;
}

void
order_names_add(struct order_names *names, const char *name)
{
	names->v = mem_resize(names->v, names->n + 1, sizeof(*names->v));
	names->v[names->n++] = mem_strdup(name);
}

static void
names_clear(struct order_names *names)
{
	while (names->n > 0)
		mem_free(&names->v[--names->n]);
	mem_free(&names->v);
}

static void
bind_clear(struct order_bind *b)
{
	mem_free(&b->person);
	buf_clear(&b->credential);
	buf_clear(&b->key);
	mem_free(&b->rp_id);
	mem_free(&b->origin);
	names_clear(&b->profiles);
	names_clear(&b->domains);
	names_clear(&b->offices);
}

void
order_free(struct order **op)
{
	struct order	*o = *op;
	size_t		 i;

	if (o == NULL)
		return;
	for (i = 0; i < o->nitems; i++) {
		mem_free(&o->item[i].holder);
		fields_clear(&o->item[i].fields);
	}
	for (i = 0; i < o->ntargets; i++)
		mem_free(&o->target[i].ca);
	mem_free(&o->item);
	mem_free(&o->target);
	mem_free(&o->comment);
	mem_free(&o->ca);
	mem_free(&o->profile);
	mem_free(&o->holder);
	mem_free(&o->selector);
	fields_clear(&o->fields);
	bind_clear(&o->bind);
	mem_free(op);
}
