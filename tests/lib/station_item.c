/* SPDX-License-Identifier: Apache-2.0 */
/*
 * station_item DIGEST N REQUEST KEY CERT [PASSPHRASE] >BLOB: the order for item
 * N of the batch order with that digest and for what is in REQUEST, signed by
 * whoever has the key; for tests of what is made of such orders.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/place.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "order/approval.h"
#include "os/file.h"

#define LIFETIME	3600
#define REQUEST_MAX	65536

static int
make(struct buf *blob, char *argv[], const struct identity *who,
    struct error *e)
{
	struct order	*o = NULL;
	struct buf	 request = { 0 }, bare = { 0 };
	size_t		 n;
	int		 rc = -1;

	if (file_load(&request, argv[3], REQUEST_MAX, e) == -1 ||
	    order_new(&o, ORDER_ITEM, LIFETIME, &clock_system, &rng_system,
	    e) == -1)
		goto out;
	o->n = (uint32_t)strtoul(argv[2], NULL, 10);
	o->has_request = true;
	if (text_unhex(o->batch, sizeof(o->batch), &n, argv[1], e) == -1)
		goto out;
	if (n != sizeof(o->batch) || EVP_Digest(request.p, request.len,
	    o->request, NULL, EVP_sha256(), NULL) != 1)
		error_set(e, ERROR_INPUT, "not a digest");
	else if (approval_wrap(&bare, o, e) == 0)
		rc = approval_add(blob, BYTES(bare.p, bare.len), who,
		    &clock_system, e);
 out:
	buf_clear(&request);
	buf_clear(&bare);
	order_free(&o);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct error		 e = ERROR_INIT;
	struct place_secret	 secret = { .refused = false };
	struct place		 place;
	struct identity		 who = { .key = NULL };
	struct buf		 blob = { 0 };
	int			 rc = EXIT_FAILURE;

	if (argc < 6 || argc > 7) {
		fputs("usage: station_item DIGEST N REQUEST KEY CERT "
		    "[PASSPHRASE]\n", stderr);
		return 2;
	}
	place_init(&place, argv[4], argv[5], &secret);
	if ((argc == 6 || secret_fetch(&secret.secret, argv[6], "passphrase",
	    &e) == 0) && place_read(&place, &who, &e) == 0 &&
	    make(&blob, argv, &who, &e) == 0 &&
	    fwrite(blob.p, 1, blob.len, stdout) == blob.len)
		rc = EXIT_SUCCESS;
	else
		log_error(&e, "station_item");
	buf_clear(&blob);
	identity_free(&who);
	place_clear(&place);
	secret_free(&secret.secret);
	return rc;
}
