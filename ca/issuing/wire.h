/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_WIRE_H
#define SIGNET_CA_WIRE_H
/*
 * Messages between a worker (which has the store) and the signer (which has
 * the keys).  A worker asks, the signer answers with the same number, or with
 * type 0 and an error.  The signer takes nothing on trust; each field is
 * bounded in signer_<message>.c.
 *
 *	HELLO	-> u32 nCAs, { str name, u32 usable, str why not,
 *		    u32 enum wire_ca, i64 due }, i64 seq,
 *		u32 is it to be looked what the store has lost
 *	FOLLOW	i64 where the worker believes that the signer stands,
 *		u32 n, { blob CMS },
 *		u32 n, { i64 seq, blob hash, blob body, u32 proof (0: none,
 *		    else place of the CMS), blob certificate, str profile }
 *		-> i64 seq
 *	BATCH	blob CMS	-> blob digest	(the signer keeps it)
 *	PREPARE	u32 n, { u32 by_digest, blob CMS or digest, u32 item,
 *		    blob request, blob proof, blob station order }
 *		-> u32 n, { u32 1, blob digest, str ca, blob serial, blob tbs,
 *			    str profile, str holder, i64 expires, u32 unique_key,
 *			    blob key digest, blob request digest }
 *		     or   { u32 0, error }
 *	SIGN	u32 n, { blob digest, u32 item, blob serial, blob tbs }
 *		    (tbs empty: as prepared; else bytes from an intent)
 *		-> u32 n, { u32 1, blob certificate, i64 shard that it names }
 *		     or   { u32 0, error }
 *	RESUME	u32 n, { blob digest, u32 item, str ca, blob serial, blob tbs }
 *		-> u32 n, { u32 enum wire_resume }
 *	STATUS	u32 n, { blob CMS, u32 n, { blob certificate, str profile } }
 *		-> u32 n, { u32 1, blob digest, i64 expires, u32 n, { str ca,
 *			    blob serial, u32 status, i64 reason, i64 at,
 *			    i64 since } }
 *		     or   { u32 0, error }
 *	ADOPT	blob CMS	-> blob digest, i64 expires, i64 seq, blob hash
 *	CRL	str ca, u32 enum wire_crl_kind, i64 shard (0: all of them),
 *		i64 number of the store's newest complete list of these,
 *		i64 number that the next list would have there
 *		-> u32 enum wire_crl_next
 *	CRL_SEEN	str ca, u32 last one, blob piece of that newest list
 *		-> u32 enum wire_crl_next
 *	CRL_ENTRIES	str ca, u32 last ones, u32 n, { blob serial, i64 reason,
 *		    i64 at, i64 since }		(ascending)
 *		-> u32 n, { u32 enum wire_differs, blob serial }
 *		    (evidence wanted before more entries)
 *	CRL_EVIDENCE	str ca, u32 n,
 *		{ blob certificate, str profile, blob CMS }	(as asked)
 *		-> as CRL_ENTRIES
 *	CRL_SIGN	str ca	-> u32 0: work is left, ask again; or
 *		1, i64 number, i64 base, i64 this, i64 next, i64 entries,
 *		i64 size, u32 n, { str alarm }
 *	CRL_PIECE	str ca, i64 shard, i64 number, i64 offset	-> blob
 *	REJECT	blob CMS	-> blob digest, i64 expires, blob digest of the
 *		    order that it rejects
 *	BIND	blob CMS	-> blob digest, i64 expires, blob digest of the
 *		    bind order (this one, or the one that it undoes)
 *	LOST	u32 enum wire_lost, i64 place (-1: it was looked)
 *		-> { u32 1, blob digest, u32 item, str ca, blob serial,
 *		    u32 status as in STATUS }, u32 0, i64 next place or -1
 *	HEAD	-> i64 seq, blob CMS		(of what was followed)
 */
enum wire_type {
	WIRE_HELLO = 1, WIRE_FOLLOW, WIRE_BATCH, WIRE_PREPARE, WIRE_SIGN,
	WIRE_RESUME, WIRE_STATUS, WIRE_ADOPT, WIRE_CRL, WIRE_CRL_SEEN,
	WIRE_CRL_ENTRIES, WIRE_CRL_EVIDENCE, WIRE_CRL_SIGN, WIRE_CRL_PIECE,
	WIRE_HEAD, WIRE_REJECT, WIRE_BIND, WIRE_LOST, WIRE__MAX
};

enum wire_ca {			/* what a generation of a CA does */
	WIRE_CA_WAITS = 1,	/* it begins later */
	WIRE_CA_ISSUES,
	WIRE_CA_LISTS,		/* a newer one issues; this keeps its list */
	WIRE_CA_EXPIRED,
	WIRE_CA_REVOKED,	/* by the root; keeps its list */
};

enum wire_lost {		/* what this instance has in its ledger */
	WIRE_LOST_CERTS = 1,
	WIRE_LOST_STATUS,
};
#define WIRE_LOST_PAGE	1000

enum wire_resume {
	WIRE_RESUME_SIGN = 1,	/* the key may have been used on these bytes */
	WIRE_RESUME_WITHDRAW,	/* it was not: start afresh */
	WIRE_RESUME_REFUSE,	/* it was used on other bytes */
};

enum wire_differs {
	WIRE_DIFFERS_MISSING = 1,	/* the signer has it, the store does not */
	WIRE_DIFFERS_EXTRA,		/* the store has it, the signer does not */
};

enum wire_crl_kind { WIRE_CRL_COMPLETE, WIRE_CRL_DELTA };

enum wire_crl_next {		/* what the signer waits for */
	WIRE_NEXT_SEEN = 1,	/* the store's newest list: it is newer */
	WIRE_NEXT_ENTRIES,
	WIRE_NEXT_SIGN,
};

#define WIRE_CRL_PAGE	2000	/* entries in one CRL_ENTRIES */
#define WIRE_CRL_ASKED	500	/* differences in one answer */
#define WIRE_CRL_CHUNK	262144	/* bytes in one CRL_SEEN or CRL_PIECE */
#define WIRE_GROUP_MAX	5000
#define WIRE_PROOFS_MAX	5000	/* orders along with one FOLLOW */
#endif
