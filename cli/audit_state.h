/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_AUDIT_STATE_H
#define SIGNET_CLI_AUDIT_STATE_H
/*
 * What the files audit_*.c of the verification share: the records that are
 * kept while the chain is replayed.  Private to them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <openssl/x509.h>
#include "audit/chain.h"
#include "audit/head.h"
#include "base/map.h"
#include "cli/audit_report.h"
#include "cli/audit_verify.h"
#include "cli/bundle.h"
#include "order/approval.h"
#include "x509/cert.h"
#include "x509/cert_look.h"
#include "x509/csr.h"
#include "x509/crl.h"
#include "x509/crl_shard.h"
#include "x509/key.h"

enum audit_status { AUDIT_GOOD, AUDIT_HELD, AUDIT_REVOKED };

struct audit_ca {
	X509		*cert;
	uint8_t		 digest[32];
	char		 name[65];	/* "" until its ca-add entry */
	bool		 has_begun;	/* something was issued */
	int64_t		 replaced_at;	/* a later generation began; 0: not yet */
	bool		 has_issuer;
	struct issuer	 issuer;
	int64_t		*crl_number;	/* of the last list, per shard */
	struct audit_cert **bad;	/* held or revoked at this point */
	size_t		 nbad;
};

struct audit_cert {
	uint8_t		 digest[32];
	uint8_t		 serial[21];
	uint8_t		 serial_len;
	bool		 has_role;
	int16_t		 ca;		/* index, or -1 */
	size_t		 at;		/* in certs.pem */
	int64_t		 not_after;
	int64_t		 issued;	/* entry, or 0 */
	uint8_t		 order[ORDER_ID_SIZE];
	const char	*profile;	/* as its entry says; or NULL */
	const char	*point;		/* its only CRL address, or "" */
	/* as replayed so far */
	enum audit_status status;
	int8_t		 reason;
	bool		 told;		/* has a line in status.txt */
	int64_t		 changed;	/* entry of the last change, or 0 */
	int64_t		 changed_at;
	int64_t		 since;
	uint8_t		 changed_by[ORDER_ID_SIZE];
	int64_t		 early;		/* entry of a list that has it before
					 * the chain does; or 0 */
	size_t		 bad_pos;	/* in its CA's bad[] */
};

struct audit_order {
	uint8_t		 digest[32];
	uint8_t		 id[ORDER_ID_SIZE];
	size_t		 at;		/* in orders.pem */
	enum order_kind	 kind;
	int64_t		 added, rejected;	/* entries, or 0 */
	int64_t		 bound, unbound;	/* of a bind order: entries */
	int64_t		 unbound_at;
	/* approvals held good in this generation, until then */
	uint64_t	 checked;
	const char	*checked_profile;	/* interned */
	bool		 checked_grave;
	int64_t		 checked_until;
	bool		 is_bad;	/* said so once */
};

/* An order's use: issue by (order, n), the others by (order, target). */
struct audit_use {
	uint8_t		 key[32];
	int64_t		 seq;
};

struct audit_request {
	uint8_t		 digest[32];
	size_t		 at;
};

/* A station's order for one item of a batch. */
struct audit_item {
	uint8_t		 batch[32];
	uint32_t	 n;
	struct audit_order *order;
	uint8_t		 request[32];
};

struct audit_proof {
	uint8_t		 order[32];
	uint8_t		 proof[64];
};

struct audit_list {			/* a CRL in crls.pem */
	uint8_t		 digest[32];
	size_t		 at;
	int64_t		 seq;		/* its entry, or 0 */
};

struct audit_seen {			/* a signed head */
	struct audit_signed_head s;
	bool		 pushed;	/* from --heads */
	bool		 fits;
};

struct audit_adopted {			/* an adopt entry */
	int64_t		 from;		/* the last entry that was kept */
	int64_t		 at;
};

#define AUDIT_CACHE	16		/* orders kept parsed */

struct audit_verify {
	struct audit_report	*r;
	const struct audit_input *in;
	struct bundle		 b;
	STACK_OF(X509)		*anchors, *intermediates;
	STACK_OF(X509)		*officers_cas;	/* of ca[], borrowed */
	struct profiles		 profiles;
	struct approval_cache	*trust_cache;

	struct audit_ca		*ca;
	size_t			 ncas;
	struct map		 certs;		/* by digest */
	struct map		 serials;	/* the same by CA and serial */
	struct map		 orders;
	struct map		 uses;
	struct map		 requests;
	struct map		 items;
	struct map		 proofs;
	struct map		 lists;
	struct map		 words;		/* interned text */
	struct arena		*arena;		/* the records */
	struct audit_seen	*head;		/* ascending */
	size_t			 nheads, next_head;

	struct audit_head	 chain;		/* as recomputed */
	uint64_t		 generation;	/* of the approvers' status */
	struct {
		struct audit_order	*order;
		struct approved		*approved;
	} cache[AUDIT_CACHE];
	size_t			 cache_next;
	struct audit_adopted	*adopted;
	size_t			 nadopted;
};

/* One entry, being replayed. */
struct audit_entry {
	int64_t		 seq;
	struct bytes	 body;
	char		 act[24];
	int64_t		 at;
	struct audit_about about;
};

/* audit_entry.c: values of an entry; a missing or malformed one is a
 * finding of "check" and false. */
bool	 entry_text(struct audit_verify *, const struct audit_entry *,
	    enum audit_check, const char *key, char *dst, size_t size);
bool	 entry_hex(struct audit_verify *, const struct audit_entry *,
	    enum audit_check, const char *key, uint8_t *dst, size_t max,
	    size_t *len);
bool	 entry_digest(struct audit_verify *, const struct audit_entry *,
	    enum audit_check, const char *key, uint8_t dst[32]);
bool	 entry_num(struct audit_verify *, const struct audit_entry *,
	    enum audit_check, const char *key, int64_t *);
bool	 entry_time(struct audit_verify *, const struct audit_entry *,
	    enum audit_check, const char *key, int64_t *);
/* As entry_text, but an absent key is just false. */
bool	 entry_maybe(struct audit_verify *, const struct audit_entry *,
	    const char *key, char *dst, size_t size);

/* The same text is the same pointer. */
const char *entry_intern(struct audit_verify *, const char *);

/* audit_heads.c */
void	 heads_load(struct audit_verify *, struct bundle_file *, bool pushed);
void	 heads_sort(struct audit_verify *);
void	 heads_check_at(struct audit_verify *);		/* after an entry */
void	 heads_finish(struct audit_verify *);

/* audit_cas.c */
int	 cas_load(struct audit_verify *, struct error *);
void	 cas_add(struct audit_verify *, struct audit_entry *);
struct audit_ca *cas_find(struct audit_verify *, const char *name);
/* An issue entry of that CA, whose certificate begins at not_before. */
void	 cas_issue(struct audit_verify *, struct audit_entry *,
	    struct audit_ca *, int64_t not_before);
void	 cas_finish(struct audit_verify *);
void	 cas_clear(struct audit_verify *);

/* audit_certs.c */
void	 certs_load(struct audit_verify *);
struct audit_cert *certs_find(struct audit_verify *, int16_t ca,
	    const uint8_t *serial, size_t len);
void	 certs_issue(struct audit_verify *, struct audit_entry *);
void	 certs_finish(struct audit_verify *);

/* audit_names.c */
void	 names_check(struct audit_verify *, const struct audit_about *,
	    const struct cert_look *, const char *profile,
	    const struct fields *);

/* audit_requests.c */
void	 requests_load(struct audit_verify *);
void	 requests_check(struct audit_verify *, struct audit_entry *,
	    const struct approved *, const struct order_item *,
	    const struct audit_cert *, const uint8_t key_digest[32]);

/* audit_orders.c */
void	 orders_load(struct audit_verify *);
void	 orders_new(struct audit_verify *, struct audit_entry *);
void	 orders_approve(struct audit_verify *, struct audit_entry *);
void	 orders_reject(struct audit_verify *, struct audit_entry *);
void	 orders_reject_signed(struct audit_verify *, struct audit_entry *);
void	 orders_bind(struct audit_verify *, struct audit_entry *);
void	 orders_archive(struct audit_verify *, struct audit_entry *);
void	 orders_secret(struct audit_verify *, struct audit_entry *);
void	 orders_unbind(struct audit_verify *, struct audit_entry *);
void	 orders_clear(struct audit_verify *);
/*
 * The order that an entry names.  NULL with a finding.  The parsed form is
 * borrowed until the next call.
 */
struct audit_order *orders_use(struct audit_verify *, struct audit_entry *,
	    struct approved **);
/* Note the use; false, with a finding, if it was used so before. */
bool	 orders_use_once(struct audit_verify *, const struct audit_entry *,
	    struct audit_order *, const void *what, size_t len,
	    const char *text);
/* profile: whose rule is asked, if profiles were given; grave: what the order
 * does gives or takes a role. */
bool	 orders_check_approvals(struct audit_verify *,
	    const struct audit_entry *, struct audit_order *,
	    struct approved *, const char *profile, bool grave);
/* Read afresh: the caller's. */
struct approved *orders_read(struct audit_verify *,
	    const struct audit_order *);

/* audit_status.c */
void	 status_change(struct audit_verify *, struct audit_entry *);
void	 status_adopt(struct audit_verify *, struct audit_entry *);
void	 status_finish(struct audit_verify *);

/* audit_crls.c */
void	 crls_load(struct audit_verify *);
void	 crls_check(struct audit_verify *, struct audit_entry *);
void	 crls_finish(struct audit_verify *);
#endif
