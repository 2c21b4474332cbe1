/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that is another one, $HANG_MODULE, until the file
 * $HANG_FILE is there: then what is asked of the token that the file names is
 * never answered.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <p11-kit/pkcs11.h>

static CK_FUNCTION_LIST		 ours, *its;
static CK_SESSION_HANDLE	 of_slot[4096];		/* by session */

static void
hang_if_named(CK_SLOT_ID slot)
{
	const char	*path = getenv("HANG_FILE");
	char		 name[40] = "";
	CK_TOKEN_INFO	 info;
	FILE		*f;

	if (path == NULL || (f = fopen(path, "r")) == NULL)
		return;
	if (fscanf(f, "%32s", name) != 1)
		name[0] = '\0';
	fclose(f);
	if (name[0] != '\0' && its->C_GetTokenInfo(slot, &info) == CKR_OK &&
	    strncmp((const char *)info.label, name, strlen(name)) == 0)
		for (;;)
			pause();
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *arg, CK_NOTIFY notify,
    CK_SESSION_HANDLE *session)
{
	CK_RV	 rv;

	hang_if_named(slot);
	rv = its->C_OpenSession(slot, flags, arg, notify, session);
	if (rv == CKR_OK && *session < 4096)
		of_slot[*session] = slot;
	return rv;
}

static CK_RV
sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *out,
    CK_ULONG *outlen)
{
	if (session < 4096)
		hang_if_named(of_slot[session]);
	return its->C_Sign(session, data, len, out, outlen);
}

CK_RV	 C_GetFunctionList(CK_FUNCTION_LIST **);

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	const char		*path = getenv("HANG_MODULE");
	void			*handle, *symbol;
	CK_C_GetFunctionList	 get;
	CK_RV			 rv;

	if (path == NULL || (handle = dlopen(path, RTLD_NOW)) == NULL ||
	    (symbol = dlsym(handle, "C_GetFunctionList")) == NULL)
		return CKR_GENERAL_ERROR;
	memcpy(&get, &symbol, sizeof(get));
	if ((rv = get(&its)) != CKR_OK)
		return rv;
	ours = *its;
	ours.C_OpenSession = open_session;
	ours.C_Sign = sign;
	*list = &ours;
	return CKR_OK;
}
