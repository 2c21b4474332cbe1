/* SPDX-License-Identifier: Apache-2.0 */
/* What the root is, what it has signed, and what expires next. */
#include <jansson.h>

#include "base/text.h"
#include "ca/root/root_token.h"
#include "ca/root/run.h"

#define DAY	INT64_C(86400)
#define SOON	(30 * DAY)

/* "in 37 days", "EXPIRED" */
static const char *
until(char dst[32], int64_t t, int64_t now)
{
	if (t <= now)
		snprintf(dst, 32, "EXPIRED");
	else
		snprintf(dst, 32, "in %lld %s", (long long)((t - now) / DAY),
		    (t - now) / DAY == 1 ? "day" : "days");
	return dst;
}

static json_t *
show_cert(const struct root *r, const struct issued *i)
{
	struct error		 e = ERROR_INIT;
	struct cert_info	 info;
	char			 to[TEXT_TIME_SIZE], *path;
	X509			*cert = NULL;
	json_t			*j;

	path = issued_path(i);
	j = json_pack("{s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s}",
	    "number", (json_int_t)i->number, "name", i->name, "kind", i->kind,
	    "serial", i->serial, "generation", (json_int_t)i->generation,
	    "not_after", text_time(to, i->not_after), "status", i->status,
	    "reason", i->reason, "file", path);
	mem_free(&path);
	if (root_load_cert(r, i, &cert, &e) == 0 &&
	    cert_info(&info, cert, &e) == 0) {
		json_object_set_new(j, "subject", json_string(info.subject));
		cert_info_clear(&info);
	}
	X509_free(cert);
	return j;
}

static json_t *
show_crls(const struct root *r)
{
	json_t		*list = json_array(), *row;
	char		*number, *generation, *next;
	size_t		 k;

	for (k = 0; k < r->transcript.n; k++) {
		if (strcmp(r->transcript.v[k].act, "end") != 0)
			continue;
		number = transcript_value(&r->transcript.v[k], "crl-number");
		generation = transcript_value(&r->transcript.v[k],
		    "crl-generation");
		next = transcript_value(&r->transcript.v[k], "crl-next");
		if (number != NULL && generation != NULL && next != NULL) {
			row = json_pack("{s:s, s:s, s:s}", "number", number,
			    "generation", generation, "next_update", next);
			json_array_append_new(list, row);
		}
		mem_free(&number);
		mem_free(&generation);
		mem_free(&next);
	}
	return list;
}

static const struct transcript_entry *
show_made(const struct root *r)
{
	return transcript_made(&r->transcript, r->gen[r->ngen - 1].number);
}

/* The token that has the key, or null. */
static json_t *
show_token(const struct root *r)
{
	static const char *const	 fact[][2] = {
		{ "label", "token" }, { "serial", "token-serial" },
		{ "key", "token-key" }, { "module", "module" },
	};
	const struct transcript_entry	*made = show_made(r);
	json_t				*j;
	char				*value;
	size_t				 k;

	if (!root_token_has(r, r->gen[r->ngen - 1].number))
		return json_null();
	j = json_object();
	for (k = 0; k < sizeof(fact) / sizeof(fact[0]); k++) {
		value = transcript_value(made, fact[k][1]);
		json_object_set_new(j, fact[k][0], json_string(value != NULL ?
		    value : ""));
		mem_free(&value);
	}
	return j;
}

static json_t *
show_keepers(const struct root *r)
{
	const struct transcript_entry	*made = show_made(r);
	json_t				*names = json_array();
	char				*who;
	int				 n;

	for (n = 1; made != NULL && (who = transcript_nth(made, "custodian",
	    n)) != NULL; n++) {
		json_array_append_new(names, json_string(who));
		mem_free(&who);
	}
	return names;
}

static json_t *
show_json(const struct root *r)
{
	const struct transcript_entry	*last = transcript_last(&r->transcript);
	const struct generation		*g = &r->gen[r->ngen - 1];
	char				 hash[2 * AUDIT_HASH + 1];
	json_t				*certs = json_array();
	size_t				 k;

	for (k = 0; k < r->index.n; k++)
		json_array_append_new(certs, show_cert(r, &r->index.v[k]));
	return json_pack("{s:s, s:I, s:o, s:I, s:o, s:o, s:o, "
	    "s:{s:I, s:s}}",
	    "root", g->hex, "generation", (json_int_t)g->number,
	    "custodians", show_keepers(r),
	    "threshold", (json_int_t)r->settings.threshold,
	    "token", show_token(r),
	    "certificates", certs, "crls", show_crls(r),
	    "transcript", "seq", (json_int_t)last->head.seq,
	    "hash", text_hex(hash, last->head.hash, AUDIT_HASH));
}

static void
print_certs(const struct root *r, int64_t now)
{
	const struct issued	*i;
	char			 left[32], to[TEXT_TIME_SIZE];
	size_t			 k;

	printf("\n%-4s %-20s %-7s %-3s %-8s %-10s  %-12s %s\n", "No", "Name",
	    "Kind", "Gen", "Status", "Until", "Left", "Serial");
	for (k = 0; k < r->index.n; k++) {
		i = &r->index.v[k];
		printf("%04lld %-20s %-7s %-3lld %-8s %.10s  %-12s %s\n",
		    (long long)i->number, i->name, i->kind,
		    (long long)i->generation, i->status,
		    text_time(to, i->not_after), until(left, i->not_after,
		    now), i->serial);
		if (strcmp(i->reason, "-") != 0)
			printf("     %s, %s\n", i->reason,
			    text_time(to, i->when));
	}
}

/* The newest list of each generation that can still sign. */
static void
print_crls(const struct root *r, int64_t now)
{
	struct error	 e = ERROR_INIT;
	json_t		*list = show_crls(r), *row;
	const char	*number, *generation, *next;
	char		 left[32], gen[24];
	int64_t		 t;
	size_t		 g, k;

	printf("\n%-4s %-4s %-20s %s\n", "CRL", "Gen", "Next by", "Left");
	for (g = 0; g < r->ngen; g++) {
		if (r->gen[g].retired)
			continue;
		snprintf(gen, sizeof(gen), "%lld",
		    (long long)r->gen[g].number);
		for (k = json_array_size(list); k > 0; k--) {
			row = json_array_get(list, k - 1);
			if (json_unpack(row, "{s:s, s:s, s:s}", "number",
			    &number, "generation", &generation, "next_update",
			    &next) == -1 || strcmp(generation, gen) != 0 ||
			    text_parse_time(&t, next, &e) == -1)
				continue;
			printf("%-4s %-4s %-20s %s%s\n", number, generation,
			    next, until(left, t, now), t - now < SOON ?
			    "  <- signet-root crl" : "");
			break;
		}
	}
	json_decref(list);
}

static void
print_keepers(const struct root *r)
{
	json_t		*names = show_keepers(r), *name;
	json_t		*token = show_token(r);
	const char	*label, *serial, *uri;
	size_t		 k;

	if (json_unpack(token, "{s:s, s:s, s:s}", "label", &label, "serial",
	    &serial, "key", &uri) == 0)
		printf("Key         in token %s, serial %s\n            %s\n",
		    label, serial, uri);
	else if (json_array_size(names) == 0)
		printf("Key         under one passphrase\n");
	else {
		printf("Key         any %lld of:",
		    (long long)r->settings.threshold);
		json_array_foreach(names, k, name)
			printf(" %s", json_string_value(name));
		putchar('\n');
	}
	json_decref(token);
	json_decref(names);
}

static int
print_root(const struct root *r, struct error *e)
{
	const struct transcript_entry	*last = transcript_last(&r->transcript);
	const struct generation		*g = &r->gen[r->ngen - 1];
	struct cert_info		 info;
	char				 alg[16], at[TEXT_TIME_SIZE];
	char				 hex[2 * AUDIT_HASH + 1];

	if (cert_info(&info, g->cert, e) == -1)
		return -1;
	printf("Root        %s\n", info.subject);
	cert_info_clear(&info);
	printf("Generation  %lld, %s\n", (long long)g->number,
	    key_algorithm(X509_get0_pubkey(g->cert), alg));
	printf("Key sha256  %s\n", g->hex);
	print_keepers(r);
	printf("Transcript  %lld entries, last of %s\n            %lld:%s\n",
	    (long long)last->head.seq, text_time(at, last->at),
	    (long long)last->head.seq,
	    text_hex(hex, last->head.hash, AUDIT_HASH));
	return 0;
}

static int
show(struct root *r, const struct cmd_args *args, struct error *e)
{
	const struct transcript_entry	*open;
	int64_t				 now = clock_now(&clock_system);
	json_t				*all;

	if (cmd_flag(args, "json")) {
		all = show_json(r);
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
		return 0;
	}
	if (print_root(r, e) == -1)
		return -1;
	print_certs(r, now);
	print_crls(r, now);
	if ((open = transcript_open_ceremony(&r->transcript)) != NULL)
		printf("\nCeremony %lld was interrupted before anything was "
		    "written.\n", (long long)open->ceremony);
	return 0;
}

int
root_show(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_read(args, false, show, e);
}
