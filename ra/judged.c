/* SPDX-License-Identifier: Apache-2.0 */
#include "judged.h"

#include <string.h>
#include <time.h>

struct verdict {
	struct page_client	 client;
	char			*name, *ca;	/* the client's are const */
	int64_t			 at, end;
};

struct judged {
	struct verdict	 v[JUDGED_MAX];
	size_t		 next;
};

static void
verdict_clear(struct verdict *v)
{
	X509_free(v->client.cert);
	mem_free(&v->name);
	mem_free(&v->ca);
	memset(v, 0, sizeof(*v));
}

struct judged *
judged_new(void)
{
	return mem_alloc(sizeof(struct judged));
}

void
judged_forget(struct judged *j)
{
	size_t	 i;

	for (i = 0; i < JUDGED_MAX; i++)
		verdict_clear(&j->v[i]);
	j->next = 0;
}

void
judged_free(struct judged **jp)
{
	if (*jp == NULL)
		return;
	judged_forget(*jp);
	mem_free(jp);
}

int
judged_find(const struct judged *j, const uint8_t digest[32], int64_t now,
    struct page_client *c)
{
	const struct verdict	*v;
	size_t			 i;

	for (i = 0; i < JUDGED_MAX; i++) {
		v = &j->v[i];
		if (v->client.cert == NULL ||
		    memcmp(v->client.digest, digest, 32) != 0)
			continue;
		if (now < v->at || now - v->at > JUDGED_SECONDS ||
		    now > v->end || X509_up_ref(v->client.cert) != 1)
			return 0;
		*c = v->client;
		return 1;
	}
	return 0;
}

void
judged_add(struct judged *j, const struct page_client *c, int64_t now)
{
	struct verdict	*v = &j->v[j->next];
	struct tm	 end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(c->cert), &end) != 1)
		return;
	verdict_clear(v);
	if (X509_up_ref(c->cert) != 1)
		return;
	v->client = *c;
	v->client.name = v->name = mem_strdup(c->name);
	v->client.ca = v->ca = mem_strdup(c->ca);
	v->client.der = BYTES(NULL, 0);
	v->client.holder = NULL;
	v->client.row = NULL;
	v->at = now;
	v->end = timegm(&end);
	j->next = (j->next + 1) % JUDGED_MAX;
}
