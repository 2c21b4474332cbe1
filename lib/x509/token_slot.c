/* SPDX-License-Identifier: Apache-2.0 */
/* The token that a URI means, and logging in to it. */
#include <stdio.h>
#include <string.h>

#include "x509/token_private.h"

#define SLOTS_MAX	256

/* Fields of CK_TOKEN_INFO are padded with spaces. */
static void
token_field(char *dst, const unsigned char *field, size_t n)
{
	while (n > 0 && (field[n - 1] == ' ' || field[n - 1] == '\0'))
		n--;
	memcpy(dst, field, n);
	dst[n] = '\0';
}

static void
token_label(char dst[33], const CK_TOKEN_INFO *info)
{
	token_field(dst, info->label, sizeof(info->label));
}

static bool
slot_fits(struct token_key *k, CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_FUNCTION_LIST	*f = k->module->f;
	CK_SLOT_ID		 wanted = p11_kit_uri_get_slot_id(k->uri);
	CK_SLOT_INFO		 si;

	if (wanted != (CK_SLOT_ID)-1 && wanted != slot)
		return false;
	return f->C_GetSlotInfo(slot, &si) == CKR_OK &&
	    p11_kit_uri_match_slot_info(k->uri, &si) == 1 &&
	    f->C_GetTokenInfo(slot, info) == CKR_OK &&
	    (info->flags & CKF_TOKEN_INITIALIZED) != 0;
}

struct search {
	struct buf	 seen;		/* labels, for the operator */
	CK_SLOT_ID	 slot;
	CK_TOKEN_INFO	 info;
	size_t		 nfit;
};

static void
search_slot(struct token_key *k, CK_SLOT_ID slot, struct search *s)
{
	CK_TOKEN_INFO	 info;
	char		 label[33];

	if (!slot_fits(k, slot, &info))
		return;
	token_label(label, &info);
	buf_printf(&s->seen, "%s%s", s->seen.len > 0 ? ", " : "", label);
	if (p11_kit_uri_match_token_info(k->uri, &info) != 1)
		return;
	s->nfit++;
	s->slot = slot;
	s->info = info;
}

static int
search_error(struct token_key *k, struct search *s, struct error *e)
{
	if (s->nfit > 1) {
		error_set(e, ERROR_CONFLICT, "%zu tokens fit", s->nfit);
		return error_hint(e, "add token=LABEL or serial= to the URI; "
		    "tokens there: %.90s", buf_cstr(&s->seen));
	}
	error_set(e, ERROR_UPSTREAM, "no such token in module %s",
	    k->module->path);
	if (s->seen.len == 0)
		return error_hint(e, "no token is there: connect it, or see "
		    "pkcs11-tool --module %.70s -L", k->module->path);
	return error_hint(e, "connect it, or name another; tokens there: "
	    "%.110s", buf_cstr(&s->seen));
}

int
token_slot_find(struct token_key *k, CK_SLOT_ID *slot, CK_TOKEN_INFO *info,
    struct error *e)
{
	CK_SLOT_ID	 list[SLOTS_MAX];
	CK_ULONG	 n = SLOTS_MAX, i;
	struct search	 s = { .nfit = 0 };
	CK_RV		 rv;
	int		 rc = 0;

	/* Asking for the number first makes a module look for new tokens. */
	if ((rv = k->module->f->C_GetSlotList(CK_TRUE, NULL, &n)) != CKR_OK)
		return token_error(e, rv, "list tokens");
	n = SLOTS_MAX;
	if ((rv = k->module->f->C_GetSlotList(CK_TRUE, list, &n)) != CKR_OK)
		return token_error(e, rv, "list tokens");
	for (i = 0; i < n; i++)
		search_slot(k, list[i], &s);
	if (s.nfit == 1) {
		*slot = s.slot;
		*info = s.info;
		token_label(k->label, info);
		token_field(k->serial, info->serialNumber,
		    sizeof(info->serialNumber));
		token_field(k->model, info->model, sizeof(info->model));
	} else
		rc = search_error(k, &s, e);
	buf_clear(&s.seen);
	return rc;
}

/*
 * A card locks itself after a few wrong PINs.  So there is one attempt per
 * PIN, and the last one that a card leaves is not made from a file.
 */
static int
check_tries(const struct token_key *k, const CK_TOKEN_INFO *info,
    struct error *e)
{
	bool	 asks = k->pin_from != NULL &&
	    strcmp(k->pin_from, "prompt") == 0;

	if ((info->flags & CKF_USER_PIN_LOCKED) != 0) {
		error_set(e, ERROR_DENIED, "the PIN of token %s is locked",
		    k->label);
		return error_hint(e, "unlock it with the SO PIN: pkcs11-tool "
		    "--login --login-type so --init-pin");
	}
	if ((info->flags & CKF_USER_PIN_INITIALIZED) == 0) {
		error_set(e, ERROR_CONFIG, "token %s has no PIN yet",
		    k->label);
		return error_hint(e, "set one: pkcs11-tool --login "
		    "--login-type so --init-pin");
	}
	if ((info->flags & CKF_USER_PIN_FINAL_TRY) != 0 && !asks) {
		error_set(e, ERROR_DENIED, "token %s leaves one try of its "
		    "PIN, which is not made unattended", k->label);
		return error_hint(e, "log in by hand with the right PIN: "
		    "pkcs11-tool --token-label %.32s --login --test",
		    k->label);
	}
	return 0;
}

int
token_fetch_pin(struct token_key *k, const CK_TOKEN_INFO *info,
    struct error *e)
{
	char	 question[160];
	bool	 low = info != NULL && (info->flags &
	    (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY)) != 0;
	bool	 last = info != NULL &&
	    (info->flags & CKF_USER_PIN_FINAL_TRY) != 0;

	if (k->pin.p != NULL)
		return 0;
	if (k->pin_from == NULL) {
		error_set(e, ERROR_CONFIG, "the token asks for a PIN and no "
		    "source of it is set");
		return error_hint(e, "set passphrase, or give --passphrase "
		    "prompt, or pin-source=FILE in the URI");
	}
	snprintf(question, sizeof(question), "PIN of token %s%s", k->label,
	    last ? " (the last try before it locks)" :
	    low ? " (a wrong one was tried)" : "");
	return secret_fetch(&k->pin, k->pin_from, question, e);
}

/* How many are left is known in steps only: PKCS#11, CK_TOKEN_INFO. */
static int
login_refused(struct token_key *k, CK_RV rv, struct error *e)
{
	CK_TOKEN_INFO	 info;
	const char	*left = "how many tries are left it does not say";

	secret_free(&k->pin);
	k->pin_refused = true;
	if (k->module->f->C_GetTokenInfo(k->slot, &info) == CKR_OK) {
		if ((info.flags & CKF_USER_PIN_LOCKED) != 0)
			left = "it is locked now";
		else if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
			left = "one try is left";
		else if ((info.flags & CKF_USER_PIN_COUNT_LOW) != 0)
			left = "fewer tries are left, at least two";
	}
	error_set(e, ERROR_DENIED, "token %s refuses the PIN (CKR_%s), %s",
	    k->label, token_rv_name(rv), left);
	return error_hint(e, "nothing was signed, and it is not tried again: "
	    "correct the PIN in its source, then start again");
}

int
token_login(struct token_key *k, CK_SESSION_HANDLE session,
    const CK_TOKEN_INFO *info, struct error *e)
{
	bool	 pinpad = (info->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	CK_RV	 rv;

	if ((info->flags & CKF_LOGIN_REQUIRED) == 0)
		return 0;
	if (k->pin_refused)
		return error_set(e, ERROR_DENIED, "token %s refused the PIN "
		    "before; it is not tried again", k->label);
	if (check_tries(k, info, e) == -1)
		return -1;
	if (!pinpad && token_fetch_pin(k, info, e) == -1)
		return -1;
	rv = k->module->f->C_Login(session, CKU_USER, pinpad ? NULL :
	    k->pin.p, pinpad ? 0 : (CK_ULONG)k->pin.len);
	/* The login belongs to the process: another key of the token's. */
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return 0;
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID ||
	    rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_LOCKED)
		return login_refused(k, rv, e);
	return token_error(e, rv, "log in to token %s", k->label);
}
