/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/text.h"
#include "os/file.h"
#include "x509/profile.h"
#include "x509/profile_private.h"
#include "tests/unit/x509_fixture.h"

/* A good profile in lines; a test takes one out or puts others in. */
static const struct {
	const char	*name, *line;
} good[] = {
	{ "description", "description = \"Test\";" },
	{ "cas", "cas = [ \"people\" ];" },
	{ "keys", "keys = ( { type = \"ec\"; curves = [ \"P-256\" ]; } );" },
	{ "subject", "subject = ( { attr = \"CN\"; from = \"name\"; required ="
	  " true; pattern = \"[A-Z].*|x+\"; max = 10; }, { attr = \"O\"; value"
	  " = \"Example\"; } );" },
	{ "san", "san = ( { type = \"email\"; from = \"mail\"; min = 1; max ="
	  " 2; pattern = \".*@example[.]org\"; } );" },
	{ "key_usage", "key_usage = [ \"digitalSignature\" ];" },
	{ "ext_key_usage", "ext_key_usage = [ \"emailProtection\" ];" },
	{ "approvals", "approvals = [ \"officer + officer\", \"root\" ];" },
};
#define NGOOD	(sizeof(good) / sizeof(good[0]))

static char	*dir;

static int
setup(void **state)
{
	char	 path[] = "/tmp/test_profile.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = mem_strdup(path);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(rmdir(dir), 0);
	mem_free(&dir);
	return 0;
}

/* Load the good profile with the line of that name replaced (or added). */
static int
load_with(struct profile **p, const char *name, const char *line,
    struct error *e)
{
	struct buf	 b = { 0 };
	struct error	 unused = ERROR_INIT;
	char		*path = file_join(dir, "test");
	size_t		 i;
	int		 rc;

	for (i = 0; i < NGOOD; i++)
		if (strcmp(good[i].name, name) != 0)
			buf_printf(&b, "%s\n", good[i].line);
	buf_printf(&b, "%s\n", line);
	assert_int_equal(file_store(path, b.p, b.len, 0644, &unused), 0);
	rc = profile_load(p, path, e);
	unlink(path);
	mem_free(&path);
	buf_clear(&b);
	return rc;
}

/* The file, perhaps a line, and the text. */
static void
is_said_of_file(const struct error *e, const char *text)
{
	char		 want[400];
	const char	*rest;

	snprintf(want, sizeof(want), "%s/test:", dir);
	assert_memory_equal(e->text, want, strlen(want));
	rest = e->text + strlen(want);
	rest += strspn(rest, "0123456789");
	rest += *rest == ':';
	assert_string_equal(rest + (*rest == ' '), text);
}

static void
profile_load_refuses_profiles_that_contradict_themselves(void **state)
{
	static const struct {
		const char	*name, *line, *text;
	} rows[] = {
		{ "cas", "", "cas: none" },
		{ "cas", "cas = [ \"a b\" ];",
		  "cas: \"a b\" is not a CA's name" },
		{ "ext_key_usage", "self_revoke = true; ext_key_usage = ["
		  " \"emailProtection\", \"signet-officer\" ];",
		  "self_revoke: not for a profile that gives a role" },
		{ "self_revoke", "self_revoke = true; ca = true;",
		  "self_revoke: not for a CA" },
		{ "self_revoke", "self_revoke = true; revoke_approvals = ["
		  " \"root\", \"root\", \"root\", \"root\", \"root\","
		  " \"root\", \"root\", \"root\" ];",
		  "self_revoke: revoke_approvals has too many ways for one more" },
		{ "station_revoke", "station_revoke = true; ca = true;",
		  "station_revoke: not for a CA" },
		{ "keys", "", "keys: none" },
		{ "keys", "keys = ( { type = \"dsa\"; } );",
		  "keys: no type \"dsa\"" },
		{ "keys", "keys = ( { type = \"ec\"; } );",
		  "keys: ec without curves" },
		{ "keys", "keys = ( { type = \"rsa\"; curves = [ \"P-256\" ]; }"
		  " );", "keys: curves are for ec only" },
		{ "keys", "keys = ( { type = \"ec\"; curves = [ \"P-192\" ]; }"
		  " );", "keys: no curve \"P-192\"" },
		{ "keys", "keys = ( { type = \"rsa\"; min = 4096; max = 2048; }"
		  " );", "keys: min is above max" },
		{ "subject", "subject = ( { attr = \"XX\"; from = \"name\"; }"
		  " );", "subject: no attribute \"XX\"" },
		{ "subject", "subject = ( { attr = \"CN\"; } );",
		  "subject: CN: needs one of \"from\" and \"value\"" },
		{ "subject", "subject = ( { attr = \"CN\"; from = \"name\";"
		  " value = \"x\"; } );",
		  "subject: CN: needs one of \"from\" and \"value\"" },
		{ "subject", "subject = ( { attr = \"C\"; value = \"Sweden\"; }"
		  " );", "subject: C is longer than 2 characters" },
		{ "subject", "subject = ( { attr = \"CN\"; value = \"x\";"
		  " required = true; } );", "subject: CN: a fixed value takes"
		  " no pattern, max or required" },
		{ "subject", "subject = ( { attr = \"CN\"; from = \"a\"; },"
		  " { attr = \"CN\"; from = \"b\"; } );",
		  "subject: CN twice" },
		{ "subject", "subject = ( { attr = \"emailAddress\"; from ="
		  " \"other\"; } );",
		  "subject: emailAddress must be in san as well" },
		{ "subject", "subject = ( { attr = \"CN\"; from = \"name\";"
		  " pattern = \"(\"; } );",
		  "CN: pattern: Unmatched ( or \\(" },
		{ "san", "san = ( { type = \"x400\"; from = \"mail\"; } );",
		  "san: no type \"x400\"" },
		{ "san", "san = ( { type = \"email\"; from = \"mail\"; min ="
		  " 2; } );", "san: email: min is above max" },
		{ "san", "san = ( { type = \"email\"; from = \"mail\"; },"
		  " { type = \"email\"; from = \"mail\"; } );",
		  "san: email from \"mail\" twice" },
		{ "san", "", "ext_key_usage: emailProtection without an email"
		  " in san" },
		{ "policies", "policies = ( { oid = \"1.2.x\"; } );",
		  "policies: \"1.2.x\" is not an object identifier" },
		{ "policies", "policies = ( { oid = \"1.2.3\"; }, { oid ="
		  " \"1.2.3\"; } );", "policies: \"1.2.3\" twice" },
		{ "policies", "policies = ( { oid = \"1.2.3\"; cps ="
		  " \"ftp://x\"; } );",
		  "policies: cps is not an http or https address" },
		{ "key_usage", "", "key_usage: none" },
		{ "key_usage", "key_usage = [ \"sign\" ];",
		  "key_usage: no key usage \"sign\"" },
		{ "key_usage", "key_usage = [ \"keyCertSign\" ];", "key_usage:"
		  " keyCertSign goes with ca = true and only then" },
		{ "ca", "ca = true;", "key_usage: keyCertSign goes with ca ="
		  " true and only then" },
		{ "path_length", "path_length = 0;",
		  "path_length goes with ca = true only" },
		{ "no_rev_avail", "no_rev_avail = true;", "no_rev_avail goes"
		  " with cdp = false and ocsp = false only" },
		{ "crl", "crl = \"some\";",
		  "crl: neither \"complete\" nor \"shard\"" },
		/* What a mail program may meet: dirmngr, NSS. */
		{ "crl", "crl = \"shard\";", "crl: \"shard\" is not for"
		  " certificates that mail programs may take, which can use"
		  " complete lists only" },
		{ "ext_key_usage", "crl = \"shard\";", "crl: \"shard\" is not"
		  " for certificates that mail programs may take, which can"
		  " use complete lists only" },
		{ "ext_key_usage", "ext_key_usage = [ \"clientAuth\","
		  " \"2.5.29.37.0\" ]; crl = \"shard\";", "crl: \"shard\" is"
		  " not for certificates that mail programs may take, which"
		  " can use complete lists only" },
		{ "ext_key_usage", "ext_key_usage = [ \"clientAuth\" ];"
		  " crl = \"shard\"; cdp = false;", "crl: \"shard\" goes with"
		  " cdp = true and ca = false only" },
		{ "freshest", "freshest = true; cdp = false;", "freshest goes"
		  " with cdp = true and crl = \"complete\" only" },
		{ "ext_key_usage", "ext_key_usage = [ \"clientAuth\" ];"
		  " crl = \"shard\"; freshest = true;", "freshest goes with cdp"
		  " = true and crl = \"complete\" only" },
		{ "ext_key_usage", "ext_key_usage = [ \"sendMail\" ];",
		  "ext_key_usage: no usage \"sendMail\"" },
		{ "ext_key_usage", "ext_key_usage = [ \"clientAuth\","
		  " \"1.3.6.1.5.5.7.3.2\" ];",
		  "ext_key_usage: \"1.3.6.1.5.5.7.3.2\" twice" },
		{ "ext_key_usage", "ext_key_usage = [ \"emailProtection\","
		  " \"serverAuth\" ];", "ext_key_usage: serverAuth and"
		  " emailProtection do not go together" },
		{ "ext_key_usage", "ext_key_usage = [ \"serverAuth\" ];",
		  "ext_key_usage: serverAuth without a dns or ip in san" },
		{ "ext_key_usage", "ext_key_usage = [ \"signet-officer\","
		  " \"signet-auditor\" ];",
		  "ext_key_usage: more than one role" },
		{ "approvals", "", "approvals: none, so that nobody could"
		  " order it" },
		{ "approvals", "approvals = [ \"office\" ];",
		  "approvals: no role \"office\"" },
		{ "approvals", "approvals = [ \"officer +\" ];",
		  "approvals: no role \"\"" },
		{ "approvals", "approvals = [ \"\" ];",
		  "approvals: no role \"\"" },
		{ "approvals", "approvals = [ \"officer officer\" ];",
		  "approvals: \"officer officer\" is not roles with + between" },
		{ "approvals", "approvals = [ \"holder\" ];", "approvals: the"
		  " holder can approve a renewal or a revocation only" },
		{ "batch_approvals", "batch_approvals = [ \"none\" ];",
		  "batch_approvals: no role \"none\"" },
		{ "subject", "subject = ( { attr = \"CN\"; value = \"{x\"; }"
		  " );", "subject: CN: \"{x\" has braces that name no field" },
		{ "subject", "subject = ( { attr = \"CN\"; value = \"{}\"; }"
		  " );", "subject: CN: \"{}\" has braces that name no field" },
		{ "subject", "subject = ( { attr = \"CN\"; from = \"a b\"; }"
		  " );", "subject: CN: \"a b\" is not a field's name" },
		{ "subject", "subject = ( { attr = \"CN\"; from = \"name\";"
		  " by = \"root\"; } );",
		  "subject: CN: by: neither \"holder\" nor \"officer\"" },
		{ "san", "san = ( { type = \"email\"; } );", "san: email:"
		  " needs one of \"from\" and \"value\"" },
		{ "san", "san = ( { type = \"dns\"; value = \"localhost\"; }"
		  " );", "san: dns: \"localhost\": is not a host name: a"
		  " single label is no full name (RFC 5321, 2.3.5)" },
		{ "san", "san = ( { type = \"dns\"; from = \"x\"; utf8 ="
		  " true; } );", "san: dns: utf8 is for email only" },
		{ "keys", "keys = ( { type = \"ed25519\"; } ); key_usage_ec ="
		  " [ \"keyAgreement\" ];", "key_usage: one that a key of type"
		  " ed25519 cannot have" },
		{ "keys", "keys = ( { type = \"rsa-pss\"; } ); key_usage_ec ="
		  " [ \"keyEncipherment\" ];", "key_usage: one that a key of"
		  " type rsa-pss cannot have" },
		{ "key_usage", "key_usage = [ \"keyEncipherment\" ];",
		  "key_usage: one that a key of type ec cannot have" },
		{ "key_usage", "key_usage = [ \"encipherOnly\" ];", "key_usage:"
		  " encipherOnly and decipherOnly go with keyAgreement only" },
		{ "ext_key_usage", "ext_key_usage = [ \"timeStamping\" ];",
		  "ext_key_usage: timeStamping stands alone and critical" },
		{ "ext_key_usage", "ext_key_usage = [ \"timeStamping\","
		  " \"clientAuth\" ]; ext_key_usage_critical = true;",
		  "ext_key_usage: timeStamping stands alone and critical" },
		{ "ext_key_usage", "ext_key_usage_critical = true;",
		  "ext_key_usage_critical goes with ext_key_usage only" },
		{ "ext_key_usage", "ext_key_usage = [ \"OCSPSigning\","
		  " \"clientAuth\" ];",
		  "ext_key_usage: OCSPSigning stands alone" },
		{ "ocsp_nocheck", "ocsp_nocheck = true;",
		  "ocsp_nocheck goes with OCSPSigning only" },
		{ "per_generation", "per_generation = true;",
		  "per_generation goes with OCSPSigning only" },
		{ "ext_key_usage", "ext_key_usage = [ \"smartcardLogon\" ];",
		  "ext_key_usage: smartcardLogon without a upn in san" },
		{ "ext_key_usage", "ext_key_usage = [ \"pkinitClient\" ];",
		  "ext_key_usage: pkinitClient without a krb5 in san" },
		{ "ext_key_usage", "ext_key_usage = [ \"pkinitKdc\" ];",
		  "ext_key_usage: pkinitKdc without a krb5 in san" },
	};
	struct profile	*p;
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(load_with(&p, rows[i].name, rows[i].line, &e),
		    -1);
		assert_null(p);
		is_said_of_file(&e, rows[i].text);
		assert_int_equal(e.code, ERROR_CONFIG);
	}
}

static void
profile_load_names_file_and_line_of_a_wrong_setting(void **state)
{
	struct profile	*p;
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(load_with(&p, "colour", "colour = \"red\";", &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "/test:9: "));
	assert_non_null(strstr(e.text, "colour"));
	error_clear(&e);
	assert_int_equal(load_with(&p, "validity", "validity = \"long\";", &e),
	    -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "validity"));
	error_clear(&e);
	assert_int_equal(profile_load(&p, "/nonexistent/test", &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	error_clear(&e);
	assert_int_equal(profile_load(&p, "/nonexistent/.test", &e), -1);
	assert_string_equal(e.text,
	    "/nonexistent/.test: \".test\" is not a profile's name");
	assert_int_equal(e.code, ERROR_CONFIG);
}

static void
profile_load_fills_every_field(void **state)
{
	struct profile	*p;
	struct error	 e = ERROR_INIT;
	char		*text;

	(void)state;
	if (load_with(&p, "validity", "validity = \"825d\"; policies = ( {"
	    " oid = \"1.2.3\"; } ); renewal_approvals = [ \"holder\" ];",
	    &e) == -1)
		fail_msg("%s", e.text);
	assert_string_equal(p->name, "test");
	assert_string_equal(p->description, "Test");
	assert_int_equal(p->validity, 825 * 86400);
	assert_int_equal(p->key_usage, 1);
	assert_int_equal(p->path_length, -1);
	assert_int_equal(p->npolicies, 1);
	assert_int_equal(p->nsubject, 2);
	assert_false(p->san_critical);
	assert_true(p->cdp && p->aia && p->unique_key);
	assert_true(profile_has_eku(p, "1.3.6.1.5.5.7.3.4"));
	assert_false(profile_has_eku(p, "1.3.6.1.5.5.7.3.1"));
	text = approval_rule_text(&p->approvals);
	assert_string_equal(text, "officer and officer, or root");
	mem_free(&text);
	text = approval_rule_text(&p->batch_approvals);
	assert_string_equal(text, "nobody");
	mem_free(&text);
	text = approval_rule_text(&p->revoke_approvals);
	assert_string_equal(text, "officer, or security-officer");
	mem_free(&text);
	text = approval_rule_text(&p->renewal_approvals);
	assert_string_equal(text, "holder");
	mem_free(&text);
	assert_int_equal(p->self_revoke_approvals.n, 0);
	profile_free(&p);
	assert_null(p);
	profile_free(&p);
}

static void
profile_load_lets_stations_revoke_where_the_profile_says_so(void **state)
{
	struct profile	*p;
	struct error	 e = ERROR_INIT;
	char		*text;

	(void)state;
	if (load_with(&p, "station_revoke", "self_revoke = true;"
	    " station_revoke = true;", &e) == -1)
		fail_msg("%s", e.text);
	text = approval_rule_text(&p->self_revoke_approvals);
	assert_string_equal(text, "officer, or security-officer, or ra-agent, "
	    "or station-agent");
	mem_free(&text);
	assert_true(approval_rule_allows(&p->self_revoke_approvals,
	    ROLE_STATION_AGENT));
	assert_false(approval_rule_allows(&p->revoke_approvals,
	    ROLE_STATION_AGENT));
	profile_free(&p);
}

static void
profile_load_lets_holders_revoke_where_the_profile_says_so(void **state)
{
	struct profile	*p;
	struct error	 e = ERROR_INIT;
	char		*text;

	(void)state;
	if (load_with(&p, "self_revoke", "self_revoke = true;", &e) == -1)
		fail_msg("%s", e.text);
	text = approval_rule_text(&p->self_revoke_approvals);
	assert_string_equal(text, "officer, or security-officer, or ra-agent");
	mem_free(&text);
	text = approval_rule_text(&p->revoke_approvals);
	assert_string_equal(text, "officer, or security-officer");
	mem_free(&text);
	profile_free(&p);
}

/* The good profile as one of the S/MIME baseline, changed. */
static void
profile_load_holds_mail_to_the_smime_baseline(void **state)
{
#define STRICT	"policies = ( { oid = \"2.23.140.1.5.3.3\"; } ); "
#define SPONSOR	"subject = ( { attr = \"O\"; value = \"X\"; }, { attr =" \
	" \"organizationIdentifier\"; value = \"GOVSE\"; }, { attr = \"SN\";" \
	" from = \"name\"; }"
	static const struct {
		const char	*name, *line, *text;
	} rows[] = {
		{ "policies", STRICT, "subject: this type of the S/MIME"
		  " baseline requires O and organizationIdentifier" },
		{ "policies", "policies = ( { oid = \"2.23.140.1.5.3.1\"; } );",
		  "policies: the S/MIME baseline's legacy generation ended in"
		  " July 2025" },
		{ "policies", "policies = ( { oid = \"2.23.140.1.5.5.1\"; } );",
		  "policies: the S/MIME baseline reserves 2.23.140.1.5.1.1 to"
		  " 4.3 only" },
		{ "policies", "policies = ( { oid = \"2.23.140.1.5.3.2\"; },"
		  " { oid = \"2.23.140.1.5.3.3\"; } );", "policies: more than"
		  " one of those reserved by the S/MIME baseline" },
		{ "policies", STRICT "validity = \"826d\";",
		  "validity: the S/MIME baseline allows 825 days" },
		{ "policies", STRICT "ocsp = false;", "the S/MIME baseline goes"
		  " with cdp, aia and ocsp" },
		{ "ext_key_usage", STRICT "ext_key_usage = [ \"clientAuth\" ];",
		  "ext_key_usage: the S/MIME baseline wants emailProtection" },
		{ "ext_key_usage", STRICT "ext_key_usage = ["
		  " \"emailProtection\", \"clientAuth\" ];", "ext_key_usage:"
		  " the S/MIME baseline's strict generation allows"
		  " emailProtection only" },
		{ "ext_key_usage", "policies = ( { oid = \"2.23.140.1.5.3.2\";"
		  " } ); ext_key_usage = [ \"emailProtection\","
		  " \"codeSigning\" ];", "ext_key_usage: the S/MIME baseline"
		  " does not allow 1.3.6.1.5.5.7.3.3" },
		{ "san", STRICT "san = ( { type = \"email\"; from = \"mail\"; },"
		  " { type = \"upn\"; from = \"upn\"; } );", "san: upn is not"
		  " for the S/MIME baseline's strict generation" },
		{ "subject", STRICT SPONSOR ", { attr = \"street\"; from ="
		  " \"s\"; } );", "subject: street is not for this type of the"
		  " S/MIME baseline" },
		{ "subject", STRICT SPONSOR ", { attr = \"DC\"; from ="
		  " \"s\"; } );", "subject: DC is not for this type of the"
		  " S/MIME baseline" },
		{ "key_usage", STRICT "key_usage = [ \"cRLSign\" ];",
		  "key_usage: one that the S/MIME baseline does not allow" },
		{ "key_usage", STRICT "key_usage = [ \"nonRepudiation\" ];",
		  "key_usage: the S/MIME baseline wants signing or"
		  " encryption" },
	};
	struct profile	*p;
	struct error	 e = ERROR_INIT;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(load_with(&p, rows[i].name, rows[i].line, &e),
		    -1);
		is_said_of_file(&e, rows[i].text);
		assert_int_equal(e.code, ERROR_CONFIG);
	}
	error_clear(&e);
	if (load_with(&p, "subject", STRICT SPONSOR " );", &e) == -1)
		fail_msg("%s", e.text);
	assert_true(profile_is_smime(p));
	profile_free(&p);
}

static void
orders_for_mail_are_held_to_the_smime_baseline(void **state)
{
	static const struct {
		const char	*profile, *fields, *text;
	} rows[] = {
		{ "individual-sign", "name=A B;mail=a@example.org", "the S/MIME"
		  " baseline wants a given name, a surname or a pseudonym" },
		{ "individual-sign", "name=A B;given=A;pseudonym=C;"
		  "mail=a@example.org",
		  "a pseudonym does not go with a given name or surname" },
		{ "individual-sign", "name=A B;pseudonym=C;mail=a@example.org",
		  "CN \"A B\" is neither the pseudonym nor a mail address" },
		{ "individual-sign", "name=C;pseudonym=C;mail=a@example.org",
		  NULL },
		{ "individual-sign", "name=a@example.org;pseudonym=C;"
		  "mail=a@example.org", NULL },
		{ "organization-sign", "country=SE;org=X;orgid=GOVSE;"
		  "mail=a@example.org;locality=Lund", NULL },
		{ "mailbox-sign", "mail=a@example.org", NULL },
		{ "mailbox-sign", "mail=\xc3\xa5sa@example.org", NULL },
		{ "mailbox-sign", "mail=\xc3\xa5sa@b\xc3\xbc.example",
		  "field \"mail\": is not a mail address: " },
		{ "domain-gateway", "org=X;domain=example", "field \"domain\":"
		  " is not a host name: a single label" },
		{ "domain-gateway", "org=X", "field \"domain\": is required" },
		{ "card-logon", "name=A;upn=a@example.org;sid=S-1-5-32-544",
		  "field \"sid\": does not have the form that the profile"
		  " wants" },
		{ "card-logon", "name=A;upn=a@example.org", NULL },
		{ "pkinit-client", "name=A;principal=a",
		  "field \"principal\": is not a Kerberos principal" },
		{ "pkinit-client", "name=A;principal=a//b@R",
		  "field \"principal\": is not a Kerberos principal" },
		{ "pkinit-client", "name=A;principal=a/b@R.", "field"
		  " \"principal\": is not a Kerberos principal" },
		{ "pkinit-kdc", "dns=kdc.example.org",
		  "field \"realm\": is required" },
		{ "pkinit-kdc", "dns=kdc.example.org;realm=A B",
		  "field \"realm\": is not a Kerberos principal" },
	};
	struct x509_fixture	*fx = NULL;
	struct error		 e;
	struct fields		 f = { 0 };
	size_t			 i;
	int			 rc;

	(void)state;
	x509_fixture_setup((void **)&fx);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		x509_fixture_fields(&f, rows[i].fields);
		rc = profile_check_fields(x509_fixture_profile(fx,
		    rows[i].profile), &f, &e);
		if ((rc == 0) != (rows[i].text == NULL))
			fail_msg("%s: %s: %s", rows[i].profile,
			    rows[i].fields, e.text);
		if (rows[i].text != NULL) {
			assert_memory_equal(e.text, rows[i].text,
			    strlen(rows[i].text));
			assert_int_equal(e.code, ERROR_INPUT);
		}
		fields_clear(&f);
	}
	x509_fixture_teardown((void **)&fx);
}

static void
organization_identifiers_have_the_form_of_the_baseline(void **state)
{
	static const char *const	 right[] = {
		"NTRSE-5560000001", "NTRUS+CA-12345678", "VATDE-123456789",
		"PSDBE-NBB-1234.567.890", "LEIXG-AEYE00EKXESVZUUEBP67",
		"GOVUS", "GOVUS+CA", "INTXG",
	};
	static const char *const	 wrong[] = {
		"", "5560000001", "NTRSE", "NTRSE-", "NTRse-1", "XYZSE-1",
		"NTRSE+-1", "NTRSE+ABCD-1", "VATDE+BY-1", "LEISE-1",
		"LEIXG-AEYE00EKXESVZUUEBP68", "LEIXG-1", "GOVUS-1", "INTSE",
		"TR SE-1", "NTR", "INTXG-1",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		if (!profile_is_organization_id(right[i]))
			fail_msg("%s is refused", right[i]);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (profile_is_organization_id(wrong[i]))
			fail_msg("%s is taken", wrong[i]);
}

static void
values_are_put_together_from_fields(void **state)
{
	char			 dst[FIELD_VALUE_MAX + 1], name[40];
	char			 big[FIELD_VALUE_MAX + 1];
	struct x509_fixture	*fx = NULL;
	const struct profile	*p;
	struct fields		 f = { 0 };
	const char		*at = "a}";

	(void)state;
	memset(big, 'a', FIELD_VALUE_MAX);
	big[FIELD_VALUE_MAX] = '\0';
	x509_fixture_fields(&f, "a=1;a=2;b={a}");
	assert_int_equal(profile_next_field(&at, name), -1);
	assert_int_equal(profile_expand(dst, "x{a}y{a}", &f, 1), 1);
	assert_string_equal(dst, "x2y2");
	assert_int_equal(profile_expand(dst, "x{b}", &f, 0), 1);
	assert_string_equal(dst, "x{a}");
	assert_int_equal(profile_expand(dst, "x{a}", &f, 2), 0);
	assert_int_equal(profile_expand(dst, "x{c}", &f, 0), 0);
	assert_int_equal(profile_expand(dst, "x", &f, 1), 0);
	fields_add(&f, "big", big);
	assert_int_equal(profile_expand(dst, "{big}", &f, 0), 1);
	assert_int_equal(profile_expand(dst, "{big}x", &f, 0), -1);
	fields_clear(&f);

	x509_fixture_setup((void **)&fx);
	p = x509_fixture_profile(fx, "domain-gateway");
	x509_fixture_fields(&f, "org=X;domain=a.example;domain=b.example");
	assert_true(profile_takes(p, "domain"));
	assert_false(profile_takes(p, "mail"));
	assert_false(profile_offers(p, "domain"));
	assert_true(profile_offers(p, "org"));
	assert_string_equal(profile_subject_value(p, 2, &f, dst), "a.example");
	assert_null(profile_subject_value(p, 0, &f, dst));
	assert_string_equal(profile_san_value(p, 1, &f, 1, dst),
	    "domain-confidentiality-authority@b.example");
	assert_null(profile_san_value(p, 1, &f, 2, dst));
	assert_int_equal(p->fields.n, 3);
	fields_clear(&f);
	x509_fixture_teardown((void **)&fx);
}

static void
profiles_load_wants_at_least_one(void **state)
{
	struct profiles	 ps;
	struct error	 e = ERROR_INIT;
	char		 want[100];

	(void)state;
	assert_int_equal(profiles_load(&ps, dir, &e), -1);
	snprintf(want, sizeof(want), "%s: no profiles in it", dir);
	assert_string_equal(e.text, want);
	assert_int_equal(e.code, ERROR_CONFIG);
	error_clear(&e);
	assert_int_equal(profiles_load(&ps, "/nonexistent", &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	profiles_free(&ps);
}

static void
profiles_find_proposes_the_nearest_name(void **state)
{
	struct x509_fixture	*f = NULL;
	const struct profile	*p;
	struct error		 e = ERROR_INIT;

	(void)state;
	x509_fixture_setup((void **)&f);
	assert_true(f->profiles.n >= 46);
	assert_int_equal(profiles_find(&f->profiles, "mail-duel", &p, &e), -1);
	assert_null(p);
	assert_string_equal(e.text, "no profile \"mail-duel\"");
	assert_string_equal(e.hint, "did you mean \"mail-dual\"?");
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_int_equal(profiles_find(&f->profiles, "root", &p, &e), 0);
	assert_string_equal(p->name, "root");
	x509_fixture_teardown((void **)&f);
}

static void
profile_check_fields_names_field_and_rule(void **state)
{
	static const struct {
		const char	*fields, *text;
	} rows[] = {
		{ "mail=a@example.org", "field \"name\": is required" },
		{ "name=Alice", "field \"mail\": is required" },
		{ "name=Alice;name=Bob;mail=a@example.org",
		  "field \"name\": is there more than once" },
		{ "name=alice;mail=a@example.org", "field \"name\": does not"
		  " have the form that the profile wants" },
		{ "name=yx;mail=a@example.org", "field \"name\": does not"
		  " have the form that the profile wants" },
		{ "name=Alexandrina;mail=a@example.org",
		  "field \"name\": longer than 10 characters" },
		{ "name=-;mail=a@example.org",
		  "field \"name\": is not a value" },
		{ "name=Alice\n;mail=a@example.org", "field \"name\": CN has"
		  " characters that must not be in a name, or is too long" },
		{ "name=Alice;mail=a@example.org;age=7",
		  "field \"age\": the profile does not take it" },
		{ "name=Alice;mail=a@example.org;mail=b@example.org;"
		  "mail=c@example.org", "field \"mail\": too many values" },
		{ "name=Alice;mail=a@example.org;mail=A@example.org",
		  "field \"mail\": the same value twice" },
		{ "name=Alice;mail=a@example.org;mail=a@example.org",
		  "field \"mail\": the same value twice" },
		{ "name=Alice;mail=a@example.com", "field \"mail\": does not"
		  " have the form that the profile wants" },
		{ "name=Alice;mail=example.org",
		  "field \"mail\": is not a mail address: no @ (RFC 5321,"
		  " 4.1.2)" },
	};
	struct profile	*p;
	struct error	 e = ERROR_INIT;
	size_t		 i;

	(void)state;
	assert_int_equal(load_with(&p, "none", "", &e), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields	 f = { 0 };

		error_clear(&e);
		x509_fixture_fields(&f, rows[i].fields);
		assert_int_equal(profile_check_fields(p, &f, &e), -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
		fields_clear(&f);
	}
	profile_free(&p);
}

/* Values of alternative names, one kind after another. */
static void
alternative_names_have_one_strict_form(void **state)
{
	static const struct {
		const char	*type;
		const char	*good[6], *bad[14];
	} rows[] = {
		{ "email",
		  { "a@b.se", "a.b+c@x-y.example.org", "#$&'*@example.org",
		    "A@EXAMPLE.ORG" },
		  { "a", "@b.se", "a@", "a@b", "a.@b.se", ".a@b.se",
		    "a..b@b.se", "a@b..se", "\"a b\"@b.se", "a b@b.se",
		    "a@[192.0.2.1]", "a@b.se.", "\xc3\xa5@b.se", "a@b@c.se" } },
		{ "dns", { "example.org", "a-b.c1.se", "1.example.org",
		    "xn--bcher-kva.example" },
		  { "localhost", "-a.se", "a-.se", "a_b.se", "*.example.org",
		    "a..se", ".se", "a.se.", "192.0.2.1", "a b.se",
		    "b\xc3\xbc" "cher.example" } },
		{ "upn", { "alice@example.org" }, { "alice", "a@b" } },
		{ "uri", { "http://example.org/", "urn:x:y" },
		  { "example.org", "http:", "HTTP://x", "http://a b", ":x",
		    "1x:y" } },
		{ "ip", { "192.0.2.1", "2001:db8::1" },
		  { "192.0.2", "192.0.2.256", "2001:db8::g", "192.0.2.1/24" } },
	};
	struct profile	*p;
	struct error	 e = ERROR_INIT;
	struct fields	 f = { 0 };
	char		 line[200];
	size_t		 i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "san = ( { type = \"%s\"; from ="
		    " \"x\"; }, { type = \"email\"; from = \"y\"; } );",
		    rows[i].type);
		if (load_with(&p, "san", line, &e) == -1)
			fail_msg("%s", e.text);
		for (k = 0; k < 6 && rows[i].good[k] != NULL; k++) {
			x509_fixture_fields(&f, "name=Alice");
			fields_add(&f, "x", rows[i].good[k]);
			if (profile_check_fields(p, &f, &e) == -1)
				fail_msg("%s: %s", rows[i].good[k], e.text);
			fields_clear(&f);
		}
		for (k = 0; k < 14 && rows[i].bad[k] != NULL; k++) {
			x509_fixture_fields(&f, "name=Alice");
			fields_add(&f, "x", rows[i].bad[k]);
			if (profile_check_fields(p, &f, &e) == 0)
				fail_msg("%s was taken", rows[i].bad[k]);
			assert_non_null(strstr(e.text, "field \"x\": is not"));
			fields_clear(&f);
		}
		profile_free(&p);
	}
}

static void
long_mailboxes_and_labels_are_refused(void **state)
{
	struct profile	*p;
	struct error	 e = ERROR_INIT;
	struct fields	 f = { 0 };
	char		 mail[120];
	int		 n;

	(void)state;
	assert_int_equal(load_with(&p, "none", "", &e), 0);
	for (n = 64; n <= 65; n++) {
		memset(mail, 'a', 65);
		memcpy(mail + n, "@example.org", sizeof("@example.org"));
		x509_fixture_fields(&f, "name=Alice");
		fields_add(&f, "mail", mail);
		assert_int_equal(profile_check_fields(p, &f, &e),
		    n == 64 ? 0 : -1);
		fields_clear(&f);
	}
	profile_free(&p);
}

static void
mail_profiles_hold_subject_and_mailboxes_together(void **state)
{
	static const struct {
		const char	*fields, *text;
	} rows[] = {
		{ "country=NO;org=Example AB;orgid=NTRSE-5560000001;"
		  "surname=Holm;given=Alice;name=Alice Holm;"
		  "mail=a@example.org", "organizationIdentifier"
		  " \"NTRSE-5560000001\" is not of the country NO" },
		{ "country=SE;org=Example AB;orgid=NTRSE-5560000001;"
		  "surname=Holm;given=Alice;name=b@example.org;"
		  "mail=a@example.org", "\"b@example.org\" is in the subject"
		  " and not among the mail addresses" },
		{ "country=SE;org=Example AB;orgid=5560000001;"
		  "surname=Holm;given=Alice;name=Alice Holm;"
		  "mail=a@example.org", "organizationIdentifier"
		  " \"5560000001\" is not of a form such as"
		  " NTRSE-5560000001, VATSE-..., LEIXG-... or GOVSE" },
	};
	struct x509_fixture	*fx = NULL;
	const struct profile	*p;
	struct error		 e;
	struct fields		 f = { 0 };
	size_t			 i;

	(void)state;
	x509_fixture_setup((void **)&fx);
	p = x509_fixture_profile(fx, "mail-sign");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		x509_fixture_fields(&f, rows[i].fields);
		assert_int_equal(profile_check_fields(p, &f, &e), -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
		fields_clear(&f);
	}
	x509_fixture_fields(&f, "country=SE;org=Example AB;orgid="
	    "LEIXG-AEYE00EKXESVZUUEBP67;surname=Holm;given=Alice;"
	    "name=a@example.org;mail=a@example.org");
	if (profile_check_fields(p, &f, &e) == -1)
		fail_msg("%s", e.text);
	fields_clear(&f);
	x509_fixture_teardown((void **)&fx);
}

static void
profile_check_key_takes_the_listed_kinds_only(void **state)
{
	static const struct {
		const char	*profile, *alg;
		bool		 ok;
	} rows[] = {
		{ "mail-dual", "ec:P-256", true },
		{ "mail-dual", "ec:P-521", false },
		{ "mail-dual", "ed25519", false },
		{ "mail-dual", "rsa:2048", true },
		{ "web-login", "ed25519", true },
		{ "web-login", "ec:P-521", true },
		{ "root", "rsa:2048", false },
	};
	struct x509_fixture	*f = NULL;
	struct error		 e;
	EVP_PKEY		*key;
	char			 want[100];
	size_t			 i;

	(void)state;
	x509_fixture_setup((void **)&f);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(key_generate(&key, rows[i].alg, &e), 0);
		assert_int_equal(profile_check_key(x509_fixture_profile(f,
		    rows[i].profile), key, &e), rows[i].ok ? 0 : -1);
		snprintf(want, sizeof(want), "key: profile \"%s\" does not"
		    " take %s", rows[i].profile, rows[i].alg);
		assert_string_equal(e.text, rows[i].ok ? "" : want);
		assert_int_equal(e.code, rows[i].ok ? ERROR_NONE :
		    ERROR_DENIED);
		EVP_PKEY_free(key);
	}
	x509_fixture_teardown((void **)&f);
}

/* doc/profiles.md has the reference that the tables print. */
static void
the_reference_in_doc_is_that_of_the_tables(void **state)
{
	struct buf	 want = { 0 }, page = { 0 };
	struct error	 e = ERROR_INIT;
	const char	*src = getenv("srcdir");
	char		*path;

	(void)state;
	profile_describe(&want);
	if (getenv("PROFILE_DUMP") != NULL)
		assert_int_equal(file_store(getenv("PROFILE_DUMP"), want.p,
		    want.len, 0644, &e), 0);
	path = mem_printf("%s/doc/profiles.md", src == NULL ? "." : src);
	if (file_load(&page, path, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	assert_non_null(memmem(page.p, page.len, want.p, want.len));
	mem_free(&path);
	buf_clear(&page);
	buf_clear(&want);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    profile_load_refuses_profiles_that_contradict_themselves),
		cmocka_unit_test(
		    profile_load_names_file_and_line_of_a_wrong_setting),
		cmocka_unit_test(profile_load_fills_every_field),
		cmocka_unit_test(
		    profile_load_lets_stations_revoke_where_the_profile_says_so),
		cmocka_unit_test(
		    profile_load_lets_holders_revoke_where_the_profile_says_so),
		cmocka_unit_test(profile_load_holds_mail_to_the_smime_baseline),
		cmocka_unit_test(
		    orders_for_mail_are_held_to_the_smime_baseline),
		cmocka_unit_test(
		    organization_identifiers_have_the_form_of_the_baseline),
		cmocka_unit_test(values_are_put_together_from_fields),
		cmocka_unit_test(profiles_load_wants_at_least_one),
		cmocka_unit_test(profiles_find_proposes_the_nearest_name),
		cmocka_unit_test(profile_check_fields_names_field_and_rule),
		cmocka_unit_test(alternative_names_have_one_strict_form),
		cmocka_unit_test(long_mailboxes_and_labels_are_refused),
		cmocka_unit_test(
		    mail_profiles_hold_subject_and_mailboxes_together),
		cmocka_unit_test(profile_check_key_takes_the_listed_kinds_only),
		cmocka_unit_test(the_reference_in_doc_is_that_of_the_tables),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
