/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/base64.h"
#include "base/text.h"
#include "cli/bundle.h"

#define HASH	"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f" \
		"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"

static struct bundle_file
file_of(const char *text)
{
	return (struct bundle_file){ .name = "x", .line = 1,
	    .data = BYTES(text, strlen(text)) };
}

static void
a_directory_without_a_part_is_no_bundle(void **state)
{
	struct error	 e = ERROR_INIT;
	struct bundle	 b;

	(void)state;
	assert_int_equal(bundle_open(&b, "/nowhere", &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_non_null(strstr(e.text, "/nowhere/entries.txt"));
	assert_non_null(strstr(e.hint, "signet audit export"));
}

static void
a_file_that_is_a_directory_is_refused(void **state)
{
	struct error		 e = ERROR_INIT;
	struct bundle_file	 f;

	(void)state;
	assert_int_equal(bundle_file_open(&f, "tmp", "/tmp", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "/tmp is not a plain file");
}

static void
malformed_entries_are_told_with_their_line_and_passed_over(void **state)
{
	static const struct {
		const char	*line;
		const char	*why;
	} bad[] = {
		{ "1", "x:2: not number, hash and body" },
		{ "0 " HASH " YQ==", "x:2: bad entry number" },
		{ "-1 " HASH " YQ==", "x:2: bad entry number" },
		{ "1 0f YQ==", "x:2: bad hash" },
		{ "1 " HASH "0f YQ==", "x:2: bad hash" },
		{ "1 " HASH " YQ", "x:2: bad body" },
		{ "1 " HASH " ", "x:2: bad body" },
		{ "1 " HASH " YQ== more", "x:2: not number, hash and body" },
		{ "1  " HASH " YQ==", "x:2: not number, hash and body" },
	};
	struct bundle_entry	 entry = { 0 };
	struct bundle_file	 f;
	struct error		 e;
	char			*text;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct error)ERROR_INIT;
		text = mem_printf("# comment\n%s\n2 " HASH " YQ==\n",
		    bad[i].line);
		f = file_of(text);
		assert_int_equal(bundle_entry_next(&f, &entry, &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_string_equal(e.text, bad[i].why);
		assert_int_equal(bundle_entry_next(&f, &entry, &e), 1);
		assert_int_equal(entry.seq, 2);
		assert_int_equal(bundle_entry_next(&f, &entry, &e), 0);
		mem_free(&text);
	}
	buf_clear(&entry.body);
}

static void
an_entry_is_read_as_it_was_written(void **state)
{
	struct error		 e = ERROR_INIT;
	struct bundle_entry	 entry = { 0 };
	struct buf		 text = { 0 };
	struct bundle_file	 f;
	uint8_t			 hash[AUDIT_HASH];

	(void)state;
	memset(hash, 0xa5, sizeof(hash));
	bundle_put_entry(&text, 4711, hash, BYTES("act=start\n", 10));
	f = file_of(buf_cstr(&text));
	assert_int_equal(bundle_entry_next(&f, &entry, &e), 1);
	assert_int_equal(entry.seq, 4711);
	assert_memory_equal(entry.hash, hash, sizeof(hash));
	assert_int_equal(entry.body.len, 10);
	assert_memory_equal(entry.body.p, "act=start\n", 10);
	buf_clear(&entry.body);
	buf_clear(&text);
}

static void
malformed_pem_is_told_and_passed_over(void **state)
{
	static const struct {
		const char	*block;
		const char	*why;
	} bad[] = {
		{ "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
		    "x:1: PEM block of another kind" },
		{ "-----BEGIN CMS-----\n-----END CMS-----\n",
		    "x:2: PEM block is not base64" },
		{ "-----BEGIN CMS-----\nM A=\n-----END CMS-----\n",
		    "x:3: PEM block is not base64" },
		{ "-----BEGIN CMS-----\nMAA=\n-----END CERTIFICATE-----\n",
		    "x:3: PEM block has no end" },
	};
	struct bundle_file	 f;
	struct error		 e;
	struct buf		 der = { 0 };
	char			*text;
	size_t			 i;
	int			 found;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct error)ERROR_INIT;
		text = mem_printf("%s-----BEGIN CMS-----\nMAMCAQE=\n"
		    "-----END CMS-----\n", bad[i].block);
		f = file_of(text);
		assert_int_equal(bundle_pem_next(&f, "CMS", &der, NULL, &e),
		    -1);
		assert_string_equal(e.text, bad[i].why);
		while ((found = bundle_pem_next(&f, "CMS", &der, NULL,
		    &e)) == -1)
			;
		assert_int_equal(found, 1);
		assert_int_equal(der.len, 5);
		mem_free(&text);
	}
	buf_clear(&der);
}

static void
a_block_without_an_end_is_not_taken(void **state)
{
	struct error		 e = ERROR_INIT;
	struct bundle_file	 f = file_of("-----BEGIN CMS-----\nMAA=\n");
	struct buf		 der = { 0 };

	(void)state;
	assert_int_equal(bundle_pem_next(&f, "CMS", &der, NULL, &e), -1);
	assert_string_equal(e.text, "x:2: PEM block has no end");
	assert_int_equal(bundle_pem_next(&f, "CMS", &der, NULL, &e), 0);
	buf_clear(&der);
}

static void
a_block_is_found_again_where_it_was(void **state)
{
	struct error		 e = ERROR_INIT;
	struct buf		 text = { 0 }, der = { 0 };
	struct bundle_file	 f;
	uint8_t			 big[200];
	size_t			 at;

	(void)state;
	memset(big, 7, sizeof(big));
	buf_str(&text, "words before\n");
	base64_put_pem(&text, "CMS", BYTES("abc", 3));
	base64_put_pem(&text, "CMS", BYTES(big, sizeof(big)));
	f = file_of(buf_cstr(&text));
	assert_int_equal(bundle_pem_next(&f, "CMS", &der, &at, &e), 1);
	assert_int_equal(bundle_pem_next(&f, "CMS", &der, &at, &e), 1);
	assert_int_equal(bundle_pem_next(&f, "CMS", &der, NULL, &e), 0);
	der.len = 0;
	assert_int_equal(bundle_pem_at(&f, "CMS", at, &der, &e), 1);
	assert_int_equal(der.len, sizeof(big));
	assert_memory_equal(der.p, big, sizeof(big));
	bundle_file_rewind(&f);
	assert_int_equal(bundle_pem_next(&f, "CMS", &der, NULL, &e), 1);
	assert_int_equal(der.len, 3);
	buf_clear(&der);
	buf_clear(&text);
}

static void
malformed_lines_of_status_are_told(void **state)
{
	static const struct {
		const char	*line;
		const char	*why;
	} bad[] = {
		{ "people 2a good - -\n",
		    "x:1: not ca, serial, status, reason, time and order" },
		{ "people 2z good - - -\n", "x:1: bad serial number" },
		{ "people 2a fine - - -\n",
		    "x:1: status is not good, held or revoked" },
		{ "people 2a revoked 11 - -\n", "x:1: bad reason" },
		{ "people 2a revoked 1 yesterday -\n", "x:1: bad time" },
	};
	struct bundle_status	 s;
	struct bundle_file	 f;
	struct error		 e;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct error)ERROR_INIT;
		f = file_of(bad[i].line);
		assert_int_equal(bundle_status_next(&f, &s, &e), -1);
		assert_string_equal(e.text, bad[i].why);
		assert_int_equal(bundle_status_next(&f, &s, &e), 0);
	}
}

static void
a_line_of_status_is_read(void **state)
{
	struct error		 e = ERROR_INIT;
	struct bundle_status	 s;
	struct bundle_file	 f = file_of("people 2a good - - -\r\n"
				    "services 00ff held 6 "
				    "2027-01-15T08:00:00Z 0a0b\n");

	(void)state;
	assert_int_equal(bundle_status_next(&f, &s, &e), 1);
	assert_string_equal(s.status, "good");
	assert_int_equal(s.reason, -1);
	assert_int_equal(s.at, 0);
	assert_int_equal(bundle_status_next(&f, &s, &e), 1);
	assert_string_equal(s.ca, "services");
	assert_int_equal(s.serial_len, 2);
	assert_int_equal(s.reason, 6);
	assert_int_equal(s.at, 1800000000);
	assert_string_equal(s.order, "0a0b");
	assert_int_equal(bundle_status_next(&f, &s, &e), 0);
}

static void
a_proof_is_read_and_a_malformed_one_told(void **state)
{
	struct error		 e = ERROR_INIT;
	struct bundle_proof	 p;
	struct bundle_file	 f = file_of(HASH " 3 0102\n" HASH " 3\n");

	(void)state;
	assert_int_equal(bundle_proof_next(&f, &p, &e), 1);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.len, 2);
	assert_int_equal(bundle_proof_next(&f, &p, &e), -1);
	assert_string_equal(e.text, "x:2: not order, number and proof");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_directory_without_a_part_is_no_bundle),
		cmocka_unit_test(a_file_that_is_a_directory_is_refused),
		cmocka_unit_test(malformed_entries_are_told_with_their_line_and_passed_over),
		cmocka_unit_test(an_entry_is_read_as_it_was_written),
		cmocka_unit_test(malformed_pem_is_told_and_passed_over),
		cmocka_unit_test(a_block_without_an_end_is_not_taken),
		cmocka_unit_test(a_block_is_found_again_where_it_was),
		cmocka_unit_test(malformed_lines_of_status_are_told),
		cmocka_unit_test(a_line_of_status_is_read),
		cmocka_unit_test(a_proof_is_read_and_a_malformed_one_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
