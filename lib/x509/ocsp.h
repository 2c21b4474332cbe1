/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_OCSP_H
#define SIGNET_X509_OCSP_H
/*
 * OCSP on the wire (RFC 6960, RFC 5019, RFC 9654): requests read and made,
 * responses signed and read.  No clock, no store, no network.
 *
 * Requests and responses are foreign bytes: they go through der_check() and
 * our own reader, never through OpenSSL's.  What is read is borrowed from the
 * bytes it was read from, nothing is allocated, and a signed request's
 * signature is not looked at (RFC 6960, 4.1.2 leaves that to the responder):
 * who asks does not change what is true.
 *
 * The reader of responses shares no code with their writer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"

#define OCSP_REQUEST_MAX	(64 * 1024)
#define OCSP_RESPONSE_MAX	(256 * 1024)
#define OCSP_IDS_MAX		100
#define OCSP_NONCE_MAX		128
#define OCSP_SERIAL_MAX		21	/* as struct crl_entry can hold */

enum ocsp_hash { OCSP_SHA1, OCSP_SHA256, OCSP_SHA384, OCSP_SHA512,
    OCSP_HASHES };
const char *ocsp_hash_name(enum ocsp_hash);	/* "SHA-1" */

struct ocsp_id {			/* a CertID; all borrowed */
	struct bytes	 der;		/* whole: to be echoed octet for octet */
	enum ocsp_hash	 hash;
	struct bytes	 name_hash, key_hash;
	/* Big-endian magnitude; empty, though not NULL, for what no CA of ours
	 * can have issued: zero, a negative number, more than OCSP_SERIAL_MAX
	 * octets. */
	struct bytes	 serial;
};

/*
 * An issuer as CertIDs name it: digests of its name and key, all hashes.
 */
struct ocsp_issuer {
	uint8_t	 name_hash[OCSP_HASHES][64];
	uint8_t	 key_hash[OCSP_HASHES][64];
};
int	 ocsp_issuer_init(struct ocsp_issuer *, X509 *ca, struct error *);
bool	 ocsp_issuer_is(const struct ocsp_issuer *, const struct ocsp_id *);

/*
 * Requests.  ERROR_INPUT: malformedRequest.  ERROR_DENIED, when a CertID's
 * hash is none of ours (MD5, SHA-224): we cannot know whom it is about, which
 * is unauthorized.  The text names the field.
 */
struct ocsp_request {
	struct bytes	 nonce;		/* value of the extension, to be echoed;
					 * empty: none */
	size_t		 n;		/* at least 1 */
	struct ocsp_id	 id[OCSP_IDS_MAX];
};
int	 ocsp_request_read(struct ocsp_request *, struct bytes der,
	    struct error *);
/* One CertID. */
int	 ocsp_id_read(struct ocsp_id *, struct bytes der, struct error *);
/*
 * The request in the path of a GET, appended to out: what follows the
 * responder's own path, not unescaped and with nothing collapsed.  Takes base
 * 64 of either alphabet, padded or not, any octet escaped; ERROR_INPUT.
 */
int	 ocsp_request_from_path(struct buf *out, const char *path,
	    struct error *);

/* For those who ask.  The hash's parameters are NULL, as every client's. */
void	 ocsp_id_put(struct buf *, const struct ocsp_issuer *, enum ocsp_hash,
	    struct bytes serial);
/* n CertIDs in DER; nonce empty: none. */
void	 ocsp_request_make(struct buf *, const struct bytes *id, size_t n,
	    struct bytes nonce);
/* That in base 64 and escaped for a path, without a leading slash. */
void	 ocsp_request_path(struct buf *, struct bytes der);

/*
 * Signers.
 */
struct ocsp_signer {
	X509		*cert;
	EVP_PKEY	*key;
	struct buf	 cert_der;	/* the one that goes into answers */
	uint8_t		 key_hash[20];	/* SHA-1 of the key: responderID */
	int64_t		 not_before, not_after;
};
/* May this certificate answer for that CA at this time?  Issued by the same
 * key, OCSPSigning and nocheck in it, valid, not the CA's own.  ERROR_CONFIG. */
int	 ocsp_signer_check(X509 *signer, X509 *ca, int64_t now, struct error *);
/* Checks, and that the key is the certificate's; both are referenced. */
int	 ocsp_signer_init(struct ocsp_signer *, X509 *cert, EVP_PKEY *key,
	    X509 *ca, int64_t now, struct error *);
void	 ocsp_signer_clear(struct ocsp_signer *);

/*
 * Answers.
 */
enum ocsp_state { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_single {
	struct bytes	 id;		/* a CertID's DER */
	enum ocsp_state	 state;
	int8_t		 reason;	/* CRLReason, or -1: absent (never 0) */
	int64_t		 revoked_at;
	int64_t		 this_update, next_update;
	int64_t		 archive_cutoff;	/* 0: absent */
};

struct ocsp_answer {
	int64_t		 produced_at;
	struct bytes	 nonce;		/* as in struct ocsp_request */
	bool		 extended_revoked;	/* RFC 6960, 4.4.8 */
	size_t		 n;
	const struct ocsp_single *single;
};
/* RFC 6960, 2.2: what stands for a serial that was never issued. */
void	 ocsp_single_never_issued(struct ocsp_single *);

/*
 * The writer: one signer, used by one thread at a time, many answers.  It
 * keeps references and a copy of what it needs, so the signer may go first.
 */
struct ocsp_writer;
int	 ocsp_writer_open(struct ocsp_writer **, const struct ocsp_signer *,
	    struct error *);
/* Appends the response.  ERROR_BUG for an answer that must not be given:
 * nextUpdate beyond the signer's life, reason 0, thisUpdate after
 * producedAt ... */
int	 ocsp_writer_sign(struct ocsp_writer *, struct buf *out,
	    const struct ocsp_answer *, struct error *);
void	 ocsp_writer_close(struct ocsp_writer **);

/* RFC 6960, 4.2.1.  4 is not used. */
enum ocsp_status { OCSP_SUCCESSFUL, OCSP_MALFORMED, OCSP_INTERNAL,
    OCSP_TRY_LATER, OCSP_SIG_REQUIRED = 5, OCSP_UNAUTHORIZED };
const char *ocsp_status_name(enum ocsp_status);	/* "tryLater" */
/* INPUT: malformedRequest; DENIED: unauthorized; RETRY, UPSTREAM: tryLater;
 * the rest internalError. */
enum ocsp_status ocsp_status_of(const struct error *);
/* The whole unsigned response; constant.  Not for OCSP_SUCCESSFUL. */
struct bytes ocsp_status_response(enum ocsp_status);

/*
 * Reading responses, as a suspicious client does.
 */
struct ocsp_expect {
	X509		*ca;		/* issuer of what was asked about */
	int64_t		 now;
	int64_t		 skew;		/* that clocks may differ */
	size_t		 n;		/* CertIDs that were asked, in order */
	const struct bytes *id;
	struct bytes	 nonce;		/* that was given to be sent */
};

struct ocsp_reply {			/* borrowed from the bytes */
	enum ocsp_status status;	/* the rest only if SUCCESSFUL */
	int64_t		 produced_at;
	struct bytes	 nonce;		/* its octets; empty: none */
	bool		 extended_revoked;
	struct bytes	 signer;	/* its certificate */
	int64_t		 signer_not_after;
	size_t		 n;
	struct ocsp_single single[OCSP_IDS_MAX];
};
/*
 * -1: malformed, not signed by someone who may (RFC 6960, 4.2.2.2), not about
 * what was asked, out of its time, or with another nonce.  An error response
 * is 0 and its status.
 */
int	 ocsp_response_read(struct ocsp_reply *, struct bytes der,
	    const struct ocsp_expect *, struct error *);
#endif
