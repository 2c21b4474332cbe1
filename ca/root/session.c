/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/session.h"

#include <stdarg.h>
#include <unistd.h>
#include <openssl/crypto.h>

#include "base/text.h"
#include "os/fault.h"
#include "os/file.h"

#define PROGRAM_MAX	(64u << 20)

void
session_step(struct session *s, const char *fmt, ...)
{
	va_list	 ap;

	printf("%3d. ", ++s->step);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void
session_note(struct session *s, const char *fmt, ...)
{
	va_list	 ap;

	(void)s;
	printf("     ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* A key is there once; the first value stays. */
void
session_fact(struct session *s, const char *key, const char *value)
{
	struct error	 e = ERROR_INIT;
	struct buf	 have = { 0 };

	if (audit_find(BYTES(s->begin.p, s->begin.len), key, &have, &e) == 0)
		audit_str(&s->begin, key, value);
	buf_clear(&have);
}

void
session_fact_digest(struct session *s, const char *key, struct bytes b)
{
	char	 hex[65];

	root_digest(hex, b);
	session_fact(s, key, hex);
}

void
session_confirmed(struct session *s, const char *name)
{
	char	 key[32], at[TEXT_TIME_SIZE];
	char	*value;

	snprintf(key, sizeof(key), "confirm.%d", ++s->confirmed);
	value = mem_printf("%s %s", name, text_time(at, s->now));
	session_fact(s, key, value);
	mem_free(&value);
}

/* Beside a ceremony file, only options that do not change what it does. */
static int
check_alone(const struct cmd_args *args, struct error *e)
{
	const struct cmd_opt	*o = cmd_self(args)->opt;
	const char *const	*v;
	bool			 given;

	for (; o != NULL && o->name != NULL; o++) {
		if (strcmp(o->name, "profiles") == 0 ||
		    strcmp(o->name, "ceremony") == 0)
			continue;
		given = o->type == CMD_FLAG ? cmd_flag(args, o->name) :
		    o->type == CMD_MANY ? cmd_many(args, o->name, &v) > 0 :
		    o->type == CMD_NUMBER ?
		    cmd_number(args, o->name, INT64_MIN) != INT64_MIN :
		    cmd_string(args, o->name, NULL) != NULL;
		if (given) {
			error_set(e, ERROR_INPUT, "--%s cannot be given beside "
			    "a ceremony file", o->name);
			return error_hint(e, "write it into the file, which "
			    "is what was reviewed");
		}
	}
	return 0;
}

/* Orders are operands of "approve"; elsewhere the ceremony file is. */
char *
session_file(const char *verb, const struct cmd_args *args)
{
	char *const	*operand;

	if (strcmp(verb, "approve") == 0)
		return mem_strdup(cmd_string(args, "ceremony", NULL));
	return cmd_operands(args, &operand) > 0 ? mem_strdup(operand[0]) :
	    NULL;
}

static int
read_input(struct session *s, struct error *e)
{
	char	 hex[65];

	if ((s->file = session_file(s->verb, s->args)) != NULL) {
		if (check_alone(s->args, e) == -1 ||
		    file_load(&s->input, s->file, CEREMONY_MAX, e) == -1)
			return -1;
	} else if (ceremony_write(&s->input, s->verb, s->args, e) == -1)
		return -1;
	if (ceremony_parse(&s->c, s->verb, buf_cstr(&s->input), s->file, e) ==
	    -1)
		return error_hint(e, "see signet-ceremony(5)");
	s->parsed = true;
	root_digest(hex, BYTES(s->input.p, s->input.len));
	session_step(s, "Ceremony %lld, %s, from %s", (long long)s->number,
	    s->verb, s->file != NULL ? s->file : "the command line");
	session_note(s, "sha256 %s", hex);
	return 0;
}

/* A clock that went backwards makes times in the record worthless. */
static int
check_clock(struct session *s, struct error *e)
{
	const struct transcript_entry	*last;
	char				 now[TEXT_TIME_SIZE];
	char				 then[TEXT_TIME_SIZE];

	last = transcript_last(&s->root->transcript);
	if (last == NULL || s->now >= last->at)
		return 0;
	text_time(now, s->now);
	text_time(then, last->at);
	if (cmd_flag(s->args, "accept-clock")) {
		session_fact(s, "clock", "confirmed although it went "
		    "backwards");
		session_note(s, "the clock says %s, which is before the last "
		    "entry (%s): confirmed", now, then);
		return 0;
	}
	error_set(e, ERROR_DENIED, "the clock says %s, but the last entry of "
	    "the transcript is of %s", now, then);
	return error_hint(e, "set the clock right; or, if it is right now, "
	    "give --accept-clock");
}

static int
fact_program(struct session *s, struct error *e)
{
	struct buf	 exe = { 0 };

	if (file_load(&exe, "/proc/self/exe", PROGRAM_MAX, e) == -1)
		return error_wrap(e, "digest this program");
	session_fact_digest(s, "program", BYTES(exe.p, exe.len));
	buf_clear(&exe);
	session_fact(s, "version", PACKAGE_VERSION);
	session_fact(s, "random", OpenSSL_version(OPENSSL_VERSION));
	return 0;
}

/* A ceremony that began and has not ended: its outputs never left memory. */
static int
note_abandoned(struct session *s, struct error *e)
{
	const struct transcript_entry	*open;
	struct buf			 body = { 0 };
	char				*verb;
	int				 rc;

	open = transcript_open_ceremony(&s->root->transcript);
	if (open == NULL)
		return 0;
	verb = transcript_value(open, "verb");
	session_step(s, "Ceremony %lld, %s, was interrupted before anything "
	    "was written: recorded as abandoned", (long long)open->ceremony,
	    verb != NULL ? verb : "?");
	mem_free(&verb);
	audit_begin(&body, "abandon", s->now);
	audit_num(&body, "ceremony", open->ceremony);
	audit_num(&body, "seq", open->head.seq);
	rc = transcript_add(&s->root->transcript, BYTES(body.p, body.len), e);
	buf_clear(&body);
	return rc;
}

static const char *
operator_name(const struct session *s)
{
	return cmd_string(s->args, "operator", s->c.operator);
}

static int
open_facts(struct session *s, struct error *e)
{
	char	*name;

	audit_begin(&s->begin, "begin", s->now);
	audit_num(&s->begin, "ceremony", s->number);
	session_fact(s, "verb", s->verb);
	audit_begin(&s->end, "end", s->now);
	audit_num(&s->end, "ceremony", s->number);
	audit_str(&s->end, "verb", s->verb);
	if (check_clock(s, e) == -1 || read_input(s, e) == -1 ||
	    note_abandoned(s, e) == -1 || fact_program(s, e) == -1)
		return -1;
	name = mem_printf("inputs/%04lld.conf", (long long)s->number);
	session_fact(s, "input-name", name);
	session_fact_digest(s, "input", BYTES(s->input.p, s->input.len));
	journal_put(&s->journal, name, 0600, BYTES(s->input.p, s->input.len));
	mem_free(&name);
	if (operator_name(s) != NULL)
		session_fact(s, "operator", operator_name(s));
	return 0;
}

/* One more than any ceremony before, finished or not. */
static int64_t
next_number(const struct transcript *t)
{
	int64_t	 n = 0;
	size_t	 k;

	for (k = 0; k < t->n; k++)
		if (t->v[k].ceremony > n)
			n = t->v[k].ceremony;
	return n + 1;
}

int
session_open(struct session *s, struct root *r, const char *verb,
    const struct cmd_args *args, const struct clock *clock,
    const struct rng *rng, struct error *e)
{
	size_t	 k;

	memset(s, 0, sizeof(*s));
	s->root = r;
	s->verb = verb;
	s->args = args;
	s->clock = clock;
	s->rng = rng;
	s->now = clock_now(clock);
	s->number = next_number(&r->transcript);
	for (k = 0; k < r->index.n; k++)
		index_add(&s->index, &r->index.v[k]);
	if (open_facts(s, e) == -1) {
		session_close(s);
		return -1;
	}
	return 0;
}

void
session_close(struct session *s)
{
	if (s->parsed)
		ceremony_clear(&s->c, s->verb);
	s->parsed = false;
	buf_clear(&s->input);
	buf_clear(&s->begin);
	buf_clear(&s->end);
	index_clear(&s->index);
	journal_clear(&s->journal);
	parcel_free(&s->parcel);
	mem_free(&s->file);
}

int
session_confirm(struct session *s, const char *question, struct error *e)
{
	char	 answer[16];

	if (cmd_flag(s->args, "yes"))
		return 0;
	if (!isatty(STDIN_FILENO)) {
		error_set(e, ERROR_DENIED, "nobody is here to confirm: "
		    "standard input is not a terminal");
		return error_hint(e, "give --yes after having read what the "
		    "ceremony does");
	}
	printf("\n     %s  Type \"yes\" to go on: ", question);
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) == NULL ||
	    strcmp(answer, "yes\n") != 0)
		return error_set(e, ERROR_DENIED, "not confirmed; nothing was "
		    "done");
	putchar('\n');
	return 0;
}

int
session_check_somebody(const struct session *s, struct error *e)
{
	if (s->confirmed > 0 || operator_name(s) != NULL)
		return 0;
	error_set(e, ERROR_INPUT, "nobody is named who answers for this "
	    "ceremony");
	return error_hint(e, "give --operator NAME, or set operator in the "
	    "ceremony file");
}

static int
store_transcript(const struct root *r, struct error *e)
{
	struct buf	 text = { 0 };
	char		*path = file_join(r->dir, "transcript");
	int		 rc;

	transcript_write(&text, &r->transcript);
	rc = file_store(path, text.p, text.len, 0600, e);
	mem_free(&path);
	buf_clear(&text);
	return rc;
}

int
session_begin(struct session *s, struct error *e)
{
	if (session_check_somebody(s, e) == -1)
		return -1;
	if (transcript_add(&s->root->transcript, BYTES(s->begin.p,
	    s->begin.len), e) == -1 || store_transcript(s->root, e) == -1)
		return error_wrap(e, "begin the ceremony");
	FAULT("root-begun");
	session_step(s, "The plan is in the transcript, entry %lld",
	    (long long)transcript_last(&s->root->transcript)->head.seq);
	return 0;
}

void
session_put(struct session *s, const char *name, mode_t mode, struct bytes b)
{
	journal_put(&s->journal, name, mode, b);
}

void
session_remove(struct session *s, const char *name)
{
	journal_remove(&s->journal, name);
}

void
session_issued(struct session *s, struct issued *i, struct bytes pem)
{
	struct buf	 line = { 0 };
	char		 key[32];
	char		*path;

	i->number = (int64_t)s->index.n + 1;
	index_add(&s->index, i);
	issued_write(&line, i);
	snprintf(key, sizeof(key), "issued.%d", ++s->nissued);
	audit_str(&s->end, key, buf_cstr(&line));
	path = issued_path(i);
	session_put(s, path, 0644, pem);
	mem_free(&path);
	buf_clear(&line);
	if (s->parcel != NULL) {
		path = mem_printf("%s.pem", i->name);
		parcel_add(s->parcel, path, pem);
		mem_free(&path);
	}
}

void
session_revoked(struct session *s, struct issued *i, const char *reason)
{
	char	 key[32], when[TEXT_TIME_SIZE], *value;

	snprintf(i->status, sizeof(i->status), "revoked");
	snprintf(i->reason, sizeof(i->reason), "%s", reason);
	i->when = s->now;
	snprintf(key, sizeof(key), "revoked.%d", ++s->nrevoked);
	value = mem_printf("%s %s %s", i->serial, reason,
	    text_time(when, s->now));
	audit_str(&s->end, key, value);
	mem_free(&value);
}

void
session_parcel(struct session *s, const struct generation *g)
{
	int64_t	 n = transcript_highest(&s->root->transcript, "parcel") + 1;

	s->parcel = parcel_new(n, g->id, s->now, s->verb);
}

static int
pack(struct session *s, const struct identity *id, struct error *e)
{
	struct buf	 pem = { 0 };
	char		*name = NULL;
	int		 rc = -1;

	if (s->parcel == NULL)
		return 0;
	if (parcel_make(&pem, s->parcel, id, e) == -1)
		goto out;
	audit_num(&s->end, "parcel", s->parcel->number);
	name = mem_printf("out/parcel-%04lld-%s.pem",
	    (long long)s->parcel->number, s->verb);
	session_put(s, name, 0644, BYTES(pem.p, pem.len));
	session_step(s, "Parcel %lld for the other side: %s",
	    (long long)s->parcel->number, name);
	rc = 0;
 out:
	mem_free(&name);
	buf_clear(&pem);
	return rc;
}

/* Name every output in the "end" entry. */
static void
list_outputs(struct session *s)
{
	const struct journal_change	*c;
	char				 key[32], hex[65], *value;
	int				 outputs = 0, removed = 0;
	size_t				 k;

	for (k = 0; k < s->journal.n; k++) {
		c = &s->journal.v[k];
		if (c->remove) {
			snprintf(key, sizeof(key), "removed.%d", ++removed);
			audit_str(&s->end, key, c->name);
			continue;
		}
		root_digest(hex, BYTES(c->data.p, c->data.len));
		snprintf(key, sizeof(key), "output.%d", ++outputs);
		value = mem_printf("%s %s", c->name, hex);
		audit_str(&s->end, key, value);
		mem_free(&value);
	}
}

static void
put_index(struct session *s)
{
	struct buf	 text = { 0 };

	index_write(&text, &s->index);
	session_put(s, "index", 0644, BYTES(text.p, text.len));
	buf_clear(&text);
}

/* The transcript with the "end" entry, and its head signed. */
static int
seal(struct session *s, const struct identity *id, struct error *e)
{
	struct transcript	*t = &s->root->transcript;
	struct buf		 text = { 0 }, heads = { 0 };
	struct head		 h = { { 0, { 0 } }, s->number, s->now };
	char			 hex[2 * AUDIT_HASH + 1];
	int			 rc = -1;

	if (transcript_add(t, BYTES(s->end.p, s->end.len), e) == -1)
		goto out;
	h.head = transcript_last(t)->head;
	buf_add(&heads, s->root->heads.p, s->root->heads.len);
	if (head_sign(&heads, &h, id, e) == -1)
		goto out;
	transcript_write(&text, t);
	journal_put(&s->journal, "transcript", 0600, BYTES(text.p, text.len));
	journal_put(&s->journal, "transcript.heads.pem", 0644,
	    BYTES(heads.p, heads.len));
	session_step(s, "Transcript: %lld entries, head signed",
	    (long long)h.head.seq);
	session_note(s, "%lld:%s", (long long)h.head.seq,
	    text_hex(hex, h.head.hash, AUDIT_HASH));
	rc = 0;
 out:
	buf_clear(&text);
	buf_clear(&heads);
	return rc;
}

int
session_commit(struct session *s, EVP_PKEY *key, X509 *cert,
    struct error *e)
{
	struct identity	 id = { key, cert, NULL };

	if (pack(s, &id, e) == -1)
		return -1;
	put_index(s);
	list_outputs(s);
	if (seal(s, &id, e) == -1)
		return -1;
	FAULT("root-signed");
	if (journal_store(&s->journal, s->root->dir, e) == -1)
		return error_wrap(e, "complete the ceremony");
	FAULT("root-journal");
	if (journal_apply(s->root->dir, e) == -1)
		return -1;
	session_step(s, "Done; keep the line above, it proves the transcript "
	    "as it is now");
	return 0;
}
