/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of a token is asked by a program that has gone mad, and answers
 * like one to the program (lib/x509/token_clerk.c, token_apart.c).
 *
 * The first byte is who hears: a clerk without a key, one with a key of EC or
 * RSA, or the program.  The rest is packets: each has a byte for the channel, a
 * length of two, and that many bytes.  The token is one of ours, which keeps
 * what it is asked to sign: nothing but a whole digest, in the mechanism that
 * its key, the digest and the padding say, and not before it was opened.
 */
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include "tests/fuzz/input.h"
#include "tests/fuzz/must.h"
#include "tests/lib/testpki.h"
#include "x509/key.h"
#include "x509/token_private.h"

#define INPUT_MAX	(32u << 10)
#define PACKETS_MAX	16
#define SIG_SIZE	64
#define PREFIX		19	/* DigestInfo up to the digest */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { WITH_EC, WITH_RSA, KEYS };
static struct token_key	*token[KEYS];
static struct buf	 public[KEYS];
static struct {
	bool			 opened;	/* what the clerk has said */
	CK_MECHANISM_TYPE	 mechanism;
	CK_ULONG		 salt;
	CK_ULONG		 len;		/* of what was signed; 0: not */
} said;

/* ---- a token ---- */

/* In place of token_module.c: no URI of an input loads anything. */
int
token_module_load(struct token_module **out, const char *path,
    struct error *e)
{
	*out = NULL;
	must(path != NULL);
	return error_set(e, ERROR_CONFIG, "no module");
}

int
token_module_restart(struct token_module *m, uint64_t generation,
    struct error *e)
{
	(void)m;
	(void)generation;
	return error_set(e, ERROR_CONFIG, "no module");
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	(void)slot;
	(void)info;
	return CKR_OK;
}

static CK_RV
get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	(void)session;
	(void)info;
	return CKR_OK;
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *arg, CK_NOTIFY notify,
    CK_SESSION_HANDLE *out)
{
	(void)slot;
	(void)flags;
	(void)arg;
	(void)notify;
	*out = 1;
	return CKR_OK;
}

static CK_RV
close_session(CK_SESSION_HANDLE session)
{
	must(session == 1);
	return CKR_OK;
}

static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	const CK_RSA_PKCS_PSS_PARAMS	*pss = m->pParameter;

	must(session == 1 && key == 1);
	must((pss != NULL) == (m->mechanism == CKM_RSA_PKCS_PSS));
	said.mechanism = m->mechanism;
	said.salt = pss != NULL ? pss->sLen : 0;
	return CKR_OK;
}

static CK_RV
sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *out,
    CK_ULONG *outlen)
{
	must(session == 1 && said.opened && len > 0 && *outlen >= SIG_SIZE);
	said.len = len;
	if (said.mechanism == CKM_RSA_PKCS)
		must(len > PREFIX && data[0] == 0x30 &&
		    data[PREFIX - 1] == len - PREFIX);
	memset(out, 7, SIG_SIZE);
	*outlen = SIG_SIZE;
	return CKR_OK;
}

static CK_FUNCTION_LIST	 functions = { .C_GetTokenInfo = get_token_info,
	.C_GetSessionInfo = get_session_info, .C_OpenSession = open_session,
	.C_CloseSession = close_session, .C_SignInit = sign_init,
	.C_Sign = sign };
static struct token_module	 module = { .f = &functions,
	.lock = PTHREAD_RWLOCK_INITIALIZER, .generation = 1 };

static void
make_token(int i, const char *alg)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = testpki_key(alg);

	must(token_key_new(&token[i], "pkcs11:token=t;object=k", NULL,
	    &e) == 0);
	token[i]->pub = testpki_public(key);
	token[i]->module = &module;
	token[i]->live = true;
	token[i]->generation = module.generation;
	token[i]->object = 1;
	must(key_public_der(&public[i], token[i]->pub, &e) == 0);
	EVP_PKEY_free(key);
}

static void
take_away(void)
{
	int	 i;

	for (i = 0; i < KEYS; i++) {
		token_key_free(&token[i]);
		buf_clear(&public[i]);
	}
}

static void
make_tokens(void)
{
	struct error	 e = ERROR_INIT;

	must(secret_init(&e) == 0);
	make_token(WITH_EC, "P-256");
	make_token(WITH_RSA, "rsa");
	must(atexit(take_away) == 0);
}

/* ---- asked ---- */

static void
take_packet(struct msg *m, struct input *in)
{
	size_t		 n = (size_t)one(in) << 8;
	struct bytes	 b;

	n |= one(in);
	b = some(in, n < CLERK_MESSAGE_MAX ? n : CLERK_MESSAGE_MAX);
	msg_init(m, 0);
	buf_add(&m->body, b.p, b.len);
}

/* What the question said, and what the token was asked for. */
static void
judge_signed(struct msg *q, int key)
{
	const EVP_MD	*md;
	uint32_t	 padding;
	struct bytes	 digest;
	CK_ULONG	 prefix = 0;

	q->pos = 4;
	must((md = EVP_get_digestbynid((int)msg_get_u32(q))) != NULL);
	padding = msg_get_u32(q);
	digest = msg_get_blob(q, EVP_MAX_MD_SIZE);
	must(digest.len == (size_t)EVP_MD_get_size(md));
	if (key == WITH_EC) {
		must(said.mechanism == CKM_ECDSA);
	} else if (padding == TOKEN_PSS) {
		must(said.mechanism == CKM_RSA_PKCS_PSS &&
		    said.salt == digest.len);
	} else {
		must(padding == TOKEN_PKCS1 &&
		    said.mechanism == CKM_RSA_PKCS);
		prefix = PREFIX;
	}
	must(said.len == prefix + digest.len);
}

static void
hear(struct token_clerk *c, bool first, struct msg *q, struct msg *r, int key)
{
	struct error	 e = ERROR_INIT;
	uint32_t	 to = msg_get_u32(r);
	struct bytes	 blob;

	if (to == 0) {
		msg_get_error(r, &e);
		must(msg_done(r, &e) == 0 && e.text[0] != '\0' &&
		    said.len == 0);
		return;
	}
	blob = msg_get_blob(r, CLERK_MESSAGE_MAX);
	must(msg_done(r, &e) == 0 && blob.len > 0 && key != KEYS);
	if (to == CLERK_OPEN) {
		must(first && c->is_open && said.len == 0 && bytes_equal(blob,
		    BYTES(public[key].p, public[key].len)));
		said.opened = true;
	} else {
		must(to == CLERK_SIGN && said.len > 0);
		judge_signed(q, key);
	}
}

static void
ask_clerk(struct input *in, int key)
{
	struct token_clerk	 c = { .key = key < KEYS ? token[key] : NULL,
				    .lock = PTHREAD_MUTEX_INITIALIZER };
	struct msg		 q = { .type = 0 }, r = { .type = 0 };
	bool			 first;
	size_t			 i;

	memset(&said, 0, sizeof(said));
	for (i = 0; i < PACKETS_MAX && in->n > 0; i++) {
		first = one(in) % 2 == 0;
		take_packet(&q, in);
		said.len = 0;
		token_clerk_answer(&c, first, &q, &r);
		hear(&c, first, &q, &r, key);
	}
	if (key == KEYS)
		token_key_free(&c.key);
	msg_clear(&q);
	msg_clear(&r);
}

/* ---- answered ---- */

static void
answer_open(struct msg *m, struct token_key *k)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*was = k->pub;

	if (token_apart_opened(k, m, &e) == 0) {
		must(k->pub != NULL && (was == NULL || k->pub == was));
		must(EVP_PKEY_get_bits(k->pub) > 0);
	} else
		must(k->pub == was && e.code != ERROR_NONE &&
		    e.text[0] != '\0');
	must(k->asked_at == 0);
	if (was == NULL) {
		EVP_PKEY_free(k->pub);
		k->pub = NULL;
	}
}

static void
answer_sign(struct msg *m)
{
	struct error	 e = ERROR_INIT;
	struct buf	 sig = { 0 };
	int		 rc = token_apart_signed(m, &sig, &e);

	must((rc == 0) == (sig.len > 0) && sig.len <= CLERK_MESSAGE_MAX);
	must(rc == 0 || (e.code != ERROR_NONE && e.text[0] != '\0'));
	buf_clear(&sig);
}

static void
answer_program(struct input *in)
{
	struct token_key	 none = { .asked_at = 1 };
	struct msg		 m = { .type = 0 };
	uint8_t			 to;

	while (in->n > 0) {
		to = one(in) % 3;
		take_packet(&m, in);
		token[WITH_EC]->asked_at = 1;
		if (to == 2)
			answer_sign(&m);
		else
			answer_open(&m, to == 0 ? &none : token[WITH_EC]);
	}
	msg_clear(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct input	 in = { p, n };
	int		 who;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (token[WITH_EC] == NULL)
		make_tokens();
	if ((who = one(&in) % 4) <= KEYS)
		ask_clerk(&in, who);
	else
		answer_program(&in);
	ERR_clear_error();
	return 0;
}
