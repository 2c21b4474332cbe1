/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine and the ways that leave it: what others on the network could
 * read or change, swap, whether the time is kept, whether daemons come back
 * after a restart.
 */
#include "cli/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/conninfo.h"
#include "os/file.h"
#include "publish/target.h"

static const char *const	daemons[] = { "cad", "ocspd", "crld", "rad",
    "station" };
#define NDAEMONS	(sizeof(daemons) / sizeof(daemons[0]))

/* ---- in clear ---- */

static void
look_store_way(struct doctor *d, const char *file, const char *conninfo)
{
	const char	*host;

	if (conninfo == NULL)
		return;
	doctor_looked(d);
	if (conninfo_is_open(conninfo, &host, d->arena))
		doctor_say(d, DOCTOR_PROBLEM, "plain-store", "whoever is on "
		    "the network between can play the store, read names and "
		    "take passwords", doctor_text(d, "add sslmode=verify-full "
		    "sslrootcert=FILE to database in %s", file),
		    "%s: the store's server %s need not prove who it is",
		    file, host);
}

/* "scheme://HOST[:PORT]/..." */
static const char *
host_of(struct doctor *d, const char *url)
{
	const char	*p = strstr(url, "://");

	p = p == NULL ? url : p + 3;
	if (*p == '[')
		return doctor_text(d, "%.*s", (int)strcspn(p + 1, "]"), p + 1);
	return doctor_text(d, "%.*s", (int)strcspn(p, ":/"), p);
}

static void
look_mail_way(struct doctor *d)
{
	const struct doctor_daemon	*m = doctor_daemon(d, "rad");
	const char			*url = doctor_get(m, "mail_server");

	if (url == NULL || strncmp(url, "smtp://", 7) != 0)
		return;
	doctor_looked(d);
	if (doctor_is(m, "mail_clear") && !conninfo_is_here(host_of(d, url)))
		doctor_say(d, DOCTOR_PROBLEM, "plain-mail", "whoever is on "
		    "the network between can read and use the links by which "
		    "addresses are confirmed", doctor_text(d, "mail_clear = "
		    "false; in %s, and let the server offer STARTTLS",
		    doctor_daemon_file(m)), "mails go to %s in clear", url);
}

static void
look_directory_ways(struct doctor *d)
{
	const char			*path = cli_path(d->cli,
					    d->cli->conf.directories);
	const struct publish_target	*t;
	struct publish_conf		 conf;
	struct error			 e = ERROR_INIT;
	size_t				 i;

	/* One that cannot be read is said elsewhere. */
	if (!file_exists(path) || publish_conf_load(&conf, path, &e) == -1)
		return;
	for (i = 0; i < conf.targets.n; i++) {
		t = (const struct publish_target *)conf.targets.v + i;
		doctor_looked(d);
		if (!t->starttls && strncmp(t->url, "ldap://", 7) == 0 &&
		    !conninfo_is_here(host_of(d, t->url)))
			doctor_say(d, DOCTOR_PROBLEM, "plain-directory",
			    "whoever is on the network between can play the "
			    "directory or the publisher", doctor_text(d,
			    "starttls = true; or ldaps://, with tls_ca, in %s",
			    path), "directory %s is spoken to in clear: %s",
			    t->name, t->url);
	}
	publish_conf_free(&conf);
}

static void
look_ways(struct doctor *d)
{
	const struct doctor_daemon	*m;
	size_t				 i;

	look_store_way(d, d->cli->conf_path, d->cli->conf.database);
	for (i = 0; i < NDAEMONS; i++)
		if ((m = doctor_daemon(d, daemons[i])) != NULL)
			look_store_way(d, doctor_daemon_file(m),
			    doctor_get(m, "database"));
	look_mail_way(d);
	look_directory_ways(d);
}

/* ---- swap ---- */

/* In memory, or behind a device mapper that encrypts. */
static bool
is_sealed(const char *device)
{
	char	 real[256], uuid[16] = "", path[300];
	char	*resolved = realpath(device, NULL);
	FILE	*f;

	snprintf(real, sizeof(real), "%.250s", resolved != NULL ? resolved :
	    device);
	free(resolved);
	if (strncmp(real, "/dev/zram", 9) == 0)
		return true;
	if (strncmp(real, "/dev/dm-", 8) != 0)
		return false;
	snprintf(path, sizeof(path), "/sys/block/%.250s/dm/uuid", real + 5);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	if (fgets(uuid, sizeof(uuid), f) == NULL)
		uuid[0] = '\0';
	fclose(f);
	return strncmp(uuid, "CRYPT-", 6) == 0;
}

static void
look_swap(struct doctor *d)
{
	char	 line[512], device[256];
	FILE	*f;

	if ((f = fopen("/proc/swaps", "re")) == NULL)
		return;
	doctor_looked(d);
	while (fgets(line, sizeof(line), f) != NULL)
		if (*line == '/' && sscanf(line, "%255s", device) == 1 &&
		    !is_sealed(device))
			doctor_say(d, DOCTOR_WARNING, "swap-clear", "what "
			    "programs have in memory may stay on disk, in "
			    "clear", doctor_text(d, "swapoff %s; or encrypt "
			    "it: crypttab(5)", device),
			    "swap on %s is not encrypted", device);
	fclose(f);
}

/* ---- what systemd says ---- */

/* The last line of what it says; NULL where it is not there or cannot. */
static const char *
ask(struct doctor *d, const char *program, const char *const *args)
{
	struct error	 e = ERROR_INIT;
	const char	*said;

	return doctor_run(d, program, args, &said, &e) == -1 ? NULL : said;
}

static void
look_time(struct doctor *d)
{
	static const char *const	 args[] = { "show", "--property",
	    "NTPSynchronized", "--value", NULL };
	const char			*said = ask(d, "timedatectl", args);

	if (said == NULL || (strcmp(said, "yes") != 0 &&
	    strcmp(said, "no") != 0))
		return;
	doctor_looked(d);
	if (strcmp(said, "no") == 0)
		doctor_say(d, DOCTOR_WARNING, "time-unkept", "the clock runs "
		    "away in time, and certificates and lists begin and end "
		    "wrongly", "timedatectl set-ntp true; then: timedatectl "
		    "timesync-status", "nothing keeps the time of this "
		    "machine: NTP is not synchronised");
}

static void
look_unit(struct doctor *d, const char *name)
{
	const char	*const unit = doctor_text(d, "signet-%s.service", name);
	const char	*const args[] = { "is-enabled", unit, NULL };
	const char	*said = ask(d, "systemctl", args);

	if (said == NULL)
		return;
	doctor_looked(d);
	if (strcmp(said, "disabled") == 0 || strcmp(said, "masked") == 0)
		doctor_say(d, DOCTOR_WARNING, "unit-disabled", "after the "
		    "machine was started again it is not there",
		    doctor_text(d, strcmp(said, "masked") == 0 ?
		    "systemctl unmask %s; systemctl enable --now %s" :
		    "systemctl enable --now %s", unit, unit), "%s is %s",
		    unit, said);
}

/* A station is started by who sits at it. */
static void
look_units(struct doctor *d)
{
	size_t	i;

	for (i = 0; i < NDAEMONS; i++)
		if (strcmp(daemons[i], "station") != 0 &&
		    doctor_daemon(d, daemons[i]) != NULL)
			look_unit(d, daemons[i]);
}

void
doctor_host(struct doctor *d)
{
	look_ways(d);
	look_swap(d);
	look_time(d);
	look_units(d);
}
