/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CERT_PRIVATE_H
#define SIGNET_X509_CERT_PRIVATE_H
/*
 * What the writing of certificates, their checking and the writing of CRLs
 * share.
 */
#include <openssl/x509v3.h>
#include "x509/cert.h"
#include "x509/crl_shard.h"

#define CERT_SKI_SIZE	20

#define OID_EXT_SKI			"2.5.29.14"
#define OID_EXT_KEY_USAGE		"2.5.29.15"
#define OID_EXT_SAN			"2.5.29.17"
#define OID_EXT_BASIC_CONSTRAINTS	"2.5.29.19"
#define OID_EXT_CRL_NUMBER		"2.5.29.20"
#define OID_EXT_REASON			"2.5.29.21"
#define OID_EXT_INVALIDITY		"2.5.29.24"
#define OID_EXT_CDP			"2.5.29.31"
#define OID_EXT_POLICIES		"2.5.29.32"
#define OID_EXT_AKI			"2.5.29.35"
#define OID_EXT_EXT_KEY_USAGE		"2.5.29.37"
#define OID_EXT_NO_REV_AVAIL		"2.5.29.56"
#define OID_EXT_FRESHEST		"2.5.29.46"
#define OID_EXT_AIA			"1.3.6.1.5.5.7.1.1"
#define OID_EXT_OCSP_NOCHECK		"1.3.6.1.5.5.7.48.1.5"
#define OID_AD_OCSP			"1.3.6.1.5.5.7.48.1"
#define OID_AD_CA_ISSUERS		"1.3.6.1.5.5.7.48.2"
#define OID_QT_CPS			"1.3.6.1.5.5.7.2.1"
#define OID_UPN				"1.3.6.1.4.1.311.20.2.3"
#define OID_SMTP_UTF8			"1.3.6.1.5.5.7.8.9"
#define OID_KRB5_PRINCIPAL		"1.3.6.1.5.2.2"

/*
 * The left 160 bits of SHA-256 over the key's bits (RFC 7093, method 1).  For
 * a signer of OCSP answers SHA-1 (RFC 5280, 4.2.1.2): its answers name it by
 * that digest, and dirmngr looks for the certificate with such an identifier.
 */
int	 cert_ski(uint8_t dst[CERT_SKI_SIZE], struct bytes spki,
	    const struct profile *, struct error *);
uint32_t cert_key_usage(const struct cert_spec *);
bool	 cert_subject_is_empty(const struct profile *, const struct fields *);
int	 cert_time(int64_t *, const ASN1_TIME *, struct error *);
/* What the issuer signs with; ERROR_CONFIG when the key does not. */
struct alg_sig;
int	 issuer_sig(const struct alg_sig **, const struct issuer *,
	    const EVP_PKEY *, struct error *);

/* Writing. */
int	 cert_put_extensions(struct buf *, const struct cert_spec *,
	    struct error *);
int	 cert_put_general_name(struct buf *, const char *type,
	    const char *value, struct error *);

/* Where the lists are that it is on, and where deltas: one address or more. */
struct cert_points {
	struct conf_list	 urls;
	char			*one[1];
	char			 room[CRL_SHARD_URL];
};
void	 cert_cdp(const struct cert_spec *, struct cert_points *);
void	 cert_freshest(const struct cert_spec *, struct cert_points *);

bool	 cert_is_ascii(const char *);

/* Checking: "finished certificate: WHAT is not as ordered"; -1. */
int	 cert_differs(struct error *, const char *what);
int	 cert_check_extensions(const X509_EXTENSIONS *,
	    const struct cert_spec *, struct error *);
bool	 cert_object_is(const ASN1_OBJECT *, const char *dotted);
bool	 cert_string_is(const ASN1_STRING *, const void *, size_t);
bool	 cert_text_is(const ASN1_STRING *, const char *);
bool	 cert_uri_is(const GENERAL_NAME *, const char *url);
bool	 cert_same_name(const GENERAL_NAME *, const char *type,
	    const char *value);

/* The root signs itself: there is no certificate yet. */
static inline bool
cert_is_self(const struct cert_spec *s)
{
	return s->issuer->cert == NULL;
}
#endif
