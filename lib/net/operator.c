/* SPDX-License-Identifier: Apache-2.0 */
#include "net/operator.h"

#include "net/http.h"

#define CONNECTIONS	32
#define TIMEOUT		10

struct operator {
	struct metrics		*metrics;
	struct health		*health;
	const struct clock	*clock;
	struct http_server	*server;
};

static void
operator_reply(struct http_request *r, void *thread, void *arg)
{
	struct operator		*o = arg;
	struct http_meta	 meta = { .type = "text/plain; version=0.0.4; "
				    "charset=utf-8" };
	struct buf		 text = { 0 };
	int64_t			 now = clock_now(o->clock);
	unsigned int		 status = 200;

	(void)thread;
	if (strcmp(http_path(r), "/metrics") == 0)
		metrics_text(o->metrics, now, &text);
	else if (strcmp(http_path(r), "/healthz") == 0) {
		meta.type = "text/plain; charset=utf-8";
		if (!health_text(o->health, now, &text))
			status = 503;
	} else {
		http_reply_status(r, 404, "here are /metrics and /healthz");
		return;
	}
	http_reply_buf(r, status, &meta, &text);
}

int
operator_start(struct operator **out, int fd, struct metrics *metrics,
    struct health *health, const struct clock *clock, struct error *e)
{
	struct operator		*o = mem_alloc(sizeof(*o));
	struct http_conf	 conf = { .fd = fd, .threads = 1,
		.methods = HTTP_GET, .connections = CONNECTIONS,
		.timeout = TIMEOUT, .clock = clock, .handler = operator_reply,
		.arg = o };

	*out = NULL;
	o->metrics = metrics;
	o->health = health;
	o->clock = clock;
	if (http_start(&o->server, &conf, e) == -1) {
		mem_free(&o);
		return error_wrap(e, "operator's listener");
	}
	*out = o;
	return 0;
}

void
operator_stop(struct operator **op)
{
	if (*op == NULL)
		return;
	http_stop(&(*op)->server, 1000);
	mem_free(op);
}
