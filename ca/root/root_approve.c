/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approve orders with the root's key: how the first officers and agents get
 * their certificates, and what is beyond officers.
 */
#include <sys/stat.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "ca/root/issue.h"
#include "ca/root/protect.h"
#include "ca/root/run.h"
#include "order/approval.h"
#include "order/order.h"
#include "os/file.h"

#define ITEMS_SHOWN	1000
#define ORDERS_MAX	1000

struct approve_order {
	const char	*path;		/* of the file it came in */
	bool		 pem;
	struct buf	 blob;		/* DER, then with our approval */
};
struct approve {
	struct approve_order	*v;
	size_t			 n;
};

static void
approve_add(struct approve *a, const char *path, bool pem, struct bytes der)
{
	a->v = mem_resize(a->v, a->n + 1, sizeof(*a->v));
	memset(&a->v[a->n], 0, sizeof(a->v[a->n]));
	a->v[a->n].path = path;
	a->v[a->n].pem = pem;
	buf_add(&a->v[a->n++].blob, der.p, der.len);
}

/* Each PEM block of the file is one order. */
static int
approve_load_pem(struct approve *a, const char *path, const struct buf *text,
    struct error *e)
{
	BIO		*bio;
	unsigned char	*der = NULL;
	char		*name = NULL, *header = NULL;
	long		 len;
	size_t		 before = a->n;

	if ((bio = BIO_new_mem_buf(text->p, (int)text->len)) == NULL)
		return error_ssl(e, ERROR_NOMEM, "read");
	while (PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		if (strcmp(name, "CMS") == 0 && a->n < ORDERS_MAX)
			approve_add(a, path, true, BYTES(der, (size_t)len));
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	ERR_clear_error();
	BIO_free(bio);
	return a->n > before ? 0 : error_set(e, ERROR_INPUT,
	    "no PEM block \"CMS\" in it");
}

static int
approve_load(struct approve *a, const char *path, struct error *e)
{
	struct buf	 text = { 0 };
	int		 rc = -1;

	if (file_load(&text, path, ORDER_MAX, e) == -1)
		goto out;
	if (text.len > 0 && text.p[0] == 0x30) {
		approve_add(a, path, false, BYTES(text.p, text.len));
		rc = 0;
	} else if ((rc = approve_load_pem(a, path, &text, e)) == -1)
		error_wrap(e, "%s", path);
 out:
	buf_clear(&text);
	return rc;
}

/* The order in words, indented, and its digest as a fact. */
static int
approve_show(struct session *s, const struct approve_order *o, size_t k,
    struct error *e)
{
	struct approved	*approved = NULL;
	struct buf	 text = { 0 };
	char		 key[32], hex[65], *line, *next;
	int		 rc = -1;

	if (approval_open(&approved, BYTES(o->blob.p, o->blob.len), e) == -1) {
		error_wrap(e, "%s", o->path);
		goto out;
	}
	if (approved->order->expires <= s->now) {
		error_set(e, ERROR_DENIED, "%s: the order has expired",
		    o->path);
		goto out;
	}
	session_step(s, "Order %zu, %s", k + 1, o->path);
	order_describe(&text, approved->order, ITEMS_SHOWN);
	(void)buf_cstr(&text);
	for (line = (char *)text.p; line != NULL && *line != '\0';
	    line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		session_note(s, "%s", line);
	}
	text_hex(hex, approved->digest, sizeof(approved->digest));
	session_note(s, "sha256 %s", hex);
	snprintf(key, sizeof(key), "order.%zu", k + 1);
	session_fact(s, key, hex);
	rc = 0;
 out:
	approval_free(&approved);
	buf_clear(&text);
	return rc;
}

static int
approve_read(struct session *s, struct approve *a, struct error *e)
{
	size_t	 i;

	if (s->c.orders.n == 0)
		return error_set(e, ERROR_INPUT, "no order was given");
	for (i = 0; i < s->c.orders.n; i++)
		if (approve_load(a, s->c.orders.v[i], e) == -1)
			return -1;
	for (i = 0; i < a->n; i++)
		if (approve_show(s, &a->v[i], i, e) == -1)
			return -1;
	return 0;
}

static int
approve_sign(struct session *s, struct approve *a, const struct identity *id,
    struct error *e)
{
	struct clock	 now = clock_fixed(s->now);
	struct buf	 out = { 0 };
	char		 name[48];
	size_t		 i;

	for (i = 0; i < a->n; i++) {
		if (approval_add(&out, BYTES(a->v[i].blob.p,
		    a->v[i].blob.len), id, &now, e) == -1) {
			buf_clear(&out);
			return error_wrap(e, "%s", a->v[i].path);
		}
		buf_clear(&a->v[i].blob);
		a->v[i].blob = out;
		memset(&out, 0, sizeof(out));
		snprintf(name, sizeof(name), "out/order-%04lld-%zu.der",
		    (long long)s->number, i + 1);
		session_put(s, name, 0644, BYTES(a->v[i].blob.p,
		    a->v[i].blob.len));
	}
	session_step(s, "Approved: %zu %s", a->n,
	    a->n == 1 ? "order" : "orders");
	return 0;
}

static int
put_pem(struct buf *out, const struct buf *der, struct error *e)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p;
	long	 n;
	int	 rc = -1;

	if (bio == NULL ||
	    PEM_write_bio(bio, "CMS", "", der->p, (long)der->len) <= 0)
		error_ssl(e, ERROR_NOMEM, "encode");
	else {
		n = BIO_get_mem_data(bio, &p);
		buf_add(out, p, (size_t)n);
		rc = 0;
	}
	BIO_free(bio);
	return rc;
}

/* The orders that came in one file leave in one file. */
static int
write_file(const struct approve *a, size_t first, size_t end,
    const char *path, struct error *e)
{
	struct buf	 out = { 0 };
	int		 rc = 0;
	size_t		 i;

	for (i = first; i < end && rc == 0; i++) {
		if (a->v[i].pem)
			rc = put_pem(&out, &a->v[i].blob, e);
		else
			buf_add(&out, a->v[i].blob.p, a->v[i].blob.len);
	}
	if (rc == 0)
		rc = file_store(path, out.p, out.len, 0644, e);
	buf_clear(&out);
	return rc;
}

static bool
is_directory(const char *path)
{
	struct stat	 st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
approve_write(struct session *s, const struct approve *a, struct error *e)
{
	bool		 many = s->c.orders.n > 1 || is_directory(s->c.output);
	const char	*slash;
	char		*path;
	size_t		 first, end;
	int		 rc = 0;

	if (many && file_mkdir(s->c.output, 0700, e) == -1)
		return -1;
	for (first = 0; rc == 0 && first < a->n; first = end) {
		for (end = first + 1; end < a->n &&
		    a->v[end].path == a->v[first].path; end++)
			continue;
		slash = strrchr(a->v[first].path, '/');
		path = many ? file_join(s->c.output, slash != NULL ?
		    slash + 1 : a->v[first].path) : mem_strdup(s->c.output);
		rc = write_file(a, first, end, path, e);
		if (rc == 0)
			session_note(s, "%s", path);
		mem_free(&path);
	}
	return rc;
}

static int
approve_work(struct session *s, struct error *e)
{
	const struct generation	*g;
	struct identity		 id = { NULL, NULL, NULL };
	struct approve		 a = { NULL, 0 };
	int			 rc = -1;

	if (root_generation(s->root, 0, &g, e) == -1 ||
	    approve_read(s, &a, e) == -1 ||
	    session_confirm(s, "These orders are approved by the root.", e) ==
	    -1 || protect_unlock(s, g, &id.key, e) == -1 ||
	    session_begin(s, e) == -1)
		goto out;
	id.cert = g->cert;
	if (approve_sign(s, &a, &id, e) == -1 ||
	    session_commit(s, id.key, g->cert, e) == -1)
		goto out;
	rc = approve_write(s, &a, e);
 out:
	EVP_PKEY_free(id.key);
	while (a.n > 0)
		buf_clear(&a.v[--a.n].blob);
	mem_free(&a.v);
	return rc;
}

int
root_approve(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "approve", approve_work, e);
}
