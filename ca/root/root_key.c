/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/root_key.h"

#include "base/text.h"
#include "ca/root/protect.h"
#include "ca/root/root_token.h"
#include "x509/alg.h"
#include "x509/token.h"

int
root_key_new(struct session *s, EVP_PKEY **key, struct error *e)
{
	*key = NULL;
	if (protect_check(&s->c, e) == -1)
		return -1;
	if (token_is_uri(s->c.key))
		return root_token_new(s, key, e);
	if (alg_name_check(s->c.key, ALG_ROOT, e) == -1)
		return error_wrap(e, "key of the root");
	session_step(s, "Generate the key, %s, with %s", s->c.key,
	    OpenSSL_version(OPENSSL_VERSION));
	return key_generate(key, s->c.key, e);
}

int
root_key_generation(struct generation *g, int64_t number, EVP_PKEY *key,
    struct error *e)
{
	memset(g, 0, sizeof(*g));
	g->number = number;
	if (key_digest(g->id, key, e) == -1)
		return -1;
	text_hex(g->hex, g->id, sizeof(g->id));
	return 0;
}

int
root_key_record(struct session *s, const struct generation *g,
    EVP_PKEY *key, struct error *e)
{
	char	 name[32];

	snprintf(name, sizeof(name), "inputs/%04lld.conf",
	    (long long)s->number);
	audit_num(&s->end, "key-generation", g->number);
	audit_str(&s->end, "settings", name);
	audit_str(&s->end, "root", g->hex);
	return root_token_record(s, key, e);
}
