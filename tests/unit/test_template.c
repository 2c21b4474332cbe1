/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "web/template.h"

#define EVIL	"\"'><script>alert(1)</script>&{{x}}{x}"
#define ESCAPED	"&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;" \
		"&#38;{{x}}{x}"
#define PERCENT	"%22%27%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%26%7B" \
		"%7Bx%7D%7D%7Bx%7D"

static const char *
asset(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "site.css") == 0 ? "/static/0/site.css" : NULL;
}

static void
add(struct templates *t, const char *name, const char *text)
{
	struct error	 e = ERROR_INIT;

	if (templates_add(t, name, BYTES(text, strlen(text)), &e) == -1)
		fail_msg("%s", e.text);
}

/* The page of one template over JSON, and what was missing. */
static void
render(struct templates *t, const char *json, const char *texts,
    const char *want, const char *want_missing)
{
	struct buf	 out = { 0 }, missing = { 0 };
	struct error	 e = ERROR_INIT;
	json_error_t	 je;
	json_t		*data = json_loads(json, 0, &je);
	json_t		*words = json_loads(texts, 0, &je);

	assert_non_null(data);
	assert_int_equal(template_render(&out, t, "page.html", data, words,
	    &missing, &e), 0);
	assert_string_equal(buf_cstr(&out), want);
	assert_string_equal(buf_cstr(&missing), want_missing);
	json_decref(data);
	json_decref(words);
	buf_clear(&out);
	buf_clear(&missing);
}

static void
assert_page(const char *text, const char *json, const char *want)
{
	struct templates	*t;

	templates_new(&t, asset, NULL);
	add(t, "page.html", text);
	render(t, json, "{}", want, "");
	templates_free(&t);
	assert_null(t);
}

static void
assert_refused(const char *text, const char *why)
{
	struct error		 e = ERROR_INIT;
	struct buf		 out = { 0 }, missing = { 0 };
	struct templates	*t;

	templates_new(&t, asset, NULL);
	if (templates_add(t, "page.html", BYTES(text, strlen(text)), &e) !=
	    -1)
		fail_msg("taken: %s", text);
	assert_int_equal(e.code, ERROR_CONFIG);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s: %s", text, e.text);
	error_clear(&e);
	assert_int_equal(template_render(&out, t, "page.html", NULL, NULL,
	    &missing, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	templates_free(&t);
}

static const char	 evil_json[] = "{\"v\": \"\\\"'><script>alert(1)"
			    "</script>&{{x}}{x}\", \"x\": \"X\"}";

static void
a_hostile_value_in_text_stays_text(void **state)
{
	(void)state;
	assert_page("<p>{{v}}</p>", evil_json, "<p>" ESCAPED "</p>");
	assert_page("<textarea name=\"a\">{{ v }}</textarea>", evil_json,
	    "<textarea name=\"a\">" ESCAPED "</textarea>");
}

static void
a_hostile_value_in_an_attribute_stays_in_it(void **state)
{
	(void)state;
	assert_page("<input value=\"{{v}}\">", evil_json,
	    "<input value=\"" ESCAPED "\">");
	assert_page("<input value='{{v}}'>", evil_json,
	    "<input value='" ESCAPED "'>");
}

static void
a_hostile_value_in_an_address_becomes_percent_escapes(void **state)
{
	(void)state;
	assert_page("<a href=\"/o/{{v}}?q={{v}}\">", evil_json,
	    "<a href=\"/o/" PERCENT "?q=" PERCENT "\">");
}

static void
an_address_cannot_begin_with_a_value(void **state)
{
	static const char	 why[] = "an address begins with more";

	(void)state;
	assert_refused("<a href=\"{{v}}\">", why);
	assert_refused("<a href=\"/{{v}}\">", why);
	assert_refused("<a HREF='{{v}}'>", why);
	assert_refused("<form action=\"{{#v}}/x/{{/v}}{{v}}\">", why);
	assert_refused("<button formaction=\"{{v}}\">", why);
	assert_refused("<a href=\"{{t.where}}\">", why);
	assert_page("<a href=\"{{url.cert}}\">",
	    "{\"url\": {\"cert\": \"https://a/?b&c\"}}",
	    "<a href=\"https://a/?b&#38;c\">");
}

static void
no_value_stands_where_it_could_be_code(void **state)
{
	(void)state;
	assert_refused("<p onclick=\"{{v}}\">", "this attribute");
	assert_refused("<p style=\"{{v}}\">", "this attribute");
	assert_refused("<iframe srcdoc=\"{{v}}\">", "this attribute");
	assert_refused("<script>{{v}}</script>", "script or style");
	assert_refused("<style>p {}</style>", "no script, style");
	assert_refused("<script>alert(1)</script>", "no script, style");
	assert_refused("<p {{v}}>", "between the quotes");
	assert_refused("<p {{v}}=\"1\">", "between the quotes");
	assert_refused("<{{v}}>", "begins no tag");
	assert_refused("<p class={{v}}>", "value may stand");
	assert_refused("<p class=a>", "in quotes");
	assert_refused("<p on{{#v}}click=\"1\"{{/v}}>", "middle of a name");
	assert_refused("<!-- {{v}} -->", "value may stand");
	assert_page("<script src=\"{{@site.css}}\"></script>", "{}",
	    "<script src=\"/static/0/site.css\"></script>");
}

static void
only_what_c_drew_goes_without_escaping(void **state)
{
	(void)state;
	assert_refused("{{{v}}}", "only pictures");
	assert_refused("<p title=\"{{{svg.v}}}\">", "stands in text");
	assert_page("{{{svg.v}}}", "{\"svg\": {\"v\": \"<svg/>\"}}",
	    "<svg/>");
	/* A row that has an object of that name changes nothing. */
	assert_page("{{#rows}}{{{svg.v}}}{{/rows}}", "{\"svg\": {\"v\": "
	    "\"<svg/>\"}, \"rows\": [{\"svg\": {\"v\": \"<script>\"}}]}",
	    "<svg/>");
}

static void
mistakes_are_told_with_their_line(void **state)
{
	(void)state;
	assert_refused("<p>\n\n{{#a}}\n", "page.html:3: this section does not");
	assert_refused("a\n{{/a}}", "page.html:2: {{/...}} without");
	assert_refused("{{#a}}\n{{/b}}", "page.html:2: {{/b}} ends {{#a}} of "
	    "line 1");
	assert_refused("\n{{a", "page.html:2: a mark that does not end");
	assert_refused("{{a b}}", "page.html:1: a name is");
	assert_refused("{{}}", "a name is");
	assert_refused("{{#a}}<b class=\"{{/a}}x\">", "ends where it began");
	assert_refused("\n<p class=\"", "page.html:2: the file ends inside");
	assert_refused("1 < 2", "&lt;");
	assert_refused("<a href=\"{{@none.css}}\">", "no static file "
	    "\"none.css\"");
	assert_refused("{{@site.css}}", "between the quotes");
}

static void
sections_show_what_is_there(void **state)
{
	static const char	 text[] = "{{#a}}+{{/a}}{{^a}}-{{/a}}";

	(void)state;
	assert_page(text, "{}", "-");
	assert_page(text, "{\"a\": null}", "-");
	assert_page(text, "{\"a\": false}", "-");
	assert_page(text, "{\"a\": \"\"}", "-");
	assert_page(text, "{\"a\": 0}", "-");
	assert_page(text, "{\"a\": []}", "-");
	assert_page(text, "{\"a\": true}", "+");
	assert_page(text, "{\"a\": 7}", "+");
	assert_page(text, "{\"a\": \"x\"}", "+");
	assert_page(text, "{\"a\": {}}", "+");
	assert_page(text, "{\"a\": [1, 2]}", "++");
	assert_page("<option {{#a}}selected{{/a}} value=\"1\">",
	    "{\"a\": true}", "<option selected value=\"1\">");
}

static void
names_are_looked_for_from_the_inside_out(void **state)
{
	(void)state;
	assert_page("{{#l}}{{n}}{{o.p}}{{/l}}{{n}}", "{\"n\": 1, \"o\": "
	    "{\"p\": 2}, \"l\": [{\"n\": 3}, {\"o\": {\"p\": 4}}]}", "32141");
	assert_page("{{#l}}{{.}},{{/l}}", "{\"l\": [\"<\", 2]}",
	    "&#60;,2,");
	assert_page("{{#a.b}}{{c}}{{/a.b}}", "{\"a\": {\"b\": {\"c\": "
	    "true}}}", "true");
}

static void
texts_take_values_which_stay_text(void **state)
{
	struct templates	*t;
	struct buf		 keys = { 0 };

	(void)state;
	templates_new(&t, asset, NULL);
	add(t, "page.html", "{{t.hi}} {{t.state.[s]}}<b title=\"{{t.hi}}\">");
	render(t, "{\"who\": \"<b>\", \"s\": \"good\"}", "{\"hi\": \"Hi & "
	    "{who} {}\", \"state.good\": \"well\"}", "Hi &#38; &#60;b&#62; {} "
	    "well<b title=\"Hi &#38; &#60;b&#62; {}\">", "");
	render(t, "{\"s\": \"<x>\"}", "{\"hi\": \"{who}\"}",
	    " state.&#60;x&#62;<b title=\"\">",
	    "who, t., state.<x>, who");
	templates_list_texts(t, &keys);
	assert_string_equal(buf_cstr(&keys), "hi\nstate.*\nhi\n");
	buf_clear(&keys);
	templates_free(&t);
}

static void
what_has_no_value_shows_nothing_and_is_reported(void **state)
{
	struct templates	*t;

	(void)state;
	templates_new(&t, NULL, NULL);
	add(t, "page.html", "[{{nobody}}{{o}}{{o.x}}]");
	render(t, "{\"o\": {}}", "{}", "[]", "nobody, o, o.x");
	templates_free(&t);
}

static void
templates_stand_in_each_other_and_not_without_end(void **state)
{
	struct error		 e = ERROR_INIT;
	struct templates	*t;
	struct buf		 out = { 0 };
	json_t			*data = json_object();

	(void)state;
	templates_new(&t, NULL, NULL);
	add(t, "page.html", "a{{>b.html}}{{! remark }}");
	assert_int_equal(templates_check(t, &e), -1);
	assert_string_equal(e.text, "page.html:1: there is no template "
	    "\"b.html\"");
	error_clear(&e);
	add(t, "b.html", "({{v}})");
	assert_int_equal(templates_check(t, &e), 0);
	render(t, "{\"v\": 1}", "{}", "a(1)", "");
	add(t, "b.html", "{{>page.html}}");
	assert_int_equal(templates_check(t, &e), -1);
	assert_non_null(strstr(e.text, "without end"));
	error_clear(&e);
	assert_int_equal(template_render(&out, t, "page.html", data, NULL,
	    NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "deep"));
	error_clear(&e);
	assert_int_equal(template_render(&out, t, "none.html", data, NULL,
	    NULL, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	json_decref(data);
	buf_clear(&out);
	templates_free(&t);
}

static void
sections_in_each_other_are_bounded(void **state)
{
	struct buf	 text = { 0 };
	int		 i;

	(void)state;
	for (i = 0; i <= TEMPLATE_DEPTH; i++)
		buf_str(&text, "{{#a}}");
	for (i = 0; i <= TEMPLATE_DEPTH; i++)
		buf_str(&text, "{{/a}}");
	assert_refused(buf_cstr(&text), "too many sections");
	buf_clear(&text);
}

static void
a_directory_is_loaded_and_what_is_wrong_in_it_is_named(void **state)
{
	struct error		 e = ERROR_INIT;
	struct templates	*t;

	(void)state;
	templates_new(&t, NULL, NULL);
	assert_int_equal(templates_load(t, "/nonexistent", &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	templates_free(&t);
	templates_free(&t);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_hostile_value_in_text_stays_text),
		cmocka_unit_test(a_hostile_value_in_an_attribute_stays_in_it),
		cmocka_unit_test(
		    a_hostile_value_in_an_address_becomes_percent_escapes),
		cmocka_unit_test(an_address_cannot_begin_with_a_value),
		cmocka_unit_test(no_value_stands_where_it_could_be_code),
		cmocka_unit_test(only_what_c_drew_goes_without_escaping),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(sections_show_what_is_there),
		cmocka_unit_test(names_are_looked_for_from_the_inside_out),
		cmocka_unit_test(texts_take_values_which_stay_text),
		cmocka_unit_test(
		    what_has_no_value_shows_nothing_and_is_reported),
		cmocka_unit_test(
		    templates_stand_in_each_other_and_not_without_end),
		cmocka_unit_test(sections_in_each_other_are_bounded),
		cmocka_unit_test(
		    a_directory_is_loaded_and_what_is_wrong_in_it_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
