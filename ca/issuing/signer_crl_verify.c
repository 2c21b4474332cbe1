/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list, read back from the file by other code than wrote it, beside the
 * last list and the ledger: nothing is gone from it and nothing has come to
 * it but for a reason.
 */
#include "base/text.h"
#include "signer_crl.h"

static int
wrong(struct crl_build *b, const struct crl_entry *c, const char *what,
    struct error *e)
{
	char	 hex[2 * CERT_SERIAL_SIZE + 3] = "";

	if (c != NULL)
		text_hex(hex, c->serial, c->serial_len);
	error_set(e, ERROR_BUG, "CRL %lld is wrong: %s%s%s",
	    (long long)b->params.number, what, c != NULL ? " " : "", hex);
	return error_hint(e, "the last list stays; keep the state directory "
	    "and report this");
}

static const struct ledger_status *
status_of(struct signer *s, struct signer_ca *ca, const struct crl_entry *c)
{
	return ledger_find_status(s->ledger, ca->conf->name, c->serial,
	    c->serial_len);
}

/* Is there a reason for the entry that the last list had not? */
static bool
may_join(struct signer *s, struct signer_ca *ca, const struct crl_entry *c)
{
	const struct ledger_status	*st = status_of(s, ca, c);

	if (st == NULL)
		return ca->build->shard > 0 && crl_is_stray(s, ca, c);
	if (ca->build->shard > 0 && st->shard != ca->build->shard)
		return false;
	return (c->reason == CRL_REMOVE) == (st->status == CERT_GOOD);
}

/* ... for one that the last list had to be gone? */
static bool
may_leave(struct signer *s, struct signer_ca *ca, const struct crl_entry *c)
{
	const struct ledger_status	*st = status_of(s, ca, c);

	return st != NULL && st->status == CERT_GOOD;
}

/* Everything in the last list before c, or to its end, must have a reason to
 * be gone.  1: c itself was there. */
static int
check_gone(struct signer *s, struct signer_ca *ca, const struct crl_entry *c,
    struct error *e)
{
	struct crl_build	*b = ca->build;
	int			 order;

	while (*b->over != NULL) {
		if (!b->has_last && !(b->has_last = crl_next(*b->over,
		    &b->last_at, &b->last)))
			break;
		order = c == NULL ? -1 : crl_entry_compare(&b->last, c);
		if (order > 0)
			break;
		b->has_last = false;
		if (order == 0)
			return 1;
		if (!may_leave(s, ca, &b->last))
			return wrong(b, &b->last, "without reason it lacks",
			    e);
	}
	return 0;
}

static int
check_entry(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, struct error *e)
{
	int	 was = 0;

	if (ca->build->kind == WIRE_CRL_COMPLETE &&
	    (was = check_gone(s, ca, c, e)) == -1)
		return -1;
	if (!was && !may_join(s, ca, c))
		return wrong(ca->build, c, "without reason it has", e);
	return 0;
}

static int
check_params(struct crl_build *b, const struct crl_params *p,
    struct error *e)
{
	if (p->number != b->params.number || p->base != b->params.base ||
	    p->this_update != b->params.this_update ||
	    p->next_update != b->params.next_update ||
	    (p->idp.p != NULL) != (b->params.idp.p != NULL) ||
	    !bytes_equal(p->idp, b->params.idp) ||
	    !bytes_equal(p->freshest, b->params.freshest))
		return wrong(b, NULL, "number, times or addresses", e);
	return 0;
}

static int
check_end(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct crl_build	*b = ca->build;
	struct crl		*made;

	if (b->kind == WIRE_CRL_COMPLETE && check_gone(s, ca, NULL, e) == -1)
		return -1;
	crl_reader_end(&b->reader, &made);
	b->made = made;
	if ((int64_t)made->n != b->written)
		return wrong(b, NULL, "another number of entries", e);
	return 0;
}

int
crl_verify(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct crl_build	*b = ca->build;
	struct crl_entry	 c;
	int			 i, more;

	if (check_params(b, crl_reader_params(b->reader), e) == -1)
		return -1;
	for (i = 0; i < CRL_STEP; i++) {
		if ((more = crl_reader_next(b->reader, &c, e)) == -1)
			return error_wrap(e, "CRL %lld is wrong",
			    (long long)b->params.number);
		if (more == 0)
			return check_end(s, ca, e);
		if (check_entry(s, ca, &c, e) == -1)
			return -1;
	}
	return 1;
}
