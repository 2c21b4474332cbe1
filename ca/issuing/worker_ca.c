/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on CAs: which generation does what, and what the operator should
 * know about it.
 */
#include "worker_private.h"

#define TELL_AGAIN	86400

/* What was known of it stays known: the signer tells the rest each time. */
static struct worker_ca *
ca_slot(struct worker *w, const char *name)
{
	struct worker_ca	*ca = worker_find_ca(w, name);

	if (ca != NULL || w->nca == WORKER_CAS)
		return ca;
	ca = &w->ca[w->nca++];
	snprintf(ca->name, sizeof(ca->name), "%s", name);
	ca_name_split(name, ca->family);
	return ca;
}

struct worker_ca *
worker_find_ca(struct worker *w, const char *name)
{
	size_t	 i;

	for (i = 0; i < w->nca; i++)
		if (strcmp(w->ca[i].name, name) == 0)
			return &w->ca[i];
	return NULL;
}

/* Said once when a key goes, and once when it comes back. */
static void
look_at_key(struct worker *w, struct worker_ca *ca)
{
	char	 detail[300];

	if (ca->usable == !ca->away)
		return;
	ca->away = !ca->usable;
	if (ca->usable)
		w->resume = true;
	if (w->index != 0)
		return;
	if (ca->usable) {
		log_info("CA %s: its key is back, issuing goes on", ca->name);
		return;
	}
	snprintf(detail, sizeof(detail), "CA %.64s issues nothing: %.200s",
	    ca->name, ca->why_not);
	worker_alarm(w, "key", detail);
	if (ca->hint[0] != '\0')
		log_info("hint: %s", ca->hint);
}

static void
take_ca(struct worker *w, struct msg *m)
{
	struct worker_ca	 now = { .usable = false }, *ca;

	msg_get_str(m, now.name, sizeof(now.name));
	now.usable = msg_get_u32(m) == 1;
	msg_get_str(m, now.why_not, sizeof(now.why_not));
	msg_get_str(m, now.hint, sizeof(now.hint));
	now.state = (enum wire_ca)msg_get_u32(m);
	now.due = msg_get_i64(m);
	if (m->bad || (ca = ca_slot(w, now.name)) == NULL)
		return;
	if (ca->state == WIRE_CA_WAITS && now.state == WIRE_CA_ISSUES &&
	    w->index == 0)
		log_info("CA %s issues from now on", ca->name);
	ca->usable = now.usable;
	memcpy(ca->why_not, now.why_not, sizeof(ca->why_not));
	memcpy(ca->hint, now.hint, sizeof(ca->hint));
	ca->state = now.state;
	ca->due = now.due;
}

static void
add_issuing(struct worker *w, const struct worker_ca *ca)
{
	if (ca->state == WIRE_CA_ISSUES)
		w->issuing[w->nissuing++] = ca->family;
	if (ca->state != WIRE_CA_EXPIRED && ca->state != WIRE_CA_REVOKED &&
	    (ca->state != WIRE_CA_ISSUES || strcmp(ca->name, ca->family) != 0))
		w->issuing[w->nissuing++] = ca->name;
}

int
worker_hello(struct worker *w, struct error *e)
{
	struct msg	*m = &w->answer;
	uint32_t	 n, i;

	msg_init(&w->ask, WIRE_HELLO);
	if (worker_ask(w, e) == -1)
		return -1;
	n = msg_get_u32(m);
	for (i = 0; i < n && !m->bad; i++)
		take_ca(w, m);
	w->nissuing = w->naway = 0;
	/* An old generation that keeps its list is asked for one thing more, by
	 * its own name: signers of OCSP answers. */
	for (i = 0; i < w->nca; i++) {
		if (!w->ca[i].usable)
			w->away[w->naway++] = w->ca[i].name;
		else
			add_issuing(w, &w->ca[i]);
		look_at_key(w, &w->ca[i]);
	}
	w->head = msg_get_i64(m);
	w->lost = msg_get_u32(m) != 0;
	return msg_done(m, e);
}

/* The newest generation, that of which there is something to say. */
static bool
is_newest(const struct worker *w, const struct worker_ca *ca)
{
	char	 family[CA_NAME_SIZE];
	int	 generation = ca_name_split(ca->name, family);
	size_t	 i;

	for (i = 0; i < w->nca; i++)
		if (strcmp(w->ca[i].family, family) == 0 &&
		    ca_name_split(w->ca[i].name, family) > generation)
			return false;
	return true;
}

static int
ca_trouble(const struct worker_ca *ca, int64_t now, struct error *e)
{
	char	 at[TEXT_TIME_SIZE];

	if (ca->state == WIRE_CA_REVOKED)
		error_set(e, ERROR_UPSTREAM, "the root has revoked CA %s: it "
		    "issues no more", ca->name);
	else if (ca->state == WIRE_CA_EXPIRED)
		error_set(e, ERROR_UPSTREAM, "the certificate of CA %s has "
		    "expired: it issues no more", ca->name);
	else if (ca->usable && now >= ca->due)
		error_set(e, ERROR_UPSTREAM, "CA %s is due for its next "
		    "generation since %s: its certificates are about to be "
		    "shortened to its own end", ca->name,
		    text_time(at, ca->due));
	else
		return 0;
	return error_hint(e, "signet ca roll %s; then signet-root certify, "
	    "signet ca import", ca->family);
}

void
worker_look_at_cas(struct worker *w)
{
	int64_t	 now = clock_now(&clock_system);
	size_t	 i;

	for (i = 0; i < w->nca; i++) {
		struct worker_ca	*ca = &w->ca[i];
		struct error		 e = ERROR_INIT;

		if (now - ca->told < TELL_AGAIN || !is_newest(w, ca) ||
		    ca_trouble(ca, now, &e) == 0)
			continue;
		log_error(&e, "warning");
		ca->told = now;
	}
}
