/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shards of a CA: their addresses, the last list of each, and what may be
 * on any of them.
 */
#include "os/file.h"
#include "signer_crl.h"

struct signer_shards {
	struct crl		*last[CRL_SHARD_MAX];
	struct ledger_status	*stray;
	size_t			 nstrays;
	bool			 looked;	/* for strays */
};

int
signer_shard_load(struct signer *s, struct signer_ca *ca, struct error *e)
{
	const struct ca_conf	*conf = ca->conf;
	const char		*named = ledger_shard_url(s->ledger,
				    conf->name);

	ca->shard_url = named != NULL ? named : conf->crl_shard_url;
	ca->issuer.shard_url = ca->shard_url;
	ca->issuer.shards = conf->crl_shards;
	ca->issuer.freshest = conf->crl_delta > 0 ? conf->crl_delta_url :
	    NULL;
	if (named == NULL || conf->crl_shard_url == NULL ||
	    strcmp(named, conf->crl_shard_url) == 0)
		return 0;
	error_set(e, ERROR_CONFIG, "crl_shard_url of CA %s is %s, and its "
	    "certificates have %s", conf->name, conf->crl_shard_url, named);
	return error_hint(e, "put it back: an address that certificates have "
	    "stays; the next generation may have another");
}

int64_t
signer_shard_of(const struct signer_ca *ca, X509 *x)
{
	return ca->shard_url != NULL ? crl_shard_of(x, ca->shard_url) : 0;
}

void
signer_shard_note(struct signer *s, struct signer_ca *ca)
{
	if (ca->noted == s->tick ||
	    ledger_shard_url(s->ledger, ca->conf->name) != NULL)
		return;
	ledger_add_shard_url(s->ledger, ca->conf->name, ca->shard_url);
	ca->noted = s->tick;
}

void
signer_shard_free(struct signer_ca *ca)
{
	size_t	 i;

	if (ca->shards == NULL)
		return;
	for (i = 0; i < CRL_SHARD_MAX; i++)
		crl_free(&ca->shards->last[i]);
	mem_free(&ca->shards->stray);
	mem_free(&ca->shards);
}

struct crl **
crl_shard_place(struct signer_ca *ca, int64_t shard)
{
	if (ca->shards == NULL)
		ca->shards = mem_alloc(sizeof(*ca->shards));
	return &ca->shards->last[shard - 1];
}

/* A list that the ledger remembers must be there. */
int
crl_shard_load(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct crl	**last;
	char		*path;
	int64_t		 shard, number;
	int		 rc = 0;

	for (shard = 1; rc == 0 && shard <= CRL_SHARD_MAX; shard++) {
		number = ledger_crl_number(s->ledger, ca->conf->name, shard);
		if (number == 0)
			continue;
		last = crl_shard_place(ca, shard);
		path = crl_list_path(s, ca, WIRE_CRL_COMPLETE, shard);
		if ((rc = crl_load(last, path, &ca->issuer, e)) == -1)
			error_wrap(e, "last list of CA %s", ca->conf->name);
		else if ((*last)->params.number < number ||
		    (*last)->params.idp.p == NULL)
			rc = error_set(e, ERROR_CONFIG, "%s is older than the "
			    "ledger", path);
		if (rc == -1)
			error_hint(e, "restore the state directory as a whole");
		mem_free(&path);
	}
	return rc;
}

void
crl_strays_changed(struct signer_ca *ca)
{
	if (ca->shards != NULL)
		ca->shards->looked = false;
}

static void
stray_add(struct signer_shards *sh, const char *ca, const struct crl_entry *x)
{
	struct ledger_status	*st;

	if (sh->nstrays % 1024 == 0)
		sh->stray = mem_resize(sh->stray, sh->nstrays + 1024,
		    sizeof(*sh->stray));
	st = &sh->stray[sh->nstrays++];
	*st = (struct ledger_status){ .serial_len = x->serial_len,
	    .status = x->reason == 6 ? CERT_HELD : CERT_REVOKED,
	    .reason = x->reason, .at = x->revoked_at,
	    .invalid_since = x->invalid_since, .shard = -1 };
	snprintf(st->ca, sizeof(st->ca), "%s", ca);
	memcpy(st->serial, x->serial, x->serial_len);
}

/* Lists of our own add nothing to them: they have no entry but from the list
 * before and from the ledger. */
const struct ledger_status *
crl_strays(struct signer *s, struct signer_ca *ca, size_t *n)
{
	struct signer_shards	*sh;
	struct crl_entry	 x;
	size_t			 pos = 0;

	(void)crl_shard_place(ca, 1);
	sh = ca->shards;
	if (!sh->looked) {
		sh->nstrays = 0;
		while (ca->last != NULL && crl_next(ca->last, &pos, &x))
			if (ledger_find_status(s->ledger, ca->conf->name,
			    x.serial, x.serial_len) == NULL)
				stray_add(sh, ca->conf->name, &x);
		sh->looked = true;
	}
	*n = sh->nstrays;
	return sh->stray;
}

static int
stray_order(const void *key, const void *item)
{
	const struct crl_entry		*x = key;
	const struct ledger_status	*st = item;

	if (x->serial_len != st->serial_len)
		return x->serial_len < st->serial_len ? -1 : 1;
	return memcmp(x->serial, st->serial, x->serial_len);
}

bool
crl_is_stray(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *x)
{
	size_t				 n;
	const struct ledger_status	*stray = crl_strays(s, ca, &n);

	return n > 0 && bsearch(x, stray, n, sizeof(*stray), stray_order) !=
	    NULL;
}
