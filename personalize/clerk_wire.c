/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a card, a job and what belongs to them. */
#include <openssl/crypto.h>
#include "clerk_private.h"
#include "x509/key.h"

void
wire_wipe(struct msg *m)
{
	if (m->body.p != NULL)
		OPENSSL_cleanse(m->body.p, m->body.len);
	msg_clear(m);
}

void
wire_put_info(struct msg *m, const struct card_info *i)
{
	msg_put_str(m, i->identity);
	msg_put_u32(m, i->extended);
	msg_put_blob(m, i->version, sizeof(i->version));
	msg_put_u32(m, i->has_serial);
	msg_put_u32(m, i->serial);
	msg_put_u32(m, i->has_guid);
	msg_put_blob(m, i->guid, sizeof(i->guid));
	msg_put_i64(m, i->default_pin);
	msg_put_i64(m, i->default_puk);
	msg_put_i64(m, i->default_management);
	msg_put_u32(m, i->prefers_global_pin);
}

static void
get_fixed(struct msg *m, uint8_t *out, size_t n)
{
	struct bytes	 b = msg_get_blob(m, n);

	if (b.len == n)
		memcpy(out, b.p, n);
	else
		m->bad = true;
}

void
wire_get_info(struct msg *m, struct card_info *i)
{
	*i = (struct card_info){ .extended = false };
	msg_get_str(m, i->identity, sizeof(i->identity));
	i->extended = msg_get_u32(m) != 0;
	get_fixed(m, i->version, sizeof(i->version));
	i->has_serial = msg_get_u32(m) != 0;
	i->serial = msg_get_u32(m);
	i->has_guid = msg_get_u32(m) != 0;
	get_fixed(m, i->guid, sizeof(i->guid));
	i->default_pin = (int)msg_get_i64(m);
	i->default_puk = (int)msg_get_i64(m);
	i->default_management = (int)msg_get_i64(m);
	i->prefers_global_pin = msg_get_u32(m) != 0;
}

void
wire_put_secret(struct msg *m, const struct secret *s)
{
	buf_reserve(&m->body, WIRE_MAX);
	msg_put_blob(m, s->p, s->len);
}

int
wire_get_secret(struct msg *m, struct secret *s, struct error *e)
{
	struct bytes	 b = msg_get_blob(m, SECRET_MAX);

	secret_free(s);
	return b.len == 0 ? 0 : secret_set(s, b.p, b.len, e);
}

static int
get_cert(struct msg *m, X509 **cert, struct error *e)
{
	struct bytes	 b = msg_get_blob(m, DER_MAX);
	const uint8_t	*p = b.p;

	*cert = NULL;
	if (b.len > 0 && (*cert = d2i_X509(NULL, &p, (long)b.len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "a certificate");
	return 0;
}

static int
put_key(struct msg *m, const struct job_slot *s, struct error *e)
{
	struct buf	 der = { 0 };
	int		 rc = 0;

	if (s->key != NULL)
		rc = key_public_der(&der, s->key, e);
	else
		buf_add(&der, s->key_der.p, s->key_der.len);
	if (rc == 0)
		msg_put_blob(m, der.p, der.len);
	buf_clear(&der);
	return rc;
}

static int
put_cert(struct msg *m, const struct job_slot *s, struct error *e)
{
	unsigned char	*der = NULL;
	int		 n;

	if (s->cert == NULL) {
		msg_put_blob(m, s->cert_der.p, s->cert_der.len);
		return 0;
	}
	if ((n = i2d_X509(s->cert, &der)) < 0)
		return error_ssl(e, ERROR_CRYPTO, "a certificate");
	msg_put_blob(m, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

static int
get_key(struct msg *m, EVP_PKEY **key, struct error *e)
{
	struct bytes	 b = msg_get_blob(m, DER_MAX);

	*key = NULL;
	if (b.len > 0 && (*key = key_public_parse(b)) == NULL)
		return error_ssl(e, ERROR_INPUT, "a public key");
	return 0;
}

int
wire_put_slot(struct msg *m, const struct job_slot *s, struct error *e)
{
	msg_put_u32(m, s->slot);
	msg_put_u32(m, s->alg);
	msg_put_u32(m, s->ordered);
	return put_key(m, s, e) == -1 ? -1 : put_cert(m, s, e);
}

int
wire_get_slot(struct msg *m, struct job_slot *s, struct error *e)
{
	*s = (struct job_slot){ .key = NULL };
	s->slot = msg_get_u32(m);
	s->alg = msg_get_u32(m);
	if (s->slot >= CARD_SLOT__MAX || s->alg >= CARD_ALG__MAX)
		m->bad = true;
	s->ordered = msg_get_u32(m) != 0;
	return get_key(m, &s->key, e) == -1 ? -1 :
	    get_cert(m, &s->cert, e);
}

void
wire_put_secrets(struct msg *m, const struct job *j)
{
	wire_put_secret(m, &j->management);
	msg_put_u32(m, j->management_alg);
	wire_put_secret(m, &j->pin);
	wire_put_secret(m, &j->puk);
}

int
wire_get_secrets(struct msg *m, struct job *j, struct error *e)
{
	if (wire_get_secret(m, &j->management, e) == -1)
		return -1;
	j->management_alg = msg_get_u32(m) & 0xff;
	return wire_get_secret(m, &j->pin, e) == -1 ||
	    wire_get_secret(m, &j->puk, e) == -1 ? -1 : 0;
}

int
wire_put_job(struct msg *m, const struct job *j, struct error *e)
{
	msg_put_blob(m, j->name.guid, sizeof(j->name.guid));
	msg_put_blob(m, j->name.unique, sizeof(j->name.unique));
	msg_put_str(m, j->expires);
	msg_put_str(m, j->number);
	msg_put_str(m, j->holder);
	wire_put_secret(m, &j->factory_management);
	wire_put_secret(m, &j->factory_pin);
	wire_put_secret(m, &j->factory_puk);
	wire_put_secrets(m, j);
	msg_put_u32(m, j->is_bare);
	msg_put_u32(m, j->channel_version);
	msg_put_u32(m, j->channel_s16);
	msg_put_u32(m, (uint32_t)j->nslots);
	for (size_t i = 0; i < j->nslots; i++)
		if (wire_put_slot(m, &j->slot[i], e) == -1)
			return -1;
	return 0;
}

int
wire_get_job(struct msg *m, struct job *j, struct error *e)
{
	uint32_t	 n;

	*j = (struct job){ .name = { .expires = j->expires } };
	get_fixed(m, j->name.guid, sizeof(j->name.guid));
	get_fixed(m, j->name.unique, sizeof(j->name.unique));
	msg_get_str(m, j->expires, sizeof(j->expires));
	msg_get_str(m, j->number, sizeof(j->number));
	msg_get_str(m, j->holder, sizeof(j->holder));
	if (wire_get_secret(m, &j->factory_management, e) == -1 ||
	    wire_get_secret(m, &j->factory_pin, e) == -1 ||
	    wire_get_secret(m, &j->factory_puk, e) == -1 ||
	    wire_get_secrets(m, j, e) == -1)
		return -1;
	j->is_bare = msg_get_u32(m) != 0;
	j->channel_version = msg_get_u32(m) & 0xff;
	j->channel_s16 = msg_get_u32(m) != 0;
	if ((n = msg_get_u32(m)) > JOB_SLOTS)
		m->bad = true;
	for (uint32_t i = 0; i < n && !m->bad; i++, j->nslots++)
		if (wire_get_slot(m, &j->slot[i], e) == -1)
			return -1;
	return msg_done(m, e);
}
