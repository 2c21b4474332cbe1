/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_LEDGER_H
#define SIGNET_CA_LEDGER_H
/*
 * The signer's own memory on local disk: which orders it has used, which
 * certificates are held or revoked, how far it has followed the audit chain.
 *
 * The store may be edited, cut or restored; this file is what the signer
 * believes instead.  It is append-only: each record is followed by SHA-256
 * over the hash before it and the record.  Records are collected by the add
 * functions and become true, on disk and in memory, together, by
 * ledger_sync(); when that fails none of them has happened.
 */
#include <stdbool.h>
#include <stdint.h>
#include "audit/chain.h"
#include "base/error.h"
#include "base/map.h"
#include "x509/cert.h"

enum cert_status { CERT_GOOD, CERT_HELD, CERT_REVOKED, CERT_STATUS__MAX };

#define LEDGER_WHOLE	UINT32_MAX	/* n: the order, whatever is left of it */

struct ledger_use {
	uint8_t	 order[32];	/* digest of the order */
	uint32_t n;		/* item, 0 for a single order, LEDGER_WHOLE */
	int64_t	 expires;	/* of the order: refused by age afterwards */
	uint8_t	 tbs[32];	/* SHA-256 of what was signed; zeros: nothing */
	const char *ca;		/* borrowed; NULL: not ours, or long ago */
	uint8_t	 serial[CERT_SERIAL_SIZE + 1];
	uint8_t	 serial_len;
};

struct ledger_status {
	char		 ca[65];
	uint8_t		 serial[CERT_SERIAL_SIZE + 1];
	uint8_t		 serial_len;
	enum cert_status status;
	int		 reason;	/* CRLReason */
	int64_t		 at;
	int64_t		 invalid_since;	/* 0: not said */
	int64_t		 shard;		/* that the certificate names, or 0 */
	uint8_t		 order[32];	/* zeros: it expired */
	bool		 is_under_way;	/* the store may not have it yet */
	/* In memory alone: when a list first found that it has not; or 0. */
	int64_t		 missed_at;
};
/* Not good again, but revoked or held until it expired. */
bool	 ledger_is_expired(const struct ledger_status *);

/*
 * A WebAuthn credential that was given to an officer, by the digest of the
 * order that did.  One that was taken away never comes back under this order.
 */
struct ledger_bind {
	uint8_t	 order[32];
	bool	 unbound;
};

/* Maps of these, by order and item, and by CA and serial. */
void	 ledger_use_map(struct map *);
void	 ledger_status_map(struct map *);

struct ledger;

/* Opens or makes dir/ledger, taking the lock: one signer per ledger.  A torn
 * end is cut off, *cut tells how many bytes; a broken middle is refused. */
int	 ledger_open(struct ledger **, const char *dir, int64_t now,
	    size_t *cut, struct error *);
void	 ledger_close(struct ledger **);

const struct ledger_use *ledger_find_use(const struct ledger *,
	    const uint8_t order[32], uint32_t n);
const struct ledger_status *ledger_find_status(const struct ledger *,
	    const char *ca, const uint8_t *serial, size_t len);
/* Every use that is not forgotten; *pos starts at 0; NULL at the end. */
const struct ledger_use *ledger_next_use(const struct ledger *, size_t *pos);
/* Is it to be looked whether the store has lost what this ledger has? */
bool	 ledger_is_lost(const struct ledger *);
/* Every status that is not forgotten; *pos starts at 0; NULL at the end. */
const struct ledger_status *ledger_next_status(const struct ledger *,
	    size_t *pos);
void	 ledger_get_head(const struct ledger *, struct audit_head *);
/* Number of the last list signed for this CA and shard, 0 for none. */
int64_t	 ledger_crl_number(const struct ledger *, const char *ca,
	    int64_t shard);
/* What the certificates of the CA have as addresses of their shards; NULL
 * while none has one. */
const char *ledger_shard_url(const struct ledger *, const char *ca);

/* NULL: never heard of. */
const struct ledger_bind *ledger_find_bind(const struct ledger *,
	    const uint8_t order[32]);

void	 ledger_add_bind(struct ledger *, const struct ledger_bind *);
void	 ledger_add_use(struct ledger *, const struct ledger_use *);
void	 ledger_add_status(struct ledger *, const struct ledger_status *);
/*
 * A status that is in the ledger is told to the store in a transaction, which
 * takes its time, and may have to be repeated, by the next process if this one
 * is killed.  It is added as one under way, and stays so until settled: by the
 * entry of this order in the audit chain.  That it is told once more is kept
 * in memory alone.
 */
void	 ledger_send_status(struct ledger *, const struct ledger_status *);
void	 ledger_add_settled(struct ledger *, const char *ca,
	    const uint8_t *serial, size_t len, const uint8_t order[32]);
/*
 * At this time the store had it otherwise.  True while nobody can be blamed
 * for that: it is under way, and has not been missed for too long.  Whoever
 * owns the store could keep it under way for ever.
 */
bool	 ledger_is_under_way(struct ledger *, const char *ca,
	    const uint8_t *serial, size_t len, int64_t now);
void	 ledger_add_lost(struct ledger *, bool);
void	 ledger_add_head(struct ledger *, const struct audit_head *);
void	 ledger_add_crl(struct ledger *, const char *ca, int64_t shard,
	    int64_t number, const uint8_t digest[32]);
void	 ledger_add_shard_url(struct ledger *, const char *ca,
	    const char *url);
int	 ledger_sync(struct ledger *, struct error *);
/* What was added since then has not happened. */
void	 ledger_forget(struct ledger *);
#endif
