/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/renewal.h"

#include <string.h>

#include "base/text.h"
#include "desk/review.h"

int
renewal_check(struct desk *dk, const struct db_cert *x, struct error *e)
{
	char	when[TEXT_TIME_SIZE];

	if (strcmp(x->status, "good") != 0)
		return error_set(e, ERROR_DENIED, "the certificate is %s",
		    x->status);
	if (x->not_after < clock_now(dk->clock)) {
		error_set(e, ERROR_DENIED, "the certificate expired on %s",
		    text_time(when, x->not_after));
		return error_hint(e, "order a new one: signet order new -p "
		    "%.64s ...", x->profile);
	}
	return 0;
}

int
renewal_check_window(struct desk *dk, const struct db_cert *x,
    struct error *e)
{
	const struct profile	*p;
	char			 when[TEXT_TIME_SIZE];

	if (desk_need(dk, DESK_PROFILES, e) == -1 ||
	    profiles_find(&dk->profiles, x->profile, &p, e) == -1)
		return -1;
	if (p->renewal_window == 0 ||
	    clock_now(dk->clock) >= x->not_after - p->renewal_window)
		return 0;
	return error_set(e, ERROR_DENIED, "too early to renew: the holder may "
	    "from %s on", text_time(when, x->not_after - p->renewal_window));
}

int
renewal_fields(struct desk *dk, const struct db_cert *x, struct fields *f,
    struct error *e)
{
	struct order	*o;
	size_t		 i;
	int		 rc = -1;

	if (review_look(dk, x->ref.order_id, &o, e) == -1)
		return error_wrap(e, "the order that it was made by");
	if (o->kind == ORDER_ISSUE) {
		fields_copy(f, &o->fields);
		rc = 0;
		goto out;
	}
	for (i = 0; i < o->nitems && o->item[i].n != x->ref.n; i++)
		;
	if (i == o->nitems)
		error_set(e, ERROR_NOTFOUND, "its batch has no item %u",
		    (unsigned int)x->ref.n);
	else {
		fields_copy(f, &o->item[i].fields);
		rc = 0;
	}
 out:
	order_free(&o);
	return rc;
}

static bool
has_field(const struct fields *f, const struct field *want)
{
	const char	*value;
	size_t		 i;

	for (i = 0; (value = fields_get(f, want->name, i)) != NULL; i++)
		if (strcmp(value, want->value) == 0)
			return true;
	return false;
}

int
renewal_check_names(const struct profile *p, const struct fields *f,
    const struct csr *csr, struct error *e)
{
	struct fields	asked = { 0 };
	size_t		i;
	int		rc = -1;

	if (csr_fields(csr, &asked, e) == -1)
		goto out;
	for (i = 0; i < asked.n; i++) {
		if (!profile_takes(p, asked.v[i].name) ||
		    has_field(f, &asked.v[i]))
			continue;
		error_set(e, ERROR_DENIED, "request: %s \"%.100s\" is not in "
		    "the certificate (RFC 7030, 4.2.2)", asked.v[i].name,
		    asked.v[i].value);
		goto out;
	}
	rc = 0;
 out:
	fields_clear(&asked);
	return rc;
}
