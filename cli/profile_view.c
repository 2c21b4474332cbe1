/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "cli/profile_view.h"

void
profile_view_list(struct cli *c)
{
	static const struct out_col	cols[] = {
		{ "name", "PROFILE", 0 },
		{ "approvals", "APPROVAL BY", OUT_SHRINK },
		{ "validity", "VALID", 0 },
		{ "description", "DESCRIPTION", OUT_SHRINK },
	};
	struct out_list			*l;
	char				*rule, length[32];
	size_t				 i;

	l = out_list_new(stdout, c->json, 0, cols, 4);
	for (i = 0; i < c->desk.profiles.n; i++) {
		const struct profile	*p = c->desk.profiles.v[i];

		rule = approval_rule_text(&p->approvals);
		out_text(l, p->name);
		out_text(l, rule);
		out_text(l, text_duration(length, p->validity));
		out_text(l, p->description);
		mem_free(&rule);
	}
	out_list_free(&l);
}

struct row {			/* of subject or san */
	const char	*from, *value, *by, *pattern;
	int64_t		 min, max;
};

static void
field_row(struct out_list *l, const struct row *row, const char *kind,
    const char *type)
{
	char	*where = mem_printf("%s %s", kind, type);

	out_text(l, row->from != NULL ? row->from : "-");
	out_text(l, where);
	out_text(l, row->by != NULL ? row->by : row->from != NULL ? "holder" :
	    "profile");
	out_num(l, row->min);
	out_num(l, row->max);
	out_text(l, row->value != NULL ? row->value : row->pattern);
	mem_free(&where);
}

static void
list_fields(struct cli *c, const struct profile *p)
{
	static const struct out_col	cols[] = {
		{ "field", "FIELD", 0 },
		{ "becomes", "BECOMES", 0 },
		{ "by", "SAID BY", 0 },
		{ "min", "MIN", OUT_RIGHT },
		{ "max", "MAX", OUT_RIGHT },
		{ "form", "FORM", OUT_SHRINK },
	};
	struct out_list			*l;
	size_t				 i;

	l = out_list_new(stdout, c->json, 0, cols, 6);
	for (i = 0; i < p->nsubject; i++) {
		const struct profile_attr	*a = &p->subject[i];
		const struct row		 row = { a->from, a->value,
		    a->by, a->pattern, a->required || a->value != NULL, 1 };

		field_row(l, &row, "subject", a->attr);
	}
	for (i = 0; i < p->nsan; i++) {
		const struct profile_san	*s = &p->san[i];
		const struct row		 row = { s->from, s->value,
		    s->by, s->pattern, s->min, s->max };

		field_row(l, &row, "alternative name", s->type);
	}
	out_list_free(&l);
}

static char *
keys_text(const struct profile *p)
{
	struct buf	 b = { 0 };
	char		*text;
	size_t		 i, k;

	for (i = 0; i < p->nkeys; i++) {
		const struct profile_key	*key = &p->keys[i];

		buf_printf(&b, "%s%s", i > 0 ? "; " : "", key->type);
		if (strncmp(key->type, "rsa", 3) == 0)
			buf_printf(&b, " %lld to %lld bits",
			    (long long)key->min, (long long)key->max);
		for (k = 0; k < key->curves.n; k++)
			buf_printf(&b, "%s %s", k > 0 ? "," : "",
			    key->curves.v[k]);
	}
	text = mem_strdup(buf_cstr(&b));
	buf_clear(&b);
	return text;
}

static void
put_rule(struct out_record *r, const char *key, const char *label,
    const struct approval_rule *rule)
{
	char	*text = rule->n > 0 ? approval_rule_text(rule) : NULL;

	out_put(r, key, label, text);
	mem_free(&text);
}

static void
put_duration(struct out_record *r, const char *key, const char *label,
    int64_t seconds)
{
	char	text[32];

	out_put(r, key, label, seconds > 0 ? text_duration(text, seconds) :
	    NULL);
}

void
profile_view(struct cli *c, const struct profile *p)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	struct buf		 cas = { 0 };
	char			*keys = keys_text(p);
	size_t			 i;

	for (i = 0; i < p->cas.n; i++)
		buf_printf(&cas, "%s%s", i > 0 ? ", " : "", p->cas.v[i]);
	out_put(r, "name", "Profile", p->name);
	out_put(r, "description", "For", p->description);
	out_put(r, "cas", "Issued by CA", buf_cstr(&cas));
	out_put(r, "keys", "Keys", keys);
	put_duration(r, "validity", "Valid for", p->validity);
	put_rule(r, "approvals", "Approved by", &p->approvals);
	put_rule(r, "batch_approvals", "Batches", &p->batch_approvals);
	put_rule(r, "renewal_approvals", "Renewals", &p->renewal_approvals);
	put_duration(r, "renewal_window", "Renewed within",
	    p->renewal_window);
	put_rule(r, "revoke_approvals", "Revoked by", &p->revoke_approvals);
	put_rule(r, "revoke_for_ever_approvals", "For ever by",
	    &p->self_revoke_approvals);
	put_duration(r, "order_lifetime", "Orders last", p->order_lifetime);
	out_put_bool(r, "unique_key", "Key only once", p->unique_key);
	out_put_bool(r, "publish", "Published", p->publish);
	out_record_free(&r);
	buf_clear(&cas);
	mem_free(&keys);
	if (c->json)
		return;
	cli_say(c, "%s", "");
	list_fields(c, p);
	cli_say(c, "\nNext: signet order new -p %s --csr FILE --holder ID",
	    p->name);
}
