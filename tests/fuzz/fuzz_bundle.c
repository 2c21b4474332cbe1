/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of an audit bundle.  The first byte says which file it is.
 */
#include <stdlib.h>

#include "cli/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Every reader goes forward until the end, whatever it meets. */
static int
take(struct bundle_file *f, enum bundle_part part, struct buf *der,
    struct error *e)
{
	struct bundle_entry	 entry = { 0 };
	struct bundle_status	 status;
	struct bundle_proof	 proof;
	size_t			 at = 0;
	int			 rc;

	switch (part) {
	case BUNDLE_ENTRIES:
		rc = bundle_entry_next(f, &entry, e);
		buf_clear(&entry.body);
		return rc;
	case BUNDLE_STATUS:
		return bundle_status_next(f, &status, e);
	case BUNDLE_PROOFS:
		return bundle_proof_next(f, &proof, e);
	default:
		rc = bundle_pem_next(f, bundle_label(part), der, &at, e);
		if (rc == 1 &&
		    bundle_pem_at(f, bundle_label(part), at, der, e) != 1)
			abort();
		return rc;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error		 e = ERROR_INIT;
	struct bundle_file	 f = { .name = "fuzz", .line = 1 };
	struct buf		 der = { 0 };
	enum bundle_part	 part;
	size_t			 before;

	if (size == 0)
		return 0;
	part = (enum bundle_part)(data[0] % BUNDLE__MAX);
	f.data = BYTES(data + 1, size - 1);
	do {
		before = f.pos;
		if (take(&f, part, &der, &e) == 0)
			break;
		if (f.pos <= before)
			abort();
	} while (f.pos < f.data.len);
	buf_clear(&der);
	return 0;
}
