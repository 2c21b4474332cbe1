/* SPDX-License-Identifier: Apache-2.0 */
#include "os/cmd_private.h"

#include "base/text.h"

#define WIDTH		80
#define COLUMN_MAX	28	/* where explanations begin, at most */

static const struct cmd_opt built_in[] = {
	{ "help", 0, CMD_FLAG, false, NULL, "show this page" },
	CMD_OPT_END
};

static void
help_print(struct buf *b, FILE *f)
{
	fputs(buf_cstr(b), f);
	buf_clear(b);
}

const char *
cmd_opt_arg(const struct cmd_opt *o)
{
	return o->arg != NULL ? o->arg : "VALUE";
}

/* "  -p, --profile NAME" */
static void
help_option_name(struct buf *b, const struct cmd_opt *o)
{
	if (o->letter != 0)
		buf_printf(b, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(b, "      --%s", o->name);
	if (o->type != CMD_FLAG)
		buf_printf(b, " %s", cmd_opt_arg(o));
}

static int
help_columns(const struct cmd_opt *o, int column)
{
	struct buf	 b = { 0 };

	for (; o->name != NULL; o++) {
		b.len = 0;
		help_option_name(&b, o);
		if ((int)b.len + 2 > column && b.len + 2 <= COLUMN_MAX)
			column = (int)b.len + 2;
	}
	buf_clear(&b);
	return column;
}

/*
 * Left of column: what is in b from "start" on.  Right of it: the text, on
 * the same line if there is room.
 */
static void
help_row(struct buf *b, size_t start, int column, const char *text)
{
	struct buf	 right = { 0 };
	size_t		 left = b->len - start, skip = 0;

	text_wrap(&right, text, column, WIDTH);
	if (left + 2 > (size_t)column) {
		buf_byte(b, '\n');
	} else {
		buf_printf(b, "%*s", column - (int)left, "");
		skip = (size_t)column;
	}
	if (right.len > skip)
		buf_add(b, right.p + skip, right.len - skip);
	else
		buf_byte(b, '\n');
	buf_clear(&right);
}

static void
help_options(struct buf *b, const char *title, const struct cmd_opt *o,
    int column)
{
	struct buf	 text = { 0 };
	size_t		 start;

	if (o->name == NULL)
		return;
	buf_printf(b, "\n%s:\n", title);
	for (; o->name != NULL; o++) {
		start = b->len;
		help_option_name(b, o);
		text.len = 0;
		buf_str(&text, o->help != NULL ? o->help : "");
		if (o->required)
			buf_str(&text, " (required)");
		else if (o->type == CMD_MANY)
			buf_str(&text, " (may be repeated)");
		help_row(b, start, column, buf_cstr(&text));
	}
	buf_clear(&text);
}

static void
help_examples(struct buf *b, const char *lines)
{
	size_t	 len;

	buf_str(b, "\nExamples:\n");
	while (*lines != '\0') {
		len = strcspn(lines, "\n");
		buf_printf(b, "  %.*s\n", (int)len, lines);
		lines += len;
		lines += *lines == '\n';
	}
}

/* "signet cert revoke [options] --reason REASON SERIAL..." */
static void
help_usage(struct buf *b, const struct cmd_suite *s, const struct cmd *c)
{
	const struct cmd_opt	*o;

	buf_str(b, s->prog);
	if (c->name[0] != '\0')
		buf_printf(b, " %s", c->name);
	buf_str(b, " [options]");
	for (o = cmd_options(c); o->name != NULL; o++)
		if (o->required)
			buf_printf(b, " --%s %s", o->name, cmd_opt_arg(o));
	if (c->usage != NULL && c->usage[0] != '\0')
		buf_printf(b, " %s", c->usage);
}

void
cmd_help_page(const struct cmd_suite *s, const struct cmd *c, FILE *f)
{
	struct buf	 b = { 0 };
	int		 column;

	buf_str(&b, "Usage: ");
	help_usage(&b, s, c);
	buf_str(&b, "\n\n");
	text_wrap(&b, c->summary, 0, WIDTH);
	if (c->detail != NULL) {
		buf_byte(&b, '\n');
		text_wrap(&b, c->detail, 0, WIDTH);
	}
	column = help_columns(cmd_options(c), 12);
	column = help_columns(cmd_globals(s), column);
	help_options(&b, "Options", cmd_options(c), column);
	help_options(&b, "Common options", cmd_globals(s), column);
	help_options(&b, "Help", built_in, column);
	if (c->examples != NULL)
		help_examples(&b, c->examples);
	if (c->name[0] == '\0' && s->epilog != NULL) {
		buf_byte(&b, '\n');
		text_wrap(&b, s->epilog, 0, WIDTH);
	}
	help_print(&b, f);
}

bool
cmd_is_below(const struct cmd *c, const char *group)
{
	size_t	 len = strlen(group);

	return len == 0 || (strncmp(c->name, group, len) == 0 &&
	    (c->name[len] == ' ' || c->name[len] == '\0'));
}

static void
help_commands(struct buf *b, const struct cmd_suite *s, const char *group)
{
	const struct cmd	*c;
	int			 column = 12;
	size_t			 start;

	for (c = s->cmd; c->name != NULL; c++)
		if (cmd_is_below(c, group) &&
		    (int)strlen(c->name) + 4 > column &&
		    strlen(c->name) + 4 <= COLUMN_MAX)
			column = (int)strlen(c->name) + 4;
	buf_str(b, "\nCommands:\n");
	for (c = s->cmd; c->name != NULL; c++) {
		if (!cmd_is_below(c, group))
			continue;
		start = b->len;
		buf_printf(b, "  %s", c->name);
		help_row(b, start, column, c->summary);
	}
}

void
cmd_help_list(const struct cmd_suite *s, const char *group, FILE *f)
{
	struct buf	 b = { 0 };
	bool		 all = group[0] == '\0';

	buf_printf(&b, "Usage: %s%s%s COMMAND [options]\n", s->prog,
	    all ? "" : " ", group);
	if (all && s->summary != NULL) {
		buf_byte(&b, '\n');
		text_wrap(&b, s->summary, 0, WIDTH);
	}
	help_commands(&b, s, group);
	if (all)
		help_options(&b, "Common options", cmd_globals(s),
		    help_columns(cmd_globals(s), 12));
	buf_printf(&b, "\n\"%s help COMMAND\" explains a command and its"
	    " options.\n", s->prog);
	if (all && s->epilog != NULL) {
		buf_byte(&b, '\n');
		text_wrap(&b, s->epilog, 0, WIDTH);
	}
	help_print(&b, f);
}

/* Text as mdoc takes it: no line may begin with a macro by accident. */
static void
describe_text(struct buf *b, const char *text)
{
	bool	 first = true;

	for (; *text != '\0'; text++) {
		if (first && (*text == '.' || *text == '\''))
			buf_str(b, "\\&");
		if (*text == '\\')
			buf_str(b, "\\e");
		else
			buf_byte(b, (uint8_t)*text);
		first = *text == '\n';
	}
	if (!first)
		buf_byte(b, '\n');
}

static void
describe_options(struct buf *b, const struct cmd_opt *o)
{
	for (; o->name != NULL; o++) {
		buf_str(b, ".It ");
		if (o->letter != 0)
			buf_printf(b, "Fl %c , ", o->letter);
		buf_printf(b, "Fl \\-%s", o->name);
		if (o->type != CMD_FLAG)
			buf_printf(b, " Ar %s", cmd_opt_arg(o));
		buf_byte(b, '\n');
		describe_text(b, o->help != NULL ? o->help : "");
		if (o->required)
			buf_str(b, "Required.\n");
		else if (o->type == CMD_MANY)
			buf_str(b, "May be repeated.\n");
	}
}

static void
describe_list(struct buf *b, const struct cmd_opt *own,
    const struct cmd_opt *global)
{
	if (own->name == NULL && global->name == NULL)
		return;
	buf_str(b, ".Bl -tag -width Ds\n");
	describe_options(b, own);
	describe_options(b, global);
	buf_str(b, ".El\n");
}

void
cmd_describe_one(const struct cmd_suite *s, const struct cmd *c, FILE *f)
{
	struct buf	 b = { 0 };

	buf_str(&b, ".Sh OPTIONS\n");
	describe_list(&b, cmd_options(c), cmd_globals(s));
	help_print(&b, f);
}

/* An empty line is a mistake in mdoc; a paragraph is a macro. */
static void
describe_paragraphs(struct buf *b, const char *text)
{
	const char	*end;
	char		*part;

	while (*text != '\0') {
		end = strstr(text, "\n\n");
		part = end != NULL ?
		    mem_printf("%.*s", (int)(end - text), text) :
		    mem_strdup(text);
		buf_str(b, ".Pp\n");
		describe_text(b, part);
		text += strlen(part);
		text += strspn(text, "\n");
		mem_free(&part);
	}
}

void
cmd_describe_all(const struct cmd_suite *s, FILE *f)
{
	static const struct cmd_opt	 none[] = { CMD_OPT_END };
	const struct cmd		*c;
	struct buf			 b = { 0 };

	buf_str(&b, ".Sh COMMANDS\n");
	for (c = s->cmd; c->name != NULL; c++) {
		buf_str(&b, ".Ss ");
		describe_text(&b, c->name[0] != '\0' ? c->name : s->prog);
		buf_str(&b, ".D1 ");
		help_usage(&b, s, c);
		buf_str(&b, "\n.Pp\n");
		describe_text(&b, c->summary);
		if (c->detail != NULL)
			describe_paragraphs(&b, c->detail);
		describe_list(&b, cmd_options(c), none);
	}
	if (cmd_globals(s)->name != NULL) {
		buf_str(&b, ".Sh OPTIONS\nEach command takes these as well.\n");
		describe_list(&b, cmd_globals(s), none);
	}
	help_print(&b, f);
}
