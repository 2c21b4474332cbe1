/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a signer has in its ledger and the store has lost: alarms in the audit
 * chain, as long as they are true.
 */
#include "cli/doctor.h"

#include <stdio.h>
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "db/db_cert.h"
#include "db/db_watch.h"

#define ALARMS	1000

/* As ca/issuing/worker_lost.c says them. */
static const struct {
	const char	*begins, *wanted;
	const char	*effect, *fix;
} kinds[] = {
	{ "certificate ", NULL,
	    "it is good for whoever looks at its signature; responders say "
	    "unknown of it, and nobody can revoke it by its number",
	    "have its holder take another one; where nobody knows who that is "
	    "the order tells, which the officers have who approved it" },
	{ "revocation of ", "revoked",
	    "only the lists of its CA, and responders that have these, say "
	    "that it is revoked", "signet cert revoke %s --reason ..." },
	{ "hold on ", "held",
	    "only the lists of its CA, and responders that have these, say "
	    "that it is on hold", "signet cert hold %s" },
	{ "release of ", "good",
	    "its holder is refused", "signet cert release %s" },
};

/* 1 it is still so, 0, -1. */
static int
is_lost(struct doctor *d, size_t kind, const char *serial, const char *ca,
    struct error *e)
{
	struct db_cert	 c;
	const char	*now, *wanted = kinds[kind].wanted;
	int		 found;

	found = db_cert_find_hex(d->db, ca, serial, &c, d->arena, e);
	if (found == -1)
		return -1;
	if (wanted == NULL)
		return found == 0;
	now = found == 1 ? c.status : wanted;
	if (strcmp(wanted, "revoked") == 0)
		return strcmp(now, "revoked") != 0;
	return strcmp(now, strcmp(wanted, "held") == 0 ? "good" : "held") == 0;
}

static void
look_one(struct doctor *d, size_t kind, const char *text)
{
	struct error	 e = ERROR_INIT;
	char		 serial[41], ca[65];

	if (sscanf(text + strlen(kinds[kind].begins),
	    "%40[0-9a-f] of CA %64[a-zA-Z0-9._-]", serial, ca) != 2)
		return;
	doctor_looked(d);
	switch (is_lost(d, kind, serial, ca, &e)) {
	case -1:
		doctor_unknown(d, "store-lost", &e);
		break;
	case 1:
		doctor_say(d, DOCTOR_PROBLEM, "store-lost", kinds[kind].effect,
		    kinds[kind].wanted == NULL ? kinds[kind].fix :
		    doctor_text(d, "%.*s%s%s", (int)strcspn(kinds[kind].fix,
		    "%"), kinds[kind].fix, serial, kinds[kind].fix +
		    strcspn(kinds[kind].fix, "%") + 2),
		    "the store has lost what a signer has in its ledger: %s",
		    text);
		break;
	default:
		break;
	}
}

/* A signer that dies before there are lists of it names all of it again. */
static bool
is_said(struct doctor *d, const char **said, size_t *n, const char *text)
{
	size_t	 i;

	for (i = 0; i < *n; i++)
		if (strcmp(said[i], text) == 0)
			return true;
	said[(*n)++] = doctor_text(d, "%s", text);
	return false;
}

void
doctor_lost(struct doctor *d)
{
	const char		*said[ALARMS];
	struct error		 e = ERROR_INIT;
	struct db_watch_alarms	 all;
	struct buf		 what = { 0 }, text = { 0 };
	size_t			 i, k, n = 0;

	if (db_watch_alarms(d->db, ALARMS, &all, d->arena, &e) == -1) {
		doctor_unknown(d, "store-lost", &e);
		return;
	}
	doctor_looked(d);
	for (i = 0; i < all.n; i++) {
		what.len = text.len = 0;
		if (audit_find(all.body[i], "what", &what, &e) != 1 ||
		    strcmp(buf_cstr(&what), "lost") != 0 ||
		    audit_find(all.body[i], "detail", &text, &e) != 1 ||
		    is_said(d, said, &n, buf_cstr(&text)))
			continue;
		for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (strncmp(buf_cstr(&text), kinds[k].begins,
			    strlen(kinds[k].begins)) == 0)
				look_one(d, k, buf_cstr(&text));
	}
	buf_clear(&what);
	buf_clear(&text);
}
