/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that talks with strangers: TLS, pages, forms, protocols.  It has
 * no key; what it wants signed it hands to the sealer, and handshakes to the
 * keeper of the web server's key.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "os/file.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "page_private.h"
#include "rad.h"

#define LOOK_MS		1000
#define DRAIN_MS	3000
#define HEAD_MAX	(24 * 1024)	/* request line and headers */
#define HASHES		3		/* slow ones, 32 MiB each */
#define STACK		(1024 * 1024)
#define BUCKETS		65536
#define EXPIRES_SOON	(7 * 86400)

struct web {
	struct web_setup	*setup;
	struct rad		 rad;
	struct metric		*connections[RAD_LISTENERS], *waiting, *tls_end;
	bool			 told;		/* that the certificate is bad */
};

/* ---- what pages are made of ---- */

/* DIR/NAME, and BRAND/NAME over it where there is one. */
static int
load_both(struct rad *r, const char *name, int (*load)(struct rad *,
    const char *, struct error *), struct error *e)
{
	char	*path = file_join(r->conf->pages, name);
	int	 rc = load(r, path, e);

	mem_free(&path);
	if (rc == -1 || r->conf->brand == NULL)
		return rc;
	path = file_join(r->conf->brand, name);
	if (file_exists(path))
		rc = load(r, path, e);
	mem_free(&path);
	return rc;
}

static int
load_assets(struct rad *r, const char *dir, struct error *e)
{
	return assets_load(r->assets, dir, e);
}

static int
load_templates(struct rad *r, const char *dir, struct error *e)
{
	return templates_load(r->templates, dir, e);
}

static int
load_texts(struct rad *r, struct error *e)
{
	const struct rad_conf	*c = r->conf;
	char			*dir = file_join(c->pages, "texts");
	char			*brand = c->brand == NULL ? NULL :
				    file_join(c->brand, "texts");
	int			 rc;

	rc = texts_load(&r->texts, dir, brand,
	    (const char *const *)c->languages.v, c->languages.n, e);
	mem_free(&dir);
	mem_free(&brand);
	return rc;
}

static int
load_pages(struct rad *r, struct error *e)
{
	assets_new(&r->assets, "/static/");
	templates_new(&r->templates, assets_url, r->assets);
	if (load_both(r, "static", load_assets, e) == -1 ||
	    load_both(r, "templates", load_templates, e) == -1 ||
	    templates_check(r->templates, e) == -1)
		return -1;
	return load_texts(r, e);
}

static void
free_pages(struct rad *r)
{
	texts_free(&r->texts);
	templates_free(&r->templates);
	assets_free(&r->assets);
}

int
web_check(const struct rad_conf *c, struct error *e)
{
	struct rad	 r = { .conf = c };
	int		 rc = load_pages(&r, e);

	free_pages(&r);
	return rc;
}

/* ---- the servers ---- */

static int
on_thread(void **thread, void *arg, struct error *e)
{
	struct rad_listener	*l = arg;

	(void)e;
	*thread = rad_thread_new(l->rad);
	return 0;
}

static void
on_thread_end(void *thread, void *arg)
{
	struct rad_thread	*t = thread;

	(void)arg;
	rad_thread_free(&t);
}

static void
on_request(struct http_request *http, void *thread, void *arg)
{
	page_handle(arg, thread, http);
}

static unsigned int
on_begin(struct http_request *http, void *arg)
{
	return page_begin(arg, http);
}

static int
listener_start(struct rad_listener *l, int fd, struct error *e)
{
	const struct rad_conf	*c = l->rad->conf;
	struct http_conf	 conf = { .fd = fd,
	    .threads = (unsigned int)c->threads,
	    .methods = HTTP_GET | HTTP_POST, .max_body = PAGE_UPLOAD_MAX,
	    .max_head = HEAD_MAX,
	    .connections = (unsigned int)c->connections,
	    .per_address = (unsigned int)c->per_address,
	    .timeout = (unsigned int)c->timeout, .stack = STACK,
	    .tls = l->tls, .suspends = true, .queries = true,
	    .clock = l->rad->clock, .handler = on_request, .begin = on_begin,
	    .thread_new = on_thread, .thread_free = on_thread_end,
	    .context_free = wait_free, .arg = l };

	return http_start(&l->server, &conf, e);
}

static int
listener_tls(struct rad_listener *l, struct error *e)
{
	const struct http_tls_conf tls = {
	    .priorities = l->rad->conf->tls_priorities, .ask = l->by_cert,
	    .sign = tls_keeper_sign, .arg = l->rad->keeper };

	return http_tls_new(&l->tls, &tls, e);
}

/* 1 the web server has another certificate now, 0 the same, -1. */
static int
show_cert(struct rad *r, struct error *e)
{
	struct buf	 pem = { 0 };
	int		 i, rc;

	rc = tls_keeper_chain(r->keeper, &pem, e);
	for (i = 0; rc != -1 && i < RAD_LISTENERS; i++)
		rc = http_tls_show(r->listener[i].tls, BYTES(pem.p, pem.len),
		    e);
	buf_clear(&pem);
	return rc == -1 ? error_wrap(e, "the web server's certificate") : rc;
}

/* A browser keeps this in mind for a host, whatever the port: never for this
 * machine itself (RFC 6761, 6.3). */
static bool
wants_hsts(const char *url)
{
	static const char	 local[] = "localhost";
	const char		*host = url + strlen("https://");
	size_t			 len = strcspn(host, ":/"), n = sizeof(local) - 1;

	if (len < n || strncmp(host + len - n, local, n) != 0)
		return true;
	return len > n && host[len - n - 1] != '.';
}

static int
rad_begin(struct web *w, struct error *e)
{
	struct rad		*r = &w->rad;
	const struct rad_conf	*c = w->setup->conf;
	char			*key = rad_conf_state(c, "web/session.key");
	uint32_t		 first;
	int			 i, rc = -1;

	r->conf = c;
	r->clock = &clock_system;
	r->metrics = w->setup->metrics;
	r->health = w->setup->health;
	r->hsts = wants_hsts(c->url);
	for (i = 0; i < RAD_LISTENERS; i++)
		r->listener[i] = (struct rad_listener){ .rad = r,
		    .by_cert = i == 1, .origin = i == 1 ? c->url_cert : c->url,
		    .cookie = i == 1 ? "__Host-signet-cert" :
		    "__Host-signet" };
	sealer_new(&r->sealer, w->setup->sealer);
	tls_keeper_new(&r->keeper, w->setup->keeper);
	gate_new(&r->hashes, HASHES);
	r->figures = figures_new();
	if (session_key_load(r->session_key, key, &rng_system, e) == 0 &&
	    rng_fill(&rng_system, &first, sizeof(first), e) == 0 &&
	    limits_new(&r->limits, BUCKETS, &rng_system, e) == 0 &&
	    cmp_open(&r->cmp, c, e) == 0 &&
	    load_pages(r, e) == 0 &&
	    listener_tls(&r->listener[0], e) == 0 &&
	    listener_tls(&r->listener[1], e) == 0 && show_cert(r, e) != -1) {
		atomic_init(&r->requests, first);
		rc = 0;
	}
	mem_free(&key);
	return rc;
}

/* ---- around ---- */

static void
web_metrics(struct web *w)
{
	struct metrics	*m = w->setup->metrics;

	w->connections[0] = metrics_gauge(m, "signet_rad_connections",
	    "Open connections.", "listen", "public", NULL);
	w->connections[1] = metrics_gauge(m, "signet_rad_connections", "",
	    "listen", "cert", NULL);
	w->waiting = metrics_gauge(m, "signet_rad_waiting",
	    "Requests that wait for a certificate.", NULL);
	w->tls_end = metrics_until(m, "signet_rad_tls_expires",
	    "Seconds until the web server's certificate ends.", NULL);
}

static void
look_tls(struct web *w)
{
	struct error	 e = ERROR_INIT;
	int64_t		 end, now = clock_now(&clock_system);
	int		 got = show_cert(&w->rad, &e);

	if (got == 1)
		log_info("the web server's new certificate is in use");
	if (got == -1 && !w->told)
		log_error(&e, "look at it");
	w->told = got == -1;
	end = http_tls_not_after(w->rad.listener[0].tls);
	metric_set(w->tls_end, end);
	health_set(w->setup->health, "tls", end - now > EXPIRES_SOON, now + 60,
	    "the web server's certificate ends in %lld days",
	    (long long)((end - now) / 86400));
}

static void
web_look(void *arg)
{
	struct web	*w = arg;
	int64_t		 now = clock_now(&clock_system);
	int		 i;

	for (i = 0; i < RAD_LISTENERS; i++)
		metric_set(w->connections[i],
		    http_connections(w->rad.listener[i].server));
	metric_set(w->waiting, waits_count(w->rad.waits));
	health_set(w->setup->health, "web", true, now + 60, "it answers");
	look_tls(w);
}

static void
web_end(void *arg)
{
	struct web	*w = arg;

	service_stop(w->setup->svc, NULL);
}

static int
web_confine(const struct rad_conf *c, struct error *e)
{
	char			*own = rad_conf_state(c, "web");
	char			*root = file_directory(c->root);
	const struct sandbox_path path[] = {
		{ own, SANDBOX_WRITE }, { root, SANDBOX_READ },
		{ c->ca_dir, SANDBOX_READ }, { c->profiles, SANDBOX_READ },
		{ c->pages, SANDBOX_READ },
		/* The resolver, the store's socket. */
		{ "/etc", SANDBOX_READ }, { "/usr", SANDBOX_READ },
		{ "/run", SANDBOX_READ },
		{ c->brand != NULL ? c->brand : c->pages, SANDBOX_READ },
	};
	struct sandbox		 box = { .user = c->user, .path = path,
				    .npath = sizeof(path) / sizeof(path[0]),
				    .no_exec = true };
	bool			 landlock;
	int			 rc;

	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&own);
	mem_free(&root);
	if (rc == 0 && !landlock)
		log_info("this kernel has no Landlock: files are protected by "
		    "their permissions alone");
	return rc;
}

/* Each connection is a descriptor. */
static void
more_files(void)
{
	struct rlimit	 lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
}

static int
web_start(struct web *w, struct error *e)
{
	struct rad	*r = &w->rad;
	int		 i, fd;

	if (waits_start(&r->waits, r->conf->database, r->bell, e) == -1)
		return -1;
	for (i = 0; i < RAD_LISTENERS; i++) {
		fd = w->setup->fd[i];
		w->setup->fd[i] = -1;
		if (listener_start(&r->listener[i], fd, e) == -1)
			return error_wrap(e, "%s", i == 1 ?
			    r->conf->listen_cert : r->conf->listen);
	}
	return 0;
}

static void
web_stop(struct web *w)
{
	struct rad	*r = &w->rad;
	int		 i;

	waits_end(r->waits);
	for (i = 0; i < RAD_LISTENERS; i++)
		http_stop(&r->listener[i].server, DRAIN_MS);
	for (i = 0; i < RAD_LISTENERS; i++)
		http_tls_free(&r->listener[i].tls);
	waits_free(&r->waits);
	free_pages(r);
	limits_free(&r->limits);
	sealer_free(&r->sealer);
	tls_keeper_free(&r->keeper);
	gate_free(&r->hashes);
	figures_free(&r->figures);
	cmp_close(&r->cmp);
	OPENSSL_cleanse(r->session_key, sizeof(r->session_key));
}

int
web_main(int parent, void *arg)
{
	struct web	 w = { .setup = arg };
	struct service	*svc = w.setup->svc;
	struct error	 e = ERROR_INIT;
	int		 rc = EXIT_FAILURE;

	more_files();
	web_metrics(&w);
	w.rad.bell = parent;
	if (rad_begin(&w, &e) == 0 && web_confine(w.setup->conf, &e) == 0 &&
	    web_start(&w, &e) == 0) {
		service_watch(svc, parent, web_end, &w);
		service_every(svc, LOOK_MS, web_look, &w);
		if (service_run(svc, &e) != -1)
			rc = EXIT_SUCCESS;
	}
	if (rc == EXIT_FAILURE)
		log_error(&e, "web");
	web_stop(&w);
	return rc;
}
