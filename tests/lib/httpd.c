/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/net as a program, for tests over real sockets and for measuring:
 *
 *	httpd LISTEN OPERATOR THREADS FILE
 *
 * serves /shared (FILE, from memory), /file (FILE, from disk), /own (a copy
 * per reply), /echo (method, path and body of the request), /never (a handler
 * that does not reply), /slow (half a second), and counts.  Says
 * "port N" when it listens, and ends when its standard input does.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "net/http.h"
#include "net/operator.h"
#include "os/file.h"

#define MAX_BODY	1000

struct site {
	struct http_shared	*memory, *file;
	struct buf		 bytes;
	struct http_meta	 meta;
	struct metric		*requests;
};

static int
thread_new(void **thread, void *arg, struct error *e)
{
	(void)arg;
	(void)e;
	*thread = mem_alloc(sizeof(unsigned int));
	return 0;
}

static void
thread_free(void *thread, void *arg)
{
	(void)arg;
	mem_free(&thread);
}

static void
site_echo(struct http_request *r)
{
	struct http_meta	 meta = { .type = "text/plain" };
	struct bytes		 body = http_body(r);
	struct buf		 out = { 0 };
	const char		*type = http_header(r, "content-type");

	buf_printf(&out, "%s %s %s %zu\n",
	    http_method(r) == HTTP_POST ? "POST" : "GET", http_path(r),
	    type == NULL ? "-" : type, body.len);
	buf_add(&out, body.p, body.len);
	http_reply_buf(r, 200, &meta, &out);
}

static void
reply_own(struct http_request *r, const struct site *s)
{
	struct buf	 copy = { 0 };

	buf_add(&copy, s->bytes.p, s->bytes.len);
	http_reply_buf(r, 200, &s->meta, &copy);
}

static void
site_reply(struct http_request *r, void *thread, void *arg)
{
	struct site		*s = arg;
	const char		*path = http_path(r);
	const struct timespec	 nap = { 0, 500000000 };

	++*(unsigned int *)thread;
	metric_add(s->requests, 1);
	if (strcmp(path, "/shared") == 0)
		http_reply_shared(r, s->memory);
	else if (strcmp(path, "/file") == 0)
		http_reply_shared(r, s->file);
	else if (strcmp(path, "/own") == 0)
		reply_own(r, s);
	else if (strcmp(path, "/slow") == 0) {
		nanosleep(&nap, NULL);
		http_reply_shared(r, s->memory);
	} else if (strncmp(path, "/echo", 5) == 0)
		site_echo(r);
	else if (strcmp(path, "/never") != 0)
		http_reply_status(r, 404, "not found");
}

static unsigned int
site_begin(struct http_request *r, void *arg)
{
	const char	*type = http_header(r, "Content-Type");

	(void)arg;
	return type != NULL && strcmp(type, "video/mp4") == 0 ? 415 : 0;
}

static int
site_open(struct site *s, const char *path, struct error *e)
{
	int	 fd;

	if (file_load(&s->bytes, path, 1 << 30, e) == -1)
		return -1;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return error_sys(e, "open %s", path);
	s->meta = (struct http_meta){ .type = "application/test",
	    .etag = "abc", .modified = 1700000000,
	    .expires = clock_now(&clock_system) + 3600, .max_age = 600 };
	s->memory = http_shared_copy(&s->meta,
	    BYTES(s->bytes.p, s->bytes.len));
	s->file = http_shared_file(&s->meta, fd, s->bytes.len);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct error		 e = ERROR_INIT;
	struct site		 site = { .memory = NULL };
	struct http_server	*server = NULL;
	struct operator		*operator = NULL;
	struct metrics		*metrics = NULL;
	struct health		*health = NULL;
	struct http_conf	 conf = { .fd = -1, .methods = HTTP_GET |
		HTTP_POST, .max_body = MAX_BODY, .timeout = 2,
		.clock = &clock_system, .handler = site_reply,
		.begin = site_begin, .thread_new = thread_new,
		.thread_free = thread_free, .arg = &site };
	int64_t			 threads = 1;
	char			 c;
	int			 fd, rc = EXIT_FAILURE;

	log_open("httpd", true, false);
	if (argc != 5) {
		error_set(&e, ERROR_INPUT,
		    "usage: httpd LISTEN OPERATOR THREADS FILE");
		goto out;
	}
	if (text_parse_number(&threads, argv[3], 1, 64, &e) == -1 ||
	    metrics_new(&metrics, &e) == -1 ||
	    health_new(&health, &e) == -1 ||
	    site_open(&site, argv[4], &e) == -1 ||
	    http_listen(&conf.fd, argv[1], &e) == -1 ||
	    http_listen_local(&fd, argv[2], &e) == -1 ||
	    operator_start(&operator, fd, metrics, health, &clock_system,
	    &e) == -1)
		goto out;
	conf.threads = (unsigned int)threads;
	site.requests = metrics_counter(metrics, "httpd_requests",
	    "Requests.", "site", argv[4], NULL);
	health_set(health, "site", true, 0, "serves %s", argv[4]);
	if (http_start(&server, &conf, &e) == -1)
		goto out;
	printf("port %u\n", http_port(server));
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1)
		if (c == 'f')
			health_set(health, "site", false, 0, "told so");
	rc = EXIT_SUCCESS;
 out:
	if (rc == EXIT_FAILURE)
		log_error(&e, "cannot continue");
	http_stop(&server, 3000);
	operator_stop(&operator);
	http_shared_free(&site.memory);
	http_shared_free(&site.file);
	buf_clear(&site.bytes);
	metrics_free(&metrics);
	health_free(&health);
	return rc;
}
