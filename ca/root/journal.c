/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/journal.h"

#include <errno.h>
#include <unistd.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "os/fault.h"
#include "os/file.h"

#define MAGIC	"signet-root journal 1\n"
#define HEX	(2 * 32)

static struct journal_change *
journal_change(struct journal *j, const char *name)
{
	struct journal_change	*c;
	size_t			 k;

	for (k = 0; k < j->n; k++)
		if (strcmp(j->v[k].name, name) == 0) {
			j->v[k].data.len = 0;
			return &j->v[k];
		}
	j->v = mem_resize(j->v, j->n + 1, sizeof(*j->v));
	c = &j->v[j->n++];
	memset(c, 0, sizeof(*c));
	c->name = mem_strdup(name);
	return c;
}

void
journal_put(struct journal *j, const char *name, mode_t mode,
    struct bytes data)
{
	struct journal_change	*c = journal_change(j, name);

	c->mode = mode;
	c->remove = false;
	buf_add(&c->data, data.p, data.len);
}

void
journal_remove(struct journal *j, const char *name)
{
	journal_change(j, name)->remove = true;
}

void
journal_clear(struct journal *j)
{
	size_t	 k;

	for (k = 0; k < j->n; k++) {
		mem_free(&j->v[k].name);
		buf_clear(&j->v[k].data);
	}
	mem_free(&j->v);
	j->n = 0;
}

static int
journal_digest(char hex[HEX + 1], struct bytes text, struct error *e)
{
	uint8_t	 md[32];

	if (EVP_Digest(text.p, text.len, md, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest the journal");
	text_hex(hex, md, sizeof(md));
	return 0;
}

int
journal_store(const struct journal *j, const char *dir, struct error *e)
{
	const struct journal_change	*c;
	struct buf			 out = { 0 };
	char				 hex[HEX + 1], *path;
	size_t				 k;
	int				 rc = -1;

	path = file_join(dir, "journal");
	buf_str(&out, MAGIC);
	for (k = 0; k < j->n; k++) {
		c = &j->v[k];
		if (c->remove) {
			buf_printf(&out, "remove %s\n", c->name);
			continue;
		}
		buf_printf(&out, "put %o %zu %s\n", (unsigned int)c->mode,
		    c->data.len, c->name);
		buf_add(&out, c->data.p, c->data.len);
		buf_byte(&out, '\n');
	}
	if (journal_digest(hex, BYTES(out.p, out.len), e) == -1)
		goto out;
	buf_str(&out, hex);
	rc = file_store(path, out.p, out.len, 0600, e);
 out:
	mem_free(&path);
	buf_clear(&out);
	return rc;
}

static int
journal_bad(struct error *e)
{
	error_set(e, ERROR_CONFIG, "the journal is damaged");
	return error_hint(e, "restore the directory from the last copy");
}

/* Names come from us, but a file is a file. */
static bool
journal_name_ok(const char *name)
{
	return name[0] != '\0' && name[0] != '/' &&
	    strstr(name, "..") == NULL;
}

static int
put_parse(struct journal *j, char *words, struct bytes *in, struct error *e)
{
	unsigned int	 mode;
	size_t		 len;
	int		 used = 0;

	if (sscanf(words, "put %o %zu %n", &mode, &len, &used) != 2 ||
	    used == 0 || !journal_name_ok(words + used) || len >= in->len ||
	    in->p[len] != '\n')
		return journal_bad(e);
	journal_put(j, words + used, (mode_t)mode, BYTES(in->p, len));
	in->p += len + 1;
	in->len -= len + 1;
	return 0;
}

static int
changes_parse(struct journal *j, struct bytes in, struct error *e)
{
	const uint8_t	*nl;
	char		 line[512];
	size_t		 n;

	while (in.len > 0) {
		if ((nl = memchr(in.p, '\n', in.len)) == NULL ||
		    (n = (size_t)(nl - in.p)) >= sizeof(line))
			return journal_bad(e);
		memcpy(line, in.p, n);
		line[n] = '\0';
		in.p += n + 1;
		in.len -= n + 1;
		if (strncmp(line, "remove ", 7) == 0 &&
		    journal_name_ok(line + 7))
			journal_remove(j, line + 7);
		else if (put_parse(j, line, &in, e) == -1)
			return -1;
	}
	return 0;
}

static int
journal_parse(struct journal *j, struct bytes in, struct error *e)
{
	const size_t	 magic = strlen(MAGIC);
	char		 hex[HEX + 1];

	if (in.len < magic + HEX || memcmp(in.p, MAGIC, magic) != 0)
		return journal_bad(e);
	in.len -= HEX;
	if (journal_digest(hex, in, e) == -1)
		return -1;
	if (memcmp(hex, in.p + in.len, HEX) != 0)
		return journal_bad(e);
	return changes_parse(j, BYTES(in.p + magic, in.len - magic), e);
}

static int
change_make(const struct journal_change *c, const char *dir,
    struct error *e)
{
	char	*path = file_join(dir, c->name), *slash;
	int	 rc = -1;

	if (c->remove) {
		rc = unlink(path) == 0 || errno == ENOENT ? 0 :
		    error_sys(e, "remove %s", path);
		goto out;
	}
	slash = strrchr(path, '/');
	*slash = '\0';
	if (file_mkdir(path, 0700, e) == -1)
		goto out;
	*slash = '/';
	rc = file_store(path, c->data.p, c->data.len, c->mode, e);
 out:
	mem_free(&path);
	return rc;
}

int
journal_apply(const char *dir, struct error *e)
{
	struct journal	 j = { 0 };
	struct buf	 text = { 0 };
	char		*path = file_join(dir, "journal");
	size_t		 k;
	int		 rc = -1;

	if (!file_exists(path)) {
		rc = 0;
		goto out;
	}
	if (file_load(&text, path, JOURNAL_MAX, e) == -1 ||
	    journal_parse(&j, BYTES(text.p, text.len), e) == -1)
		goto out;
	for (k = 0; k < j.n; k++) {
		if (change_make(&j.v[k], dir, e) == -1)
			goto out;
		FAULT("root-change");
	}
	FAULT("root-applied");
	if (unlink(path) == -1)
		error_sys(e, "remove %s", path);
	else
		rc = 1;
 out:
	journal_clear(&j);
	buf_clear(&text);
	mem_free(&path);
	return rc;
}
