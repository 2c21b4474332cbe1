/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels, which come over the air gap: the envelope, and the text in it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "x509/parcel.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error	 e = ERROR_INIT;
	struct buf	 content = { 0 };
	struct parcel	*p = NULL;
	X509		*signer = NULL;
	size_t		 i;

	if (signed_open(&content, &signer, NULL, BYTES(data, size), &e) == 0 &&
	    signer == NULL)
		abort();
	X509_free(signer);
	buf_clear(&content);
	error_clear(&e);
	if (parcel_parse(&p, BYTES(data, size), &e) == 0)
		for (i = 0; i < p->nfiles; i++)
			if (parcel_find(p, p->file[i].name) != &p->file[i])
				abort();	/* a name is there once */
	parcel_free(&p);
	return 0;
}
