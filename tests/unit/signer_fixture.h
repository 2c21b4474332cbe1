/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_UNIT_SIGNER_FIXTURE_H
#define SIGNET_TESTS_UNIT_SIGNER_FIXTURE_H
/*
 * A signer and who may order what of it, asked as a worker would ask it that
 * an attacker owns.  Each function ends the test when it cannot do its work;
 * what the signer refuses is in f->e.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "ca/issuing/signer.h"
#include "ca/issuing/wire.h"
#include "order/approval.h"
#include "os/file.h"
#include "os/msg.h"
#include "tests/lib/testpki.h"
#include "x509/crl.h"
#include "x509/csr.h"

#define NOW	TESTPKI_NOW

struct fixture {
	char		 dir[64];
	struct testpki	 pki;
	struct cad_conf	 conf;
	struct ca_conf	 ca[2];
	struct clock	 clock;
	struct rng	 rng;
	int64_t		 lists, complete;	/* latest numbers */
	int64_t		 shard;		/* whose lists are made; 0: all */
	int64_t		 drawn;		/* by the last certificate */
	char		 alarm[200];	/* the first of the last list */
	uint8_t		 changed[32];	/* digest of the last status order */
	struct signer	*signer;
	struct identity	 officer, second, twin, security, auditor, foreign;
	EVP_PKEY	*key;		/* of the requests */
	struct buf	 request;	/* for key */
	struct msg	 ask, answer;
	struct buf	 list;
	struct error	 e;
};

struct prepared_reply {
	uint8_t		 digest[32], serial[20];
	struct buf	 tbs;
};

void	 start(struct fixture *);
int	 set_up(void **state);
int	 tear_down(void **state);
void	 digest_of(uint8_t dst[32], const struct buf *);
struct order *tls_order(struct fixture *, const char *dns);
struct order *batch_order(struct fixture *, uint32_t n, bool with_requests);
struct order *status_order(struct fixture *, enum order_kind kind,
	    const char *ca, X509 *x);
void	 approve(struct fixture *, struct buf *blob, struct order *o,
	    const struct identity *a, const struct identity *b);
void	 answer(struct fixture *);
int	 prepare(struct fixture *, bool by_digest, struct bytes order,
	    uint32_t n,
	    const struct buf *request, struct bytes proof, struct bytes station,
	    struct prepared_reply *r);
int	 prepare_single(struct fixture *, const struct buf *blob,
	    struct prepared_reply *r);
X509 *sign(struct fixture *, const uint8_t digest[32], uint32_t n,
	    const uint8_t serial[20], struct bytes tbs);
X509 *issue(struct fixture *, const struct buf *blob);
X509 *issue_tls(struct fixture *, const char *dns);
void	 assert_refused(struct fixture *, const struct buf *blob,
	    enum error_code code, const char *text);
void	 refuse_approved_by(struct fixture *, const struct identity *a,
	    const char *text);
int	 change(struct fixture *, const struct buf *blob, X509 *x,
	    const char *profile);
int	 change_by(struct fixture *, enum order_kind kind, X509 *x,
	    const char *profile, const struct identity *by);
void	 entry_of(struct buf *, const char *instance, const char *act,
	    const uint8_t order[32], X509 *x);
/* The store has the last change: its entry is the first of the chain. */
void	 told(struct fixture *, const char *act, X509 *x);
void	 answered(struct fixture *);
uint32_t begin_list(struct fixture *, enum wire_crl_kind kind, int64_t complete,
	    int64_t next);
void	 put_entry(struct fixture *, X509 *x);
void	 bring(struct fixture *, X509 *x, const struct buf *evidence,
	    uint32_t n);
struct crl *take_list(struct fixture *, uint32_t *alarms);
struct crl *make_list(struct fixture *, X509 *x, const struct buf *evidence,
	    uint32_t *differences, uint32_t *alarms);
int	 reason_of(const struct crl *crl);
void	 send_crl(struct fixture *, uint32_t type, const char *ca);
#endif
