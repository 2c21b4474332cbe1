/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_HTTP_PRIVATE_H
#define SIGNET_NET_HTTP_PRIVATE_H
/*
 * What the files of the server share; microhttpd.h goes no further.
 */
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include "net/http.h"

/* What the server needs of http_tls.c, which alone knows GnuTLS: programs
 * without TLS link neither. */
struct http_tls_base {
	void		(*started)(struct http_tls_base *,
			    struct MHD_Connection *);
	const char	*priorities;
	/* gnutls_certificate_retrieve_function2: libmicrohttpd wants a key or
	 * this; ours comes when a connection starts. */
	void		(*no_key)(void);
};

struct http_request {
	struct http_server	*server;
	struct MHD_Connection	*mhd;
	const char		*path;
	unsigned int		 method;	/* 0: none that we know */
	unsigned int		 refused;	/* status; 0: not */
	bool			 begun;		/* the headers were judged */
	bool			 has_body;
	bool			 replied;
	bool			 failed;	/* a reply could not be queued */
	bool			 suspended;	/* instead of a reply */
	size_t			 max_body;
	size_t			 dropped;	/* of a body that is too long */
	void			*context;	/* the handler's */
	struct buf		 body;
	struct buf		 query;		/* len 0: none */
};

/* A connection, which has one request at a time. */
struct http_conn {
	struct http_request	 request;
	int			 fd;
	bool			 lingers;	/* a body may be on its way */
	/* Since when (monotonic, ms) a request is awaited; 0: it is here. */
	_Atomic int64_t		 since;
	struct http_conn	*next, **self;	/* of the server's list */
};

/* Of a body that is not wanted, so much is read, and nothing done with it. */
enum { HTTP_DROPPED_MAX = 1024 * 1024 };

/* A connection that is closed for us, and not yet for the client. */
struct http_linger {
	int			 fd;
	int64_t			 until;		/* monotonic, ms */
	size_t			 left;		/* to read at most */
};
enum { HTTP_LINGERS_MAX = 32 };

struct http_server {
	struct http_conf	 conf;
	struct http_tls_base	*tls;
	struct MHD_Daemon	*daemon;
	unsigned int		 port;
	pthread_key_t		 key;		/* a thread's own */
	void			**thread;
	unsigned int		 nthreads;	/* that were made */
	atomic_uint		 taken;		/* by threads so far */
	pthread_mutex_t		 lock;		/* for what follows */
	pthread_cond_t		 wake;
	struct http_conn	*conns;
	unsigned int		 nconns;
	struct http_linger	 lingers[HTTP_LINGERS_MAX];
	size_t			 nlingers;	/* only the watch thread removes */
	bool			 stopping;
	bool			 watching;	/* the watch thread runs */
	pthread_t		 watch;
};

/* http_request.c: libmicrohttpd's call-backs. */
enum MHD_Result http_on_request(void *, struct MHD_Connection *,
	    const char *url, const char *method, const char *version,
	    const char *data, size_t *size, void **req);
void	*http_on_line(void *, const char *uri, struct MHD_Connection *);
void	 http_on_completed(void *, struct MHD_Connection *, void **req,
	    enum MHD_RequestTerminationCode);

/* http_watch.c: clients that open a connection and do not ask. */
void	 http_on_connection(void *, struct MHD_Connection *, void **ctx,
	    enum MHD_ConnectionNotificationCode);
int	 http_watch_start(struct http_server *, struct error *);
void	 http_watch_stop(struct http_server *);
/* Wait until requests in hand are done, at most ms. */
void	 http_watch_drain(struct http_server *, int ms);
int64_t	 http_ms(void);

/* http_linger.c: both with the lock held, which the second lets go while it
 * waits, 100 ms at most. */
void	 http_linger_add(struct http_server *, int fd);
void	 http_linger_turn(struct http_server *);
void	 http_linger_end(struct http_server *);

/* http_cond.c: is a reply to be sent whole? */
enum { HTTP_DATE_SIZE = 48 };
char	*http_date(char dst[HTTP_DATE_SIZE], int64_t);
bool	 http_parse_date(const char *, int64_t *);
/*
 * Is it in a list of entity tags?  "weak": W/ does not matter, as for
 * If-None-Match (RFC 9110, 13.1.2); a broken list has nothing in it.
 */
bool	 http_etag_is_in(const char *list, const char *etag, bool weak);
/*
 * One range; several, or anything else, are answered with the whole, as
 * RFC 9110, 14.2 allows.  Status as below.
 */
unsigned int http_parse_range(const char *, uint64_t size, uint64_t *from,
	    uint64_t *len);
/* The client has it already (RFC 9110, 13.2.2). */
bool	 http_is_unchanged(const struct http_request *, const char *etag,
	    int64_t modified);
/* 200: send all of it; 206 with *from and *len; 416. */
unsigned int http_range(const struct http_request *, const char *etag,
	    int64_t modified, uint64_t size, uint64_t *from, uint64_t *len);
#endif
