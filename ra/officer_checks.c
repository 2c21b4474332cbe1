/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an officer should know about a request before deciding.
 */
#include <string.h>

#include "desk/request.h"
#include "officer.h"
#include "x509/csr.h"

#define SHOWN	20

static void
add(struct page *p, json_t *checks, const char *state, const char *key)
{
	json_array_append_new(checks, json_pack("{s:s, s:s}", "state", state,
	    "text", page_text(p, key)));
}

static void
add_error(json_t *checks, const struct error *e)
{
	json_t	*o = json_object();

	officer_put(o, "state", "bad");
	officer_put(o, "text", e->text);
	json_array_append_new(checks, o);
}

/* Certificates that the filter finds; *others: of another holder. */
static int
list_certs(struct page *p, const struct db_cert_filter *f,
    const char *holder, bool only_others, json_t *out, size_t *others,
    struct error *e)
{
	struct db_certs	all;
	size_t		i;
	bool		other;

	*others = 0;
	if (db_cert_list(p->db, f, 0, SHOWN, &all, p->arena, e) == -1)
		return -1;
	for (i = 0; i < all.n; i++) {
		other = holder == NULL || all.v[i].holder == NULL ||
		    strcmp(holder, all.v[i].holder) != 0;
		*others += other;
		if (out != NULL && (other || !only_others))
			json_array_append_new(out, officer_cert_json(p,
			    &all.v[i]));
	}
	return 0;
}

static int
check_key_users(struct page *p, json_t *checks, const char *holder,
    struct csr *csr, struct error *e)
{
	uint8_t			 digest[DB_DIGEST];
	struct db_cert_filter	 f = { .key_digest = BYTES(digest,
				    DB_DIGEST) };
	json_t			*users = json_array();
	size_t			 others;

	if (key_digest(digest, csr->key, e) == -1 ||
	    list_certs(p, &f, holder, false, users, &others, e) == -1) {
		json_decref(users);
		return -1;
	}
	if (others > 0)
		add(p, checks, "bad", "checked.key_other");
	else if (json_array_size(users) > 0)
		add(p, checks, "wait", "checked.key_again");
	else
		add(p, checks, "good", "checked.key_new");
	page_put(p, "key_users", users);
	return 0;
}

static int
check_request(struct page *p, json_t *checks, const struct profile *profile,
    const char *holder, struct bytes der, struct error *e)
{
	struct csr	*csr = NULL;
	struct error	 bad = ERROR_INIT;
	int		 rc;

	if (csr_parse(&csr, der, &bad) == -1) {
		add_error(checks, &bad);
		page_put(p, "key_users", json_array());
		return 0;
	}
	add(p, checks, "good", "checked.signed");
	if (csr_check_wishes(csr, profile, &bad) == -1 ||
	    profile_check_key(profile, csr->key, &bad) == -1 ||
	    request_check_key(p->desk, csr, &bad) == -1)
		add_error(checks, &bad);
	else
		add(p, checks, "good", "checked.key");
	rc = check_key_users(p, checks, holder, csr, e);
	csr_free(&csr);
	return rc;
}

static int
check_mail(struct page *p, json_t *checks, const char *holder,
    const char *mail, struct error *e)
{
	struct db_cert_filter	f = { .name = mail,
				    .valid_after = p->now };
	size_t			others;

	if (mail == NULL)
		return 0;
	if (list_certs(p, &f, holder, true, NULL, &others, e) == -1)
		return -1;
	add(p, checks, others > 0 ? "wait" : "good", others > 0 ?
	    "checked.mail_other" : "checked.mail");
	return 0;
}

int
officer_put_checks(struct page *p, const struct profile *profile,
    const char *holder, const char *mail, struct bytes der, struct error *e)
{
	struct db_cert_filter	 f = { .holder = holder };
	json_t			*checks = json_array(), *earlier = json_array();
	size_t			 others;
	int			 rc = 0;

	if (holder == NULL) {		/* not known: by the address */
		f.name = mail;
	}
	if (f.holder != NULL || f.name != NULL)
		rc = list_certs(p, &f, NULL, false, earlier, &others, e);
	if (rc == 0 && der.p == NULL) {
		add(p, checks, "wait", "checked.no_request");
		page_put(p, "key_users", json_array());
	} else if (rc == 0)
		rc = check_request(p, checks, profile, holder, der, e);
	if (rc == 0)
		rc = check_mail(p, checks, holder, mail, e);
	page_put(p, "earlier", earlier);
	page_put(p, "checks", checks);
	return rc;
}
