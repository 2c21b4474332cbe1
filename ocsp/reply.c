/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <string.h>
#include <openssl/sha.h>

#include "base/digest.h"
#include "base/text.h"

void
reply_meta(struct http_meta *m, char etag[REPLY_ETAG], struct bytes body,
    int64_t this_update, int64_t next_update)
{
	uint8_t	 digest[SHA256_DIGEST_LENGTH];

	memset(m, 0, sizeof(*m));
	m->type = REPLY_TYPE;
	if (next_update == 0)
		return;
	digest_sha256(digest, body.p, body.len);
	m->etag = text_hex(etag, digest, (REPLY_ETAG - 1) / 2);
	m->modified = this_update;
	m->expires = next_update;
}

struct http_shared *
reply_shared(struct bytes body, int64_t this_update, int64_t next_update)
{
	struct http_meta	 m;
	char			 etag[REPLY_ETAG];

	reply_meta(&m, etag, body, this_update, next_update);
	return http_shared_copy(&m, body);
}
