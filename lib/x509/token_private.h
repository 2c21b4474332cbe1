/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_TOKEN_PRIVATE_H
#define SIGNET_X509_TOKEN_PRIVATE_H
/*
 * What the files of the token module share.
 */
#include <pthread.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <openssl/core_dispatch.h>
#include "base/secret.h"
#include "os/msg.h"
#include "x509/token.h"

/* token_module.c: the shared library, one per path and process. */
struct token_module {
	struct token_module	*next;
	char			*path;		/* that was asked for */
	char			*file;		/* that was found */
	CK_FUNCTION_LIST	*f;
	/* Held for reading while the module is used, for writing while it is
	 * finalised and initialised; the count of that is the generation. */
	pthread_rwlock_t	 lock;
	uint64_t		 generation;
};
int	 token_module_load(struct token_module **, const char *path,
	    struct error *);
/* Begin anew, unless somebody has since that generation. */
int	 token_module_restart(struct token_module *, uint64_t generation,
	    struct error *);

#define TOKEN_SESSIONS	16	/* idle ones that are kept */
#define TOKEN_ID_MAX	64
#define TOKEN_URI_MAX	1024

struct token_key {
	pthread_mutex_t		 lock;		/* all but opening */
	pthread_mutex_t		 opening;	/* one thread repairs */
	unsigned int		 refs;
	char			*text;		/* the URI */
	char			*name;		/* the URI without its query */
	char			*pin_from;
	struct secret		 pin;
	bool			 pin_refused;
	P11KitUri		*uri;
	char			*path;
	struct token_module	*module;	/* NULL before the first use */

	bool			 live;
	uint64_t		 generation;	/* of the module */
	uint64_t		 connection;	/* counts */
	CK_SLOT_ID		 slot;
	char			 label[33];	/* of the token */
	char			 serial[17], model[17];
	CK_SESSION_HANDLE	 idle[TOKEN_SESSIONS];
	size_t			 nidle;
	CK_OBJECT_HANDLE	 object;
	EVP_PKEY		*pub;		/* NULL before the first time */
	uint8_t			 id[TOKEN_ID_MAX];
	size_t			 id_len;
	struct error		 failure;
	token_sign_fn		*by;		/* NULL: the token */
	void			*by_arg;

	/* Of a key that is apart, whose clerk has all of that. */
	struct token_line	*line;		/* NULL: there is no clerk */
	pthread_cond_t		 line_free;
	int64_t			 asked_at;	/* to open it; 0: not asked */
	bool			 late;		/* the last one was */
};

/* token.c: one reference more. */
struct token_key *token_key_ref(struct token_key *);

/*
 * token.c: one use of the key, in a session of its own; begun anew when the
 * token had forgotten it.  "what" is for the error.
 */
typedef CK_RV token_use_fn(CK_FUNCTION_LIST *, CK_SESSION_HANDLE,
    CK_OBJECT_HANDLE key, void *arg);
int	 token_use(struct token_key *, token_use_fn *, void *arg,
	    const char *what, struct error *);
/* What came of it, for token_key_failure(); returns rc. */
int	 token_note(struct token_key *, int rc, const struct error *);

/* token_error.c */
const char *token_rv_name(CK_RV);
/* The key, its token or its session is gone: opening it anew may help. */
bool	 token_rv_is_lost(CK_RV);
/* "what: CKR_NAME", with a code that fits the value.  Returns -1. */
int	 token_error(struct error *, CK_RV, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

/* token_slot.c: the caller holds module->lock for reading. */
int	 token_slot_find(struct token_key *, CK_SLOT_ID *, CK_TOKEN_INFO *,
	    struct error *);
int	 token_login(struct token_key *, CK_SESSION_HANDLE,
	    const CK_TOKEN_INFO *, struct error *);
int	 token_fetch_pin(struct token_key *, const CK_TOKEN_INFO *,
	    struct error *);

/* token_object.c: the same. */
int	 token_object_key(struct token_key *, CK_SESSION_HANDLE,
	    CK_OBJECT_HANDLE *, struct error *);
int	 token_object_public(struct token_key *, CK_SESSION_HANDLE,
	    CK_OBJECT_HANDLE, EVP_PKEY **, struct error *);
int	 token_object_is_readable(struct token_key *, CK_SESSION_HANDLE,
	    CK_OBJECT_HANDLE, bool *, struct error *);
int	 token_object_cert(struct token_key *, CK_SESSION_HANDLE, X509 **,
	    struct error *);
/* token_generate.c */
int	 token_generate(struct token_key *, CK_SESSION_HANDLE,
	    const char *alg, struct error *);

/* token_apart.c: keys whose modules run in other processes. */
int	 token_apart_open(struct token_key *, struct error *);
int	 token_apart_sign(struct token_key *, const EVP_MD *,
	    struct bytes digest, enum token_padding, struct buf *sig,
	    struct error *);
void	 token_apart_clear(struct token_key *);
/* What a clerk answers to OPEN, with k->lock held, and to SIGN. */
int	 token_apart_opened(struct token_key *k, struct msg *, struct error *);
int	 token_apart_signed(struct msg *, struct buf *sig, struct error *);

/*
 * token_clerk.c: those processes.  Each question and each answer is one packet
 * of fields as in os/msg.h: what is asked, or 0 and an error; then for
 * OPEN the URI and the PIN, and its public key; for SIGN digest's number,
 * padding and digest, and the signature.
 */
#define CLERK_CHANNELS		5	/* the first for opening */
#define CLERK_MESSAGE_MAX	8192
enum clerk_ask { CLERK_OPEN = 1, CLERK_SIGN };
struct clerks_setup {
	token_confine_fn	*confine;	/* or NULL */
	void			*arg;
};
/* A clerk's process: one key.  It is opened on the first channel alone. */
struct token_clerk {
	struct token_key	*key;	/* from the first opening on */
	pthread_mutex_t		 lock;	/* of what follows */
	bool			 is_open;	/* once: others may sign */
	int			 end[CLERK_CHANNELS];
	int			 other[CLERK_CHANNELS];	/* not for it */
	int			 parent;		/* neither */
};
void	 token_clerk_answer(struct token_clerk *, bool first, struct msg *in,
	    struct msg *out);
struct proc;
/*
 * The clerks' parent.  It reads numbers: 0 starts a clerk, whose process and
 * channels it sends back; another kills the clerk with that process.
 */
int	 token_clerks_start(struct proc *, struct clerks_setup *,
	    struct error *);

/* token_provider*.c: a key as OpenSSL holds it. */
struct token_keydata {
	EVP_PKEY		*pub;
	struct token_key	*token;		/* NULL: a public key only */
};
extern const OSSL_DISPATCH	 TOKEN_SIGNATURE_FUNCTIONS[],
				 TOKEN_CIPHER_FUNCTIONS[],
				 TOKEN_EXCHANGE_FUNCTIONS[];
int	 token_provider_pkey(struct token_key *, EVP_PKEY **, struct error *);
#endif
