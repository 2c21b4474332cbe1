/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_pages PAGES SAMPLES DIR - every template of PAGES/templates with the
 * values of SAMPLES, in every language of PAGES/texts, to DIR/LANG-NAME.html.
 *
 * SAMPLES is JSON: "common" for all pages, and "pages": an object of name
 * ("order.html", or "order.html rejected" for another of the same) and values.
 * Exit status 1, and a line each, for what has no value, and for a text that no
 * template uses and no C is known to ask for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "web/template.h"
#include "web/texts.h"

static const char *const	 langs[] = { "en", "sv" };
#define NLANGS	(sizeof(langs) / sizeof(langs[0]))

/* Those that C asks for: with page_text(), or as the name of something. */
static const char *const	 from_c[] = { "checked.", "field.",
	"flash.", "kind.", "lang.", "said.", "status.", NULL };

struct all {
	struct templates	*templates;
	struct texts		*texts;
	json_t			*samples;
	const char		*dir;
	bool			 bad;
};

static const char *
static_address(void *arg, const char *name)
{
	static char	 address[100];

	(void)arg;
	snprintf(address, sizeof(address), "/static/%s", name);
	return address;
}

static void
complain(struct all *a, const char *what, const char *name)
{
	printf("%s: %s\n", name, what);
	a->bad = true;
}

static int
render(struct all *a, const char *name, const json_t *data, const char *lang,
    struct error *e)
{
	struct buf	 out = { 0 }, missing = { 0 };
	char		 file[60], *path = NULL;
	int		 rc = -1;

	snprintf(file, sizeof(file), "%.*s", (int)strcspn(name, " "), name);
	if (template_render(&out, a->templates, file, data,
	    texts_of(a->texts, lang), &missing, e) == -1)
		goto out;
	if (missing.len > 0)
		complain(a, buf_cstr(&missing), name);
	path = mem_printf("%s/%s-%s", a->dir, lang, name);
	rc = file_store(path, out.p, out.len, 0644, e);
 out:
	mem_free(&path);
	buf_clear(&missing);
	buf_clear(&out);
	return rc;
}

static int
render_all(struct all *a, struct error *e)
{
	json_t		*pages = json_object_get(a->samples, "pages"), *page;
	json_t		*data;
	const char	*name;
	size_t		 i;
	int		 rc = 0;

	json_object_foreach(pages, name, page)
		for (i = 0; i < NLANGS && rc == 0; i++) {
			data = json_deep_copy(json_object_get(a->samples,
			    "common"));
			json_object_update_recursive(data, page);
			json_object_set_new(data, "lang",
			    json_string(langs[i]));
			rc = render(a, name, data, langs[i], e);
			json_decref(data);
		}
	return rc;
}

/* "state.open" is used by "state.*". */
static bool
is_used(const char *key, const char *list)
{
	const char	*line;
	size_t		 len, i;

	for (i = 0; from_c[i] != NULL; i++)
		if (strncmp(key, from_c[i], strlen(from_c[i])) == 0)
			return true;
	for (line = list; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		if (line[len - 1] == '*' ?
		    strncmp(line, key, len - 1) == 0 :
		    strlen(key) == len && strncmp(line, key, len) == 0)
			return true;
	}
	return false;
}

static void
check_texts(struct all *a)
{
	struct buf	 list = { 0 };
	const char	*key;
	json_t		*texts, *text;

	texts = json_deep_copy(texts_of(a->texts, "en"));
	templates_list_texts(a->templates, &list);
	json_object_foreach(texts, key, text)
		if (!is_used(key, buf_cstr(&list)))
			complain(a, "no page uses this text", key);
	buf_clear(&list);
	json_decref(texts);
}

static int
load(struct all *a, char *argv[], struct error *e)
{
	char		*templates = file_join(argv[1], "templates");
	char		*texts = file_join(argv[1], "texts");
	json_error_t	 je;
	int		 rc = -1;

	a->dir = argv[3];
	templates_new(&a->templates, static_address, NULL);
	if (templates_load(a->templates, templates, e) == -1 ||
	    templates_check(a->templates, e) == -1 ||
	    texts_load(&a->texts, texts, NULL, langs, NLANGS, e) == -1)
		goto out;
	if ((a->samples = json_load_file(argv[2], 0, &je)) == NULL) {
		error_set(e, ERROR_INPUT, "%s:%d: %s", argv[2], je.line,
		    je.text);
		goto out;
	}
	rc = 0;
 out:
	mem_free(&templates);
	mem_free(&texts);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct all	 a = { 0 };

	if (argc != 4) {
		fprintf(stderr, "usage: render_pages PAGES SAMPLES DIR\n");
		return 2;
	}
	if (load(&a, argv, &e) == -1 || render_all(&a, &e) == -1) {
		printf("%s\n", e.text);
		a.bad = true;
	} else
		check_texts(&a);
	json_decref(a.samples);
	texts_free(&a.texts);
	templates_free(&a.templates);
	return a.bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
