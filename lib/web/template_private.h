/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_TEMPLATE_PRIVATE_H
#define SIGNET_WEB_TEMPLATE_PRIVATE_H
/*
 * What the parts of the template engine share: template_html.c follows the
 * HTML, template_parse.c makes nodes of a file, template.c renders them.
 */
#include "web/template.h"

/* ---- where in the HTML ---- */

enum html_state { HTML_TEXT, HTML_TAG_NAME, HTML_TAG, HTML_NAME,
    HTML_NAME_CUT,		/* a mark came in a name: that ends here */
    HTML_VALUE_START, HTML_VALUE, HTML_COMMENT, HTML_DECLARATION, HTML_RAW };

struct html {
	enum html_state	 state;
	char		 tag[16], attr[24];	/* lower case, cut */
	char		 quote;
	bool		 closing;		/* </... */
	/* Of an attribute's value: literal octets so far, up to 2, and the
	 * first. */
	int		 lead;
	char		 first;
};
/* Literal text.  *bad is what is wrong with the octet that it returns the
 * number of; len when all is well. */
size_t	 html_feed(struct html *, const char *, size_t len, const char **bad);
/* A section begins or ends here: not in the middle of a name. */
void	 html_cut(struct html *);
/* May a section that began in "from" end here?  It may be left out. */
bool	 html_join(struct html *, const struct html *from);
/* May a value stand here?  Otherwise why not.  made: an address by C. */
const char *html_refuse(const struct html *, bool made);
bool	 html_is_address(const struct html *);

/* ---- nodes ---- */

enum node_kind {
	NODE_LITERAL,
	NODE_VALUE,		/* {{name}} */
	NODE_ADDRESS,		/* the same in an attribute with an address */
	NODE_RAW,		/* {{{svg.name}}} */
	NODE_TEXT,		/* {{t.key}} */
	NODE_SECTION,		/* up to "end" */
	NODE_INVERTED,
	NODE_PARTIAL,
};
struct node {
	enum node_kind	 kind;
	bool		 address;	/* NODE_TEXT in such an attribute */
	unsigned int	 line;
	char		*s;		/* literal, name, key */
	size_t		 len;
	size_t		 end;		/* the node after a section */
};
struct template {
	char		*name;
	struct node	*node;
	size_t		 n;
};
struct templates {
	struct template		*v;
	size_t			 n;
	template_static_fn	*asset;
	void			*arg;
};
int	 template_parse(struct template *, const struct templates *,
	    struct bytes, struct error *);
void	 template_clear(struct template *);
#endif
