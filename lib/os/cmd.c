/* SPDX-License-Identifier: Apache-2.0 */
#include "os/cmd.h"

#include <errno.h>

#include "base/text.h"
#include "os/cmd_private.h"
#include "os/file.h"
#include "os/pager.h"

#define USAGE	2			/* exit status */

struct cmd_value {
	const struct cmd_opt	*opt;
	const char		**v;	/* borrowed from argv */
	size_t			 n;
	int64_t			 number;
};

struct cmd_args {
	const struct cmd_suite	*suite;
	const struct cmd	*cmd;
	struct cmd_value	*value;
	size_t			 nvalue;
	char			**operand;
	int			 noperand;
};

static const struct cmd_opt no_options[] = { CMD_OPT_END };

const struct cmd_opt *
cmd_options(const struct cmd *c)
{
	return c->opt != NULL ? c->opt : no_options;
}

const struct cmd_opt *
cmd_globals(const struct cmd_suite *s)
{
	return s->global != NULL ? s->global : no_options;
}

/* An option that neither table has is a mistake in the program. */
static const struct cmd_value *
cmd_value(const struct cmd_args *a, const char *name)
{
	size_t	 i;

	for (i = 0; i < a->nvalue; i++)
		if (strcmp(a->value[i].opt->name, name) == 0)
			return &a->value[i];
	fprintf(stderr, "%s: %s: no option --%s in the table\n",
	    a->suite->prog, a->cmd->name, name);
	abort();
}

bool
cmd_flag(const struct cmd_args *a, const char *name)
{
	return cmd_value(a, name)->n > 0;
}

const char *
cmd_string(const struct cmd_args *a, const char *name, const char *dflt)
{
	const struct cmd_value	*v = cmd_value(a, name);

	return v->n > 0 ? v->v[v->n - 1] : dflt;
}

int64_t
cmd_number(const struct cmd_args *a, const char *name, int64_t dflt)
{
	const struct cmd_value	*v = cmd_value(a, name);

	return v->n > 0 ? v->number : dflt;
}

size_t
cmd_many(const struct cmd_args *a, const char *name,
    const char *const **values)
{
	const struct cmd_value	*v = cmd_value(a, name);

	*values = v->v;
	return v->n;
}

int
cmd_operands(const struct cmd_args *a, char *const **operands)
{
	*operands = a->operand;
	return a->noperand;
}

const struct cmd *
cmd_self(const struct cmd_args *a)
{
	return a->cmd;
}

static void
cmd_args_add(struct cmd_args *a, const struct cmd_opt *opt, int argc)
{
	struct cmd_value	*v;

	for (; opt->name != NULL; opt++) {
		a->value = mem_resize(a->value, a->nvalue + 1,
		    sizeof(*a->value));
		v = &a->value[a->nvalue++];
		memset(v, 0, sizeof(*v));
		v->opt = opt;
		v->v = mem_array((size_t)argc + 1, sizeof(*v->v));
	}
}

static void
cmd_args_clear(struct cmd_args *a)
{
	size_t	 i;

	for (i = 0; i < a->nvalue; i++)
		mem_free(&a->value[i].v);
	mem_free(&a->value);
	mem_free(&a->operand);
}

static int
cmd_unknown_option(const struct cmd_args *a, const char *name, size_t len,
    struct error *e)
{
	char		 typed[65];
	const char	*best = NULL;
	size_t		 i;

	snprintf(typed, sizeof(typed), "%.*s", (int)len, name);
	error_set(e, ERROR_INPUT, "unknown option --%s", typed);
	for (i = 0; i < a->nvalue; i++)
		if (text_is_near(typed, a->value[i].opt->name) &&
		    (best == NULL ||
		    text_distance(typed, a->value[i].opt->name) <
		    text_distance(typed, best)))
			best = a->value[i].opt->name;
	if (best != NULL)
		error_hint(e, "did you mean --%s?", best);
	return -1;
}

static struct cmd_value *
cmd_find_long(struct cmd_args *a, const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < a->nvalue; i++)
		if (strncmp(a->value[i].opt->name, name, len) == 0 &&
		    a->value[i].opt->name[len] == '\0')
			return &a->value[i];
	return NULL;
}

static struct cmd_value *
cmd_find_letter(struct cmd_args *a, char letter)
{
	size_t	 i;

	for (i = 0; i < a->nvalue; i++)
		if (a->value[i].opt->letter != 0 &&
		    a->value[i].opt->letter == letter)
			return &a->value[i];
	return NULL;
}

static int
cmd_store(struct cmd_value *v, const char *text, struct error *e)
{
	if (v->opt->type == CMD_NUMBER &&
	    text_parse_number(&v->number, text, 0, INT64_MAX, e) == -1)
		return error_wrap(e, "option --%s", v->opt->name);
	if (v->n > 0 && v->opt->type != CMD_MANY && v->opt->type != CMD_FLAG)
		return error_set(e, ERROR_INPUT, "option --%s is given twice",
		    v->opt->name);
	if (v->opt->type != CMD_FLAG || v->n == 0)
		v->v[v->n++] = text;
	return 0;
}

static int
cmd_needs_value(const struct cmd_opt *opt, struct error *e)
{
	return error_set(e, ERROR_INPUT, "option --%s needs a value, %s",
	    opt->name, opt->arg != NULL ? opt->arg : "VALUE");
}

/*
 * The value in the next word.  One that looks like an option is taken for a
 * forgotten value; --name=value says it is meant.
 */
static int
cmd_store_next(struct cmd_value *v, char *argv[], int *i, struct error *e)
{
	const char	*next = argv[*i + 1];

	if (next == NULL || strncmp(next, "--", 2) == 0)
		return cmd_needs_value(v->opt, e);
	(*i)++;
	return cmd_store(v, next, e);
}

static int
cmd_parse_long(struct cmd_args *a, char *argv[], int *i, struct error *e)
{
	const char		*name = argv[*i] + 2, *equals;
	struct cmd_value	*v;
	size_t			 len;

	equals = strchr(name, '=');
	len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	if ((v = cmd_find_long(a, name, len)) == NULL)
		return cmd_unknown_option(a, name, len, e);
	if (v->opt->type == CMD_FLAG && equals != NULL)
		return error_set(e, ERROR_INPUT, "option --%s takes no value",
		    v->opt->name);
	if (v->opt->type == CMD_FLAG)
		return cmd_store(v, "", e);
	if (equals != NULL)
		return cmd_store(v, equals + 1, e);
	return cmd_store_next(v, argv, i, e);
}

static int
cmd_parse_letters(struct cmd_args *a, char *argv[], int *i, struct error *e)
{
	const char		*p;
	struct cmd_value	*v;

	for (p = argv[*i] + 1; *p != '\0'; p++) {
		if ((v = cmd_find_letter(a, *p)) == NULL)
			return error_set(e, ERROR_INPUT,
			    "unknown option -%c", *p);
		if (v->opt->type != CMD_FLAG)
			return p[1] != '\0' ? cmd_store(v, p + 1, e) :
			    cmd_store_next(v, argv, i, e);
		if (cmd_store(v, "", e) == -1)
			return -1;
	}
	return 0;
}

static bool
cmd_is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int
cmd_parse_option(struct cmd_args *a, char *argv[], int *i, struct error *e)
{
	return argv[*i][1] == '-' ? cmd_parse_long(a, argv, i, e) :
	    cmd_parse_letters(a, argv, i, e);
}

/* Options and operands may come in any order; "--" ends the options. */
static int
cmd_parse(struct cmd_args *a, int argc, char *argv[], int i, struct error *e)
{
	bool	 ended = false;

	for (; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0)
			ended = true;
		else if (ended || !cmd_is_option(argv[i]))
			a->operand[a->noperand++] = argv[i];
		else if (cmd_parse_option(a, argv, &i, e) == -1)
			return -1;
	}
	return 0;
}

static int
cmd_check(const struct cmd_args *a, struct error *e)
{
	const struct cmd	*c = a->cmd;
	const char		*usage = c->usage != NULL ? c->usage : "";
	size_t			 i;

	for (i = 0; i < a->nvalue; i++)
		if (a->value[i].opt->required && a->value[i].n == 0)
			return error_set(e, ERROR_INPUT,
			    "option --%s is missing", a->value[i].opt->name);
	if (a->noperand < c->min)
		return error_set(e, ERROR_INPUT,
		    "too few operands, expected %s", usage);
	if (c->max != -1 && a->noperand > c->max)
		return error_set(e, ERROR_INPUT,
		    "too many operands, first unexpected one: %s",
		    a->operand[c->max]);
	return 0;
}

static void
cmd_say_error(const struct cmd_suite *s, const struct error *e)
{
	char	 line[2048];

	fprintf(stderr, "%s: %s\n", s->prog,
	    text_escape(line, sizeof(line), e->text));
	if (e->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n",
		    text_escape(line, sizeof(line), e->hint));
}

/* Say what is wrong and which command explains how it is right. */
static int
cmd_usage_error(const struct cmd_suite *s, const char *name,
    const struct error *e)
{
	cmd_say_error(s, e);
	fprintf(stderr, "See \"%s%s%s --help\".\n", s->prog,
	    name[0] != '\0' ? " " : "", name);
	return USAGE;
}

/* How many of the words are the command's name, or 0 if it is another. */
static int
cmd_match(const char *name, int argc, char *argv[])
{
	int	 n = 0;
	size_t	 len;

	while (*name != '\0') {
		len = strcspn(name, " ");
		if (n == argc || strncmp(argv[n], name, len) != 0 ||
		    argv[n][len] != '\0')
			return 0;
		n++;
		name += len;
		name += *name == ' ';
	}
	return n;
}

/* The command with the longest name that the words begin with. */
static const struct cmd *
cmd_find(const struct cmd_suite *s, int argc, char *argv[], int *used)
{
	const struct cmd	*c, *best = NULL;
	int			 n;

	*used = 0;
	for (c = s->cmd; c->name != NULL; c++) {
		n = cmd_match(c->name, argc, argv);
		if (n > *used || (best == NULL && c->name[0] == '\0')) {
			best = c;
			*used = n;
		}
	}
	return best;
}

/* Is the name that of a group: the first words of some command? */
static bool
cmd_is_group(const struct cmd_suite *s, const char *name)
{
	const struct cmd	*c;
	size_t			 len = strlen(name);

	for (c = s->cmd; c->name != NULL; c++)
		if (len > 0 && strncmp(c->name, name, len) == 0 &&
		    c->name[len] == ' ')
			return true;
	return false;
}

/* As many words as still make a group, joined by spaces. */
static void
cmd_group_name(const struct cmd_suite *s, struct buf *name, int argc,
    char *argv[], int *used)
{
	size_t	 len;

	for (*used = 0; *used < argc; (*used)++) {
		len = name->len;
		buf_printf(name, "%s%s", len > 0 ? " " : "", argv[*used]);
		if (!cmd_is_group(s, buf_cstr(name))) {
			name->len = len;
			break;
		}
	}
	buf_cstr(name);
}

/* Suggest the command nearest to the group and the mistyped word after it. */
static void
cmd_suggest(const struct cmd_suite *s, const char *typed, struct error *e)
{
	const struct cmd	*c;
	char			 best[65] = "", word[65];
	size_t			 i, words = 1;

	for (i = 0; typed[i] != '\0'; i++)
		words += typed[i] == ' ';
	for (c = s->cmd; c->name != NULL; c++) {
		cmd_first_words(word, sizeof(word), c->name, words);
		if (text_is_near(typed, word) && (best[0] == '\0' ||
		    text_distance(typed, word) < text_distance(typed, best)))
			memcpy(best, word, sizeof(best));
	}
	if (best[0] != '\0')
		error_hint(e, "did you mean \"%s %s\"?", s->prog, best);
}

void
cmd_first_words(char *dst, size_t size, const char *name, size_t words)
{
	const char	*end = name;

	while (words-- > 0 && *end != '\0') {
		end += *end == ' ';
		end += strcspn(end, " ");
	}
	snprintf(dst, size, "%.*s", (int)(end - name), name);
}

/* As an answer, or because something else was to be said. */
static int
cmd_list(const struct cmd_suite *s, const char *group, bool help)
{
	struct pager	 p;

	if (!help) {
		cmd_help_list(s, group, stderr);
		return USAGE;
	}
	cmd_help_list(s, group, pager_open(&p));
	pager_close(&p);
	return 0;
}

/* No command has that name: list the group, or say what was not understood. */
static int
cmd_not_found(const struct cmd_suite *s, int argc, char *argv[], bool help)
{
	struct error	 e = ERROR_INIT;
	struct buf	 name = { 0 }, typed = { 0 };
	int		 used, rc = USAGE;

	cmd_group_name(s, &name, argc, argv, &used);
	if (used < argc && (strcmp(argv[used], "--help") == 0 ||
	    strcmp(argv[used], "-h") == 0)) {
		help = true;
		argc = used;
	}
	if (used == argc) {
		rc = cmd_list(s, buf_cstr(&name), help);
		goto out;
	}
	buf_printf(&typed, "%s%s%s", buf_cstr(&name), name.len > 0 ? " " : "",
	    argv[used]);
	if (cmd_is_option(argv[used]))
		error_set(&e, ERROR_INPUT, "unknown option %s before a"
		    " command", argv[used]);
	else
		error_set(&e, ERROR_INPUT, "unknown command \"%s\"",
		    buf_cstr(&typed));
	cmd_suggest(s, buf_cstr(&typed), &e);
	cmd_usage_error(s, buf_cstr(&name), &e);
 out:
	buf_clear(&typed);
	buf_clear(&name);
	return rc;
}

static void
cmd_page(const struct cmd_suite *s, const struct cmd *c)
{
	struct pager	 p;

	cmd_help_page(s, c, pager_open(&p));
	pager_close(&p);
}

static int
cmd_help(const struct cmd_suite *s, int argc, char *argv[])
{
	const struct cmd	*c;
	int			 used;

	c = cmd_find(s, argc, argv, &used);
	if (c == NULL || used < argc)
		return cmd_not_found(s, argc, argv, true);
	cmd_page(s, c);
	return 0;
}

/* Is --help among the options, that is before any "--"? */
static bool
cmd_wants_help(int argc, char *argv[], int i)
{
	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

static int
cmd_call(struct cmd_args *a, int argc, char *argv[], int i, void *ctx)
{
	struct error	 e = ERROR_INIT;
	int		 rv;

	if (cmd_wants_help(argc, argv, i)) {
		cmd_page(a->suite, a->cmd);
		return 0;
	}
	cmd_args_add(a, cmd_options(a->cmd), argc);
	if (cmd_parse(a, argc, argv, i, &e) == -1 || cmd_check(a, &e) == -1)
		return cmd_usage_error(a->suite, a->cmd->name, &e);
	rv = a->cmd->fn(a, ctx, &e);
	if (rv == -1 || e.code != ERROR_NONE) {
		cmd_say_error(a->suite, &e);
		rv = error_exit_status(&e);
		return rv != 0 ? rv : EXIT_FAILURE;
	}
	return rv;
}

/* Left by a write that failed a while ago, and not by something else since. */
static bool
cmd_is_of_write(int n)
{
	return n == ENOSPC || n == EDQUOT || n == EFBIG || n == EIO ||
	    n == EBADF;
}

/* What was said has to have arrived, be it one line of a version. */
static int
cmd_flush(const struct cmd_suite *s)
{
	struct error	 e = ERROR_INIT;
	int		 failed = ferror(stdout) ? errno : 0;

	if (cmd_is_of_write(failed)) {
		errno = failed;
		error_sys(&e, "write standard output");
	} else if (fflush(stdout) == EOF)
		error_sys(&e, "write standard output");
	else if (ferror(stdout))
		error_set(&e, ERROR_UPSTREAM,
		    "write standard output: a part of it is lost");
	else
		return 0;
	cmd_say_error(s, &e);
	return error_exit_status(&e);
}

static int
cmd_describe(const struct cmd_suite *s, int argc, char *argv[])
{
	const struct cmd	*c;
	int			 used;

	if (argc == 0) {
		cmd_describe_all(s, stdout);
		return 0;
	}
	c = cmd_find(s, argc, argv, &used);
	if (c == NULL || used < argc)
		return cmd_not_found(s, argc, argv, false);
	cmd_describe_one(s, c, stdout);
	return 0;
}

/* What every program answers without a command; -1: nothing of that. */
static int
cmd_built_in(const struct cmd_suite *s, int argc, char *argv[], int i)
{
	if (i == argc)
		return -1;
	if (strcmp(argv[i], "--version") == 0) {
		printf("%s %s\n", s->prog, PACKAGE_VERSION);
		return 0;
	}
	if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 ||
	    (strcmp(argv[i], "help") == 0 && s->cmd->name[0] != '\0'))
		return cmd_help(s, argc - i - 1, argv + i + 1);
	if (strcmp(argv[i], "--complete") == 0 && i + 1 < argc &&
	    cmd_complete(s, argv[i + 1], stdout))
		return 0;
	if (strcmp(argv[i], "--describe") == 0)
		return cmd_describe(s, argc - i - 1, argv + i + 1);
	return -1;
}

int
cmd_run(const struct cmd_suite *s, int argc, char *argv[], void *ctx)
{
	struct error	 e = ERROR_INIT;
	struct cmd_args	 a = { .suite = s };
	int		 i = 1, used, rc;

	if (file_keep_standard(&e) == -1)
		return error_exit_status(&e);
	a.operand = mem_array((size_t)argc + 1, sizeof(*a.operand));
	cmd_args_add(&a, cmd_globals(s), argc);
	if ((rc = cmd_built_in(s, argc, argv, i)) != -1)
		goto out;
	/* The options that each command takes may also stand before it. */
	while (s->cmd->name[0] != '\0' && i < argc && cmd_is_option(argv[i])) {
		if ((rc = cmd_built_in(s, argc, argv, i)) != -1)
			goto out;
		if (cmd_parse_option(&a, argv, &i, &e) == -1) {
			rc = cmd_usage_error(s, "", &e);
			goto out;
		}
		i++;
	}
	a.cmd = cmd_find(s, argc - i, argv + i, &used);
	if (a.cmd == NULL)
		rc = cmd_not_found(s, argc - i, argv + i, false);
	else
		rc = cmd_call(&a, argc, argv, i + used, ctx);
 out:
	cmd_args_clear(&a);
	return rc == 0 ? cmd_flush(s) : rc;
}
