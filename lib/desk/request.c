/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "desk/request.h"
#include "os/file.h"
#include "x509/ca_name.h"
#include "x509/idn.h"

#define REQUEST_FILE_MAX	(64 * 1024)

static bool
has_text(struct bytes b, const char *text)
{
	return memmem(b.p, b.len, text, strlen(text)) != NULL;
}

/* What is it, when it is no request? */
static int
explain_wrong(struct bytes b, struct error *e)
{
	if (has_text(b, "-----BEGIN CERTIFICATE-----"))
		return error_set(e, ERROR_INPUT, "this is a certificate, not "
		    "a certificate request");
	if (has_text(b, "PRIVATE KEY-----")) {
		error_set(e, ERROR_INPUT, "this is a private key, not a "
		    "certificate request");
		return error_hint(e, "a private key is never handed in; make "
		    "a request: openssl req -new -key FILE -out FILE.csr");
	}
	return -1;
}

int
request_parse(struct csr **csr, struct bytes text, struct error *e)
{
	if (csr_parse(csr, text, e) == 0)
		return 0;
	return explain_wrong(text, e);
}

int
request_load(struct csr **csr, const char *path, struct error *e)
{
	struct buf	b = { 0 };
	int		rc = -1;

	*csr = NULL;
	if (file_load(&b, path, REQUEST_FILE_MAX, e) == -1)
		goto out;
	rc = request_parse(csr, BYTES(b.p, b.len), e);
	if (rc == -1)
		error_wrap(e, "%s", path);
 out:
	OPENSSL_cleanse(b.p, b.len);
	buf_clear(&b);
	return rc;
}

static int
is_request_name(const struct dirent *d)
{
	static const char *const	ends[] = { ".csr", ".pem", ".der",
		".p10", ".req" };
	size_t				 n = strlen(d->d_name), i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n > 4 && strcmp(d->d_name + n - 4, ends[i]) == 0)
			return 1;
	return 0;
}

static int
list_directory(char ***file, size_t *n, const char *dir, struct error *e)
{
	struct dirent	**entry = NULL;
	int		  i, found;

	if ((found = scandir(dir, &entry, is_request_name, alphasort)) == -1)
		return error_sys(e, "%s", dir);
	*n = (size_t)found;
	*file = mem_array(*n + 1, sizeof(**file));
	for (i = 0; i < found; i++) {
		(*file)[i] = file_join(dir, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	if (found > 0)
		return 0;
	request_list_free(file, 0);
	return error_set(e, ERROR_NOTFOUND, "%s: no file *.csr, *.pem, *.der, "
	    "*.p10 or *.req", dir);
}

int
request_list(char ***file, size_t *n, const char *path, struct error *e)
{
	struct stat	st;

	*file = NULL;
	*n = 0;
	if (stat(path, &st) == -1)
		return error_sys(e, "%s", path);
	if (S_ISDIR(st.st_mode))
		return list_directory(file, n, path, e);
	*file = mem_array(1, sizeof(**file));
	(*file)[(*n)++] = mem_strdup(path);
	return 0;
}

void
request_list_free(char ***file, size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++)
		mem_free(&(*file)[i]);
	mem_free(file);
}

static int
unknown_field(const struct profile *p, const char *field, struct error *e)
{
	const char	*near;
	struct buf	 all = { 0 };
	size_t		 i;

	for (i = 0; i < p->fields.n; i++)
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", p->fields.v[i]);
	error_set(e, ERROR_INPUT, "profile %s has no field \"%.40s\"",
	    p->name, field);
	near = text_nearest(field, (const char *const *)p->fields.v,
	    p->fields.n);
	if (near != NULL)
		error_hint(e, "did you mean \"%s\"?  It has: %.100s", near,
		    buf_cstr(&all));
	else
		error_hint(e, "it has: %.140s", buf_cstr(&all));
	buf_clear(&all);
	return -1;
}

int
request_add_field(struct fields *f, const struct profile *p,
    const char *text, struct error *e)
{
	const char	*eq = strchr(text, '=');
	char		 name[FIELD_NAME_MAX + 1];

	if (eq == NULL || eq == text ||
	    (size_t)(eq - text) > FIELD_NAME_MAX)
		return error_set(e, ERROR_INPUT, "field \"%.60s\" is not "
		    "NAME=VALUE", text);
	if (f->n >= FIELDS_MAX)
		return error_set(e, ERROR_INPUT, "more than %d fields",
		    FIELDS_MAX);
	snprintf(name, sizeof(name), "%.*s", (int)(eq - text), text);
	if (!profile_takes(p, name))
		return unknown_field(p, name, e);
	fields_add(f, name, eq + 1);
	return 0;
}

void
request_add_values(struct fields *f, const struct profile *p,
    const char *name, const char *text, const char *separators)
{
	char	*value;
	size_t	 i, len;
	bool	 many = false;

	for (i = 0; i < p->nsan; i++)
		if (p->san[i].from != NULL && p->san[i].max > 1 &&
		    strcmp(p->san[i].from, name) == 0)
			many = true;
	while (*text != '\0' && f->n < FIELDS_MAX) {
		len = many ? strcspn(text, separators) : strlen(text);
		value = mem_printf("%.*s", (int)len, text);
		if (len > 0)
			fields_add(f, name, value);
		mem_free(&value);
		text += len;
		text += *text != '\0';
	}
}

int
request_fill(struct fields *f, const struct profile *p,
    const struct csr *csr, struct error *e)
{
	struct fields	offered = { 0 }, said = { 0 };
	size_t		i;
	int		rc = -1;

	if (csr == NULL)
		return idn_fields(p, f, e);
	if (csr_fields(csr, &offered, e) == -1)
		goto out;
	fields_copy(&said, f);
	for (i = 0; i < offered.n; i++) {
		if (!profile_offers(p, offered.v[i].name) ||
		    fields_count(&said, offered.v[i].name) > 0)
			continue;
		fields_add(f, offered.v[i].name, offered.v[i].value);
	}
	rc = idn_fields(p, f, e);
 out:
	fields_clear(&said);
	fields_clear(&offered);
	return rc;
}

int
request_check(const struct profile *p, const struct fields *f,
    const struct csr *csr, struct error *e)
{
	if (profile_check_fields(p, f, e) == -1)
		return error_hint(e, "give it with --field NAME=VALUE; "
		    "\"signet profile show %s\" shows the fields",
		    p->name);
	if (csr != NULL && (csr_check_wishes(csr, p, e) == -1 ||
	    profile_check_key(p, csr->key, e) == -1))
		return -1;
	return 0;
}

int
request_check_key(struct desk *dk, const struct csr *csr, struct error *e)
{
	if (csr == NULL)
		return 0;
	if (desk_need(dk, DESK_BLOCKLISTS, e) == -1)
		return -1;
	return blocklists_check(&dk->blocklists, csr->key, e);
}

static bool
profile_lists(const struct profile *p, const char *ca)
{
	size_t	i;

	for (i = 0; i < p->cas.n; i++)
		if (strcmp(p->cas.v[i], ca) == 0)
			return true;
	return false;
}

static int
find_first_known(struct desk *dk, const struct profile *p,
    const struct desk_issuer **ca, struct error *e)
{
	struct buf	 names = { 0 };
	struct error	 ignored = ERROR_INIT;
	size_t		 i;

	for (i = 0; i < p->cas.n; i++) {
		if (desk_find_ca(dk, p->cas.v[i], ca, &ignored) == 0)
			return 0;
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", p->cas.v[i]);
	}
	error_set(e, ERROR_CONFIG, "profile %s is issued by %s, and this "
	    "installation has no such CA", p->name, buf_cstr(&names));
	buf_clear(&names);
	return error_hint(e, "see \"signet ca list\" and \"signet ca "
	    "import\"");
}

int
request_find_ca(struct desk *dk, const struct profile *p, const char *wanted,
    const struct desk_issuer **ca, struct error *e)
{
	char	 family[CA_NAME_SIZE];

	if (desk_need(dk, DESK_TRUST, e) == -1)
		return -1;
	if (wanted == NULL)
		return find_first_known(dk, p, ca, e);
	if (desk_find_ca(dk, wanted, ca, e) == -1)
		return -1;
	if (p->per_generation)
		ca_name_split(wanted, family);
	else
		snprintf(family, sizeof(family), "%s", wanted);
	if (!profile_lists(p, family))
		return error_set(e, ERROR_INPUT, "profile %s is not issued by "
		    "CA %s", p->name, wanted);
	return 0;
}
