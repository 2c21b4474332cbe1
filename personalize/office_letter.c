/* SPDX-License-Identifier: Apache-2.0 */
#include "office_letter.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "card/letter.h"
#include "db/db_card_batch.h"
#include "order/revocation.h"
#include "os/file.h"
#include "os/msg.h"
#include "os/proc.h"
#include "os/sandbox.h"

#define SEALED		1		/* type of the only message */
#define SEALED_MAX	(4u << 20)
#define STOP_MS		2000

struct typesetting {
	const char		*template;	/* file */
	struct letter		 letter;
	X509			*to;
};

/* ---- the process that sets one letter ---- */

static int
typeset(const struct typesetting *t, struct buf *sealed, struct error *e)
{
	struct letter_template	 words;
	struct seal		 seal = { NULL };
	int			 rc = -1;

	memset(&words, 0, sizeof(words));
	if (letter_template_load(&words, t->template, e) == 0 &&
	    seal_add_cert(&seal, t->to, clock_now(&clock_system), e) == 0)
		rc = letter_seal(sealed, &words, &t->letter, &seal, e);
	seal_clear(&seal);
	letter_template_clear(&words);
	return rc;
}

/* Names of people go through large libraries here: neither the store's
 * connection nor a way to make another is needed for that. */
static int
confine(int parent, const struct typesetting *t, struct error *e)
{
	const struct sandbox_path	 path[] = {
		{ t->template, SANDBOX_READ },
		{ "/etc/fonts", SANDBOX_READ },
		{ "/usr", SANDBOX_READ },
		{ "/var/cache/fontconfig", SANDBOX_READ },
	};
	const struct sandbox		 box = { .path = path,
	    .npath = sizeof(path) / sizeof(path[0]), .no_network = true,
	    .no_exec = true };

	if (parent > 3)
		close_range(3, (unsigned int)parent - 1, 0);
	close_range((unsigned int)parent + 1, ~0U, 0);
	return sandbox_enter(&box, NULL, e);
}

static int
typesetter(int parent, void *arg)
{
	struct buf	 sealed = { 0 };
	struct error	 why = ERROR_INIT, e = ERROR_INIT;
	struct msg	 m = { 0 };

	if (confine(parent, arg, &why) == 0 &&
	    typeset(arg, &sealed, &why) == 0) {
		msg_init(&m, SEALED);
		msg_put_blob(&m, sealed.p, sealed.len);
	} else {
		msg_init(&m, 0);
		msg_put_error(&m, &why);
	}
	return msg_send(parent, &m, &e) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* It is gone before its letter counts, with all that was in clear. */
static int
typeset_apart(struct typesetting *t, struct buf *sealed, struct error *e)
{
	struct proc	 p = PROC_INIT;
	struct msg	 m = { 0 };
	struct bytes	 b;
	int		 rc;

	if (proc_start(&p, "station: letter", typesetter, t, e) == -1)
		return -1;
	if ((rc = msg_answer(p.fd, &m, SEALED, e)) == 0) {
		b = msg_get_blob(&m, SEALED_MAX);
		if ((rc = msg_done(&m, e)) == 0)
			buf_add(sealed, b.p, b.len);
	}
	msg_clear(&m);
	proc_stop(&p, STOP_MS);
	return rc == 0 ? 0 : error_wrap(e, "letter");
}

/* ---- what is in it ---- */

/* The letter's own number says nothing about the card. */
static int
make_number(struct office_letter *l, struct error *e)
{
	uint8_t	 r[8];
	char	 hex[2 * sizeof(r) + 1];

	if (rng_fill(&rng_system, r, sizeof(r), e) == -1)
		return -1;
	text_hex(hex, r, sizeof(r));
	l->number = mem_printf("L-%.4s-%.4s-%.4s-%.4s", hex, hex + 4,
	    hex + 8, hex + 12);
	return 0;
}

static char *
face_value(struct seat *s, const char *json, const char *key)
{
	json_t		*face = json_loads(json, 0, NULL);
	const char	*text = json_string_value(json_object_get(face, key));
	char		*copy = arena_strdup(s->arena,
			    text != NULL ? text : "");

	json_decref(face);
	return copy;
}

static char *
expiry(struct seat *s)
{
	char	 at[TEXT_TIME_SIZE];

	text_time(at, seat_expires(s));
	return arena_printf(s->arena, "%.10s", at);
}

static char *
template_path(const struct office *o, const struct layout *l)
{
	return file_join(o->conf->letters, l->letter);
}

static int
fill(struct seat *s, const struct job *j, struct office_letter *l,
    const struct secret *code, struct typesetting *t, struct error *e)
{
	struct db_card_face	 face;

	if (db_card_face(s->office->db, s->card.hold.id, &face, s->arena,
	    e) == -1 || make_number(l, e) == -1)
		return -1;
	t->to = s->office->mailing_house;
	t->letter = (struct letter){ .number = l->number,
	    .name = face.name, .card = s->card.number,
	    .address = face_value(s, face.json, "address"),
	    .expires = expiry(s), .activate = s->office->conf->activate_at,
	    .pin = &j->pin, .code = code };
	return 0;
}

int
office_letter_check(const struct office *o, const struct layout *l,
    struct error *e)
{
	struct letter_template	 words;
	char			*path;
	int			 rc;

	if (l->letter == NULL)
		return 0;
	memset(&words, 0, sizeof(words));
	path = template_path(o, l);
	if ((rc = letter_template_load(&words, path, e)) == 0)
		letter_template_clear(&words);
	else
		e->code = ERROR_CONFLICT;
	mem_free(&path);
	return rc;
}

int
office_letter(struct seat *s, struct office_letter *l, struct error *e)
{
	struct typesetting	 t = { .template = NULL };
	struct job		 j = { .nslots = 0 };
	struct secret		 code = { NULL, 0 };
	char			*path;
	int			 rc = -1;

	if (s->layout->letter == NULL)
		return 0;
	if (office_letter_check(s->office, s->layout, e) == -1)
		return -1;
	t.template = path = template_path(s->office, s->layout);
	if (office_known_secrets(s, &j, e) == 0 &&
	    revocation_make(&code, l->code_name, l->code_salt, l->code_hash,
	    &rng_system, e) == 0 && fill(s, &j, l, &code, &t, e) == 0 &&
	    typeset_apart(&t, &l->sealed, e) == 0) {
		l->row = (struct db_card_letter){ .number = l->number,
		    .sealed = BYTES(l->sealed.p, l->sealed.len),
		    .code_name = l->code_name,
		    .code_salt = BYTES(l->code_salt, sizeof(l->code_salt)),
		    .code_hash = BYTES(l->code_hash, sizeof(l->code_hash)) };
		rc = 0;
	}
	mem_free(&path);
	secret_free(&code);
	job_clear(&j);
	return rc;
}

void
office_letter_clear(struct office_letter *l)
{
	mem_free(&l->number);
	buf_clear(&l->sealed);
}

/* ---- before there is a card ---- */

static int
warm_up(const struct office *o, const char *layout, struct error *e)
{
	struct layout	*l;
	char		*path;
	int		 rc = 0;

	if (layout_find(&l, o->conf->layouts, layout, e) == -1)
		return -1;
	if (l->letter != NULL) {
		path = template_path(o, l);
		rc = letter_warm_up(path, e);
		mem_free(&path);
	}
	layout_free(&l);
	return rc;
}

int
office_letters_warm_up(const struct office *o, struct error *e)
{
	struct arena		*arena = arena_new();
	struct db_card_batch	 b;
	int			 found = 0;

	for (size_t i = 0; i < o->setup->nbatches && found != -1; i++)
		if ((found = db_card_batch_find(o->db, o->setup->batch[i], &b,
		    arena, e)) == 1 && (found = warm_up(o, b.layout, e)) == -1)
			error_wrap(e, "batch %s: the PIN letter of its layout "
			    "%s", b.name, b.layout);
	arena_free(&arena);
	return found == -1 ? -1 : 0;
}
