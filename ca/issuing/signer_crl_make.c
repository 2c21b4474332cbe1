/* SPDX-License-Identifier: Apache-2.0 */
/* No entries are missing any more: the list is signed, verified, handed over. */
#include "os/fault.h"
#include "os/file.h"
#include "signer_crl.h"

/* It is right: from here on it is the last list. */
static int
build_adopt(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct crl_build	*b = ca->build;
	char			*from = crl_path(s, ca, "crl.new");
	char			*to = crl_list_path(s, ca, b->kind, b->shard);
	int			 rc = -1;

	FAULT("signer.crl-signed");
	ledger_add_crl(s->ledger, ca->conf->name, b->shard, b->params.number,
	    b->digest);
	if (file_rename(from, to, e) == -1)
		goto out;
	FAULT("signer.crl-renamed");
	if (ledger_sync(s->ledger, e) == -1)
		goto out;
	FAULT("signer.crl-stored");
	crl_free(b->place);
	*b->place = b->made;
	b->stage = CRL_DONE;
	rc = 0;
 out:
	mem_free(&from);
	mem_free(&to);
	return rc;
}

/* No more entries: from now on it is written and read back. */
static int
step_write(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct crl_build	*b = ca->build;
	char			*path;
	int			 rc;

	if (b->kind == WIRE_CRL_DELTA && (rc = crl_merge_delta(ca, e)) != 0)
		return rc == 1 ? 0 : -1;
	if ((rc = crl_writer_sign(b->writer, ca->key, e)) == -1)
		signer_key_failed(ca, e);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	b->written = crl_writer_count(b->writer);
	if (crl_writer_digest(b->writer, b->digest, e) == -1)
		return -1;
	crl_writer_close(&b->writer);
	crl_known_rewind(b);
	path = crl_path(s, ca, "crl.new");
	rc = crl_reader_load(&b->reader, path, &ca->issuer, e);
	mem_free(&path);
	b->stage = CRL_VERIFY;
	return rc;
}

static int
build_step(struct signer *s, struct signer_ca *ca, struct error *e)
{
	int	 more;

	switch (ca->build->stage) {
	case CRL_ENTRIES:
		if (!crl_merge_is_complete(ca))
			return error_set(e, ERROR_BUG, "entries are missing");
		ca->build->stage = CRL_SIGN;
		return 0;
	case CRL_SIGN:
		return step_write(s, ca, e);
	case CRL_VERIFY:
		if ((more = crl_verify(s, ca, e)) != 0)
			return more == 1 ? 0 : -1;
		return build_adopt(s, ca, e);
	default:
		return error_set(e, ERROR_BUG, "it is not the time for this");
	}
}

static void
put_made(struct msg *out, struct crl_build *b)
{
	const struct crl_params	*p = &b->made->params;
	const char		*alarm = (const char *)b->alarms.p;
	uint32_t		 i;

	msg_put_i64(out, p->number);
	msg_put_i64(out, p->base);
	msg_put_i64(out, p->this_update);
	msg_put_i64(out, p->next_update);
	msg_put_i64(out, (int64_t)b->made->n);
	msg_put_i64(out, (int64_t)b->made->der.len);
	msg_put_u32(out, b->nalarms);
	for (i = 0; i < b->nalarms; i++, alarm += strlen(alarm) + 1)
		msg_put_str(out, alarm);
}

int
signer_crl_sign(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;
	struct crl_build	*b;
	char			 name[65];

	msg_get_str(in, name, sizeof(name));
	if (msg_done(in, e) == -1 || signer_find_ca(s, name, &ca, e) == -1)
		return -1;
	if ((b = ca->build) == NULL)
		return error_set(e, ERROR_BUG, "no list is being made");
	if (b->stage != CRL_DONE && build_step(s, ca, e) == -1) {
		signer_crl_drop(ca);
		return -1;
	}
	msg_put_u32(out, b->stage == CRL_DONE);
	if (b->stage == CRL_DONE) {
		if (b->unsaid > 0) {
			buf_printf(&b->alarms, "%u differences more", b->unsaid);
			buf_byte(&b->alarms, 0);
			b->nalarms++;
		}
		put_made(out, b);
		signer_crl_drop(ca);
	}
	return 0;
}

int
signer_crl_piece(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;
	const struct crl	*crl;
	char			 name[65];
	int64_t			 shard, number, at;
	size_t			 left;

	msg_get_str(in, name, sizeof(name));
	shard = msg_get_i64(in);
	number = msg_get_i64(in);
	at = msg_get_i64(in);
	if (msg_done(in, e) == -1 || signer_find_ca(s, name, &ca, e) == -1)
		return -1;
	if (shard > 0 && shard <= CRL_SHARD_MAX)
		crl = *crl_shard_place(ca, shard);
	else
		crl = ca->delta != NULL && ca->delta->params.number ==
		    number ? ca->delta : ca->last;
	if (crl == NULL || crl->params.number != number || at < 0 ||
	    (uint64_t)at >= crl->der.len)
		return error_set(e, ERROR_NOTFOUND, "no such piece of a list");
	left = crl->der.len - (size_t)at;
	if (left > WIRE_CRL_CHUNK)
		left = WIRE_CRL_CHUNK;
	msg_put_blob(out, crl->der.p + at, left);
	crl_forget(crl, (size_t)at, left);
	return 0;
}
