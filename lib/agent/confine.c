/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/confine.h"

#include "os/file.h"
#include "os/sandbox.h"

#define FIXED	6	/* paths beside those of the token */

static void
add(struct sandbox *box, struct sandbox_path *v, const char *path,
    enum sandbox_access access)
{
	v[box->npath++] = (struct sandbox_path){ path, access };
}

int
confine_enter(const struct confine *c, const struct place *own,
    struct error *e)
{
	enum sandbox_access	 access = c->renews ? SANDBOX_WRITE :
				    SANDBOX_READ;
	char			*key = file_directory(own->key != NULL ?
				    own->key : own->cert);
	char			*cert = file_directory(own->cert);
	struct sandbox_path	*v = mem_array(FIXED + c->token_paths->n,
				    sizeof(*v));
	struct sandbox		 box = { .user = c->user, .path = v,
				    .no_network = !c->renews, .no_exec = true,
				    .local_sockets = c->token_sockets };
	bool			 landlock;
	size_t			 i;
	int			 rc;

	add(&box, v, key, access);
	add(&box, v, cert, access);
	add(&box, v, "/etc", SANDBOX_READ);
	add(&box, v, "/usr", SANDBOX_READ);
	if (c->renews)
		add(&box, v, "/run", SANDBOX_READ);	/* the store's socket */
	if (c->also != NULL)
		add(&box, v, c->also, SANDBOX_WRITE);
	for (i = 0; i < c->token_paths->n; i++)
		add(&box, v, c->token_paths->v[i], SANDBOX_WRITE);
	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&v);
	mem_free(&key);
	mem_free(&cert);
	return rc;
}
