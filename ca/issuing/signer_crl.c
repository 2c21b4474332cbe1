/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer on revocation lists.  A list says what the signer knows: its
 * last list and its ledger.  The store is heard, and where it differs it has
 * to prove it.  Lists are in files and pass through in pieces; no message
 * takes long, so that others are answered meanwhile.
 */
#include <unistd.h>

#include "os/file.h"
#include "signer_crl.h"

char *
crl_path(const struct signer *s, const struct signer_ca *ca, const char *end)
{
	return mem_printf("%s/%s.%s", s->conf->state, ca->conf->name, end);
}

/* No CA's name has a "+" in it. */
char *
crl_list_path(const struct signer *s, const struct signer_ca *ca,
    enum wire_crl_kind kind, int64_t shard)
{
	if (shard > 0)
		return mem_printf("%s/%s+%lld.crl", s->conf->state,
		    ca->conf->name, (long long)shard);
	return crl_path(s, ca, kind == WIRE_CRL_DELTA ? "delta.crl" : "crl");
}

static void
build_free(struct crl_build **bp)
{
	struct crl_build	*b = *bp;

	if (b == NULL)
		return;
	if (b->seen != -1)
		close(b->seen);
	crl_writer_close(&b->writer);
	crl_reader_close(&b->reader);
	mem_free(&b->ledger);
	mem_free(&b->page);
	mem_free(&b->run);
	buf_clear(&b->alarms);
	mem_free(bp);
}

void
signer_crl_drop(struct signer_ca *ca)
{
	struct crl_build	*b = ca->build;

	/* Verified in part or not at all: nobody owns it yet. */
	if (b != NULL && b->made != NULL && b->made != *b->over &&
	    b->made != ca->delta)
		crl_free(&b->made);
	build_free(&ca->build);
}

static int
load_one(struct signer *s, struct signer_ca *ca, enum wire_crl_kind kind,
    struct crl **out, struct error *e)
{
	char	*path = crl_list_path(s, ca, kind, 0);
	int	 rc = 0;

	if (file_exists(path))
		rc = crl_load(out, path, &ca->issuer, e);
	if (rc == 0 && *out != NULL && ((*out)->params.base > 0) !=
	    (kind == WIRE_CRL_DELTA))
		rc = error_set(e, ERROR_CONFIG, "%s is another kind of list",
		    path);
	mem_free(&path);
	return rc;
}

static int64_t
number_of(const struct crl *crl)
{
	return crl != NULL ? crl->params.number : 0;
}

/* Complete lists and deltas have one row of numbers, each shard another. */
static int64_t
newest_number(const struct signer_ca *ca, const struct crl *over)
{
	int64_t	 delta = over == ca->last ? number_of(ca->delta) : 0;
	int64_t	 last = number_of(over);

	return delta > last ? delta : last;
}

int
signer_crl_load(struct signer *s, struct signer_ca *ca, struct error *e)
{
	if (load_one(s, ca, WIRE_CRL_COMPLETE, &ca->last, e) == -1 ||
	    load_one(s, ca, WIRE_CRL_DELTA, &ca->delta, e) == -1)
		return error_wrap(e, "last list of CA %s", ca->conf->name);
	/* A list that the ledger remembers must be there. */
	if (ledger_crl_number(s->ledger, ca->conf->name, 0) <=
	    newest_number(ca, ca->last))
		return crl_shard_load(s, ca, e);
	error_set(e, ERROR_CONFIG, "%s/%s.crl is older than the ledger",
	    s->conf->state, ca->conf->name);
	return error_hint(e, "restore the state directory as a whole");
}

static void
build_addresses(struct signer_ca *ca)
{
	const struct ca_conf	*conf = ca->conf;
	struct crl_build	*b = ca->build;
	struct crl_params	*p = &b->params;

	/* RFC 5280, 6.3.3 (b): the address is the one in certificates. */
	if (b->shard > 0) {
		crl_shard_url(b->url, ca->shard_url, b->shard);
		p->idp = BYTES(b->url, strlen(b->url));
	} else if (b->kind == WIRE_CRL_COMPLETE && conf->crl_delta > 0 &&
	    conf->crl_delta_url != NULL)
		p->freshest = BYTES(conf->crl_delta_url,
		    strlen(conf->crl_delta_url));
}

static int
build_params(struct signer *s, struct signer_ca *ca, struct error *e)
{
	const struct ca_conf	*conf = ca->conf;
	struct crl_build	*b = ca->build;
	const struct crl	*over = *b->over;
	struct crl_params	*p = &b->params;
	int64_t			 newest = newest_number(ca, over);
	bool			 delta = b->kind == WIRE_CRL_DELTA;

	if (delta && over == NULL)
		return error_set(e, ERROR_BUG, "a delta before any list");
	p->number = b->next > newest ? b->next : newest + 1;
	p->base = delta ? over->params.number : 0;
	p->this_update = clock_now(s->clock);
	if ((over != NULL && p->this_update < over->params.this_update) ||
	    (b->shard == 0 && ca->delta != NULL &&
	    p->this_update < ca->delta->params.this_update))
		return error_set(e, ERROR_CONFIG, "the clock is behind the "
		    "last list");
	p->next_update = p->this_update + (delta ? 3 * conf->crl_delta :
	    conf->crl_lifetime);
	if (p->next_update > ca->issuer.not_after)
		p->next_update = ca->issuer.not_after;
	build_addresses(ca);
	return 0;
}

static int
build_begin(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct crl_build	*b = ca->build;
	char			*path;
	int			 rc;

	if (build_params(s, ca, e) == -1)
		return -1;
	path = crl_path(s, ca, "crl.new");
	rc = crl_writer_open(&b->writer, path, &b->params, &ca->issuer, e);
	mem_free(&path);
	if (rc == -1)
		return -1;
	crl_ledger_load(s, ca);
	if (b->kind == WIRE_CRL_COMPLETE) {
		b->page = mem_array(WIRE_CRL_PAGE, sizeof(*b->page));
		b->run = mem_array(CRL_RUN, sizeof(*b->run));
	}
	b->stage = b->kind == WIRE_CRL_COMPLETE ? CRL_ENTRIES : CRL_SIGN;
	return 0;
}

/* The list that the store would number next is there already: it never
 * arrived. */
static struct crl *
find_undelivered(struct signer *s, struct signer_ca *ca, int64_t next)
{
	const struct crl_build	*b = ca->build;
	struct crl		*v[] = { *b->over, ca->delta };
	size_t			 i;

	for (i = 0; i < (b->shard > 0 ? 1 : 2); i++)
		if (v[i] != NULL && v[i]->params.number == next &&
		    v[i]->params.next_update > clock_now(s->clock))
			return v[i];
	return NULL;
}

int
crl_decide(struct signer *s, struct signer_ca *ca, struct msg *out,
    struct error *e)
{
	struct crl_build	*b = ca->build;

	if ((b->made = find_undelivered(s, ca, b->next)) != NULL)
		b->stage = CRL_DONE;
	else if (build_begin(s, ca, e) == -1) {
		signer_crl_drop(ca);
		return -1;
	}
	msg_put_u32(out, b->stage == CRL_ENTRIES ? WIRE_NEXT_ENTRIES :
	    WIRE_NEXT_SIGN);
	return 0;
}

static int
find_scope(struct signer *s, const char *name, uint32_t kind, int64_t shard,
    struct signer_ca **ca, struct error *e)
{
	if (kind > WIRE_CRL_DELTA || shard < 0 || shard > CRL_SHARD_MAX ||
	    (shard > 0 && kind != WIRE_CRL_COMPLETE))
		return error_set(e, ERROR_BUG, "no such kind of list");
	if (signer_check_chain(s, e) == -1 ||
	    signer_find_ca(s, name, ca, e) == -1)
		return -1;
	if (shard > 0 && (*ca)->shard_url == NULL) {
		error_set(e, ERROR_CONFIG, "CA %s has no addresses of shards",
		    name);
		return error_hint(e, "set its crl_shard_url in cad.conf as it "
		    "was when certificates got them");
	}
	return 0;
}

int
signer_crl(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;
	struct crl_build	*b;
	char			 name[65];
	uint32_t		 kind;
	int64_t			 shard, complete, next;

	msg_get_str(in, name, sizeof(name));
	kind = msg_get_u32(in);
	shard = msg_get_i64(in);
	complete = msg_get_i64(in);
	next = msg_get_i64(in);
	if (msg_done(in, e) == -1 ||
	    find_scope(s, name, kind, shard, &ca, e) == -1)
		return -1;
	signer_crl_drop(ca);
	b = ca->build = mem_alloc(sizeof(*b));
	b->seen = -1;
	b->kind = kind;
	b->shard = shard;
	b->over = shard > 0 ? crl_shard_place(ca, shard) : &ca->last;
	b->place = kind == WIRE_CRL_DELTA ? &ca->delta : b->over;
	b->next = next;
	if (complete <= number_of(*b->over))
		return crl_decide(s, ca, out, e);
	msg_put_u32(out, WIRE_NEXT_SEEN);
	return crl_seen_begin(s, ca, e);
}

int
crl_find_build(struct signer *s, struct msg *in, enum crl_stage stage,
    struct signer_ca **ca, struct error *e)
{
	char	 name[65];

	msg_get_str(in, name, sizeof(name));
	if (in->bad)
		return error_set(e, ERROR_BUG, "malformed message");
	if (signer_find_ca(s, name, ca, e) == -1)
		return -1;
	if ((*ca)->build == NULL || (*ca)->build->stage != stage)
		return error_set(e, ERROR_BUG, "no list is being made, or it "
		    "is not the time for this");
	return 0;
}

static void
put_differences(struct msg *out, const struct crl_build *b)
{
	size_t	 i;

	msg_put_u32(out, (uint32_t)b->nasked);
	for (i = 0; b->nasked > 0 && i < b->nrun; i++) {
		const struct crl_run	*r = &b->run[i];

		if (!crl_is_asked(r))
			continue;
		msg_put_u32(out, r->claim == CRL_EXTRA ?
		    WIRE_DIFFERS_EXTRA : WIRE_DIFFERS_MISSING);
		msg_put_blob(out, r->entry.serial, r->entry.serial_len);
	}
}

static int
store_entry(struct msg *in, struct crl_entry *c)
{
	struct bytes	 serial = msg_get_blob(in, CERT_SERIAL_SIZE);
	int64_t		 reason = msg_get_i64(in);

	*c = (struct crl_entry){ .serial_len = (uint8_t)serial.len,
	    .reason = reason > 0 && reason <= 10 ? (int8_t)reason : -1 };
	c->revoked_at = msg_get_i64(in);
	c->invalid_since = msg_get_i64(in);
	if (in->bad)
		return -1;
	memcpy(c->serial, serial.p, serial.len);
	return 0;
}

int
signer_crl_entries(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;
	struct crl_build	*b;
	uint32_t		 last, n, i;

	if (crl_find_build(s, in, CRL_ENTRIES, &ca, e) == -1)
		return -1;
	b = ca->build;
	last = msg_get_u32(in);
	n = msg_get_u32(in);
	if (in->bad || n > WIRE_CRL_PAGE || b->nasked > 0 || b->page_is_last)
		return error_set(e, ERROR_BUG, "entries out of turn");
	for (i = 0; i < n; i++)
		if (store_entry(in, &b->page[i]) == -1)
			return error_set(e, ERROR_BUG, "malformed entry");
	if (msg_done(in, e) == -1)
		return -1;
	b->npage = n;
	b->page_at = 0;
	b->page_is_last = last != 0;
	if (crl_merge(s, ca, e) == -1)
		return -1;
	put_differences(out, b);
	return 0;
}

int
signer_crl_evidence(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;

	if (crl_find_build(s, in, CRL_ENTRIES, &ca, e) == -1 ||
	    crl_weigh(s, ca, in, e) == -1 || crl_merge(s, ca, e) == -1)
		return -1;
	put_differences(out, ca->build);
	return 0;
}
