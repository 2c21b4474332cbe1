/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "desk/desk.h"

void
desk_init(struct desk *dk)
{
	memset(dk, 0, sizeof(*dk));
	dk->clock = &clock_system;
	dk->rng = &rng_system;
	dk->arena = arena_new();
}

void
desk_clear(struct desk *dk)
{
	db_close(&dk->db);
	profiles_free(&dk->profiles);
	blocklists_close(&dk->blocklists);
	desk_trust_forget(dk);
	arena_free(&dk->arena);
}

static bool
is_ready(const struct desk *dk, enum desk_part part)
{
	switch (part) {
	case DESK_DB:
		return dk->db != NULL;
	case DESK_PROFILES:
		return dk->profiles.v != NULL;
	case DESK_BLOCKLISTS:
		return dk->has_blocklists;
	case DESK_TRUST:
		return dk->anchors != NULL;
	case DESK_SIGNER:
		return dk->signer.cert != NULL;
	case DESK__MAX:
		break;
	}
	return false;
}

int
desk_need(struct desk *dk, enum desk_part part, struct error *e)
{
	static const char *const	names[DESK__MAX] = {
		[DESK_DB] = "no store",
		[DESK_PROFILES] = "no profiles",
		[DESK_BLOCKLISTS] = "no lists of blocked keys",
		[DESK_TRUST] = "no root certificate",
		[DESK_SIGNER] = "nobody who approves",
	};

	if (is_ready(dk, part))
		return 0;
	if (dk->open != NULL)
		return dk->open(dk->open_arg, part, e);
	return error_set(e, ERROR_BUG, "the desk has %s", names[part]);
}

void
desk_bad(struct desk *dk, size_t *bad, const char *where,
    const struct error *e)
{
	++*bad;
	if (dk->ears.bad != NULL)
		dk->ears.bad(dk->ears.arg, *bad, where, e);
}

void
desk_progress(struct desk *dk, const char *what, uint64_t done,
    uint64_t total)
{
	if (dk->ears.progress != NULL)
		dk->ears.progress(dk->ears.arg, what, done, total);
}
