/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/digest.h"
#include "db/db_cert.h"
#include "page_private.h"
#include "x509/ca_name.h"
#include "x509/cert.h"

static int
client_parse(struct page_client *c, struct bytes der, struct error *e)
{
	const uint8_t	*p = der.p;

	if (der.len > CERT_MAX ||
	    (c->cert = d2i_X509(NULL, &p, (long)der.len)) == NULL ||
	    p != der.p + der.len) {
		ERR_clear_error();
		return error_set(e, ERROR_DENIED, "your certificate cannot be "
		    "read");
	}
	return 0;
}

/* From a CA of ours, now. */
static int
client_chain(struct page *p, struct error *e)
{
	struct page_client		*c = &p->client;
	const struct desk_issuer	*ca;

	if (desk_need(p->desk, DESK_TRUST, e) == -1)
		return -1;
	if ((ca = desk_issuer_of(p->desk, c->cert)) == NULL)
		return error_set(e, ERROR_DENIED, "your certificate is not "
		    "from a CA of this installation");
	if (cert_verify_chain(c->cert, p->desk->intermediates,
	    p->desk->anchors, p->now, e) == -1)
		return error_wrap(e, "your certificate");
	c->ca = ca->name;
	return 0;
}

/* clientAuth, or no word about purposes at all. */
static int
client_purpose(const struct page_client *c, struct error *e)
{
	if ((X509_get_extension_flags(c->cert) & EXFLAG_XKUSAGE) != 0 &&
	    (X509_get_extended_key_usage(c->cert) & XKU_SSL_CLIENT) == 0)
		return error_set(e, ERROR_DENIED, "your certificate is not "
		    "for logging in (no clientAuth)");
	return 0;
}

/* A role counts only from the CA that names officers. */
static int
client_names(struct page *p, struct error *e)
{
	struct page_client	*c = &p->client;
	struct cert_info	 info;
	char			 cn[256] = "";

	if (cert_person(c->cert, c->person) == -1)
		return error_set(e, ERROR_DENIED, "your certificate names no "
		    "usable person");
	if (ca_name_is_of(c->ca, p->rad->conf->officers_ca))
		c->role = cert_role(c->cert);
	X509_NAME_get_text_by_NID(X509_get_subject_name(c->cert),
	    NID_commonName, cn, sizeof(cn));
	c->name = arena_strdup(p->arena, cn);
	if (cert_info(&info, c->cert, e) == -1)
		return -1;
	c->serial.len = info.serial_len < sizeof(c->serial.p) ?
	    info.serial_len : sizeof(c->serial.p);
	memcpy(c->serial.p, info.serial, c->serial.len);
	cert_info_clear(&info);
	return 0;
}

static int
client_status(struct page *p, struct error *e)
{
	struct page_client	*c = &p->client;
	struct db_cert		*row = arena_alloc(p->arena, sizeof(*row));
	int			 found;

	found = db_cert_find(p->desk->db, c->ca, &c->serial, row, p->arena,
	    e);
	if (found == -1)
		return -1;
	if (found == 0 || !bytes_equal(row->der, c->der))
		return error_set(e, ERROR_DENIED, "your certificate is not "
		    "known here");
	if (strcmp(row->status, "good") != 0)
		return error_set(e, ERROR_DENIED, "your certificate is %s",
		    strcmp(row->status, "held") == 0 ? "on hold" : "revoked");
	c->holder = row->holder;
	c->row = row;
	return 0;
}

/* All that does not change while the CAs are the same. */
static int
client_verify(struct page *p, struct bytes der, struct error *e)
{
	struct page_client	*c = &p->client;
	struct judged		*known = p->priv->thread->judged;
	uint8_t			 digest[32];

	digest_sha256(digest, der.p, der.len);
	if (judged_find(known, digest, p->now, c) == 1)
		return 0;
	memcpy(c->digest, digest, sizeof(c->digest));
	if (client_parse(c, der, e) == -1 || client_chain(p, e) == -1 ||
	    client_names(p, e) == -1)
		return -1;
	judged_add(known, c, p->now);
	return 0;
}

static int
client_take(struct page *p, struct bytes der, bool status, struct error *e)
{
	if (client_verify(p, der, e) == 0) {
		p->client.der = der;
		p->client.ca = arena_strdup(p->arena, p->client.ca);
		p->client.name = arena_strdup(p->arena, p->client.name);
		if (!status || client_status(p, e) == 0)
			return 0;
	}
	client_clear(&p->client);
	return -1;
}

/* A protocol's request that has waited for its order only takes it away now:
 * whether it could ask was said when it came.  The order may have been that this
 * certificate is revoked. */
static bool
has_waited(const struct page *p)
{
	return http_context(p->http) != NULL &&
	    (p->route->flags & PAGE_PROTOCOL) != 0;
}

int
client_judge_der(struct page *p, struct bytes der, struct error *e)
{
	return client_take(p, der, !has_waited(p), e);
}

int
client_judge(struct page *p, struct error *e)
{
	struct bytes	 der = http_peer_certificate(p->http, 0);

	if (der.len == 0)
		return 0;
	if (client_take(p, der, !has_waited(p), e) == -1)
		return -1;
	if (client_purpose(&p->client, e) == 0)
		return 1;
	client_clear(&p->client);
	return -1;
}

void
client_clear(struct page_client *c)
{
	X509_free(c->cert);
	memset(c, 0, sizeof(*c));
}

static bool
is_staff(enum role role)
{
	return role == ROLE_OFFICER || role == ROLE_SECURITY_OFFICER;
}

int
client_check(const struct page_client *c, enum page_who who, struct error *e)
{
	static const char	*const words[] = {
		[PAGE_HOLDER] = "somebody",
		[PAGE_OFFICER] = "an officer",
		[PAGE_SECURITY_OFFICER] = "a security officer",
		[PAGE_AUDITOR] = "an auditor or officer",
	};
	bool			 good = false;

	switch (who) {
	case PAGE_ANYONE:
		return 0;
	case PAGE_HOLDER:
		good = c->cert != NULL;
		break;
	case PAGE_OFFICER:
		good = c->cert != NULL && is_staff(c->role);
		break;
	case PAGE_SECURITY_OFFICER:
		good = c->cert != NULL && c->role == ROLE_SECURITY_OFFICER;
		break;
	case PAGE_AUDITOR:
		good = c->cert != NULL && (is_staff(c->role) ||
		    c->role == ROLE_AUDITOR);
		break;
	}
	if (good)
		return 0;
	if (c->cert == NULL) {
		error_set(e, ERROR_DENIED, "this page needs your certificate, "
		    "and your browser sent none");
		return error_hint(e, "install your certificate in this "
		    "browser, close all its windows, come again and choose "
		    "it");
	}
	error_set(e, ERROR_DENIED, "this page is for %s; your certificate "
	    "says %s", words[who], c->role == ROLE_NONE ? "holder" :
	    role_name(c->role));
	return error_hint(e, "choose another certificate, if you have one: "
	    "close all windows of the browser first");
}
