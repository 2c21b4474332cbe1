/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>

#include "base/text.h"
#include "look_private.h"
#include "pcsc.h"
#include "x509/cert.h"
#include "x509/name.h"

#define LOOK_MS		3000

const struct cmd_opt	 LOOK_OPTIONS[] = {
	{ "reader", 'r', CMD_STRING, false, "NAME",
	    "the card in this reader (the only one)" },
	{ "pin", 0, CMD_STRING, false, "SOURCE",
	    "try the keys that want a PIN, too, with the one from there" },
	{ "store", 0, CMD_FLAG, false, NULL,
	    "say what the store has of it, too (needs settings)" },
	{ "json", 0, CMD_FLAG, false, NULL, "print JSON" },
	CMD_OPT_END
};

void
look_find(struct look *l, const char *fmt, ...)
{
	char	 text[400];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(l->findings, json_string(text));
}

/* ---- the card as such ---- */

/* -1: the card does not tell. */
static json_t *
told(int value)
{
	return value == -1 ? json_null() : json_boolean(value);
}

static int
look_at_name(struct look *l, struct error *e)
{
	const struct card_info	*i = &l->card.info;
	char			 hex[2 * sizeof(i->guid) + 1];
	int			 ccc;

	if ((ccc = l->card.driver->has_capabilities(&l->card, e)) == -1)
		return -1;
	json_object_set_new(l->o, "identity", *i->identity == '\0' ?
	    json_null() : json_string(i->identity));
	json_object_set_new(l->o, "family", json_string(l->card.driver->name));
	json_object_set_new(l->o, "extended", json_boolean(i->extended));
	json_object_set_new(l->o, "guid", i->has_guid ? json_string(
	    text_hex(hex, i->guid, sizeof(i->guid))) : json_null());
	json_object_set_new(l->o, "capabilities", json_boolean(ccc));
	if (i->has_guid && !ccc)
		look_find(l, "it has a name and no capability container");
	return 0;
}

static int
look_at_pin(struct look *l, enum card_pin which, const char *name,
    int is_default, struct error *e)
{
	json_t	*o = json_object();
	bool	 verified;
	int	 left;

	json_object_set_new(l->o, which == CARD_PIN ? "pin" : "puk", o);
	if (l->card.driver->tries(&l->card, which, &left, &verified, e) == -1)
		return -1;
	json_object_set_new(o, "tries", left == -1 ? json_null() :
	    json_integer(left));
	json_object_set_new(o, "factory", told(is_default));
	if (left == 0)
		look_find(l, "the %s is blocked", name);
	return 0;
}

static int
look_at_secrets(struct look *l, struct error *e)
{
	const struct card_info	*i = &l->card.info;
	json_t			*o = json_object();

	json_object_set_new(o, "factory", told(i->default_management));
	json_object_set_new(l->o, "management", o);
	return look_at_pin(l, CARD_PIN, "PIN", i->default_pin, e) == -1 ||
	    look_at_pin(l, CARD_PUK, "PUK", i->default_puk, e) == -1 ? -1 : 0;
}

/* ---- keys ---- */

/* Does the card have the key?  It is asked only where that costs no PIN, or
 * one was given. */
static int
prove(struct look *l, enum card_slot slot, EVP_PKEY *pub,
    const struct secret *pin, json_t *o, struct error *e)
{
	if (pin->len == 0 && slot != CARD_ITSELF) {
		json_object_set_new(o, "proved", json_null());
		return 0;
	}
	if (slot != CARD_ITSELF &&
	    l->card.driver->verify(&l->card, pin, 1, e) == -1)
		return -1;
	if (card_prove(&l->card, slot, pub, e) == 0) {
		json_object_set_new(o, "proved", json_true());
		return 0;
	}
	if (l->card.io->lost)
		return -1;
	json_object_set_new(o, "proved", json_false());
	look_find(l, "%s: %s", card_slot_name(slot), e->text);
	error_clear(e);
	return 0;
}

static void
say_cert(struct look *l, enum card_slot slot, X509 *cert, json_t *o)
{
	char	*name = name_text(X509_get_subject_name(cert));

	json_object_set_new(o, "subject", json_string(name));
	mem_free(&name);
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		look_find(l, "%s: the certificate has expired",
		    card_slot_name(slot));
}

/* Both that are there, or what is missing. */
static int
compare(struct look *l, enum card_slot slot, X509 *cert, EVP_PKEY *key,
    const struct secret *pin, json_t *o, struct error *e)
{
	EVP_PKEY	*of_cert = cert == NULL ? NULL :
			    X509_get0_pubkey(cert);
	bool		 same = key != NULL && of_cert != NULL &&
			    EVP_PKEY_eq(key, of_cert) == 1;

	ERR_clear_error();
	json_object_set_new(o, "matches", key == NULL || of_cert == NULL ?
	    json_null() : json_boolean(same));
	if (of_cert == NULL) {
		json_object_set_new(o, "proved", json_null());
		look_find(l, "%s: a key without a certificate",
		    card_slot_name(slot));
		return 0;
	}
	if (key != NULL && !same)
		look_find(l, "%s: the certificate is for another key than the "
		    "card has", card_slot_name(slot));
	return prove(l, slot, of_cert, pin, o, e);
}

static int
look_at_slot(struct look *l, enum card_slot slot, const struct secret *pin,
    json_t *keys, struct error *e)
{
	EVP_PKEY	*key = NULL;
	X509		*cert = NULL;
	json_t		*o;
	int		 rc;

	if (l->card.driver->find_key(&l->card, slot, &key, e) == -1 ||
	    l->card.driver->find_cert(&l->card, slot, &cert, e) == -1) {
		EVP_PKEY_free(key);
		if (l->card.io->lost)
			return -1;
		look_find(l, "%s: %s", card_slot_name(slot), e->text);
		error_clear(e);
		return 0;
	}
	if (key == NULL && cert == NULL)
		return 0;
	l->nkeys += key != NULL;
	l->ncerts += cert != NULL;
	l->cert[slot] = cert;
	o = json_object();
	json_array_append_new(keys, o);
	json_object_set_new(o, "slot", json_string(card_slot_name(slot)));
	if (cert != NULL)
		say_cert(l, slot, cert, o);
	else
		json_object_set_new(o, "subject", json_null());
	rc = compare(l, slot, cert, key, pin, o, e);
	EVP_PKEY_free(key);
	return rc;
}

static int
look_at_keys(struct look *l, const struct secret *pin, struct error *e)
{
	json_t	*keys = json_array();

	json_object_set_new(l->o, "keys", keys);
	for (int s = 0; s < CARD_SLOT__MAX; s++)
		if (look_at_slot(l, (enum card_slot)s, pin, keys, e) == -1)
			return -1;
	return 0;
}

/* ---- what it comes to ---- */

static bool
is_blank(const struct look *l)
{
	return l->ncerts == 0 && l->nkeys == 0 && !l->card.info.has_guid &&
	    json_array_size(l->findings) == 0;
}

/* A card with certificates is somebody's. */
static void
judge(struct look *l)
{
	const struct card_info	*i = &l->card.info;

	if (i->prefers_global_pin)
		look_find(l, "it wants its global PIN first, which is not the "
		    "one that cards get here");
	if (l->ncerts == 0)
		return;
	if (!i->has_guid)
		look_find(l, "it has certificates and no name");
	if (i->default_pin == 1)
		look_find(l, "the PIN is still the factory's");
	if (i->default_puk == 1)
		look_find(l, "the PUK is still the factory's");
	if (i->default_management == 1)
		look_find(l, "the management key is still the factory's");
}

static const char *
word(const json_t *v, const char *yes, const char *no, const char *unknown)
{
	return json_is_true(v) ? yes : json_is_false(v) ? no : unknown;
}

static void
print_pin(const json_t *o, const char *key, const char *label)
{
	const json_t	*pin = json_object_get(o, key);
	const json_t	*left = json_object_get(pin, "tries");

	printf("%-17s", label);
	if (json_is_integer(left))
		printf("%d tries left, ", (int)json_integer_value(left));
	puts(word(json_object_get(pin, "factory"), "the factory's", "its own",
	    "the card does not tell whose"));
}

static void
print_keys(const json_t *o)
{
	size_t	 i;
	json_t	*k;

	json_array_foreach(json_object_get(o, "keys"), i, k) {
		const char	*name = json_string_value(json_object_get(k,
				    "subject"));

		printf("Key:             %s, %s, %s\n",
		    json_string_value(json_object_get(k, "slot")),
		    name != NULL ? name : "no certificate",
		    word(json_object_get(k, "proved"), "the card has it",
		    "THE CARD DOES NOT HAVE IT", word(json_object_get(k,
		    "matches"), "fits (not tried)", "DOES NOT FIT",
		    "not tried")));
	}
}

static void
print_text(const json_t *o, const char *key, const char *label)
{
	const char	*text = json_string_value(json_object_get(o, key));

	printf("%-17s%s\n", label, text != NULL ? text : "-");
}

static void
print_store(const json_t *s)
{
	if (s == NULL)
		return;
	print_text(s, "card", "Card:");
	print_text(s, "holder", "Holder:");
	print_text(s, "state", "State:");
	print_text(s, "batch", "Batch:");
}

static void
print(const struct look *l)
{
	size_t	 i;
	json_t	*f;

	print_text(l->o, "reader", "Reader:");
	print_text(l->o, "identity", "Identity:");
	print_text(l->o, "guid", "Name (CHUID):");
	printf("Capabilities:    %s\n", word(json_object_get(l->o,
	    "capabilities"), "there", "none", "-"));
	print_pin(l->o, "pin", "PIN:");
	print_pin(l->o, "puk", "PUK:");
	print_pin(l->o, "management", "Management key:");
	print_keys(l->o);
	print_store(json_object_get(l->o, "store"));
	json_array_foreach(l->findings, i, f)
		printf("Finding:         %s\n", json_string_value(f));
	print_text(l->o, "verdict", "Verdict:");
}

static int
tell(struct look *l, bool as_json, struct error *e)
{
	size_t	 n = json_array_size(l->findings);

	json_object_set_new(l->o, "verdict", json_string(n > 0 ? "bad" :
	    is_blank(l) ? "blank" : "good"));
	if (as_json) {
		json_dumpf(l->o, stdout, JSON_COMPACT);
		putchar('\n');
	} else
		print(l);
	return n == 0 ? 0 : error_set(e, ERROR_CONFLICT, "the card is not as "
	    "it should be: %zu findings", n);
}

/* ---- the command ---- */

static int
choose_reader(struct pcsc *p, struct cmd_args *a, struct arena *arena,
    const char **name, struct error *e)
{
	char	**names;
	size_t	 n;

	if ((*name = cmd_string(a, "reader", NULL)) != NULL)
		return 0;
	if (pcsc_readers(p, arena, &names, &n, e) == -1)
		return -1;
	if (n == 1) {
		*name = names[0];
		return 0;
	}
	error_set(e, n == 0 ? ERROR_NOTFOUND : ERROR_INPUT, n == 0 ?
	    "pcscd knows no reader" : "there are several readers");
	return error_hint(e, "see signet-station readers");
}

static int
look_at_store(struct look *l, struct cmd_args *a, struct error *e)
{
	struct station_conf	 conf = { .station = NULL };
	int			 rc;

	if (!cmd_flag(a, "store"))
		return 0;
	rc = conf_load(&conf, STATION_CONF, cmd_string(a, "config",
	    STATION_CONF_PATH), e);
	if (rc == 0)
		rc = look_store(l, &conf, e);
	conf_free(&conf, STATION_CONF);
	return rc;
}

static int
look_at(struct look *l, struct cmd_args *a, struct error *e)
{
	const char	*from = cmd_string(a, "pin", NULL);
	struct secret	 pin = { NULL, 0 };
	int		 rc = -1;

	if ((from == NULL || secret_fetch(&pin, from, "PIN of the card",
	    e) == 0) && look_at_name(l, e) == 0 &&
	    look_at_secrets(l, e) == 0 && look_at_keys(l, &pin, e) == 0) {
		judge(l);
		rc = look_at_store(l, a, e);
	}
	secret_free(&pin);
	return rc;
}

static int
visit(struct pcsc *p, const char *reader, struct cmd_args *a,
    struct error *e)
{
	struct look	 l = { .o = json_object() };
	struct card_io	 io;
	int		 rc = -1;

	json_object_set_new(l.o, "reader", json_string(reader));
	l.findings = json_array();
	if (pcsc_connect(p, reader, LOOK_MS, &io, e) == 0) {
		if (card_open(&l.card, &io, e) == 0)
			rc = look_at(&l, a, e);
		apdu_close(&io);
	}
	json_object_set_new(l.o, "findings", l.findings);
	if (rc == 0)
		rc = tell(&l, cmd_flag(a, "json"), e);
	for (size_t i = 0; i < CARD_SLOT__MAX; i++)
		X509_free(l.cert[i]);
	json_decref(l.o);
	return rc;
}

int
look(struct cmd_args *a, void *ctx, struct error *e)
{
	struct arena	*arena = arena_new();
	struct pcsc	*p = NULL;
	const char	*reader;
	int		 rc = -1;

	(void)ctx;
	if (pcsc_open(&p, e) == 0 &&
	    choose_reader(p, a, arena, &reader, e) == 0)
		rc = visit(p, reader, a, e);
	pcsc_close(&p);
	arena_free(&arena);
	return rc;
}
