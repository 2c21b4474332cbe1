/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_TOKEN_PRIVATE_H
#define SIGNET_X509_TOKEN_PRIVATE_H
/*
 * What the files of the token module share.
 */
#include <pthread.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include "base/secret.h"
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

struct token_key {
	pthread_mutex_t		 lock;		/* all but opening */
	pthread_mutex_t		 opening;	/* one thread repairs */
	unsigned int		 refs;
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
};

/* token.c: one reference more. */
struct token_key *token_key_ref(struct token_key *);

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

/* token_provider.c */
int	 token_provider_pkey(struct token_key *, EVP_PKEY **, struct error *);
#endif
