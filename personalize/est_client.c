/* SPDX-License-Identifier: Apache-2.0 */
#include "est_client.h"

#include <string.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/base64.h"
#include "base/text.h"
#include "net/fetch.h"

#define ANSWER_MAX	(256 * 1024)
#define AFTER_UNSAID	10		/* seconds */

/* ---- the answer ---- */

static int
unfold(struct buf *der, struct bytes body, struct error *e)
{
	struct buf	 dense = { 0 };
	int		 rc;

	for (size_t i = 0; i < body.len; i++)
		if (strchr("\r\n\t ", body.p[i]) == NULL || body.p[i] == '\0')
			buf_byte(&dense, body.p[i]);
	rc = base64_parse(der, (const char *)dense.p, dense.len, e);
	buf_clear(&dense);
	return rc;
}

static X509 *
take_for(STACK_OF(X509) *certs, EVP_PKEY *key)
{
	X509	*c;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		c = sk_X509_value(certs, i);
		if (EVP_PKEY_eq(X509_get0_pubkey(c), key) == 1) {
			X509_up_ref(c);
			return c;
		}
	}
	return NULL;
}

int
est_client_parse(X509 **cert, struct bytes body, EVP_PKEY *key,
    struct error *e)
{
	struct buf		 der = { 0 };
	const unsigned char	*p;
	CMS_ContentInfo		*cms = NULL;
	STACK_OF(X509)		*certs = NULL;

	*cert = NULL;
	if (unfold(&der, body, e) == -1)
		goto out;
	p = der.p;
	if (der.len == 0 || (cms = d2i_CMS_ContentInfo(NULL, &p,
	    (long)der.len)) == NULL || p != der.p + der.len)
		error_set(e, ERROR_UPSTREAM, "not a CMS message");
	else if ((certs = CMS_get1_certs(cms)) == NULL)
		error_set(e, ERROR_UPSTREAM, "no certificate is in it");
	else if ((*cert = take_for(certs, key)) == NULL)
		error_set(e, ERROR_DENIED, "no certificate in it is for the "
		    "key of this card");
 out:
	ERR_clear_error();
	sk_X509_pop_free(certs, X509_free);
	CMS_ContentInfo_free(cms);
	buf_clear(&der);
	return *cert != NULL ? 1 : error_wrap(e, "answer of the registration "
	    "authority");
}

/* ---- the exchange ---- */

/* Its first line, for a terminal. */
static void
say_why(char why[200], struct fetch_reply *r)
{
	const char	*text = buf_cstr(&r->body);
	char		*line = mem_strdup(text);

	line[strcspn(line, "\r\n")] = '\0';
	text_escape(why, 200, line);
	mem_free(&line);
}

static int
judge(const struct fetch_reply *r, const char *why, struct error *e)
{
	if (r->status == 401) {
		error_set(e, ERROR_DENIED, "the registration authority does "
		    "not take this name and code: %s", why);
		return error_hint(e, "check both; after several wrong tries "
		    "there is a pause, then the code is locked, and an "
		    "officer can make another: signet order new --code");
	}
	if (r->status >= 500)
		return error_set(e, ERROR_UPSTREAM, "the registration "
		    "authority has trouble (%d): %s", r->status, why);
	return error_set(e, r->status == 403 ? ERROR_DENIED : ERROR_INPUT,
	    "the registration authority refuses (%d): %s", r->status, why);
}

static int
explain(struct error *e)
{
	if (e->code == ERROR_DENIED)
		return error_hint(e, "is the address right, and do the roots "
		    "(--root) have its CA?");
	if (e->code == ERROR_UPSTREAM)
		return error_hint(e, "nothing is lost: give the same command "
		    "again when it is back");
	return -1;
}

int
est_client_enrol(const struct est_client *c, struct bytes request,
    EVP_PKEY *key, X509 **cert, int *after, char why[200], struct error *e)
{
	struct fetch_reply	 r;
	char			*body = text_base64(request.p, request.len);
	char			*url = mem_printf("%s/.well-known/est/%s%s"
				    "simpleenroll", c->ra, c->profile != NULL ?
				    c->profile : "", c->profile != NULL ? "/" :
				    "");
	struct fetch		 f = { .url = url, .fd = -1,
				    .body = BYTES(body, strlen(body)),
				    .type = "application/pkcs10",
				    .max = ANSWER_MAX, .ms = c->ms,
				    .roots = c->roots, .user = c->user,
				    .password = c->code };
	int			 rc = -1;

	*cert = NULL;
	if (fetch(&r, &f, e) == -1) {
		explain(e);
		goto out;
	}
	say_why(why, &r);
	*after = r.retry_after > 0 ? r.retry_after : AFTER_UNSAID;
	if (r.status == 202 || r.status == 429 || r.status == 503)
		rc = 0;			/* and it says when to ask again */
	else if (r.status == 200)
		rc = est_client_parse(cert, BYTES(r.body.p, r.body.len), key,
		    e);
	else
		judge(&r, why, e);
	fetch_reply_clear(&r);
 out:
	mem_free(&url);
	mem_free(&body);
	return rc;
}
