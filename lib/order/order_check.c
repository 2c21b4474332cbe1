/* SPDX-License-Identifier: Apache-2.0 */
/* What an order may say, whichever way it came. */
#include <string.h>
#include "base/text.h"
#include "order/order_private.h"

int
order_check_text(const char *what, const char *s, size_t max,
    struct error *e)
{
	if (s == NULL || *s == '\0')
		return error_set(e, ERROR_INPUT, "%s is empty", what);
	if (!text_is_clean(s, strlen(s), max))
		return error_set(e, ERROR_INPUT, "%s is not clean UTF-8 text "
		    "of at most %zu bytes", what, max);
	return 0;
}

static int
check_name(const char *what, const char *s, struct error *e)
{
	if (s == NULL || !text_is_name(s))
		return error_set(e, ERROR_INPUT, "%s is not a name", what);
	return 0;
}

static int
check_fields(const struct fields *fields, struct error *e)
{
	const struct field	*f;
	size_t			 i;

	if (fields->n > FIELDS_MAX)
		return error_set(e, ERROR_INPUT, "%zu fields: at most %d",
		    fields->n, FIELDS_MAX);
	for (i = 0; i < fields->n; i++) {
		f = &fields->v[i];
		if (!text_is_name(f->name) || strlen(f->name) > FIELD_NAME_MAX)
			return error_set(e, ERROR_INPUT,
			    "field %zu has no proper name", i + 1);
		if (order_check_text("value", f->value, FIELD_VALUE_MAX, e) == -1)
			return error_wrap(e, "field \"%s\"", f->name);
	}
	return 0;
}

int
order_check_serial(const uint8_t *serial, size_t len, struct error *e)
{
	if (len == 0 || len > 20 || serial[0] == 0)
		return error_set(e, ERROR_INPUT,
		    "a serial number is 1 to 20 bytes without leading zeros");
	return 0;
}

static int
check_issue(const struct order *o, struct error *e)
{
	if (order_check_text("holder", o->holder, FIELD_VALUE_MAX, e) == -1 ||
	    check_fields(&o->fields, e) == -1)
		return -1;
	if (o->is_renewal &&
	    order_check_serial(o->renews, o->renews_len, e) == -1)
		return error_wrap(e, "renews");
	return 0;
}

static int
check_items(const struct order *o, struct error *e)
{
	const struct order_item	*item;
	size_t			 i;

	if (o->nitems == 0 || o->nitems > ORDER_ITEMS_MAX)
		return error_set(e, ERROR_INPUT,
		    "a batch has 1 to %d items, not %zu", ORDER_ITEMS_MAX,
		    o->nitems);
	for (i = 0; i < o->nitems; i++) {
		item = &o->item[i];
		if (item->n != i + 1)
			return error_set(e, ERROR_INPUT,
			    "item %zu is numbered %u", i + 1, item->n);
		if (order_check_text("holder", item->holder, FIELD_VALUE_MAX, e) ==
		    -1 || check_fields(&item->fields, e) == -1)
			return error_wrap(e, "item %u", item->n);
	}
	return 0;
}

static int
check_reason(const struct order *o, struct error *e)
{
	static const unsigned int	 allowed = 1u << 0 | 1u << 1 | 1u << 2 |
	    1u << 3 | 1u << 4 | 1u << 5 | 1u << 9 | 1u << 10;
	int				 r = o->reason;

	if (o->kind == ORDER_REVOKE ? r >= 0 && r <= 10 &&
	    (allowed >> r & 1) != 0 : r == 0 || r ==
	    (o->kind == ORDER_HOLD ? ORDER_REASON_HOLD : ORDER_REASON_RELEASE))
		return 0;
	return error_set(e, ERROR_INPUT,
	    "reason %d is not for an order of kind %s (RFC 5280, 5.3.1)", r,
	    order_kind_name(o->kind));
}

static int
check_targets(const struct order *o, struct error *e)
{
	const struct order_target	*t;
	size_t				 i;

	if (o->ntargets == 0 || o->ntargets > ORDER_TARGETS_MAX)
		return error_set(e, ERROR_INPUT,
		    "1 to %d certificates can be named, not %zu",
		    ORDER_TARGETS_MAX, o->ntargets);
	for (i = 0; i < o->ntargets; i++) {
		t = &o->target[i];
		if (check_name("ca", t->ca, e) == -1 ||
		    order_check_serial(t->serial, t->serial_len, e) == -1)
			return error_wrap(e, "target %zu", i + 1);
	}
	if (o->selector != NULL &&
	    order_check_text("selector", o->selector, FIELD_VALUE_MAX, e) == -1)
		return -1;
	return check_reason(o, e);
}

static int
check_times(const struct order *o, struct error *e)
{
	if (o->created <= 0)
		return error_set(e, ERROR_INPUT,
		    "created before 1970 or never");
	if (o->expires <= o->created)
		return error_set(e, ERROR_INPUT,
		    "expires is not after created");
	return 0;
}

int
order_check(const struct order *o, struct error *e)
{
	if (check_times(o, e) == -1)
		return -1;
	if (o->comment != NULL &&
	    order_check_text("comment", o->comment, ORDER_COMMENT_MAX, e) == -1)
		return -1;
	if ((K_CERT >> o->kind & 1) != 0 &&
	    (check_name("ca", o->ca, e) == -1 ||
	    check_name("profile", o->profile, e) == -1))
		return -1;
	switch (o->kind) {
	case ORDER_ISSUE:
		return check_issue(o, e);
	case ORDER_BATCH:
		return check_items(o, e);
	case ORDER_ITEM:
		if (o->n == 0 || o->n > ORDER_ITEMS_MAX)
			return error_set(e, ERROR_INPUT,
			    "no batch has an item %u", o->n);
		return 0;
	case ORDER_REVOKE:
	case ORDER_HOLD:
	case ORDER_RELEASE:
		return check_targets(o, e);
	case ORDER_ADOPT:
		if (o->audit_seq < 0)
			return error_set(e, ERROR_INPUT,
			    "audit entries count from 1");
		return 0;
	case ORDER_REJECT:
	case ORDER_UNBIND:
		return 0;
	case ORDER_PERMIT:
		return order_check_text("selector", o->selector,
		    FIELD_VALUE_MAX, e);
	case ORDER_BIND:
		return order_bind_check(o, e);
	case ORDER__MAX:
		break;
	}
	return error_set(e, ERROR_BUG, "no such kind of order");
}
