/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/sha.h>
#include "base/text.h"
#include "os/file.h"
#include "x509/blocklist.h"
#include "x509/key.h"

struct fixture {
	char		 dir[32], path[48];
	EVP_PKEY	*rsa, *ec, *ed;
	struct error	 e;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/blocklist.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/list", f->dir);
	assert_int_equal(key_generate(&f->rsa, "rsa:2048", &f->e), 0);
	assert_int_equal(key_generate(&f->ec, "ec:P-256", &f->e), 0);
	assert_int_equal(key_generate(&f->ed, "ed25519", &f->e), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	unlink(f->path);
	rmdir(f->dir);
	EVP_PKEY_free(f->rsa);
	EVP_PKEY_free(f->ec);
	EVP_PKEY_free(f->ed);
	mem_free(&f);
	return 0;
}

static void
store_list(struct fixture *f, struct blocklist_draft *d)
{
	struct buf	 out = { 0 };

	blocklist_encode(&out, d);
	assert_int_equal(file_store(f->path, out.p, out.len, 0600, &f->e), 0);
	buf_clear(&out);
	blocklist_draft_clear(d);
}

static void
store_text(struct fixture *f, const char *text, enum blocklist_kind k)
{
	struct blocklist_draft	 d = { 0 };

	if (blocklist_read(&d, BYTES(text, strlen(text)), k, &f->e) == -1)
		fail_msg("%s", f->e.text);
	store_list(f, &d);
}

static void
listed(struct fixture *f, EVP_PKEY *key, const char *kind)
{
	struct blocklist	*l;
	char			 want[200];

	assert_int_equal(blocklist_open(&l, f->path, &f->e), 0);
	error_clear(&f->e);
	if (kind == NULL) {
		assert_int_equal(blocklist_check(l, key, &f->e), 0);
	} else {
		assert_int_equal(blocklist_check(l, key, &f->e), -1);
		snprintf(want, sizeof(want), "key: known to others: its %s "
		    "digest is on the blocklist %s", kind, f->path);
		assert_string_equal(f->e.text, want);
		assert_int_equal(f->e.code, ERROR_DENIED);
	}
	blocklist_close(&l);
	error_clear(&f->e);
}

static void
blocklist_read_names_the_line(void **state)
{
	static const struct {
		const char	*text, *why;
	} rows[] = {
		{ "# good\n\nxyz\n", "line 3: " },
		{ "abcd\n", "line 1: 4 hex digits, not 20, 40 or 64" },
		{ "modul:00\n", "line 1: neither spki:, number: nor modulus:"
		  " before the digits" },
	};
	struct fixture		*f = *state;
	struct blocklist_draft	 d = { 0 };
	char			 big[300];
	size_t			 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&f->e);
		assert_int_equal(blocklist_read(&d, BYTES(rows[i].text,
		    strlen(rows[i].text)), BLOCKLIST_SPKI, &f->e), -1);
		assert_ptr_equal(strstr(f->e.text, rows[i].why), f->e.text);
		assert_int_equal(f->e.code, ERROR_INPUT);
	}
	memset(big, 'a', sizeof(big));
	error_clear(&f->e);
	assert_int_equal(blocklist_read(&d, BYTES(big, sizeof(big)),
	    BLOCKLIST_SPKI, &f->e), -1);
	assert_string_equal(f->e.text, "line 1: not a line of hex digits");
	blocklist_draft_clear(&d);
}

static void
damage(struct fixture *f, size_t at, int64_t change, const char *why)
{
	struct blocklist	*l = (struct blocklist *)-1;
	struct buf		 b = { 0 };

	store_text(f, "00112233445566778899\n11112233445566778899\n",
	    BLOCKLIST_SPKI);
	assert_int_equal(file_load(&b, f->path, 10000, &f->e), 0);
	if (change == 0)
		b.len = at;
	else
		b.p[at] = (uint8_t)(b.p[at] + change);
	assert_int_equal(file_store(f->path, b.p, b.len, 0600, &f->e), 0);
	buf_clear(&b);
	error_clear(&f->e);
	assert_int_equal(blocklist_open(&l, f->path, &f->e), -1);
	assert_null(l);
	assert_non_null(strstr(f->e.text, why));
	assert_int_equal(f->e.code, ERROR_CONFIG);
	error_clear(&f->e);
}

static void
blocklist_open_takes_no_damaged_list(void **state)
{
	struct fixture		*f = *state;
	struct blocklist	*l;

	assert_int_equal(blocklist_open(&l, "/nonexistent", &f->e), -1);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	error_clear(&f->e);
	damage(f, 0, 1, "not a list of keys");
	damage(f, 40, 0, "not a list of keys");
	damage(f, 16, 1, "cut off");
	damage(f, 39, 1, "cut off");
	damage(f, 39, -1, "longer than it says");
	damage(f, 85, 0, "cut off");
	damage(f, 80, 1, "its digest is wrong");
	damage(f, 50, 1, "its digest is wrong");
}

static void
a_key_is_found_by_each_kind_of_digest(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 digest[32], raw[300];
	char		 hex[65], *text, *mod;
	BIGNUM		*n = NULL;
	size_t		 len;

	assert_int_equal(key_digest(digest, f->ec, &f->e), 0);
	text = mem_printf("%s # leaked\r\n", text_hex(hex, digest, 32));
	store_text(f, text, BLOCKLIST_SPKI);
	mem_free(&text);
	listed(f, f->ec, "spki");
	listed(f, f->rsa, NULL);
	listed(f, f->ed, NULL);

	EVP_PKEY_get_bn_param(f->rsa, OSSL_PKEY_PARAM_RSA_N, &n);
	SHA256(raw, (size_t)BN_bn2bin(n, raw), digest);
	text = mem_printf("number: %s", text_hex(hex, digest, 32));
	store_text(f, text, BLOCKLIST_SPKI);
	mem_free(&text);
	listed(f, f->rsa, "number");
	listed(f, f->ec, NULL);

	/* As openssl-blacklist makes its lines. */
	mod = BN_bn2hex(n);
	text = mem_printf("Modulus=%s\n", mod);
	SHA1((unsigned char *)text, strlen(text), digest);
	mem_free(&text);
	store_text(f, text_hex(hex, digest + 10, 10), BLOCKLIST_SPKI);
	listed(f, f->rsa, "modulus");
	store_text(f, text_hex(hex, digest, 20), BLOCKLIST_SPKI);
	listed(f, f->rsa, "modulus");
	listed(f, f->ed, NULL);
	OPENSSL_free(mod);
	BN_free(n);

	len = sizeof(raw);
	EVP_PKEY_get_octet_string_param(f->ec, OSSL_PKEY_PARAM_PUB_KEY, raw,
	    sizeof(raw), &len);
	SHA256(raw + 1, 32, digest);
	store_text(f, text_hex(hex, digest, 32), BLOCKLIST_NUMBER);
	listed(f, f->ec, "number");
	len = sizeof(raw);
	EVP_PKEY_get_raw_public_key(f->ed, raw, &len);
	SHA256(raw, len, digest);
	store_text(f, text_hex(hex, digest, 32), BLOCKLIST_NUMBER);
	listed(f, f->ed, "number");
}

/* Half of them spread evenly, half in one heap; and the key among them. */
static void
a_key_is_found_among_many(void **state)
{
	struct fixture		*f = *state;
	struct blocklist_draft	 d = { 0 };
	struct blocklist	*l;
	uint8_t			 digest[32] = { 0 };
	uint32_t		 i;

	for (i = 0; i < 40000; i++) {
		if (i % 2 == 0)
			SHA256((unsigned char *)&i, sizeof(i), digest);
		else
			memcpy(digest + 6, &i, sizeof(i));
		blocklist_add(&d, BLOCKLIST_SPKI, digest);
		blocklist_add(&d, BLOCKLIST_SPKI, digest);
	}
	assert_int_equal(key_digest(digest, f->ec, &f->e), 0);
	blocklist_add(&d, BLOCKLIST_SPKI, digest);
	store_list(f, &d);
	listed(f, f->ec, "spki");
	listed(f, f->rsa, NULL);
	assert_int_equal(blocklist_open(&l, f->path, &f->e), 0);
	assert_int_equal(blocklist_count(l, BLOCKLIST_SPKI), 40001);
	assert_int_equal(blocklist_count(l, BLOCKLIST_MODULUS), 0);
	assert_int_equal(blocklist_count(l, BLOCKLIST__MAX), 0);
	blocklist_close(&l);
}

static void
several_lists_are_asked_and_one_bad_one_opens_none(void **state)
{
	struct fixture		*f = *state;
	char			*paths[] = { f->path, f->path };
	struct conf_list	 names = { .v = paths, .n = 2 };
	struct blocklists	 b;
	uint8_t			 digest[32];
	char			 hex[65];

	assert_int_equal(key_digest(digest, f->ed, &f->e), 0);
	store_text(f, text_hex(hex, digest, 32), BLOCKLIST_SPKI);
	assert_int_equal(blocklists_open(&b, &names, &f->e), 0);
	assert_int_equal(b.n, 2);
	assert_int_equal(blocklists_check(&b, f->ec, &f->e), 0);
	assert_int_equal(blocklists_check(&b, f->ed, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	error_clear(&f->e);
	blocklists_close(&b);
	paths[1] = f->dir;
	assert_int_equal(blocklists_open(&b, &names, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_int_equal(b.n, 0);
	error_clear(&f->e);
}

static void
kinds_have_names(void **state)
{
	(void)state;
	assert_int_equal(blocklist_kind_of("number"), BLOCKLIST_NUMBER);
	assert_int_equal(blocklist_kind_of("x"), BLOCKLIST__MAX);
	assert_string_equal(blocklist_kind_name(BLOCKLIST_SPKI), "spki");
	assert_string_equal(blocklist_kind_name(BLOCKLIST__MAX), "?");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(blocklist_read_names_the_line),
		cmocka_unit_test(blocklist_open_takes_no_damaged_list),
		cmocka_unit_test(a_key_is_found_by_each_kind_of_digest),
		cmocka_unit_test(a_key_is_found_among_many),
		cmocka_unit_test(
		    several_lists_are_asked_and_one_bad_one_opens_none),
		cmocka_unit_test(kinds_have_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("blocklist", tests, setup,
	    teardown);
}
