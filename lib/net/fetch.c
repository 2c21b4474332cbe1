/* SPDX-License-Identifier: Apache-2.0 */
#include "net/fetch.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>

#include "base/clock.h"

#define REDIRECTS	3L

struct taking {
	const struct fetch	*f;
	struct fetch_reply	*r;
	struct error		*e;
};

/* Fewer bytes than were offered end the transfer. */
static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct taking	*t = arg;
	size_t		 len = size * n, done = 0;
	ssize_t		 w;

	if (t->r->size + (int64_t)len > t->f->max) {
		error_set(t->e, ERROR_DENIED, "%s: more than %lld bytes",
		    t->f->url, (long long)t->f->max);
		return 0;
	}
	t->r->size += (int64_t)len;
	if (t->f->fd == -1) {
		buf_add(&t->r->body, p, len);
		return len;
	}
	for (; done < len; done += (size_t)w)
		if ((w = write(t->f->fd, p + done, len - done)) == -1) {
			error_sys(t->e, "write what %s gave", t->f->url);
			return 0;
		}
	return len;
}

static void
take_type(struct fetch_reply *r, CURL *h)
{
	char	*type = NULL;
	size_t	 i;

	if (curl_easy_getinfo(h, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK ||
	    type == NULL)
		return;
	for (i = 0; i < sizeof(r->type) - 1 && type[i] != '\0' &&
	    type[i] != ';' && type[i] != ' '; i++)
		r->type[i] = (char)tolower((unsigned char)type[i]);
	r->type[i] = '\0';
}

static void
set_up_secrets(CURL *h, const struct fetch *f)
{
	if (f->roots != NULL) {
		curl_easy_setopt(h, CURLOPT_CAINFO, f->roots);
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	}
	if (f->password == NULL)
		return;
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(h, CURLOPT_USERNAME, f->user);
	curl_easy_setopt(h, CURLOPT_PASSWORD, (const char *)f->password->p);
}

static struct curl_slist *
set_up(CURL *h, const struct fetch *f, struct taking *t, char *why)
{
	struct curl_slist	*head = NULL;
	char			*type;

	curl_easy_setopt(h, CURLOPT_URL, f->url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(h, CURLOPT_MAXREDIRS, REDIRECTS);
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)f->ms);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "signet");
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
	set_up_secrets(h, f);
	if (f->body.p == NULL)
		return NULL;
	type = mem_printf("Content-Type: %s", f->type);
	head = curl_slist_append(head, type);
	mem_free(&type);
	/* No wait for leave to send a few bytes. */
	head = curl_slist_append(head, "Expect:");
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, (const char *)f->body.p);
	curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)f->body.len);
	return head;
}

static enum error_code
code_of(CURLcode got)
{
	switch (got) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return ERROR_INPUT;
	case CURLE_PEER_FAILED_VERIFICATION:
		return ERROR_DENIED;
	case CURLE_SSL_CACERT_BADFILE:
		return ERROR_CONFIG;
	default:
		return ERROR_UPSTREAM;
	}
}

static void
take_head(struct fetch_reply *r, CURL *h)
{
	curl_off_t	 after = 0;
	long		 status = 0;

	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	r->status = (int)status;
	if (curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &after) == CURLE_OK &&
	    after > 0)
		r->retry_after = after > 86400 ? 86400 : (int)after;
	take_type(r, h);
}

int
fetch(struct fetch_reply *r, const struct fetch *f, struct error *e)
{
	struct taking		 t = { f, r, e };
	struct curl_slist	*head;
	char			 why[CURL_ERROR_SIZE] = "";
	int64_t			 start = clock_monotonic_ms();
	CURL			*h;
	CURLcode		 got;

	*r = (struct fetch_reply){ .status = 0 };
	error_clear(e);
	if ((h = curl_easy_init()) == NULL)
		return error_set(e, ERROR_NOMEM, "curl");
	head = set_up(h, f, &t, why);
	got = curl_easy_perform(h);
	r->ms = clock_monotonic_ms() - start;
	if (got == CURLE_OK)
		take_head(r, h);
	else if (e->code == ERROR_NONE)
		error_set(e, code_of(got), "%s: %s", f->url, why[0] != '\0' ?
		    why : curl_easy_strerror(got));
	curl_slist_free_all(head);
	curl_easy_cleanup(h);
	if (got != CURLE_OK)
		fetch_reply_clear(r);
	return got == CURLE_OK ? 0 : -1;
}

void
fetch_reply_clear(struct fetch_reply *r)
{
	buf_clear(&r->body);
}
