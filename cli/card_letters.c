/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card letters list, release, reprint, void and export.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cmd_card.h"
#include "cli/list.h"
#include "desk/card_letters.h"
#include "desk/submit.h"
#include "os/file.h"
#include "x509/cert.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PIECE		200		/* sealed letters at a time */

const struct cmd_opt CARD_LETTERS_LIST_OPTS[] = {
	{ "runs", 0, CMD_FLAG, false, NULL, "list the runs instead" },
	CMD_OPT_END
};
const struct cmd_opt CARD_LETTERS_RELEASE_OPTS[] = {
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};
const struct cmd_opt CARD_LETTERS_REPRINT_OPTS[] = {
	{ "reason", 0, CMD_STRING, true, "TEXT", "why again" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};
const struct cmd_opt CARD_LETTERS_VOID_OPTS[] = {
	{ "reason", 0, CMD_STRING, true, "TEXT", "why not" },
	CMD_OPT_END
};
const struct cmd_opt CARD_LETTERS_EXPORT_OPTS[] = {
	{ "run", 0, CMD_NUMBER, false, "N", "this run (else the latest)" },
	{ "out", 'o', CMD_STRING, true, "DIR",
	    "directory to make, which must not be there" },
	CMD_OPT_END
};

static int
check_reason(const struct cmd_args *a, struct error *e)
{
	const char	*text = cmd_string(a, "reason", "-");

	return text_is_clean(text, strlen(text), 600) && text[0] != '\0' ? 0 :
	    error_set(e, ERROR_INPUT, "--reason: not clean text of at most "
	    "600 bytes");
}

/* ---- list ---- */

static const struct out_col	cols[] = {
	{ "letter", "LETTER", 0 },
	{ "card", "CARD", 0 },
	{ "holder", "HOLDER", OUT_SHRINK },
	{ "card_state", "CARD IS", 0 },
	{ "run", "RUN", OUT_RIGHT },
	{ "void_at", "VOID", OUT_DAY },
	{ "reason", "WHY", OUT_SHRINK },
	{ "made_at", NULL, OUT_JSON },
	{ "digest", NULL, OUT_JSON },
};

static void
letter_row(struct out_list *l, const struct db_letter *one)
{
	char	run[16];

	snprintf(run, sizeof(run), "%d", one->run);
	out_text(l, one->number);
	out_text(l, one->card);
	out_text(l, one->holder);
	out_text(l, one->card_state);
	out_text(l, one->run == 0 ? NULL : run);
	out_time(l, one->void_at);
	out_text(l, one->reason);
	out_time(l, one->made_at);
	out_hex(l, one->digest, DB_DIGEST);
}

static int
list_letters(struct cli *c, const struct db_card_batch *b, struct error *e)
{
	struct out_list		*l = out_list_new(stdout, c->json, 0, cols,
				    COUNT(cols));
	struct arena		*a = arena_new();
	struct db_letters	 page;
	char			 after[40] = "";
	int			 rc;
	size_t			 i;

	do {
		arena_reset(a);
		if ((rc = db_letter_list(c->desk.db, b->id, after, PIECE,
		    &page, a, e)) == -1)
			break;
		for (i = 0; i < page.n; i++)
			letter_row(l, &page.v[i]);
		if (page.n > 0)
			snprintf(after, sizeof(after), "%s",
			    page.v[page.n - 1].number);
	} while (page.n == PIECE);
	out_list_free(&l);
	arena_free(&a);
	return rc;
}

static int
list_runs(struct cli *c, const struct db_card_batch *b, struct error *e)
{
	static const struct out_col	 run_cols[] = {
		{ "run", "RUN", OUT_RIGHT },
		{ "state", "STATE", 0 },
		{ "order", "ORDER", 0 },
		{ "letters", "LETTERS", OUT_RIGHT },
		{ "valid", "STILL GOOD", OUT_RIGHT },
		{ "released_by", "RELEASED BY", 0 },
		{ "released_at", "RELEASED", OUT_DAY },
		{ "made_at", NULL, OUT_JSON },
	};
	struct db_letter_runs		 runs;
	struct out_list			*l;
	size_t				 i;

	if (db_letter_runs(c->desk.db, b->id, &runs, c->desk.arena, e) == -1)
		return -1;
	l = out_list_new(stdout, c->json, 0, run_cols, COUNT(run_cols));
	for (i = 0; i < runs.n; i++) {
		const struct db_letter_run	*r = &runs.v[i];

		out_num(l, r->run);
		out_text(l, r->released_at != 0 ? "released" :
		    r->void_at != 0 ? "given up" : "waits");
		out_id(l, r->order_id, DB_ORDER_ID, REVIEW_SHORT);
		out_num(l, r->letters);
		out_num(l, r->valid);
		out_text(l, r->released_by);
		out_time(l, r->released_at);
		out_time(l, r->made_at);
	}
	out_list_free(&l);
	return 0;
}

int
card_letters_list_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_card_batch	 b;
	char *const		*name;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (card_batch_named(c, name[0], &b, e) == -1)
		return -1;
	return cmd_flag(a, "runs") ? list_runs(c, &b, e) :
	    list_letters(c, &b, e);
}

/* ---- draw up ---- */

static void
report(struct cli *c, const struct card_letters *l, const char *state)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	char			 hex[2 * DB_ORDER_ID + 1];

	text_hex(hex, l->run.order_id, DB_ORDER_ID);
	out_put(r, "batch", "Batch", l->batch->name);
	out_put_num(r, "run", "Run", l->run.run);
	out_put(r, "state", "State", state);
	out_put_num(r, "letters", "Letters", (int64_t)l->n);
	out_put(r, "drawn_up_by", "Drawn up by", l->made_by);
	out_put(r, "released_by", "Released by", l->run.released_by);
	out_put(r, "order", "Order", hex);
	if (l->run.released_by == NULL)
		out_put_line(r, "another officer has to: signet card letters "
		    "release %s", l->batch->name);
	else
		out_put_line(r, "next: signet card letters export %s --out "
		    "DIR", l->batch->name);
	out_record_free(&r);
}

static int
draw_up(struct cli *c, const struct db_card_batch *b,
    const char *const *letter, size_t n, const char *reason, struct error *e)
{
	struct card_letters	l = { .batch = b };
	int			rc = -1;

	if (cli_open_officer(c, e) == -1 || cli_confirm(c, e, "Draw up and "
	    "sign a run of letters of batch %s?", b->name) == -1)
		return -1;
	if ((rc = card_letters_draw_up(&c->desk, b, letter, n, reason, &l,
	    e)) == 0)
		report(c, &l, "drawn up");
	card_letters_clear(&l);
	return rc;
}

/* ---- release ---- */

static bool
have_signed(struct cli *c, const struct card_letters *l)
{
	const struct approved	*a = l->order.approved;
	size_t			 i;

	for (i = 0; i < a->n; i++)
		if (cert_is_same(a->by[i].cert, c->officer.cert))
			return true;
	return false;
}

static int
release(struct cli *c, struct card_letters *l, struct error *e)
{
	if (cli_open_officer(c, e) == -1)
		return -1;
	cli_say(c, "Batch %s, run %d: %zu letters, drawn up by %s",
	    l->batch->name, l->run.run, l->n, l->made_by);
	if (!have_signed(c, l) && (submit_may_approve(&c->desk, &l->order,
	    e) == -1 || cli_confirm(c, e, "Sign for it and release it?") ==
	    -1 || submit_approval(&c->desk, &l->order, e) == -1))
		return -1;
	if (card_letters_release(&c->desk, l, &c->officer, e) == -1)
		return -1;
	report(c, l, "released");
	return 0;
}

int
card_letters_release_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_card_batch	 b;
	struct card_letters	 l = { .batch = &b };
	char *const		*name;
	int			 found, rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (card_batch_named(c, name[0], &b, e) == -1 ||
	    (found = card_letters_open(&c->desk, &b, &l, e)) == -1)
		goto out;
	rc = found == 1 ? release(c, &l, e) : draw_up(c, &b, NULL, 0, NULL, e);
 out:
	card_letters_clear(&l);
	return rc;
}

int
card_letters_reprint_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_card_batch	 b;
	struct card_letters	 l = { .batch = &b };
	char *const		*operand;
	int			 n = cmd_operands(a, &operand), found;

	cli_begin(c, a);
	if (check_reason(a, e) == -1 ||
	    card_batch_named(c, operand[0], &b, e) == -1 ||
	    (found = card_letters_open(&c->desk, &b, &l, e)) == -1)
		return -1;
	card_letters_clear(&l);
	if (found == 1) {
		error_set(e, ERROR_CONFLICT, "run %d of batch %s waits to be "
		    "released", l.run.run, b.name);
		return error_hint(e, "signet card letters release %.64s, or "
		    "signet order reject", b.name);
	}
	return draw_up(c, &b, (const char *const *)(operand + 1),
	    (size_t)n - 1, cmd_string(a, "reason", NULL), e);
}

/* ---- void ---- */

int
card_letters_void_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_card_batch	 b;
	struct db_letter	 one;
	int64_t			 batch;
	char *const		*operand;
	int			 i, found, n = cmd_operands(a, &operand);

	cli_begin(c, a);
	if (check_reason(a, e) == -1 ||
	    card_batch_named(c, operand[0], &b, e) == -1)
		return -1;
	for (i = 1; i < n; i++) {
		found = db_letter_find(c->desk.db, operand[i], &batch, &one,
		    c->desk.arena, e);
		if (found == 0 || (found == 1 && batch != b.id))
			return error_set(e, ERROR_NOTFOUND, "batch %s has no "
			    "letter \"%.40s\"", b.name, operand[i]);
		if (found == -1 || card_letters_void(&c->desk, b.name,
		    operand[i], cmd_string(a, "reason", NULL), e) == -1)
			return -1;
		cli_did(c, json_pack("{s:s, s:s, s:s}", "letter", one.number,
		    "card", one.card, "result", "void"), "letter %s of card "
		    "%s is void", one.number, one.card);
	}
	return 0;
}

/* ---- export ---- */

static int
write_letter(const char *dir, const struct card_letters *l,
    const struct db_letter *one, struct error *e)
{
	char	*path, *name;
	int	 rc;

	if (card_letters_check(l, one, e) == -1)
		return -1;
	name = mem_printf("%s.cms", one->number);
	path = file_join(dir, name);
	rc = file_create(path, one->sealed.p, one->sealed.len, 0600, e);
	mem_free(&path);
	mem_free(&name);
	return rc;
}

/* *n: how many there were. */
static int
write_letters(struct cli *c, const char *dir, const struct card_letters *l,
    size_t *n, struct error *e)
{
	struct arena		*a = arena_new();
	struct db_letters	 page;
	char			 after[40] = "";
	int			 rc;

	*n = 0;
	do {
		arena_reset(a);
		rc = db_letter_print(c->desk.db, l->batch->id, l->run.run,
		    after, PIECE, &page, a, e);
		for (size_t i = 0; rc == 0 && i < page.n; i++) {
			snprintf(after, sizeof(after), "%s", page.v[i].number);
			rc = write_letter(dir, l, &page.v[i], e);
			*n += rc == 0;
		}
	} while (rc == 0 && page.n == PIECE);
	arena_free(&a);
	return rc;
}

static int
note_export(struct db *db, void *arg, struct error *e)
{
	struct card_letters	*l = ((void **)arg)[0];
	struct cli		*c = ((void **)arg)[1];

	return card_letters_entry(db, &c->desk, "exported", l->batch->name,
	    l->run.run, NULL, NULL, e);
}

static bool
is_export(const char *name)
{
	size_t	 n = strlen(name);

	return strcmp(name, "manifest.pem") == 0 ||
	    (n > 4 && strcmp(name + n - 4, ".cms") == 0) ||
	    (name[0] == '.' && n > 4 && strcmp(name + n - 4, ".tmp") == 0);
}

/* What was killed, or found no room, has left what it had by then: perhaps
 * letters that are void by now. */
static int
remove_dead(const char *partial, struct error *e)
{
	DIR		*d = opendir(partial);
	struct dirent	*x;
	int		 rc = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : error_sys(e, "%s", partial);
	while (rc == 0 && (x = readdir(d)) != NULL)
		if (is_export(x->d_name))
			rc = unlinkat(dirfd(d), x->d_name, 0);
	if (rc == -1 || rmdir(partial) == -1)
		rc = error_sys(e, "remove %s", partial);
	closedir(d);
	return rc;
}

/* The folder is there with all that belongs into it, or not at all: in one with
 * half of the letters nobody would miss the others. */
static int
write_folder(struct cli *c, const char *dir, struct card_letters *l,
    size_t *n, struct error *e)
{
	size_t	 len = strlen(dir);
	char	*partial, *path;
	int	 rc = -1;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	partial = mem_printf("%.*s.partial", (int)len, dir);
	path = file_join(partial, "manifest.pem");
	if (remove_dead(partial, e) == -1)
		goto out;
	if (mkdir(partial, 0700) == -1)
		error_sys(e, "%s", partial);
	else if (file_create(path, l->run.manifest.p, l->run.manifest.len,
	    0644, e) == 0 && write_letters(c, partial, l, n, e) == 0)
		rc = file_rename(partial, dir, e);
 out:
	mem_free(&path);
	mem_free(&partial);
	return rc;
}

static int
export_run(struct cli *c, const char *dir, struct card_letters *l,
    struct error *e)
{
	struct out_record	*r;
	char			*path;
	void			*arg[] = { l, c };
	size_t			 n;

	if (file_exists(dir))
		return error_set(e, ERROR_CONFLICT, "%s is there already",
		    dir);
	if (db_txn(c->desk.db, note_export, arg, e) == -1 ||
	    write_folder(c, dir, l, &n, e) == -1)
		return -1;
	path = file_join(dir, "manifest.pem");
	r = out_record_new(stdout, c->json);
	out_put(r, "batch", "Batch", l->batch->name);
	out_put_num(r, "run", "Run", l->run.run);
	out_put_num(r, "letters", "Letters written", (int64_t)n);
	out_put_num(r, "void", "Void since", (int64_t)(l->n - n));
	out_put(r, "manifest", "Manifest", path);
	out_put(r, "released_by", "Released by", l->run.released_by);
	out_record_free(&r);
	mem_free(&path);
	return 0;
}

/* The last that was released. */
static int
latest_run(struct cli *c, const struct db_card_batch *b, int *run,
    struct error *e)
{
	struct db_letter_runs	runs;

	*run = 0;
	if (db_letter_runs(c->desk.db, b->id, &runs, c->desk.arena, e) == -1)
		return -1;
	for (size_t i = 0; i < runs.n; i++)
		if (runs.v[i].released_at != 0)
			*run = runs.v[i].run;
	if (*run != 0)
		return 0;
	error_set(e, ERROR_DENIED, "no letters of batch %s were released",
	    b->name);
	return error_hint(e, "two officers run: signet card letters release "
	    "%.64s", b->name);
}

int
card_letters_export_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_card_batch	 b;
	struct card_letters	 l = { .batch = &b };
	char *const		*name;
	int			 run = (int)cmd_number(a, "run", 0), rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (cmd_number(a, "run", 1) < 1 || cmd_number(a, "run", 1) > 1000000)
		return error_set(e, ERROR_INPUT, "--run: no such number");
	if (card_batch_named(c, name[0], &b, e) == -1 ||
	    (run == 0 && latest_run(c, &b, &run, e) == -1))
		return -1;
	if (card_letters_load(&c->desk, &b, run, &l, e) == 0)
		rc = export_run(c, cmd_string(a, "out", NULL), &l, e);
	card_letters_clear(&l);
	return rc;
}
