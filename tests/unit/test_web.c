/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions, cookies, limits, languages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "os/file.h"
#include "web/cookie.h"
#include "web/limit.h"
#include "web/session.h"
#include "web/texts.h"

#define NOW	INT64_C(1800000000)

static const uint8_t	 key[SESSION_KEY] = { 1, 2, 3 };
static const uint8_t	 other[SESSION_KEY] = { 1, 2, 4 };

static void
begin(struct session *s, const uint8_t *cert, uint64_t seed)
{
	struct rng	 rng = rng_seeded(seed);
	struct error	 e = ERROR_INIT;

	assert_int_equal(session_init(s, cert, NOW, &rng, &e), 0);
}

static void
a_session_comes_back_as_it_was(void **state)
{
	uint8_t		 cert[32] = { 7 };
	struct error	 e = ERROR_INIT;
	char		 cookie[SESSION_COOKIE];
	struct session	 s, t;

	(void)state;
	begin(&s, cert, 1);
	snprintf(s.message, sizeof(s.message), "flash.saved");
	assert_int_equal(session_encode(cookie, &s, key, &e), 0);
	assert_int_equal(session_decode(&t, cookie, key, &e), 0);
	assert_memory_equal(t.id, s.id, sizeof(s.id));
	assert_memory_equal(t.cert, cert, sizeof(cert));
	assert_true(t.created_at == NOW && t.used_at == NOW);
	assert_string_equal(t.message, "flash.saved");
}

static void
a_session_that_we_did_not_sign_is_none(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 cookie[SESSION_COOKIE], changed[SESSION_COOKIE];
	struct session	 s, t;
	size_t		 i;

	(void)state;
	begin(&s, NULL, 1);
	assert_int_equal(session_encode(cookie, &s, key, &e), 0);
	for (i = 0; cookie[i] != '\0'; i++) {
		memcpy(changed, cookie, sizeof(changed));
		changed[i] ^= 1;
		assert_int_equal(session_decode(&t, changed, key, &e), -1);
		assert_int_equal(e.code, ERROR_DENIED);
		error_clear(&e);
	}
	assert_int_equal(session_decode(&t, cookie, other, &e), -1);
	assert_string_equal(e.text, "the session is not one of ours");
	error_clear(&e);
	assert_int_equal(session_decode(&t, "", key, &e), -1);
	error_clear(&e);
	memset(changed, 'a', sizeof(changed) - 1);
	changed[sizeof(changed) - 1] = '\0';
	assert_int_equal(session_decode(&t, changed, key, &e), -1);
}

static void
a_token_is_good_in_its_session_only(void **state)
{
	char		 token[SESSION_TOKEN], changed[SESSION_TOKEN];
	struct error	 e = ERROR_INIT;
	struct session	 s, t;

	(void)state;
	begin(&s, NULL, 1);
	begin(&t, NULL, 2);
	assert_int_equal(session_token(token, &s, key, &e), 0);
	assert_true(session_token_is_good(&s, key, token));
	assert_false(session_token_is_good(&t, key, token));
	assert_false(session_token_is_good(&s, other, token));
	assert_false(session_token_is_good(&s, key, NULL));
	assert_false(session_token_is_good(&s, key, ""));
	memcpy(changed, token, sizeof(changed));
	changed[3] ^= 1;
	assert_false(session_token_is_good(&s, key, changed));
}

static void
the_key_is_made_once_and_kept_private(void **state)
{
	char		 dir[] = "/tmp/signet-web.XXXXXX", path[64];
	uint8_t		 a[SESSION_KEY], b[SESSION_KEY];
	struct error	 e = ERROR_INIT;
	struct stat	 st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(session_key_load(a, path, &rng_system, &e), 0);
	assert_int_equal(session_key_load(b, path, &rng_system, &e), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(session_key_load(b, path, &rng_system, &e), -1);
	error_clear(&e);
	assert_int_equal(file_store(path, "short", 5, 0600, &e), 0);
	assert_int_equal(session_key_load(b, path, &rng_system, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	unlink(path);
	rmdir(dir);
}

static void
cookies_are_found_unless_two_have_the_name(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };
	char		 v[8];

	(void)state;
	assert_int_equal(cookie_find(v, sizeof(v), "x=1; a=b=; aa=2", "a",
	    &e), 1);
	assert_string_equal(v, "b=");
	assert_int_equal(cookie_find(v, sizeof(v), "aa=2", "a", &e), 0);
	assert_int_equal(cookie_find(v, sizeof(v), NULL, "a", &e), 0);
	assert_int_equal(cookie_find(v, sizeof(v), "a=1;a=2", "a", &e), -1);
	assert_string_equal(e.text, "two cookies are called a");
	error_clear(&e);
	assert_int_equal(cookie_find(v, sizeof(v), "a=12345678", "a", &e),
	    -1);
	error_clear(&e);
	assert_int_equal(cookie_find(v, sizeof(v), "a=\"x\"", "a", &e), -1);
	error_clear(&e);
	assert_int_equal(cookie_make(&b, "a", "x\r\nb", 0, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	error_clear(&e);
	assert_int_equal(cookie_make(&b, "a", "x", 60, &e), 0);
	assert_string_equal(buf_cstr(&b), "a=x; Path=/; Secure; HttpOnly; "
	    "SameSite=Lax; Max-Age=60");
	buf_clear(&b);
}

static const struct limit_rate	 rate = { "try", 3, 6 };

static bool
take(struct limits *l, const char *whom, int64_t now, int *wait)
{
	return limit_take(l, &rate, BYTES(whom, strlen(whom)), now, wait);
}

static void
who_comes_too_often_waits(void **state)
{
	struct rng	 rng = rng_seeded(1);
	struct error	 e = ERROR_INIT;
	struct limits	*l;
	int		 wait, i;

	(void)state;
	assert_int_equal(limits_new(&l, 64, &rng, &e), 0);
	for (i = 0; i < 3; i++)
		assert_true(take(l, "a", 1000, &wait));
	assert_false(take(l, "a", 1000, &wait));
	assert_in_range(wait, 10, 11);
	assert_true(take(l, "b", 1000, &wait));
	assert_false(take(l, "a", 10900, &wait));
	assert_true(take(l, "a", 11100, &wait));
	assert_false(take(l, "a", 11200, &wait));
	limit_give(l, &rate, BYTES("a", 1), 11200);
	assert_true(take(l, "a", 11200, &wait));
	/* After a long while it is full again and not fuller. */
	for (i = 0; i < 3; i++)
		assert_true(take(l, "a", 99000000, &wait));
	assert_false(take(l, "a", 99000000, &wait));
	limits_free(&l);
	assert_null(l);
}

static void
a_flood_does_not_free_who_is_at_the_limit(void **state)
{
	struct rng	 rng = rng_seeded(1);
	struct error	 e = ERROR_INIT;
	struct limits	*l;
	char		 name[16];
	int		 wait, i;

	(void)state;
	assert_int_equal(limits_new(&l, 64, &rng, &e), 0);
	for (i = 0; i < 3; i++)
		assert_true(take(l, "a", 1000, &wait));
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		(void)take(l, name, 1000, &wait);
	}
	assert_false(take(l, "a", 1001, &wait));
	limits_free(&l);
}

static void
a_network_of_ipv6_is_one_client(void **state)
{
	char	 d[48];

	(void)state;
	assert_string_equal(limit_address(d, "192.0.2.7"), "192.0.2.7");
	assert_string_equal(limit_address(d, "::ffff:192.0.2.7"),
	    "192.0.2.7");
	assert_string_equal(limit_address(d, "2001:db8:1:2:3:4:5:6"),
	    "2001:db8:1:2::");
	assert_string_equal(limit_address(d, ""), "");
}

static void
put(const char *dir, const char *name, const char *text)
{
	char		*path = file_join(dir, name);
	struct error	 e = ERROR_INIT;

	assert_int_equal(file_store(path, text, strlen(text), 0600, &e), 0);
	mem_free(&path);
}

static void
assert_texts(const char *dir, const char *why)
{
	const char *const	 langs[] = { "en", "sv" };
	struct error		 e = ERROR_INIT;
	struct texts		*t;

	assert_int_equal(texts_load(&t, dir, NULL, langs, 2, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s", e.text);
}

static void
languages_have_the_same_texts(void **state)
{
	char			 dir[] = "/tmp/signet-web.XXXXXX", path[64];
	const char *const	 langs[] = { "en", "sv" };
	struct error		 e = ERROR_INIT;
	struct buf		 b = { 0 };
	struct texts		*t;
	json_t			*v = json_pack("{s:s, s:i}", "who", "<b>",
				    "n", 2);

	(void)state;
	assert_non_null(mkdtemp(dir));
	put(dir, "en.json", "{\"a\": \"Hi {who}\", \"b\": \"B\"}");
	put(dir, "sv.json", "{\"a\": \"Hej {who}\"}");
	assert_texts(dir, "\"b\" is missing");
	put(dir, "sv.json", "{\"a\": \"Hej {who}\", \"b\": \"B\", "
	    "\"c\": \"C\"}");
	assert_texts(dir, "\"c\" is in no other");
	put(dir, "sv.json", "{\"a\": \"Hej\", \"b\": \"B\"}");
	assert_texts(dir, "{who} is in one language");
	put(dir, "sv.json", "{\"a\": \"Hej\", \"a\": \"B\"}");
	assert_texts(dir, "sv.json:1");
	put(dir, "sv.json", "{\"a\": \"Hej {who}\", \"b\": \"B\"}");
	assert_int_equal(texts_load(&t, dir, NULL, langs, 2, &e), 0);
	assert_string_equal(texts_get(t, "sv", "a"), "Hej {who}");
	assert_string_equal(texts_get(t, "de", "a"), "Hi {who}");
	assert_null(texts_get(t, "en", "c"));
	assert_string_equal(texts_choose(t, NULL, NULL,
	    "de, sv-FI;q=0.8, en;q=0.9"), "en");
	assert_string_equal(texts_choose(t, NULL, "sv", "en"), "sv");
	assert_string_equal(texts_choose(t, "en", "sv", "sv"), "en");
	assert_string_equal(texts_choose(t, "<x>", NULL, NULL), "en");
	assert_int_equal(texts_fill(&b, "{who}{n} {}{", v, &e), 0);
	assert_string_equal(buf_cstr(&b), "<b>2 {}{");
	assert_int_equal(texts_fill(&b, "{x}", v, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	texts_free(&t);
	json_decref(v);
	buf_clear(&b);
	snprintf(path, sizeof(path), "%s/en.json", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/sv.json", dir);
	unlink(path);
	rmdir(dir);
}

static void
assert_brand(const char *dir, const char *brand, const char *why)
{
	const char *const	 langs[] = { "en" };
	struct error		 e = ERROR_INIT;
	struct texts		*t;

	put(brand, "en.json", why);
	assert_int_equal(texts_load(&t, dir, brand, langs, 1, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	texts_free(&t);
}

/* Which changes words, and adds what its own things are called. */
static void
a_brand_replaces_texts_and_adds_names_only(void **state)
{
	char			 dir[] = "/tmp/signet-web.XXXXXX", path[64];
	char			 brand[] = "/tmp/signet-web.XXXXXX";
	const char *const	 langs[] = { "en" };
	struct error		 e = ERROR_INIT;
	struct texts		*t;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_non_null(mkdtemp(brand));
	put(dir, "en.json", "{\"a\": \"Hi {who}\", \"b\": \"B\"}");
	assert_brand(dir, brand, "{\"c\": \"C\"}");
	assert_brand(dir, brand, "{\"a\": \"Hi\"}");
	assert_brand(dir, brand, "{\"profiles\": \"C\"}");
	assert_brand(dir, brand, "{\"profile.x\": 1}");
	assert_brand(dir, brand, "{\"a\": \"Hi {who}\"");
	put(brand, "en.json", "{\"a\": \"Ho {who}\", "
	    "\"profile.x\": \"X\", \"office.n\": \"N\"}");
	assert_int_equal(texts_load(&t, dir, brand, langs, 1, &e), 0);
	assert_string_equal(texts_get(t, "en", "a"), "Ho {who}");
	assert_string_equal(texts_get(t, "en", "b"), "B");
	assert_string_equal(texts_get(t, "en", "profile.x"), "X");
	assert_string_equal(texts_get(t, "en", "office.n"), "N");
	texts_free(&t);
	snprintf(path, sizeof(path), "%s/en.json", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/en.json", brand);
	unlink(path);
	rmdir(dir);
	rmdir(brand);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_session_comes_back_as_it_was),
		cmocka_unit_test(a_session_that_we_did_not_sign_is_none),
		cmocka_unit_test(a_token_is_good_in_its_session_only),
		cmocka_unit_test(the_key_is_made_once_and_kept_private),
		cmocka_unit_test(cookies_are_found_unless_two_have_the_name),
		cmocka_unit_test(who_comes_too_often_waits),
		cmocka_unit_test(a_flood_does_not_free_who_is_at_the_limit),
		cmocka_unit_test(a_network_of_ipv6_is_one_client),
		cmocka_unit_test(languages_have_the_same_texts),
		cmocka_unit_test(a_brand_replaces_texts_and_adds_names_only),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
