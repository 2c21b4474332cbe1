/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published certificates by their whole mail address, and the authorities' own.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "mail/mail.h"
#include "public.h"
#include "rad.h"
#include "subject.h"
#include "x509/cert.h"
#include "x509/name.h"

#define FOUND_MAX	10
#define ANCHORS_MAX	32

/* Enough for people, and slow for who collects addresses. */
static const struct limit_rate search_rate = { "search", 10, 10 };

static bool
is_published(struct page *p, const struct db_cert *c)
{
	const struct profile	*profile;
	struct error		 ignored = ERROR_INIT;

	return strcmp(c->status, "good") == 0 && c->not_after > p->now &&
	    desk_need(p->desk, DESK_PROFILES, &ignored) == 0 &&
	    profiles_find(&p->desk->profiles, c->profile, &profile,
	    &ignored) == 0 && profile->publish;
}

static json_t *
found_value(struct page *p, const struct db_cert *c)
{
	char	*hex = public_hex(p, c->serial.p, c->serial.len);

	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", subject_name(
	    p->arena, c->subject), "ca", c->ca, "serial", hex, "not_after", public_day(p,
	    c->not_after), "description", public_description(p, c->profile));
}

static int
search(struct page *p, const char *mail, struct error *e)
{
	struct db_cert_filter	 f = { .status = "good",
	    .valid_after = p->now };
	struct db_certs		 all;
	json_t			*list = json_array();
	char			*name = arena_strdup(p->arena, mail);

	page_put(p, "certs", list);
	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	f.name = name;
	if (db_cert_list(p->db, &f, 0, FOUND_MAX, &all, p->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (is_published(p, &all.v[i]))
			json_array_append_new(list, found_value(p,
			    &all.v[i]));
	page_put_bool(p, "searched", true);
	return 0;
}

static int
search_show(struct page *p, struct error *e)
{
	const char	*mail = page_query(p, "mail");
	struct error	 why = ERROR_INIT;

	page_put_text(p, "mail", mail != NULL ? mail : "");
	if (mail == NULL || *mail == '\0')
		return page_show(p, "search.html", e);
	if (page_limit_address(p, &search_rate, e) == -1)
		return -1;
	if (mail_check_address(mail, &why) == -1)
		public_wrong(p, "mail", arena_printf(p->arena,
		    "mail address: %s", why.text));
	else if (search(p, mail, e) == -1)
		return -1;
	return page_show(p, "search.html", e);
}

/* DER or PEM of one certificate. */
static int
send_cert(struct page *p, struct bytes der, const char *name,
    struct error *e)
{
	const char		*form = page_arg(p, "form");
	const unsigned char	*d = der.p;
	X509			*x;
	BIO			*bio;
	char			*text;
	long			 len;
	int			 rc;

	if (strcmp(form, "der") == 0)
		return page_send(p, "application/pkix-cert", arena_printf(
		    p->arena, "%s.cer", name), der, e);
	if (strcmp(form, "pem") != 0)
		return error_set(e, ERROR_NOTFOUND, "there is pem and der");
	x = d2i_X509(NULL, &d, (long)der.len);
	bio = BIO_new(BIO_s_mem());
	if (x == NULL || bio == NULL || PEM_write_bio_X509(bio, x) != 1) {
		rc = error_ssl(e, ERROR_BUG, "PEM");
	} else {
		len = BIO_get_mem_data(bio, &text);
		rc = page_send(p, "application/x-pem-file", arena_printf(
		    p->arena, "%s.pem", name), BYTES(text, (size_t)len), e);
	}
	BIO_free(bio);
	X509_free(x);
	return rc;
}

static int
found_file(struct page *p, struct error *e)
{
	struct db_cert	 c;
	int		 found;

	if (page_limit_address(p, &search_rate, e) == -1)
		return -1;
	found = db_cert_find_hex(p->db, page_arg(p, "ca"),
	    page_arg(p, "serial"), &c, p->arena, e);
	if (found == -1 && e->code != ERROR_INPUT)
		return -1;
	if (found != 1 || c.serial.len * 2 != strlen(page_arg(p, "serial")) ||
	    !is_published(p, &c)) {
		error_clear(e);
		return error_set(e, ERROR_NOTFOUND, "there is no such "
		    "certificate");
	}
	return send_cert(p, c.der, "certificate", e);
}

/* ---- authorities ---- */

static const char *
digest_text(struct page *p, X509 *x, const EVP_MD *md)
{
	uint8_t		 raw[EVP_MAX_MD_SIZE];
	unsigned int	 n = 0;
	char		*text, *q;

	if (X509_digest(x, md, raw, &n) != 1)
		return "";
	q = text = arena_alloc(p->arena, 3 * (size_t)n + 1);
	for (unsigned int i = 0; i < n; i++, q += 3)
		snprintf(q, 4, "%02X%s", raw[i], i + 1 < n ? ":" : "");
	return text;
}

static const char *
title_of(struct page *p, X509 *x)
{
	char	*text = name_text(X509_get_subject_name(x));
	char	*copy = arena_strdup(p->arena, text != NULL ? text : "?");

	mem_free(&text);
	return copy;
}

static json_t *
ca_value(struct page *p, X509 *x, const char *name, bool root)
{
	struct cert_info	 info;
	struct error		 ignored = ERROR_INIT;
	int64_t			 end = 0;

	if (cert_info(&info, x, &ignored) == 0) {
		end = info.not_after;
		cert_info_clear(&info);
	}
	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s}", "name", name,
	    "title", title_of(p, x), "root", root, "not_after",
	    public_day(p, end), "sha256", digest_text(p, x, EVP_sha256()),
	    "sha1", digest_text(p, x, EVP_sha1()));
}

static int
ca_show(struct page *p, struct error *e)
{
	json_t	*list = json_array();

	page_put(p, "cas", list);
	if (desk_need(p->desk, DESK_TRUST, e) == -1)
		return -1;
	for (int i = 0; i < sk_X509_num(p->desk->anchors); i++)
		json_array_append_new(list, ca_value(p, sk_X509_value(
		    p->desk->anchors, i), arena_printf(p->arena, "root-%d",
		    i + 1), true));
	for (size_t i = 0; i < p->desk->nissuers; i++)
		json_array_append_new(list, ca_value(p,
		    p->desk->issuer[i].cert, p->desk->issuer[i].name, false));
	return page_show(p, "ca.html", e);
}

static X509 *
find_ca(struct page *p, const char *name)
{
	char	 root[16];

	for (int i = 0; i < sk_X509_num(p->desk->anchors) &&
	    i < ANCHORS_MAX; i++) {
		snprintf(root, sizeof(root), "root-%d", i + 1);
		if (strcmp(root, name) == 0)
			return sk_X509_value(p->desk->anchors, i);
	}
	for (size_t i = 0; i < p->desk->nissuers; i++)
		if (strcmp(p->desk->issuer[i].name, name) == 0)
			return p->desk->issuer[i].cert;
	return NULL;
}

static int
ca_file(struct page *p, struct error *e)
{
	X509		*x;
	unsigned char	*der = NULL;
	int		 len, rc;

	if (desk_need(p->desk, DESK_TRUST, e) == -1)
		return -1;
	if ((x = find_ca(p, page_arg(p, "ca"))) == NULL)
		return error_set(e, ERROR_NOTFOUND, "there is no such "
		    "authority");
	if ((len = i2d_X509(x, &der)) <= 0)
		return error_ssl(e, ERROR_BUG, "certificate");
	rc = send_cert(p, BYTES(der, (size_t)len), page_arg(p, "ca"), e);
	OPENSSL_free(der);
	return rc;
}

const struct page_route PAGES_SEARCH[] = {
	{ HTTP_GET, "/search", PAGE_ANYONE, search_show, 0 },
	{ HTTP_GET, "/search/{ca}/{serial}/{form}", PAGE_ANYONE, found_file,
	    0 },
	{ HTTP_GET, "/ca", PAGE_ANYONE, ca_show, PAGE_STATELESS },
	{ HTTP_GET, "/ca/{ca}/{form}", PAGE_ANYONE, ca_file, PAGE_STATELESS },
	{ .path = NULL }
};
