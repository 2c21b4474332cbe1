/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/intake.h"

#include <inttypes.h>

#include "base/text.h"
#include "os/file.h"
#include "x509/parcel.h"

#define REQUEST_MAX	(1u << 20)

/* The "end" of the ceremony that this "begin" belongs to is there. */
static bool
is_finished(const struct transcript *t, size_t begin)
{
	return begin + 1 < t->n &&
	    strcmp(t->v[begin + 1].act, "end") == 0 &&
	    t->v[begin + 1].ceremony == t->v[begin].ceremony;
}

int
intake_check_new(struct session *s, const char *key, const char *value,
    struct error *e)
{
	const struct transcript	*t = &s->root->transcript;
	char			*old;
	bool			 same;
	size_t			 k;

	session_fact(s, key, value);
	if (s->c.again != NULL) {
		session_fact(s, "again", s->c.again);
		session_note(s, "again, because: %s", s->c.again);
		return 0;
	}
	for (k = 0; k < t->n; k++) {
		if (strcmp(t->v[k].act, "begin") != 0 || !is_finished(t, k) ||
		    (old = transcript_value(&t->v[k], key)) == NULL)
			continue;
		same = strcmp(old, value) == 0;
		mem_free(&old);
		if (!same)
			continue;
		error_set(e, ERROR_CONFLICT, "this %s was certified in "
		    "ceremony %lld already", key, (long long)t->v[k].ceremony);
		return error_hint(e, "if that is meant, give --again REASON");
	}
	return 0;
}

/* The packer's last number, 0 if this is its first. */
static int64_t
last_inbound(const struct transcript *t, const char *packer)
{
	int64_t	 n, highest = 0;
	char	 digest[65], *value;
	size_t	 k;

	for (k = 0; k < t->n; k++) {
		if (strcmp(t->v[k].act, "begin") != 0 || !is_finished(t, k) ||
		    (value = transcript_value(&t->v[k], "inbound")) == NULL)
			continue;
		if (sscanf(value, "%" SCNd64 " %64s", &n, digest) == 2 &&
		    strcmp(digest, packer) == 0 && n > highest)
			highest = n;
		mem_free(&value);
	}
	return highest;
}

/* A CA that the root certified and did not revoke, or a security officer. */
static int
check_packer(struct session *s, const struct parcel *p, struct error *e)
{
	const struct issued	*line;
	struct cert_info	 info;
	char			 serial[43];
	bool			 good;

	if (cert_role(p->signer) == ROLE_SECURITY_OFFICER)
		return 0;
	if (cert_info(&info, p->signer, e) == -1)
		return -1;
	text_hex(serial, info.serial, info.serial_len);
	line = index_serial(&s->root->index, serial);
	good = line != NULL && strcmp(line->status, "good") == 0 &&
	    strcmp(line->kind, "sub-ca") == 0;
	if (!good)
		error_set(e, ERROR_DENIED, "the parcel is signed by %s, which "
		    "is neither a CA of this root nor a security officer",
		    info.subject);
	cert_info_clear(&info);
	return good ? 0 : -1;
}

static int
check_parcel(struct session *s, const struct generation *g,
    const struct parcel *p, struct error *e)
{
	char	 packer[65], *value;
	uint8_t	 id[KEY_DIGEST_SIZE];
	int64_t	 last;

	if (check_packer(s, p, e) == -1)
		return -1;
	if (memcmp(p->root, g->id, sizeof(p->root)) != 0)
		return error_set(e, ERROR_DENIED, "the parcel is for another "
		    "root");
	if (p->nfiles != 1)
		return error_set(e, ERROR_INPUT, "the parcel holds %zu files "
		    "and not one request", p->nfiles);
	if (key_digest(id, X509_get0_pubkey(p->signer), e) == -1)
		return -1;
	text_hex(packer, id, sizeof(id));
	last = last_inbound(&s->root->transcript, packer);
	if (p->number <= last) {
		error_set(e, ERROR_CONFLICT, "parcel %lld of this packer is a "
		    "replay: %lld was seen", (long long)p->number,
		    (long long)last);
		return error_hint(e, "have the CA pack a new one");
	}
	value = mem_printf("%lld %s", (long long)p->number, packer);
	session_fact(s, "inbound", value);
	mem_free(&value);
	session_note(s, "parcel %lld: signature, packer and number are right",
	    (long long)p->number);
	return 0;
}

/* The request itself out of what was brought. */
static int
unpack(struct session *s, const struct generation *g, struct buf *text,
    struct error *e)
{
	static const char	 cms[] = "-----BEGIN CMS-----";
	struct parcel		*p;
	int			 rc;

	if (text->len < strlen(cms) ||
	    memcmp(text->p, cms, strlen(cms)) != 0)
		return 0;
	if (parcel_open(&p, BYTES(text->p, text->len), g->cert, s->now, e) ==
	    -1)
		return -1;
	if ((rc = check_parcel(s, g, p, e)) == 0) {
		text->len = 0;
		buf_add(text, p->file[0].data.p, p->file[0].data.len);
	}
	parcel_free(&p);
	return rc;
}

int
intake_request(struct session *s, const struct generation *g,
    const char *path, struct csr **csr, struct error *e)
{
	struct buf	 text = { 0 };
	char		 hex[65], alg[16], *name;
	int		 rc = -1;

	session_step(s, "The request %s", path);
	if (file_load(&text, path, REQUEST_MAX, e) == -1)
		goto out;
	name = mem_printf("inputs/%04lld.request", (long long)s->number);
	session_put(s, name, 0600, BYTES(text.p, text.len));
	mem_free(&name);
	if (unpack(s, g, &text, e) == -1 ||
	    csr_parse(csr, BYTES(text.p, text.len), e) == -1) {
		error_wrap(e, "%s", path);
		goto out;
	}
	text_hex(hex, (*csr)->digest, sizeof((*csr)->digest));
	session_note(s, "sha256 %s", hex);
	session_note(s, "key    %s, possession proved",
	    key_algorithm((*csr)->key, alg));
	rc = intake_check_new(s, "request", hex, e);
 out:
	buf_clear(&text);
	return rc;
}
