/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and the root's list, as the settings of this machine name
 * them: they are what is used, whatever the store has.
 */
#include "cli/calendar.h"

#include <string.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "x509/cert.h"

#define DAY	INT64_C(86400)

/* As lib/agent: a signer at two thirds of its life, the others in the last
 * quarter. */
static int64_t
renewed_from(const struct doctor_pair *p, const struct cert_info *i)
{
	int64_t	 life = i->not_after - i->not_before;

	return strcmp(p->kind, "ocsp-signer") == 0 ?
	    i->not_before + life / 3 * 2 : i->not_after - life / 4;
}

static void
note_serial(struct calendar *k, const struct cert_info *i)
{
	char	*hex = arena_alloc(k->arena, 2 * sizeof(i->serial) + 1);

	text_hex(hex, i->serial, i->serial_len);
	k->serial = mem_resize(k->serial, k->nserials + 1,
	    sizeof(*k->serial));
	k->serial[k->nserials++] = hex;
}

static void
take_cert(struct calendar *k, const struct doctor_pair *p,
    const struct cert_info *i)
{
	const bool			 signer = strcmp(p->kind,
					    "ocsp-signer") == 0;
	const struct calendar_entry	 v = { .kind = p->kind,
	    .what = signer ? doctor_text(&k->doctor, "%s (%s)", p->what,
	    i->subject) : p->what, .key = p->cert,
	    .from = renewed_from(p, i), .at = i->not_after,
	    .todo = p->renew };

	note_serial(k, i);
	calendar_add(k, &v);
}

/* Those of CAs are in the store, with their generations. */
static void
take_pair(struct doctor *d, const struct doctor_pair *p, void *arg)
{
	struct calendar		*k = arg;
	struct error		 e = ERROR_INIT;
	struct cert_info	 info = { 0 };
	STACK_OF(X509)		*chain = NULL;

	(void)d;
	if (strcmp(p->kind, "ca") == 0)
		return;
	if (cert_load_chain(&chain, p->cert, &e) == -1 ||
	    cert_info(&info, sk_X509_value(chain, 0), &e) == -1)
		calendar_unknown(k, p->what, &e);
	else
		take_cert(k, p, &info);
	cert_info_clear(&info);
	sk_X509_pop_free(chain, X509_free);
}

/* Those to whom a station seals have no key here. */
static void
take_recipients(struct calendar *k)
{
	static const char *const	 names[][2] = {
		{ "seal_cert", "the sealing key of the station" },
		{ "escrow", "the escrow of cards' secrets" },
		{ "mailing_house", "the mailing house" },
	};
	struct doctor_pair		 p = { .kind = "recipient",
	    .renew = "make another one, and put its certificate there" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		p.what = names[i][1];
		p.cert = doctor_get(doctor_daemon(&k->doctor, "station"),
		    names[i][0]);
		if (p.cert != NULL)
			take_pair(&k->doctor, &p, k);
	}
}

static void
take_root_crl(struct calendar *k)
{
	const char		*path = doctor_root_crl(&k->doctor);
	struct calendar_entry	 v = { .kind = "root-crl",
	    .what = "the root's list", .key = "root-crl",
	    .todo = "on the machine of the root: signet-root crl; then bring "
	    "it here" };
	struct error		 e = ERROR_INIT;

	if (path == NULL)
		return;
	if (doctor_crl_until(path, &v.at, &e) == -1) {
		calendar_unknown(k, v.what, &e);
		return;
	}
	v.from = v.at - DOCTOR_ROOT_CRL_DAYS * DAY;
	calendar_add(k, &v);
}

void
calendar_files(struct calendar *k)
{
	doctor_each_pair(&k->doctor, take_pair, k);
	take_recipients(k);
	take_root_crl(k);
}
