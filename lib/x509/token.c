/* SPDX-License-Identifier: Apache-2.0 */
/* A key in a token: its connection. */
#include <stdlib.h>
#include <string.h>

#include "x509/token_private.h"

#define PROXY		"p11-kit-proxy.so"

bool
token_is_uri(const char *uri)
{
	return strncmp(uri, "pkcs11:", 7) == 0;
}

/* The URI itself may hold the PIN, so no message quotes it before this. */
static int
uri_check(const struct token_key *k, const char *uri, struct error *e)
{
	const char	*source = p11_kit_uri_get_pin_source(k->uri);

	if (p11_kit_uri_get_pin_value(k->uri) != NULL) {
		error_set(e, ERROR_CONFIG, "a PKCS#11 URI must not hold the "
		    "PIN");
		return error_hint(e, "write it to a file of mode 0600 and say "
		    "pin-source=FILE, or set passphrase");
	}
	if (source != NULL && strncmp(source, "file:", 5) != 0 &&
	    source[0] != '/') {
		error_set(e, ERROR_CONFIG, "pin-source=%s is not a file",
		    source);
		return error_hint(e, "pin-source=file:/PATH");
	}
	if (p11_kit_uri_any_unrecognized(k->uri) != 0) {
		error_set(e, ERROR_CONFIG, "%.*s has an attribute that is not "
		    "known", (int)strcspn(uri, "?"), uri);
		return error_hint(e, "token= serial= object= id= slot-id=, "
		    "then ?module-path= pin-source= (RFC 7512)");
	}
	return 0;
}

static int
uri_parse(struct token_key *k, const char *uri, struct error *e)
{
	int	 rv;

	if (strlen(uri) >= TOKEN_URI_MAX)
		return error_set(e, ERROR_CONFIG,
		    "PKCS#11 URI longer than %d characters", TOKEN_URI_MAX);
	if ((k->uri = p11_kit_uri_new()) == NULL)
		return error_set(e, ERROR_NOMEM, "out of memory");
	if ((rv = p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, k->uri)) !=
	    P11_KIT_URI_OK) {
		error_set(e, ERROR_CONFIG, "not a PKCS#11 URI: %s",
		    p11_kit_uri_message(rv));
		return error_hint(e, "like "
		    "pkcs11:token=LABEL;object=LABEL?module-path=FILE");
	}
	k->text = mem_strdup(uri);
	k->name = mem_printf("%.*s", (int)strcspn(uri, "?"), uri);
	return uri_check(k, uri, e);
}

static void
choose_pin_source(struct token_key *k, const char *pin_from)
{
	const char	*source = p11_kit_uri_get_pin_source(k->uri);

	if (source != NULL)
		k->pin_from = mem_printf("%s%s", source[0] == '/' ? "file:" :
		    "", source);
	else if (pin_from != NULL)
		k->pin_from = mem_strdup(pin_from);
}

int
token_key_new(struct token_key **out, const char *uri, const char *pin_from,
    struct error *e)
{
	struct token_key	*k = mem_alloc(sizeof(*k));
	const char		*path;

	*out = NULL;
	k->refs = 1;
	pthread_mutex_init(&k->lock, NULL);
	pthread_mutex_init(&k->opening, NULL);
	pthread_cond_init(&k->line_free, NULL);
	if (uri_parse(k, uri, e) == -1)
		goto fail;
	choose_pin_source(k, pin_from);
	if ((path = p11_kit_uri_get_module_path(k->uri)) == NULL &&
	    (path = getenv("PKCS11_MODULE_PATH")) == NULL)
		path = PROXY;
	k->path = mem_strdup(path);
	*out = k;
	return 0;
 fail:
	token_key_free(&k);
	return -1;
}

struct token_key *
token_key_ref(struct token_key *k)
{
	pthread_mutex_lock(&k->lock);
	k->refs++;
	pthread_mutex_unlock(&k->lock);
	return k;
}

/* Forget the connection; its sessions mean something only in the module's
 * generation that they were opened in.  The module is held for reading. */
static void
drop(struct token_key *k)
{
	size_t	 i;

	k->live = false;
	for (i = 0; i < k->nidle; i++)
		if (k->generation == k->module->generation)
			k->module->f->C_CloseSession(k->idle[i]);
	k->nidle = 0;
}

void
token_key_free(struct token_key **kp)
{
	struct token_key	*k = *kp;
	unsigned int		 left;

	*kp = NULL;
	if (k == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	left = --k->refs;
	pthread_mutex_unlock(&k->lock);
	if (left > 0)
		return;
	if (k->module != NULL) {
		pthread_rwlock_rdlock(&k->module->lock);
		drop(k);
		pthread_rwlock_unlock(&k->module->lock);
	}
	token_apart_clear(k);
	secret_free(&k->pin);
	EVP_PKEY_free(k->pub);
	p11_kit_uri_free(k->uri);
	mem_free(&k->text);
	mem_free(&k->name);
	mem_free(&k->path);
	mem_free(&k->pin_from);
	pthread_mutex_destroy(&k->lock);
	pthread_mutex_destroy(&k->opening);
	mem_free(&k);
}

int
token_key_fetch_pin(struct token_key *k, struct error *e)
{
	int	 rc = 0;

	pthread_mutex_lock(&k->lock);
	if (k->pin_from != NULL)
		rc = token_fetch_pin(k, NULL, e);
	pthread_mutex_unlock(&k->lock);
	return rc == 0 ? 0 : error_wrap(e, "%s", k->name);
}

int
token_key_set_pin(struct token_key *k, const struct secret *pin,
    struct error *e)
{
	int	 rc;

	pthread_mutex_lock(&k->lock);
	secret_free(&k->pin);
	rc = secret_dup(&k->pin, pin, e);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

/* ---- the connection ---- */

static int
load_module(struct token_key *k, struct error *e)
{
	if (token_apart_is_on())
		return error_set(e, ERROR_BUG, "modules of tokens are not for "
		    "this process");
	return k->module != NULL ? 0 : token_module_load(&k->module, k->path,
	    e);
}

int
token_key_load_module(struct token_key *k, struct error *e)
{
	int	 rc;

	pthread_mutex_lock(&k->opening);
	rc = load_module(k, e);
	pthread_mutex_unlock(&k->opening);
	return rc == 0 ? 0 : error_wrap(e, "%s", k->name);
}

static int
open_session(struct token_key *k, CK_SESSION_HANDLE *session, bool write,
    struct error *e)
{
	CK_TOKEN_INFO	 info;
	CK_RV		 rv;

	if (token_slot_find(k, &k->slot, &info, e) == -1)
		return -1;
	rv = k->module->f->C_OpenSession(k->slot, CKF_SERIAL_SESSION |
	    (write ? CKF_RW_SESSION : 0), NULL, NULL, session);
	if (rv != CKR_OK)
		return token_error(e, rv, "open token %s", k->label);
	if (token_login(k, *session, &info, e) == 0)
		return 0;
	k->module->f->C_CloseSession(*session);
	return -1;
}

/* Later it may be another key that answers to the same name. */
static int
take_key(struct token_key *k, CK_SESSION_HANDLE session, struct error *e)
{
	EVP_PKEY	*pub = NULL;

	if (token_object_key(k, session, &k->object, e) == -1 ||
	    token_object_public(k, session, k->object, &pub, e) == -1)
		return -1;
	if (k->pub != NULL && EVP_PKEY_eq(k->pub, pub) != 1) {
		EVP_PKEY_free(pub);
		return error_set(e, ERROR_CONFIG, "token %s has another key "
		    "under this name than before", k->label);
	}
	if (k->pub == NULL)
		k->pub = pub;
	else
		EVP_PKEY_free(pub);
	return 0;
}

static int
connect_once(struct token_key *k, uint64_t *generation, struct error *e)
{
	CK_SESSION_HANDLE	 session;
	int			 rc = -1;

	pthread_rwlock_rdlock(&k->module->lock);
	pthread_mutex_lock(&k->lock);
	*generation = k->module->generation;
	drop(k);
	if (open_session(k, &session, false, e) == -1)
		goto out;
	if (take_key(k, session, e) == -1) {
		k->module->f->C_CloseSession(session);
		goto out;
	}
	k->idle[k->nidle++] = session;
	k->generation = *generation;
	k->connection++;
	k->live = true;
	rc = 0;
 out:
	pthread_mutex_unlock(&k->lock);
	pthread_rwlock_unlock(&k->module->lock);
	return rc;
}

/* The session answers; a module that was begun anew does not know it. */
static bool
is_alive(struct token_key *k)
{
	CK_SESSION_INFO	 info;
	CK_TOKEN_INFO	 token;
	bool		 alive;

	pthread_rwlock_rdlock(&k->module->lock);
	pthread_mutex_lock(&k->lock);
	alive = k->live && k->generation == k->module->generation &&
	    k->module->f->C_GetTokenInfo(k->slot, &token) == CKR_OK &&
	    (k->nidle == 0 || k->module->f->C_GetSessionInfo(k->idle[0],
	    &info) == CKR_OK);
	pthread_mutex_unlock(&k->lock);
	pthread_rwlock_unlock(&k->module->lock);
	return alive;
}

int
token_key_open(struct token_key *k, struct error *e)
{
	uint64_t	 generation;
	int		 rc = 0;

	if (token_apart_is_on())
		return token_apart_open(k, e);
	pthread_mutex_lock(&k->opening);
	if (load_module(k, e) == -1)
		rc = -1;
	else if (!is_alive(k) && (rc = connect_once(k, &generation, e)) == -1 &&
	    (e->code == ERROR_UPSTREAM ||
	    (e->code == ERROR_NOTFOUND && k->pub != NULL))) {
		struct error	 first = *e;

		/* Many modules see a token again only when begun anew. */
		error_clear(e);
		if ((rc = token_module_restart(k->module, generation, e)) ==
		    0 && (rc = connect_once(k, &generation, e)) == -1 &&
		    e->code == ERROR_NONE)
			*e = first;
	}
	pthread_mutex_unlock(&k->opening);
	return rc == 0 ? 0 : error_wrap(e, "%s", k->name);
}

int
token_key_generate(struct token_key *k, const char *alg, struct error *e)
{
	CK_SESSION_HANDLE	 session;
	int			 rc = -1;

	if (load_module(k, e) == -1)
		return error_wrap(e, "%s", k->name);
	pthread_rwlock_rdlock(&k->module->lock);
	pthread_mutex_lock(&k->lock);
	if (open_session(k, &session, true, e) == 0) {
		rc = token_generate(k, session, alg, e);
		k->module->f->C_CloseSession(session);
	}
	pthread_mutex_unlock(&k->lock);
	pthread_rwlock_unlock(&k->module->lock);
	if (rc == -1)
		return error_wrap(e, "%s", k->name);
	return token_key_open(k, e);
}

int
token_key_cert(struct token_key *k, X509 **cert, struct error *e)
{
	int	 rc;

	*cert = NULL;
	if (token_key_load_module(k, e) == -1 || token_key_open(k, e) == -1)
		return -1;
	pthread_rwlock_rdlock(&k->module->lock);
	pthread_mutex_lock(&k->lock);
	rc = k->nidle == 0 ? error_set(e, ERROR_UPSTREAM, "token %s is away",
	    k->label) : token_object_cert(k, k->idle[0], cert, e);
	pthread_mutex_unlock(&k->lock);
	pthread_rwlock_unlock(&k->module->lock);
	return rc == 0 ? 0 : error_wrap(e, "%s", k->name);
}

int
token_key_pkey(struct token_key *k, EVP_PKEY **out, struct error *e)
{
	*out = NULL;
	if (k->pub == NULL)
		return error_set(e, ERROR_BUG, "%s was never open", k->name);
	return token_provider_pkey(k, out, e);
}

/* ---- using it ---- */

/* A session of the present connection: idle or new. */
static CK_RV
session_take(struct token_key *k, CK_SESSION_HANDLE *session)
{
	if (k->nidle > 0) {
		*session = k->idle[--k->nidle];
		return CKR_OK;
	}
	return k->module->f->C_OpenSession(k->slot, CKF_SERIAL_SESSION, NULL,
	    NULL, session);
}

static void
session_give(struct token_key *k, CK_SESSION_HANDLE session, CK_RV rv,
    uint64_t connection)
{
	if (k->connection != connection || rv != CKR_OK ||
	    k->nidle == TOKEN_SESSIONS)
		k->module->f->C_CloseSession(session);
	else
		k->idle[k->nidle++] = session;
	if (k->connection == connection && token_rv_is_lost(rv))
		k->live = false;
}

/* One attempt; CKR_SESSION_CLOSED when there is no connection. */
static CK_RV
use_once(struct token_key *k, token_use_fn *fn, void *arg)
{
	CK_SESSION_HANDLE	 session;
	CK_OBJECT_HANDLE	 object;
	uint64_t		 connection;
	CK_RV			 rv = CKR_SESSION_CLOSED;

	pthread_rwlock_rdlock(&k->module->lock);
	pthread_mutex_lock(&k->lock);
	if (k->live && k->generation == k->module->generation)
		rv = session_take(k, &session);
	connection = k->connection;
	object = k->object;
	pthread_mutex_unlock(&k->lock);
	if (rv != CKR_OK)
		goto out;
	rv = fn(k->module->f, session, object, arg);
	pthread_mutex_lock(&k->lock);
	session_give(k, session, rv, connection);
	pthread_mutex_unlock(&k->lock);
 out:
	pthread_rwlock_unlock(&k->module->lock);
	return rv;
}

int
token_use(struct token_key *k, token_use_fn *fn, void *arg, const char *what,
    struct error *e)
{
	CK_RV	 rv;

	if ((rv = use_once(k, fn, arg)) == CKR_OK)
		return 0;
	if (token_rv_is_lost(rv)) {
		if (token_key_open(k, e) == -1)
			return -1;
		if ((rv = use_once(k, fn, arg)) == CKR_OK)
			return 0;
	}
	token_error(e, rv, "%s: %s in token %s", k->name, what, k->label);
	return error_hint(e, "see what the token says: pkcs11-tool --module "
	    "%.70s --login --test", k->module->path);
}

int
token_note(struct token_key *k, int rc, const struct error *e)
{
	pthread_mutex_lock(&k->lock);
	if (rc == 0)
		error_clear(&k->failure);
	else
		k->failure = *e;
	pthread_mutex_unlock(&k->lock);
	return rc;
}

int
token_key_elsewhere(EVP_PKEY **out, EVP_PKEY *pub, token_sign_fn *fn,
    void *arg, struct error *e)
{
	struct token_key	*k = mem_alloc(sizeof(*k));
	int			 rc;

	pthread_mutex_init(&k->lock, NULL);
	pthread_mutex_init(&k->opening, NULL);
	pthread_cond_init(&k->line_free, NULL);
	k->refs = 1;
	k->name = mem_strdup("key that is elsewhere");
	k->by = fn;
	k->by_arg = arg;
	EVP_PKEY_up_ref(pub);
	k->pub = pub;
	rc = token_key_pkey(k, out, e);
	token_key_free(&k);
	return rc;
}

void
token_key_failure(struct token_key *k, struct error *e)
{
	pthread_mutex_lock(&k->lock);
	*e = k->failure;
	pthread_mutex_unlock(&k->lock);
}
