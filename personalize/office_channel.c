/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the channels of bare cards: as the settings name them for a batch.
 */
#include "office_private.h"

#include <openssl/crypto.h>

#include "base/text.h"
#include "scp03.h"

enum { FOR_ENC = 1, FOR_MAC = 2 };	/* of KDF3 */

static int
get_key(struct secret *key, const char *from, const char *batch,
    struct error *e)
{
	struct secret	 hex = { NULL, 0 };
	uint8_t		 b[32];
	size_t		 n = 0;
	int		 rc = -1;

	if (from == NULL)
		return 0;
	if (secret_fetch(&hex, from, "key of a channel", e) == -1)
		return -1;
	if (text_unhex(b, sizeof(b), &n, (const char *)hex.p, e) == -1 ||
	    (n != 16 && n != 24 && n != 32)) {
		error_clear(e);
		error_set(e, ERROR_CONFIG, "channel of batch %s: a key has 32, "
		    "48 or 64 hexadecimal digits", batch);
	} else
		rc = secret_set(key, b, n, e);
	OPENSSL_cleanse(b, sizeof(b));
	secret_free(&hex);
	return rc;
}

int
office_get_channels(struct office *o, struct error *e)
{
	const struct conf_groups	*all = &o->conf->channels;

	o->channel = mem_array(all->n, sizeof(*o->channel));
	for (size_t i = 0; i < all->n; i++) {
		const struct station_channel *c =
		    (const struct station_channel *)all->v + i;
		struct channel	*to = &o->channel[o->nchannels++];

		*to = (struct channel){ .conf = c };
		if (get_key(&to->enc, c->enc, c->batch, e) == -1 ||
		    get_key(&to->mac, c->mac, c->batch, e) == -1 ||
		    get_key(&to->master, c->master, c->batch, e) == -1)
			return -1;
	}
	return 0;
}

void
office_clear_channels(struct office *o)
{
	for (size_t i = 0; i < o->nchannels; i++) {
		secret_free(&o->channel[i].enc);
		secret_free(&o->channel[i].mac);
		secret_free(&o->channel[i].master);
	}
	mem_free(&o->channel);
}

const struct channel *
seat_channel(const struct seat *s)
{
	const struct office	*o = s->office;

	for (size_t i = 0; i < o->nchannels && !s->extended; i++)
		if (strcmp(o->channel[i].conf->batch, s->card.batch) == 0)
			return &o->channel[i];
	return NULL;
}

int
office_channel(void *arg, struct bytes diversification, struct secret *enc,
    struct secret *mac, struct error *e)
{
	struct seat		*s = arg;
	const struct channel	*c;

	if (!s->has_card || (c = seat_channel(s)) == NULL)
		return error_set(e, ERROR_BUG, "no bare card was found");
	if (c->conf->master == NULL)
		return secret_dup(enc, &c->enc, e) == -1 ||
		    secret_dup(mac, &c->mac, e) == -1 ? -1 : 0;
	return scp03_diversify(enc, &c->master, FOR_ENC, diversification,
	    e) == -1 || scp03_diversify(mac, &c->master, FOR_MAC,
	    diversification, e) == -1 ? -1 : 0;
}

/* Once denied, never again; and what was begun often and never came to
 * anything is no card to go on with. */
int
seat_may_open(struct seat *s, struct error *e)
{
	struct db_card_steps	 all;
	int			 begun = 0;	/* and nothing came of it */

	if (db_card_steps(s->office->db, s->card.hold.id, &all, s->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const char	*step = all.v[i].step;

		if (strcmp(step, job_step_name(STEP_DENIED)) == 0)
			return error_set(e, ERROR_CONFLICT, "this card has "
			    "denied the keys of its channel: they are not tried "
			    "on it again");
		begun = strcmp(step, job_step_name(STEP_CHANNEL)) == 0 ?
		    begun + 1 : 0;
	}
	return begun < CHANNEL_TRIES ? 0 : error_set(e, ERROR_CONFLICT, "the "
	    "channel of this card was begun %d times and never opened", begun);
}
