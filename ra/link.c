/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <string.h>

#include "base/digest.h"
#include "base/text.h"

int
link_make(char token[LINK_TOKEN + 1], struct db *db,
    const uint8_t id[DB_APPLICATION_ID], enum db_link kind,
    const struct rng *rng, struct error *e)
{
	uint8_t	 raw[LINK_TOKEN / 2], digest[DB_APPLICATION_TOKEN];

	if (rng_fill(rng, raw, sizeof(raw), e) == -1)
		return -1;
	text_hex(token, raw, sizeof(raw));
	digest_sha256(digest, token, LINK_TOKEN);
	return db_application_link(db, id, kind, digest, e);
}

int
link_find(struct db *db, enum db_link kind, const char *token,
    struct db_application *p, struct arena *a, struct error *e)
{
	uint8_t	 digest[DB_APPLICATION_TOKEN];
	int	 found = 0;

	if (strlen(token) == LINK_TOKEN) {
		digest_sha256(digest, token, LINK_TOKEN);
		found = db_application_find_link(db, kind, digest, p, a, e);
	}
	if (found == 0) {
		error_set(e, ERROR_NOTFOUND, "this link leads nowhere");
		error_hint(e, "take the whole address from the mail; links of "
		    "applications that were not confirmed end after a day");
	}
	return found == 1 ? 0 : -1;
}
