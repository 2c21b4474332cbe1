/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this signer has made and changed, for a worker that looks whether the
 * store still has it: after it was told to go on from an earlier entry.
 */
#include "signer_private.h"
#include "wire.h"

static void
put(struct msg *out, const uint8_t order[32], uint32_t n, const char *ca,
    struct bytes serial)
{
	msg_put_u32(out, 1);
	msg_put_blob(out, order, 32);
	msg_put_u32(out, n);
	msg_put_str(out, ca);
	msg_put_blob(out, serial.p, serial.len);
}

static bool
next_cert(struct signer *s, size_t *pos, struct msg *out)
{
	const struct ledger_use	*u = ledger_next_use(s->ledger, pos);

	if (u == NULL || u->ca == NULL)
		return u != NULL;
	put(out, u->order, u->n, u->ca, BYTES(u->serial, u->serial_len));
	msg_put_u32(out, CERT_GOOD);
	return true;
}

static bool
next_status(struct signer *s, size_t *pos, struct msg *out)
{
	const struct ledger_status	*st = ledger_next_status(s->ledger,
					    pos);

	if (st == NULL || ledger_is_expired(st) || signer_is_telling(s, st))
		return st != NULL;
	put(out, st->order, 0, st->ca, BYTES(st->serial, st->serial_len));
	msg_put_u32(out, st->status);
	return true;
}

int
signer_lost(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	uint32_t	 what = msg_get_u32(in), i;
	int64_t		 at = msg_get_i64(in);
	size_t		 pos = at > 0 ? (size_t)at : 0;
	bool		 more = at >= 0;

	if (signer_check_chain(s, e) == -1 || msg_done(in, e) == -1)
		return -1;
	if (!more) {
		ledger_add_lost(s->ledger, false);
		if (ledger_sync(s->ledger, e) == -1)
			return -1;
	}
	for (i = 0; more && i < WIRE_LOST_PAGE; i++)
		more = what == WIRE_LOST_CERTS ? next_cert(s, &pos, out) :
		    next_status(s, &pos, out);
	msg_put_u32(out, 0);
	msg_put_i64(out, more ? (int64_t)pos : -1);
	return 0;
}
