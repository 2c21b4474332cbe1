/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer's CAs and their generations: which has a key, which issues, and
 * which only keeps its revocation list.
 */
#include <openssl/err.h>

#include "base/text.h"
#include "os/file.h"
#include "signer_private.h"
#include "wire.h"

#define ROOT_CRL_MAX	((size_t)16 << 20)

/* A certificate that is still to begin is looked at as of its first second. */
static int64_t
chain_time(const struct signer *s, const struct issuer *i)
{
	int64_t	 now = clock_now(s->clock);

	return now < i->not_before ? i->not_before : now;
}

/*
 * Clients find a list by the name of its issuer, and some keep one list per
 * name: two keys under one name would hide each other's revocations.
 */
static int
check_subject(const struct signer *s, const struct signer_ca *ca,
    struct error *e)
{
	const struct buf	*a = &ca->issuer.subject, *b;
	const struct signer_ca	*other;

	for (other = s->ca; other < ca; other++) {
		b = &other->issuer.subject;
		if (!bytes_equal(BYTES(a->p, a->len), BYTES(b->p, b->len)))
			continue;
		error_set(e, ERROR_CONFIG, "%s has the subject of CA %s",
		    ca->conf->cert, other->conf->name);
		return error_hint(e, "each generation has a subject of its "
		    "own; let the root certify it again");
	}
	return 0;
}

/* One CA: what is wrong with it stays with it. */
static int
load_ca(struct signer *s, struct signer_ca *ca, const struct ca_conf *conf,
    struct error *e)
{
	STACK_OF(X509)	*chain = NULL;
	X509		*cert;
	int		 rc = -1;

	ca->conf = conf;
	ca->generation = ca_name_split(conf->name, ca->family);
	ca->start = ca_conf_start(conf);
	if (cert_load_chain(&chain, conf->cert, e) == -1)
		goto out;
	cert = sk_X509_value(chain, 0);
	if (issuer_init(&ca->issuer, conf->name, cert, e) == -1)
		goto out;
	if (conf->signature != NULL && issuer_set_signature(&ca->issuer,
	    X509_get0_pubkey(cert), conf->signature, e) == -1)
		goto out;
	ca->issuer.cdp = conf->cdp;
	ca->issuer.ocsp = conf->ocsp;
	ca->issuer.aia = conf->aia;
	while (sk_X509_num(chain) > 0)
		if (sk_X509_push(s->intermediates, sk_X509_shift(chain)) == 0)
			mem_fail();
	if (check_subject(s, ca, e) == -1 ||
	    cert_verify_chain(cert, s->intermediates, s->anchors,
	    chain_time(s, &ca->issuer), e) == -1)
		goto out;
	rc = signer_key_load(s, ca, e);
 out:
	sk_X509_pop_free(chain, X509_free);
	return rc;
}

static int
load_cas(struct signer *s, struct buf *unusable, struct error *e)
{
	size_t	 i, usable = 0;

	s->nca = s->conf->cas.n;
	s->ca = mem_array(s->nca, sizeof(*s->ca));
	for (i = 0; i < s->nca; i++) {
		struct signer_ca	*ca = &s->ca[i];
		const struct ca_conf	*c = cad_conf_ca(s->conf, i);
		struct error		 why = ERROR_INIT;

		if (load_ca(s, ca, c, &why) == 0) {
			usable++;
			ca->due = ca->issuer.not_after - c->roll_before -
			    profiles_longest(&s->profiles, ca->family);
			continue;
		}
		snprintf(ca->why_not, sizeof(ca->why_not), "%s", why.text);
		snprintf(ca->hint, sizeof(ca->hint), "%s", why.hint);
		buf_printf(unusable, "CA %s: %s\n", c->name, why.text);
		if (s->nca == 1)
			*e = why;
	}
	if (usable > 0)
		return 0;
	return e->code == ERROR_NONE ? signer_key_none(s, e) : error_hint(e,
	    "signet ca show; then check key and passphrase in cad.conf");
}

/* Whose list is it?  A signature by any of the roots will do. */
static struct crl *
parse_root_crl(const struct signer *s, struct bytes der, struct issuer *root,
    struct error *e)
{
	struct crl	*crl = NULL;
	int		 i;

	error_set(e, ERROR_CONFIG, "no root");
	for (i = 0; i < sk_X509_num(s->anchors); i++) {
		error_clear(e);
		if (issuer_init(root, "root", sk_X509_value(s->anchors, i),
		    e) == -1)
			continue;
		if (crl_parse(&crl, der, root, e) == 0)
			return crl;
		issuer_clear(root);
	}
	return NULL;
}

/* A CA that the root has revoked issues no more. */
static int
load_root_crl(struct signer *s, struct error *e)
{
	const char		*path = s->conf->root_crl;
	const ASN1_INTEGER	*n;
	struct issuer		 root = { .cert = NULL };
	struct buf		 der = { 0 };
	struct crl		*crl = NULL;
	size_t			 i;
	int			 rc = -1;

	if (path == NULL)
		return 0;
	if (file_load(&der, path, ROOT_CRL_MAX, e) == -1 ||
	    (crl = parse_root_crl(s, BYTES(der.p, der.len), &root, e)) == NULL)
		goto out;
	for (i = 0; i < s->nca; i++) {
		X509	*cert = s->ca[i].issuer.cert;

		if (cert == NULL || X509_NAME_cmp(X509_get_issuer_name(cert),
		    X509_get_subject_name(root.cert)) != 0)
			continue;
		n = X509_get0_serialNumber(cert);
		s->ca[i].revoked = crl_find(crl, n->data,
		    (size_t)n->length, NULL);
	}
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "root's CRL %s", path);
	crl_free(&crl);
	issuer_clear(&root);
	buf_clear(&der);
	return rc;
}

int
signer_load_cas(struct signer *s, struct buf *unusable, struct error *e)
{
	size_t	 i;

	if ((s->intermediates = sk_X509_new_null()) == NULL ||
	    (s->officers_cas = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "out of memory");
	if (load_cas(s, unusable, e) == -1 || load_root_crl(s, e) == -1)
		return -1;
	for (i = 0; i < s->nca; i++)
		if (s->ca[i].issuer.cert != NULL &&
		    strcmp(s->ca[i].family, s->conf->officers_ca) == 0 &&
		    sk_X509_push(s->officers_cas, s->ca[i].issuer.cert) == 0)
			return error_set(e, ERROR_NOMEM, "out of memory");
	/* Without their certificate nobody has a role and nothing can be
	 * done. */
	if (sk_X509_num(s->officers_cas) == 0)
		return error_set(e, ERROR_CONFIG, "officers' CA \"%s\" has no "
		    "certificate", s->conf->officers_ca);
	return 0;
}

/* By its own dates alone: has it begun, and not ended? */
static enum wire_ca
own_state(const struct signer *s, const struct signer_ca *ca)
{
	const struct issuer	*i = &ca->issuer;
	int64_t			 now = clock_now(s->clock);

	if (now < ca->start || (i->cert != NULL && now < i->not_before))
		return WIRE_CA_WAITS;
	if (i->cert != NULL && now > i->not_after)
		return WIRE_CA_EXPIRED;
	return ca->revoked ? WIRE_CA_REVOKED : WIRE_CA_ISSUES;
}

/*
 * The newest generation in force issues.  One whose key is away is in force
 * all the same: its orders wait, rather than that the old key is used again.
 */
static struct signer_ca *
newest_in_force(struct signer *s, const char *family)
{
	struct signer_ca	*best = NULL;
	size_t			 i;

	for (i = 0; i < s->nca; i++)
		if (strcmp(s->ca[i].family, family) == 0 &&
		    own_state(s, &s->ca[i]) == WIRE_CA_ISSUES &&
		    (best == NULL || s->ca[i].generation > best->generation))
			best = &s->ca[i];
	return best;
}

enum wire_ca
signer_ca_state(struct signer *s, const struct signer_ca *ca)
{
	enum wire_ca	 own = own_state(s, ca);

	return own != WIRE_CA_ISSUES || newest_in_force(s, ca->family) == ca ?
	    own : WIRE_CA_LISTS;
}

static int
no_key(const struct signer_ca *ca, struct error *e)
{
	error_set(e, ERROR_UPSTREAM, "CA %s has no usable key: %s",
	    ca->conf->name, ca->why_not);
	return error_hint(e, "%s", ca->hint);
}

int
signer_find_ca(struct signer *s, const char *name, struct signer_ca **out,
    struct error *e)
{
	size_t	 i;

	for (i = 0; i < s->nca; i++) {
		if (strcmp(s->ca[i].conf->name, name) != 0)
			continue;
		*out = &s->ca[i];
		return signer_key_is_usable(&s->ca[i]) ? 0 :
		    no_key(&s->ca[i], e);
	}
	return error_set(e, ERROR_NOTFOUND, "no CA \"%s\" here", name);
}

/* None is in force: say of the newest why not, and what to do. */
static int
none_in_force(struct signer *s, const struct signer_ca *ca, struct error *e)
{
	char	 at[TEXT_TIME_SIZE];

	switch (own_state(s, ca)) {
	case WIRE_CA_WAITS:
		return error_set(e, ERROR_UPSTREAM, "CA %s issues from %s on",
		    ca->conf->name, text_time(at, ca->issuer.cert != NULL &&
		    ca->issuer.not_before > ca->start ?
		    ca->issuer.not_before : ca->start));
	case WIRE_CA_REVOKED:
		error_set(e, ERROR_UPSTREAM, "the root has revoked CA %s",
		    ca->conf->name);
		break;
	default:
		error_set(e, ERROR_UPSTREAM, "the certificate of CA %s "
		    "expired at %s", ca->conf->name, text_time(at,
		    ca->issuer.not_after));
	}
	return error_hint(e, "orders wait; next: signet ca roll %s",
	    ca->family);
}

int
signer_issuing_ca(struct signer *s, const char *name, struct signer_ca **out,
    struct error *e)
{
	const struct signer_ca	*last = NULL;
	char			 family[CA_NAME_SIZE];
	size_t			 i;

	if ((*out = newest_in_force(s, name)) != NULL)
		return signer_key_is_usable(*out) ? 0 : no_key(*out, e);
	for (i = 0; i < s->nca; i++)
		if (strcmp(s->ca[i].family, name) == 0 && (last == NULL ||
		    s->ca[i].generation > last->generation))
			last = &s->ca[i];
	if (last != NULL)
		return none_in_force(s, last, e);
	if (ca_name_split(name, family) > 1)
		return error_set(e, ERROR_DENIED, "an order names CA %s, not "
		    "its generation %s", family, name);
	return error_set(e, ERROR_NOTFOUND, "no CA \"%s\" here", name);
}

int
signer_speaking_ca(struct signer *s, const char *name,
    struct signer_ca **out, struct error *e)
{
	enum wire_ca	 state;
	size_t		 i;

	for (i = 0; i < s->nca; i++) {
		*out = &s->ca[i];
		if (strcmp((*out)->conf->name, name) != 0)
			continue;
		state = own_state(s, *out);
		if (state == WIRE_CA_EXPIRED || state == WIRE_CA_REVOKED)
			return error_set(e, ERROR_DENIED, "CA %s has expired "
			    "or was revoked: nobody needs answers for it any "
			    "more", name);
		return signer_key_is_usable(*out) ? 0 : no_key(*out, e);
	}
	return error_set(e, ERROR_NOTFOUND, "no CA \"%s\" here", name);
}

struct signer_ca *
signer_ca_of(struct signer *s, X509 *cert)
{
	size_t	 i;

	for (i = 0; i < s->nca; i++) {
		X509	*ca = s->ca[i].issuer.cert;

		if (ca != NULL && cert_is_by(cert, ca))
			return &s->ca[i];
	}
	return NULL;
}

struct signer_ca *
signer_ca_of_look(struct signer *s, const struct cert_look *look,
    struct bytes der)
{
	struct error		 e = ERROR_INIT;
	const unsigned char	*p = der.p;
	struct signer_ca	*ca;
	X509			*x;

	for (ca = s->ca; ca < s->ca + s->nca; ca++)
		if (ca->issuer.cert != NULL && bytes_equal(look->issuer,
		    BYTES(ca->issuer.subject.p, ca->issuer.subject.len)) &&
		    cert_look_verify(look, der,
		    X509_get0_pubkey(ca->issuer.cert), &e) == 0)
			return ca;
	/* From elsewhere: the name otherwise encoded, or otherwise signed. */
	x = d2i_X509(NULL, &p, (long)der.len);
	ca = x != NULL ? signer_ca_of(s, x) : NULL;
	X509_free(x);
	ERR_clear_error();
	return ca;
}

int
signer_hello(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	size_t	 i;

	if (msg_done(in, e) == -1)
		return -1;
	msg_put_u32(out, (uint32_t)s->nca);
	for (i = 0; i < s->nca; i++) {
		struct signer_ca	*ca = &s->ca[i];

		msg_put_str(out, ca->conf->name);
		msg_put_u32(out, signer_key_is_usable(ca));
		msg_put_str(out, ca->why_not);
		msg_put_str(out, ca->hint);
		msg_put_u32(out, signer_ca_state(s, ca));
		msg_put_i64(out, ca->due);
	}
	msg_put_i64(out, s->head.seq);
	msg_put_u32(out, ledger_is_lost(s->ledger));
	return 0;
}
