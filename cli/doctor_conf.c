/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemons' settings.  Their tables are theirs: they are asked themselves
 * whether settings are right, and what is read here is read loosely.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libconfig.h>

#include "cli/init.h"
#include "os/file.h"

#define RUN_MS	10000

struct doctor_daemon {
	const char	*name;
	const char	*file;
	config_t	 cfg;
};

static const char *const names[] = { "cad", "ocspd", "crld", "rad",
    "station" };
#define NNAMES	(sizeof(names) / sizeof(names[0]))

const struct doctor_daemon *
doctor_daemon(const struct doctor *d, const char *name)
{
	size_t	 i;

	for (i = 0; i < d->ndaemons; i++)
		if (strcmp(d->daemon[i].name, name) == 0)
			return &d->daemon[i];
	return NULL;
}

const char *
doctor_daemon_file(const struct doctor_daemon *m)
{
	return m->file;
}

const char *
doctor_get(const struct doctor_daemon *m, const char *path)
{
	const char	*v = NULL;

	return m != NULL && config_lookup_string(&m->cfg, path, &v) ==
	    CONFIG_TRUE ? v : NULL;
}

bool
doctor_is(const struct doctor_daemon *m, const char *path)
{
	int	 v = 0;

	return m != NULL && config_lookup_bool(&m->cfg, path, &v) ==
	    CONFIG_TRUE && v != 0;
}

const char *
doctor_get_nth(const struct doctor_daemon *m, const char *path, int i)
{
	config_setting_t	*s = m == NULL ? NULL :
				    config_lookup(&m->cfg, path);

	return s == NULL ? NULL : config_setting_get_string_elem(s, i);
}

int
doctor_count(const struct doctor_daemon *m, const char *path)
{
	config_setting_t	*s = m == NULL ? NULL :
				    config_lookup(&m->cfg, path);

	return s == NULL || !config_setting_is_aggregate(s) ? 0 :
	    config_setting_length(s);
}

const char *
doctor_path(const char *value)
{
	if (value == NULL)
		return NULL;
	if (strncmp(value, "file:", 5) == 0)
		value += 5;
	return value[0] == '/' ? value : NULL;
}

/* The station opens its agent's key, for which only its unit has what it
 * takes. */
static bool
is_for_its_unit(const struct doctor *d, const char *name)
{
	const struct doctor_daemon	*m = doctor_daemon(d, name);
	const char			*p;

	if (m == NULL || strcmp(name, "station") != 0 ||
	    getenv("CREDENTIALS_DIRECTORY") != NULL)
		return false;
	p = doctor_get(m, "agent_passphrase");
	return p != NULL && strncmp(p, "credential:", 11) == 0;
}

/* The station's settings have a command that looks at them, the daemons' an
 * option. */
static void
ask_daemon(struct doctor *d, const char *name, const char *file)
{
	struct error	 e = ERROR_INIT;
	const char	*said = "", *program = doctor_text(d, "signet-%s",
			    name);
	const char	*check = strcmp(name, "station") == 0 ? "check" :
			    "-t";
	const char	*args[] = { check, "-c", file, NULL };
	int		 status;

	if (is_for_its_unit(d, name)) {
		error_set(&e, ERROR_DENIED, "settings of %s: its passphrases "
		    "are for its unit alone", program);
		doctor_unknown(d, "settings", &e);
		return;
	}
	status = doctor_run(d, program, args, &said, &e);
	if (status == -1) {
		doctor_unknown(d, "settings", &e);
		return;
	}
	doctor_looked(d);
	if (status != 0)
		doctor_say(d, DOCTOR_PROBLEM, "settings",
		    "the program does not start", doctor_text(d, "mend that, "
		    "then: %s %s -c %s", program, check, file), "%s", said);
}

/* "signet init" writes the station's settings; it is one only when somebody
 * has made its own key, on the machine with the readers. */
static bool
is_elsewhere(const struct doctor_daemon *m)
{
	const char	*key = doctor_path(doctor_get(m, "seal_key"));

	return strcmp(m->name, "station") == 0 && key != NULL &&
	    !file_exists(key);
}

static const char *
file_of(struct doctor *d, const char *name)
{
	return doctor_text(d, "%s/%s.conf", d->dir, name);
}

static void
read_one(struct doctor *d, const char *name)
{
	struct doctor_daemon	*m = &d->daemon[d->ndaemons];

	m->name = name;
	m->file = file_of(d, name);
	if (!file_exists(m->file))
		return;
	config_init(&m->cfg);
	if (config_read_file(&m->cfg, m->file) == CONFIG_TRUE &&
	    !is_elsewhere(m))
		d->ndaemons++;
	else
		config_destroy(&m->cfg);
}

void
doctor_conf_read(struct doctor *d)
{
	size_t	 i;

	d->daemon = arena_alloc(d->arena, NNAMES * sizeof(*d->daemon));
	for (i = 0; i < NNAMES; i++)
		read_one(d, names[i]);
}

/* Also those that cannot be read: their programs say why. */
void
doctor_conf_ask(struct doctor *d)
{
	const char	*file;
	config_t	 cfg;
	size_t		 i;

	for (i = 0; i < NNAMES; i++) {
		file = file_of(d, names[i]);
		if (!file_exists(file))
			continue;
		config_init(&cfg);
		if (doctor_daemon(d, names[i]) != NULL ||
		    config_read_file(&cfg, file) != CONFIG_TRUE)
			ask_daemon(d, names[i], file);
		config_destroy(&cfg);
	}
}

void
doctor_conf_close(struct doctor *d)
{
	size_t	 i;

	for (i = 0; i < d->ndaemons; i++)
		config_destroy(&d->daemon[i].cfg);
}

/* ---- programs ---- */

static pid_t
start(const char *path, const char *const *args, int *out, struct error *e)
{
	char	*argv[8] = { (char *)(uintptr_t)path };
	int	 fd[2], i;
	pid_t	 pid;

	for (i = 0; args[i] != NULL && i < 6; i++)
		argv[i + 1] = (char *)(uintptr_t)args[i];
	if (pipe2(fd, O_CLOEXEC) == -1)
		return error_sys(e, "pipe");
	fflush(stdout);
	if ((pid = fork()) == 0) {
		if (dup2(fd[1], STDOUT_FILENO) != -1 &&
		    dup2(fd[1], STDERR_FILENO) != -1)
			execv(path, argv);
		_exit(127);
	}
	close(fd[1]);
	*out = fd[0];
	if (pid == -1) {
		close(fd[0]);
		return error_sys(e, "fork");
	}
	return pid;
}

/* What it says, until it is silent for too long. */
static void
listen_to(int fd, pid_t pid, struct buf *text)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };
	char		 part[1024];
	ssize_t		 n;

	for (;;) {
		if (poll(&p, 1, RUN_MS) <= 0) {
			kill(pid, SIGKILL);
			return;
		}
		if ((n = read(fd, part, sizeof(part))) <= 0)
			return;
		if (text->len < 65536)
			buf_add(text, part, (size_t)n);
	}
}

/* The line that says why: the last that is no hint. */
static const char *
last_line(struct doctor *d, char *text)
{
	const char	*last = "it says nothing";
	char		*line, *rest = text;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0' && strstr(line, "hint: ") == NULL)
			last = line;
	return arena_strdup(d->arena, last);
}

int
doctor_run(struct doctor *d, const char *program, const char *const *args,
    const char **said, struct error *e)
{
	struct init	 in = { .cli = d->cli };
	struct buf	 text = { 0 };
	char		*path;
	int		 fd = -1, status = 0;
	pid_t		 pid;

	if (init_find_program(&in, program, &path, e) == -1 ||
	    (pid = start(path, args, &fd, e)) == -1)
		return -1;
	listen_to(fd, pid, &text);
	close(fd);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	buf_byte(&text, '\0');
	*said = last_line(d, (char *)text.p);
	buf_clear(&text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
