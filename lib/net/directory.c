/* SPDX-License-Identifier: Apache-2.0 */
#include "net/directory.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <ldap.h>
#include <strings.h>

#include "net/directory_private.h"

/* Schema, syntax and naming: what RFC 4511, appendix A.2 calls the attribute
 * and name problems. */
static bool
directory_is_wrong(int rc)
{
	switch (rc) {
	case LDAP_UNDEFINED_TYPE:
	case LDAP_INAPPROPRIATE_MATCHING:
	case LDAP_CONSTRAINT_VIOLATION:
	case LDAP_INVALID_SYNTAX:
	case LDAP_INVALID_DN_SYNTAX:
	case LDAP_NAMING_VIOLATION:
	case LDAP_OBJECT_CLASS_VIOLATION:
	case LDAP_NOT_ALLOWED_ON_RDN:
	case LDAP_NO_OBJECT_CLASS_MODS:
	case LDAP_PROTOCOL_ERROR:
		return true;
	default:
		return false;
	}
}

static enum error_code
code_of(int rc)
{
	switch (rc) {
	case LDAP_NO_SUCH_OBJECT:
		return ERROR_NOTFOUND;
	case LDAP_ALREADY_EXISTS:
	case LDAP_TYPE_OR_VALUE_EXISTS:
		return ERROR_CONFLICT;
	case LDAP_INSUFFICIENT_ACCESS:
	case LDAP_STRONG_AUTH_REQUIRED:
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INAPPROPRIATE_AUTH:
	case LDAP_AUTH_METHOD_NOT_SUPPORTED:
	case LDAP_AUTH_UNKNOWN:
		return ERROR_DENIED;
	case LDAP_BUSY:
		return ERROR_RETRY;
	case LDAP_PARAM_ERROR:
	case LDAP_FILTER_ERROR:
		return ERROR_CONFIG;
	default:
		return directory_is_wrong(rc) ? ERROR_INPUT : ERROR_UPSTREAM;
	}
}

int
error_ldap(struct error *e, int rc, const char *said, const char *what)
{
	enum error_code	 code = code_of(rc);

	if (said != NULL && said[0] != '\0')
		return error_set(e, code, "%s: %s (%d: %.200s)", what,
		    ldap_err2string(rc), rc, said);
	return error_set(e, code, "%s: %s (%d)", what, ldap_err2string(rc),
	    rc);
}

/* An error that libldap met itself, with what it remembers of it. */
static int
error_handle(struct error *e, LDAP *ld, int rc, const char *what)
{
	char	*said = NULL;

	if (ld != NULL)
		(void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	error_ldap(e, rc, said, what);
	ldap_memfree(said);
	return -1;
}

static int
set_options(LDAP *ld, const struct directory_conf *c, struct error *e)
{
	const int	 version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND;
	const int	 tls12 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
	const struct timeval tv = { c->timeout, 0 };
	const struct {
		int		 option;
		const void	*value;
	} set[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, &version },
		{ LDAP_OPT_REFERRALS, LDAP_OPT_OFF },
		{ LDAP_OPT_NETWORK_TIMEOUT, &tv },
		{ LDAP_OPT_TIMEOUT, &tv },
		{ LDAP_OPT_X_TLS_CACERTFILE, c->tls_ca },
		{ LDAP_OPT_X_TLS_CERTFILE, c->tls_cert },
		{ LDAP_OPT_X_TLS_KEYFILE, c->tls_key },
		{ LDAP_OPT_X_TLS_REQUIRE_CERT, &demand },
		{ LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls12 },
		{ LDAP_OPT_X_TLS_NEWCTX, &client },
	};
	bool		 tls = c->starttls || strncmp(c->url, "ldaps:", 6) == 0;
	int		 rc;

	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		if (set[i].value == NULL && set[i].option != LDAP_OPT_REFERRALS)
			continue;
		if (!tls && set[i].option >= LDAP_OPT_X_TLS_CACERTFILE)
			continue;
		rc = ldap_set_option(ld, set[i].option, set[i].value);
		if (rc == LDAP_SUCCESS)
			continue;
		if (set[i].option >= LDAP_OPT_X_TLS_CACERTFILE)
			return error_set(e, ERROR_CONFIG, "TLS files %s, %s, "
			    "%s cannot be used", c->tls_ca != NULL ?
			    c->tls_ca : "-", c->tls_cert != NULL ?
			    c->tls_cert : "-", c->tls_key != NULL ?
			    c->tls_key : "-");
		return error_ldap(e, rc, NULL, "set up");
	}
	return 0;
}

/* A peer that stops in the middle of a message must not stop us. */
static void
set_socket_times(LDAP *ld, int timeout)
{
	const struct timeval	 tv = { timeout, 0 };
	int			 fd = -1;

	if (ldap_get_option(ld, LDAP_OPT_DESC, &fd) != LDAP_OPT_SUCCESS ||
	    fd == -1)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static int
bind_external(LDAP *ld, struct error *e)
{
	char		 empty[1] = "";
	struct berval	 none = { 0, empty };	/* present, and empty */
	int		 rc;

	rc = ldap_sasl_bind_s(ld, "", "EXTERNAL", &none, NULL, NULL, NULL);
	if (rc == LDAP_SUCCESS)
		return 0;
	return error_handle(e, ld, rc, "bind with SASL EXTERNAL");
}

int
directory_open(struct directory **out, const struct directory_conf *c,
    struct error *e)
{
	struct directory	*d = mem_alloc(sizeof(*d));
	bool			 local = strncmp(c->url, "ldapi:", 6) == 0;
	int			 rc;

	*out = NULL;
	d->timeout = c->timeout;
	if ((rc = ldap_initialize(&d->ld, c->url)) != LDAP_SUCCESS) {
		error_ldap(e, rc, NULL, "address");
		goto fail;
	}
	if (set_options(d->ld, c, e) == -1)
		goto fail;
	if ((rc = ldap_connect(d->ld)) != LDAP_SUCCESS) {
		error_handle(e, d->ld, rc, "connect");
		goto fail;
	}
	set_socket_times(d->ld, c->timeout);
	if (c->starttls &&
	    (rc = ldap_start_tls_s(d->ld, NULL, NULL)) != LDAP_SUCCESS) {
		error_handle(e, d->ld, rc, "StartTLS");
		goto fail;
	}
	if ((local || c->tls_cert != NULL) && bind_external(d->ld, e) == -1)
		goto fail;
	*out = d;
	return 0;
 fail:
	directory_close(&d);
	return error_wrap(e, "%s", c->url);
}

void
directory_close(struct directory **dp)
{
	struct directory	*d = *dp;

	if (d == NULL)
		return;
	if (d->ld != NULL)
		(void)ldap_unbind_ext(d->ld, NULL, NULL);
	ldap_controls_free(d->controls);
	ber_memfree(d->cookie.bv_val);
	mem_free(&d->op);
	mem_free(dp);
}

size_t
directory_pending(const struct directory *d)
{
	return d->nops;
}

static int
sent(struct directory *d, size_t tag, int msgid, int rc, struct error *e)
{
	if (rc != LDAP_SUCCESS)
		return error_handle(e, d->ld, rc, "send");
	if (d->nops == d->room) {
		d->room = d->room * 2 + 64;
		d->op = mem_resize(d->op, d->room, sizeof(*d->op));
	}
	d->op[d->nops++] = (struct directory_op){ msgid, tag };
	return 0;
}

int
directory_search_ctrl(struct directory *d, size_t tag, const char *base,
    enum directory_scope scope, const char *filter, const char *const *attrs,
    LDAPControl **ctrl, struct error *e)
{
	struct timeval	 tv = { d->timeout, 0 };
	char		**names = NULL;
	size_t		 n = 0;
	int		 msgid = -1, rc;

	while (attrs != NULL && attrs[n] != NULL)
		n++;
	if (n > 0) {
		/* libldap wants to own them, and does not change them. */
		names = mem_array(n + 1, sizeof(*names));
		for (size_t i = 0; i < n; i++)
			names[i] = mem_strdup(attrs[i]);
	}
	rc = ldap_search_ext(d->ld, base, scope == DIRECTORY_BASE ?
	    LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE, filter, names, 0, ctrl,
	    NULL, &tv, LDAP_NO_LIMIT, &msgid);
	for (size_t i = 0; i < n; i++)
		mem_free(&names[i]);
	mem_free(&names);
	return sent(d, tag, msgid, rc, e);
}

int
directory_search(struct directory *d, size_t tag, const char *base,
    enum directory_scope scope, const char *filter, const char *const *attrs,
    struct error *e)
{
	return directory_search_ctrl(d, tag, base, scope, filter, attrs, NULL,
	    e);
}

/* As libldap wants it, in the arena.  It reads values and does not write. */
static LDAPMod **
mods_make(const struct directory_entry *entry, int op, struct arena *a)
{
	LDAPMod		**mods = arena_alloc(a, (entry->nattrs + 1) *
			    sizeof(*mods));
	LDAPMod		*m;
	struct berval	*bv;

	for (size_t i = 0; i < entry->nattrs; i++) {
		const struct directory_attr *at = &entry->attr[i];

		m = mods[i] = arena_alloc(a, sizeof(*m));
		m->mod_op = op | LDAP_MOD_BVALUES;
		m->mod_type = arena_strdup(a, at->name);
		bv = arena_alloc(a, (at->n + 1) * sizeof(*bv));
		m->mod_bvalues = arena_alloc(a, (at->n + 1) *
		    sizeof(*m->mod_bvalues));
		for (size_t k = 0; k < at->n; k++) {
			bv[k].bv_len = at->v[k].len;
			bv[k].bv_val = (char *)(uintptr_t)at->v[k].p;
			m->mod_bvalues[k] = &bv[k];
		}
	}
	return mods;
}

int
directory_add(struct directory *d, size_t tag,
    const struct directory_entry *entry, struct error *e)
{
	struct arena	*a = arena_new();
	int		 msgid = -1, rc;

	rc = ldap_add_ext(d->ld, entry->dn, mods_make(entry, LDAP_MOD_ADD, a),
	    NULL, NULL, &msgid);
	arena_free(&a);
	return sent(d, tag, msgid, rc, e);
}

int
directory_modify(struct directory *d, size_t tag,
    const struct directory_entry *entry, struct error *e)
{
	struct arena	*a = arena_new();
	int		 msgid = -1, rc;

	rc = ldap_modify_ext(d->ld, entry->dn,
	    mods_make(entry, LDAP_MOD_REPLACE, a), NULL, NULL, &msgid);
	arena_free(&a);
	return sent(d, tag, msgid, rc, e);
}

int
directory_delete(struct directory *d, size_t tag, const char *dn,
    struct error *e)
{
	int	 msgid = -1, rc;

	rc = ldap_delete_ext(d->ld, dn, NULL, NULL, &msgid);
	return sent(d, tag, msgid, rc, e);
}

static struct directory_op *
op_find(struct directory *d, int msgid)
{
	for (size_t i = 0; i < d->nops; i++)
		if (d->op[i].msgid == msgid)
			return &d->op[i];
	return NULL;
}

static void
answer_done(struct directory *d, LDAPMessage *m, struct directory_answer *a)
{
	LDAPControl	**ctrl = NULL;
	char		*said = NULL;
	int		 rc = LDAP_OTHER;

	error_clear(&a->error);
	if (ldap_parse_result(d->ld, m, &rc, NULL, &said, NULL, &ctrl, 0) !=
	    LDAP_SUCCESS)
		rc = LDAP_DECODING_ERROR;
	if (rc == LDAP_SUCCESS)
		a->code = DIRECTORY_DONE;
	else if (rc == LDAP_NO_SUCH_OBJECT)
		a->code = DIRECTORY_ABSENT;
	else if (rc == LDAP_ALREADY_EXISTS)
		a->code = DIRECTORY_PRESENT;
	else
		a->code = directory_is_wrong(rc) ? DIRECTORY_WRONG :
		    DIRECTORY_FAILED;
	if (rc != LDAP_SUCCESS)
		error_ldap(&a->error, rc, said, "directory");
	if (d->keep_controls)
		d->controls = ctrl;
	else
		ldap_controls_free(ctrl);
	ldap_memfree(said);
}

static void
attr_fill(LDAP *ld, LDAPMessage *m, const char *name,
    struct directory_attr *at, struct arena *a)
{
	struct berval	**v = ldap_get_values_len(ld, m, name);
	int		 n = ldap_count_values_len(v);

	at->name = arena_strdup(a, name);
	at->n = n > 0 ? (size_t)n : 0;
	at->v = arena_alloc(a, (at->n + 1) * sizeof(*at->v));
	for (size_t i = 0; i < at->n; i++)
		at->v[i] = BYTES(arena_dup(a, v[i]->bv_val, v[i]->bv_len),
		    v[i]->bv_len);
	ldap_value_free_len(v);
}

static void
answer_entry(struct directory *d, LDAPMessage *m, struct directory_answer *an,
    struct arena *a)
{
	struct directory_entry	*entry = &an->entry;
	BerElement		*ber = NULL;
	char			*s;

	an->code = DIRECTORY_ENTRY;
	error_clear(&an->error);
	s = ldap_get_dn(d->ld, m);
	entry->dn = arena_strdup(a, s != NULL ? s : "");
	ldap_memfree(s);
	entry->attr = arena_alloc(a, DIRECTORY_ATTRS_MAX *
	    sizeof(*entry->attr));
	entry->nattrs = 0;
	for (s = ldap_first_attribute(d->ld, m, &ber); s != NULL;
	    s = ldap_next_attribute(d->ld, m, ber)) {
		if (entry->nattrs < DIRECTORY_ATTRS_MAX)
			attr_fill(d->ld, m, s, &entry->attr[entry->nattrs++],
			    a);
		ldap_memfree(s);
	}
	ber_free(ber, 0);
}

/* One message; 1 if it was an answer to one of ours. */
static int
take(struct directory *d, LDAPMessage *m, struct directory_answer *an,
    struct arena *a, struct error *e)
{
	struct directory_op	*op = op_find(d, ldap_msgid(m));

	if (op == NULL)		/* a notice of disconnection, RFC 4511, 4.4 */
		return ldap_msgid(m) != 0 ? 0 : error_set(e, ERROR_UPSTREAM,
		    "the server ends the connection");
	an->tag = op->tag;
	switch (ldap_msgtype(m)) {
	case LDAP_RES_SEARCH_ENTRY:
		answer_entry(d, m, an, a);
		return 1;
	case LDAP_RES_SEARCH_REFERENCE:
	case LDAP_RES_INTERMEDIATE:
		return 0;
	default:
		*op = d->op[--d->nops];
		answer_done(d, m, an);
		return 1;
	}
}

int
directory_next(struct directory *d, struct directory_answer *an,
    struct arena *a, struct error *e)
{
	struct timeval	 tv;
	LDAPMessage	*m = NULL;
	int		 type, rc = 0, got = 0;

	while (d->nops > 0 && got == 0) {
		tv = (struct timeval){ d->timeout, 0 };
		type = ldap_result(d->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &tv, &m);
		if (type == 0)
			return error_set(e, ERROR_UPSTREAM,
			    "directory: no answer within %d s", d->timeout);
		if (type == -1) {
			(void)ldap_get_option(d->ld, LDAP_OPT_RESULT_CODE,
			    &rc);
			return error_handle(e, d->ld, rc, "directory");
		}
		got = take(d, m, an, a, e);
		ldap_msgfree(m);
	}
	return got;
}

const struct directory_attr *
directory_find(const struct directory_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->nattrs; i++)
		if (strcasecmp(entry->attr[i].name, name) == 0)
			return &entry->attr[i];
	return NULL;
}
