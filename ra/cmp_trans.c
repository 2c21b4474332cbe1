/* SPDX-License-Identifier: Apache-2.0 */
#include "cmp_trans.h"

#include <pthread.h>
#include <string.h>

struct cmp_table {
	pthread_mutex_t	 lock;
	struct cmp_trans *first;
	size_t		 n;
};

void
cmp_table_new(struct cmp_table **out)
{
	*out = mem_alloc(sizeof(**out));
	pthread_mutex_init(&(*out)->lock, NULL);
}

void
cmp_table_free(struct cmp_table **t)
{
	struct cmp_trans	*tr;

	if (*t == NULL)
		return;
	while ((tr = (*t)->first) != NULL) {
		(*t)->first = tr->next;
		cmp_trans_free(&tr);
	}
	pthread_mutex_destroy(&(*t)->lock);
	mem_free(t);
}

struct cmp_trans *
cmp_trans_new(struct bytes id)
{
	struct cmp_trans	*tr = mem_alloc(sizeof(*tr));

	memcpy(tr->id, id.p, id.len);
	tr->id_len = id.len;
	return tr;
}

void
cmp_trans_free(struct cmp_trans **tr)
{
	if (*tr == NULL)
		return;
	OSSL_CMP_SRV_CTX_free((*tr)->server);
	OSSL_CMP_MSG_free((*tr)->request);
	X509_free((*tr)->cert);
	mem_free(tr);
}

static struct cmp_trans *
unlink_at(struct cmp_table *t, struct cmp_trans **at)
{
	struct cmp_trans	*tr = *at;

	*at = tr->next;
	tr->next = NULL;
	t->n--;
	return tr;
}

static void
forget_old(struct cmp_table *t, int64_t now)
{
	struct cmp_trans	**at = &t->first, *old;

	while (*at != NULL)
		if ((*at)->expires <= now) {
			old = unlink_at(t, at);
			cmp_trans_free(&old);
		} else
			at = &(*at)->next;
}

static struct cmp_trans **
find(struct cmp_table *t, struct bytes id)
{
	struct cmp_trans	**at;

	for (at = &t->first; *at != NULL; at = &(*at)->next)
		if (bytes_equal(id, BYTES((*at)->id, (*at)->id_len)))
			return at;
	return NULL;
}

struct cmp_trans *
cmp_table_take(struct cmp_table *t, struct bytes id, int64_t now)
{
	struct cmp_trans	**at, *tr = NULL;

	pthread_mutex_lock(&t->lock);
	forget_old(t, now);
	if ((at = find(t, id)) != NULL)
		tr = unlink_at(t, at);
	pthread_mutex_unlock(&t->lock);
	return tr;
}

bool
cmp_table_has(struct cmp_table *t, struct bytes id, int64_t now)
{
	bool	has;

	pthread_mutex_lock(&t->lock);
	forget_old(t, now);
	has = find(t, id) != NULL;
	pthread_mutex_unlock(&t->lock);
	return has;
}

static struct cmp_trans **
ends_first(struct cmp_table *t)
{
	struct cmp_trans	**at, **first = &t->first;

	for (at = &t->first; *at != NULL; at = &(*at)->next)
		if ((*at)->expires < (*first)->expires)
			first = at;
	return first;
}

void
cmp_table_put(struct cmp_table *t, struct cmp_trans **tr, int64_t expires)
{
	struct cmp_trans	*old = NULL;

	(*tr)->expires = expires;
	pthread_mutex_lock(&t->lock);
	if (t->n == CMP_TRANS_MAX)
		old = unlink_at(t, ends_first(t));
	(*tr)->next = t->first;
	t->first = *tr;
	t->n++;
	*tr = NULL;
	pthread_mutex_unlock(&t->lock);
	cmp_trans_free(&old);
}
