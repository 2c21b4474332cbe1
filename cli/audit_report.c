/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_report.h"

#include <stdarg.h>
#include <jansson.h>

#include "base/columns.h"
#include "base/text.h"
#include "cli/out.h"

#define SHOWN	20	/* findings of one check, for people */

static const struct {
	const char	*key;
	const char	*text;
} checks[AUDIT__MAX] = {
	[AUDIT_CHAIN] =    { "chain", "entries continue without a gap" },
	[AUDIT_HEADS] =    { "heads", "signed heads lie on the chain" },
	[AUDIT_CAS] =      { "cas", "CAs come from the root" },
	[AUDIT_ORDERS] =   { "orders", "each act has its signed order" },
	[AUDIT_CERTS] =    { "certificates",
			     "each certificate has its entry" },
	[AUDIT_REQUESTS] = { "requests", "keys are those of the requests" },
	[AUDIT_NAMES] =    { "names", "names are those of the orders" },
	[AUDIT_STATUS] =   { "status", "status is what the orders made it" },
	[AUDIT_CRLS] =     { "lists", "lists hold what was revoked" },
	[AUDIT_ALARMS] =   { "alarms", "alarms and refusals" },
};

void
audit_looked(struct audit_report *r, enum audit_check check)
{
	r->check[check].looked++;
}

static void __attribute__((format(printf, 4, 0)))
keep(struct audit_result *res, bool is_note, const struct audit_about *about,
    const char *fmt, va_list ap)
{
	struct audit_finding	*f;

	if (res->n >= AUDIT_KEEP)
		return;
	res->v = mem_resize(res->v, res->n + 1, sizeof(*res->v));
	f = &res->v[res->n++];
	*f = (struct audit_finding){ .is_note = is_note };
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	if (about == NULL)
		return;
	f->seq = about->seq;
	if (about->serial != NULL && about->serial_len <= 21)
		text_hex(f->serial, about->serial, about->serial_len);
	if (about->order != NULL)
		text_hex(f->order, about->order, 16);
}

void
audit_failed(struct audit_report *r, enum audit_check check,
    const struct audit_about *about, const char *fmt, ...)
{
	va_list	 ap;

	r->check[check].failed++;
	va_start(ap, fmt);
	keep(&r->check[check], false, about, fmt, ap);
	va_end(ap);
}

void
audit_note(struct audit_report *r, enum audit_check check,
    const struct audit_about *about, const char *fmt, ...)
{
	va_list	 ap;

	r->check[check].notes++;
	va_start(ap, fmt);
	keep(&r->check[check], true, about, fmt, ap);
	va_end(ap);
}

uint64_t
audit_report_failed(const struct audit_report *r)
{
	uint64_t	 n = 0;
	int		 i;

	for (i = 0; i < AUDIT__MAX; i++)
		n += r->check[i].failed;
	return n;
}

/* For people. */

static void
print_finding(FILE *f, const struct audit_finding *finding)
{
	struct buf	 line = { 0 };

	buf_printf(&line, "    %s", finding->is_note ? "note: " : "");
	if (finding->seq != 0)
		buf_printf(&line, "entry %lld: ", (long long)finding->seq);
	if (finding->serial[0] != '\0')
		buf_printf(&line, "certificate %s: ", finding->serial);
	if (finding->order[0] != '\0')
		buf_printf(&line, "order %s: ", finding->order);
	columns_clean(&line, finding->text);
	fprintf(f, "%s\n", buf_cstr(&line));
	buf_clear(&line);
}

static void
print_check(FILE *f, enum audit_check check, const struct audit_result *res)
{
	char	 looked[32], failed[32];
	size_t	 i;

	text_count(looked, res->looked);
	text_count(failed, res->failed);
	if (res->failed > 0)
		fprintf(f, "FAILED  %-36s %12s, %s wrong\n",
		    checks[check].text, looked, failed);
	else
		fprintf(f, "ok      %-36s %12s\n", checks[check].text, looked);
	for (i = 0; i < res->n && i < SHOWN; i++)
		print_finding(f, &res->v[i]);
	if (res->failed + res->notes > i) {
		text_count(looked, res->failed + res->notes - i);
		fprintf(f, "    ... and %s more\n", looked);
	}
}

static void
print_people(FILE *f, const struct audit_report *r)
{
	char		 a[32], b[32], c[32];
	uint64_t	 failed = audit_report_failed(r);
	int		 i;

	for (i = 0; i < AUDIT__MAX; i++)
		print_check(f, i, &r->check[i]);
	text_count(a, (uint64_t)r->entries);
	text_count(b, r->certs);
	text_count(c, failed);
	if (failed == 0)
		fprintf(f, "\nThe bundle holds: %s entries, %s certificates, "
		    "nothing that was not approved.\n", a, b);
	else
		fprintf(f, "\nThe bundle does NOT hold: %s of its items are "
		    "wrong.\n", c);
}

/* For programs. */

static json_t *
text_or_null(const char *s)
{
	return s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *
json_finding(const struct audit_finding *f)
{
	struct buf	 clean = { 0 };
	json_t		*j;

	columns_clean(&clean, f->text);
	j = json_pack("{s:b, s:o, s:o, s:o, s:s}", "note", (int)f->is_note,
	    "entry", f->seq != 0 ? json_integer(f->seq) : json_null(),
	    "serial", text_or_null(f->serial),
	    "order", text_or_null(f->order), "text", buf_cstr(&clean));
	buf_clear(&clean);
	return j;
}

static json_t *
json_check(enum audit_check check, const struct audit_result *res)
{
	json_t	*list = json_array();
	size_t	 i;

	for (i = 0; i < res->n; i++)
		json_array_append_new(list, json_finding(&res->v[i]));
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:o}",
	    "check", checks[check].key, "ok", (int)(res->failed == 0),
	    "looked_at", (json_int_t)res->looked,
	    "failed", (json_int_t)res->failed,
	    "notes", (json_int_t)res->notes, "findings", list);
}

static void
print_json(FILE *f, const struct audit_report *r)
{
	json_t	*list = json_array(), *j;
	char	 hash[65];
	int	 i;

	for (i = 0; i < AUDIT__MAX; i++)
		json_array_append_new(list, json_check(i, &r->check[i]));
	j = json_pack("{s:b, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
	    "ok", (int)(audit_report_failed(r) == 0),
	    "entries", (json_int_t)r->entries,
	    "hash", text_hex(hash, r->hash, sizeof(r->hash)),
	    "last_head", (json_int_t)r->last_head,
	    "certificates", (json_int_t)r->certs,
	    "orders", (json_int_t)r->orders,
	    "revoked", (json_int_t)r->revoked,
	    "alarms", (json_int_t)r->alarms,
	    "refusals", (json_int_t)r->refusals, "checks", list);
	json_dumpf(j, f, JSON_INDENT(2));
	fputc('\n', f);
	json_decref(j);
}

void
audit_report_print(FILE *f, bool json, const struct audit_report *r)
{
	if (json)
		print_json(f, r);
	else
		print_people(f, r);
}

void
audit_report_clear(struct audit_report *r)
{
	int	 i;

	for (i = 0; i < AUDIT__MAX; i++)
		mem_free(&r->check[i].v);
	*r = (struct audit_report){ 0 };
}
