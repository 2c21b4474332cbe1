/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/submit.h"
#include "x509/cert.h"

/* What was signed, before anybody sees it: one that does not count would spoil
 * the order for all others. */
static int
check_approval(struct desk *dk, struct bytes blob, struct error *e)
{
	struct review	r = { .blob = blob };
	int		rc = -1;

	if (approval_open_cached(&r.approved, blob, dk->approvers, e) == 0 &&
	    review_wants_role(dk, &r, cert_role(dk->signer.cert), e) == 0)
		rc = review_check_approver(dk, &r, &r.approved->by[0], e);
	review_clear(&r);
	return rc;
}

int
submit_signed(struct desk *dk, const struct draft *d, struct error *e)
{
	struct buf	bare = { 0 }, blob = { 0 };
	int		rc = -1;

	if (desk_need(dk, DESK_TRUST, e) == 0 &&
	    desk_need(dk, DESK_SIGNER, e) == 0 &&
	    approval_wrap(&bare, d->order, e) == 0 &&
	    dk->signer.sign(dk->signer.arg, &blob, BYTES(bare.p, bare.len),
	    e) == 0 && check_approval(dk, BYTES(blob.p, blob.len), e) == 0)
		rc = submit_blob(dk, d, BYTES(blob.p, blob.len), 1, e);
	buf_clear(&blob);
	buf_clear(&bare);
	return rc == -1 ? -1 : 0;
}
