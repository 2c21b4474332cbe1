/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of the CAs.  One that cannot be used stops its own CA and no other;
 * a token that is away is looked for again, at growing intervals, whenever
 * somebody asks after its CA.
 */
#include "base/text.h"
#include "signer_private.h"

#define RETRY_FIRST	1000		/* ms */
#define RETRY_LAST	60000

/* What waiting does not mend: a refused PIN, a setting, another key. */
static bool
is_passing(const struct error *why)
{
	return why->code != ERROR_DENIED && why->code != ERROR_CONFIG;
}

static void
set_away(struct signer_ca *ca, const struct error *why)
{
	ca->usable = false;
	snprintf(ca->why_not, sizeof(ca->why_not), "%s", why->text);
	snprintf(ca->hint, sizeof(ca->hint), "%s", why->hint);
	/* Whether it has answered meanwhile is asked for nothing. */
	ca->retry_ms = ca->token == NULL || !is_passing(why) ? 0 :
	    ca->retry_ms == 0 || why->code == ERROR_RETRY ? RETRY_FIRST :
	    ca->retry_ms * 2 > RETRY_LAST ? RETRY_LAST : ca->retry_ms * 2;
	ca->retry_at = clock_monotonic_ms() + ca->retry_ms;
}

static int
check_belongs(struct signer_ca *ca, struct error *e)
{
	if (key_matches(ca->issuer.cert, ca->key))
		return 0;
	EVP_PKEY_free(ca->key);
	ca->key = NULL;
	return error_set(e, ERROR_CONFIG, "key %s does not belong to "
	    "certificate %s", ca->conf->key, ca->conf->cert);
}

static int
open_token(struct signer_ca *ca, struct error *e)
{
	if (token_key_open(ca->token, e) == -1)
		return -1;
	if (ca->key == NULL && (token_key_pkey(ca->token, &ca->key, e) == -1 ||
	    check_belongs(ca, e) == -1))
		return -1;
	ca->usable = true;
	ca->retry_ms = 0;
	ca->why_not[0] = '\0';
	return 0;
}

/* The PIN is fetched while its file can be read. */
static int
load_token(struct signer_ca *ca, const char *uri, struct error *e)
{
	if (token_key_new(&ca->token, uri, ca->conf->passphrase, e) == -1)
		return -1;
	if (token_key_fetch_pin(ca->token, e) == -1) {
		token_key_free(&ca->token);
		return -1;
	}
	return 0;
}

int
signer_key_load(struct signer *s, struct signer_ca *ca, struct error *e)
{
	char	*uri = key_uri(ca->conf->key, s->conf->pkcs11_module);
	int	 rc;

	if (token_is_uri(uri))
		rc = load_token(ca, uri, e);
	else if ((rc = key_load(&ca->key, uri, ca->conf->passphrase, e)) == 0 &&
	    (rc = check_belongs(ca, e)) == 0)
		ca->usable = true;
	if (rc == -1)
		set_away(ca, e);
	mem_free(&uri);
	return rc;
}

static void
note_unusable(struct signer_ca *ca, const struct error *why, struct buf *notes)
{
	set_away(ca, why);
	buf_printf(notes, "CA %s: %s%s\n", ca->conf->name, why->text,
	    ca->retry_ms > 0 ? "; it is looked for again" : "");
	if (why->hint[0] != '\0')
		buf_printf(notes, "hint: %s\n", why->hint);
}

int
signer_open_tokens(struct signer *s, struct buf *notes, struct error *e)
{
	bool	 hope = false;
	size_t	 i;

	for (i = 0; i < s->nca; i++) {
		struct signer_ca	*ca = &s->ca[i];
		struct error		 why = ERROR_INIT;

		if (ca->token != NULL && open_token(ca, &why) == -1) {
			note_unusable(ca, &why, notes);
			*e = why;
		}
		hope |= ca->usable || ca->retry_ms > 0;
	}
	if (hope) {
		error_clear(e);
		return 0;
	}
	return signer_key_none(s, e);
}

int
signer_key_none(const struct signer *s, struct error *e)
{
	error_set(e, ERROR_CONFIG, "no CA has a usable key: CA %s: %s",
	    s->ca[0].conf->name, s->ca[0].why_not);
	return error_hint(e, "%s", s->ca[0].hint[0] != '\0' ? s->ca[0].hint :
	    "signet ca show; then check key and passphrase in cad.conf");
}

bool
signer_key_is_usable(struct signer_ca *ca)
{
	struct error	 e = ERROR_INIT;

	if (!ca->usable && ca->retry_ms > 0 &&
	    clock_monotonic_ms() >= ca->retry_at && open_token(ca, &e) == -1)
		set_away(ca, &e);
	return ca->usable;
}

void
signer_key_failed(struct signer_ca *ca, const struct error *why)
{
	struct error	 its = ERROR_INIT;

	if (ca->token == NULL || !ca->usable)
		return;
	/* It may have been something else: a full disk, a wrong list. */
	token_key_failure(ca->token, &its);
	if (its.code != ERROR_NONE)
		set_away(ca, why);
}

void
signer_key_clear(struct signer_ca *ca)
{
	EVP_PKEY_free(ca->key);
	ca->key = NULL;
	token_key_free(&ca->token);
}
