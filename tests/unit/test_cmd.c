/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include <sys/wait.h>

#include "os/cmd.h"
#include "os/file.h"

static const struct cmd_opt revoke_opt[] = {
	{ "reason", 'r', CMD_STRING, true, "REASON",
	    "why: keyCompromise, superseded, cessationOfOperation or another"
	    " of the reasons that RFC 5280 has" },
	{ "tag", 't', CMD_MANY, false, "TAG", "a mark to leave" },
	{ "count", 'n', CMD_NUMBER, false, "N", "how many" },
	{ "yes", 'y', CMD_FLAG, false, NULL, "do not ask" },
	{ "all", 'a', CMD_FLAG, false, NULL, "take all" },
	CMD_OPT_END
};

static const struct cmd_opt global[] = {
	{ "store", 0, CMD_STRING, false, "URI", "the store" },
	CMD_OPT_END
};

static int
show(struct cmd_args *a, void *ctx, struct error *e)
{
	(void)e;
	*(const char **)ctx = cmd_self(a)->name;
	return 0;
}

/* Print what was understood, so that a test compares it. */
static int
run_revoke(struct cmd_args *a, void *ctx, struct error *e)
{
	const char *const	*tag;
	char *const		*op;
	size_t			 n = cmd_many(a, "tag", &tag), i;
	int			 nop = cmd_operands(a, &op), k;

	(void)ctx;
	(void)e;
	printf("reason=%s count=%lld%s%s store=%s", cmd_string(a, "reason",
	    "-"), (long long)cmd_number(a, "count", -1),
	    cmd_flag(a, "yes") ? " yes" : "", cmd_flag(a, "all") ? " all" : "",
	    cmd_string(a, "store", "-"));
	for (i = 0; i < n; i++)
		printf(" tag=%s", tag[i]);
	for (k = 0; k < nop; k++)
		printf(" %s", op[k]);
	printf("\n");
	return 0;
}

static int
refuse(struct cmd_args *a, void *ctx, struct error *e)
{
	(void)a;
	(void)ctx;
	error_set(e, ERROR_DENIED, "order 41: not\nyours");
	return error_hint(e, "ask an officer");
}

static const struct cmd commands[] = {
	{ "cert list", NULL, "List certificates.", NULL, NULL, NULL, 0, 0,
	    show },
	{ "cert revoke", "SERIAL...", "Revoke certificates.",
	    "The certificates are on the next list.\n\n"
	    ".It is for good.",
	    "signet cert revoke -r superseded 2a\n"
	    "signet cert revoke --reason=keyCompromise --all -- 2a",
	    revoke_opt, 1, 3, run_revoke },
	{ "order approve", "ORDER", "Approve an order.", NULL, NULL, NULL,
	    1, 1, refuse },
	{ "status", NULL, "Say how things are.", NULL, NULL, NULL, 0, -1,
	    show },
	{ NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL }
};

static const struct cmd_suite suite = {
	"signet", "Operates a certification authority.", commands, global,
	"Settings are in /etc."
};

static const struct cmd only[] = {
	{ "", "FILE", "Check a bundle.", NULL, NULL, NULL, 1, 1, show },
	{ NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cmd_suite single = { "signet-check", NULL, only, NULL,
    NULL };

struct fixture {
	char		 out[16384], err[4096];
	const char	*ran;
};

static int
setup(void **state)
{
	*state = mem_alloc(sizeof(struct fixture));
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	mem_free(&f);
	return 0;
}

static int
divert(int fd, FILE *to)
{
	int	 saved = dup(fd);

	assert_int_not_equal(saved, -1);
	assert_int_equal(dup2(fileno(to), fd), fd);
	return saved;
}

static void
collect(int fd, int saved, FILE *from, char *text, size_t size)
{
	size_t	 n;

	assert_int_equal(dup2(saved, fd), fd);
	close(saved);
	rewind(from);
	n = fread(text, 1, size - 1, from);
	text[n] = '\0';
	fclose(from);
}

/* Run a line of words split at spaces. */
static int
run_suite(struct fixture *f, const struct cmd_suite *s, const char *line)
{
	char	*copy = mem_printf("%s %s", s->prog, line), *argv[20], *p;
	FILE	*out = tmpfile(), *err = tmpfile();
	int	 argc = 0, rc, so, se;

	for (p = copy; p != NULL && *p != '\0' && argc < 19;) {
		argv[argc++] = p;
		if ((p = strchr(p, ' ')) != NULL)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	fflush(stdout);
	f->ran = NULL;
	so = divert(STDOUT_FILENO, out);
	se = divert(STDERR_FILENO, err);
	rc = cmd_run(s, argc, argv, &f->ran);
	fflush(stdout);
	collect(STDOUT_FILENO, so, out, f->out, sizeof(f->out));
	collect(STDERR_FILENO, se, err, f->err, sizeof(f->err));
	mem_free(&copy);
	return rc;
}

static int
run(struct fixture *f, const char *line)
{
	return run_suite(f, &suite, line);
}

static void
a_usage_error_is_status_2_and_names_the_page_to_read(void **state)
{
	static const char	 see[] = "See \"signet cert revoke --help\".\n";
	static const struct {
		const char	*line, *err;
	} row[] = {
		{ "cert revoke 2a", "signet: option --reason is missing\n" },
		{ "cert revoke -r x",
		    "signet: too few operands, expected SERIAL...\n" },
		{ "cert revoke -r x 1 2 3 4", "signet: too many operands,"
		    " first unexpected one: 4\n" },
		{ "cert revoke 2a --reason",
		    "signet: option --reason needs a value, REASON\n" },
		{ "cert revoke --reason --yes 2a",
		    "signet: option --reason needs a value, REASON\n" },
		{ "cert revoke 2a -r",
		    "signet: option --reason needs a value, REASON\n" },
		{ "cert revoke -r x -r y 2a",
		    "signet: option --reason is given twice\n" },
		{ "cert revoke --yes=1 -r x 2a",
		    "signet: option --yes takes no value\n" },
		{ "cert revoke --raeson x 2a",
		    "signet: unknown option --raeson\n"
		    "hint: did you mean --reason?\n" },
		{ "cert revoke --nosuch 2a",
		    "signet: unknown option --nosuch\n" },
		{ "cert revoke -yx 2a", "signet: unknown option -x\n" },
		{ "cert revoke -r x -n many 2a",
		    "signet: option --count: not a number: \"many\"\n" },
		{ "cert revoke -r x -n -1 2a",
		    "signet: option --count: not a number: \"-1\"\n" },
	};
	struct fixture	*f = *state;
	char		 want[400];
	size_t		 i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(run(f, row[i].line), 2);
		snprintf(want, sizeof(want), "%s%s", row[i].err, see);
		assert_string_equal(f->err, want);
		assert_string_equal(f->out, "");
	}
}

static void
a_mistyped_command_gets_the_nearest_suggested(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(run(f, "statsu"), 2);
	assert_string_equal(f->err, "signet: unknown command \"statsu\"\n"
	    "hint: did you mean \"signet status\"?\n"
	    "See \"signet --help\".\n");
	assert_int_equal(run(f, "cert reovke 2a"), 2);
	assert_string_equal(f->err, "signet: unknown command \"cert reovke\"\n"
	    "hint: did you mean \"signet cert revoke\"?\n"
	    "See \"signet cert --help\".\n");
	assert_int_equal(run(f, "crt revoke 2a"), 2);
	assert_string_equal(f->err, "signet: unknown command \"crt\"\n"
	    "hint: did you mean \"signet cert\"?\n"
	    "See \"signet --help\".\n");
	assert_int_equal(run(f, "frobnicate"), 2);
	assert_string_equal(f->err, "signet: unknown command \"frobnicate\"\n"
	    "See \"signet --help\".\n");
	assert_int_equal(run(f, "--frob cert"), 2);
	assert_string_equal(f->err, "signet: unknown option --frob\n"
	    "See \"signet --help\".\n");
}

static void
a_group_alone_lists_its_commands(void **state)
{
	static const char	 list[] =
	    "Usage: signet cert COMMAND [options]\n"
	    "\n"
	    "Commands:\n"
	    "  cert list    List certificates.\n"
	    "  cert revoke  Revoke certificates.\n"
	    "\n"
	    "\"signet help COMMAND\" explains a command and its options.\n";
	struct fixture	*f = *state;

	assert_int_equal(run(f, "cert"), 2);
	assert_string_equal(f->err, list);
	assert_string_equal(f->out, "");
	assert_int_equal(run(f, "cert --help"), 0);
	assert_string_equal(f->out, list);
	assert_int_equal(run(f, "help cert"), 0);
	assert_string_equal(f->out, list);
	assert_string_equal(f->err, "");
}

static void
the_program_alone_lists_all(void **state)
{
	static const char	 list[] =
	    "Usage: signet COMMAND [options]\n"
	    "\n"
	    "Operates a certification authority.\n"
	    "\n"
	    "Commands:\n"
	    "  cert list      List certificates.\n"
	    "  cert revoke    Revoke certificates.\n"
	    "  order approve  Approve an order.\n"
	    "  status         Say how things are.\n"
	    "\n"
	    "Common options:\n"
	    "      --store URI  the store\n"
	    "\n"
	    "\"signet help COMMAND\" explains a command and its options.\n"
	    "\n"
	    "Settings are in /etc.\n";
	struct fixture	*f = *state;

	assert_int_equal(run(f, ""), 2);
	assert_string_equal(f->err, list);
	assert_int_equal(run(f, "--help"), 0);
	assert_string_equal(f->out, list);
	assert_int_equal(run(f, "help"), 0);
	assert_string_equal(f->out, list);
}

static void
help_of_a_command_fits_80_columns(void **state)
{
	static const char	 page[] =
	    "Usage: signet cert revoke [options] --reason REASON SERIAL...\n"
	    "\n"
	    "Revoke certificates.\n"
	    "\n"
	    "The certificates are on the next list.\n"
	    "\n"
	    ".It is for good.\n"
	    "\n"
	    "Options:\n"
	    "  -r, --reason REASON  why: keyCompromise, superseded,"
	    " cessationOfOperation or\n"
	    "                       another of the reasons that RFC 5280 has"
	    " (required)\n"
	    "  -t, --tag TAG        a mark to leave (may be repeated)\n"
	    "  -n, --count N        how many\n"
	    "  -y, --yes            do not ask\n"
	    "  -a, --all            take all\n"
	    "\n"
	    "Common options:\n"
	    "      --store URI      the store\n"
	    "\n"
	    "Help:\n"
	    "      --help           show this page\n"
	    "\n"
	    "Examples:\n"
	    "  signet cert revoke -r superseded 2a\n"
	    "  signet cert revoke --reason=keyCompromise --all -- 2a\n";
	struct fixture	*f = *state;
	const char	*p;

	assert_int_equal(run(f, "cert revoke --help"), 0);
	assert_string_equal(f->out, page);
	assert_int_equal(run(f, "help cert revoke"), 0);
	assert_string_equal(f->out, page);
	assert_int_equal(run(f, "cert revoke -r x --help"), 0);
	assert_string_equal(f->out, page);
	for (p = f->out; *p != '\0'; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\n") <= 80);
}

static void
options_are_taken_in_every_form_and_order(void **state)
{
	static const struct {
		const char	*line, *out;
	} row[] = {
		{ "cert revoke -r x 2a",
		    "reason=x count=-1 store=- 2a\n" },
		{ "cert revoke 2a --reason x 3b",
		    "reason=x count=-1 store=- 2a 3b\n" },
		{ "cert revoke --reason=a=b -yan7 2a",
		    "reason=a=b count=7 yes all store=- 2a\n" },
		{ "cert revoke -rx -t a --tag b --tag= 2a -y -y",
		    "reason=x count=-1 yes store=- tag=a tag=b tag= 2a\n" },
		{ "cert revoke -r x -- -y --",
		    "reason=x count=-1 store=- -y --\n" },
		{ "cert revoke -r x -", "reason=x count=-1 store=- -\n" },
		{ "cert revoke --reason=--x 2a --store s",
		    "reason=--x count=-1 store=s 2a\n" },
		{ "--store=s cert revoke -r x 2a",
		    "reason=x count=-1 store=s 2a\n" },
		{ "cert revoke -r x -- --help",
		    "reason=x count=-1 store=- --help\n" },
	};
	struct fixture	*f = *state;
	size_t		 i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(run(f, row[i].line), 0);
		assert_string_equal(f->err, "");
		assert_string_equal(f->out, row[i].out);
	}
}

static void
the_function_gets_the_context_and_its_own_row(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(run(f, "status one two"), 0);
	assert_string_equal(f->ran, "status");
	assert_int_equal(run(f, "cert list"), 0);
	assert_string_equal(f->ran, "cert list");
}

static void
a_failure_is_told_with_its_hint_and_status(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(run(f, "order approve 41"), 3);
	assert_string_equal(f->err, "signet: order 41: not\\x0ayours\n"
	    "hint: ask an officer\n");
}

static void
the_version_is_printed(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(run(f, "--version"), 0);
	assert_string_equal(f->out, "signet " PACKAGE_VERSION "\n");
}

static void
a_program_may_have_one_command_without_a_name(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(run_suite(f, &single, ""), 2);
	assert_string_equal(f->err,
	    "signet-check: too few operands, expected FILE\n"
	    "See \"signet-check --help\".\n");
	assert_int_equal(run_suite(f, &single, "help"), 0);
	assert_string_equal(f->ran, "");
	assert_int_equal(run_suite(f, &single, "--help"), 0);
	assert_memory_equal(f->out,
	    "Usage: signet-check [options] FILE\n\nCheck a bundle.\n", 52);
}

static int
run_bash(const char *path)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		execlp("bash", "bash", "--norc", path, (char *)NULL);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Ask a real bash what it would offer after the words. */
static void
assert_offers(struct fixture *f, const char *words, const char *want)
{
	char		 path[] = "/tmp/signet-cmd.XXXXXX", got[500], *shell;
	struct error	 e = ERROR_INIT;
	FILE		*out = tmpfile();
	int		 fd = mkstemp(path), so, rv;

	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(run(f, "--complete bash"), 0);
	shell = mem_printf("%s\nCOMP_WORDS=(%s)\n"
	    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_signet\n"
	    "echo \"${COMPREPLY[@]}\"\n", f->out, words);
	assert_int_equal(file_store(path, shell, strlen(shell), 0600, &e), 0);
	mem_free(&shell);
	fflush(stdout);
	so = divert(STDOUT_FILENO, out);
	rv = run_bash(path);
	collect(STDOUT_FILENO, so, out, got, sizeof(got));
	unlink(path);
	if (rv == 127) {
		print_message("# no bash here\n");
		return;
	}
	assert_int_equal(rv, 0);
	assert_string_equal(got, want);
}

static void
bash_completes_commands_and_options(void **state)
{
	struct fixture	*f = *state;

	assert_offers(f, "signet ''", "cert order status --store --help\n");
	assert_offers(f, "signet c", "cert\n");
	assert_offers(f, "signet cert ''", "list revoke --store --help\n");
	assert_offers(f, "signet cert revoke --re", "--reason\n");
	assert_offers(f, "signet --store=x cert revoke 2a --t", "--tag\n");
	assert_offers(f, "signet help cert r", "revoke\n");
	assert_offers(f, "signet nosuch c", "cert\n");
	/* A value is not a command: bash may offer files. */
	assert_offers(f, "signet cert revoke --reason ''", "\n");
	assert_offers(f, "signet --store ''", "\n");
}

static void
describe_prints_mdoc(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(run(f, "--describe cert revoke"), 0);
	assert_string_equal(f->out,
	    ".Sh OPTIONS\n"
	    ".Bl -tag -width Ds\n"
	    ".It Fl r , Fl \\-reason Ar REASON\n"
	    "why: keyCompromise, superseded, cessationOfOperation or another"
	    " of the reasons that RFC 5280 has\n"
	    "Required.\n"
	    ".It Fl t , Fl \\-tag Ar TAG\n"
	    "a mark to leave\n"
	    "May be repeated.\n"
	    ".It Fl n , Fl \\-count Ar N\n"
	    "how many\n"
	    ".It Fl y , Fl \\-yes\n"
	    "do not ask\n"
	    ".It Fl a , Fl \\-all\n"
	    "take all\n"
	    ".It Fl \\-store Ar URI\n"
	    "the store\n"
	    ".El\n");
	assert_int_equal(run(f, "--describe"), 0);
	assert_non_null(strstr(f->out, "\n.Ss cert revoke\n.D1 signet cert"
	    " revoke [options] --reason REASON SERIAL...\n"));
	assert_non_null(strstr(f->out, "\n\\&.It is for good.\n"));
	assert_null(strstr(f->out, "\n\n"));
	assert_int_equal(run(f, "--describe nosuch"), 2);
	assert_string_equal(f->out, "");
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_usage_error_is_status_2_and_names_the_page_to_read),
		TEST(a_mistyped_command_gets_the_nearest_suggested),
		TEST(a_group_alone_lists_its_commands),
		TEST(the_program_alone_lists_all),
		TEST(help_of_a_command_fits_80_columns),
		TEST(options_are_taken_in_every_form_and_order),
		TEST(the_function_gets_the_context_and_its_own_row),
		TEST(a_failure_is_told_with_its_hint_and_status),
		TEST(the_version_is_printed),
		TEST(a_program_may_have_one_command_without_a_name),
		TEST(bash_completes_commands_and_options),
		TEST(describe_prints_mdoc),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("cmd", tests, NULL, NULL);
}
