/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_TOKEN_H
#define SIGNET_X509_TOKEN_H
/*
 * Keys in PKCS#11 tokens, named by RFC 7512 URIs.
 *
 * This speaks to the token's module itself.  OpenSSL's engine and provider
 * for PKCS#11 do not say which token is away, cannot begin anew with a module
 * whose token was restarted, and are not the same on every system.  What
 * OpenSSL sees is an EVP_PKEY like any other, whose signatures are made by
 * token_key_sign(), and which opens what was sealed to it (card/seal.h).
 *
 * A key outlives its token's absence: a session that the token has forgotten
 * is opened again, with the PIN that is kept for it, and a module that does
 * not see a token any more is finalised and initialised.  A PIN that was
 * refused is never sent again.
 *
 * A module's state belongs to the process: load one only after the last fork.
 * And a module is other people's code: see token_apart_start().
 */
#include <stdbool.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"

struct token_key;		/* counted by reference; thread-safe */

bool	 token_is_uri(const char *uri);
/*
 * Parse the URI.  The module, that of the attribute module-path, else
 * $PKCS11_MODULE_PATH, else p11-kit's proxy for all that it knows, is loaded
 * when the key is opened, which may be in a sandbox.  pin_from is a
 * secret_fetch() source or NULL; the URI's pin-source (a file) comes first.
 */
int	 token_key_new(struct token_key **, const char *uri,
	    const char *pin_from, struct error *);
void	 token_key_free(struct token_key **);

/* Get the PIN now, not when it is needed: a sandbox may come in between. */
int	 token_key_fetch_pin(struct token_key *, struct error *);
/* Here it is; copied. */
int	 token_key_set_pin(struct token_key *, const struct secret *,
	    struct error *);

/*
 * Find the token, log in, find the one key that the URI names.
 * ERROR_UPSTREAM: the token is away; ERROR_NOTFOUND: it is there and has no
 * such key; ERROR_CONFLICT: several tokens or keys fit; ERROR_DENIED: the PIN
 * was refused; ERROR_CONFIG: what is configured cannot work.
 */
int	 token_key_open(struct token_key *, struct error *);
/* Load the module now, for who wants to tell that from a token's absence. */
int	 token_key_load_module(struct token_key *, struct error *);
/* Make the key in the token; the URI must name its object, which must not
 * be there yet.  alg: "rsa:2048".."rsa:4096", "ec:P-256", "ec:P-384". */
int	 token_key_generate(struct token_key *, const char *alg,
	    struct error *);

/* The key for OpenSSL, once it was open; it keeps the token key alive. */
int	 token_key_pkey(struct token_key *, EVP_PKEY **, struct error *);
/* The token key behind an EVP_PKEY, borrowed, or NULL. */
struct token_key *token_key_of(const EVP_PKEY *);
/* What it is, once it was open, for the record. */
struct token_info {
	char	 label[33], serial[17], model[17];	/* of the token */
	char	*uri;		/* by the token's label and the key's id */
	char	*module;	/* the file that was loaded */
	bool	 readable;	/* the key may be read out of the token */
};
int	 token_key_info(struct token_key *, struct token_info *,
	    struct error *);
void	 token_info_clear(struct token_info *);
/* The certificate with the key's id, else with its label. */
int	 token_key_cert(struct token_key *, X509 **, struct error *);

/*
 * From now on no module runs in this process: each key has a process of its
 * own, which has that key's PIN and no other secret.  One that does not answer
 * within the timeout is killed; signing with its key fails then, and opening
 * it starts another, for which nobody waits long before it has answered once:
 * until then opening is ERROR_RETRY.
 * Call it before there are keys, threads or secrets.  "confine" is called once,
 * in the process that will start these, and takes away what modules must not
 * have.  There, keys are not made, described or read: open and sign only.
 */
typedef int token_confine_fn(void *arg, struct error *);
int	 token_apart_start(token_confine_fn *confine, void *arg,
	    int timeout_ms, struct error *);
void	 token_apart_stop(void);
bool	 token_apart_is_on(void);

enum token_padding { TOKEN_PKCS1, TOKEN_PSS };	/* of RSA */
/* Signature over a digest, as OpenSSL would make it. */
int	 token_key_sign(struct token_key *, const EVP_MD *, struct bytes digest,
	    enum token_padding, struct buf *sig, struct error *);
/*
 * A key that is in no token but with somebody else, who signs when asked; only
 * its public half is here, and pub is that.  For OpenSSL it is like the others.
 */
typedef int token_sign_fn(void *arg, EVP_PKEY *pub, const EVP_MD *,
	    struct bytes digest, enum token_padding, struct buf *sig,
	    struct error *);
int	 token_key_elsewhere(EVP_PKEY **, EVP_PKEY *pub, token_sign_fn *,
	    void *arg, struct error *);
/*
 * Not apart: what was encrypted to an RSA key with OAEP and SHA-256; and what
 * an EC key agrees on with another one.  ERROR_DENIED: not for this key.
 */
int	 token_key_decrypt(struct token_key *, struct bytes sealed,
	    struct secret *clear, struct error *);
int	 token_key_agree(struct token_key *, EVP_PKEY *peer, struct secret *,
	    struct error *);
/* Why its last use failed; ERROR_NONE when it did not. */
void	 token_key_failure(struct token_key *, struct error *);
#endif
