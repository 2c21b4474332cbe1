/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the officers' pages show things.
 */
#include <string.h>

#include "base/text.h"
#include "officer.h"
#include "public.h"
#include "x509/cert.h"
#include "subject.h"

void
officer_put(json_t *o, const char *name, const char *text)
{
	json_object_set_new(o, name, json_string(text != NULL ? text : ""));
}

void
officer_put_filter(struct page *p, const char *const *states, size_t n,
    const char *chosen, const char *text)
{
	json_t	*list = json_array(), *f = json_object();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:b}", "value",
		    states[i], "selected", strcmp(states[i], chosen) == 0));
	page_put(p, "states", list);
	officer_put(f, "text", text);
	page_put(p, "filter", f);
}

void
officer_put_time(json_t *o, const char *name, int64_t t)
{
	char	time[TEXT_TIME_SIZE];

	text_time(time, t);
	json_object_set_new(o, name, t == 0 ? json_string("") :
	    json_sprintf("%.10s %.5s UTC", time, time + 11));
}

void
officer_put_day(json_t *o, const char *name, int64_t t)
{
	char	time[TEXT_TIME_SIZE];

	text_time(time, t);
	json_object_set_new(o, name, t == 0 ? json_string("") :
	    json_sprintf("%.10s", time));
}

static const char *
status_text(const struct page *p, const struct db_cert *c)
{
	if (strcmp(c->status, "good") != 0)
		return c->status;
	return c->not_after < p->now ? "expired" : "valid";
}

json_t *
officer_cert_json(struct page *p, const struct db_cert *c)
{
	json_t	*o = json_object();
	char	 hex[2 * DB_SERIAL + 1];

	officer_put(o, "ca", c->ca);
	officer_put(o, "serial", text_hex(hex, c->serial.p, c->serial.len));
	officer_put(o, "name", subject_name(p->arena, c->subject));
	officer_put(o, "holder", c->holder);
	officer_put(o, "description", public_description(p, c->profile));
	officer_put_day(o, "not_after", c->not_after);
	officer_put(o, "status", status_text(p, c));
	return o;
}

void
officer_put_rows(struct page *p, const char *name, json_t *rows)
{
	page_put_bool(p, arena_printf(p->arena, "%s_shown", name),
	    json_array_size(rows) > 0);
	page_put(p, name, rows);
}

int
officer_put_profiles(struct page *p, const char *selected, struct error *e)
{
	const struct profile	*profile;
	json_t			*list;
	size_t			 i;

	if (desk_need(p->desk, DESK_PROFILES, e) == -1)
		return -1;
	list = json_array();
	json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "value", "",
	    "label", page_text(p, "queue_kind.all"), "selected",
	    selected == NULL || selected[0] == '\0'));
	for (i = 0; i < p->desk->profiles.n; i++) {
		profile = p->desk->profiles.v[i];
		if (profile->is_ca)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s, s:b}",
		    "value", profile->name, "label",
		    public_description(p, profile->name), "selected",
		    selected != NULL && strcmp(selected, profile->name) ==
		    0));
	}
	page_put(p, "profiles", list);
	return 0;
}
