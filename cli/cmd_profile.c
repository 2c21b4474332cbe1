/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet profile: what there is, whether a file is good, and what would come
 * out of it.
 */
#include <string.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/profile_view.h"
#include "desk/request.h"
#include "os/file.h"
#include "x509/cert.h"
#include "x509/der.h"

static int
profile_list(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;

	cli_begin(c, a);
	if (cli_open_profiles(c, e) == -1)
		return -1;
	profile_view_list(c);
	return 0;
}

static int
profile_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	const struct profile	*p;
	char *const		*name;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (cli_open_profiles(c, e) == -1 ||
	    profiles_find(&c->desk.profiles, name[0], &p, e) == -1)
		return -1;
	profile_view(c, p);
	return 0;
}

/* ---- check ---- */

static void
check_row(struct out_list *l, const char *path, const struct error *one)
{
	out_text(l, path);
	out_text(l, one->code == ERROR_NONE ? "good" : "refused");
	out_text(l, one->code == ERROR_NONE ? NULL : one->text);
}

static int
profile_check(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "file", "FILE", 0 }, { "verdict", "VERDICT", 0 },
		{ "reason", "WHY NOT", 0 },
	};
	struct cli			*c = ctx;
	struct profile			*p;
	struct out_list			*l;
	struct error			 one;
	char *const			*path;
	int				 i, n, bad = 0;

	cli_begin(c, a);
	n = cmd_operands(a, &path);
	l = out_list_new(stdout, c->json, 0, cols, 3);
	for (i = 0; i < n; i++) {
		error_clear(&one);
		bad += profile_load(&p, path[i], &one) == -1;
		profile_free(&p);
		check_row(l, path[i], &one);
	}
	out_list_free(&l);
	if (bad == 0)
		return 0;
	error_set(e, ERROR_CONFIG, "%d of %d are refused", bad, n);
	return error_hint(e, "signet-cad would not start with such a file; "
	    "signet-profile(1) has the settings");
}

/* ---- try ---- */

struct trial {
	struct cli		*c;
	const struct profile	*p;
	struct issuer		 issuer;
	struct fields		 fields;
	struct csr		*csr;
	struct cert_spec	 spec;
	struct buf		 tbs;
	char			*stand_in[3];	/* addresses */
};

static void
trial_clear(struct trial *t)
{
	issuer_clear(&t->issuer);
	fields_clear(&t->fields);
	csr_free(&t->csr);
	buf_clear(&t->tbs);
}

/* Where CRL, OCSP and the CA are is in the settings of signet-cad, which run
 * somewhere else: what is not said is stood in for. */
static bool
take_urls(struct trial *t, struct conf_list *l, const char *option, size_t i)
{
	const char *const	*url;
	size_t			 n = cmd_many(t->c->args, option, &url);

	if (n > 0) {
		l->v = (char **)(uintptr_t)url;
		l->n = n;
		return false;
	}
	t->stand_in[i] = arena_printf(t->c->desk.arena, "http://%s.invalid/%s",
	    option, t->issuer.name);
	*l = (struct conf_list){ &t->stand_in[i], 1 };
	return true;
}

static int
trial_issuer(struct trial *t, struct error *e)
{
	const struct desk_issuer	*ca;
	bool			 made;

	if (request_find_ca(&t->c->desk, t->p, cmd_string(t->c->args, "ca",
	    NULL),
	    &ca, e) == -1 ||
	    issuer_init(&t->issuer, ca->name, ca->cert, e) == -1)
		return -1;
	made = take_urls(t, &t->issuer.cdp, "cdp", 0);
	made |= take_urls(t, &t->issuer.ocsp, "ocsp", 1);
	made |= take_urls(t, &t->issuer.aia, "aia", 2);
	if (t->p->shard || t->p->freshest) {
		t->issuer.shard_url = arena_printf(t->c->desk.arena,
		    "http://crl.invalid/%s-%%d.crl", t->issuer.name);
		t->issuer.shards = 1;
		t->issuer.freshest = arena_printf(t->c->desk.arena,
		    "http://crl.invalid/%s-delta.crl", t->issuer.name);
		made = true;
	}
	if (made)
		cli_warn(t->c, "addresses in .invalid stand for those of "
		    "cad.conf; give them with --cdp, --ocsp and --aia");
	return 0;
}

static int
trial_fields(struct trial *t, struct error *e)
{
	const char *const	*field;
	size_t			 i, n = cmd_many(t->c->args, "field", &field);

	for (i = 0; i < n; i++)
		if (request_add_field(&t->fields, t->p, field[i], e) == -1)
			return -1;
	if (request_fill(&t->fields, t->p, t->csr, e) == -1)
		return -1;
	return request_check(t->p, &t->fields, t->csr, e);
}

static int
trial_make(struct trial *t, struct error *e)
{
	t->spec.profile = t->p;
	t->spec.issuer = &t->issuer;
	t->spec.fields = &t->fields;
	t->spec.spki = t->csr->spki;
	if (cert_spec_init(&t->spec, clock_now(t->c->desk.clock), 0,
	    t->c->desk.rng,
	    e) == -1)
		return -1;
	return cert_tbs(&t->tbs, &t->spec, e);
}

/* The bytes with a signature of one zero octet, so that they can be read. */
static X509 *
trial_cert(const struct trial *t)
{
	struct buf		 der = { 0 };
	const unsigned char	*p;
	size_t			 mark = der_begin(&der, DER_SEQUENCE);
	X509			*cert;

	der_put_raw(&der, BYTES(t->tbs.p, t->tbs.len));
	der_put_raw(&der, BYTES(t->issuer.alg.p, t->issuer.alg.len));
	der_put_bits(&der, (const uint8_t *)"", 1);
	der_end(&der, mark);
	p = der.p;
	cert = d2i_X509(NULL, &p, (long)der.len);
	buf_clear(&der);
	return cert;
}

/* As openssl(1) prints it, without key and signature; caller frees. */
static char *
trial_text(X509 *cert)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p, *text = NULL;
	long	 n;

	if (bio != NULL && X509_print_ex(bio, cert, XN_FLAG_RFC2253 &
	    ~(unsigned long)ASN1_STRFLGS_ESC_MSB, X509_FLAG_NO_SIGDUMP |
	    X509_FLAG_NO_SIGNAME | X509_FLAG_NO_HEADER) == 1 &&
	    (n = BIO_get_mem_data(bio, &p)) > 0)
		text = mem_printf("%.*s", (int)n, p);
	BIO_free(bio);
	return text;
}

static int
trial_show(const struct trial *t, struct error *e)
{
	struct out_record	*r;
	X509			*cert = trial_cert(t);
	char			*text, *subject, *tbs, alg[16];

	if (cert == NULL || (text = trial_text(cert)) == NULL) {
		X509_free(cert);
		return error_ssl(e, ERROR_BUG, "read what was made");
	}
	subject = name_text(X509_get_subject_name(cert));
	tbs = text_base64(t->tbs.p, t->tbs.len);
	r = out_record_new(stdout, t->c->json);
	out_put(r, "profile", "Profile", t->p->name);
	out_put(r, "ca", "CA", t->issuer.name);
	out_put(r, "subject", "Subject", subject);
	out_put(r, "key", "Key", key_algorithm(t->csr->key, alg));
	out_put_time(r, "not_before", "Valid from", t->spec.not_before);
	out_put_time(r, "not_after", "Valid until", t->spec.not_after);
	out_put(r, "tbs", NULL, tbs);
	out_put(r, "text", NULL, text);
	out_record_free(&r);
	cli_say(t->c, "\n%s", text);
	cli_say(t->c, "Nothing was signed or stored; the serial number will be "
	    "another.");
	mem_free(&text);
	mem_free(&subject);
	mem_free(&tbs);
	X509_free(cert);
	return 0;
}

static int
profile_try(struct cmd_args *a, void *ctx, struct error *e)
{
	struct trial	 t = { .c = ctx };
	const char	*der = cmd_string(a, "der", NULL);
	char *const	*csr;
	int		 rc = -1;

	cli_begin(t.c, a);
	cmd_operands(a, &csr);
	if (cli_open_profiles(t.c, e) == -1 ||
	    profiles_find(&t.c->desk.profiles, cmd_string(a, "profile", ""),
	    &t.p,
	    e) == -1 || request_load(&t.csr, csr[0], e) == -1 ||
	    trial_fields(&t, e) == -1 || trial_issuer(&t, e) == -1 ||
	    trial_make(&t, e) == -1)
		goto out;
	if (der != NULL && file_store(der, t.tbs.p, t.tbs.len, 0644, e) == -1)
		goto out;
	rc = trial_show(&t, e);
 out:
	trial_clear(&t);
	return rc;
}

static const struct cmd_opt try_opts[] = {
	{ "profile", 'p', CMD_STRING, true, "NAME", "the profile to try" },
	{ "field", 'f', CMD_MANY, false, "NAME=VALUE",
	    "a field of the order; what is not given is taken from the "
	    "request where the profile lets it" },
	{ "ca", 0, CMD_STRING, false, "CA",
	    "the issuing CA; default: the profile's first that is known" },
	{ "cdp", 0, CMD_MANY, false, "URL", "address of the CA's CRL" },
	{ "ocsp", 0, CMD_MANY, false, "URL", "address of the responder" },
	{ "aia", 0, CMD_MANY, false, "URL", "address of the CA's certificate" },
	{ "der", 0, CMD_STRING, false, "FILE",
	    "write the bytes that would be signed to FILE" },
	CMD_OPT_END
};

const struct cmd CLI_PROFILE[] = {
	{ "profile list", "", "list certificate profiles",
	    "Names, validity and who approves.",
	    "signet profile list\n"
	    "signet profile list --json\n",
	    NULL, 0, 0, profile_list },
	{ "profile show", "NAME", "show a profile and its fields",
	    "Which fields an order has, what they become, who may say them, "
	    "how often and in which form; keys, validity, approvals.",
	    "signet profile show mail-sign\n",
	    NULL, 1, 1, profile_show },
	{ "profile check", "FILE...", "check profile files",
	    "Says of each file whether signet-cad would take it, and if not, "
	    "which setting is wrong and why.  Needs no installation.",
	    "signet profile check /etc/signet/profiles/*\n"
	    "signet profile check my-profile --json\n",
	    NULL, 1, -1, profile_check },
	{ "profile try", "CSR", "show what would come out, without signing",
	    "Makes the bytes that the CA would sign for this request, as it "
	    "would make them, and shows them.  No order is made, nothing is "
	    "signed or stored.",
	    "signet profile try -p mail-sign alice.csr --field orgid="
	    "NTRSE-5560000001\n"
	    "signet profile try -p tls-server www.csr --der www.tbs --json\n",
	    try_opts, 1, 1, profile_try },
	CMD_END
};
