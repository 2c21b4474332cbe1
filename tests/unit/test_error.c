/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/error.h"

/* Not literals, so that the compiler lets us try what it would warn of. */
static void
fill(char *buf, size_t size, char c)
{
	memset(buf, c, size - 1);
	buf[size - 1] = '\0';
}

static void
error_set_records_code_and_text_and_forgets_the_old_hint(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	error_hint(&e, "old");
	assert_int_equal(error_set(&e, ERROR_DENIED, "order %d", 41), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "order 41");
	assert_string_equal(e.hint, "");
}

static void
error_set_takes_its_own_text_as_an_argument(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	error_set(&e, ERROR_INPUT, "bad");
	error_set(&e, ERROR_CONFIG, "very %s", e.text);
	assert_string_equal(e.text, "very bad");
}

static void
error_set_cuts_an_endless_text_between_characters(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 big[600];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(big) - 2; i += 2)
		memcpy(big + i, "\xc3\xa4", 3);
	error_set(&e, ERROR_INPUT, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 2);
	assert_int_equal((unsigned char)e.text[strlen(e.text) - 1], 0xa4);
}

static void
error_sys_maps_errno_and_keeps_it(void **state)
{
	static const struct {
		int		 no;
		enum error_code	 code;
	} row[] = {
		{ ENOENT, ERROR_NOTFOUND }, { ENOMEM, ERROR_NOMEM },
		{ EACCES, ERROR_CONFIG }, { EPERM, ERROR_CONFIG },
		{ ENOSPC, ERROR_UPSTREAM }, { EROFS, ERROR_UPSTREAM },
		{ EIO, ERROR_UPSTREAM }, { ECONNREFUSED, ERROR_UPSTREAM },
	};
	struct error	 e;
	char		 want[200];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		error_clear(&e);
		errno = row[i].no;
		assert_int_equal(error_sys(&e, "read %s", "x"), -1);
		assert_int_equal(errno, row[i].no);
		assert_int_equal(e.code, row[i].code);
		snprintf(want, sizeof(want), "read x: %s",
		    strerror(row[i].no));
		assert_string_equal(e.text, want);
	}
}

static void
error_ssl_tells_the_first_entry_and_empties_the_queue(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	ERR_clear_error();
	ERR_raise_data(ERR_LIB_PEM, PEM_R_NO_START_LINE, "root %s", "cause");
	ERR_raise(ERR_LIB_PEM, PEM_R_BAD_DECRYPT);
	assert_int_equal(error_ssl(&e, ERROR_INPUT, "load %s", "k"), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "load k: no start line (root cause)");
	assert_int_equal(ERR_peek_error(), 0);
}

static void
error_ssl_spells_out_a_system_error(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	ERR_clear_error();
	assert_null(BIO_new_file("/nonexistent/key", "r"));
	error_ssl(&e, ERROR_CONFIG, "open key");
	assert_memory_equal(e.text, "open key: No such file or directory", 35);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
error_ssl_admits_an_empty_queue(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	ERR_clear_error();
	error_ssl(&e, ERROR_CRYPTO, "sign");
	assert_int_equal(e.code, ERROR_CRYPTO);
	assert_string_equal(e.text, "sign: the library gave no reason");
}

static void
error_wrap_puts_the_context_in_front_and_keeps_the_code(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	error_set(&e, ERROR_RETRY, "busy");
	assert_int_equal(error_wrap(&e, "CRL %d", 41), -1);
	assert_int_equal(error_wrap(&e, "publish"), -1);
	assert_int_equal(e.code, ERROR_RETRY);
	assert_string_equal(e.text, "publish: CRL 41: busy");
}

static void
error_wrap_cuts_the_context_never_the_cause(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 cause[300], context[300];

	(void)state;
	fill(cause, sizeof(cause), 'c');
	fill(context, sizeof(context), 'x');
	error_set(&e, ERROR_INPUT, "%s", cause);
	error_wrap(&e, "%s", context);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_string_equal(e.text + strlen(e.text) - strlen(cause), cause);
	assert_memory_equal(e.text, "xxx", 3);
	assert_non_null(strstr(e.text, "x...: c"));
}

static void
error_wrap_drops_a_context_for_which_nothing_is_left(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 cause[sizeof(e.text)];

	(void)state;
	fill(cause, sizeof(cause), 'c');
	error_set(&e, ERROR_INPUT, "%s", cause);
	error_wrap(&e, "context");
	assert_string_equal(e.text, cause);
}

static void
error_wrap_fills_every_length_to_the_brim(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 cause[sizeof(e.text) + 1], context[40];
	size_t		 n;

	(void)state;
	fill(context, sizeof(context), 'x');
	for (n = 340; n < sizeof(e.text); n++) {
		fill(cause, n + 1, 'c');
		error_set(&e, ERROR_INPUT, "%s", cause);
		error_wrap(&e, "%s", context);
		assert_true(strlen(e.text) < sizeof(e.text));
		assert_string_equal(e.text + strlen(e.text) - n, cause);
	}
}

static void
error_hint_keeps_that_of_the_root_cause(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(error_hint(&e, "start %s", "pcscd"), -1);
	assert_int_equal(error_hint(&e, "call someone"), -1);
	assert_string_equal(e.hint, "start pcscd");
}

static void
error_hint_is_cut_where_it_does_not_fit(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 big[300];

	(void)state;
	fill(big, sizeof(big), 'h');
	error_hint(&e, "%s", big);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
}

static void
error_clear_leaves_nothing(void **state)
{
	struct error	 e = { ERROR_BUG, "text", "hint" };

	(void)state;
	error_clear(&e);
	assert_int_equal(e.code, ERROR_NONE);
	assert_string_equal(e.text, "");
	assert_string_equal(e.hint, "");
}

static void
error_exit_status_follows_the_contract(void **state)
{
	static const int want[ERROR__MAX] = {
		[ERROR_NONE] = 0, [ERROR_BUG] = 1, [ERROR_NOMEM] = 1,
		[ERROR_CONFIG] = 7, [ERROR_INPUT] = 2, [ERROR_DENIED] = 3,
		[ERROR_NOTFOUND] = 4, [ERROR_CONFLICT] = 5, [ERROR_RETRY] = 6,
		[ERROR_UPSTREAM] = 6, [ERROR_CRYPTO] = 1, [ERROR_CARD] = 1,
	};
	struct error	 e = ERROR_INIT;
	int		 i;

	(void)state;
	for (i = 0; i < ERROR__MAX; i++) {
		e.code = (enum error_code)i;
		assert_int_equal(error_exit_status(&e), want[i]);
	}
	e.code = ERROR__MAX;
	assert_int_equal(error_exit_status(&e), 1);
}

static void
error_name_of_what_is_no_code_is_bug(void **state)
{
	(void)state;
	assert_string_equal(error_name(ERROR_DENIED), "denied");
	assert_string_equal(error_name(ERROR__MAX), "bug");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_name_of_what_is_no_code_is_bug),
		cmocka_unit_test(
		    error_set_records_code_and_text_and_forgets_the_old_hint),
		cmocka_unit_test(error_set_takes_its_own_text_as_an_argument),
		cmocka_unit_test(
		    error_set_cuts_an_endless_text_between_characters),
		cmocka_unit_test(error_sys_maps_errno_and_keeps_it),
		cmocka_unit_test(
		    error_ssl_tells_the_first_entry_and_empties_the_queue),
		cmocka_unit_test(error_ssl_spells_out_a_system_error),
		cmocka_unit_test(error_ssl_admits_an_empty_queue),
		cmocka_unit_test(
		    error_wrap_puts_the_context_in_front_and_keeps_the_code),
		cmocka_unit_test(error_wrap_cuts_the_context_never_the_cause),
		cmocka_unit_test(
		    error_wrap_drops_a_context_for_which_nothing_is_left),
		cmocka_unit_test(error_wrap_fills_every_length_to_the_brim),
		cmocka_unit_test(error_hint_keeps_that_of_the_root_cause),
		cmocka_unit_test(error_hint_is_cut_where_it_does_not_fit),
		cmocka_unit_test(error_clear_leaves_nothing),
		cmocka_unit_test(error_exit_status_follows_the_contract),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
