/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/protect.h"

#include "base/split.h"
#include "base/text.h"
#include "ca/root/root_token.h"
#include "ca/root/share.h"
#include "x509/token.h"

#define RANDOM_SIZE	32
#define TRIES		3

static const struct ceremony_custodian *
custodian(const struct ceremony *c, size_t k)
{
	return (const struct ceremony_custodian *)c->custodians.v + k;
}

static int
check_names(const struct ceremony *c, struct error *e)
{
	size_t	 i, k;

	for (i = 0; i < c->custodians.n; i++) {
		if (!text_is_name(custodian(c, i)->name))
			return error_set(e, ERROR_CONFIG, "custodian \"%s\": "
			    "not a name of letters, digits, \".\", \"-\" and "
			    "\"_\"", custodian(c, i)->name);
		for (k = 0; k < i; k++)
			if (strcmp(custodian(c, i)->name,
			    custodian(c, k)->name) == 0)
				return error_set(e, ERROR_CONFIG,
				    "custodian \"%s\" is there twice",
				    custodian(c, i)->name);
	}
	return 0;
}

int
protect_check(const struct ceremony *c, struct error *e)
{
	size_t	 n = c->custodians.n;

	if (token_is_uri(c->key))
		return root_token_check(c, e);
	if (c->algorithm != NULL || c->existing_key != NULL) {
		error_set(e, ERROR_CONFIG, "%s is for a key in a token",
		    c->algorithm != NULL ? "algorithm" : "existing_key");
		return error_hint(e, "key = \"rsa:4096\" names the kind of a "
		    "key in a file, key = \"pkcs11:...\" one in a token");
	}
	if (n == 0 && c->threshold != 0)
		return error_set(e, ERROR_CONFIG, "threshold is %lld, but "
		    "there are no custodians", (long long)c->threshold);
	if (n == 0)
		return 0;
	if (c->passphrase != NULL)
		return error_set(e, ERROR_CONFIG, "both custodians and one "
		    "passphrase: choose one");
	if (n > SPLIT_MAX || c->threshold < 2 || c->threshold > (int64_t)n) {
		error_set(e, ERROR_CONFIG, "threshold %lld does not fit %zu "
		    "custodians", (long long)c->threshold, n);
		return error_hint(e, "threshold is at least 2 and at most the "
		    "number of custodians");
	}
	return check_names(c, e);
}

/* The SOURCE of an option OPTION NAME=SOURCE, or NULL. */
static const char *
source_given(const struct cmd_args *args, const char *option,
    const char *name)
{
	const char *const	*v;
	size_t			 i, n = strlen(name);

	for (i = cmd_many(args, option, &v); i > 0; i--)
		if (strncmp(v[i - 1], name, n) == 0 && v[i - 1][n] == '=')
			return v[i - 1] + n + 1;
	return NULL;
}

static int
fetch_new(struct secret *pass, const char *source, const char *who,
    struct error *e)
{
	char	 prompt[128];

	snprintf(prompt, sizeof(prompt), "New passphrase of %s", who);
	if (secret_fetch_new(pass, source, prompt, e) == -1)
		return -1;
	if (pass->len >= PASSPHRASE_MIN)
		return 0;
	secret_free(pass);
	return error_set(e, ERROR_DENIED, "the passphrase of %s is shorter "
	    "than %d characters", who, PASSPHRASE_MIN);
}

static int
new_share(struct session *s, const struct share *share, size_t k,
    const char *hex, struct error *e)
{
	const struct ceremony_custodian	*c = custodian(&s->c, k);
	struct secret			 pass = { NULL, 0 };
	struct buf			 text = { 0 };
	const char			*source;
	char				*name = NULL, key[32];
	int				 rc = -1;

	source = strcmp(s->verb, "init") == 0 ?
	    source_given(s->args, "custodian", c->name) : NULL;
	if (source == NULL)
		source = c->passphrase;
	if (fetch_new(&pass, source, c->name, e) == -1 || share_seal(&text, share, hex, c->name,
	    s->c.custodians.n, &pass, s->rng, e) == -1)
		goto out;
	name = mem_printf("shares/%s.share", c->name);
	session_put(s, name, 0600, BYTES(text.p, text.len));
	session_confirmed(s, c->name);
	session_note(s, "share %d of %zu: %s", share->number,
	    s->c.custodians.n, name);
	snprintf(key, sizeof(key), "custodian.%zu", k + 1);
	audit_str(&s->end, key, c->name);
	rc = 0;
 out:
	secret_free(&pass);
	mem_free(&name);
	buf_clear(&text);
	return rc;
}

static int
new_shares(struct session *s, const struct secret *whole, const char *hex,
    struct error *e)
{
	struct share	 share[SPLIT_MAX];
	size_t		 k, n = s->c.custodians.n;
	int		 rc = 0;

	if (split_make(share, n, (size_t)s->c.threshold, whole, s->rng, e) ==
	    -1)
		return -1;
	session_step(s, "The key is kept by %zu custodians, any %lld of whom "
	    "can use it", n, (long long)s->c.threshold);
	audit_num(&s->end, "threshold", s->c.threshold);
	for (k = 0; k < n && rc == 0; k++)
		rc = new_share(s, &share[k], k, hex, e);
	for (k = 0; k < n; k++)
		share_clear(&share[k]);
	return rc;
}

/* The key file's passphrase: the split secret, written in hex. */
static int
passphrase_of(struct secret *pass, const struct secret *whole,
    struct error *e)
{
	if (secret_new(pass, 2 * whole->len, e) == -1)
		return -1;
	text_hex((char *)pass->p, whole->p, whole->len);
	return 0;
}

static int
new_passphrase(struct session *s, struct secret *pass, const char *hex,
    struct error *e)
{
	struct secret	 whole = { NULL, 0 };
	int		 rc = -1;

	if (s->c.custodians.n == 0) {
		if (session_check_somebody(s, e) == -1)
			return -1;
		session_step(s, "The key is kept under one passphrase");
		return fetch_new(pass, s->c.passphrase != NULL ?
		    s->c.passphrase : "prompt", "the root key", e);
	}
	if (secret_new(&whole, RANDOM_SIZE, e) == 0 &&
	    rng_fill(s->rng, whole.p, whole.len, e) == 0 &&
	    new_shares(s, &whole, hex, e) == 0)
		rc = passphrase_of(pass, &whole, e);
	secret_free(&whole);
	return rc;
}

int
protect_new(struct session *s, EVP_PKEY *key, const char *hex,
    struct error *e)
{
	struct secret	 pass = { NULL, 0 };
	struct buf	 pem = { 0 };
	int		 rc = -1;

	if (token_key_of(key) != NULL)
		return 0;
	if (new_passphrase(s, &pass, hex, e) == -1 ||
	    key_encode(&pem, key, &pass, e) == -1)
		goto out;
	session_put(s, "root.key", 0600, BYTES(pem.p, pem.len));
	rc = 0;
 out:
	secret_free(&pass);
	buf_clear(&pem);
	return rc;
}

/*
 * Unlocking.
 */
struct unlock {
	struct session			*s;
	const struct generation		*g;
	const struct transcript_entry	*made;	/* "end" that made it */
	int64_t				 threshold;	/* 0: one passphrase */
	struct share			 share[SPLIT_MAX];
	size_t				 n;
};

static int
find_made(struct unlock *u, struct error *e)
{
	char		*value;
	int64_t		 n;

	u->made = transcript_made(&u->s->root->transcript, u->g->number);
	if (u->made == NULL)
		return error_set(e, ERROR_CONFIG, "the transcript does not "
		    "say how the key of generation %lld is kept",
		    (long long)u->g->number);
	if ((value = transcript_value(u->made, "threshold")) == NULL)
		return 0;
	n = text_parse_number(&u->threshold, value, 2, SPLIT_MAX, e);
	mem_free(&value);
	return (int)n;
}

static int
load_share(struct unlock *u, struct share_file *f, const char *who,
    struct error *e)
{
	struct buf	 text = { 0 };
	char		*prefix, *name;
	int		 rc = -1;

	prefix = root_prefix(u->s->root, u->g);
	name = mem_printf("%sshares/%s.share", prefix, who);
	if (root_load(u->s->root, name, &text, e) == -1) {
		error_hint(e, "put the share of %s there, or ask another "
		    "custodian", who);
		goto out;
	}
	if (share_parse(f, BYTES(text.p, text.len), e) == -1)
		goto out;
	if (strcmp(f->root, u->g->hex) != 0) {
		error_set(e, ERROR_DENIED, "it is a share of another root "
		    "(%.16s..., this one is %.16s...)", f->root, u->g->hex);
		error_hint(e, "bring the share that %s got when this key was "
		    "made", who);
	} else if (strcmp(f->custodian, who) != 0 ||
	    f->threshold != u->threshold)
		error_set(e, ERROR_DENIED, "it is the share of %s",
		    f->custodian);
	else
		rc = 0;
 out:
	if (rc == -1) {
		error_wrap(e, "%s", name);
		share_file_clear(f);
	}
	buf_clear(&text);
	mem_free(&name);
	mem_free(&prefix);
	return rc;
}

/* One custodian's share.  At a prompt there are three tries. */
static int
unlock_share(struct unlock *u, const char *who, const char *source,
    struct error *e)
{
	struct share_file	 f = { 0 };
	struct secret		 pass = { NULL, 0 };
	char			 prompt[128];
	int			 left, rc = -1;

	if (load_share(u, &f, who, e) == -1)
		return -1;
	snprintf(prompt, sizeof(prompt), "Passphrase of %s", who);
	left = strcmp(source, "prompt") == 0 ? TRIES : 1;
	for (; left > 0 && rc == -1; left--) {
		error_clear(e);
		if (secret_fetch(&pass, source, prompt, e) == -1)
			break;
		rc = share_unseal(&u->share[u->n], &f, &pass, e);
		secret_free(&pass);
		if (rc == -1 && left > 1)
			session_note(u->s, "%s", e->text);
	}
	if (rc == 0) {
		u->n++;
		session_confirmed(u->s, who);
		session_note(u->s, "%s confirms", who);
	} else
		error_wrap(e, "custodian %s", who);
	share_file_clear(&f);
	return rc;
}

static const char *
source_of(const struct unlock *u, const char *who)
{
	const struct ceremony	*c = &u->s->c;
	const char		*source;
	size_t			 k;

	if ((source = source_given(u->s->args, "custodian", who)) != NULL)
		return source;
	if (strcmp(u->s->verb, "roll") == 0)	/* those are the new ones */
		return NULL;
	for (k = 0; k < c->custodians.n; k++)
		if (strcmp(custodian(c, k)->name, who) == 0)
			return custodian(c, k)->passphrase;
	return NULL;
}

/* Every name on the command line must be one of the custodians. */
static int
check_given(struct unlock *u, struct error *e)
{
	const char *const	*v;
	size_t			 i;
	char			*who;
	bool			 found;
	int			 k;

	for (i = cmd_many(u->s->args, "custodian", &v); i > 0; i--) {
		found = false;
		for (k = 1; !found && (who = transcript_nth(u->made,
		    "custodian", k)) != NULL; k++) {
			size_t	 n = strlen(who);

			found = strncmp(v[i - 1], who, n) == 0 &&
			    (v[i - 1][n] == '=' || v[i - 1][n] == '\0');
			mem_free(&who);
		}
		if (!found) {
			error_set(e, ERROR_INPUT, "--custodian %.*s: no "
			    "custodian of this key has that name",
			    (int)strcspn(v[i - 1], "="), v[i - 1]);
			return error_hint(e, "signet-root show lists them");
		}
	}
	return 0;
}

static int
unlock_given(struct unlock *u, bool *any, struct error *e)
{
	const char	*source;
	char		*who;
	int		 k, rc = 0;

	*any = false;
	for (k = 1; rc == 0 && (who = transcript_nth(u->made, "custodian",
	    k)) != NULL; k++) {
		if ((source = source_of(u, who)) != NULL) {
			*any = true;
			rc = unlock_share(u, who, source, e);
		}
		mem_free(&who);
	}
	return rc;
}

/* What did not unlock at the terminal: go on with the next, or give up. */
static int
unlock_next(struct unlock *u, const char *who, struct error *e)
{
	const char	*end = strrchr(e->text, ':');

	if (e->code == ERROR_INPUT && end != NULL &&
	    strcmp(end, ": cancelled") == 0)
		return -1;
	if (e->code == ERROR_INPUT)
		session_note(u->s, "%s is not here", who);
	else if (e->code == ERROR_DENIED || e->code == ERROR_NOTFOUND)
		session_note(u->s, "%s", e->text);
	else
		return -1;
	error_clear(e);
	return 0;
}

/* One after the other at the terminal; who only presses Enter is not here. */
static int
unlock_asking(struct unlock *u, struct error *e)
{
	char	*who;
	int	 k, rc = 0;

	session_note(u->s, "Enter alone means: not here");
	for (k = 1; rc == 0 && (int64_t)u->n < u->threshold &&
	    (who = transcript_nth(u->made, "custodian", k)) != NULL; k++) {
		if (unlock_share(u, who, "prompt", e) == -1)
			rc = unlock_next(u, who, e);
		mem_free(&who);
	}
	return rc;
}

static int
unlock_split(struct unlock *u, struct secret *pass, struct error *e)
{
	struct secret	 whole = { NULL, 0 };
	bool		 any;
	int		 rc = -1;

	session_step(u->s, "%lld custodians unlock the key",
	    (long long)u->threshold);
	if (check_given(u, e) == -1 || unlock_given(u, &any, e) == -1 ||
	    (!any && unlock_asking(u, e) == -1))
		return -1;
	if ((int64_t)u->n < u->threshold) {
		error_set(e, ERROR_DENIED, "%lld custodians are needed, "
		    "%zu unlocked a share", (long long)u->threshold, u->n);
		return error_hint(e, "name one more with --custodian "
		    "NAME=SOURCE");
	}
	if (split_join(&whole, u->share, u->n, e) == 0)
		rc = passphrase_of(pass, &whole, e);
	secret_free(&whole);
	return rc;
}

static int
unlock_whole(struct unlock *u, struct secret *pass, struct error *e)
{
	const char	*source = cmd_string(u->s->args, "passphrase", NULL);

	if (session_check_somebody(u->s, e) == -1)
		return -1;
	if (source == NULL && strcmp(u->s->verb, "roll") != 0)
		source = u->s->c.passphrase;
	session_step(u->s, "The passphrase unlocks the key");
	return secret_fetch(pass, source != NULL ? source : "prompt",
	    "Passphrase of the root key", e);
}

static int
unlock_key(struct unlock *u, const struct secret *pass, EVP_PKEY **key,
    struct error *e)
{
	struct buf	 pem = { 0 };
	char		*prefix, *name;
	int		 rc = -1;

	prefix = root_prefix(u->s->root, u->g);
	name = mem_printf("%sroot.key", prefix);
	if (root_load(u->s->root, name, &pem, e) == -1)
		goto out;
	if (key_decode(key, BYTES(pem.p, pem.len), pass, e) == -1) {
		error_wrap(e, "%s", name);
		goto out;
	}
	if (!key_matches(u->g->cert, *key)) {
		EVP_PKEY_free(*key);
		*key = NULL;
		error_set(e, ERROR_CONFIG, "%s is not the key of the root's "
		    "certificate", name);
	} else
		rc = 0;
 out:
	buf_clear(&pem);
	mem_free(&name);
	mem_free(&prefix);
	return rc;
}

int
protect_unlock(struct session *s, const struct generation *g,
    EVP_PKEY **key, struct error *e)
{
	struct unlock	*u = mem_alloc(sizeof(*u));
	struct secret	 pass = { NULL, 0 };
	int		 rc = -1;

	*key = NULL;
	u->s = s;
	u->g = g;
	if (g->retired) {
		error_set(e, ERROR_DENIED, "the key of generation %lld was "
		    "retired", (long long)g->number);
		goto out;
	}
	if (find_made(u, e) == -1)
		goto out;
	if (root_token_has(s->root, g->number)) {
		if (check_given(u, e) == 0)
			rc = root_token_unlock(s, g, key, e);
		goto out;
	}
	if ((u->threshold > 0 ? unlock_split(u, &pass, e) :
	    unlock_whole(u, &pass, e)) == 0)
		rc = unlock_key(u, &pass, key, e);
 out:
	while (u->n > 0)
		share_clear(&u->share[--u->n]);
	secret_free(&pass);
	mem_free(&u);
	return rc;
}
