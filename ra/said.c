/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include <string.h>

#include "web/texts.h"

#define PARTS	3
#define PART	200

/* The first that fits counts. */
const struct said SAID[] = {
	{ "field \"*\": is required", "required" },
	{ "field \"*\": C is not two capital letters", "country" },
	{ "field \"*\": C is longer than *", "country" },
	{ "field \"*\": * is longer than * characters", "long2" },
	{ "field \"*\": longer than * characters", "long" },
	{ "field \"*\": the same value twice", "twice" },
	{ "field \"*\": too few values", "few" },
	{ "field \"*\": too many values", "many" },
	{ "field \"*\": does not have the form that the profile wants",
	    "form" },
	{ "field \"*\": * begins or ends with a space", "blank" },
	{ "field \"*\": * has characters *", "characters" },
	{ "is too long or has control characters", "characters" },
	{ "the note is too long or has control characters", "characters" },
	{ "field \"*\": *", "value" },
	{ "mail address: no @*", "no_at" },
	{ "the mail address is missing", "mail_missing" },
	{ "mail address: *", "mail" },
	{ "there is no such office", "office" },
	{ "there is no such profile", "no_profile" },
	{ "too many", "many" },
	{ "\"*\" is not a domain: *", "domain" },
	{ "this is no day", "no_day" },
	{ "this day is over", "day_over" },
	{ "no request (CSR): *", "no_csr" },
	{ "*this is a certificate, not a certificate request", "not_cert" },
	{ "*this is a private key, not a certificate request", "not_key" },
	{ "request: signature does not verify*", "csr_signature" },
	{ "request: larger than *", "csr_large" },
	{ "request: *", "csr" },
	{ "key: profile * does not take *", "key_kind" },
	{ "key: *", "key" },
	{ "the number is missing", "number_missing" },
	{ "the code is missing", "code_missing" },
	{ "no order waits for this name and one-time code", "code" },
	{ "check both; after several wrong tries*", "code_hint" },
	{ "the code was tried too often: wait *", "code_wait" },
	{ "the code was tried too often: it is locked", "code_locked" },
	{ "this is not the one-time code of this order", "code" },
	{ "a revocation code has *", "revocation" },
	{ "this is not a code of ours, *", "revocation_wrong" },
	{ "reason: choose one of the list", "reason" },
	{ "this certificate cannot be revoked here: ask an officer",
	    "not_here" },
	{ "you have no such certificate", "not_yours" },
	{ "this link leads nowhere", "link" },
	{ "take the whole address from the mail*", "link_hint" },
	{ "this link was not used in time", "late" },
	{ "fill in the form again", "late_hint" },
	{ "this address is confirmed already", "confirmed" },
	{ "how it stands is at the link*", "confirmed_hint" },
	{ "this is an order already: *", "ordered" },
	{ "there is no certificate yet", "not_yet" },
	{ "see how it stands, *", "not_yet_hint" },
	{ "there is no such form", "no_form" },
	{ "there is no such certificate", "no_cert" },
	{ "there is no such authority", "no_ca" },
	{ "this took too long: begin again", "too_long" },
	{ "certificate: was not issued here", "elsewhere" },
	{ "too early to renew: the holder may from * on", "early" },
	{ "the certificate expired on *", "expired" },
	{ "the certificate is revoked", "revoked" },
	{ "the certificate is held", "held" },
	{ "signature: *", "signature" },
	{ "\"*\" is missing", "missing" },
	{ "there is no such page", "no_page" },
	{ "there is no such thing here", "no_thing" },
	{ "this page is at *, where *", "at_cert" },
	{ "your session has ended*", "session" },
	{ "this form is too old, *", "form_old" },
	{ "go back, load the page again *", "form_old_hint" },
	{ "this form was sent by another site", "form_other" },
	{ "begin on a page of this site", "form_other_hint" },
	{ "too often: try again in * seconds", "often" },
	{ "this page needs your certificate, *", "no_client" },
	{ "install your certificate in this browser, *", "no_client_hint" },
	{ "this page is for *; your certificate says *", "role" },
	{ "choose another certificate, *", "role_hint" },
	{ "your certificate is revoked", "client_revoked" },
	{ "your certificate is on hold", "client_held" },
	{ "your certificate is not known here", "client_unknown" },
	{ "your certificate is not from a CA of this installation",
	    "client_ca" },
	{ "no security key is bound to you", "no_key" },
	{ "register one, and let two security officers bind it to you",
	    "no_key_hint" },
	{ "no such application", "no_application" },
	{ "no such order", "no_order" },
	{ "order * is in archive *, and not in the store any more",
	    "order_archived" },
	{ "certificate * expired on * and is in archive *, not in the store any more",
	    "cert_archived" },
	{ "no such certificate", "no_cert" },
	{ "your security key is not for registration office (none)",
	    "key_office_none" },
	{ "your security key is not for registration office *", "key_office" },
	{ "your security key is not for the registration office of this certificate",
	    "key_office_cert" },
	{ "the credential is not for profile \"*\"", "key_profile" },
	{ "the credential is not for names in \"*\"", "key_names" },
	{ "the credential is for names in certain domains alone, and there is *",
	    "key_domains" },
	{ "nobody here knows which names profile * makes, *", "key_unknown" },
	{ "the audit chain is for auditors, *", "audit" },
	{ "there is no line for a certificate", "no_line" },
	{ "the list has no clean name *", "list_name" },
	{ "there is no list: choose a file", "no_list" },
	{ "the list is longer than * MiB", "list_long" },
	{ "this order is no batch", "no_batch" },
	{ "act: none of revoke, hold, release", "act" },
	{ "certificateHold is no reason to revoke", "hold_reason" },
	{ "*: not one line of clean text of at most * bytes", "one_line" },
	{ "text: longer than * bytes", "text_long" },
	{ "this order is about another certificate", "order_cert" },
	{ "this order is not for a one-time code of this profile",
	    "order_code" },
	{ "code: not the one of this order", "order_code_other" },
	{ "this order is not about this application", "order_application" },
	{ "this rejects another order", "order_rejects" },
	{ "this is not the order that was shown", "order_shown" },
	{ "the security key was registered for another site", "key_site" },
	{ "the security key did not ask who touches it: *", "key_pin" },
	{ "authenticator_data: of another key", "key_other" },
	{ "this security key is not bound to you", "key_not_yours" },
	{ "register it first", "key_not_yours_hint" },
	{ "the application is *: nothing to decide", "application_over" },
	{ "the application is at this office already", "at_office" },
	{ "application *: does not wait for an officer's decision*",
	    "application_gone" },
	{ "the order is *: nothing to reject", "order_over" },
	{ "order * is *: nothing to approve", "order_over_approve" },
	{ "order * has your approval already", "order_approved" },
	{ "what is missing: signet explain order *", "order_approved_hint" },
	{ "profile * is not yours to order", "profile_not_yours" },
	{ "evidence: none of the kinds that there are", "evidence" },
	{ "your certificate is revoked or on hold", "client_bad" },
	{ "nothing was signed; another officer has to approve",
	    "client_bad_hint" },
	{ "your approval would not count: your certificate is of no role, the order needs *",
	    "not_count_no_role" },
	{ "your approval would not count: your certificate is of role *, the order needs *",
	    "not_count" },
	{ "nothing was signed", "nothing_signed" },
	{ "nothing was stored; the holder makes a new key and request",
	    "nothing_stored_key" },
	{ "nothing was stored", "nothing_stored" },
	{ "it was handed in before", "handed_in" },
	{ "no holder \"*\"", "no_holder" },
	{ "the assertion was made in a frame of another origin",
	    "assertion_frame" },
	{ "the assertion was made at *, the credential is bound to *",
	    "assertion_origin" },
	{ "the assertion was made for something else: *", "assertion_other" },
	{ "the assertion is for another relying party than *", "assertion_rp" },
	{ "the assertion is by another credential *", "assertion_key" },
	{ "the assertion's signature does not verify *", "assertion_bad" },
	{ "the authenticator did not see that anybody was there *",
	    "assertion_nobody" },
	{ "the authenticator did not check by PIN or finger *",
	    "assertion_pin" },
	{ "the credential is for another relying party than *",
	    "assertion_rp" },
	{ "the authenticator did not check who was there *", "assertion_pin" },
	{ "the credential's key is not one that is taken *", "assertion_alg" },
	{ "your certificate cannot be read", "client_unread" },
	{ "your certificate is not for logging in *", "client_use" },
	{ "your certificate names no usable person", "client_person" },
	{ NULL, NULL },
};

/* A star takes as little as it can; the last one takes all. */
static bool
fits(const char *pattern, const char *s, char part[PARTS][PART], size_t n)
{
	size_t	 len = 0;

	for (; *pattern != '*'; pattern++, s++) {
		if (*pattern != *s)
			return false;
		if (*s == '\0')
			return true;
	}
	if (n == PARTS)
		return false;
	if (pattern[1] == '\0')
		len = strlen(s);
	while (!fits(pattern + 1, s + len, part, n + 1))
		if (s[len++] == '\0')
			return false;
	snprintf(part[n], PART, "%.*s", (int)len, s);
	return true;
}

static const char *
fill(struct arena *a, const json_t *texts, const char *key,
    char part[PARTS][PART])
{
	char		*full = arena_printf(a, "said.%s", key);
	const char	*text = json_string_value(json_object_get(texts,
			    full));
	json_t		*v = json_pack("{s:s, s:s, s:s}", "a", part[0], "b",
			    part[1], "c", part[2]);
	struct buf	 out = { 0 };
	struct error	 ignored = ERROR_INIT;
	char		*filled = NULL;

	if (text != NULL && texts_fill(&out, text, v, &ignored) == 0)
		filled = arena_strdup(a, buf_cstr(&out));
	json_decref(v);
	buf_clear(&out);
	return filled;
}

const char *
said_text(struct arena *a, const json_t *texts, const char *error)
{
	char		 part[PARTS][PART] = { "" };
	const char	*text = NULL;
	size_t		 i;

	for (i = 0; SAID[i].error != NULL && text == NULL; i++)
		if (fits(SAID[i].error, error, part, 0))
			text = fill(a, texts, SAID[i].key, part);
	return text != NULL ? text : error;
}
