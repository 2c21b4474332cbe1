/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/certs_only.h"
#include "x509/der.h"

#define OID_DATA	"1.2.840.113549.1.7.1"
#define OID_SIGNED_DATA	"1.2.840.113549.1.7.2"

/*
 * RFC 5652, 5.1: the certificates are a SET, which DER would sort; SignedData
 * need not be DER outside of what is signed, and the reader who takes the
 * first certificate is to find the leaf.
 */
void
certs_only_put(struct buf *out, const struct bytes *der, size_t n)
{
	size_t	 info, content, data, part, i;

	info = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, OID_SIGNED_DATA);
	content = der_begin(out, DER_CONTEXT_CONS(0));
	data = der_begin(out, DER_SEQUENCE);
	der_put_int(out, 1);
	der_put(out, DER_SET, NULL, 0);			/* digests */
	part = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, OID_DATA);
	der_end(out, part);
	part = der_begin(out, DER_CONTEXT_CONS(0));
	for (i = 0; i < n; i++)
		der_put_raw(out, der[i]);
	der_end(out, part);
	der_put(out, DER_SET, NULL, 0);			/* signers */
	der_end(out, data);
	der_end(out, content);
	der_end(out, info);
}
