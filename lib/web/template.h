/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_TEMPLATE_H
#define SIGNET_WEB_TEMPLATE_H
/*
 * HTML pages from templates and JSON values.
 *
 * A template is a file of HTML with these marks:
 *
 *	{{name}}  {{order.holder.name}}	the value, escaped.  In a list {{.}} is
 *					the element itself
 *	{{#name}} ... {{/name}}		once if it is true, a number but 0, a
 *					text but "", or an object (whose names
 *					then come first); for each of a list
 *	{{^name}} ... {{/name}}		where the above would show nothing
 *	{{>head.html}}			another template, with the same values
 *	{{t.enrol.title}}		the text "enrol.title" in the reader's
 *					language; {profile} in a text is the
 *					value of that name
 *	{{t.state.[order.state]}}	the text whose key ends with a value
 *	{{@site.css}}			the address of a static file
 *	{{!anything}}			a remark
 *	{{{svg.chart}}}			not escaped, and for that reason only
 *					names in "svg", where C puts pictures
 *					that it drew
 *
 * A name is looked for in the innermost object first, then outwards.  A
 * section may be asked about a name that is not there; a value may not: it
 * shows nothing and is reported.
 *
 * The parser follows the HTML: a value may stand in text and in a quoted
 * attribute, nowhere else: not in <script> or <style>, not as the name of a
 * tag or an attribute, not in attributes "on..." or "style".  An attribute
 * with an address (href, src, action, formaction) begins with something else
 * than a value, so that no value can be a "javascript:"; except a name in
 * "url", where C puts addresses that it made.  A value in an address becomes
 * %XX, so "/order/{{id}}?q={{q}}" needs no care.  So a value is never markup,
 * wherever it comes from.
 */
#include <jansson.h>
#include "base/error.h"
#include "base/mem.h"

#define TEMPLATE_DEPTH	32	/* sections and partials in each other */

struct templates;
/*
 * Address of a static file, or NULL when there is none of that name; asked
 * while a template is parsed.  Borrowed until the templates are freed.
 */
typedef const char *template_static_fn(void *arg, const char *name);

void	 templates_new(struct templates **, template_static_fn *, void *arg);
void	 templates_free(struct templates **);
/*
 * Parse one; another of the same name is replaced.  ERROR_CONFIG with name and
 * line of what is wrong.
 */
int	 templates_add(struct templates *, const char *name, struct bytes text,
	    struct error *);
/* All files of a directory, *.html; ERROR_CONFIG as above. */
int	 templates_load(struct templates *, const char *dir, struct error *);
/* All {{>...}} lead to something, and none to itself without end. */
int	 templates_check(const struct templates *, struct error *);

/*
 * Append the page.  texts: an object of key and text (web/texts.h), or NULL.
 * Values without a name are listed in *missing, "a, b", which the caller
 * clears: the page is whole without them.  ERROR_NOTFOUND: no such template.
 */
int	 template_render(struct buf *out, const struct templates *,
	    const char *name, const json_t *data, const json_t *texts,
	    struct buf *missing, struct error *);
/* & < > " ' */
void	 template_escape(struct buf *out, const char *, size_t len);
/* Keys of texts that the templates use, with "*" for a [part]: for a test that
 * holds them against the catalogue.  Each is followed by a newline. */
void	 templates_list_texts(const struct templates *, struct buf *out);
#endif
