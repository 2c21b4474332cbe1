/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a station sends for a card: CardRequest of doc/order.asn1.  A request
 * as everybody makes it, or the key alone where the card cannot sign with it;
 * and what the card's maker says about the key.
 */
#include "x509/csr_private.h"

enum { TAG_REQUEST = DER_CONTEXT_CONS(0), TAG_BARE = DER_CONTEXT_CONS(1),
	TAG_VOUCHERS = DER_CONTEXT_CONS(2) };

bool
csr_is_card(struct bytes der)
{
	struct bytes	 seq;

	return der_take(&der, DER_SEQUENCE, &seq) == 0 &&
	    (der_peek(seq, TAG_REQUEST) || der_peek(seq, TAG_BARE));
}

/* One element under an explicit tag. */
static int
take_explicit(struct bytes *in, uint8_t tag, struct bytes *whole)
{
	struct bytes	 inside;

	return der_take(in, tag, &inside) == -1 ||
	    der_take_whole(&inside, DER_SEQUENCE, whole) == -1 ||
	    inside.len > 0 ? -1 : 0;
}

static int
read_vouchers(struct csr *csr, struct bytes in)
{
	struct bytes	 seq;

	if (der_take(&in, TAG_VOUCHERS, &seq) == -1 || in.len > 0 ||
	    seq.len == 0)
		return -1;
	while (seq.len > 0)
		if (csr->nvouchers == CSR_VOUCHERS ||
		    der_take_whole(&seq, DER_SEQUENCE,
		    &csr->voucher[csr->nvouchers++]) == -1)
			return -1;
	return 0;
}

int
csr_read_card(struct csr *csr, struct bytes *inside, struct error *e)
{
	struct bytes	 in = BYTES(csr->der.p, csr->der.len), seq;

	if (der_take(&in, DER_SEQUENCE, &seq) == -1)
		return csr_bad(e, "malformed");
	csr->is_bare = der_peek(seq, TAG_BARE);
	if (take_explicit(&seq, csr->is_bare ? TAG_BARE : TAG_REQUEST,
	    inside) == -1 ||
	    (seq.len > 0 && read_vouchers(csr, seq) == -1))
		return csr_bad(e, "malformed request of a card");
	return 0;
}

int
csr_card_key(struct bytes *inside, struct bytes der, struct error *e)
{
	struct bytes	 seq;
	bool		 is_bare;

	if (der_take(&der, DER_SEQUENCE, &seq) == -1)
		return csr_bad(e, "malformed");
	is_bare = der_peek(seq, TAG_BARE);
	if (take_explicit(&seq, is_bare ? TAG_BARE : TAG_REQUEST,
	    inside) == -1)
		return csr_bad(e, "malformed request of a card");
	return is_bare ? 0 : 1;
}

void
csr_card_put(struct buf *out, struct bytes request, bool is_bare,
    struct bytes leaf, struct bytes issuer)
{
	size_t	 all = der_begin(out, DER_SEQUENCE), part;

	part = der_begin(out, is_bare ? TAG_BARE : TAG_REQUEST);
	der_put_raw(out, request);
	der_end(out, part);
	if (leaf.len > 0) {
		part = der_begin(out, TAG_VOUCHERS);
		der_put_raw(out, leaf);
		der_put_raw(out, issuer);
		der_end(out, part);
	}
	der_end(out, all);
}
