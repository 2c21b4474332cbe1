/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that are made here: of the issuing CAs, of agents, and of officers who
 * brought no request of their own.
 */
#include "cli/init.h"

#include <unistd.h>

#include "base/base64.h"
#include "cli/ca_key.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/csr.h"

#define FILE_MAX	(64 * 1024)

const char *const INIT_CAS[2] = { "people", "services" };

/* A key whose request was not written yet is worth nothing. */
static int
drop_half(const char *key, const char *csr, struct error *e)
{
	if (!file_exists(key) || file_exists(csr))
		return 0;
	return unlink(key) == 0 ? 0 : error_sys(e, "remove %s", key);
}

static int
make_ca(struct init *in, const char *ca, struct error *e)
{
	struct ca_new_key	 k;
	char			*source, *title;

	if (file_exists(init_path(in, "ca/%s.csr", ca)))
		return 0;
	in->did = true;
	title = arena_printf(in->cli->desk.arena, "%s %c%s CA",
	    in->conf.organization, ca[0] - 'a' + 'A', ca + 1);
	if (init_secret(in, arena_printf(in->cli->desk.arena, "ca-%s", ca),
	    &source, e) == -1 || drop_half(init_path(in, "ca/%s.key", ca),
	    init_path(in, "ca/%s.csr", ca), e) == -1)
		return -1;
	FAULT("init.ca_key");
	k = (struct ca_new_key){ .name = ca, .key = in->conf.ca_key,
	    .common_name = title, .passphrase = source };
	return ca_make_key(in->cli, &k, e);
}

int
init_step_ca_keys(struct init *in, struct error *e)
{
	size_t	 i;

	if (init_load_settings(in, e) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (make_ca(in, INIT_CAS[i], e) == -1)
			return error_wrap(e, "CA %s", INIT_CAS[i]);
	return 0;
}

/* Officers and agents. */

static int
store_request(const char *path, struct bytes der, struct error *e)
{
	struct buf	 pem = { 0 };
	int		 rc;

	base64_put_pem(&pem, "CERTIFICATE REQUEST", der);
	rc = file_create(path, pem.p, pem.len, 0644, e);
	buf_clear(&pem);
	return rc;
}

static int
make_key(struct init *in, const struct init_subject *s, const char *csr,
    struct error *e)
{
	char		*key = init_path(in, "%s/%s.key", s->dir, s->name);
	char		*label = arena_printf(in->cli->desk.arena, "%s-%s",
			    s->is_agent ? "agent" : "officer", s->name);
	char		*source;
	struct secret	 pass = { 0 };
	struct buf	 der = { 0 };
	EVP_PKEY	*pkey = NULL;
	int		 rc = -1;

	if (drop_half(key, csr, e) == -1 ||
	    init_secret(in, label, &source, e) == -1 ||
	    secret_fetch(&pass, source, label, e) == -1 ||
	    key_generate(&pkey, in->conf.key, e) == -1 ||
	    csr_make(&der, pkey, s->cn, e) == -1 ||
	    key_store(key, pkey, &pass, e) == -1)
		goto out;
	FAULT("init.subject_key");
	rc = store_request(csr, BYTES(der.p, der.len), e);
 out:
	EVP_PKEY_free(pkey);
	buf_clear(&der);
	secret_free(&pass);
	return rc;
}

/* Brought along: looked at before anything depends on it. */
static int
take_request(const struct init_subject *s, const char *to, struct error *e)
{
	struct buf	 b = { 0 };
	struct csr	*csr = NULL;
	int		 rc = -1;

	if (file_load(&b, s->csr, FILE_MAX, e) == -1)
		goto out;
	if (csr_parse(&csr, BYTES(b.p, b.len), e) == -1) {
		error_wrap(e, "%s", s->csr);
		goto out;
	}
	rc = store_request(to, BYTES(csr->der.p, csr->der.len), e);
 out:
	csr_free(&csr);
	buf_clear(&b);
	return rc;
}

int
init_step_subject_keys(struct init *in, struct error *e)
{
	const struct init_subject	*s;
	char				*csr;
	size_t				 i;
	int				 rc;

	for (i = 0; i < in->nsubjects; i++) {
		s = &in->subject[i];
		csr = init_path(in, "%s/%s.csr", s->dir, s->name);
		if (file_exists(csr))
			continue;
		in->did = true;
		rc = s->csr != NULL ? take_request(s, csr, e) :
		    make_key(in, s, csr, e);
		if (rc == -1)
			return error_wrap(e, "%s %s", s->profile, s->id);
	}
	return 0;
}
