/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_HTTP_H
#define SIGNET_NET_HTTP_H
/*
 * An HTTP/1 server for small, cacheable answers, upon libmicrohttpd.
 *
 * The module does what is the same for every answer: framing that leaves no
 * room for two readings, limits, HEAD, 405, conditional requests and ranges,
 * Date, Expires and Cache-Control.  It has no opinion on paths: a handler gets
 * the path as it stood in the request line and decides.  TLS only where it is
 * given (http_tls.h): lists and answers are signed, and read by clients that
 * need them before they can check any TLS.
 *
 * Threads are started by http_start(): a sandbox is entered before, children
 * are forked before.  Handlers run in them and may block only as long as all
 * connections of a thread may wait.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

/*
 * A listening socket for "ADDRESS:PORT", "[ADDRESS]:PORT", "*:PORT" (all
 * addresses of both families), "unix:/PATH" (mode 0666; the directory says who
 * comes near) or "systemd:N" (the N-th socket that systemd has passed, from 0).
 * Separate from http_start() for who drops a privilege in between.
 */
int	 http_listen(int *fd, const char *where, struct error *);
/* The same, but ERROR_CONFIG unless only this machine can reach it. */
int	 http_listen_local(int *fd, const char *where, struct error *);

enum { HTTP_GET = 1, HTTP_POST = 2 };	/* HEAD comes as GET */

struct http_server;
struct http_tls;			/* http_tls.h */
struct http_request;			/* until the handler returns */

/* Must reply exactly once, or suspend.  "thread" is what thread_new made. */
typedef void http_fn(struct http_request *, void *thread, void *arg);

struct http_conf {
	int		 fd;		/* from http_listen; the server closes
					 * it, also when it does not start */
	unsigned int	 threads;	/* at least 1 */
	unsigned int	 methods;	/* any of the above, others get 405 */
	size_t		 max_body;	/* bytes; more gets 413 */
	size_t		 max_head;	/* request line and headers, 431; and
					 * the headers of a reply; 0: 32 KiB */
	unsigned int	 connections;	/* 0: 1000 */
	unsigned int	 per_address;	/* connections; 0: no limit */
	/*
	 * Seconds in which something must move on a connection; within twice
	 * as many after the last reply a request must be there in full.
	 */
	unsigned int	 timeout;	/* 0: 30 */
	size_t		 stack;		/* of a thread; 0: 256 KiB */
	struct http_tls	*tls;		/* borrowed; NULL: in clear */
	bool		 suspends;	/* handlers may call http_suspend() */
	bool		 queries;	/* http_query() is used */
	const struct clock *clock;
	http_fn		*handler;
	/*
	 * Called before the body is read, may be NULL: 0 or the status to
	 * refuse with, such as 415.
	 */
	unsigned int	(*begin)(struct http_request *, void *arg);
	/*
	 * What a thread has for itself: a connection to the store, a context
	 * for signing.  All are made by http_start(), one call per thread, in
	 * the thread that calls it, and freed by http_stop(); NULL: none.
	 */
	int		(*thread_new)(void **thread, void *arg,
			    struct error *);
	void		(*thread_free)(void *thread, void *arg);
	void		(*context_free)(void *context);
	void		*arg;
};
int	 http_start(struct http_server **, const struct http_conf *,
	    struct error *);
/* No new connections; those with a request in hand get up to ms to finish. */
void	 http_stop(struct http_server **, int ms);
unsigned int http_port(const struct http_server *);	/* 0: no TCP */
unsigned int http_connections(const struct http_server *);

/* The request.  Strings are borrowed. */
unsigned int http_method(const struct http_request *);
/* Up to '?', nothing decoded, no slash removed. */
const char *http_path(const struct http_request *);
const char *http_header(const struct http_request *, const char *name);
struct bytes http_body(const struct http_request *);
/* What follows '?', as it was sent; NULL: nothing did. */
const char *http_query(const struct http_request *);
/* The peer's address as text, "" for a local socket.  Returns dst. */
enum { HTTP_ADDRESS_SIZE = 48 };
char	*http_peer_address(const struct http_request *,
	    char dst[HTTP_ADDRESS_SIZE]);
/*
 * Something of the handler's that stays with the request, while it is
 * suspended, too; conf.context_free frees it at its end.
 */
void	 http_set_context(struct http_request *, void *);
void	*http_context(const struct http_request *);
/* In conf.begin: this one may be no longer than that. */
void	 http_limit_body(struct http_request *, size_t max);

/*
 * Instead of a reply: the connection waits, costing no thread, and after
 * http_resume(), which any thread may call once, the handler is called again
 * for the same request.  Whoever stops the server has resumed all before.
 */
void	 http_suspend(struct http_request *);
void	 http_resume(struct http_request *);

struct http_header {
	const char	*name, *value;
};
/* What goes with a reply; strings are copied. */
struct http_meta {
	const char	*type;		/* Content-Type */
	const char	*etag;		/* strong, without quotes; NULL: none */
	int64_t		 modified;	/* Last-Modified; 0: none */
	/*
	 * Nobody may use it from then on: max-age and Expires follow, counted
	 * anew for each reply and at most max_age (0: no other bound).
	 * expires 0: Cache-Control: no-store.
	 */
	int64_t		 expires;
	int64_t		 max_age;
	/* More of them; one that is none (a line break) fails the reply. */
	const struct http_header *header;
	size_t		 nheaders;
};
/* Status and a line of text/plain, never stored.  Content is "text" + LF. */
void	 http_reply_status(struct http_request *, unsigned int status,
	    const char *text);
/* Taken over from "out", which is empty afterwards. */
void	 http_reply_buf(struct http_request *, unsigned int status,
	    const struct http_meta *, struct buf *out);

/*
 * A reply (200) that many threads queue many times, without copying; what is
 * being sent outlives the last reference.  The body is copied, or taken over
 * from a buf, or is a file of that size, whose descriptor is taken over and
 * which nobody may shorten.
 */
struct http_shared;
struct http_shared *http_shared_copy(const struct http_meta *, struct bytes);
struct http_shared *http_shared_buf(const struct http_meta *, struct buf *);
struct http_shared *http_shared_file(const struct http_meta *, int fd,
	    uint64_t size);
struct http_shared *http_shared_ref(struct http_shared *);
void	 http_shared_free(struct http_shared **);	/* drop a reference */
void	 http_reply_shared(struct http_request *, struct http_shared *);
#endif
