/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A security key in software, as a browser would fill it into a form, one
 * field a line:
 *
 *	touch_key KEY RP ORIGIN DIGEST		approve what has this digest
 *	touch_key KEY RP ORIGIN DIGEST new	register, with that challenge
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <openssl/pem.h>
#include "base/text.h"
#include "tests/lib/testassert.h"

static void
put(const char *name, const void *p, size_t n)
{
	char	*text = testassert_base64url(p, n);

	printf("%s=%s\n", name, text);
	mem_free(&text);
}

static void
put_json(const char *name, const json_t *o, const char *key)
{
	printf("%s=%s\n", name, json_string_value(json_object_get(o, key)));
}

static void
enrol(EVP_PKEY *key, const struct testassert_ask *ask)
{
	char	*text = testassert_register(key, ask->rp_id, ask->origin,
		    ask->challenge, sizeof(ask->challenge));
	json_t	*all = json_loads(text, 0, NULL);
	json_t	*response = json_object_get(all, "response");

	put_json("credential", all, "id");
	put_json("public_key", response, "publicKey");
	put_json("client_data", response, "clientDataJSON");
	put_json("authenticator_data", response, "authenticatorData");
	json_decref(all);
	mem_free(&text);
}

static void
approve(EVP_PKEY *key, const struct testassert_ask *ask)
{
	struct testassert	made;

	testassert_make(&made, key, ask);
	put("credential", made.id, sizeof(made.id));
	put("authenticator_data", made.auth_data.p, made.auth_data.len);
	put("client_data", made.client_data.p, made.client_data.len);
	put("signature", made.signature.p, made.signature.len);
	testassert_clear(&made);
}

int
main(int argc, char *argv[])
{
	struct testassert_ask	 ask = { .flags = TESTASSERT_UP |
				    TESTASSERT_UV };
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*key = NULL;
	FILE			*f;

	if (argc < 5 || (f = fopen(argv[1], "r")) == NULL ||
	    text_unhex(ask.challenge, sizeof(ask.challenge), NULL, argv[4],
	    &e) == -1) {
		fprintf(stderr, "touch_key KEY RP ORIGIN DIGEST\n");
		return 1;
	}
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	if (key == NULL)
		return 1;
	ask.rp_id = argv[2];
	ask.origin = argv[3];
	if (argc == 6)
		enrol(key, &ask);
	else
		approve(key, &ask);
	EVP_PKEY_free(key);
	return 0;
}
