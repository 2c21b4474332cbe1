/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing mail to a server that behaves, and to one that does not.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "mail/mail.h"
#include "mail/smtp.h"

static char dir[] = "/tmp/signet-smtp.XXXXXX";
static pid_t sink;
static struct smtp server;
static struct buf message;

static void
write_file(const char *name, const char *text)
{
	char	*path = mem_printf("%s/%s", dir, name);
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	mem_free(&path);
}

/* Its text, or NULL; caller frees. */
static char *
read_file(const char *name)
{
	char	*path = mem_printf("%s/%s", dir, name), *text = NULL;
	FILE	*f = fopen(path, "r");
	size_t	 n;

	mem_free(&path);
	if (f == NULL)
		return NULL;
	text = mem_alloc(10000);
	n = fread(text, 1, 9999, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static enum smtp_result
send_to(const char *to, struct error *e)
{
	error_clear(e);
	return smtp_send(&server, "pki@example.org", to, (struct bytes){
	    message.p, message.len }, e);
}

static void
expect(const char *mode, enum smtp_result want, const char *text)
{
	struct error	 e = ERROR_INIT;
	enum smtp_result got;

	write_file("mode", mode);
	got = send_to("alice@example.net", &e);
	if (got != want || strstr(e.text, text) == NULL)
		fail_msg("%s: %d, %s", mode, (int)got, e.text);
	assert_true((got == SMTP_SENT) == (e.code == ERROR_NONE));
}

static void
settings_that_cannot_work_are_refused(void **state)
{
	struct smtp	 s = { .url = (char *)(uintptr_t)"mail.example.org" };
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(smtp_check(&s, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text, "mail server \"mail.example.org\" is not "
	    "smtp://HOST[:PORT] or smtps://HOST[:PORT]");
	error_clear(&e);
	s.url = (char *)(uintptr_t)"smtp://user:secret@mail.example.org";
	assert_int_equal(smtp_check(&s, &e), -1);
	assert_non_null(strstr(e.text, "more than a host and a port"));
	error_clear(&e);
	s.url = (char *)(uintptr_t)"smtp://mail.example.org";
	s.user = (char *)(uintptr_t)"u";
	assert_int_equal(smtp_check(&s, &e), 0);
	s.clear = true;
	assert_int_equal(smtp_check(&s, &e), -1);
	assert_string_equal(e.text, "logging in to the mail server needs TLS");
}

static void
a_refusal_of_this_mail_is_told_from_trouble_with_all_mail(void **state)
{
	(void)state;
	expect("unknown", SMTP_REFUSED,
	    "mail server: 550 5.1.1 no such mailbox");
	expect("spam", SMTP_REFUSED,
	    "mail server: 554 5.7.1 looks like spam");
	expect("greylist", SMTP_DELAYED,
	    "mail server: 451 4.7.1 come again later");
	expect("full", SMTP_DELAYED, "mail server: 452 4.3.1 disk is full");
	expect("busy", SMTP_LATER, "mail server: 421 4.3.2 too busy");
	expect("sender", SMTP_LATER,
	    "mail server: 553 5.1.8 we do not know you");
	assert_null(read_file("mail/1.eml"));
}

static void
a_server_that_says_nothing_holds_us_up_no_longer_than_told(void **state)
{
	int64_t	 start = clock_monotonic_ms();

	(void)state;
	server.ms = 500;
	expect("hang", SMTP_LATER, "mail server: ");
	expect("slow 0.4", SMTP_LATER, "mail server: ");
	server.ms = 30000;
	assert_true(clock_monotonic_ms() - start < 25000);
}

static void
without_tls_where_it_is_wanted_nothing_is_sent(void **state)
{
	(void)state;
	server.clear = false;
	expect("ok", SMTP_LATER, "mail server: ");
	server.clear = true;
	assert_null(read_file("mail/1.eml"));
}

static void
a_server_that_is_away_is_no_fault_of_the_mail(void **state)
{
	struct error	 e = ERROR_INIT;
	char		*url = server.url;

	(void)state;
	server.url = (char *)(uintptr_t)"smtp://127.0.0.1:1";
	assert_int_equal(send_to("alice@example.net", &e), SMTP_LATER);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(e.text, "mail server: "));
	server.url = url;
}

static void
what_was_sent_arrives_with_its_dots(void **state)
{
	char	*got;

	(void)state;
	expect("ok", SMTP_SENT, "");
	assert_non_null(got = read_file("mail/1.eml"));
	assert_int_equal(strncmp(got, "FROM:<pki@example.org>", 22), 0);
	assert_non_null(strstr(got, "\r\nTO:<alice@example.net>\r\n"));
	assert_non_null(strstr(got, buf_cstr(&message)));
	mem_free(&got);
}

static void
a_connection_lost_after_the_message_is_not_taken_for_sent(void **state)
{
	char	*got;

	(void)state;
	expect("vanish", SMTP_LATER, "mail server: ");
	assert_non_null(got = read_file("mail/2.eml"));
	mem_free(&got);
}

static int
setup(void **state)
{
	const struct mail	 m = { .from = "pki@example.org",
	    .to = "alice@example.net", .subject = "s", .body = ".\n..\nx\n",
	    .id = "n1", .date = 1800000000 };
	struct error		 e = ERROR_INIT;
	char			*port = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	if ((sink = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execlp("python3", "python3", TEST_SINK, dir, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && (port = read_file("port")) == NULL; i++)
		usleep(10000);
	assert_non_null(port);
	server.url = mem_printf("smtp://127.0.0.1:%ld", strtol(port, NULL,
	    10));
	server.clear = true;
	server.ms = 30000;
	mem_free(&port);
	return mail_write(&message, &m, &e);
}

static int
teardown(void **state)
{
	pid_t	 rm;

	(void)state;
	kill(sink, SIGTERM);
	waitpid(sink, NULL, 0);
	if ((rm = fork()) == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(127);
	}
	waitpid(rm, NULL, 0);
	mem_free(&server.url);
	buf_clear(&message);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_that_cannot_work_are_refused),
		cmocka_unit_test(
		    a_refusal_of_this_mail_is_told_from_trouble_with_all_mail),
		cmocka_unit_test(
		    a_server_that_says_nothing_holds_us_up_no_longer_than_told),
		cmocka_unit_test(
		    without_tls_where_it_is_wanted_nothing_is_sent),
		cmocka_unit_test(
		    a_server_that_is_away_is_no_fault_of_the_mail),
		cmocka_unit_test(what_was_sent_arrives_with_its_dots),
		cmocka_unit_test(
		    a_connection_lost_after_the_message_is_not_taken_for_sent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
