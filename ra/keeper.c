/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <string.h>

#include "base/log.h"
#include "os/file.h"
#include "os/sandbox.h"

int
keeper_open(struct keeper *k, const struct place_source *from,
    struct error *e)
{
	if (place_open(&k->place, from, &k->secret, e) == -1 ||
	    place_read(&k->place, &k->id, e) == -1)
		return -1;
	return stat(k->place.cert, &k->seen) == 0 ? 0 :
	    error_sys(e, "%s", k->place.cert);
}

void
keeper_clear(struct keeper *k)
{
	identity_free(&k->id);
	place_clear(&k->place);
	secret_free(&k->secret.secret);
}

/* Both files are replaced, one after the other: between the two they do not
 * fit, and the next look finds them whole. */
int
keeper_look(struct keeper *k, struct identity *was, const char *what)
{
	struct error	 e = ERROR_INIT;
	struct identity	 id;
	struct stat	 st;

	if (stat(k->place.cert, &st) == -1 || (st.st_ino == k->seen.st_ino &&
	    st.st_mtim.tv_sec == k->seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == k->seen.st_mtim.tv_nsec))
		return 0;
	if (place_read(&k->place, &id, &e) == -1) {
		if (!k->told)
			log_error(&e, "%s", what);
		k->told = true;
		return 0;
	}
	k->told = false;
	*was = k->id;
	k->id = id;
	k->seen = st;
	return 1;
}

int
keeper_confine(const struct keeper *k, const struct rad_conf *c,
    struct error *e)
{
	char			*key = file_directory(k->place.key != NULL ?
				    k->place.key : k->place.cert);
	char			*cert = file_directory(k->place.cert);
	struct sandbox_path	*v = mem_array(4 + c->token_paths.n,
				    sizeof(*v));
	struct sandbox		 box = { .user = c->user, .path = v,
				    .no_network = true, .no_exec = true,
				    .local_sockets = c->token_sockets };
	bool			 landlock;
	size_t			 i, n = 0;
	int			 rc;

	v[n++] = (struct sandbox_path){ key, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ cert, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ "/etc", SANDBOX_READ };
	v[n++] = (struct sandbox_path){ "/usr", SANDBOX_READ };
	for (i = 0; i < c->token_paths.n; i++)
		v[n++] = (struct sandbox_path){ c->token_paths.v[i],
		    SANDBOX_WRITE };
	box.npath = n;
	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&v);
	mem_free(&key);
	mem_free(&cert);
	return rc;
}

static void
answer(keeper_answer_fn *fn, void *arg, struct msg *q, struct msg *r)
{
	struct error	 e = ERROR_INIT;

	msg_init(r, q->type);
	if (fn(arg, q, r, &e) == 0)
		return;
	msg_init(r, 0);
	msg_put_error(r, &e);
}

void
keeper_loop(int fd, keeper_answer_fn *fn, void *arg)
{
	struct msg	 q = { 0 }, r = { 0 };
	struct error	 e = ERROR_INIT;

	while (msg_recv(fd, &q, &e) == 1) {
		answer(fn, arg, &q, &r);
		if (msg_send(fd, &r, &e) == -1)
			break;
	}
	if (e.code != ERROR_NONE)
		log_error(&e, "questions for a key");
	msg_clear(&q);
	msg_clear(&r);
}
