/* SPDX-License-Identifier: Apache-2.0 */
#include "web.h"

#include <sys/resource.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http.h"
#include "os/sandbox.h"
#include "site.h"

#define LOOK_MS		1000	/* between looks without being told */
#define DRAIN_MS	3000

struct web {
	const struct web_setup	*setup;
	struct site		*site;
	struct http_server	*server[WEB_LISTEN_MAX];
	struct metric		*found, *missing;
	struct error		 said;
};

static void
web_reply(struct http_request *r, void *thread, void *arg)
{
	struct web		*w = arg;
	struct http_shared	*page = site_find(w->site, http_path(r));

	(void)thread;
	metric_add(page != NULL ? w->found : w->missing, 1);
	if (page == NULL)
		http_reply_status(r, 404, "not found");
	else
		http_reply_shared(r, page);
	http_shared_free(&page);
}

static void
web_refresh(struct web *w)
{
	struct error	 e = ERROR_INIT;
	size_t		 changed;

	if (site_refresh(w->site, &changed, &e) == -1 &&
	    strcmp(e.text, w->said.text) != 0)
		log_error(&e, "a file is not served anew");
	w->said = e;
	if (changed > 0)
		log_debug("%zu files have changed", changed);
}

/* Large files are open while they are served. */
static void
web_more_files(void)
{
	struct rlimit	 lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
}

static int
web_confine(const struct crld_conf *c, struct error *e)
{
	const struct sandbox_path	 path[] = {
		{ c->directory, SANDBOX_READ },
	};
	const struct sandbox		 box = { .path = path, .npath = 1,
	    .no_network = true, .no_exec = true };
	bool				 landlock;

	return sandbox_enter(&box, &landlock, e);
}

static int
web_start(struct web *w, struct error *e)
{
	const struct crld_conf	*c = w->setup->conf;
	struct http_conf	 conf = { .threads = (unsigned int)c->threads,
		.methods = HTTP_GET,
		.connections = (unsigned int)c->connections,
		.per_address = (unsigned int)c->per_address,
		.timeout = (unsigned int)c->timeout, .clock = &clock_system,
		.handler = web_reply, .arg = w };
	size_t			 i;

	for (i = 0; i < w->setup->n; i++) {
		conf.fd = w->setup->fd[i];
		if (http_start(&w->server[i], &conf, e) == -1)
			return -1;
	}
	return 0;
}

/* Until the parent closes its end. */
static void
web_serve(struct web *w, int parent)
{
	struct pollfd	 p = { .fd = parent, .events = POLLIN };
	char		 told[256];
	ssize_t		 n;

	for (;;) {
		if (poll(&p, 1, LOOK_MS) == -1 && errno != EINTR)
			return;
		if (p.revents != 0) {
			n = read(parent, told, sizeof(told));
			if (n == 0 || (n == -1 && errno != EINTR))
				return;
		}
		web_refresh(w);
	}
}

int
web_main(int parent, void *arg)
{
	struct web_setup	*setup = arg;
	struct web		 w = { .setup = setup };
	struct error		 e = ERROR_INIT;
	size_t			 i;
	int			 rc = EXIT_FAILURE;

	w.site = site_new(setup->conf->directory, setup->conf->crl_max_age,
	    setup->conf->cert_max_age);
	w.found = metrics_counter(setup->metrics, "signet_crld_requests",
	    "Requests by whether there was such a file.", "result", "found",
	    NULL);
	w.missing = metrics_counter(setup->metrics, "signet_crld_requests",
	    "", "result", "missing", NULL);
	web_more_files();
	if (web_confine(setup->conf, &e) == 0) {
		web_refresh(&w);
		if (web_start(&w, &e) == 0) {
			web_serve(&w, parent);
			rc = EXIT_SUCCESS;
		}
	}
	if (rc == EXIT_FAILURE)
		log_error(&e, "web");
	for (i = 0; i < setup->n; i++)
		http_stop(&w.server[i], DRAIN_MS);
	site_free(&w.site);
	return rc;
}
