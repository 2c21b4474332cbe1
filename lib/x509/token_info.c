/* SPDX-License-Identifier: Apache-2.0 */
/* What a key in a token is, for records. */
#include <stdlib.h>
#include <string.h>

#include "x509/token_private.h"

/* The token by its label, the key by its id: the URI may have left out one
 * of them, and a second key may get the same label later. */
static char *
info_uri(const struct token_key *k)
{
	CK_ATTRIBUTE	*label = p11_kit_uri_get_attribute(k->uri, CKA_LABEL);
	CK_ATTRIBUTE	 id = { CKA_ID, NULL, k->id_len };
	uint8_t		 copy[TOKEN_ID_MAX];
	P11KitUri	*uri = p11_kit_uri_new();
	char		*text = NULL, *made;
	CK_TOKEN_INFO	*token;

	if (uri == NULL)
		return mem_strdup(k->name);
	token = p11_kit_uri_get_token_info(uri);
	memset(token->label, ' ', sizeof(token->label));
	memcpy(token->label, k->label, strlen(k->label));
	memcpy(copy, k->id, k->id_len);
	id.pValue = copy;
	if (label != NULL)
		p11_kit_uri_set_attribute(uri, label);
	if (k->id_len > 0)
		p11_kit_uri_set_attribute(uri, &id);
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) !=
	    P11_KIT_URI_OK)
		text = NULL;
	made = mem_strdup(text != NULL ? text : k->name);
	free(text);
	p11_kit_uri_free(uri);
	return made;
}

int
token_key_info(struct token_key *k, struct token_info *info, struct error *e)
{
	int	 rc;

	memset(info, 0, sizeof(*info));
	if (token_key_load_module(k, e) == -1 || token_key_open(k, e) == -1)
		return -1;
	pthread_rwlock_rdlock(&k->module->lock);
	pthread_mutex_lock(&k->lock);
	rc = k->nidle == 0 ? error_set(e, ERROR_UPSTREAM, "token %s is away",
	    k->label) : token_object_is_readable(k, k->idle[0], k->object,
	    &info->readable, e);
	if (rc == 0) {
		memcpy(info->label, k->label, sizeof(info->label));
		memcpy(info->serial, k->serial, sizeof(info->serial));
		memcpy(info->model, k->model, sizeof(info->model));
		info->uri = info_uri(k);
		info->module = mem_strdup(k->module->file);
	}
	pthread_mutex_unlock(&k->lock);
	pthread_rwlock_unlock(&k->module->lock);
	return rc == 0 ? 0 : error_wrap(e, "%s", k->name);
}

void
token_info_clear(struct token_info *info)
{
	mem_free(&info->uri);
	mem_free(&info->module);
}
