/* SPDX-License-Identifier: Apache-2.0 */
/* The newest list in the store, when it is newer than ours. */
#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"
#include "signer_crl.h"

/*
 * A newer list in the store that our key signed was made by another
 * instance: it is as good as ours.
 */
int
crl_seen_begin(struct signer *s, struct signer_ca *ca, struct error *e)
{
	char	*path = crl_path(s, ca, "crl.seen");
	int	 rc = 0;

	ca->build->stage = CRL_SEEN;
	ca->build->seen = open(path, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC | O_NOFOLLOW, 0600);
	if (ca->build->seen == -1)
		rc = error_sys(e, "write %s", path);
	mem_free(&path);
	return rc;
}

static void
seen_end(struct signer *s, struct signer_ca *ca)
{
	struct crl_build	*b = ca->build;
	struct error		 e = ERROR_INIT;
	struct crl		*list = NULL;
	char			*path = crl_path(s, ca, "crl.seen");
	char			*to = crl_path(s, ca, "crl");

	if (crl_load(&list, path, &ca->issuer, &e) == -1) {
		buf_printf(&b->alarms, "the newest list in the store is "
		    "none of ours: %s", e.text);
		buf_byte(&b->alarms, 0);
		b->nalarms++;
	} else if (list->params.base == 0 && list->params.idp.p == NULL &&
	    (ca->last == NULL ||
	    list->params.number > ca->last->params.number) &&
	    file_rename(path, to, &e) == 0) {
		crl_free(&ca->last);
		ca->last = list;
		list = NULL;
	}
	crl_free(&list);
	unlink(path);
	mem_free(&path);
	mem_free(&to);
}

static int
seen_write(struct crl_build *b, struct bytes piece, bool last,
    struct error *e)
{
	off_t	 size = lseek(b->seen, 0, SEEK_CUR);

	if (size == -1 || (uint64_t)size + piece.len > UINT32_MAX)
		return error_set(e, ERROR_INPUT, "a list of more than 4 GiB");
	while (piece.len > 0) {
		ssize_t	 n = write(b->seen, piece.p, piece.len);

		if (n <= 0)
			return error_sys(e, "write list");
		piece.p += n;
		piece.len -= (size_t)n;
	}
	if (last && fdatasync(b->seen) == -1)
		return error_sys(e, "sync list");
	return 0;
}

int
signer_crl_seen(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct signer_ca	*ca;
	struct bytes		 piece;
	uint32_t		 last;

	if (crl_find_build(s, in, CRL_SEEN, &ca, e) == -1)
		return -1;
	last = msg_get_u32(in);
	piece = msg_get_blob(in, WIRE_CRL_CHUNK);
	if (msg_done(in, e) == -1 ||
	    seen_write(ca->build, piece, last != 0, e) == -1)
		return -1;
	if (last == 0) {
		msg_put_u32(out, WIRE_NEXT_SEEN);
		return 0;
	}
	seen_end(s, ca);
	return crl_decide(s, ca, out, e);
}
