/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_lines FILE...: what OpenSSL, and nothing of ours, reads in each PEM
 * certificate of the files, one line each, with tabs between the columns:
 *
 *	subject, issuer, version, seconds from notBefore to notAfter,
 *	signature, SHA-256 of the key, extensions ... , serial number
 *
 * Each extension is "name=text", or "name!=text" when critical.  Of a request,
 * the subject, the SHA-256 of its key and the key identifier of RFC 7093.
 */
#include <stdio.h>
#include <string.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* One column: what is in the BIO, on one line. */
static void
put_text(BIO *text)
{
	char	*p, last = ' ';
	long	 n = BIO_get_mem_data(text, &p), i;

	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == ' '))
		n--;
	for (i = 0; i < n; i++) {
		if (p[i] == '\n' || p[i] == '\t')
			p[i] = ' ';
		if (p[i] != ' ' || last != ' ')
			putchar(p[i]);
		last = p[i];
	}
	(void)BIO_reset(text);
}

static void
put_hex(const unsigned char *p, size_t len, const char *between)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		printf("%s%02X", i > 0 ? between : "", p[i]);
}

static void
put_name(BIO *text, const X509_NAME *name)
{
	X509_NAME_print_ex(text, name, 0, ASN1_STRFLGS_ESC_2253 |
	    ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT |
	    XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_SN);
	put_text(text);
}

static void
put_key(X509_PUBKEY *key)
{
	unsigned char	 hash[32], *der = NULL;
	int		 len = i2d_X509_PUBKEY(key, &der);

	if (len > 0 && EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(),
	    NULL) == 1)
		put_hex(hash, sizeof(hash), "");
	OPENSSL_free(der);
}

/* RFC 7093, 2, method 1: the first 160 bits of SHA-256 of the bit string. */
static void
put_key_id(X509_PUBKEY *key)
{
	const unsigned char	*bits;
	unsigned char		 hash[32];
	int			 len;

	if (X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, key) == 1 &&
	    EVP_Digest(bits, (size_t)len, hash, NULL, EVP_sha256(), NULL) == 1)
		put_hex(hash, 20, ":");
}

static long
seconds(const X509 *x)
{
	int	 day = 0, sec = 0;

	if (ASN1_TIME_diff(&day, &sec, X509_get0_notBefore(x),
	    X509_get0_notAfter(x)) != 1)
		return -1;
	return day * 86400L + sec;
}

static void
put_extensions(BIO *text, const X509 *x)
{
	X509_EXTENSION	*ext;
	char		 name[80];
	int		 i;

	for (i = 0; i < X509_get_ext_count(x); i++) {
		ext = X509_get_ext(x, i);
		OBJ_obj2txt(name, sizeof(name), X509_EXTENSION_get_object(ext),
		    1);
		if (OBJ_obj2nid(X509_EXTENSION_get_object(ext)) != NID_undef)
			snprintf(name, sizeof(name), "%s", OBJ_nid2sn(
			    OBJ_obj2nid(X509_EXTENSION_get_object(ext))));
		printf("\t%s%s=", name,
		    X509_EXTENSION_get_critical(ext) ? "!" : "");
		if (X509V3_EXT_print(text, ext, 0, 0) != 1)
			BIO_puts(text, "unreadable");
		put_text(text);
	}
}

static void
put_cert(BIO *text, X509 *x)
{
	const ASN1_INTEGER	*serial = X509_get0_serialNumber(x);

	put_name(text, X509_get_subject_name(x));
	putchar('\t');
	put_name(text, X509_get_issuer_name(x));
	printf("\tv%ld\t%ld\t%s\t", X509_get_version(x) + 1, seconds(x),
	    OBJ_nid2sn(X509_get_signature_nid(x)));
	put_key(X509_get_X509_PUBKEY(x));
	put_extensions(text, x);
	printf("\t%s", serial->type == V_ASN1_NEG_INTEGER ? "-" : "");
	put_hex(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial), "");
	putchar('\n');
}

static void
put_request(BIO *text, X509_REQ *r)
{
	put_name(text, X509_REQ_get_subject_name(r));
	putchar('\t');
	put_key(X509_REQ_get_X509_PUBKEY(r));
	putchar('\t');
	put_key_id(X509_REQ_get_X509_PUBKEY(r));
	putchar('\n');
}

/* Every PEM block is a certificate or a request. */
static int
put_block(BIO *text, const char *name, const unsigned char *der, long len)
{
	X509_REQ	*r = NULL;
	X509		*x = NULL;

	if (strcmp(name, "CERTIFICATE") == 0 &&
	    (x = d2i_X509(NULL, &der, len)) != NULL)
		put_cert(text, x);
	else if (strcmp(name, "CERTIFICATE REQUEST") == 0 &&
	    (r = d2i_X509_REQ(NULL, &der, len)) != NULL)
		put_request(text, r);
	else
		return -1;
	X509_free(x);
	X509_REQ_free(r);
	return 0;
}

static int
put_file(BIO *text, const char *path)
{
	unsigned char	*der = NULL;
	char		*name = NULL, *header = NULL;
	long		 len, n = 0;
	BIO		*in = BIO_new_file(path, "r");

	while (in != NULL &&
	    PEM_read_bio(in, &name, &header, &der, &len) == 1) {
		if (put_block(text, name, der, len) == -1)
			n = -1;
		else if (n >= 0)
			n++;
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	BIO_free(in);
	if (n > 0)
		return 0;
	fprintf(stderr, "cert_lines: %s: not certificates or requests\n",
	    path);
	return -1;
}

int
main(int argc, char *argv[])
{
	BIO	*text = BIO_new(BIO_s_mem());
	int	 i, rc = argc > 1 && text != NULL ? 0 : 2;

	for (i = 1; rc == 0 && i < argc; i++)
		if (put_file(text, argv[i]) == -1)
			rc = 1;
	BIO_free(text);
	return rc;
}
