/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: who may read and write them, whether they are there, and whether
 * there is room.
 */
#include "cli/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"

#define LEAKS	"whoever has an account on this machine can read it"

/* The directory of its state; a station has that beside its key. */
static const char *
state_of(struct doctor *d, const struct doctor_daemon *m)
{
	const char	*state = doctor_get(m, "state"), *key;

	if (state != NULL)
		return state;
	key = doctor_path(doctor_get(m, "seal_key"));
	return key == NULL ? NULL : doctor_text(d, "%.*s",
	    (int)(strrchr(key, '/') - key), key);
}

/* As whom the daemon runs: its setting, or whose its state is. */
static uid_t
user_of(struct doctor *d, const struct doctor_daemon *m)
{
	const char	*user = doctor_get(m, "user");
	const char	*state = state_of(d, m);
	struct passwd	*pw = user != NULL ? getpwnam(user) : NULL;
	struct stat	 st;

	if (pw != NULL)
		return pw->pw_uid;
	return state != NULL && stat(state, &st) == 0 ? st.st_uid : geteuid();
}

static void
missing(struct doctor *d, const char *path, const char *of)
{
	doctor_say(d, DOCTOR_PROBLEM, "file-missing", "what needs it does not "
	    "start", doctor_text(d, "bring it back, or name another in %s",
	    of), "%s: %s", path, strerror(errno));
}

/* A key or a passphrase, of that daemon or (NULL) of root or an operator. */
static void
look_secret(struct doctor *d, const struct doctor_daemon *m, const char *path)
{
	uid_t		 user = m == NULL ? geteuid() : user_of(d, m);
	struct stat	 st, dir;

	doctor_looked(d);
	if (stat(path, &st) == -1) {
		missing(d, path, m == NULL ? "settings" :
		    doctor_daemon_file(m));
		return;
	}
	if ((st.st_mode & 077) != 0)
		doctor_say(d, DOCTOR_PROBLEM, "secret-mode", LEAKS,
		    doctor_text(d, "chmod 600 %s; if others may have read it, "
		    "take a new one", path), "%s has mode %04o", path,
		    (unsigned int)st.st_mode & 07777);
	if (st.st_uid != 0 && st.st_uid != user &&
	    (stat(d->dir, &dir) == -1 || st.st_uid != dir.st_uid))
		doctor_say(d, DOCTOR_PROBLEM, "secret-owner", "its program "
		    "refuses to read it, and somebody else can replace it",
		    doctor_text(d, "chown %u %s", (unsigned int)user, path),
		    "%s belongs to user %u, not to root or user %u", path,
		    (unsigned int)st.st_uid, (unsigned int)user);
}

static const char *const secrets[] = {
	"agent_key", "agent_passphrase", "tls_key", "seal_key",
	"seal_passphrase", "signer_passphrase", "mail_password", "master",
};

static void
look_secrets(struct doctor *d, const struct doctor_daemon *m)
{
	const char	*path;
	size_t		 i;
	int		 n;

	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if ((path = doctor_path(doctor_get(m, secrets[i]))) != NULL)
			look_secret(d, m, path);
	for (n = 0; n < doctor_count(m, "cas"); n++) {
		path = doctor_path(doctor_get(m, doctor_text(d,
		    "cas.[%d].key", n)));
		if (path != NULL)
			look_secret(d, m, path);
		path = doctor_path(doctor_get(m, doctor_text(d,
		    "cas.[%d].passphrase", n)));
		if (path != NULL)
			look_secret(d, m, path);
	}
}

/* Those of officers, who have no settings. */
static void
look_folder(struct doctor *d, const char *name, const char *ending)
{
	const char	*dir = doctor_text(d, "%s/%s", d->dir, name);
	struct dirent	*f;
	DIR		*all = opendir(dir);
	size_t		 n, end = strlen(ending);

	while (all != NULL && (f = readdir(all)) != NULL) {
		n = strlen(f->d_name);
		if (f->d_name[0] != '.' && n > end &&
		    strcmp(f->d_name + n - end, ending) == 0)
			look_secret(d, NULL, doctor_text(d, "%s/%s", dir,
			    f->d_name));
	}
	if (all != NULL)
		closedir(all);
}

static void
look_settings(struct doctor *d, const char *file)
{
	struct stat	 st;

	doctor_looked(d);
	if (stat(file, &st) == 0 && (st.st_mode & 022) != 0)
		doctor_say(d, DOCTOR_PROBLEM, "settings-mode", "others can "
		    "make the program do what they like", doctor_text(d,
		    "chmod go-w %s; then look at what it says", file),
		    "%s has mode %04o", file, (unsigned int)st.st_mode &
		    07777);
}

static void
look_room(struct doctor *d, const char *dir)
{
	struct statvfs	 fs;
	int64_t		 percent;

	doctor_looked(d);
	if (statvfs(dir, &fs) == -1 || fs.f_blocks == 0)
		return;
	percent = (int64_t)(fs.f_bavail * 100 / fs.f_blocks);
	if (percent < d->min_free)
		doctor_say(d, percent == 0 ? DOCTOR_PROBLEM : DOCTOR_WARNING,
		    "disk-full", "when it is full nothing is issued, revoked "
		    "or published", doctor_text(d, "make room: df -h %s", dir),
		    "%s has %lld%% left", dir, (long long)percent);
}

static void
look_state(struct doctor *d, const struct doctor_daemon *m)
{
	const char	*dir = doctor_get(m, "state");
	struct stat	 st;
	uid_t		 user;

	if (dir == NULL)
		return;
	doctor_looked(d);
	if (stat(dir, &st) == -1) {
		doctor_say(d, DOCTOR_PROBLEM, "state-missing", "the program "
		    "does not start", doctor_text(d, "install -d -m 700 -o %u "
		    "%s", (unsigned int)user_of(d, m), dir), "%s: %s", dir,
		    strerror(errno));
		return;
	}
	user = user_of(d, m);
	if (user != 0 && st.st_uid != user)
		doctor_say(d, DOCTOR_PROBLEM, "state-owner", "the program "
		    "cannot write there", doctor_text(d, "chown -R %u %s",
		    (unsigned int)user, dir), "%s belongs to user %u, the "
		    "program is user %u", dir, (unsigned int)st.st_uid,
		    (unsigned int)user);
	look_room(d, dir);
}

/* What is not there is not shown, and nothing says so. */
static void
look_brand(struct doctor *d)
{
	const struct doctor_daemon	*m = doctor_daemon(d, "rad");
	const char			*dir = doctor_get(m, "brand");
	struct stat			 st;

	if (dir == NULL)
		return;
	doctor_looked(d);
	if (stat(dir, &st) == -1)
		doctor_say(d, DOCTOR_PROBLEM, "brand", "pages look as if they "
		    "were nobody's", doctor_text(d, "make the folder, or "
		    "correct brand in %s", doctor_daemon_file(m)),
		    "brand %s: %s", dir, strerror(errno));
	else if (!S_ISDIR(st.st_mode) || (st.st_mode & 022) != 0)
		doctor_say(d, DOCTOR_PROBLEM, "brand", "others can put "
		    "scripts into the pages of officers", doctor_text(d,
		    "chmod go-w %s", dir), "brand %s is no directory that "
		    "only its owner may change", dir);
}

/* Programs with keys forbid them themselves; the shell that starts others
 * may not. */
static void
look_core(struct doctor *d)
{
	char	 line[256], path[64];
	char	*p;
	FILE	*f;

	doctor_looked(d);
	snprintf(path, sizeof(path), "/proc/%d/limits", (int)getppid());
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "Max core file size", 18) != 0)
			continue;
		p = line + 18 + strspn(line + 18, " ");
		if (strncmp(p, "0 ", 2) != 0)
			doctor_say(d, DOCTOR_WARNING, "core-dumps", "when a "
			    "program crashes, what it has in memory may be on "
			    "disk", "ulimit -c 0; in a unit LimitCORE=0",
			    "core files of up to %.*s bytes are allowed here",
			    (int)strcspn(p, " "), p);
	}
	fclose(f);
}

void
doctor_files(struct doctor *d)
{
	size_t	 i;
	static const char *const	 all[] = { "cad", "ocspd", "crld",
	    "rad", "station" };

	look_settings(d, d->cli->conf_path);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct doctor_daemon	*m = doctor_daemon(d, all[i]);

		if (m == NULL)
			continue;
		look_settings(d, doctor_daemon_file(m));
		look_secrets(d, m);
		look_state(d, m);
	}
	look_folder(d, "officers", ".key");
	look_folder(d, "secrets", "");
	look_brand(d);
	look_core(d);
}
