/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys whose module runs in another process, and modules that never return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clock.h"
#include "os/file.h"
#include "tests/lib/softhsm.h"
#include "x509/key.h"
#include "x509/token.h"

#define MESSAGE	BYTES("hello", 5)
#define TIMEOUT	1000
#define OFTEN	30		/* what is waited for, is, so many times */

struct fixture {
	char		 dir[40];
	char		*pin, *wrong, *hang, *uri;
	struct error	 e;
};

static int
refuse(void *arg, struct error *e)
{
	return error_set(e, ERROR_CONFIG, "%s", (const char *)arg);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	const char	*more[] = { "--keypairgen", "--key-type", "EC:prime256v1",
			    "--label", "key", "--id", "01", NULL };
	const char	*build = getenv("SIGNET_BUILD");

	snprintf(f->dir, sizeof(f->dir), "/tmp/test_apart.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	softhsm_setup(f->dir);
	assert_int_equal(softhsm_tool("people", more), 0);
	f->pin = mem_printf("file:%s/pin", f->dir);
	f->wrong = mem_printf("file:%s/wrong", f->dir);
	f->hang = mem_printf("%s/hang", f->dir);
	f->uri = mem_printf("pkcs11:token=people;object=key?module-path="
	    "%s/tests/lib/hang_token.so", build != NULL ? build : ".");
	assert_int_equal(setenv("HANG_MODULE", softhsm_module(), 1), 0);
	assert_int_equal(setenv("HANG_FILE", f->hang, 1), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture		*f = *state;
	const char *const	 argv[] = { "rm", "-rf", f->dir, NULL };

	token_apart_stop();
	assert_int_equal(softhsm_run(argv), 0);
	mem_free(&f->pin);
	mem_free(&f->wrong);
	mem_free(&f->hang);
	mem_free(&f->uri);
	mem_free(&f);
	return 0;
}

static void
start(struct fixture *f)
{
	if (token_apart_start(NULL, NULL, TIMEOUT, &f->e) == -1)
		fail_msg("%s", f->e.text);
	assert_true(token_apart_is_on());
}

static void
hang(struct fixture *f, bool yes)
{
	if (!yes)
		assert_int_equal(unlink(f->hang), 0);
	else
		assert_int_equal(file_store(f->hang, "people", 6, 0600, &f->e),
		    0);
}

static void
fails(struct fixture *f, int rc, enum error_code code, const char *text)
{
	assert_int_equal(rc, -1);
	if (strstr(f->e.text, text) == NULL)
		fail_msg("says \"%s\"", f->e.text);
	assert_int_equal(f->e.code, code);
	error_clear(&f->e);
}

static struct token_key *
new_key(struct fixture *f, const char *pin)
{
	struct token_key	*k;

	assert_int_equal(token_key_new(&k, f->uri, pin, &f->e), 0);
	return k;
}

static void
check_signs(struct fixture *f, EVP_PKEY *key)
{
	struct buf		 sig = { 0 }, der = { 0 };
	const unsigned char	*p;
	EVP_PKEY		*pub;

	assert_int_equal(key_public_der(&der, key, &f->e), 0);
	p = der.p;
	assert_non_null(pub = d2i_PUBKEY(NULL, &p, (long)der.len));
	if (key_sign(&sig, key, MESSAGE, &f->e) == -1 ||
	    key_verify(pub, MESSAGE, BYTES(sig.p, sig.len), &f->e) == -1)
		fail_msg("%s", f->e.text);
	EVP_PKEY_free(pub);
	buf_clear(&der);
	buf_clear(&sig);
}

static void
what_confines_the_processes_may_refuse(void **state)
{
	struct fixture	*f = *state;
	char		 why[] = "not here";

	fails(f, token_apart_start(refuse, why, TIMEOUT, &f->e), ERROR_CONFIG,
	    "not here");
	assert_false(token_apart_is_on());
}

static void
no_module_is_loaded_where_keys_are_apart(void **state)
{
	struct fixture		*f = *state;
	struct token_key	*k;
	struct token_info	 info;
	X509			*cert;

	start(f);
	k = new_key(f, f->pin);
	fails(f, token_key_load_module(k, &f->e), ERROR_BUG,
	    "modules of tokens are not for this process");
	fails(f, token_key_info(k, &info, &f->e), ERROR_BUG, "modules of");
	fails(f, token_key_cert(k, &cert, &f->e), ERROR_BUG, "modules of");
	fails(f, token_key_generate(k, "ec:P-256", &f->e), ERROR_BUG,
	    "modules of");
	token_key_free(&k);
}

static void
a_refused_pin_is_not_tried_by_another_process(void **state)
{
	struct fixture		*f = *state;
	struct token_key	*k;

	start(f);
	k = new_key(f, f->wrong);
	fails(f, token_key_open(k, &f->e), ERROR_DENIED, "refuses the PIN");
	fails(f, token_key_open(k, &f->e), ERROR_DENIED, "not tried again");
	token_key_free(&k);
}

static void
a_module_that_is_none_is_named(void **state)
{
	struct fixture		*f = *state;
	struct token_key	*k;

	start(f);
	assert_int_equal(token_key_new(&k, "pkcs11:token=people;object=key?"
	    "module-path=/nosuch.so", f->pin, &f->e), 0);
	fails(f, token_key_open(k, &f->e), ERROR_CONFIG, "/nosuch.so");
	token_key_free(&k);
}

static void
a_key_signs_through_its_process(void **state)
{
	struct fixture		*f = *state;
	struct token_key	*k;
	EVP_PKEY		*key = NULL;

	start(f);
	k = new_key(f, f->pin);
	if (token_key_open(k, &f->e) == -1 ||
	    token_key_pkey(k, &key, &f->e) == -1)
		fail_msg("%s", f->e.text);
	check_signs(f, key);
	check_signs(f, key);
	EVP_PKEY_free(key);
	token_key_free(&k);
}

static void
opens(struct fixture *f, struct token_key *k)
{
	int64_t	 end = clock_monotonic_ms() + 10000;

	while (token_key_open(k, &f->e) == -1) {
		if (clock_monotonic_ms() > end)
			fail_msg("%s", f->e.text);
		error_clear(&f->e);
		usleep(50000);
	}
}

static void
a_call_that_never_returns_costs_its_timeout_once(void **state)
{
	struct fixture		*f = *state;
	struct token_key	*k, *failed;
	struct buf		 sig = { 0 };
	EVP_PKEY		*key;
	int64_t			 began;

	start(f);
	k = new_key(f, f->pin);
	opens(f, k);
	assert_int_equal(token_key_pkey(k, &key, &f->e), 0);
	hang(f, true);
	began = clock_monotonic_ms();
	assert_int_equal(key_sign(&sig, key, MESSAGE, &f->e), -1);
	assert_true(clock_monotonic_ms() - began >= TIMEOUT);
	assert_non_null(failed = token_key_of(key));
	token_key_failure(failed, &f->e);
	fails(f, -1, ERROR_UPSTREAM, "its token did not answer within 1 s; the "
	    "process that asked it was killed");
	began = clock_monotonic_ms();
	fails(f, token_key_open(k, &f->e), ERROR_RETRY,
	    "does not answer; it was asked again");
	for (int i = 0; i < OFTEN; i++) {
		assert_int_equal(key_sign(&sig, key, MESSAGE, &f->e), -1);
		error_clear(&f->e);
	}
	assert_true(clock_monotonic_ms() - began < OFTEN * TIMEOUT);
	hang(f, false);
	opens(f, k);
	check_signs(f, key);
	EVP_PKEY_free(key);
	token_key_free(&k);
	buf_clear(&sig);
}

static void
a_token_that_hangs_from_the_start_is_waited_for_once(void **state)
{
	struct fixture		*f = *state;
	struct token_key	*k;

	start(f);
	hang(f, true);
	k = new_key(f, f->pin);
	fails(f, token_key_open(k, &f->e), ERROR_UPSTREAM,
	    "did not answer within 1 s");
	fails(f, token_key_open(k, &f->e), ERROR_RETRY,
	    "does not answer; it was asked again");
	hang(f, false);
	opens(f, k);
	token_key_free(&k);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest	 tests[] = {
		TEST(what_confines_the_processes_may_refuse),
		TEST(no_module_is_loaded_where_keys_are_apart),
		TEST(a_refused_pin_is_not_tried_by_another_process),
		TEST(a_module_that_is_none_is_named),
		TEST(a_key_signs_through_its_process),
		TEST(a_call_that_never_returns_costs_its_timeout_once),
		TEST(a_token_that_hangs_from_the_start_is_waited_for_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
