/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of holders: inetOrgPerson (RFC 2798) and pkiUser (RFC 4523).
 */
#include <string.h>
#include <strings.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "publish/wanted_private.h"
#include "x509/cert_look.h"
#include "x509/mail_address.h"

#define NAME_MAX_BYTES	256
#define MAILS_MAX	20		/* of one certificate */

#define ENCRYPTS	(X509v3_KU_KEY_ENCIPHERMENT | \
	X509v3_KU_DATA_ENCIPHERMENT | X509v3_KU_KEY_AGREEMENT)

static int
check_serial(struct bytes in, const struct db_serial *serial,
    struct error *e)
{
	/* The row has the magnitude. */
	if (in.len > 1 && in.p[0] == 0)
		in = BYTES(in.p + 1, in.len - 1);
	if (bytes_equal(in, BYTES(serial->p, serial->len)))
		return 0;
	return error_set(e, ERROR_INPUT, "the certificate has another "
	    "number than its row");
}

static int
check_issuer(const struct cert_look *look, const struct publish_ca *ca,
    struct error *e)
{
	const unsigned char	*p;
	size_t			 len;

	if (X509_NAME_get0_der(X509_get_subject_name(ca->cert), &p, &len) ==
	    1 && bytes_equal(look->issuer, BYTES(p, len)))
		return 0;
	return error_set(e, ERROR_INPUT, "it names another issuer than CA %s",
	    ca->name);
}

/* Names and encipherment: what a sender must be able to do with it. */
static bool
encrypts(const struct cert_look *look)
{
	const unsigned char	*p = look->key_usage.p;
	ASN1_BIT_STRING		*bits;
	uint32_t		 usage = 0;

	if (look->key_usage.len == 0)
		return true;		/* for everything */
	bits = d2i_ASN1_BIT_STRING(NULL, &p, (long)look->key_usage.len);
	for (int i = 0; bits != NULL && i < 8; i++)
		if (ASN1_BIT_STRING_get_bit(bits, i))
			usage |= 0x80u >> i;
	ASN1_BIT_STRING_free(bits);
	return (usage & ENCRYPTS) != 0 && (usage & X509v3_KU_KEY_CERT_SIGN) ==
	    0;
}

static bool
is_ca(const struct cert_look *look)
{
	const unsigned char	*p = look->basic_constraints.p;
	BASIC_CONSTRAINTS	*bc;
	bool			 yes;

	if (look->basic_constraints.len == 0)
		return false;
	bc = d2i_BASIC_CONSTRAINTS(NULL, &p,
	    (long)look->basic_constraints.len);
	yes = bc == NULL || bc->ca;
	BASIC_CONSTRAINTS_free(bc);
	return yes;
}

static const char *
subject_text(const X509_NAME *name, int nid, struct arena *a)
{
	unsigned char	*s = NULL;
	const char	*kept = NULL;
	int		 at, n;

	if ((at = X509_NAME_get_index_by_NID(name, nid, -1)) < 0)
		return NULL;
	n = ASN1_STRING_to_UTF8(&s, X509_NAME_ENTRY_get_data(
	    X509_NAME_get_entry(name, at)));
	if (n > 0 && text_is_clean((const char *)s, (size_t)n,
	    NAME_MAX_BYTES))
		kept = arena_printf(a, "%.*s", n, (const char *)s);
	OPENSSL_free(s);
	return kept;
}

static void
take_names(struct wanted_cert *c, struct arena *a)
{
	const unsigned char	*p = c->look.subject.p;
	X509_NAME		*name = d2i_X509_NAME(NULL, &p,
				    (long)c->look.subject.len);

	if (name != NULL) {
		c->cn = subject_text(name, NID_commonName, a);
		c->sn = subject_text(name, NID_surname, a);
	}
	X509_NAME_free(name);
}

/* The attribute mail is IA5: addresses beyond ASCII have no place in it. */
static void
take_mails(struct wanted_cert *c, struct arena *a)
{
	const unsigned char	*p = c->look.san.p;
	GENERAL_NAMES		*names = d2i_GENERAL_NAMES(NULL, &p,
				    (long)c->look.san.len);
	struct error		 ignored = ERROR_INIT;

	c->mail = arena_alloc(a, MAILS_MAX * sizeof(*c->mail));
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		GENERAL_NAME	*g = sk_GENERAL_NAME_value(names, i);
		const char	*s;
		int		 n;

		if (g->type != GEN_EMAIL || c->nmail == MAILS_MAX)
			continue;
		s = (const char *)ASN1_STRING_get0_data(g->d.rfc822Name);
		n = ASN1_STRING_length(g->d.rfc822Name);
		if (n < 1 || n > 254 || memchr(s, 0, (size_t)n) != NULL)
			continue;
		s = arena_printf(a, "%.*s", n, s);
		if (mail_address_check(s, &ignored) == 0)
			c->mail[c->nmail++] = s;
	}
	GENERAL_NAMES_free(names);
}

/* 1 somebody can encrypt mail with it; 0 not, or why.  That it is valid already
 * is not asked: for the CA it was when it was made, and a clock of ours that is
 * behind would leave it out for good. */
static int
look_inside(struct cert_look *look, const struct db_published *p,
    const struct publish_ca *ca, int64_t now, struct error *why)
{
	if (cert_look(look, p->der, why) == -1) {
		error_clear(why);
		error_set(why, ERROR_INPUT, "it cannot be read");
		return 0;
	}
	if (check_serial(look->serial, &p->serial, why) == -1 ||
	    check_issuer(look, ca, why) == -1)
		return 0;
	return now < look->not_after && encrypts(look) && !is_ca(look);
}

static int
check_ca(const struct publish_ca *ca, const char *name, struct error *why)
{
	if (ca == NULL)
		return error_set(why, ERROR_INPUT, "the store has no CA %s",
		    name);
	if (ca->cert != NULL)
		return 0;
	*why = ca->error;
	return -1;
}

static void
name_certificate(struct error *why, const struct db_serial *serial)
{
	char	 hex[2 * DB_SERIAL + 1];

	(void)error_wrap(why, "certificate %s", text_hex(hex, serial->p,
	    serial->len));
}

int
wanted_look(struct wanted_cert *c, const struct db_published *p,
    const struct publish_cas *cas, int64_t now, struct arena *a,
    struct error *why, struct error *e)
{
	int	 rc = 0;

	memset(c, 0, sizeof(*c));
	c->row = p;
	c->ca = publish_cas_get(cas, p->ca);
	if (check_ca(c->ca, p->ca, why) == -1 ||
	    (rc = look_inside(&c->look, p, c->ca, now, why)) != 1 ||
	    (rc = publish_cas_judge(cas, c->ca, &p->serial, why, e)) != 1)
		goto out;
	take_names(c, a);
	take_mails(c, a);
	ERR_clear_error();
 out:
	if (why->code != ERROR_NONE)
		name_certificate(why, &p->serial);
	return rc;
}

int
wanted_verify(const struct wanted_cert *c, struct error *why)
{
	if (cert_look_verify(&c->look, c->row->der, X509_get0_pubkey(
	    c->ca->cert), why) == 0)
		return 0;
	if (why->code == ERROR_CRYPTO) {
		error_clear(why);
		error_set(why, ERROR_CRYPTO, "CA %s has not signed it",
		    c->ca->name);
	}
	name_certificate(why, &c->row->serial);
	return -1;
}

static bool
has_text(const struct directory_attr *at, const char *s)
{
	for (size_t i = 0; i < at->n; i++)
		if (at->v[i].len == strlen(s) && strncasecmp(
		    (const char *)at->v[i].p, s, at->v[i].len) == 0)
			return true;
	return false;
}

/* The first that has an address wins it. */
static bool
has_new_address(const struct directory_attr *mail,
    const struct wanted_cert *c)
{
	for (size_t i = 0; i < c->nmail; i++)
		if (!has_text(mail, c->mail[i]))
			return true;
	return false;
}

static void
take_addresses(struct directory_attr *mail, const struct wanted_cert *c)
{
	for (size_t i = 0; i < c->nmail; i++)
		if (!has_text(mail, c->mail[i]))
			wanted_text(mail, c->mail[i]);
}

/* Certificates without an address: one of each profile. */
static bool
is_first_of_profile(const struct db_published *v, const bool *taken, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (taken[k] && strcmp(v[k].profile, v[i].profile) == 0)
			return false;
	return true;
}

/* inetOrgPerson must have a surname: its last name, if no better is known. */
static const char *
surname_of(const char *sn, const char *cn)
{
	const char	*space = strrchr(cn, ' ');

	if (sn != NULL)
		return sn;
	return space != NULL && space[1] != '\0' ? space + 1 : cn;
}

/* Whose certificates are looked at, and what of them is offered so far. */
struct offer {
	const struct db_published	*v;
	bool				*taken;
	struct directory_attr		*mail, *certs;
	const char			*cn, *sn;	/* of the first */
};

/* 1 it is offered; 0 not, or why; -1 the store. */
static int
offer_one(struct offer *o, size_t i, const struct publish_cas *cas,
    int64_t now, struct arena *a, struct error *why, struct error *e)
{
	struct wanted_cert	 c;
	bool			 offers;
	int			 rc;

	rc = wanted_look(&c, &o->v[i], cas, now, a, why, e);
	if (rc == -1 || why->code != ERROR_NONE)
		return rc;
	offers = rc == 1 && (c.nmail > 0 ? has_new_address(o->mail, &c) :
	    is_first_of_profile(o->v, o->taken, i));
	if ((offers || !cas->verify_offered) && wanted_verify(&c, why) == -1)
		return 0;
	if (!offers)
		return 0;
	o->taken[i] = true;
	take_addresses(o->mail, &c);
	wanted_bytes(o->certs, c.row->der);
	if (o->certs->n == 1) {
		o->cn = c.cn;
		o->sn = c.sn;
	}
	return 1;
}

static const char *const classes[] = { "top", "person",
    "organizationalPerson", "inetOrgPerson", "pkiUser" };
#define NCLASSES	(sizeof(classes) / sizeof(classes[0]))

int
wanted_person(struct wanted *w, const struct publish_target *t,
    const char *holder, const struct db_published *v, size_t n,
    const struct publish_cas *cas, int64_t now, struct arena *a,
    struct error *e)
{
	struct offer		 o = { .v = v,
	    .taken = arena_alloc(a, (n + 1) * sizeof(bool)) };
	struct directory_attr	*class, *cn, *sn;
	struct error		 why = ERROR_INIT;
	char			*dn;
	const char		*name;

	memset(w, 0, sizeof(*w));
	dn = publish_target_name(t, PUBLISH_PERSON, holder);
	w->dn = arena_strdup(a, dn);
	mem_free(&dn);
	class = wanted_attr(w, "objectClass", NCLASSES, a);
	cn = wanted_attr(w, "cn", 1, a);
	sn = wanted_attr(w, "sn", 1, a);
	o.mail = wanted_attr(w, "mail", n * MAILS_MAX, a);
	o.certs = wanted_attr(w, "userCertificate;binary", n, a);
	for (size_t i = 0; i < n; i++) {
		error_clear(&why);
		if (offer_one(&o, i, cas, now, a, &why, e) == -1)
			return -1;
		if (why.code != ERROR_NONE)
			wanted_problem(w, &why);
	}
	w->present = o.certs->n > 0;
	if (!w->present)
		return 0;
	name = o.cn != NULL ? o.cn : arena_strdup(a, holder);
	wanted_text(cn, name);
	wanted_text(sn, surname_of(o.sn, name));
	for (size_t i = 0; i < NCLASSES; i++)
		wanted_text(class, classes[i]);
	return 0;
}
