/* SPDX-License-Identifier: Apache-2.0 */
#include "shelf_private.h"

#define SKEW	300	/* seconds that clocks may differ */

static bool
same_idp(const struct item *it, struct bytes idp)
{
	if (it->idp == NULL || idp.p == NULL)
		return it->idp == NULL && idp.p == NULL;
	return bytes_equal(idp, BYTES(it->idp, strlen(it->idp)));
}

/* An address goes into a line of our state. */
static bool
is_clean_idp(struct bytes idp)
{
	size_t	 i;

	for (i = 0; i < idp.len; i++)
		if (idp.p[i] <= ' ' || idp.p[i] > '~')
			return false;
	return true;
}

/* What kind of list belongs at this address (RFC 5280, 5.2.4 and 5.2.5)? */
static int
check_kind(const struct item *it, const struct crl_params *c,
    struct error *e)
{
	if ((it->kind == ITEM_DELTA) != (c->base > 0))
		return shelf_refuse(e, it->kind == ITEM_DELTA ?
		    "it is a complete list and not a delta" :
		    "it is a delta and not a complete list");
	if ((it->shard > 0) != (c->idp.p != NULL))
		return shelf_refuse(e, it->shard > 0 ? "a shard's list without "
		    "issuingDistributionPoint" : "the complete list has an "
		    "issuingDistributionPoint");
	if (!is_clean_idp(c->idp))
		return shelf_refuse(e, "a distribution point that is no URL");
	if (it->number > 0 && !same_idp(it, c->idp))
		return shelf_refuse(e, "its issuingDistributionPoint is another "
		    "than before");
	return 0;
}

static int
check_order(const struct item *it, const struct crl_params *c, int64_t now,
    struct error *e)
{
	if (c->number < it->number)
		return error_set(e, ERROR_DENIED, "its number %lld is lower "
		    "than %lld, which is published", (long long)c->number,
		    (long long)it->number);
	if (c->this_update < it->this_update)
		return shelf_refuse(e, "its thisUpdate is before that of the list "
		    "which is published");
	if (c->this_update > now + SKEW)
		return shelf_refuse(e, "its thisUpdate is in the future");
	return c->next_update > c->this_update ? 0 :
	    shelf_refuse(e, "its nextUpdate is not after thisUpdate");
}

int
shelf_check(const struct item *it, const struct crl_params *c, int64_t now,
    struct error *e)
{
	return check_kind(it, c, e) == -1 ? -1 : check_order(it, c, now, e);
}
