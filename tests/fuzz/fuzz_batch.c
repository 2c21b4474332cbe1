/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of holders that somebody has uploaded.  The first byte chooses the
 * profile.  Mistakes are told, each with its place; what is left is an order
 * that can be read again, each item with a holder.
 */
#include <stdlib.h>
#include <string.h>
#include "desk/batch.h"
#include "tests/fuzz/must.h"
#include "x509/profile.h"

#define INPUT_MAX	(64u << 10)

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct desk	 desk;
static size_t		 told;

static void
tell(void *arg, size_t n, const char *where, const struct error *e)
{
	(void)arg;
	must(n == told + 1 && where[0] != '\0' && e->text[0] != '\0');
	told = n;
}

static void
take_away(void)
{
	profiles_free(&desk.profiles);
	sk_X509_free(desk.anchors);
}

static void
open_desk(void)
{
	static struct desk_issuer	 ca[2];
	struct error			 e = ERROR_INIT;

	ca[0].name = mem_strdup("people");
	ca[1].name = mem_strdup("services");
	desk_init(&desk);
	must(profiles_load(&desk.profiles, SOURCE "/etc/profiles", &e) == 0);
	desk.issuer = ca;
	desk.nissuers = 2;
	desk.anchors = sk_X509_new_null();
	desk.has_blocklists = true;
	desk.ears = (struct desk_ears){ .bad = tell };
	must(atexit(take_away) == 0);
}

static void
check(const struct batch *b)
{
	struct error		 e = ERROR_INIT;
	const struct order	*o = b->draft.order;
	struct order		*again;
	struct buf		 der = { 0 };
	size_t			 i;

	must(b->bad == told && o->nitems + b->bad <= b->rows + b->bad);
	for (i = 0; i < o->nitems; i++)
		must(o->item[i].n == i + 1 && o->item[i].holder[0] != '\0' &&
		    o->item[i].has_request == (b->draft.request[i].len > 0));
	if (o->nitems == 0)
		return;
	must(order_encode(&der, o, &e) == 0);
	must(order_parse(&again, BYTES(der.p, der.len), &e) == 0);
	must(again->nitems == o->nitems);
	order_free(&again);
	buf_clear(&der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct batch	 b;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (desk.profiles.n == 0)
		open_desk();
	told = 0;
	if (batch_begin(&desk, &b, desk.profiles.v[p[0] %
	    desk.profiles.n]->name, NULL, &e) == 0) {
		if (batch_read_text(&b, "list", BYTES(p + 1, n - 1), &e) == -1)
			must(e.code == ERROR_INPUT && e.text[0] != '\0');
		check(&b);
	}
	batch_clear(&b);
	return 0;
}
