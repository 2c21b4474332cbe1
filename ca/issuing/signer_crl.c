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

const char *
crl_path_end(enum wire_crl_kind kind)
{
	return kind == WIRE_CRL_DELTA ? "delta.crl" : "crl";
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
	if (b != NULL && b->made != NULL && b->made != ca->last &&
	    b->made != ca->delta)
		crl_free(&b->made);
	build_free(&ca->build);
}

static int
load_one(struct signer *s, struct signer_ca *ca, enum wire_crl_kind kind,
    struct crl **out, struct error *e)
{
	char	*path = crl_path(s, ca, crl_path_end(kind));
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
newest_number(const struct signer_ca *ca)
{
	int64_t	 last = ca->last != NULL ? ca->last->params.number : 0;
	int64_t	 delta = ca->delta != NULL ? ca->delta->params.number : 0;

	return delta > last ? delta : last;
}

int
signer_crl_load(struct signer *s, struct signer_ca *ca, struct error *e)
{
	if (load_one(s, ca, WIRE_CRL_COMPLETE, &ca->last, e) == -1 ||
	    load_one(s, ca, WIRE_CRL_DELTA, &ca->delta, e) == -1)
		return error_wrap(e, "last list of CA %s", ca->conf->name);
	/* A list that the ledger remembers must be there. */
	if (ledger_crl_number(s->ledger, ca->conf->name) <= newest_number(ca))
		return 0;
	error_set(e, ERROR_CONFIG, "%s/%s.crl is older than the ledger",
	    s->conf->state, ca->conf->name);
	return error_hint(e, "restore the state directory as a whole");
}

static int
build_params(struct signer *s, struct signer_ca *ca, struct error *e)
{
	const struct ca_conf	*conf = ca->conf;
	struct crl_params	*p = &ca->build->params;
	int64_t			 newest = newest_number(ca);
	bool			 delta = ca->build->kind == WIRE_CRL_DELTA;

	if (delta && ca->last == NULL)
		return error_set(e, ERROR_BUG, "a delta before any list");
	p->number = ca->build->next > newest ? ca->build->next : newest + 1;
	p->base = delta ? ca->last->params.number : 0;
	p->this_update = clock_now(s->clock);
	if ((ca->last != NULL && p->this_update <
	    ca->last->params.this_update) || (ca->delta != NULL &&
	    p->this_update < ca->delta->params.this_update))
		return error_set(e, ERROR_CONFIG, "the clock is behind the "
		    "last list");
	p->next_update = p->this_update + (delta ? 3 * conf->crl_delta :
	    conf->crl_lifetime);
	if (!delta && conf->crl_delta > 0 && conf->crl_delta_url != NULL)
		p->freshest = BYTES(conf->crl_delta_url,
		    strlen(conf->crl_delta_url));
	if (p->next_update > ca->issuer.not_after)
		p->next_update = ca->issuer.not_after;
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
	struct crl	*v[] = { ca->last, ca->delta };
	size_t		 i;

	for (i = 0; i < 2; i++)
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

int
signer_crl(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;
	struct crl_build	*b;
	char			 name[65];
	uint32_t		 kind;
	int64_t			 complete, next;

	msg_get_str(in, name, sizeof(name));
	kind = msg_get_u32(in);
	complete = msg_get_i64(in);
	next = msg_get_i64(in);
	if (msg_done(in, e) == -1)
		return -1;
	if (kind > WIRE_CRL_DELTA)
		return error_set(e, ERROR_BUG, "no such kind of list");
	if (signer_check_chain(s, e) == -1 ||
	    signer_find_ca(s, name, &ca, e) == -1)
		return -1;
	signer_crl_drop(ca);
	b = ca->build = mem_alloc(sizeof(*b));
	b->seen = -1;
	b->kind = kind;
	b->next = next;
	if (complete <= (ca->last != NULL ? ca->last->params.number : 0))
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

		if (r->claim != CRL_MISSING && r->claim != CRL_EXTRA)
			continue;
		msg_put_u32(out, r->claim == CRL_MISSING ?
		    WIRE_DIFFERS_MISSING : WIRE_DIFFERS_EXTRA);
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
