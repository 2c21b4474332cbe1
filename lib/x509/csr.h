/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CSR_H
#define SIGNET_X509_CSR_H
/*
 * Certificate requests (PKCS#10, and the CertReqMsg of CRMF that CMP carries),
 * which are foreign bytes.
 *
 * csr_parse() accepts one DER or PEM request and nothing beside it, reads it
 * by itself after der_check(), checks the key and the proof of possession.
 * What the request says of names is offered, never obeyed; doc/requests.md
 * has the whole list of what is refused, stripped and taken.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "x509/key.h"
#include "x509/name.h"

#define CSR_MAX		(16 * 1024)	/* bytes, DER */
#define CSR_IGNORED	16
#define CSR_VOUCHERS	4	/* certificates of an attestation */

struct profile;

struct csr {
	struct buf	 der;		/* the request */
	struct bytes	 spki;		/* inside der, or made_spki */
	struct buf	 made_spki;	/* CRMF has it under another tag */
	uint8_t		 digest[32];	/* SHA-256 of der */
	uint8_t		 key_digest[KEY_DIGEST_SIZE];
	struct bytes	 subject;	/* inside its SEQUENCE */
	struct bytes	 san;		/* subjectAltName asked for, or empty */
	EVP_PKEY	*key;
	/* Asked for; no certificate gets it from here. */
	bool		 wants_ca;	/* basicConstraints cA */
	uint32_t	 key_usage;	/* bits as of RFC 5280, 4.2.1.3 */
	struct bytes	 ext_key_usage;	/* inside its SEQUENCE, or empty */
	/* csr_parse_card() alone: nothing in it proves that somebody has the
	 * key, and the station that sent it says so; and the word of the
	 * card's maker, the key's own certificate first. */
	bool		 is_bare;
	struct bytes	 voucher[CSR_VOUCHERS];
	size_t		 nvouchers;
	struct bytes	 ignored[CSR_IGNORED];	/* OIDs of what was not read */
	size_t		 nignored;
};
/* text: PEM or DER.  Errors name the field and the rule, code ERROR_INPUT,
 * or ERROR_DENIED for a key that is well formed but must not be certified. */
int	 csr_parse(struct csr **, struct bytes text, struct error *);
void	 csr_free(struct csr **);
/* The request of a station, which may also be a CardRequest (order.asn1). */
int	 csr_parse_card(struct csr **, struct bytes der, struct error *);
/* Make one: of a PKCS#10 request, or of a key alone (is_bare); leaf and issuer
 * of the attestation, or nothing.  Neither is looked at. */
void	 csr_card_put(struct buf *out, struct bytes request, bool is_bare,
	    struct bytes leaf, struct bytes issuer);
/* Only the key's digest, of a request that was parsed before. */
int	 csr_find_key(uint8_t dst[KEY_DIGEST_SIZE], struct bytes der,
	    struct error *);
/* Do both ask for the same, for one key?  Proofs may be others: whoever asks
 * again may have signed again. */
bool	 csr_is_same(const struct csr *, const struct csr *);
/* Subject and alternative names as fields: "CN" -> "name", rfc822Name ->
 * "mail", dNSName -> "dns", "O" -> "org", "OU" -> "unit", "C" -> "country",
 * "serialNumber" -> "id", GN -> "given", SN -> "surname"... */
int	 csr_fields(const struct csr *, struct fields *, struct error *);
/* What it asks for beside names: ERROR_DENIED where a holder would become a
 * CA or an authority that the profile does not make.  The rest is stripped. */
int	 csr_check_wishes(const struct csr *, const struct profile *,
	    struct error *);
/* "keyUsage", or dotted: a name for an extension or attribute; dst, or a
 * constant. */
const char *csr_part_name(struct bytes oid, char dst[80]);
/* Make a request: for the suite's own agents and for CAs. */
int	 csr_make(struct buf *der, EVP_PKEY *, const char *common_name,
	    struct error *);
/* Key quality alone: sizes, exponents, curve points.  ERROR_DENIED. */
int	 csr_check_key(EVP_PKEY *, struct error *);
#endif
