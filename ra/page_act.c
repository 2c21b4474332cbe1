/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pages do beside showing.
 */
#include <string.h>

#include "page_private.h"

int
page_seal(struct page *p, struct bytes blob, struct bytes assertion,
    struct buf *out, struct error *e)
{
	return sealer_seal(p->rad->sealer, blob, p->client.cert, assertion,
	    out, e);
}

void
page_look_now(struct page *p)
{
	p->priv->heard = waits_now(p->rad->waits);
}

int
page_later(struct page *p, const uint8_t order_id[DB_ORDER_ID], int ms,
    struct error *e)
{
	if (waits_add(p->rad->waits, p->http, order_id, p->priv->heard,
	    ms) == 1) {
		p->priv->later = true;
		return 0;
	}
	p->status = 503;
	p->priv->retry_after = 5;
	return error_set(e, ERROR_UPSTREAM, "too many wait");
}

static int
limit(struct page *p, const struct limit_rate *rate, const char *whom,
    struct error *e)
{
	int	 wait;

	if (limit_take(p->rad->limits, rate, BYTES(whom, strlen(whom)),
	    clock_monotonic_ms(), &wait))
		return 0;
	p->status = 429;
	p->priv->retry_after = wait;
	return error_set(e, ERROR_DENIED, "too often: try again in %d seconds",
	    wait);
}

/* An address may be that of many people.  NULL: nobody counts. */
static const struct limit_rate *
rate_of_address(const struct page *p, const struct limit_rate *rate,
    struct limit_rate *many)
{
	unsigned int	 people = (unsigned int)
			    p->rad->conf->people_per_address;

	if (people == 0)
		return NULL;
	*many = (struct limit_rate){ .name = rate->name,
	    .burst = rate->burst * people,
	    .per_minute = rate->per_minute * people };
	return many;
}

int
page_limit_address(struct page *p, const struct limit_rate *rate,
    struct error *e)
{
	struct limit_rate	 many;
	char			 whom[48];

	if (rate_of_address(p, rate, &many) == NULL)
		return 0;
	return limit(p, &many, limit_address(whom, p->address), e);
}

int
page_limit_account(struct page *p, const struct limit_rate *rate,
    const char *account, struct error *e)
{
	return limit(p, rate, account, e);
}

void
page_limit_give(struct page *p, const struct limit_rate *rate)
{
	struct limit_rate	 many;
	char			 whom[48];

	if (rate_of_address(p, rate, &many) == NULL)
		return;
	limit_address(whom, p->address);
	limit_give(p->rad->limits, &many, BYTES(whom, strlen(whom)),
	    clock_monotonic_ms());
}

const char *
page_url(const struct page *p, const char *path)
{
	return arena_printf(p->arena, "%s%s", p->rad->conf->url, path);
}

const char *
page_url_cert(const struct page *p, const char *path)
{
	return arena_printf(p->arena, "%s%s", p->rad->conf->url_cert, path);
}
