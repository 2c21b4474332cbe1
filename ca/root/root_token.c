/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/root_token.h"

#include <stdlib.h>

#include "ca/root/issue.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/alg.h"
#include "x509/token.h"

#define ALGORITHM	"rsa:4096"
#define MODULE_MAX	(64u << 20)

int
root_token_check(const struct ceremony *c, struct error *e)
{
	if (c->custodians.n > 0 || c->threshold != 0) {
		error_set(e, ERROR_CONFIG, "custodians and a token: no key "
		    "leaves a token, so there is nothing to split");
		return error_hint(e, "leave out custodians and threshold; "
		    "what several people have to do is the token's own m of "
		    "n, set with its maker's tools");
	}
	return alg_name_check(c->algorithm != NULL ? c->algorithm : ALGORITHM,
	    ALG_ROOT, e);
}

/* The library's hints are for daemons with settings. */
static void
give_hint(const struct session *s, struct error *e)
{
	const char *const	*path;

	if (e->code != ERROR_UPSTREAM ||
	    cmd_many(s->args, "token-path", &path) > 0 ||
	    cmd_flag(s->args, "token-sockets"))
		return;
	e->hint[0] = '\0';
	error_hint(e, "connect it and give the command again; kept in files "
	    "it needs --token-path DIR, behind pcscd --token-sockets");
}

/* A file with the PIN that is missing is not a key that is missing.  A prompt
 * waits until the token's name is known. */
static int
fetch_pin(struct token_key *k, const char *uri, const char *pin_from,
    struct error *e)
{
	if (strcmp(pin_from, "prompt") == 0 &&
	    strstr(uri, "pin-source=") == NULL)
		return 0;
	if (token_key_fetch_pin(k, e) == 0)
		return 0;
	return error_hint(e, "write the PIN to a file of mode 0600 and give "
	    "--passphrase file:PATH, or --passphrase prompt");
}

/* ERROR_NOTFOUND leaves *k: the token is there, the key is not. */
static int
token_open(struct token_key **k, const struct session *s, const char *uri,
    const char *module, const char *pin_from, struct error *e)
{
	char	*full = key_uri(uri, module);
	int	 rc;

	rc = token_key_new(k, full, pin_from, e);
	mem_free(&full);
	if (rc == -1)
		return -1;
	if (fetch_pin(*k, uri, pin_from, e) == -1) {
		token_key_free(k);
		return -1;
	}
	if (token_key_load_module(*k, e) == -1) {
		e->hint[0] = '\0';
		error_hint(e, "install the token's module, then name its "
		    "file: --pkcs11-module FILE");
	} else if (token_key_open(*k, e) == 0)
		return 0;
	give_hint(s, e);
	if (e->code != ERROR_NOTFOUND)
		token_key_free(k);
	return -1;
}

/* The module is code that ran here: its digest is in the record, as the
 * program's is. */
static int
put_facts(struct session *s, const struct token_info *t, const char *prefix,
    struct error *e)
{
	const struct {
		const char	*name;
		const char	*value;
	} fact[] = {
		{ "token", t->label },
		{ "token-serial", t->serial },
		{ "token-key", t->uri },
		{ "module", t->module },
	};
	struct buf	 file = { 0 };
	char		 key[32];
	size_t		 i;

	for (i = 0; i < sizeof(fact) / sizeof(fact[0]); i++) {
		snprintf(key, sizeof(key), "%s%s", prefix, fact[i].name);
		session_fact(s, key, fact[i].value);
	}
	if (file_load(&file, t->module, MODULE_MAX, e) == -1)
		return error_wrap(e, "digest the token's module");
	snprintf(key, sizeof(key), "%smodule-digest", prefix);
	session_fact_digest(s, key, BYTES(file.p, file.len));
	buf_clear(&file);
	session_note(s, "token %s, serial %s, %s", t->label, t->serial,
	    t->model);
	session_note(s, "%s", t->uri);
	if (t->readable)
		session_note(s, "this key can be read out of the token");
	return 0;
}

static int
record_use(struct session *s, struct token_key *k, const char *prefix,
    struct error *e)
{
	struct token_info	 t;
	int			 rc;

	if ((rc = token_key_info(k, &t, e)) == 0)
		rc = put_facts(s, &t, prefix, e);
	token_info_clear(&t);
	return rc;
}

static int
take_existing(struct session *s, EVP_PKEY *key, struct error *e)
{
	char		 is[16];
	const char	*alg = key_algorithm(key, is);

	if (s->c.existing_key == NULL) {
		error_set(e, ERROR_CONFLICT, "the token has such a key "
		    "already");
		return error_hint(e, "for a new one name another "
		    "object=LABEL; --existing-key REASON takes this one, "
		    "which an interrupted ceremony may have made");
	}
	if (s->c.algorithm != NULL && strcmp(s->c.algorithm, alg) != 0) {
		error_set(e, ERROR_CONFLICT, "the key in the token is %s, not "
		    "%s", alg, s->c.algorithm);
		return error_hint(e, "set algorithm to what it is, or name "
		    "another object=LABEL");
	}
	if (alg_name_check(alg, ALG_ROOT, e) == -1)
		return -1;
	session_fact(s, "existing-key", s->c.existing_key);
	session_step(s, "The key, %s, is in the token already: %s", alg,
	    s->c.existing_key);
	return 0;
}

/* Subject, profile and kind of key would do: tried with a key in memory, for
 * the one in the token cannot be taken back. */
static int
rehearse(struct session *s, const char *alg, struct error *e)
{
	struct ca_cert	 plan = { 0 };
	EVP_PKEY	*key = NULL;
	int		 rc = -1;

	if (key_generate(&key, alg, e) == 0)
		rc = issue_plan_root(&plan, s, 1, key, e);
	issue_clear(&plan);
	EVP_PKEY_free(key);
	return rc;
}

/* What follows can fail, and the key is there all the same: so a person says
 * yes before. */
static int
make_key(struct session *s, struct token_key *k, struct error *e)
{
	const char	*alg = s->c.algorithm != NULL ? s->c.algorithm :
			    ALGORITHM;

	if (s->c.existing_key != NULL) {
		e->hint[0] = '\0';
		return error_hint(e, "leave out existing_key, and it is made");
	}
	error_clear(e);
	if (rehearse(s, alg, e) == -1)
		return -1;
	session_step(s, "Make the key, %s, in the token", alg);
	session_note(s, "it stays there, whatever becomes of this ceremony");
	if (session_confirm(s, "A key is made in the token.", e) == -1)
		return -1;
	if (token_key_generate(k, alg, e) == -1) {
		give_hint(s, e);
		return -1;
	}
	FAULT("root-token-key");
	return 0;
}

static const char *
new_pin_from(const struct session *s)
{
	const char	*source = NULL;

	if (strcmp(s->verb, "init") == 0)
		source = cmd_string(s->args, "passphrase", NULL);
	if (source == NULL)
		source = s->c.passphrase;
	return source != NULL ? source : "prompt";
}

int
root_token_new(struct session *s, EVP_PKEY **key, struct error *e)
{
	struct token_key	*k = NULL;
	bool			 made = false;
	int			 rc = -1;

	if (session_check_somebody(s, e) == -1)
		return -1;
	if (token_open(&k, s, s->c.key, cmd_string(s->args, "pkcs11-module",
	    NULL), new_pin_from(s), e) == -1) {
		if (k == NULL || make_key(s, k, e) == -1)
			goto out;
		made = true;
	}
	if (token_key_pkey(k, key, e) == -1 ||
	    (!made && take_existing(s, *key, e) == -1))
		goto out;
	rc = record_use(s, k, strcmp(s->verb, "roll") == 0 ? "new-" : "", e);
 out:
	token_key_free(&k);
	if (rc == 0)
		return 0;
	EVP_PKEY_free(*key);
	*key = NULL;
	return made ? -1 : error_wrap(e, "the root gets no key");
}

int
root_token_record(struct session *s, EVP_PKEY *key, struct error *e)
{
	struct token_key	*k = token_key_of(key);
	struct token_info	 t;
	int			 rc;

	if (k == NULL)
		return 0;
	if ((rc = token_key_info(k, &t, e)) == 0) {
		audit_str(&s->end, "token-key", t.uri);
		audit_str(&s->end, "token", t.label);
		audit_str(&s->end, "token-serial", t.serial);
		audit_str(&s->end, "token-model", t.model);
		audit_str(&s->end, "module", t.module);
	}
	token_info_clear(&t);
	return rc;
}

bool
root_token_has(const struct root *r, int64_t generation)
{
	const struct transcript_entry	*made;
	char				*uri = NULL;
	bool				 has;

	if ((made = transcript_made(&r->transcript, generation)) != NULL)
		uri = transcript_value(made, "token-key");
	has = uri != NULL;
	mem_free(&uri);
	return has;
}

void
root_token_say_delete(struct session *s, const struct generation *g)
{
	const struct transcript_entry	*made;
	struct buf			 id = { 0 };
	char				*uri, *label, *module;
	const char			*p;

	made = transcript_made(&s->root->transcript, g->number);
	uri = transcript_value(made, "token-key");
	label = transcript_value(made, "token");
	module = transcript_value(made, "module");
	p = strstr(uri, "id=%");
	for (p = p != NULL ? p + 3 : ""; *p != '\0' && *p != ';'; p++)
		if (*p != '%')
			buf_byte(&id, (uint8_t)*p);
	session_note(s, "its key is not removed from its token by this; "
	    "afterwards:");
	session_note(s, "pkcs11-tool --module %s --token-label '%s' --login "
	    "--delete-object --type privkey --id %s", module, label,
	    buf_cstr(&id));
	buf_clear(&id);
	mem_free(&uri);
	mem_free(&label);
	mem_free(&module);
}

static int
check_key(const struct generation *g, EVP_PKEY *key, struct error *e)
{
	if (key_matches(g->cert, key))
		return 0;
	error_set(e, ERROR_CONFIG, "the token's key is not that of the "
	    "root's certificate");
	return error_hint(e, "signet-root show names the token's serial "
	    "number: connect that one, or a true copy");
}

static int
unlock(struct session *s, const struct generation *g, const char *uri,
    const char *module, EVP_PKEY **key, struct error *e)
{
	struct token_key	*k = NULL;
	const char		*pin = cmd_string(s->args, "passphrase", NULL);
	int			 rc = -1;

	if (token_open(&k, s, uri, module, pin != NULL ? pin : "prompt", e) ==
	    0 && token_key_pkey(k, key, e) == 0 &&
	    check_key(g, *key, e) == 0)
		rc = record_use(s, k, "", e);
	else if (k != NULL && e->code == ERROR_NOTFOUND) {
		e->hint[0] = '\0';
		error_hint(e, "connect the token that has it: signet-root "
		    "show names its serial number");
	}
	token_key_free(&k);
	if (rc == 0)
		return 0;
	EVP_PKEY_free(*key);
	*key = NULL;
	return error_wrap(e, "nothing is signed");
}

int
root_token_unlock(struct session *s, const struct generation *g,
    EVP_PKEY **key, struct error *e)
{
	const struct transcript_entry	*made;
	char				*uri, *recorded;
	const char			*module;
	int				 rc;

	if (session_check_somebody(s, e) == -1)
		return -1;
	session_step(s, "The token's PIN unlocks the key of generation %lld",
	    (long long)g->number);
	made = transcript_made(&s->root->transcript, g->number);
	uri = transcript_value(made, "token-key");
	recorded = transcript_value(made, "module");
	module = cmd_string(s->args, "pkcs11-module", NULL);
	if (module == NULL && getenv("PKCS11_MODULE_PATH") == NULL)
		module = recorded;
	rc = unlock(s, g, uri, module, key, e);
	mem_free(&uri);
	mem_free(&recorded);
	return rc;
}
