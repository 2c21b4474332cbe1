/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive that is read again: each file against the index, each member
 * against the files, and nothing is believed that somebody changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include "base/mem.h"
#include "base/text.h"
#include "cli/archive.h"
#include "os/file.h"

#define ID	"0102030405060708090a0b0c0d0e0f10"
#define ORDER	"-----BEGIN CMS-----\nb3JkZXI=\n-----END CMS-----\n"
#define CERT	"-----BEGIN CERTIFICATE-----\nY2VydA==\n" \
	"-----END CERTIFICATE-----\n"

struct fixture {
	char		 dir[64];
	struct error	 e;
	struct archive	 a;
};

static void
put(struct fixture *f, const char *name, const char *text)
{
	char	*path = file_join(f->dir, name);

	assert_int_equal(file_store(path, text, strlen(text), 0600, &f->e), 0);
	mem_free(&path);
}

static char *
sha(char hex[65], const char *text)
{
	uint8_t	md[32];

	EVP_Digest(text, strlen(text), md, NULL, EVP_sha256(), NULL);
	return text_hex(hex, md, sizeof(md));
}

/* The index that fits to what is there. */
static void
seal_up(struct fixture *f)
{
	struct archive	 a = { .name = "old", .made = 1700000000,
			    .cutoff = 1600000000, .seq = 7 };
	struct buf	 text = { 0 };
	char		*path = file_join(f->dir, ARCHIVE_MEMBERS);

	assert_int_equal(bundle_open(&a.b, f->dir, &f->e), 0);
	assert_int_equal(bundle_file_open(&a.members, ARCHIVE_MEMBERS, path,
	    &f->e), 0);
	assert_int_equal(archive_index(&text, &a, &f->e), 0);
	put(f, ARCHIVE_INDEX, buf_cstr(&text));
	archive_close(&a);
	buf_clear(&text);
	mem_free(&path);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	const char	*tmp = getenv("TMPDIR");
	char		 order[65], cert[65], *members;
	int		 i;

	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "%.40s/archive.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	for (i = 0; i < BUNDLE__MAX; i++)
		put(f, bundle_name(i), i == BUNDLE_ORDERS ? ORDER :
		    i == BUNDLE_CERTS ? CERT : "");
	members = mem_printf("order " ID " %s\ncert " ID " 0 %s\n",
	    sha(order, "order"), sha(cert, "cert"));
	put(f, ARCHIVE_MEMBERS, members);
	mem_free(&members);
	seal_up(f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;
	char		*path;
	int		 i;

	for (i = 0; i < BUNDLE__MAX + 2; i++) {
		path = file_join(f->dir, i < BUNDLE__MAX ? bundle_name(i) :
		    i == BUNDLE__MAX ? ARCHIVE_MEMBERS : ARCHIVE_INDEX);
		unlink(path);
		mem_free(&path);
	}
	rmdir(f->dir);
	mem_free(&f);
	return 0;
}

static void
refused(struct fixture *f, enum error_code code, const char *why)
{
	struct error	e = ERROR_INIT;

	assert_int_equal(archive_open(&f->a, f->dir, &e), -1);
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\" is not \"%s\"", e.text, why);
	assert_int_equal(e.code, code);
}

static void
a_file_that_was_changed_is_named(void **state)
{
	struct fixture	*f = *state;
	int		 i;

	for (i = 0; i < BUNDLE__MAX; i++) {
		put(f, bundle_name(i), "# other\n");
		refused(f, ERROR_DENIED, bundle_name(i));
		put(f, bundle_name(i), i == BUNDLE_ORDERS ? ORDER :
		    i == BUNDLE_CERTS ? CERT : "");
	}
	put(f, ARCHIVE_MEMBERS, "");
	refused(f, ERROR_DENIED, ARCHIVE_MEMBERS);
}

static void
an_index_that_is_none_is_refused(void **state)
{
	static const char *const	bad[] = { "", "signet archive 2\n",
	    "signet archive 1\n", "signet archive 1\nname a b\n",
	    "signet archive 1\nname old\nmade x\ncutoff x\nhead 1 00\n",
	    ("signet archive 1\nname old\nmade 2023-11-14T22:13:20Z\n"
	    "cutoff 2020-09-13T12:26:40Z\nhead 7 0011\n") };
	struct fixture			*f = *state;
	size_t				 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(f, ARCHIVE_INDEX, bad[i]);
		refused(f, ERROR_INPUT, ARCHIVE_INDEX);
	}
}

static void
an_index_says_name_times_and_head(void **state)
{
	struct archive	 a = { .made = 0 };
	struct error	 e = ERROR_INIT;
	char		 hex[65], *text;

	(void)state;
	assert_int_equal(archive_parse_index(&a, "signet archive 1\nname old",
	    &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	text = mem_printf("signet archive 1\nname old\n"
	    "made 2023-11-14T22:13:20Z\ncutoff 2020-09-13T12:26:40Z\n"
	    "head 7 %s\n", sha(hex, "head"));
	assert_int_equal(archive_parse_index(&a, text, &e), 0);
	assert_int_equal(a.made, 1700000000);
	assert_int_equal(a.cutoff, 1600000000);
	assert_int_equal(a.seq, 7);
	mem_free(&text);
}

static void
members_are_in_the_files_and_the_files_in_the_members(void **state)
{
	struct fixture	*f = *state;
	char		 hex[65], *line;

	put(f, ARCHIVE_MEMBERS, "");
	seal_up(f);
	refused(f, ERROR_DENIED, "the files have 2 members, members.txt says "
	    "0");
	line = mem_printf("order " ID " %s\n", sha(hex, "another"));
	put(f, ARCHIVE_MEMBERS, line);
	mem_free(&line);
	seal_up(f);
	refused(f, ERROR_DENIED, "members.txt:1: no file has it");
}

static void
malformed_members_are_refused_with_their_line(void **state)
{
	static const char *const	bad[] = { "order\n", "order " ID " 00\n",
	    "thing " ID " 0 %s\n", "cert " ID " -1 %s\n", "cert 01 0 %s\n",
	    "list a/b 0 1 0 %s\n", "list people 0 1 %s\n",
	    "order " ID " %s", "order  " ID " %s\n",
	    "list people 0 1 0 0 %s\n" };
	struct fixture			*f = *state;
	char				 hex[65], *at, *line;
	size_t				 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		at = strstr(bad[i], "%s");
		line = at == NULL ? mem_strdup(bad[i]) : mem_printf("%.*s%s%s",
		    (int)(at - bad[i]), bad[i], sha(hex, "order"), at + 2);
		put(f, ARCHIVE_MEMBERS, line);
		mem_free(&line);
		seal_up(f);
		refused(f, ERROR_INPUT, "members.txt:1: malformed");
	}
}

static void
what_is_whole_is_read_member_by_member(void **state)
{
	struct fixture		*f = *state;
	struct archive_member	 m;
	struct error		 e = ERROR_INIT;

	if (archive_open(&f->a, f->dir, &e) == -1)
		fail_msg("%s", e.text);
	assert_string_equal(f->a.name, "old");
	assert_int_equal(f->a.cutoff, 1600000000);
	assert_int_equal(f->a.orders, 1);
	assert_int_equal(f->a.certs, 1);
	assert_int_equal(archive_next(&f->a, &m, &e), 1);
	assert_int_equal(m.kind, ARCHIVE_ORDER);
	assert_int_equal(m.id[15], 0x10);
	assert_int_equal(archive_next(&f->a, &m, &e), 1);
	assert_int_equal(m.kind, ARCHIVE_CERT);
	assert_int_equal(archive_next(&f->a, &m, &e), 0);
	archive_rewind(&f->a);
	f->a.orders = 0;
	assert_int_equal(archive_check(&f->a, &e), 0);
	assert_int_equal(f->a.orders, 1);
	assert_int_equal(archive_next(&f->a, &m, &e), 1);
	archive_close(&f->a);
}

static void
an_archive_has_a_name_that_a_file_can_have(void **state)
{
	struct error	e = ERROR_INIT;

	(void)state;
	assert_int_equal(archive_check_name("", &e), -1);
	assert_int_equal(archive_check_name("a b", &e), -1);
	assert_int_equal(archive_check_name("../x", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(archive_check_name("2026-11", &e), 0);
}

static void
lists_are_known_by_all_four(void **state)
{
	char	a[ARCHIVE_CRL_KEY], b[ARCHIVE_CRL_KEY];

	(void)state;
	assert_string_equal(archive_crl_key(a, "people", 0, 7, 3),
	    "list people 0 7 3");
	assert_string_not_equal(a, archive_crl_key(b, "people", 0, 7, 0));
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_was_changed_is_named),
		TEST(an_index_that_is_none_is_refused),
		cmocka_unit_test(an_index_says_name_times_and_head),
		TEST(members_are_in_the_files_and_the_files_in_the_members),
		TEST(malformed_members_are_refused_with_their_line),
		TEST(what_is_whole_is_read_member_by_member),
		cmocka_unit_test(an_archive_has_a_name_that_a_file_can_have),
		cmocka_unit_test(lists_are_known_by_all_four),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
