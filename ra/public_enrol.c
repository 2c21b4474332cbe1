/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying by form: choose, fill in, confirm the mail address.
 *
 * Whoever asks learns nothing about an address: too many applications for it
 * look like the first one, only that no mail is sent.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_application.h"
#include "db/db_notice.h"
#include "desk/request.h"
#include "link.h"
#include "mail/mail.h"
#include "notices.h"
#include "public.h"
#include "rad.h"

#define HOUR		3600
#define CONFIRM_HOURS	24
#define DECIDE_DAYS	60
#define OPEN_MAX	3	/* unconfirmed ones of an address, a day */
#define NOTE_MAX	1000

static const struct limit_rate apply_rate = { "apply", 10, 5 };
static const struct limit_rate link_rate = { "link", 60, 60 };

static bool
list_has(const struct conf_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], name) == 0)
			return true;
	return false;
}

static json_t *
profile_value(struct page *p, const struct profile *profile)
{
	return json_pack("{s:s, s:s, s:I, s:I}", "name", profile->name,
	    "description", public_description(p, profile->name), "days",
	    (json_int_t)(profile->validity / (24 * HOUR)), "window",
	    (json_int_t)(profile->renewal_window / (24 * HOUR)));
}

/* Without a mail server nobody could confirm. */
static bool
is_open(const struct page *p)
{
	return p->rad->conf->mail_server != NULL;
}

static int
enrol_show(struct page *p, struct error *e)
{
	const struct conf_list	*apply = &p->rad->conf->apply;
	json_t			*list = json_array();

	page_put(p, "profiles", list);
	if (desk_need(p->desk, DESK_PROFILES, e) == -1)
		return -1;
	for (size_t i = 0; is_open(p) && i < apply->n; i++) {
		const struct profile	*profile;

		if (profiles_find(&p->desk->profiles, apply->v[i], &profile,
		    e) == -1)
			return -1;
		json_array_append_new(list, profile_value(p, profile));
	}
	return page_show(p, "enrol.html", e);
}

static int
find_profile(struct page *p, const struct profile **profile, struct error *e)
{
	const char	*name = page_arg(p, "profile");

	if (!is_open(p) || !list_has(&p->rad->conf->apply, name))
		return error_set(e, ERROR_NOTFOUND, "there is no such form");
	if (desk_need(p->desk, DESK_PROFILES, e) == -1)
		return -1;
	return profiles_find(&p->desk->profiles, name, profile, e);
}

/* Does the form ask for it?  The address in the certificate is the one that is
 * confirmed. */
static bool
is_asked(const struct profile *profile, const char *field)
{
	return profile_offers(profile, field) && strcmp(field, "mail") != 0;
}

static void
put_offices(struct page *p)
{
	const struct conf_list	*offices = &p->rad->conf->offices;
	const char		*chosen = page_field(p, "office");
	json_t			*list = json_array();

	for (size_t i = 0; i < offices->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b}",
		    "name", offices->v[i], "label", public_office(p,
		    offices->v[i]), "selected",
		    chosen != NULL && strcmp(chosen, offices->v[i]) == 0));
	page_put_bool(p, "offices_shown", offices->n > 0);
	page_put(p, "offices", list);
}

static int
form_show(struct page *p, const struct profile *profile, struct error *e)
{
	json_t		*list = json_array();
	const char	*mail = page_field(p, "mail");
	const char	*note = page_field(p, "note");

	page_put(p, "profile", profile_value(p, profile));
	for (size_t i = 0; i < profile->fields.n; i++)
		if (is_asked(profile, profile->fields.v[i]))
			json_array_append_new(list, public_field(p, profile,
			    profile->fields.v[i]));
	page_put(p, "fields", list);
	put_offices(p);
	page_put_text(p, "mail", mail != NULL ? mail : "");
	page_put_text(p, "note", note != NULL ? note : "");
	if (json_object_get(p->data, "csr") == NULL)
		page_put_text(p, "csr", "");
	if (public_told(p, "mail") != NULL)
		page_put_text(p, "mail_error", public_told(p, "mail"));
	public_put_keys(p, profile);
	return page_show(p, "enrol_form.html", e);
}

static int
enrol_form(struct page *p, struct error *e)
{
	const struct profile	*profile;

	if (find_profile(p, &profile, e) == -1)
		return -1;
	return form_show(p, profile, e);
}

/* ---- what comes back ---- */

static void
take_fields(struct page *p, const struct profile *profile, struct fields *f,
    const char *mail)
{
	for (size_t i = 0; i < profile->fields.n; i++) {
		const char	*name = profile->fields.v[i];
		const char	*value = is_asked(profile, name) ? public_typed(p,
		    name) : NULL;

		if (value == NULL || *value == '\0')
			continue;
		if (text_is_clean(value, strlen(value), FIELD_VALUE_MAX))
			fields_add(f, name, value);
		else
			public_wrong(p, arena_printf(p->arena, "field.%s",
			    name), "is too long or has control characters");
	}
	if (profile_takes(profile, "mail"))
		fields_add(f, "mail", mail);
}

/* All mistakes at once, each at its field. */
static void
check_fields(struct page *p, const struct profile *profile,
    const struct fields *f)
{
	for (size_t i = 0; i < profile->fields.n; i++) {
		const char	*name = profile->fields.v[i];
		char		*sent = arena_printf(p->arena, "field.%s",
		    name);
		struct error	 e = ERROR_INIT;

		if ((is_asked(profile, name) || (strcmp(name, "mail") == 0 &&
		    public_told(p, "mail") == NULL)) && public_told(p, sent) == NULL &&
		    profile_check_field(profile, name, f, &e) == -1)
			public_wrong(p, strcmp(name, "mail") == 0 ? "mail" :
			    sent, e.text);
	}
}

static const char *
check_mail(struct page *p)
{
	const char	*mail = page_field(p, "mail");
	struct error	 e = ERROR_INIT;

	if (mail == NULL || *mail == '\0')
		public_wrong(p, "mail", "the mail address is missing");
	else if (mail_check_address(mail, &e) == -1)
		public_wrong(p, "mail", arena_printf(p->arena,
		    "mail address: %s", e.text));
	return mail != NULL ? mail : "";
}

static const char *
check_note(struct page *p)
{
	const char	*note = page_field(p, "note");
	size_t		 i;

	for (i = 0; note != NULL && note[i] != '\0'; i++)
		if ((unsigned char)note[i] < 0x20 && note[i] != '\n' &&
		    note[i] != '\t')
			break;
	if (note != NULL && (note[i] != '\0' || i > NOTE_MAX))
		public_wrong(p, "note", "the note is too long or has control "
		    "characters");
	return note != NULL && *note != '\0' ? note : NULL;
}

static const char *
check_office(struct page *p)
{
	const struct conf_list	*offices = &p->rad->conf->offices;
	const char		*office = page_field(p, "office");

	if (offices->n == 0)
		return NULL;
	if (office == NULL || *office == '\0')
		return offices->v[0];
	if (!list_has(offices, office))
		public_wrong(p, "office", "there is no such office");
	return office;
}

/* -1 only for what is not the applicant's mistake. */
static int
check_csr(struct page *p, const struct profile *profile, struct csr *csr,
    struct fields *f, struct error *e)
{
	struct error	 why = ERROR_INIT;

	if (request_fill(f, profile, csr, &why) == -1 ||
	    csr_check_wishes(csr, profile, &why) == -1 ||
	    profile_check_key(profile, csr->key, &why) == -1 ||
	    request_check_key(p->desk, csr, &why) == -1) {
		if (why.code != ERROR_INPUT && why.code != ERROR_DENIED) {
			*e = why;
			return -1;
		}
		public_wrong(p, "csr", why.text);
	}
	return 0;
}

static char *
fields_json(const struct fields *f)
{
	json_t	*list = json_array();
	char	*text;

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(list, json_pack("[s, s]", f->v[i].name,
		    f->v[i].value));
	text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

static int
store(struct db *db, void *arg, struct error *e)
{
	const struct db_application	*a = arg;
	int				 rc;

	if ((rc = db_application_add(db, a, OPEN_MAX, e)) == -1)
		return -1;
	if (rc == 1 && (db_notice_add(db, a->id, "confirm", e) == -1 ||
	    db_notify(db, NOTICES_CHANNEL, e) == -1))
		return -1;
	return 0;
}

static int
apply(struct page *p, struct db_application *a, const struct csr *csr,
    const struct fields *f, struct error *e)
{
	char	*json = fields_json(f);
	int	 rc = -1;

	a->fields = json;
	a->request = BYTES(csr->der.p, csr->der.len);
	memcpy(a->key_digest, csr->key_digest, DB_DIGEST);
	a->lang = p->lang;
	a->expires_at = p->now + CONFIRM_HOURS * HOUR;
	if (rng_fill(&rng_system, a->id, sizeof(a->id), e) == 0 &&
	    db_txn(p->db, store, a, e) == 0) {
		page_put_text(p, "mail", a->mail);
		page_put_int(p, "hours", CONFIRM_HOURS);
		rc = page_show(p, "enrol_sent.html", e);
	}
	free(json);
	return rc;
}

static int
enrol_send(struct page *p, struct error *e)
{
	struct db_application	 a = { .profile = page_arg(p, "profile") };
	const struct profile	*profile;
	struct fields		 f = { 0 };
	struct csr		*csr = NULL;
	int			 rc = -1;

	if (page_limit_address(p, &apply_rate, e) == -1 ||
	    find_profile(p, &profile, e) == -1)
		return -1;
	a.mail = check_mail(p);
	a.note = check_note(p);
	a.office = check_office(p);
	public_csr(p, &csr);
	take_fields(p, profile, &f, a.mail);
	if (csr != NULL && check_csr(p, profile, csr, &f, e) == -1)
		goto out;
	check_fields(p, profile, &f);
	rc = public_is_wrong(p) ? form_show(p, profile, e) :
	    apply(p, &a, csr, &f, e);
 out:
	fields_clear(&f);
	csr_free(&csr);
	return rc;
}

/* ---- the link in the mail ---- */

static int
find_unconfirmed(struct page *p, struct db_application *a, struct error *e)
{
	if (page_limit_address(p, &link_rate, e) == -1 ||
	    link_find(p->db, DB_LINK_CONFIRM, page_arg(p, "token"), a,
	    p->arena, e) == -1)
		return -1;
	if (strcmp(a->state, "unconfirmed") == 0 && a->expires_at > p->now)
		return 0;
	if (a->confirmed_at == 0) {
		error_set(e, ERROR_NOTFOUND, "this link was not used in time");
		return error_hint(e, "fill in the form again");
	}
	error_set(e, ERROR_CONFLICT, "this address is confirmed already");
	return error_hint(e, "how it stands is at the link in the second "
	    "mail");
}

static int
confirm_show(struct page *p, struct error *e)
{
	struct db_application	 a;

	if (find_unconfirmed(p, &a, e) == -1)
		return -1;
	page_put_text(p, "token", page_arg(p, "token"));
	page_put_text(p, "mail", a.mail);
	page_put(p, "application", json_pack("{s:s, s:s}", "description",
	    public_description(p, a.profile), "made_at", public_day(p,
	    a.made_at)));
	return page_show(p, "enrol_confirm.html", e);
}

struct confirming {
	const uint8_t	*id;
	int64_t		 until;
	char		 token[LINK_TOKEN + 1];
};

static int
confirm_do(struct db *db, void *arg, struct error *e)
{
	struct confirming	*c = arg;

	if (db_application_confirm(db, c->id, c->until, e) == -1 ||
	    link_make(c->token, db, c->id, DB_LINK_STATUS, &rng_system,
	    e) == -1 || db_notice_add(db, c->id, "received", e) == -1)
		return -1;
	return db_notify(db, NOTICES_CHANNEL, e);
}

static int
confirm(struct page *p, struct error *e)
{
	struct db_application	 a;
	struct confirming	 c = { .until = p->now + DECIDE_DAYS * 24 *
				    HOUR };

	if (find_unconfirmed(p, &a, e) == -1)
		return -1;
	c.id = a.id;
	if (db_txn(p->db, confirm_do, &c, e) == -1)
		return -1;
	page_message(p, "flash.confirmed");
	return page_redirect(p, arena_printf(p->arena, "/status/%s", c.token),
	    e);
}

const struct page_route PAGES_ENROL[] = {
	{ HTTP_GET, "/enrol", PAGE_ANYONE, enrol_show, 0 },
	{ HTTP_GET, "/enrol/{profile}", PAGE_ANYONE, enrol_form, 0 },
	{ HTTP_POST, "/enrol/{profile}", PAGE_ANYONE, enrol_send, 0 },
	{ HTTP_GET, "/confirm/{token}", PAGE_ANYONE, confirm_show, 0 },
	{ HTTP_POST, "/confirm/{token}", PAGE_ANYONE, confirm, 0 },
	{ .path = NULL }
};
