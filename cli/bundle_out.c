/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bundle_out.h"

#include <unistd.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"
#include "os/file.h"

static uint64_t
digest_hash(const void *item)
{
	return map_hash_bytes(item, 32);
}

static bool
digest_equal(const void *a, const void *b)
{
	return memcmp(a, b, 32) == 0;
}

void
bundle_seen_put(struct bundle_out *o, struct bytes b)
{
	uint8_t	*digest;

	if (o->arena == NULL) {
		o->arena = arena_new();
		map_init(&o->seen, digest_hash, digest_equal);
	}
	digest = arena_alloc(o->arena, 32);
	digest_sha256(digest, b.p, b.len);
	map_put(&o->seen, digest);
}

bool
bundle_seen(const struct bundle_out *o, struct bytes b)
{
	uint8_t	digest[32];

	if (o->arena == NULL)
		return false;
	digest_sha256(digest, b.p, b.len);
	return map_find(&o->seen, digest) != NULL;
}

bool
bundle_seen_digest(const struct bundle_out *o, const uint8_t digest[32])
{
	return o->arena != NULL && map_find(&o->seen, digest) != NULL;
}

int
bundle_out_open(struct bundle_out *o, struct error *e)
{
	char	*path;
	int	 i;

	o->text.len = 0;
	for (i = 0; i < BUNDLE__MAX; i++) {
		path = file_join(o->dir, bundle_name(i));
		o->f[i] = fopen(path, "we");
		if (o->f[i] == NULL)
			error_sys(e, "create %s", path);
		mem_free(&path);
		if (o->f[i] == NULL)
			return -1;
	}
	return 0;
}

int
bundle_out_close(struct bundle_out *o, bool failed, struct error *e)
{
	int	 i, rc = 0;

	for (i = 0; i < BUNDLE__MAX; i++) {
		if (o->f[i] == NULL)
			continue;
		if (!failed && rc == 0 && (fflush(o->f[i]) != 0 ||
		    fsync(fileno(o->f[i])) == -1))
			rc = error_sys(e, "write %s", bundle_name(i));
		if (fclose(o->f[i]) != 0 && !failed && rc == 0)
			rc = error_sys(e, "write %s", bundle_name(i));
		o->f[i] = NULL;
	}
	return rc;
}

void
bundle_out_clear(struct bundle_out *o)
{
	buf_clear(&o->text);
	if (o->arena != NULL)
		map_clear(&o->seen);
	arena_free(&o->arena);
}

int
bundle_out_text(struct bundle_out *o, enum bundle_part part,
    struct bytes text, struct error *e)
{
	if (text.len > 0 && fwrite(text.p, 1, text.len, o->f[part]) !=
	    text.len)
		return error_sys(e, "write %s", bundle_name(part));
	return 0;
}

int
bundle_out_block(struct bundle_out *o, enum bundle_part part,
    struct bytes der, struct error *e)
{
	if (bundle_seen(o, der))
		return 0;
	o->text.len = 0;
	base64_put_pem(&o->text, bundle_label(part), der);
	return bundle_out_text(o, part, BYTES(o->text.p, o->text.len), e);
}

static int
bundle_out_line(struct bundle_out *o, enum bundle_part part, const char *line,
    struct error *e)
{
	const struct bytes	b = BYTES(line, strlen(line));

	return bundle_seen(o, b) ? 0 : bundle_out_text(o, part, b, e);
}

int
bundle_out_proof(struct bundle_out *o, const uint8_t order[32], uint32_t n,
    struct bytes proof, struct error *e)
{
	char	hex[2 * BUNDLE_PROOF_MAX + 1];

	if (proof.p == NULL || proof.len > BUNDLE_PROOF_MAX)
		return 0;
	o->text.len = 0;
	buf_printf(&o->text, "%s %u ", text_hex(hex, order, 32), n);
	buf_printf(&o->text, "%s\n", text_hex(hex, proof.p, proof.len));
	return bundle_out_line(o, BUNDLE_PROOFS, buf_cstr(&o->text), e);
}

static void
put_status(struct buf *out, const struct db_export_cert *c)
{
	char	hex[2 * 20 + 1], id[2 * 16 + 1] = "-";
	char	when[TEXT_TIME_SIZE] = "-", why[16] = "-";

	if (c->at != 0)
		text_time(when, c->at);
	if (c->reason != -1)
		snprintf(why, sizeof(why), "%d", c->reason);
	if (c->order.p != NULL && c->order.len == 16)
		text_hex(id, c->order.p, c->order.len);
	buf_printf(out, "%s %s %s %s %s %s\n", c->ca, text_hex(hex,
	    c->serial.p, c->serial.len), c->status, why, when, id);
}

int
bundle_out_cert(struct bundle_out *o, const struct db_export_cert *c,
    struct error *e)
{
	if (bundle_out_block(o, BUNDLE_CERTS, c->der, e) == -1)
		return -1;
	o->text.len = 0;
	put_status(&o->text, c);
	return bundle_out_line(o, BUNDLE_STATUS, buf_cstr(&o->text), e);
}
