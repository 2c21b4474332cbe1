/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/smtp.h"

#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "base/text.h"

/* What was said last, and by whom. */
struct talk {
	char	 verb[5];		/* of our command */
	char	 reply[160];		/* "550 5.1.1 no such user" */
	bool	 has_body;		/* the message is on its way */
	bool	 over;			/* we have said QUIT */
};

/*
 * libcurl says that something failed; who is to blame is in the dialogue.  Of
 * our commands only the verb is kept: what follows AUTH is nobody's business.
 */
static int
listen_in(CURL *h, curl_infotype type, char *data, size_t len, void *arg)
{
	struct talk	*t = arg;
	size_t		 n = len;

	(void)h;
	if (t->over)
		return 0;
	if (type == CURLINFO_HEADER_OUT && len >= 4 &&
	    memcmp(data, "QUIT", 4) == 0) {
		t->over = true;
	} else if (type == CURLINFO_HEADER_OUT) {
		n = len < sizeof(t->verb) - 1 ? len : sizeof(t->verb) - 1;
		memcpy(t->verb, data, n);
		t->verb[n] = '\0';
		t->has_body = false;
	} else if (type == CURLINFO_DATA_OUT) {
		t->has_body = true;
	} else if (type == CURLINFO_HEADER_IN) {
		char	 line[160];

		while (n > 0 && (data[n - 1] == '\r' || data[n - 1] == '\n'))
			n--;
		n = n < sizeof(line) - 1 ? n : sizeof(line) - 1;
		memcpy(line, data, n);
		line[n] = '\0';
		text_escape(t->reply, sizeof(t->reply), line);
	}
	return 0;
}

struct reader {
	struct bytes	 left;
};

static size_t
give(char *p, size_t size, size_t n, void *arg)
{
	struct reader	*r = arg;
	size_t		 len = size * n;

	if (len > r->left.len)
		len = r->left.len;
	if (len > 0)
		memcpy(p, r->left.p, len);
	r->left.p += len;
	r->left.len -= len;
	return len;
}

int
smtp_check(const struct smtp *s, struct error *e)
{
	bool	 tls = strncmp(s->url, "smtps://", 8) == 0;

	if (!tls && strncmp(s->url, "smtp://", 7) != 0)
		return error_set(e, ERROR_CONFIG, "mail server \"%s\" is not "
		    "smtp://HOST[:PORT] or smtps://HOST[:PORT]", s->url);
	if (strchr(s->url, '@') != NULL || strchr(strstr(s->url, "//") + 2,
	    '/') != NULL)
		return error_set(e, ERROR_CONFIG, "mail server \"%s\" has more "
		    "than a host and a port", s->url);
	if (s->user != NULL && !tls && s->clear)
		return error_set(e, ERROR_CONFIG, "logging in to the mail "
		    "server needs TLS");
	return 0;
}

static void
set_server(CURL *h, const struct smtp *s)
{
	char	*url = mem_printf("%s/%s", s->url, s->helo != NULL ? s->helo :
	    "");

	curl_easy_setopt(h, CURLOPT_URL, url);
	mem_free(&url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)s->ms);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)s->ms);
	curl_easy_setopt(h, CURLOPT_USE_SSL, (long)(s->clear ? CURLUSESSL_TRY :
	    CURLUSESSL_ALL));
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (s->ca_file != NULL)
		curl_easy_setopt(h, CURLOPT_CAINFO, s->ca_file);
	if (s->user != NULL) {
		curl_easy_setopt(h, CURLOPT_USERNAME, s->user);
		curl_easy_setopt(h, CURLOPT_PASSWORD,
		    (const char *)s->password.p);
	}
}

static struct curl_slist *
set_message(CURL *h, const char *from, const char *to, struct reader *r)
{
	struct curl_slist	*rcpt = NULL;
	char			*address = mem_printf("<%s>", to);
	char			*sender = mem_printf("<%s>", from);

	rcpt = curl_slist_append(NULL, address);
	curl_easy_setopt(h, CURLOPT_MAIL_FROM, sender);
	curl_easy_setopt(h, CURLOPT_MAIL_RCPT, rcpt);
	curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(h, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(h, CURLOPT_READDATA, r);
	mem_free(&sender);
	mem_free(&address);
	return rcpt;
}

/*
 * Recipient and message are this mail's; everything before concerns all mail,
 * and also 421, with which a server hangs up (RFC 5321, 3.8).
 */
static enum smtp_result
blame(const struct talk *t, CURLcode got, const char *why, struct error *e)
{
	bool	 own = t->has_body || strncmp(t->verb, "RCPT", 4) == 0 ||
	    strncmp(t->verb, "DATA", 4) == 0;
	bool	 answered = got == CURLE_SEND_ERROR ||
	    got == CURLE_WEIRD_SERVER_REPLY || got == CURLE_UPLOAD_FAILED ||
	    got == CURLE_RECV_ERROR;

	if (own && answered && t->reply[0] == '5') {
		error_set(e, ERROR_DENIED, "mail server: %s", t->reply);
		return SMTP_REFUSED;
	}
	if (own && answered && t->reply[0] == '4' &&
	    strncmp(t->reply, "421", 3) != 0) {
		error_set(e, ERROR_RETRY, "mail server: %s", t->reply);
		return SMTP_DELAYED;
	}
	if (t->reply[0] == '4' || t->reply[0] == '5')
		error_set(e, ERROR_UPSTREAM, "mail server: %s", t->reply);
	else
		error_set(e, ERROR_UPSTREAM, "mail server: %s", why[0] != '\0'
		    ? why : curl_easy_strerror(got));
	return SMTP_LATER;
}

enum smtp_result
smtp_send(const struct smtp *s, const char *from, const char *to,
    struct bytes message, struct error *e)
{
	struct reader		 r = { message };
	struct talk		 t = { "", "", false, false };
	struct curl_slist	*rcpt;
	char			 why[CURL_ERROR_SIZE] = "";
	enum smtp_result	 rc = SMTP_SENT;
	CURL			*h;
	CURLcode		 got;

	if ((h = curl_easy_init()) == NULL) {
		error_set(e, ERROR_NOMEM, "curl");
		return SMTP_LATER;
	}
	set_server(h, s);
	rcpt = set_message(h, from, to, &r);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(h, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(h, CURLOPT_DEBUGDATA, &t);
	if ((got = curl_easy_perform(h)) != CURLE_OK)
		rc = blame(&t, got, why, e);
	curl_easy_cleanup(h);
	curl_slist_free_all(rcpt);
	return rc;
}
