/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_PAGE_H
#define SIGNET_RA_PAGE_H
/*
 * A page: what a request is for, as the functions that answer it see it.
 *
 * A file of pages is functions and, at its end, a table of routes that
 * routes.c lists.  Before a function is called the framework has found out who
 * asks (certificate, its chain, role and status in the store), has refused
 * whom the route is not for, has checked the session and the token against
 * forged requests, and has taken the form apart.  The function puts values
 * into p->data and shows a template, redirects, or sends bytes; or returns -1,
 * and its error becomes a page: the code gives the status, the text is shown
 * (for INPUT, DENIED, NOTFOUND, CONFLICT and LIMITED) or only logged (for what
 * is our own affair).
 */
#include <jansson.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "db/db.h"
#include "db/db_row.h"
#include "web/form.h"
#include "web/limit.h"
#include "web/session.h"
#include "net/http.h"
#include "x509/oid.h"

struct db_cert;
struct desk;			/* lib/desk */
struct rad;			/* rad.h: what all threads share */
struct page;

/* 0 answered, or -1. */
typedef int page_fn(struct page *, struct error *);

enum page_who {
	PAGE_ANYONE,		/* both listeners; a certificate if there is one */
	PAGE_HOLDER,		/* any good certificate of ours */
	PAGE_OFFICER,		/* role officer or security officer */
	PAGE_SECURITY_OFFICER,
	PAGE_AUDITOR,		/* or officer, or security officer */
	PAGE_STAFF = PAGE_AUDITOR,
};

enum page_flags {
	/* No browser: no cookie, no token; errors are one line of text. */
	PAGE_PROTOCOL = 1,
	/* A body of up to 16 MiB instead of 256 KiB. */
	PAGE_UPLOAD = 2,
	/* Touches no store: works while it is away, and before it. */
	PAGE_STATELESS = 4,
	/* For scripts: errors are JSON {"error", "hint", "code"}. */
	PAGE_JSON = 8,
	/* The function reads the body itself, it is no form. */
	PAGE_RAW = 16,
};

struct page_route {
	unsigned int	 methods;	/* HTTP_GET | HTTP_POST */
	/* "/officer/order/{id}": a part in braces is any one segment. */
	const char	*path;		/* NULL ends a table */
	enum page_who	 who;
	page_fn		*fn;
	unsigned int	 flags;
};

/* The tables that routes.c lists, each in a file of pages. */
extern const struct page_route PAGES_CMP[];
extern const struct page_route PAGES_CODE[];
extern const struct page_route PAGES_ENROL[];
extern const struct page_route PAGES_EST[];
extern const struct page_route PAGES_HOME[];
extern const struct page_route PAGES_OFFICER[];
extern const struct page_route PAGES_OFFICER_APPLICATION[];
extern const struct page_route PAGES_OFFICER_AUDIT[];
extern const struct page_route PAGES_OFFICER_BATCH[];
extern const struct page_route PAGES_OFFICER_BATCHES[];
extern const struct page_route PAGES_OFFICER_CARD[];
extern const struct page_route PAGES_OFFICER_CARDS[];
extern const struct page_route PAGES_OFFICER_CERT[];
extern const struct page_route PAGES_OFFICER_CERTS[];
extern const struct page_route PAGES_OFFICER_CODE[];
extern const struct page_route PAGES_OFFICER_CODE_AGAIN[];
extern const struct page_route PAGES_OFFICER_CREDENTIAL[];
extern const struct page_route PAGES_OFFICER_DECIDE[];
extern const struct page_route PAGES_OFFICER_MOVE[];
extern const struct page_route PAGES_OFFICER_ORDER[];
extern const struct page_route PAGES_OFFICER_QUEUE[];
extern const struct page_route PAGES_RENEW[];
extern const struct page_route PAGES_REVOKE[];
extern const struct page_route PAGES_SEARCH[];
extern const struct page_route PAGES_STATUS[];
extern const struct page_route PAGES_SESSION[];

#define PAGE_ARGS_MAX	4

/* Who asks, if a good certificate of ours came with the connection. */
struct page_client {
	X509			*cert;	/* NULL: none, or not a good one */
	struct bytes		 der;
	uint8_t			 digest[32];
	enum role		 role;	/* ROLE_NONE: a holder like others */
	char			 person[65];	/* serialNumber; or "" */
	const char		*name;	/* common name; or "" */
	const char		*ca;	/* store's name: "people", "people.g2" */
	struct db_serial	 serial;
	const char		*holder;	/* of the store's row; or NULL */
	const struct db_cert	*row;
};

struct page {
	struct rad		*rad;
	struct http_request	*http;
	const struct page_route	*route;
	struct arena		*arena;		/* until the reply */
	struct db		*db;		/* NULL with PAGE_STATELESS */
	struct desk		*desk;
	int64_t			 now;
	const char		*address;	/* of the peer */
	bool			 by_cert;	/* came to listen_cert */
	struct page_client	 client;
	struct session		 session;
	const char		*lang;
	const json_t		*texts;		/* of this language */
	struct form		 query, form;
	const char		*arg[PAGE_ARGS_MAX];	/* as in the path */
	json_t			*data;		/* for the template */
	unsigned int		 status;	/* of the reply; 0: by the rules */
	/*
	 * Called a second time, after page_later(): the order that was waited
	 * for.  NULL the first time.
	 */
	const uint8_t		*waited;
	struct page_private	*priv;
};

/* ---- what came ---- */

/* The part of the path in {name}, unescaped. */
const char *page_arg(const struct page *, const char *name);
/* A field of the form; NULL if it is not there. */
const char *page_field(const struct page *, const char *name);
const char *page_query(const struct page *, const char *name);
/* A field that must be there and not empty: ERROR_INPUT naming it. */
int	 page_need(const struct page *, const char *name, const char **value,
	    struct error *);
/* Hex of that many bytes, such as an order's id, in a {name} of the path;
 * ERROR_NOTFOUND for anything else. */
int	 page_arg_id(const struct page *, const char *name, uint8_t *dst,
	    size_t size, struct error *);

/* ---- what goes: each once, and then nothing more ---- */

/* A template with p->data; status p->status or 200. */
int	 page_show(struct page *, const char *template_name, struct error *);
/* 303 to an address of ours: begins with one slash. */
int	 page_redirect(struct page *, const char *path, struct error *);
/* filename NULL: shown by the browser, otherwise offered for saving.  Headers
 * are the strict ones: a type that is not on the list of page.c is sent as
 * application/octet-stream. */
int	 page_send(struct page *, const char *type, const char *filename,
	    struct bytes, struct error *);
int	 page_send_json(struct page *, json_t *taken, struct error *);
/* The next page shows this text ("flash.saved"). */
void	 page_message(struct page *, const char *key);
/* One more header; ERROR_BUG for a name or value that is none. */
int	 page_header(struct page *, const char *name, const char *value,
	    struct error *);

/*
 * ---- for p->data ----
 *
 * page_show() adds: csrf, lang, languages [{code, name, current}], request (its
 * number, as in the log), url.public, url.cert; client {name, person, role,
 * officer, security, auditor} when there is one; message, what the page before
 * had to say.
 */
void	 page_put(struct page *, const char *name, json_t *taken);
void	 page_put_text(struct page *, const char *name, const char *);
void	 page_put_int(struct page *, const char *name, int64_t);
void	 page_put_bool(struct page *, const char *name, bool);
/* {{url.name}}, an address that C made; {{{svg.name}}}, a picture. */
void	 page_put_url(struct page *, const char *name, const char *address);
void	 page_put_svg(struct page *, const char *name, const char *drawn);
const char *page_text(const struct page *, const char *key);

/* ---- acts ---- */

/*
 * The RA's signature on an order, by the process that has its key.  assertion:
 * what lib/order/assertion.h takes, or empty.  ERROR_UPSTREAM: it is away.
 */
int	 page_seal(struct page *, struct bytes blob, struct bytes assertion,
	    struct buf *out, struct error *);
/* Called before an order is looked at that may then be waited for: what
 * happens from here on is not missed.  Else that is the page's beginning. */
void	 page_look_now(struct page *);
/*
 * Not yet: the connection waits, costing no thread, until something happens to
 * this order or ms are over; then the function is called again from its
 * beginning, with p->waited.  "return page_later(...)".
 */
int	 page_later(struct page *, const uint8_t order_id[DB_ORDER_ID], int ms,
	    struct error *);
/*
 * 0, or -1 with status 429, Retry-After and words: too often.  By the peer's
 * address, or by an account (a person, an order, a mail address).
 */
int	 page_limit_address(struct page *, const struct limit_rate *,
	    struct error *);
int	 page_limit_account(struct page *, const struct limit_rate *,
	    const char *account, struct error *);
/* It was no guess: many who know their codes may come from one address. */
void	 page_limit_give(struct page *, const struct limit_rate *);
/* An address of ours from outside: "https://ra.example.org/x"; in the arena. */
const char *page_url(const struct page *, const char *path);	/* public */
const char *page_url_cert(const struct page *, const char *path);
#endif
