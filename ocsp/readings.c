/* SPDX-License-Identifier: Apache-2.0 */
#include "readings.h"

static const struct {
	const char	*name, *help, *label, *value;
} counters[READ__MAX] = {
#define REPLIES	"signet_ocsp_replies", "Certificates answered for, and " \
	"requests that got an error, by what was said.", "status"
	[READ_GOOD] = { REPLIES, "good" },
	[READ_REVOKED] = { REPLIES, "revoked" },
	[READ_UNKNOWN] = { REPLIES, "unknown" },
	[READ_MALFORMED] = { REPLIES, "malformedRequest" },
	[READ_UNAUTHORIZED] = { REPLIES, "unauthorized" },
	[READ_TRY_LATER] = { REPLIES, "tryLater" },
	[READ_INTERNAL] = { REPLIES, "internalError" },
	[READ_RECALLED] = { "signet_ocsp_recalled",
	    "Answers that were at hand and needed neither store nor key.",
	    NULL, NULL },
	[READ_SIGNED] = { "signet_ocsp_signatures", "Answers signed.", NULL,
	    NULL },
	[READ_STORE] = { "signet_ocsp_store_reads",
	    "Queries for statuses that were not at hand.", NULL, NULL },
	[READ_FLOOR] = { "signet_ocsp_floor_alarms",
	    "Rows that contradict a signed CRL, as they were read; lists that "
	    "were not believed.", NULL, NULL },
};

void
readings_init(struct readings *r, struct metrics *m)
{
	int	 i;

	r->metrics = m;
	for (i = 0; i < READ__MAX; i++)
		r->count[i] = metrics_counter(m, counters[i].name,
		    counters[i].help, counters[i].label, counters[i].value,
		    NULL);
	r->feed_age = metrics_gauge(m, "signet_ocsp_feed_age_seconds",
	    "Since the last good look at the store's changes.", NULL);
	r->feed_lag = metrics_gauge(m, "signet_ocsp_replica_lag_seconds",
	    "How far the replica is behind; 0 on a primary.", NULL);
	r->feed_seq = metrics_gauge(m, "signet_ocsp_feed_entry",
	    "Entry of the audit chain up to which changes are known.", NULL);
	r->answers = metrics_gauge(m, "signet_ocsp_answers",
	    "Signed answers at hand.", NULL);
	r->answer_bytes = metrics_gauge(m, "signet_ocsp_answers_bytes",
	    "Memory that they take.", NULL);
	r->oldest = metrics_gauge(m, "signet_ocsp_oldest_answer_seconds",
	    "Age of the oldest of them.", NULL);
	r->statuses = metrics_gauge(m, "signet_ocsp_statuses",
	    "Statuses at hand.", NULL);
	r->connections = metrics_gauge(m, "signet_ocsp_connections",
	    "Clients connected.", NULL);
}
