/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/crl_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"

#define LINE	48		/* octets in a line of PEM */

struct sink {
	FILE		*f;
	bool		 pem;
	uint8_t		 rest[LINE];	/* of a line that is not full */
	size_t		 nrest;
};

static int
put(struct sink *s, const void *p, size_t len, struct error *e)
{
	return fwrite(p, 1, len, s->f) == len ? 0 :
	    error_sys(e, "write list");
}

/* Lines of 64 characters, the last one as long as it is. */
static int
put_lines(struct sink *s, struct bytes b, struct error *e)
{
	char	*text = text_base64(b.p, b.len);
	size_t	 len = strlen(text), i, n;
	int	 rc = 0;

	for (i = 0; rc == 0 && i < len; i += n) {
		n = len - i < 64 ? len - i : 64;
		if ((rc = put(s, text + i, n, e)) == 0)
			rc = put(s, "\n", 1, e);
	}
	mem_free(&text);
	return rc;
}

static int
put_part(struct sink *s, struct bytes b, struct error *e)
{
	size_t	 n;

	if (!s->pem)
		return put(s, b.p, b.len, e);
	if (s->nrest > 0) {
		n = b.len < LINE - s->nrest ? b.len : LINE - s->nrest;
		memcpy(s->rest + s->nrest, b.p, n);
		s->nrest += n;
		b = BYTES(b.p + n, b.len - n);
		if (s->nrest < LINE)
			return 0;
		s->nrest = 0;
		if (put_lines(s, BYTES(s->rest, LINE), e) == -1)
			return -1;
	}
	n = b.len - b.len % LINE;
	if (n > 0 && put_lines(s, BYTES(b.p, n), e) == -1)
		return -1;
	s->nrest = b.len - n;
	memcpy(s->rest, b.p + n, s->nrest);
	return 0;
}

static int
put_all(struct sink *s, struct db *db, const struct db_crl *row,
    struct error *e)
{
	struct arena	*a = arena_new();
	struct bytes	 part;
	int64_t		 n, size = 0;
	int		 rc = 0;

	for (n = 0; rc == 0 && size < row->size; n++) {
		arena_reset(a);
		if ((rc = db_crl_part(db, row, n, &part, a, e)) == 0)
			rc = put_part(s, part, e);
		size += (int64_t)part.len;
	}
	arena_free(&a);
	return rc;
}

int
crl_file_write(struct db *db, const struct db_crl *row, FILE *f, bool pem,
    struct error *e)
{
	static const char	 begin[] = "-----BEGIN X509 CRL-----\n";
	static const char	 end[] = "-----END X509 CRL-----\n";
	struct sink		 s = { .f = f, .pem = pem };

	if ((pem && put(&s, begin, strlen(begin), e) == -1) ||
	    put_all(&s, db, row, e) == -1)
		return -1;
	if (!pem)
		return 0;
	return put_lines(&s, BYTES(s.rest, s.nrest), e) == -1 ? -1 :
	    put(&s, end, strlen(end), e);
}

int
crl_file_create(struct db *db, const struct db_crl *row, const char *path,
    bool pem, struct error *e)
{
	FILE	*f = stdout;
	bool	 named = strcmp(path, "-") != 0;
	int	 rc;

	if (named && (f = fopen(path, "wxe")) == NULL)
		return error_sys(e, "create %s", path);
	rc = crl_file_write(db, row, f, pem, e);
	if (rc == 0 && (fflush(f) != 0 || (named && fsync(fileno(f)) == -1)))
		rc = error_sys(e, "write %s", named ? path :
		    "standard output");
	if (named && fclose(f) != 0 && rc == 0)
		rc = error_sys(e, "write %s", path);
	if (named && rc == -1)
		unlink(path);
	return rc;
}

int
crl_file_load(struct crl **out, struct db *db, const struct db_crl *row,
    const struct issuer *issuer, struct error *e)
{
	const char	*dir = getenv("TMPDIR");
	char		*path = mem_printf("%s/signet-crl.XXXXXX",
			    dir != NULL ? dir : "/tmp");
	FILE		*f = NULL;
	int		 fd, rc = -1;

	*out = NULL;
	if ((fd = mkstemp(path)) == -1 || (f = fdopen(fd, "w")) == NULL) {
		error_sys(e, "create %s", path);
		goto out;
	}
	if (crl_file_write(db, row, f, false, e) == -1)
		goto out;
	if (fflush(f) != 0)
		error_sys(e, "write %s", path);
	else
		rc = crl_load(out, path, issuer, e);
 out:
	if (f != NULL)
		fclose(f);
	else if (fd != -1)
		close(fd);
	if (fd != -1)
		unlink(path);
	mem_free(&path);
	return rc;
}
