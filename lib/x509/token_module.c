/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 modules.  C_Initialize is once per module and process, whoever uses
 * it, and what C_Finalize ends it ends for all: so the list of modules is the
 * process's as well.  A module stays loaded to the end, for not every one
 * survives being unloaded.
 */
#include <dlfcn.h>
#include <string.h>

#include "x509/token_private.h"

static struct {
	pthread_mutex_t		 lock;
	struct token_module	*first;
} loaded = { PTHREAD_MUTEX_INITIALIZER, NULL };

static int
module_initialize(struct token_module *m, struct error *e)
{
	CK_C_INITIALIZE_ARGS	 args = { .flags = CKF_OS_LOCKING_OK };
	CK_RV			 rv = m->f->C_Initialize(&args);

	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return 0;
	token_error(e, rv, "start PKCS#11 module %s", m->path);
	return error_hint(e, "see whether it works at all: pkcs11-tool "
	    "--module %.80s -L", m->path);
}

static int
module_symbols(struct token_module *m, struct error *e)
{
	CK_C_GetFunctionList	 get;
	Dl_info			 where;
	void			*handle, *symbol;
	CK_RV			 rv;

	if ((handle = dlopen(m->path, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		error_set(e, ERROR_CONFIG, "load PKCS#11 module: %s",
		    dlerror());
		return error_hint(e, "install the token's module and name its "
		    "file: setting pkcs11_module, or module-path= in the URI");
	}
	if ((symbol = dlsym(handle, "C_GetFunctionList")) == NULL) {
		error_set(e, ERROR_CONFIG, "%s is no PKCS#11 module",
		    m->path);
		dlclose(handle);
		return error_hint(e, "name the token's module: setting "
		    "pkcs11_module, or module-path= in the URI");
	}
	/* ISO C has no cast from data to function. */
	memcpy(&get, &symbol, sizeof(get));
	if ((rv = get(&m->f)) != CKR_OK) {
		dlclose(handle);
		return token_error(e, rv, "PKCS#11 module %s", m->path);
	}
	m->file = mem_strdup(dladdr(symbol, &where) != 0 ? where.dli_fname :
	    m->path);
	return 0;
}

static struct token_module *
module_find(const char *path)
{
	struct token_module	*m;

	for (m = loaded.first; m != NULL; m = m->next)
		if (strcmp(m->path, path) == 0)
			return m;
	return NULL;
}

int
token_module_load(struct token_module **out, const char *path,
    struct error *e)
{
	struct token_module	*m;
	int			 rc = -1;

	pthread_mutex_lock(&loaded.lock);
	if ((m = module_find(path)) != NULL) {
		*out = m;
		rc = 0;
		goto out;
	}
	m = mem_alloc(sizeof(*m));
	m->path = mem_strdup(path);
	if (module_symbols(m, e) == -1 || module_initialize(m, e) == -1) {
		mem_free(&m->path);
		mem_free(&m->file);
		mem_free(&m);
		goto out;
	}
	pthread_rwlock_init(&m->lock, NULL);
	m->generation = 1;
	m->next = loaded.first;
	loaded.first = m;
	*out = m;
	rc = 0;
 out:
	pthread_mutex_unlock(&loaded.lock);
	return rc;
}

int
token_module_restart(struct token_module *m, uint64_t generation,
    struct error *e)
{
	int	 rc = 0;

	pthread_rwlock_wrlock(&m->lock);
	if (m->generation == generation) {
		m->f->C_Finalize(NULL);
		m->generation++;
		rc = module_initialize(m, e);
	}
	pthread_rwlock_unlock(&m->lock);
	return rc;
}
