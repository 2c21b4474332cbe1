/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser and an authenticator sent: the attribute (what parses has one
 * encoding), clientDataJSON and authenticatorData by way of an assertion that
 * is verified, and a registration.  First octet: which.
 */
#include <assert.h>
#include <openssl/err.h>
#include <string.h>
#include "order/assertion.h"

/* An Ed25519 key, RFC 8410, 10.1. */
static const uint8_t	 key[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
	0x65, 0x70, 0x03, 0x21, 0x00, 0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd,
	0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86,
	0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66,
	0xe1 };
static char		 rp_id[] = "ra.example.org";
static char		 origin[] = "https://ra.example.org";

static void
fuzz_attribute(struct bytes in)
{
	struct assertion	 a;
	struct error		 e = ERROR_INIT;
	struct buf		 again = { 0 };

	if (assertion_parse(&a, in, &e) == -1) {
		assert(e.code == ERROR_INPUT);
		return;
	}
	if (assertion_encode(&again, &a, &e) == 0)
		assert(bytes_equal(BYTES(again.p, again.len), in));
	buf_clear(&again);
}

/* Nobody has the private key, so nothing may come out. */
static void
fuzz_verify(struct bytes in)
{
	struct order		 bind = { .kind = ORDER_BIND };
	struct assertion	 a = { .credential = BYTES("id", 2) };
	struct error		 e = ERROR_INIT;
	uint8_t			 order[ORDER_DIGEST] = { 0 };
	size_t			 n = in.len < ASSERTION_AUTH_DATA ? in.len :
				    ASSERTION_AUTH_DATA;

	bind.bind.rp_id = rp_id;
	bind.bind.origin = origin;
	buf_add(&bind.bind.credential, "id", 2);
	buf_add(&bind.bind.key, key, sizeof(key));
	a.auth_data = BYTES(in.p, n);
	in = BYTES(in.p + n, in.len - n);
	n = in.len < 64 ? in.len : 64;
	a.signature = BYTES(in.p, n);
	a.client_data = BYTES(in.p + n, in.len - n);
	assert(assertion_verify(&a, &bind, order, &e) == -1);
	assert(e.code == ERROR_DENIED);
	buf_clear(&bind.bind.credential);
	buf_clear(&bind.bind.key);
}

static void
fuzz_client(struct bytes in)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 order[ORDER_DIGEST] = { 0 };

	if (assertion_check_client(in, "webauthn.get", order, sizeof(order),
	    origin, &e) == -1)
		assert(e.code == ERROR_DENIED);
}

static void
fuzz_registration(struct bytes in)
{
	struct order_bind	 b = { 0 };
	struct error		 e = ERROR_INIT;

	if (assertion_read_registration(&b, in, BYTES(NULL, 0), origin, rp_id,
	    &e) == 0)
		assert(b.credential.len > 0 && b.key.len > 0);
	buf_clear(&b.credential);
	buf_clear(&b.key);
	mem_free(&b.origin);
	mem_free(&b.rp_id);
}

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void	(*const what[])(struct bytes) = { fuzz_attribute,
	    fuzz_verify, fuzz_client, fuzz_registration };

	if (n > 0)
		what[*p % 4](BYTES(p + 1, n - 1));
	assert(ERR_peek_error() == 0);
	return 0;
}
