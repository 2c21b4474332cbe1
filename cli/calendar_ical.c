/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar for programs that show calendars (RFC 5545).  A thing keeps its
 * UID from export to export, so that a list that was renewed moves and does not
 * come again.
 */
#include "cli/calendar.h"

#include <string.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/ical.h"
#include "base/text.h"

#define UID_BYTES	16

/* Of the installation, which its root is, and of the thing. */
static int
make_uid(const struct calendar *k, const struct calendar_entry *v,
    char hex[2 * 32 + 8], struct error *e)
{
	X509		*root = sk_X509_value(k->cli->desk.anchors,
			    sk_X509_num(k->cli->desk.anchors) - 1);
	unsigned char	 md[EVP_MAX_MD_SIZE];
	unsigned int	 len = 0;
	struct buf	 in = { 0 };
	int		 rc = -1;

	if (root == NULL || X509_digest(root, EVP_sha256(), md, &len) != 1)
		goto out;
	buf_add(&in, md, len);
	buf_printf(&in, "%s\n%s", v->kind, v->key);
	if (EVP_Digest(in.p, in.len, md, NULL, EVP_sha256(), NULL) != 1)
		goto out;
	text_hex(hex, md, UID_BYTES);
	memcpy(hex + 2 * UID_BYTES, "@signet", sizeof("@signet"));
	rc = 0;
 out:
	if (rc == -1)
		error_ssl(e, ERROR_CRYPTO, "digest");
	buf_clear(&in);
	return rc;
}

static const char *
summary_of(struct calendar *k, const struct calendar_entry *v)
{
	const char	*prefix = calendar_state(k, v) == CALENDAR_OVERDUE ?
			    "OVERDUE: " : "";

	if (v->days > 0)
		return doctor_text(&k->doctor, "%s", v->what);
	return doctor_text(&k->doctor, "%s%s%s", prefix, v->what,
	    strcmp(v->kind, "ca-roll") == 0 ? ", until now" :
	    strcmp(v->kind, "backup") == 0 ? "" : " ends");
}

/* 1970 began on a Thursday. */
static int64_t
monday_of(int64_t t)
{
	int64_t	 day = t / 86400;

	return (day - (day + 3) % 7) * 86400;
}

static int
put_entry(struct calendar *k, struct buf *out,
    const struct calendar_entry *v, struct error *e)
{
	char			 uid[2 * 32 + 8];
	struct ical_event	 ev = { .uid = uid, .start = v->at,
	    .days = v->days, .summary = summary_of(k, v),
	    .description = v->todo, .category = v->kind };

	if (make_uid(k, v, uid, e) == -1)
		return -1;
	if (v->days > 0)
		ev.start = monday_of(v->at);
	if (v->from != 0 && v->from != v->at)
		ev.alarm = v->from;
	if (v->from != 0)
		ev.alarm_before = 1;
	ical_event(out, &ev, k->now);
	return 0;
}

int
calendar_ical(struct calendar *k, struct buf *out, struct error *e)
{
	ical_begin(out, "Signet: what ends");
	for (size_t i = 0; i < k->n; i++)
		if (put_entry(k, out, &k->v[i], e) == -1)
			return -1;
	ical_end(out);
	return 0;
}
