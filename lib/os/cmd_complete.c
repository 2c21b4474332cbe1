/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion for shells, each in its own language and all from the tables.
 * What a shell knows after it: the words of commands, the options of each with
 * what they are for (fish and zsh show that), and that a value or an operand
 * which is a file is one.  It never runs the program.
 */
#include "os/cmd_private.h"

/* One command or group: its words so far, and the row if it is a command. */
typedef void complete_fn(struct buf *, const struct cmd_suite *,
    const char *name, const struct cmd *);

static const struct cmd *
complete_find(const struct cmd_suite *s, const char *name)
{
	const struct cmd	*c;

	for (c = s->cmd; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* Has an earlier command the same first words? */
static bool
complete_is_seen(const struct cmd_suite *s, const struct cmd *end,
    const char *name, size_t words)
{
	const struct cmd	*c;
	char			 other[65];

	for (c = s->cmd; c != end; c++) {
		cmd_first_words(other, sizeof(other), c->name, words);
		if (strcmp(other, name) == 0)
			return true;
	}
	return false;
}

/* For each group and each command, once. */
static void
complete_each(struct buf *b, const struct cmd_suite *s, complete_fn *fn)
{
	const struct cmd	*c;
	char			 name[65], last[65];
	size_t			 words;

	fn(b, s, "", complete_find(s, ""));
	for (c = s->cmd; c->name != NULL; c++) {
		last[0] = '\0';
		for (words = 1;; words++) {
			cmd_first_words(name, sizeof(name), c->name, words);
			if (strcmp(name, last) == 0)
				break;
			memcpy(last, name, sizeof(last));
			if (!complete_is_seen(s, c, name, words))
				fn(b, s, name, complete_find(s, name));
		}
	}
}

/*
 * The next word that may follow those of "group", and in *c the command that
 * it is, NULL if it only begins some; *at goes from row to row.  False: none.
 */
static bool
complete_next(const char *group, const struct cmd **at, char *word,
    size_t size, const struct cmd **c)
{
	size_t		 len = strlen(group), n;
	const char	*p;
	char		 last[65];

	snprintf(last, sizeof(last), "%s", word);
	for (; (*at)->name != NULL; (*at)++) {
		if (!cmd_is_below(*at, group) || (*at)->name[len] == '\0')
			continue;
		p = (*at)->name + len + (len > 0);
		n = strcspn(p, " ");
		if (strncmp(last, p, n) == 0 && last[n] == '\0')
			continue;
		snprintf(word, size, "%.*s", (int)n, p);
		*c = p[n] == '\0' ? *at : NULL;
		return true;
	}
	return false;
}

/* What a word is for: of a command its summary, of a group its next words. */
static const char *
complete_what(struct buf *b, const char *group, const char *word,
    const struct cmd *at, const struct cmd *is)
{
	char	name[130], next[65] = "";

	if (is != NULL)
		return is->summary;
	b->len = 0;
	snprintf(name, sizeof(name), "%s%s%s", group,
	    group[0] != '\0' ? " " : "", word);
	while (complete_next(name, &at, next, sizeof(next), &is))
		buf_printf(b, "%s%s", b->len > 0 ? ", " : "", next);
	return buf_cstr(b);
}

/* What the words so far may be, as WORD"name"WORD"other name"... */
static void
complete_names(struct buf *b, const struct cmd_suite *s, const char *between)
{
	const struct cmd	*c;
	const char		*p;

	buf_str(b, "help");
	for (c = s->cmd; c->name != NULL; c++)
		for (p = c->name; *p != '\0'; p++)
			if (p[1] == ' ' || p[1] == '\0')
				buf_printf(b, "%s\"%.*s\"", between,
				    (int)(p + 1 - c->name), c->name);
}

/* "_signet_station" */
static void
complete_function(char *fn, size_t size, const struct cmd_suite *s)
{
	char	*p;

	snprintf(fn, size, "_%s", s->prog);
	for (p = fn; *p != '\0'; p++)
		if (*p == '-' || *p == '.')
			*p = '_';
}

/* Is what help pages call so a file or a directory? */
static bool
complete_is_path(const char *what)
{
	return what != NULL && (strstr(what, "FILE") != NULL ||
	    strstr(what, "DIR") != NULL || strstr(what, "LIST") != NULL ||
	    strstr(what, "BUNDLE") != NULL || strstr(what, "URI") != NULL);
}

static bool
complete_takes_files(const struct cmd *c)
{
	return c != NULL && c->max != 0 && complete_is_path(c->usage);
}

/* Text within single quotes; colon: what stands for a ":". */
static void
complete_quoted(struct buf *b, const char *text, const char *quote,
    const char *backslash, const char *colon)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_str(b, quote);
		else if (*text == '\\')
			buf_str(b, backslash);
		else if (*text == ':')
			buf_str(b, colon);
		else
			buf_byte(b, (uint8_t)*text);
	}
}

/* ---- bash ---- */

static void
bash_options(struct buf *b, const struct cmd_opt *o)
{
	for (; o->name != NULL; o++)
		buf_printf(b, " --%s", o->name);
}

/* Those that a value follows. */
static void
valued_options(struct buf *b, const struct cmd_opt *o)
{
	for (; o->name != NULL; o++) {
		if (o->type == CMD_FLAG)
			continue;
		buf_printf(b, " --%s", o->name);
		if (o->letter != 0)
			buf_printf(b, " -%c", o->letter);
	}
}

typedef void options_fn(struct buf *, const struct cmd_opt *);

/* Of the command, if it is one, and of all. */
static void
complete_options(struct buf *b, const struct cmd_suite *s,
    const struct cmd *c, options_fn *fn)
{
	if (c != NULL)
		fn(b, cmd_options(c));
	fn(b, cmd_globals(s));
}

static void
bash_case(struct buf *b, const struct cmd_suite *s, const char *name,
    const struct cmd *c)
{
	const struct cmd	*at = s->cmd, *is;
	char			 word[65] = "";

	buf_printf(b, "\t\"%s\") next=\"", name);
	while (complete_next(name, &at, word, sizeof(word), &is))
		buf_printf(b, " %s", word);
	complete_options(b, s, c, bash_options);
	buf_str(b, " --help\" valued=\"");
	complete_options(b, s, c, valued_options);
	buf_str(b, " \" ;;\n");
}

/* Where a value or an operand is due, files are bash's own business. */
static void
complete_bash(struct buf *b, const struct cmd_suite *s)
{
	char	 fn[65];

	complete_function(fn, sizeof(fn), s);
	buf_printf(b, "# bash completion for %s\n%s()\n{\n", s->prog, fn);
	buf_str(b,
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} cmd= next= valued= try i\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\t[[ ${COMP_WORDS[i]} == -* ]] && continue\n"
	    "\t\ttry=\"$cmd${cmd:+ }${COMP_WORDS[i]}\"\n"
	    "\t\tcase $try in\n\t\t");
	complete_names(b, s, "|");
	buf_str(b, ") cmd=$try ;;\n\t\t*) break ;;\n\t\tesac\n"
	    "\t\t[[ $cmd == help ]] && cmd=\n\tdone\n\tcase $cmd in\n");
	complete_each(b, s, bash_case);
	buf_printf(b, "\tesac\n\tCOMPREPLY=()\n"
	    "\t[[ $valued == *\" ${COMP_WORDS[COMP_CWORD-1]} \"* ]] && return\n"
	    "\tCOMPREPLY=($(compgen -W \"$next\" -- \"$cur\"))\n"
	    "}\ncomplete -o default -F %s %s\n", fn, s->prog);
}

/* ---- zsh ---- */

/* One of an array for _describe: 'word:what it is for'. */
static void
zsh_item(struct buf *b, const char *dashes, const char *word,
    const char *what)
{
	buf_printf(b, " '%s%s:", dashes, word);
	complete_quoted(b, what != NULL ? what : "", "'\\''", "\\\\", "\\:");
	buf_byte(b, '\'');
}

static void
zsh_options(struct buf *b, const struct cmd_opt *o)
{
	for (; o->name != NULL; o++)
		zsh_item(b, "--", o->name, o->help);
}

static void
zsh_case(struct buf *b, const struct cmd_suite *s, const char *name,
    const struct cmd *c)
{
	const struct cmd	*at = s->cmd, *is;
	struct buf		 what = { 0 };
	char			 word[65] = "";

	buf_printf(b, "\t(\"%s\")\n\t\tverbs=(", name);
	while (complete_next(name, &at, word, sizeof(word), &is))
		zsh_item(b, "", word, complete_what(&what, name, word, at,
		    is));
	buf_str(b, ")\n\t\toptions=(");
	complete_options(b, s, c, zsh_options);
	zsh_item(b, "--", "help", "show this page");
	buf_str(b, ")\n\t\tvalued=\"");
	complete_options(b, s, c, valued_options);
	buf_printf(b, " \" files=%d ;;\n", complete_takes_files(c));
	buf_clear(&what);
}

static void
complete_zsh(struct buf *b, const struct cmd_suite *s)
{
	char	 fn[65];

	complete_function(fn, sizeof(fn), s);
	buf_printf(b, "#compdef %s\n# zsh completion for %s\n%s()\n{\n",
	    s->prog, s->prog, fn);
	buf_str(b, "\tlocal cmd= try= valued= files=0 i\n"
	    "\tlocal -a verbs options\n"
	    "\tfor ((i = 2; i < CURRENT; i++)); do\n"
	    "\t\t[[ ${words[i]} == -* ]] && continue\n"
	    "\t\ttry=\"$cmd${cmd:+ }${words[i]}\"\n"
	    "\t\tcase $try in\n\t\t(");
	complete_names(b, s, "|");
	buf_str(b, ") cmd=$try ;;\n\t\t(*) break ;;\n\t\tesac\n"
	    "\t\t[[ $cmd == help ]] && cmd=\n\tdone\n\tcase $cmd in\n");
	complete_each(b, s, zsh_case);
	buf_printf(b, "\tesac\n"
	    "\tif [[ $valued == *\" ${words[CURRENT-1]} \"* ]]; then\n"
	    "\t\t_files\n"
	    "\telif [[ ${words[CURRENT]} == -* ]]; then\n"
	    "\t\t_describe -o option options\n"
	    "\telif ((${#verbs})); then\n"
	    "\t\t_describe command verbs\n"
	    "\telif ((files)); then\n"
	    "\t\t_files\n"
	    "\tfi\n}\n%s \"$@\"\n", fn);
}

/* ---- fish ---- */

/* The beginning of a rule for what follows the words of "name". */
static void
fish_rule(struct buf *b, const struct cmd_suite *s, const char *name)
{
	char	 fn[65];

	complete_function(fn, sizeof(fn), s);
	buf_printf(b, "complete -c %s -n '_%s_at \"%s\"'", s->prog, fn, name);
}

static void
fish_what(struct buf *b, const char *what)
{
	buf_str(b, " -d '");
	complete_quoted(b, what != NULL ? what : "", "\\'", "\\\\", ":");
	buf_str(b, "'\n");
}

static void
fish_option(struct buf *b, const struct cmd_opt *o)
{
	buf_printf(b, " -l %s", o->name);
	if (o->letter != 0)
		buf_printf(b, " -s %c", o->letter);
	if (o->type != CMD_FLAG)
		buf_str(b, complete_is_path(cmd_opt_arg(o)) ? " -r -F" : " -x");
	fish_what(b, o->help);
}

static void
fish_options(struct buf *b, const struct cmd_suite *s, const char *name,
    const struct cmd_opt *o)
{
	for (; o->name != NULL; o++) {
		fish_rule(b, s, name);
		fish_option(b, o);
	}
}

static void
fish_rules(struct buf *b, const struct cmd_suite *s, const char *name,
    const struct cmd *c)
{
	const struct cmd	*at = s->cmd, *is;
	struct buf		 what = { 0 };
	char			 word[65] = "";

	while (complete_next(name, &at, word, sizeof(word), &is)) {
		fish_rule(b, s, name);
		buf_printf(b, " -a %s", word);
		fish_what(b, complete_what(&what, name, word, at, is));
	}
	buf_clear(&what);
	if (c != NULL)
		fish_options(b, s, name, cmd_options(c));
	if (complete_takes_files(c)) {
		fish_rule(b, s, name);
		buf_str(b, " -F\n");
	}
}

static void
complete_fish(struct buf *b, const struct cmd_suite *s)
{
	static const struct cmd_opt	 help = { "help", 0, CMD_FLAG, false,
					    NULL, "show this page" };
	const struct cmd_opt		*o;
	char				 fn[65];

	complete_function(fn, sizeof(fn), s);
	buf_printf(b, "# fish completion for %s\n"
	    "function _%s_at -d 'do the words before the cursor name this?'\n"
	    "\tset -l cmd ''\n"
	    "\tfor word in (commandline -opc)[2..-1]\n"
	    "\t\tstring match -q -- '-*' $word; and continue\n"
	    "\t\tset -l try (string trim -- \"$cmd $word\")\n"
	    "\t\tcontains -- $try ", s->prog, fn);
	complete_names(b, s, " ");
	buf_printf(b, "; or break\n"
	    "\t\tset cmd $try\n"
	    "\t\ttest \"$cmd\" = help; and set cmd ''\n"
	    "\tend\n"
	    "\ttest \"$cmd\" = \"$argv\"\n"
	    "end\n"
	    "complete -c %s -f\n", s->prog);
	for (o = cmd_globals(s); o->name != NULL; o++) {
		buf_printf(b, "complete -c %s", s->prog);
		fish_option(b, o);
	}
	buf_printf(b, "complete -c %s", s->prog);
	fish_option(b, &help);
	complete_each(b, s, fish_rules);
}

bool
cmd_complete(const struct cmd_suite *s, const char *shell, FILE *f)
{
	static const struct {
		const char	*name;
		void		(*fn)(struct buf *, const struct cmd_suite *);
	}		 shells[] = {
		{ "bash", complete_bash },
		{ "fish", complete_fish },
		{ "zsh", complete_zsh },
	};
	struct buf	 b = { 0 };
	size_t		 i;

	for (i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shell, shells[i].name) != 0)
			continue;
		shells[i].fn(&b, s);
		fputs(buf_cstr(&b), f);
		buf_clear(&b);
		return true;
	}
	return false;
}
