/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/head.h"

#include "base/text.h"
#include "x509/signed.h"

#define MAGIC	"signet-root head 1"

static void
head_write(struct buf *text, const struct head *h)
{
	char	 hex[2 * AUDIT_HASH + 1], at[TEXT_TIME_SIZE];

	buf_printf(text, MAGIC "\nseq=%lld\nhash=%s\nceremony=%lld\nat=%s\n",
	    (long long)h->head.seq, text_hex(hex, h->head.hash, AUDIT_HASH),
	    (long long)h->ceremony, text_time(at, h->at));
}

int
head_sign(struct buf *pem, const struct head *h, const struct identity *id,
    struct error *e)
{
	struct buf	 text = { 0 };
	int		 rc;

	head_write(&text, h);
	rc = signed_make(pem, BYTES(text.p, text.len), h->at, id, e);
	buf_clear(&text);
	return rc;
}

/* Read the fields, write them again, and compare: one reading only. */
static int
head_parse(struct head *h, struct buf *text, struct error *e)
{
	struct buf	 again = { 0 };
	char		 hex[65], at[21];
	long long	 seq, ceremony;
	int		 rc = -1;

	if (sscanf(buf_cstr(text), MAGIC "\nseq=%lld\nhash=%64s\n"
	    "ceremony=%lld\nat=%20s\n", &seq, hex, &ceremony, at) == 4 &&
	    text_unhex(h->head.hash, AUDIT_HASH, NULL, hex, e) == 0 &&
	    text_parse_time(&h->at, at, e) == 0) {
		h->head.seq = seq;
		h->ceremony = ceremony;
		head_write(&again, h);
		if (bytes_equal(BYTES(again.p, again.len),
		    BYTES(text->p, text->len)))
			rc = 0;
	}
	buf_clear(&again);
	return rc == 0 ? 0 : error_set(e, ERROR_DENIED,
	    "not a head of a transcript");
}

int
head_verify(struct head *h, X509 **signer, struct bytes pem,
    struct error *e)
{
	struct buf	 text = { 0 };
	int		 rc = -1;

	memset(h, 0, sizeof(*h));
	if (signed_open(&text, signer, NULL, pem, e) == 0)
		rc = head_parse(h, &text, e);
	if (rc == -1) {
		X509_free(*signer);
		*signer = NULL;
	}
	buf_clear(&text);
	return rc;
}
