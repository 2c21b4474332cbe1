/* SPDX-License-Identifier: Apache-2.0 */
/* The newest list in the store, when it is newer than ours. */
#include <fcntl.h>
#include <unistd.h>

#include "base/digest.h"
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
seen_alarm(struct crl_build *b, const char *why)
{
	buf_printf(&b->alarms, "the newest list in the store is none of "
	    "ours: %s", why);
	buf_byte(&b->alarms, 0);
	b->nalarms++;
}

/* Another list by the same key, of other certificates, is not this one. */
static bool
is_of_scope(const struct signer_ca *ca, const struct crl_params *p)
{
	const struct crl_build	*b = ca->build;
	char			 url[CRL_SHARD_URL];

	if (b->shard == 0)
		return p->base == 0 && p->idp.p == NULL;
	crl_shard_url(url, ca->shard_url, b->shard);
	return p->base == 0 && bytes_equal(p->idp, BYTES(url, strlen(url)));
}

/* The ledger knows of shards, so that they are looked for at the next start. */
static void
seen_take(struct signer *s, struct signer_ca *ca, struct crl *list)
{
	struct crl_build	*b = ca->build;
	uint8_t			 digest[32];

	crl_free(b->over);
	*b->over = list;
	if (b->shard == 0) {
		crl_strays_changed(ca);
		return;
	}
	digest_sha256(digest, list->der.p, list->der.len);
	crl_forget(list, 0, list->der.len);
	ledger_add_crl(s->ledger, ca->conf->name, b->shard,
	    list->params.number, digest);
}

static void
seen_end(struct signer *s, struct signer_ca *ca)
{
	struct crl_build	*b = ca->build;
	struct error		 e = ERROR_INIT;
	struct crl		*list = NULL;
	char			*path = crl_path(s, ca, "crl.seen");
	char			*to = crl_list_path(s, ca, WIRE_CRL_COMPLETE,
				    b->shard);

	if (crl_load(&list, path, &ca->issuer, &e) == -1)
		seen_alarm(b, e.text);
	else if (!is_of_scope(ca, &list->params))
		seen_alarm(b, "it is of other certificates");
	else if ((*b->over == NULL ||
	    list->params.number > (*b->over)->params.number) &&
	    file_rename(path, to, &e) == 0) {
		seen_take(s, ca, list);
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
