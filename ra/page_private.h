/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_PAGE_PRIVATE_H
#define SIGNET_RA_PAGE_PRIVATE_H
/*
 * Between page.c, which takes a request apart, page_reply.c, which answers,
 * and page_session.c, which knows whether it is the same browser as before.
 */
#include "page.h"
#include "rad.h"

#define PAGE_HEADERS	12
#define PAGE_UPLOAD_MAX	(16u << 20)
#define PAGE_BODY_MAX	(256u << 10)

struct page_private {
	struct rad_listener	*listener;
	struct rad_thread	*thread;
	uint32_t		 number;	/* of the request */
	int64_t			 begun;		/* monotonic ms */
	uint64_t		 heard;		/* waits_now() then */
	bool			 answered, later;
	unsigned int		 sent;		/* status */
	bool			 has_session;	/* the cookie was good */
	bool			 session_ended;	/* it was good, and idle */
	bool			 keep_session;	/* send the cookie again */
	bool			 no_session;	/* no cookie about it */
	bool			 keep_lang;
	char			 told[65];	/* message of the last page */
	int			 retry_after;
	struct http_header	 header[PAGE_HEADERS];
	size_t			 nheaders;
};

/* page.c: the whole of a request. */
void	 page_handle(struct rad_listener *, struct rad_thread *,
	    struct http_request *);
unsigned int page_begin(struct rad_listener *, struct http_request *);

/* page_session.c */
/* As the query says if there is one, a cookie, or the browser. */
void	 page_session_language(struct page *);
int	 page_session_find(struct page *, struct error *);
/* Is this POST from a form of ours?  ERROR_DENIED. */
int	 page_session_check(struct page *, struct error *);
/* The cookies that go with a reply. */
int	 page_session_headers(struct page *, struct error *);

/* page_reply.c */
void	 page_reply_error(struct page *, struct error *);
#endif
