/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an order asks for, against its profile.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "x509/key.h"
#include "x509/mail_address.h"
#include "x509/profile.h"
#include "x509/profile_private.h"

/* Each tells why not. */
typedef int value_fn(const char *, struct error *);

static int
not_one(struct error *e)
{
	return error_set(e, ERROR_INPUT, "malformed");
}

static int
uri_check(const char *s, struct error *e)
{
	size_t	 n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-");

	if (n == 0 || s[0] < 'a' || s[0] > 'z' || s[n] != ':' ||
	    s[n + 1] == '\0')
		return not_one(e);
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f ||
		    strchr("<>\"\\^`{|}", *s) != NULL)
			return not_one(e);
	return 0;
}

static int
ip_check(const char *s, struct error *e)
{
	unsigned char	 a[16];

	return inet_pton(AF_INET, s, a) == 1 ||
	    inet_pton(AF_INET6, s, a) == 1 ? 0 : not_one(e);
}

static const struct {
	const char	*type;
	value_fn	*check;
	const char	*what;
} kinds[] = {
	{ "email", mail_address_check, "a mail address" },
	{ "upn", mail_address_check, "a principal name (user@domain)" },
	{ "dns", host_name_check, "a host name" },
	{ "uri", uri_check, "a URI" },
	{ "ip", ip_check, "an IP address" },
};

static int
bad_field(struct error *e, const char *field, const char *why)
{
	return error_set(e, ERROR_INPUT, "field \"%s\": %s", field, why);
}

static int
check_known(const struct profile *p, const struct fields *f, struct error *e)
{
	size_t	 i, k;
	bool	 known;

	if (f->n > FIELDS_MAX)
		return error_set(e, ERROR_INPUT, "more than %d fields",
		    FIELDS_MAX);
	for (i = 0; i < f->n; i++) {
		known = false;
		for (k = 0; k < p->nsubject && !known; k++)
			known = p->subject[k].from != NULL &&
			    strcmp(p->subject[k].from, f->v[i].name) == 0;
		for (k = 0; k < p->nsan && !known; k++)
			known = strcmp(p->san[k].from, f->v[i].name) == 0;
		if (!known)
			return bad_field(e, f->v[i].name,
			    "the profile does not take it");
	}
	return 0;
}

static bool
feeds_san(const struct profile *p, const char *field)
{
	size_t	 i;

	for (i = 0; i < p->nsan; i++)
		if (strcmp(p->san[i].from, field) == 0)
			return true;
	return false;
}

static size_t
characters(const char *s)
{
	size_t	 n = 0;

	for (; *s != '\0'; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	return n;
}

/* S/MIME baseline 7.1.4.2.2: no value that says "none". */
static bool
is_placeholder(const char *s)
{
	for (; *s != '\0'; s++)
		if (!ispunct((unsigned char)*s) && *s != ' ')
			return false;
	return true;
}

static int
check_subject(const struct profile *p, size_t i, const struct fields *f,
    struct error *e)
{
	const struct profile_attr	*a = &p->subject[i];
	const char			*value;

	if (a->from == NULL)
		return 0;
	if ((value = fields_get(f, a->from, 0)) == NULL)
		return a->required ? bad_field(e, a->from, "is required") : 0;
	if (fields_count(f, a->from) > 1 && !feeds_san(p, a->from))
		return bad_field(e, a->from, "is there more than once");
	if (name_check_value(name_attr_find(a->attr), value, e) == -1)
		return error_wrap(e, "field \"%s\"", a->from);
	if (a->max > 0 && characters(value) > (size_t)a->max)
		return error_set(e, ERROR_INPUT, "field \"%s\": longer than"
		    " %lld characters", a->from, (long long)a->max);
	if (is_placeholder(value))
		return bad_field(e, a->from, "is not a value");
	if (!profile_subject_fits(p, i, value))
		return bad_field(e, a->from,
		    "does not have the form that the profile wants");
	return 0;
}

static int
check_san_value(const struct profile *p, size_t i, const struct fields *f,
    size_t k, struct error *e)
{
	const struct profile_san	*s = &p->san[i];
	const char			*value = fields_get(f, s->from, k);
	size_t				 j;

	for (j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++)
		if (strcmp(kinds[j].type, s->type) == 0 &&
		    kinds[j].check(value, e) == -1)
			return error_wrap(e, "field \"%s\": is not %s",
			    s->from, kinds[j].what);
	if (!profile_san_fits(p, i, value))
		return bad_field(e, s->from,
		    "does not have the form that the profile wants");
	for (j = 0; j < k; j++)
		if (strcasecmp(fields_get(f, s->from, j), value) == 0)
			return bad_field(e, s->from, "the same value twice");
	return 0;
}

static int
check_san(const struct profile *p, size_t i, const struct fields *f,
    struct error *e)
{
	const struct profile_san	*s = &p->san[i];
	size_t				 k, n = fields_count(f, s->from);

	if (n < (size_t)s->min && n == 0)
		return bad_field(e, s->from, "is required");
	if (n < (size_t)s->min)
		return bad_field(e, s->from, "too few values");
	if (n > (size_t)s->max)
		return bad_field(e, s->from, "too many values");
	for (k = 0; k < n; k++)
		if (check_san_value(p, i, f, k, e) == -1)
			return -1;
	return 0;
}

static const char *
subject_value(const struct profile *p, const char *attr,
    const struct fields *f)
{
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		if (strcmp(p->subject[i].attr, attr) == 0)
			return p->subject[i].value != NULL ?
			    p->subject[i].value :
			    fields_get(f, p->subject[i].from, 0);
	return NULL;
}

/* S/MIME baseline, appendix A: a register of a country is of the country
 * that the subject names; LEIXG and INTXG are of none. */
static int
check_register(const struct profile *p, const struct fields *f,
    struct error *e)
{
	const char	*id = subject_value(p, "organizationIdentifier", f);
	const char	*country = subject_value(p, "C", f);

	if (id == NULL || country == NULL || strlen(id) < 5 ||
	    strncmp(id, "LEI", 3) == 0 || strncmp(id, "INT", 3) == 0)
		return 0;
	if (strncmp(id + 3, country, 2) != 0)
		return error_set(e, ERROR_INPUT, "organizationIdentifier"
		    " \"%s\" is not of the country %s", id, country);
	return 0;
}

/* S/MIME baseline 7.1.4.2.2: a mailbox in the subject is in the alternative
 * names, too. */
static int
check_mailbox(const struct profile *p, const struct fields *f,
    const char *value, struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	const char	*mail;
	size_t		 i, k;

	if (!profile_has_eku(p, OID_EKU_EMAIL) ||
	    mail_address_check(value, &ignored) == -1)
		return 0;
	for (i = 0; i < p->nsan; i++)
		for (k = 0; strcmp(p->san[i].type, "email") == 0 &&
		    (mail = fields_get(f, p->san[i].from, k)) != NULL; k++)
			if (strcmp(mail, value) == 0)
				return 0;
	return error_set(e, ERROR_INPUT,
	    "\"%s\" is in the subject and not among the mail addresses",
	    value);
}

static int
check_across(const struct profile *p, const struct fields *f, struct error *e)
{
	const char	*value;
	size_t		 i;

	for (i = 0; i < p->nsubject; i++)
		if ((value = subject_value(p, p->subject[i].attr, f)) != NULL &&
		    check_mailbox(p, f, value, e) == -1)
			return -1;
	return check_register(p, f, e);
}

int
profile_check_fields(const struct profile *p, const struct fields *f,
    struct error *e)
{
	size_t	 i, named = 0;

	if (check_known(p, f, e) == -1)
		return -1;
	for (i = 0; i < p->nsubject; i++) {
		if (check_subject(p, i, f, e) == -1)
			return -1;
		named += p->subject[i].value != NULL ||
		    fields_get(f, p->subject[i].from, 0) != NULL;
	}
	for (i = 0; i < p->nsan; i++) {
		if (check_san(p, i, f, e) == -1)
			return -1;
		named += fields_count(f, p->san[i].from);
	}
	if (named == 0)
		return error_set(e, ERROR_INPUT, "no field names the holder");
	return check_across(p, f, e);
}

static bool
key_fits(const struct profile_key *k, EVP_PKEY *key, const char *alg)
{
	int	 bits = EVP_PKEY_get_bits(key);
	size_t	 i;

	if (strcmp(k->type, "rsa") == 0)
		return strncmp(alg, "rsa:", 4) == 0 && bits >= k->min &&
		    bits <= k->max;
	if (strcmp(k->type, "ed25519") == 0)
		return strcmp(alg, "ed25519") == 0;
	if (strncmp(alg, "ec:", 3) != 0)
		return false;
	for (i = 0; i < k->curves.n; i++)
		if (strcmp(k->curves.v[i], alg + 3) == 0)
			return true;
	return false;
}

int
profile_check_key(const struct profile *p, EVP_PKEY *key, struct error *e)
{
	char	 alg[16];
	size_t	 i;

	key_algorithm(key, alg);
	for (i = 0; i < p->nkeys; i++)
		if (key_fits(&p->keys[i], key, alg))
			return 0;
	return error_set(e, ERROR_DENIED,
	    "key: profile \"%s\" does not take %s", p->name,
	    strcmp(alg, "?") == 0 ? "this kind of key" : alg);
}
