/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a security key shall be for, as an officer asks for it by form: what is
 * not limited is for everything.  It counts when it is in the order that two
 * security officers have signed.
 */
#include <string.h>

#include "base/text.h"
#include "officer.h"
#include "public.h"
#include "rad.h"
#include "x509/idn.h"

#define DAY		INT64_C(86400)
#define DOMAINS_MAX	2000

static bool
is_typed(struct page *p, const char *field, const char *value)
{
	const char	*v;
	size_t		 i;

	for (i = 0; (v = form_get_nth(&p->form, field, i)) != NULL; i++)
		if (strcmp(v, value) == 0)
			return true;
	return false;
}

static void
add_choice(struct page *p, json_t *list, const char *field,
    const char *value, const char *label)
{
	json_t	*o = json_object();

	officer_put(o, "value", value);
	officer_put(o, "label", label);
	json_object_set_new(o, "checked", json_boolean(is_typed(p, field,
	    value)));
	json_array_append_new(list, o);
}

static const char *
typed(struct page *p, const char *field)
{
	const char	*text = page_field(p, field);

	return text != NULL ? text : "";
}

int
officer_put_limits(struct page *p, struct error *e)
{
	const struct conf_list	*offices = &p->rad->conf->offices;
	const struct profiles	*all = &p->desk->profiles;
	json_t			*list;
	size_t			 i;

	if (desk_need(p->desk, DESK_PROFILES, e) == -1)
		return -1;
	list = json_array();
	for (i = 0; i < all->n; i++)
		if (officer_may_order(all->v[i]))
			add_choice(p, list, "profile", all->v[i]->name,
			    public_description(p, all->v[i]->name));
	officer_put_rows(p, "profiles", list);
	list = json_array();
	for (i = 0; i < offices->n; i++)
		add_choice(p, list, "office", offices->v[i],
		    public_office(p, offices->v[i]));
	officer_put_rows(p, "offices", list);
	page_put_text(p, "domains", typed(p, "domains"));
	page_put_text(p, "until", typed(p, "until"));
	return 0;
}

static bool
is_profile(struct page *p, const char *name)
{
	const struct profile	*profile;
	struct error		 ignored = ERROR_INIT;

	return profiles_find(&p->desk->profiles, name, &profile,
	    &ignored) == 0 && officer_may_order(profile);
}

static bool
is_office(struct page *p, const char *name)
{
	const struct conf_list	*all = &p->rad->conf->offices;
	size_t			 i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->v[i], name) == 0)
			return true;
	return false;
}

/* Those boxes that are checked, each once. */
static void
take_choices(struct page *p, const char *field, bool (*is)(struct page *,
    const char *), const char *wrong, struct order_names *names)
{
	const char	*v;
	size_t		 i;

	for (i = 0; (v = form_get_nth(&p->form, field, i)) != NULL; i++)
		if (!is(p, v)) {
			public_wrong(p, field, wrong);
			return;
		} else
			order_names_add(names, v);
	if (names->n > ORDER_SCOPE_MAX)
		public_wrong(p, field, "too many");
}

static int
read_domain(char ascii[IDN_SIZE], const char *domain, struct error *e)
{
	size_t	 len = strlen(domain);

	if (len == 0 || domain[0] == '.' || domain[len - 1] == '.' ||
	    strstr(domain, "..") != NULL)
		return error_set(e, ERROR_INPUT, "\"%s\" is not a domain: "
		    "something is missing at a dot", domain);
	return idn_to_ascii(ascii, domain, e);
}

static void
take_domain(struct page *p, const char *domain, struct order_names *names)
{
	char		 ascii[IDN_SIZE];
	struct error	 bad = ERROR_INIT;

	if (domain[0] == '@')		/* as the list of keys shows them */
		domain++;
	if (read_domain(ascii, domain, &bad) == -1)
		public_wrong(p, "domains", bad.text);
	else
		order_names_add(names, ascii);
}

/* Apart by spaces, commas or lines. */
static void
take_domains(struct page *p, struct order_names *names)
{
	static const char	 between[] = " ,;\t\r\n";
	const char		*s = typed(p, "domains");
	size_t			 n;

	if (strlen(s) > DOMAINS_MAX) {
		public_wrong(p, "domains", "too many");
		return;
	}
	for (s += strspn(s, between); *s != '\0' && !public_is_wrong(p);
	    s += n, s += strspn(s, between)) {
		n = strcspn(s, between);
		take_domain(p, arena_printf(p->arena, "%.*s", (int)n, s),
		    names);
	}
	if (names->n > ORDER_SCOPE_MAX)
		public_wrong(p, "domains", "too many");
}

/* With that day. */
static void
take_until(struct page *p, struct order *o)
{
	const char	*s = typed(p, "until");
	struct error	 bad = ERROR_INIT;

	if (*s == '\0')
		return;
	if (text_parse_time(&o->until, s, &bad) == -1)
		public_wrong(p, "until", "this is no day");
	else if ((o->until += DAY - 1) <= o->created)
		public_wrong(p, "until", "this day is over");
}

int
officer_take_limits(struct page *p, struct order *o, struct error *e)
{
	struct order_bind	*b = &o->bind;

	if (desk_need(p->desk, DESK_PROFILES, e) == -1)
		return -1;
	take_choices(p, "profile", is_profile, "there is no such profile",
	    &b->profiles);
	take_choices(p, "office", is_office, "there is no such office",
	    &b->offices);
	take_domains(p, &b->domains);
	take_until(p, o);
	return 0;
}
