/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a row to a mail.  What it says is looked up when it is sent; so a
 * notice that the world has overtaken is not sent at all.
 */
#include <string.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "db/db_cert.h"
#include "link.h"
#include "mail/mail.h"
#include "notices_private.h"
#include "subject.h"

#define HOUR	3600

/* Foreign words in a mail: one line, and not an essay. */
static void
put(json_t *v, const char *name, const char *value)
{
	char	 line[301];

	text_escape(line, sizeof(line), value != NULL ? value : "");
	json_object_set_new(v, name, json_string(line));
	if (json_object_get(v, name) == NULL)	/* cut inside a character */
		json_object_set_new(v, name, json_string("?"));
}

static void
put_time(json_t *v, const char *name, int64_t when)
{
	char	 text[TEXT_TIME_SIZE];

	text_time(text, when);
	text[10] = '\0';
	put(v, name, when != 0 ? text : "");
}

static const char *
word(const struct notices *n, const char *lang, const char *what,
    const char *name)
{
	return notice_texts_word(n->texts, lang, arena_printf(n->arena,
	    "%s.%s", what, name));
}

static void
put_profile(struct notices *n, json_t *v, const char *lang,
    const char *profile)
{
	const struct profile	*p;
	const char		*text = word(n, lang, "profile", profile);
	struct error		 ignored = ERROR_INIT;

	put(v, "profile", text != NULL ? text : profiles_find(&n->profiles, profile, &p,
	    &ignored) == 0 && p->description != NULL ? p->description :
	    profile);
}

static json_t *
values_new(const struct notices *n, const char *lang)
{
	static const char *const	 names[] = { "link", "name", "serial",
	    "until", "days", "reason", "number", "hours", "when" };
	json_t	*v = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(v, names[i], "");
	put(v, "url", n->setup->url);
	put(v, "brand", n->setup->from_name != NULL ? n->setup->from_name :
	    word(n, lang, "brand", "name"));
	return v;
}

static int
put_link(struct notices *n, json_t *v, const struct db_application *p,
    enum db_link kind, struct error *e)
{
	char	 token[LINK_TOKEN + 1];
	char	*link;

	if (link_make(token, n->db, p->id, kind, &rng_system, e) == -1)
		return -1;
	link = mem_printf("%s/%s/%s", n->setup->url, kind == DB_LINK_CONFIRM ?
	    "confirm" : "status", token);
	json_object_set_new(v, "link", json_string(link));
	mem_free(&link);
	return 0;
}

/* Is what the notice says still so? */
static bool
application_is_so(const struct db_notice *t, const struct db_application *p,
    int64_t now)
{
	if (strcmp(t->kind, "confirm") == 0)
		return strcmp(p->state, "unconfirmed") == 0 &&
		    p->expires_at > now;
	if (strcmp(t->kind, "received") == 0)
		return strcmp(p->state, "waiting") == 0;
	if (strcmp(t->kind, "approved") == 0)
		return strcmp(p->state, "ordered") == 0;
	if (strcmp(t->kind, "issued") == 0)
		return p->has_order;
	return strcmp(p->state, t->kind) == 0;
}

/* As the form said, or the address. */
static void
put_applicant(json_t *v, const struct db_application *p)
{
	json_t		*fields = json_loads(p->fields, 0, NULL), *one;
	const char	*name = p->mail, *field;
	size_t		 i;

	json_array_foreach(fields, i, one) {
		field = json_string_value(json_array_get(one, 0));
		if (field != NULL && strcmp(field, "name") == 0)
			name = json_string_value(json_array_get(one, 1));
	}
	put(v, "name", name);
	json_decref(fields);
}

static int
of_application(struct notices *n, const struct db_notice *t, json_t *v,
    const char **why, struct error *e)
{
	struct db_application	 p;
	char			 hex[2 * DB_APPLICATION_ID + 1];
	int64_t			 now = clock_now(&clock_system);
	int			 found;

	if ((found = db_application_find(n->db, t->application, &p, n->arena,
	    e)) == -1)
		return -1;
	if (found == 0 || !application_is_so(t, &p, now)) {
		*why = "the application has gone on since";
		return 0;
	}
	text_hex(hex, p.id, sizeof(p.id));
	hex[8] = '\0';
	put(v, "number", hex);
	put_applicant(v, &p);
	put(v, "reason", p.reason);
	put_time(v, "when", p.made_at);
	put_profile(n, v, t->lang, p.profile);
	json_object_set_new(v, "hours", json_integer((p.expires_at - now +
	    HOUR - 1) / HOUR));
	return put_link(n, v, &p, strcmp(t->kind, "confirm") == 0 ?
	    DB_LINK_CONFIRM : DB_LINK_STATUS, e) == -1 ? -1 : 1;
}

/* The first address that the certificate names, in the arena; or NULL. */
static const char *
address_in(struct notices *n, struct bytes der)
{
	STACK_OF(OPENSSL_STRING)	*mails = NULL;
	const unsigned char		*p = der.p;
	const char			*to = NULL;
	X509				*x;

	if ((x = d2i_X509(NULL, &p, (long)der.len)) != NULL &&
	    (mails = X509_get1_email(x)) != NULL &&
	    sk_OPENSSL_STRING_num(mails) > 0)
		to = arena_strdup(n->arena, sk_OPENSSL_STRING_value(mails, 0));
	X509_email_free(mails);
	X509_free(x);
	return to;
}

static void
put_reason(struct notices *n, json_t *v, const char *lang, int reason)
{
	static const char *const	 names[] = { "unspecified",
	    "keyCompromise", "cACompromise", "affiliationChanged",
	    "superseded", "cessationOfOperation", "certificateHold" };
	const char			*name = reason >= 0 && reason < 7 ?
	    names[reason] : reason == 9 ? "privilegeWithdrawn" : "";
	const char			*text = word(n, lang, "reason", name);

	put(v, "reason", text != NULL ? text : name);
}

static bool
cert_is_so(const struct db_notice *t, const struct db_cert *c, int64_t now)
{
	if (strcmp(t->kind, "expiring") == 0)
		return strcmp(c->status, "good") == 0 && c->not_after > now;
	if (strcmp(t->kind, "issued") == 0 || strcmp(t->kind, "released") == 0)
		return strcmp(c->status, "good") == 0;
	return strcmp(c->status, t->kind) == 0;
}

static int
of_cert(struct notices *n, const struct db_notice *t, json_t *v,
    const char **to, const char **why, struct error *e)
{
	struct db_cert	 c;
	char		 hex[2 * DB_SERIAL + 1];
	int64_t		 now = clock_now(&clock_system);
	int		 found;

	if ((found = db_cert_find_id(n->db, t->cert, &c, n->arena, e)) == -1)
		return -1;
	if (found == 0 || !cert_is_so(t, &c, now)) {
		*why = "the certificate's status has changed since";
		return 0;
	}
	if (*to == NULL && (*to = address_in(n, c.der)) == NULL) {
		*why = "nobody's address is known";
		return 0;
	}
	put(v, "name", subject_name(n->arena, c.subject));
	put(v, "serial", text_hex(hex, c.serial.p, c.serial.len));
	put_reason(n, v, t->lang, c.reason);
	put_time(v, "until", c.not_after);
	put_time(v, "when", c.revoked_at != 0 ? c.revoked_at : c.issued_at);
	put_profile(n, v, t->lang, c.profile);
	json_object_set_new(v, "days", json_integer((c.not_after - now) /
	    (24 * HOUR)));
	json_object_set_new(v, "link", json_string(n->setup->url));
	return 1;
}

int
notice_render(struct notices *n, const struct db_notice *t,
    struct notice_mail *m, const char **why, struct error *e)
{
	json_t	*v = values_new(n, t->lang);
	int	 rc;

	*m = (struct notice_mail){ .to = t->mail };
	rc = t->has_application ? of_application(n, t, v, why, e) :
	    of_cert(n, t, v, &m->to, why, e);
	if (rc == 1 && notice_texts_fill(n->texts, t->lang, t->kind, v,
	    &m->subject, &m->body, &m->lang, e) == -1)
		rc = -1;
	json_decref(v);
	return rc;
}

void
notice_mail_clear(struct notice_mail *m)
{
	buf_clear(&m->subject);
	buf_clear(&m->body);
}
