/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <cairo-pdf.h>
#include <openssl/crypto.h>
#include <pango/pangocairo.h>

#include "card/letter_private.h"
#include "os/file.h"

/* Points.  The address stands where the windows of DIN 5008, form B, and of
 * most C5/6 and DL envelopes are. */
#define MM		(72.0 / 25.4)
#define WIDTH		(210 * MM)
#define HEIGHT		(297 * MM)
#define LEFT		(25 * MM)
#define RIGHT		(190 * MM)
#define ADDRESS_Y	(50 * MM)
#define INFO_X		(125 * MM)
#define TEXT_Y		(100 * MM)
#define FOOT_Y		(277 * MM)
#define PDF_MAX		(1u << 20)

struct page {
	cairo_t				*cr;
	const struct letter_template	*t;
	const struct letter		*l;
	double				 rgb[3];	/* of the brand */
	double				 y;
	struct error			*e;
	bool				 failed;
};

struct style {
	const char	*font;
	double		 size, x, width;
	double		 shade;		/* 0 black .. 1 white; < 0: the brand */
	bool		 centred;
	double		 spacing;	/* between characters */
};

static cairo_status_t
write_pdf(void *arg, const unsigned char *p, unsigned int n)
{
	struct buf	*out = arg;

	if (out->len + n > PDF_MAX)
		return CAIRO_STATUS_WRITE_ERROR;
	buf_add(out, p, n);
	return CAIRO_STATUS_SUCCESS;
}

static void
set_colour(const struct page *p, double shade)
{
	if (shade < 0)
		cairo_set_source_rgb(p->cr, p->rgb[0], p->rgb[1], p->rgb[2]);
	else
		cairo_set_source_rgb(p->cr, shade, shade, shade);
}

static PangoLayout *
new_layout(struct page *p, const struct style *s)
{
	PangoLayout		*pl = pango_cairo_create_layout(p->cr);
	PangoFontDescription	*f = pango_font_description_new();

	pango_font_description_set_family(f, s->font);
	pango_font_description_set_absolute_size(f, s->size * PANGO_SCALE);
	pango_layout_set_font_description(pl, f);
	pango_font_description_free(f);
	pango_layout_set_width(pl, (int)(s->width * PANGO_SCALE));
	pango_layout_set_wrap(pl, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_line_spacing(pl, 1.25f);
	if (s->centred)
		pango_layout_set_alignment(pl, PANGO_ALIGN_CENTER);
	return pl;
}

/* Set at p->y; p->y is below it afterwards. */
static void
show_layout(struct page *p, const struct style *s, PangoLayout *pl)
{
	int	height;

	set_colour(p, s->shade);
	cairo_move_to(p->cr, s->x, p->y);
	pango_cairo_show_layout(p->cr, pl);
	pango_layout_get_size(pl, NULL, &height);
	p->y += (double)height / PANGO_SCALE;
	g_object_unref(pl);
}

/* A text of the template. */
static void
put(struct page *p, const struct style *s, const char *text)
{
	PangoLayout	*pl;
	struct buf	 b = { 0 };

	if (text[0] == '\0' || p->failed)
		return;
	if (letter_fill(&b, text, p->l, p->e) == -1)
		p->failed = true;
	else {
		pl = new_layout(p, s);
		pango_layout_set_markup(pl, buf_cstr(&b), -1);
		show_layout(p, s, pl);
	}
	buf_clear(&b);
}

/* A value as it is. */
static void
put_plain(struct page *p, const struct style *s, const char *text, size_t len)
{
	PangoLayout	*pl = new_layout(p, s);
	PangoAttrList	*list = pango_attr_list_new();

	if (s->spacing > 0)
		pango_attr_list_insert(list, pango_attr_letter_spacing_new(
		    (int)(s->spacing * PANGO_SCALE)));
	pango_layout_set_attributes(pl, list);
	pango_attr_list_unref(list);
	pango_layout_set_text(pl, text, (int)len);
	show_layout(p, s, pl);
}

/* ---- parts of the page ---- */

static void
draw_logo(struct page *p)
{
	cairo_surface_t	*logo;
	char		*path;
	double		 w, h, k;

	if (p->t->logo == NULL)
		return;
	path = file_join(p->t->dir, p->t->logo);
	logo = cairo_image_surface_create_from_png(path);
	w = cairo_image_surface_get_width(logo);
	h = cairo_image_surface_get_height(logo);
	if (cairo_surface_status(logo) != CAIRO_STATUS_SUCCESS || w < 1 ||
	    h < 1) {
		error_set(p->e, ERROR_CONFIG, "logo: %s: not a PNG", path);
		p->failed = true;
	} else {
		k = 16 * MM / h;
		if (w * k > 60 * MM)
			k = 60 * MM / w;
		cairo_save(p->cr);
		cairo_translate(p->cr, RIGHT - w * k, 16 * MM);
		cairo_scale(p->cr, k, k);
		cairo_set_source_surface(p->cr, logo, 0, 0);
		cairo_paint(p->cr);
		cairo_restore(p->cr);
	}
	cairo_surface_destroy(logo);
	mem_free(&path);
}

static void
draw_frame(struct page *p)
{
	static const double	folds[] = { 105, 210 };
	size_t			i;

	set_colour(p, -1);
	cairo_rectangle(p->cr, 0, 0, WIDTH, 6 * MM);
	cairo_fill(p->cr);
	set_colour(p, 0.6);
	cairo_set_line_width(p->cr, 0.4);
	for (i = 0; i < 2; i++) {
		cairo_move_to(p->cr, 5 * MM, folds[i] * MM);
		cairo_line_to(p->cr, 9 * MM, folds[i] * MM);
	}
	cairo_stroke(p->cr);
}

static void
draw_address(struct page *p)
{
	const struct style	 small = { p->t->font, 7.5, LEFT, 85 * MM, 0.4,
				    false, 0 };
	const struct style	 s = { p->t->font, 11, LEFT, 85 * MM, 0, false,
				    0 };
	const char		*a = p->l->address;
	size_t			 n;

	p->y = ADDRESS_Y;
	put(p, &small, p->t->sender);
	p->y += 3 * MM;
	put_plain(p, &s, p->l->name, strlen(p->l->name));
	while (a != NULL && *a != '\0') {
		n = strcspn(a, ",\n");
		put_plain(p, &s, a, n);
		a += n;
		a += strspn(a, ", \n");
	}
}

static void
draw_fact(struct page *p, const char *label, const char *value)
{
	const struct style	small = { p->t->font, 8, INFO_X, 65 * MM, 0.4,
				    false, 0 };
	const struct style	s = { p->t->digits, 10.5, INFO_X, 65 * MM, 0,
				    false, 0 };

	if (value == NULL)
		return;
	put(p, &small, label);
	put_plain(p, &s, value, strlen(value));
	p->y += 2 * MM;
}

/* A tinted box with a label and what must be read without mistake. */
static void
draw_box(struct page *p, const char *label, const struct secret *value,
    double size, double height)
{
	double			 top = p->y, r = 2.5 * MM;
	const struct style	 small = { p->t->font, 9, LEFT, RIGHT - LEFT,
				    -1, true, 0 };
	const struct style	 s = { p->t->digits, size, LEFT, RIGHT - LEFT,
				    0, true, size / 4 };

	cairo_new_sub_path(p->cr);
	cairo_arc(p->cr, RIGHT - r, top + r, r, -G_PI / 2, 0);
	cairo_arc(p->cr, RIGHT - r, top + height - r, r, 0, G_PI / 2);
	cairo_arc(p->cr, LEFT + r, top + height - r, r, G_PI / 2, G_PI);
	cairo_arc(p->cr, LEFT + r, top + r, r, G_PI, 3 * G_PI / 2);
	cairo_close_path(p->cr);
	cairo_set_source_rgba(p->cr, p->rgb[0], p->rgb[1], p->rgb[2], 0.08);
	cairo_fill_preserve(p->cr);
	set_colour(p, -1);
	cairo_set_line_width(p->cr, 0.8);
	cairo_stroke(p->cr);
	p->y = top + 2.5 * MM;
	put(p, &small, label);
	p->y += 0.5 * MM;
	put_plain(p, &s, (const char *)value->p, value->len);
	p->y = top + height + 5 * MM;
}

static void
draw_steps(struct page *p)
{
	const struct style	number = { p->t->font, 10.5, LEFT, 8 * MM, -1,
				    false, 0 };
	const struct style	s = { p->t->font, 10.5, LEFT + 8 * MM,
				    RIGHT - LEFT - 8 * MM, 0, false, 0 };
	char			n[24];
	double			top;
	size_t			i;

	for (i = 0; i < p->t->steps.n; i++) {
		top = p->y;
		snprintf(n, sizeof(n), "%zu.", i + 1);
		put_plain(p, &number, n, strlen(n));
		p->y = top;
		put(p, &s, p->t->steps.v[i]);
		p->y += 1.2 * MM;
	}
	p->y += 3 * MM;
}

static void
draw_text(struct page *p)
{
	const struct style	head = { p->t->font, 15, LEFT, RIGHT - LEFT,
				    -1, false, 0 };
	const struct style	s = { p->t->font, 10.5, LEFT, RIGHT - LEFT, 0,
				    false, 0 };
	const struct style	small = { p->t->font, 9, LEFT, RIGHT - LEFT,
				    0.25, false, 0 };

	p->y = TEXT_Y;
	put(p, &head, p->t->subject);
	p->y += 4 * MM;
	put(p, &s, p->t->greeting);
	p->y += 2 * MM;
	put(p, &s, p->t->body);
	p->y += 4 * MM;
	draw_box(p, p->t->pin, p->l->pin, 30, 24 * MM);
	draw_steps(p);
	if (p->l->code != NULL) {
		draw_box(p, p->t->code, p->l->code, 14, 16 * MM);
		put(p, &small, p->t->code_note);
		p->y += 3 * MM;
	}
	put(p, &s, p->t->closing);
}

static void
draw(struct page *p)
{
	const struct style	foot = { p->t->font, 7.5, LEFT, RIGHT - LEFT,
				    0.4, true, 0 };

	draw_frame(p);
	draw_logo(p);
	draw_address(p);
	p->y = ADDRESS_Y;
	draw_fact(p, p->t->card, p->l->card);
	draw_fact(p, p->t->expires, p->l->expires);
	draw_fact(p, p->t->letter, p->l->number);
	draw_text(p);
	if (!p->failed && p->y > FOOT_Y) {
		error_set(p->e, ERROR_CONFIG, "the letter is longer than a "
		    "page");
		p->failed = true;
	}
	p->y = FOOT_Y;
	put(p, &foot, p->t->footer);
}

static int
check(const struct letter *l, struct error *e)
{
	if (l->number == NULL || l->name == NULL || l->card == NULL ||
	    l->pin == NULL || l->pin->len == 0)
		return error_set(e, ERROR_BUG, "a letter without number, name, "
		    "card or PIN");
	return 0;
}

int
letter_make(struct buf *pdf, const struct letter_template *t,
    const struct letter *l, struct error *e)
{
	cairo_surface_t	*surface;
	struct page	 p = { .t = t, .l = l, .e = e };

	if (check(l, e) == -1 || letter_colour(p.rgb, t->colour, e) == -1)
		return -1;
	/* Room for all of it: a buffer that grows leaves copies behind. */
	buf_reserve(pdf, PDF_MAX);
	surface = cairo_pdf_surface_create_for_stream(write_pdf, pdf, WIDTH,
	    HEIGHT);
	p.cr = cairo_create(surface);
	draw(&p);
	cairo_show_page(p.cr);
	cairo_destroy(p.cr);
	cairo_surface_finish(surface);
	if (!p.failed &&
	    cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
		error_set(e, ERROR_BUG, "set the letter: %s",
		    cairo_status_to_string(cairo_surface_status(surface)));
		p.failed = true;
	}
	cairo_surface_destroy(surface);
	return p.failed ? error_wrap(e, "letter %s", l->number) : 0;
}

int
letter_warm_up(const char *path, struct error *e)
{
	static const char	 all[] = "0123456789-ABCDEFGHJKMNPQRSTVWXYZ";
	struct letter_template	 words;
	struct secret		 made_up = { NULL, 0 };
	const struct letter	 l = { .number = "L-0123-4567-89ab-cdef",
				    .name = "The quick brown fox jumps over",
				    .address = "the lazy dog", .card = all,
				    .expires = all, .activate = "https://",
				    .pin = &made_up, .code = &made_up };
	struct buf		 pdf = { 0 };
	int			 rc = -1;

	memset(&words, 0, sizeof(words));
	if (letter_template_load(&words, path, e) == 0 &&
	    secret_set(&made_up, all, strlen(all), e) == 0)
		rc = letter_make(&pdf, &words, &l, e);
	buf_clear(&pdf);
	secret_free(&made_up);
	letter_template_clear(&words);
	return rc;
}

int
letter_seal(struct buf *sealed, const struct letter_template *t,
    const struct letter *l, const struct seal *to, struct error *e)
{
	struct buf	pdf = { 0 };
	int		rc;

	if ((rc = letter_make(&pdf, t, l, e)) == 0)
		rc = seal_make(sealed, to, pdf.p, pdf.len, e);
	/* It only grew: beyond its length nothing was ever written. */
	OPENSSL_cleanse(pdf.p, pdf.len);
	buf_clear(&pdf);
	return rc;
}
