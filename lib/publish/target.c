/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/target.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "os/file.h"
#include "x509/key.h"

#define PEOPLE	"uid={holder},ou=people,{base}"
#define CAS	"cn={ca},ou=PKI,{base}"

static const struct conf_item target_items[] = {
	CONF_STR_REQUIRED(struct publish_target, name,
	    "Name of the directory, as \"signet publish\" shows it."),
	CONF_STR_REQUIRED(struct publish_target, url,
	    "Where it is: ldaps://HOST, ldap://HOST or ldapi://PATH with each "
	    "slash of the path as %2F."),
	CONF_STR_REQUIRED(struct publish_target, base,
	    "Name of the entry below which everything is published."),
	CONF_STR(struct publish_target, people, PEOPLE,
	    "Name of a holder's entry: {holder}, alone in the first part, is "
	    "the holder's id, {base} the setting base."),
	CONF_STR(struct publish_target, cas, CAS,
	    "Name of a CA's entry, with {ca} for the CA's name."),
	CONF_BOOL(struct publish_target, starttls, false,
	    "Switch to TLS after connecting to ldap://."),
	CONF_STR(struct publish_target, tls_ca, NULL,
	    "PEM file of the root that the directory's certificate leads to."),
	CONF_STR(struct publish_target, tls_cert, NULL,
	    "PEM file of the publisher's certificate and what leads to the "
	    "root: it says to the directory who is writing."),
	CONF_STR(struct publish_target, tls_key, NULL,
	    "PEM file of its key."),
	CONF_STR(struct publish_target, tls_passphrase, NULL,
	    "Where the passphrase of tls_key comes from: file:PATH, "
	    "credential:NAME or fd:N; default: the key is not encrypted."),
	CONF_DURATION(struct publish_target, timeout, "10s", 1, 600,
	    "How long to wait for an answer."),
	CONF_NUM(struct publish_target, window, 64, 1, 500,
	    "How many operations are sent before the first is answered."),
	CONF_NUM(struct publish_target, publishers, 4, 1, 16,
	    "How many processes write to it side by side."),
	CONF_DURATION(struct publish_target, retry_max, "10m", 1, 86400,
	    "The longest pause between two tries at one entry."),
	CONF_END
};

static const struct conf_item items[] = {
	CONF_GROUPS(struct publish_conf, targets, target_items,
	    struct publish_target, "The directories to publish to."),
	CONF_STR(struct publish_conf, root_files, NULL,
	    "Directory of what the root has made off line: NAME.crl is the "
	    "list of the root NAME, NAME*.pair is a crossCertificatePair of "
	    "the CA NAME; DER."),
	CONF_END
};

static struct publish_target *
target_at(const struct publish_conf *c, size_t i)
{
	return (struct publish_target *)c->targets.v + i;
}

/* As pattern, with the two words in braces replaced. */
static char *
fill(const char *pattern, const char *base, const char *word,
    const char *value)
{
	struct buf	 b = { 0 };
	size_t		 n = strlen(word);

	while (*pattern != '\0') {
		if (strncmp(pattern, "{base}", 6) == 0) {
			buf_str(&b, base);
			pattern += 6;
		} else if (strncmp(pattern, word, n) == 0) {
			directory_escape(&b, value);
			pattern += n;
		} else {
			buf_byte(&b, (uint8_t)*pattern++);
		}
	}
	buf_byte(&b, '\0');
	return (char *)b.p;
}

static const struct {
	size_t		 offset;
	const char	*setting, *word;
} kinds[] = {
	[PUBLISH_PERSON] = { offsetof(struct publish_target, people),
	    "people", "{holder}" },
	[PUBLISH_CA] = { offsetof(struct publish_target, cas), "cas",
	    "{ca}" },
};

static const char *
pattern_of(const struct publish_target *t, enum publish_kind kind)
{
	return *(char *const *)((const char *)t + kinds[kind].offset);
}

char *
publish_target_name(const struct publish_target *t, enum publish_kind kind,
    const char *key)
{
	return fill(pattern_of(t, kind), t->base, kinds[kind].word, key);
}

/* "uid={holder}," first: type, and where the rest begins. */
static const char *
pattern_split(const struct publish_target *t, enum publish_kind kind,
    char type[32])
{
	const char	*pattern = pattern_of(t, kind);
	const char	*equals = strchr(pattern, '=');
	const char	*word = kinds[kind].word;
	size_t		 n = equals != NULL ? (size_t)(equals - pattern) : 0;

	if (n == 0 || n > 31 || strncmp(equals + 1, word, strlen(word)) != 0 ||
	    equals[1 + strlen(word)] != ',')
		return NULL;
	memcpy(type, pattern, n);
	type[n] = '\0';
	return equals + 2 + strlen(word);
}

const char *
publish_target_below(const struct publish_target *t, enum publish_kind kind,
    struct arena *a)
{
	char		 type[32];
	const char	*rest = pattern_split(t, kind, type);
	char		*s;
	const char	*kept;

	s = fill(rest != NULL ? rest : "{base}", t->base, kinds[kind].word,
	    "");
	kept = arena_strdup(a, s);
	mem_free(&s);
	return kept;
}

const char *
publish_target_key(const struct publish_target *t, enum publish_kind kind,
    const char *dn, struct arena *a)
{
	char		 type[32];
	const char	*rest, *value;

	if (pattern_split(t, kind, type) == NULL)
		return NULL;
	value = directory_rdn(dn, type, &rest, a);
	if (value == NULL ||
	    !directory_same(rest, publish_target_below(t, kind, a)))
		return NULL;
	return value;
}

static int
check_pattern(const struct publish_target *t, enum publish_kind kind,
    struct error *e)
{
	const char	*word = kinds[kind].word;
	char		 type[32], *dn;
	const char	*rest = pattern_split(t, kind, type);
	int		 rc;

	if (rest == NULL || strstr(rest, word) != NULL)
		return error_set(e, ERROR_CONFIG, "%s: must begin with "
		    "TYPE=%s, and have it nowhere else",
		    kinds[kind].setting, word);
	dn = publish_target_name(t, kind, "x");
	rc = directory_check(dn, e);
	mem_free(&dn);
	if (rc == -1) {
		e->code = ERROR_CONFIG;
		return error_wrap(e, "%s", kinds[kind].setting);
	}
	return 0;
}

static int
check_url(const struct publish_target *t, struct error *e)
{
	bool	 ldap = strncmp(t->url, "ldap://", 7) == 0;
	bool	 ldaps = strncmp(t->url, "ldaps://", 8) == 0;

	if (!ldap && !ldaps && strncmp(t->url, "ldapi://", 8) != 0)
		return error_set(e, ERROR_CONFIG, "url: \"%.100s\" is neither "
		    "ldap:// nor ldaps:// nor ldapi://", t->url);
	if (t->starttls && !ldap)
		return error_set(e, ERROR_CONFIG,
		    "starttls: only with ldap://");
	if ((t->tls_cert == NULL) != (t->tls_key == NULL))
		return error_set(e, ERROR_CONFIG,
		    "tls_cert and tls_key belong together");
	if ((ldaps || t->starttls) && t->tls_ca == NULL)
		return error_set(e, ERROR_CONFIG, "tls_ca is not set");
	if (t->tls_cert != NULL && !ldaps && !t->starttls)
		return error_set(e, ERROR_CONFIG,
		    "tls_cert: only with ldaps:// or starttls");
	return 0;
}

static int
check(const struct publish_conf *c, struct error *e)
{
	for (size_t i = 0; i < c->targets.n; i++) {
		const struct publish_target *t = target_at(c, i);

		if (!text_is_name(t->name))
			return error_set(e, ERROR_CONFIG, "target \"%.80s\": "
			    "the name has characters other than letters, "
			    "digits, \".\", \"_\" and \"-\"", t->name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(target_at(c, k)->name, t->name) == 0)
				return error_set(e, ERROR_CONFIG, "target %s: "
				    "there are two of this name", t->name);
		if (check_url(t, e) == -1 || directory_check(t->base, e) == -1 ||
		    check_pattern(t, PUBLISH_PERSON, e) == -1 ||
		    check_pattern(t, PUBLISH_CA, e) == -1) {
			e->code = ERROR_CONFIG;
			return error_wrap(e, "target %s", t->name);
		}
	}
	return 0;
}

static void
make_absolute(char **path, const char *dir)
{
	char	*joined;

	if (*path == NULL || (*path)[0] == '/')
		return;
	joined = file_join(dir, *path);
	mem_free(path);
	*path = joined;
}

/* "file:PATH" */
static void
make_source(char **from, const char *dir)
{
	char	*path;

	if (*from == NULL || strncmp(*from, "file:", 5) != 0)
		return;
	path = mem_strdup(*from + 5);
	make_absolute(&path, dir);
	mem_free(from);
	*from = mem_printf("file:%s", path);
	mem_free(&path);
}

static void
resolve(struct publish_conf *c, const char *path)
{
	const char	*slash = strrchr(path, '/');
	char		*dir = slash == NULL ? mem_strdup(".") :
	    mem_printf("%.*s", slash == path ? 1 : (int)(slash - path), path);

	make_absolute(&c->root_files, dir);
	for (size_t i = 0; i < c->targets.n; i++) {
		struct publish_target *t = target_at(c, i);

		make_absolute(&t->tls_ca, dir);
		make_absolute(&t->tls_cert, dir);
		make_absolute(&t->tls_key, dir);
		make_source(&t->tls_passphrase, dir);
	}
	mem_free(&dir);
}

int
publish_conf_load(struct publish_conf *c, const char *path, struct error *e)
{
	memset(c, 0, sizeof(*c));
	if (conf_load(c, items, path, e) == -1)
		return -1;
	resolve(c, path);
	if (check(c, e) == -1) {
		publish_conf_free(c);
		return error_wrap(e, "%s", path);
	}
	return 0;
}

int
publish_conf_parse(struct publish_conf *c, const char *text,
    const char *name, struct error *e)
{
	memset(c, 0, sizeof(*c));
	if (conf_parse(c, items, text, name, e) == -1)
		return -1;
	if (check(c, e) == -1) {
		publish_conf_free(c);
		return error_wrap(e, "%s", name);
	}
	return 0;
}

void
publish_conf_free(struct publish_conf *c)
{
	conf_free(c, items);
	memset(c, 0, sizeof(*c));
}

int
publish_conf_find(const struct publish_conf *c, const char *name,
    const struct publish_target **out, struct error *e)
{
	struct buf	 known = { 0 };

	*out = NULL;
	for (size_t i = 0; i < c->targets.n; i++) {
		const struct publish_target *t = target_at(c, i);

		if (strcmp(t->name, name) == 0) {
			*out = t;
			buf_clear(&known);
			return 0;
		}
		buf_printf(&known, "%s%s", i > 0 ? ", " : "", t->name);
	}
	error_set(e, ERROR_NOTFOUND, "no directory \"%.80s\"; there is %s",
	    name, c->targets.n > 0 ? buf_cstr(&known) : "none");
	buf_clear(&known);
	return -1;
}

/*
 * TLS libraries read keys from files only.  One that is encrypted is handed
 * over in memory that has a name in /proc as long as *fd is open.
 */
static int
key_file(char path[32], int *fd, const struct publish_target *t,
    struct error *e)
{
	EVP_PKEY	*key = NULL;
	BIO		*bio = NULL;
	char		*pem;
	long		 n;
	int		 rc = -1;

	if (key_load(&key, t->tls_key, t->tls_passphrase, e) == -1)
		return -1;
	if ((bio = BIO_new(BIO_s_secmem())) == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL,
	    NULL) != 1 || (n = BIO_get_mem_data(bio, &pem)) <= 0)
		error_ssl(e, ERROR_CRYPTO, "%s", t->tls_key);
	else if ((*fd = memfd_create("key", MFD_CLOEXEC)) == -1 ||
	    write(*fd, pem, (size_t)n) != n)
		error_sys(e, "%s", t->tls_key);
	else
		rc = snprintf(path, 32, "/proc/self/fd/%d", *fd) > 0 ? 0 : -1;
	BIO_free(bio);
	EVP_PKEY_free(key);
	return rc;
}

int
publish_target_open(struct directory **out, const struct publish_target *t,
    struct error *e)
{
	char			 path[32];
	struct directory_conf	 c = { .url = t->url,
	    .starttls = t->starttls, .tls_ca = t->tls_ca,
	    .tls_cert = t->tls_cert, .tls_key = t->tls_key,
	    .timeout = (int)t->timeout };
	int			 fd = -1, rc = 0;

	if (t->tls_key != NULL && t->tls_passphrase != NULL) {
		rc = key_file(path, &fd, t, e);
		c.tls_key = path;
	}
	if (rc == 0)
		rc = directory_open(out, &c, e);
	if (fd != -1)
		close(fd);
	return rc;
}
