/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that writes to people, with a real store and a mail server that
 * behaves or does not; and killed at any time.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "ra/notices.h"
#include "os/proc.h"
#include "tests/lib/testdb.h"

#define PATIENCE_MS	60000	/* other tests hold back what it may look at */

static struct testdb t;
static char dir[] = "/tmp/signet-notices.XXXXXX";
static pid_t sink;
static struct notices_setup setup_of;
static struct conf_list languages;
static struct proc running = PROC_INIT;

static char *
unconst(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void
mode(const char *text)
{
	char	*path = mem_printf("%s/mode", dir);
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	mem_free(&path);
}

static char *
read_file(const char *name)
{
	char	*path = mem_printf("%s/%s", dir, name), *text = NULL;
	FILE	*f = fopen(path, "r");
	size_t	 n;

	mem_free(&path);
	if (f == NULL)
		return NULL;
	text = mem_alloc(20000);
	n = fread(text, 1, 19999, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* Mails at the server that have this text in them. */
static int
mails(const char *text)
{
	char		*path = mem_printf("%s/mail", dir);
	DIR		*d = opendir(path);
	struct dirent	*f;
	int		 n = 0;

	assert_non_null(d);
	while ((f = readdir(d)) != NULL) {
		char	*name = mem_printf("mail/%s", f->d_name), *got;

		if (f->d_name[0] != '.' && (got = read_file(name)) != NULL) {
			n += strstr(got, text) != NULL;
			mem_free(&got);
		}
		mem_free(&name);
	}
	closedir(d);
	mem_free(&path);
	return n;
}

static void
start(void)
{
	struct error	 e = ERROR_INIT;

	if (proc_start(&running, "notices", notices_main, &setup_of, &e) == -1)
		fail_msg("%s", e.text);
}

static void
end(int with)
{
	if (running.pid == -1)
		return;
	kill(running.pid, with);
	waitpid(running.pid, NULL, 0);
	close(running.fd);
	running = (struct proc)PROC_INIT;
}

static void
wait_for_mails(const char *text, int want)
{
	int64_t	 limit = clock_monotonic_ms() + PATIENCE_MS;

	while (mails(text) < want && clock_monotonic_ms() < limit)
		usleep(20000);
	assert_int_equal(mails(text), want);
}

static void
wait_for_rows(const char *where, int64_t want)
{
	int64_t	 limit = clock_monotonic_ms() + PATIENCE_MS, n;

	while ((n = testdb_number(&t, "SELECT count(*) FROM notice WHERE %s",
	    where)) != want && clock_monotonic_ms() < limit)
		usleep(20000);
	assert_int_equal(n, want);
}

static void
apply(int n, const char *lang)
{
	testdb_sql(&t, "INSERT INTO application (id, profile, fields, request,"
	    " key_digest, mail, lang, expires_at) VALUES (int8send(%d) ||"
	    " int8send(%d), 'mail-dual', '[]', decode(repeat('00', 64),"
	    " 'hex'), sha256('k'), 'a%d@example.org', '%s', now() + interval"
	    " '1 d'); INSERT INTO notice (kind, application, mail, lang)"
	    " SELECT 'confirm', id, mail, lang FROM application"
	    " WHERE mail = 'a%d@example.org'; NOTIFY " NOTICES_CHANNEL, n, n,
	    n, lang, n);
}

/* A certificate of holder "h", who has an address, or of nobody. */
static void
issue(int n, const char *holder)
{
	testdb_sql(&t, "INSERT INTO cert (ca, serial, order_id, n, profile,"
	    " holder, subject, key_digest, not_before, not_after, der,"
	    " issued_at) VALUES ('people', int8send(%d), int8send(%d) ||"
	    " int8send(0), 0, 'mail-dual', '%s', 'CN=B\xc3\xb6rje', "
	    "sha256('k'), now(), now() + interval '1 y',"
	    " decode(repeat('00', 64), 'hex'), now())", n, n, holder);
}

static void
settings_and_texts_that_cannot_work_are_refused(void **state)
{
	struct notices_setup	 s = setup_of;
	struct error		 e = ERROR_INIT;
	char			*brand = mem_printf("%s/brand", dir);
	char			*path = mem_printf("mkdir -p %s/mail/en"
	    " && printf 'Subject: x\\n\\n{nonsense}\\n'"
	    " >%s/mail/en/issued.txt", brand, brand);
	pid_t			 sh;

	(void)state;
	s.from = "nobody";
	assert_int_equal(notices_check(&s, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_int_equal(strncmp(e.text, "mail: ", 6), 0);
	error_clear(&e);
	s = setup_of;
	s.smtp.url = unconst("mail.example.org");
	assert_int_equal(notices_check(&s, &e), -1);
	assert_non_null(strstr(e.text, "is not smtp://HOST[:PORT]"));
	error_clear(&e);
	s = setup_of;
	s.pages = dir;
	assert_int_equal(notices_check(&s, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "/mail/en/confirm.txt"));
	error_clear(&e);
	if ((sh = fork()) == 0) {
		execl("/bin/sh", "sh", "-c", path, (char *)NULL);
		_exit(127);
	}
	waitpid(sh, NULL, 0);
	s = setup_of;
	s.brand = brand;
	assert_int_equal(notices_check(&s, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text,
	    "mail/en/issued.txt: no value for {nonsense} in a text");
	error_clear(&e);
	assert_int_equal(notices_check(&setup_of, &e), 0);
	mem_free(&path);
	mem_free(&brand);
}

static void
an_applicant_gets_a_link_in_the_language_of_the_form(void **state)
{
	char	*got;

	(void)state;
	start();
	apply(1, "sv");
	wait_for_mails("TO:<a1@example.org>", 1);
	assert_non_null(got = read_file("mail/1.eml"));
	assert_non_null(strstr(got, "FROM:<pki@example.org>"));
	assert_non_null(strstr(got, "\r\nContent-Language: sv\r\n"));
	assert_non_null(strstr(got, "Message-ID: <notice."));
	assert_non_null(strstr(got, "\r\nhttps://ra.example.org/confirm/"));
	mem_free(&got);
	wait_for_rows("state = 'sent'", 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM"
	    " application_link WHERE kind = 'confirm'"), 1);
}

static void
a_holder_is_told_and_who_has_no_address_is_dropped(void **state)
{
	(void)state;
	start();
	/* The cursors are set when it first looks. */
	for (int i = 0; i < 500 && testdb_number(&t,
	    "SELECT count(*) FROM notice_cursor") < 6; i++)
		usleep(20000);
	issue(1, "h");
	issue(2, "nobody");
	wait_for_mails("TO:<h@example.org>", 1);
	wait_for_rows("state = 'dropped'"
	    " AND error = 'nobody''s address is known'", 1);
	assert_int_equal(mails("B=C3=B6rje"), 1);
}

static void
what_a_mail_says_is_looked_up_when_it_is_sent(void **state)
{
	(void)state;
	apply(1, "en");
	testdb_sql(&t, "UPDATE application SET state = 'waiting',"
	    " confirmed_at = now()");
	start();
	wait_for_rows("state = 'dropped'", 1);
	assert_int_equal(mails("Subject"), 0);
}

static void
a_dead_mail_server_holds_up_nothing_and_then_all_is_sent(void **state)
{
	(void)state;
	mode("busy");
	apply(1, "en");
	apply(2, "en");
	start();
	wait_for_rows("error LIKE 'mail server: 421 4.3.2 too busy'", 1);
	/* Somebody who is on our pages meanwhile notices nothing. */
	apply(3, "en");
	mode("ok");
	wait_for_mails("Subject", 3);
	wait_for_rows("state = 'sent'", 3);
	assert_int_equal(mails("Subject"), 3);
}

static void
an_address_that_does_not_exist_is_given_up_and_the_others_are_sent(
    void **state)
{
	(void)state;
	mode("refuse a2@");
	for (int i = 1; i <= 3; i++)
		apply(i, "en");
	start();
	wait_for_rows("state = 'sent'", 2);
	wait_for_rows("state = 'dead' AND attempts = 1"
	    " AND error = 'mail server: 550 5.1.1 no such mailbox'", 1);
}

static void
what_is_delayed_is_tried_again_later(void **state)
{
	(void)state;
	mode("greylist");
	apply(1, "en");
	start();
	wait_for_rows("state = 'waiting' AND attempts = 1 AND next_at > now()"
	    " + interval '30 s' AND error LIKE '%% come again later'", 1);
	mode("ok");
	testdb_sql(&t, "UPDATE notice SET next_at = now()");
	wait_for_mails("Subject", 1);
}

/* While it works through thirty mails, slowly. */
static void
killed_at_any_moment_it_loses_none_and_repeats_at_most_one_each_time(
    void **state)
{
	int	 kills = 0, before, all, different;

	(void)state;
	for (int i = 1; i <= 30; i++)
		apply(i, "en");
	mode("slow 0.01");
	while (testdb_number(&t, "SELECT count(*) FROM notice"
	    " WHERE state = 'waiting'") > 0 && kills < 12) {
		before = mails("Subject");
		start();
		for (int n = 0; kills % 3 != 2 && n < 200 &&
		    mails("Subject") == before; n++)
			usleep(20000);
		usleep((useconds_t)kills * 7919 % 60000);
		end(SIGKILL);
		kills++;
	}
	/* They were killed at work, not before it. */
	assert_true(mails("Subject") > 0);
	mode("ok");
	start();
	wait_for_rows("state = 'sent'", 30);
	end(SIGTERM);
	all = mails("Subject");
	different = 0;
	for (int i = 1; i <= 30; i++) {
		char	*to = mem_printf("TO:<a%d@example.org>", i);
		int	 n = mails(to);

		assert_true(n >= 1);
		different += n > 0;
		mem_free(&to);
	}
	assert_int_equal(different, 30);
	assert_true(kills > 2);
	assert_true(all - different <= kills);
	print_message("# %d kills, %d of 30 mails twice\n", kills,
	    all - different);
}

static void
two_nodes_side_by_side_send_each_once(void **state)
{
	struct proc	 one;

	(void)state;
	for (int i = 1; i <= 40; i++)
		apply(i, "en");
	mode("slow 0.002");
	start();
	one = running;
	setup_of.instance = "two";
	start();
	setup_of.instance = "one";
	wait_for_rows("state = 'sent'", 40);
	assert_int_equal(mails("Subject"), 40);
	assert_int_equal(testdb_number(&t, "SELECT count(DISTINCT leased_by)"
	    " FROM notice"), 2);
	end(SIGTERM);
	running = one;
}

static int
group_setup(void **state)
{
	char	*port = NULL;

	(void)state;
	testdb_init(&t, true);
	testdb_sql(&t, "INSERT INTO ca VALUES ('people', 1, false, 'CN=P',"
	    " decode(repeat('00', 64), 'hex'), decode(repeat('01', 32),"
	    " 'hex'), now(), now() + interval '9 y'); INSERT INTO holder (id,"
	    " name, mail) VALUES ('h', 'h', 'h@example.org')");
	assert_non_null(mkdtemp(dir));
	if ((sink = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execlp("python3", "python3", TEST_SINK, dir, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && (port = read_file("port")) == NULL; i++)
		usleep(10000);
	assert_non_null(port);
	languages.v = mem_array(2, sizeof(*languages.v));
	languages.v[languages.n++] = mem_strdup("en");
	languages.v[languages.n++] = mem_strdup("sv");
	setup_of = (struct notices_setup){ .instance = "one",
	    .database = testdb_conninfo(&t, "signet_ra"),
	    .profiles = TEST_PROFILES, .pages = TEST_PAGES,
	    .languages = &languages, .url = "https://ra.example.org",
	    .from = "pki@example.org", .from_name = "Example PKI",
	    .keep = 86400, .smtp = { .url = mem_printf("smtp://127.0.0.1:%ld",
	    strtol(port, NULL, 10)), .clear = true, .ms = 5000 } };
	mem_free(&port);
	return 0;
}

static int
group_teardown(void **state)
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
	testdb_clear(&t);
	return 0;
}

static int
empty(void **state)
{
	char		*path = mem_printf("%s/mail", dir);
	DIR		*d = opendir(path);
	struct dirent	*f;

	(void)state;
	testdb_sql(&t, "SET client_min_messages = warning;"
	    " TRUNCATE application, cert, notice, notice_cursor CASCADE");
	assert_non_null(d);
	while ((f = readdir(d)) != NULL)
		unlinkat(dirfd(d), f->d_name, 0);
	closedir(d);
	mem_free(&path);
	mode("ok");
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	end(SIGTERM);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    settings_and_texts_that_cannot_work_are_refused, empty,
		    stop),
		cmocka_unit_test_setup_teardown(
		    an_applicant_gets_a_link_in_the_language_of_the_form,
		    empty, stop),
		cmocka_unit_test_setup_teardown(
		    a_holder_is_told_and_who_has_no_address_is_dropped, empty,
		    stop),
		cmocka_unit_test_setup_teardown(
		    what_a_mail_says_is_looked_up_when_it_is_sent, empty,
		    stop),
		cmocka_unit_test_setup_teardown(
		    a_dead_mail_server_holds_up_nothing_and_then_all_is_sent,
		    empty, stop),
		cmocka_unit_test_setup_teardown(
    an_address_that_does_not_exist_is_given_up_and_the_others_are_sent,
		    empty, stop),
		cmocka_unit_test_setup_teardown(
		    what_is_delayed_is_tried_again_later, empty, stop),
		cmocka_unit_test_setup_teardown(
    killed_at_any_moment_it_loses_none_and_repeats_at_most_one_each_time,
		    empty, stop),
		cmocka_unit_test_setup_teardown(
		    two_nodes_side_by_side_send_each_once, empty, stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
