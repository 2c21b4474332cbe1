/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of an archive.  The input is in parts that end with a NUL:
 * index.txt, members.txt, orders.pem, requests.pem, certs.pem, crls.pem and
 * proofs.txt.  No chance finds a digest, so "@" in members.txt becomes that of
 * the next thing in the files.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"
#include "cli/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { INDEX, MEMBERS, FILES };
static const enum bundle_part	parts[] = { BUNDLE_ORDERS, BUNDLE_REQUESTS,
    BUNDLE_CERTS, BUNDLE_CRLS, BUNDLE_PROOFS };
#define NFILES	(sizeof(parts) / sizeof(parts[0]))

static struct bytes
next_part(const uint8_t **p, size_t *left)
{
	const uint8_t	*end = *left > 0 ? memchr(*p, '\0', *left) : NULL;
	struct bytes	 part = BYTES(*p, end != NULL ? (size_t)(end - *p) :
			    *left);

	*p += part.len;
	*left -= part.len;
	if (end != NULL) {
		(*p)++;
		(*left)--;
	}
	return part;
}

/* What is said is what is read again. */
static void
check_index(struct bytes text)
{
	struct archive	a = { .made = 0 }, b = { .made = 0 };
	struct error	e = ERROR_INIT;
	struct buf	in = { 0 }, again = { 0 };

	buf_add(&in, text.p, text.len);
	if (archive_parse_index(&a, buf_cstr(&in), &e) == 0 &&
	    (archive_index(&again, &a, &e) == -1 ||
	    archive_parse_index(&b, buf_cstr(&again), &e) == -1 ||
	    strcmp(a.name, b.name) != 0 || a.made != b.made ||
	    a.cutoff != b.cutoff || a.seq != b.seq ||
	    memcmp(a.hash, b.hash, sizeof(a.hash)) != 0))
		abort();
	buf_clear(&in);
	buf_clear(&again);
}

static void
put_digest(struct buf *digests, const uint8_t *p, size_t len)
{
	uint8_t	md[32];

	if (EVP_Digest(p, len, md, NULL, EVP_sha256(), NULL) != 1)
		abort();
	buf_add(digests, md, sizeof(md));
}

static void
digest_all(struct buf *digests, struct archive *a)
{
	struct error		 e = ERROR_INIT;
	struct bundle_proof	 proof;
	struct buf		 der = { 0 };
	size_t			 i;

	for (i = 0; i < NFILES; i++) {
		struct bundle_file	*f = &a->b.part[parts[i]];

		if (parts[i] == BUNDLE_PROOFS)
			while (bundle_proof_next(f, &proof, &e) == 1)
				put_digest(digests, proof.proof, proof.len);
		else
			while (bundle_pem_next(f, bundle_label(parts[i]),
			    &der, NULL, &e) == 1)
				put_digest(digests, der.p, der.len);
		bundle_file_rewind(f);
		error_clear(&e);
	}
	buf_clear(&der);
}

static void
put_members(struct buf *out, struct bytes text, const struct buf *digests)
{
	char	hex[65];
	size_t	i, at = 0;

	for (i = 0; i < text.len; i++) {
		if (text.p[i] != '@' || at + 32 > digests->len) {
			buf_add(out, text.p + i, 1);
			continue;
		}
		buf_str(out, text_hex(hex, digests->p + at, 32));
		at += 32;
	}
}

/* One that holds has as many members as things. */
static void
check_whole(struct archive *a, size_t things)
{
	struct archive_member	m;
	struct error		e = ERROR_INIT;
	size_t			n = 0;
	int			found;

	if (archive_check(a, &e) == -1)
		return;
	while ((found = archive_next(a, &m, &e)) == 1)
		n++;
	if (found == -1 || n != things ||
	    (size_t)(a->orders + a->certs + a->lists) > n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive	a = { .made = 0 };
	struct buf	digests = { 0 }, members = { 0 };
	struct bytes	part[FILES + NFILES];
	size_t		i;

	for (i = 0; i < FILES + NFILES; i++)
		part[i] = next_part(&data, &size);
	check_index(part[INDEX]);
	for (i = 0; i < NFILES; i++)
		a.b.part[parts[i]] = (struct bundle_file){ .line = 1,
		    .name = bundle_name(parts[i]), .data = part[FILES + i] };
	digest_all(&digests, &a);
	put_members(&members, part[MEMBERS], &digests);
	a.members = (struct bundle_file){ .name = ARCHIVE_MEMBERS, .line = 1,
	    .data = BYTES(members.p, members.len) };
	check_whole(&a, digests.len / 32);
	buf_clear(&digests);
	buf_clear(&members);
	return 0;
}
