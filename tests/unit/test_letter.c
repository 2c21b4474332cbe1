/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PIN letters: what templates may say, and what comes out, read by pdftotext.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "card/letter.h"
#include "tests/lib/testpki.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PIN		"394857"
#define CODE		"7K3M-QX9D-T4VB-2HNP-8RWZ-C6FJ"
#define REST \
	"sender = \"s\"; greeting = \"g\"; body = \"b\"; subject = \"h\";"

static char dir[] = "/tmp/signet-letter.XXXXXX";
static char path[64];
static struct secret pin, code;

static void
write_file(const char *name, const void *p, size_t n)
{
	char	 file[96];
	FILE	*f;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	assert_non_null(f = fopen(file, "we"));
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static struct letter
usual(void)
{
	return (struct letter){ .number = "L-000123",
	    .name = "Alice <Holm> & Co", .address = "Gata 1, 11122 Stad",
	    .card = "P0000123K", .expires = "2031-11-20",
	    .activate = "https://ra.example.org/card", .pin = &pin,
	    .code = &code };
}

static void
a_template_that_makes_no_sense_is_refused_by_name(void **state)
{
	static const struct { const char *text, *said; } bad[] = {
		{ "sender = \"s\";", "subject" },
		{ REST "colour = \"blue\";", "colour: \"blue\" is not #rrggbb" },
		{ REST "colour = \"#12345\";", "colour: " },
		{ REST "footer = \"<b>x\";", "footer: " },
		{ REST "steps = [ \"{pin}\" ];", "steps: \"{pin}\": not {name}" },
		{ REST "closing = \"{\";", "closing: \"{\": not {name}" },
		{ REST "size = 3;", "unknown setting \"size\"" },
	};
	size_t	i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct letter_template	t;
		struct error		e = ERROR_INIT;

		write_file("template", bad[i].text, strlen(bad[i].text));
		assert_int_equal(letter_template_load(&t, path, &e), -1);
		assert_int_equal(e.code, ERROR_CONFIG);
		if (strstr(e.text, bad[i].said) == NULL)
			fail_msg("\"%s\", not \"%s\"", e.text, bad[i].said);
	}
}

static void
a_letter_lacks_nothing_that_makes_it_one(void **state)
{
	struct letter_template	t;
	struct letter		l = usual();
	struct buf		pdf = { 0 };
	struct error		e = ERROR_INIT;

	(void)state;
	assert_int_equal(letter_template_load(&t, TEST_LETTER, &e), 0);
	l.pin = NULL;
	assert_int_equal(letter_make(&pdf, &t, &l, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_int_equal(pdf.len, 0);
	letter_template_clear(&t);
}

static void
what_does_not_fit_on_a_page_is_refused(void **state)
{
	struct buf		text = { 0 }, pdf = { 0 };
	struct letter_template	t;
	struct letter		l = usual();
	struct error		e = ERROR_INIT;
	int			i;

	(void)state;
	buf_str(&text, REST "closing = \"");
	for (i = 0; i < 2000; i++)
		buf_str(&text, "word ");
	buf_str(&text, "\";");
	write_file("template", text.p, text.len);
	assert_int_equal(letter_template_load(&t, path, &e), 0);
	assert_int_equal(letter_make(&pdf, &t, &l, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text,
	    "letter L-000123: the letter is longer than a page");
	letter_template_clear(&t);
	buf_clear(&pdf);
	buf_clear(&text);
}

static void
only_a_template_is_got_ready(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	write_file("template", "no = \"template\";", 16);
	assert_int_equal(letter_warm_up(path, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "unknown setting \"no\""));
	error_clear(&e);
	if (letter_warm_up(TEST_LETTER, &e) == -1)
		fail_msg("%s", e.text);
}

static void
a_logo_that_is_no_picture_is_refused(void **state)
{
	static const char	text[] = REST "logo = \"template\";";
	struct buf		pdf = { 0 };
	struct letter_template	t;
	struct letter		l = usual();
	struct error		e = ERROR_INIT;

	(void)state;
	write_file("template", text, strlen(text));
	assert_int_equal(letter_template_load(&t, path, &e), 0);
	assert_int_equal(letter_make(&pdf, &t, &l, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "not a PNG"));
	letter_template_clear(&t);
	buf_clear(&pdf);
}

/* What somebody reads on it. */
static void
read_pdf(const struct buf *pdf, char *text, size_t size)
{
	char	 in[96], out[96];
	char	*argv[] = { (char[]){ "pdftotext" }, (char[]){ "-layout" }, in,
		    out, NULL };
	pid_t	 pid;
	int	 status = -1;
	FILE	*f;

	write_file("pdf", pdf->p, pdf->len);
	snprintf(in, sizeof(in), "%s/pdf", dir);
	snprintf(out, sizeof(out), "%s/text", dir);
	assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv,
	    environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_non_null(f = fopen(out, "re"));
	memset(text, 0, size);
	assert_true(fread(text, 1, size - 1, f) > 100);
	assert_int_equal(fclose(f), 0);
}

static void
everything_stands_on_one_page_and_names_are_no_markup(void **state)
{
	static const char *const	on_it[] = { "Alice <Holm> & Co",
		"Gata 1", "11122 Stad", "P0000123K", "2031-11-20", "L-000123",
		PIN, CODE, "https://ra.example.org/card" };
	struct letter_template		t;
	struct letter			l = usual();
	struct buf			pdf = { 0 };
	struct error			e = ERROR_INIT;
	char				text[8000], *p;
	size_t				i, pages = 0;

	(void)state;
	assert_int_equal(letter_template_load(&t, TEST_LETTER, &e), 0);
	if (letter_make(&pdf, &t, &l, &e) == -1)
		fail_msg("%s", e.text);
	assert_memory_equal(pdf.p, "%PDF-", 5);
	/* The page's streams are compressed: no grep finds a PIN in a dump. */
	assert_null(memmem(pdf.p, pdf.len, PIN, strlen(PIN)));
	read_pdf(&pdf, text, sizeof(text));
	for (i = 0; i < COUNT(on_it); i++)
		if (strstr(text, on_it[i]) == NULL)
			fail_msg("\"%s\" is not in: %s", on_it[i], text);
	for (p = text; (p = strchr(p, '\f')) != NULL; p++)
		pages++;
	assert_int_equal(pages, 1);
	buf_clear(&pdf);
	letter_template_clear(&t);
}

static void
a_sealed_letter_opens_for_the_mailing_house_as_the_same_page(void **state)
{
	const struct testpki_spec	 spec = { .name = "mailing" };
	struct testpki			 pki;
	struct letter_template		 t;
	struct letter			 l = usual();
	struct seal			 to = { NULL };
	struct secret			 clear = { 0 };
	struct buf			 sealed = { 0 };
	struct error			 e = ERROR_INIT;
	EVP_PKEY			*key = testpki_key("rsa");
	X509				*cert;

	(void)state;
	testpki_init(&pki, TESTPKI_NOW);
	cert = testpki_cert(&pki, &spec, key, pki.services, pki.services_key);
	X509_EXTENSION_free(X509_delete_ext(cert, X509_get_ext_by_NID(cert,
	    NID_key_usage, -1)));
	assert_true(X509_sign(cert, pki.services_key, EVP_sha256()) > 0);
	assert_int_equal(seal_add_cert(&to, cert, TESTPKI_NOW, &e), 0);
	assert_int_equal(letter_template_load(&t, TEST_LETTER, &e), 0);
	assert_int_equal(letter_seal(&sealed, &t, &l, &to, &e), 0);
	assert_null(memmem(sealed.p, sealed.len, "%PDF", 4));
	assert_int_equal(seal_open(&clear, BYTES(sealed.p, sealed.len), cert,
	    key, &e), 0);
	assert_memory_equal(clear.p, "%PDF-", 5);
	secret_free(&clear);
	seal_clear(&to);
	buf_clear(&sealed);
	letter_template_clear(&t);
	X509_free(cert);
	EVP_PKEY_free(key);
	testpki_clear(&pki);
}

static int
begin(void **state)
{
	struct error	e = ERROR_INIT;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/template", dir);
	return secret_set(&pin, PIN, strlen(PIN), &e) == 0 &&
	    secret_set(&code, CODE, strlen(CODE), &e) == 0 ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	secret_free(&code);
	secret_free(&pin);
	testpki_remove_tree(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_that_makes_no_sense_is_refused_by_name),
		cmocka_unit_test(a_letter_lacks_nothing_that_makes_it_one),
		cmocka_unit_test(what_does_not_fit_on_a_page_is_refused),
		cmocka_unit_test(only_a_template_is_got_ready),
		cmocka_unit_test(a_logo_that_is_no_picture_is_refused),
		cmocka_unit_test(everything_stands_on_one_page_and_names_are_no_markup),
		cmocka_unit_test(
		    a_sealed_letter_opens_for_the_mailing_house_as_the_same_page),
	};
	struct error	e = ERROR_INIT;

	if (secret_init(&e) == -1)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
