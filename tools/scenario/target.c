/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/target.h"

#include "tools/scenario/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPLY_NS     (10 * 1000000000ULL)
#define END_MS	     5000
#define READS_A_PUMP 64 /* a guest that never stops writing must not keep us here */

void target_init(struct target *t)
{
	*t = (struct target){
		.pid = -1, .pidfd = -1, .input_fd = -1, .serial_fd = -1, .stderr_fd = -1};
	t->control.fd = -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int target_make_dir(struct target *t, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	if (*t->dir)
		return 0;
	/* A socket's path is short; where TMPDIR is long, /tmp does. */
	if (!tmp || !*tmp || strlen(tmp) > sizeof(t->dir) - 20)
		tmp = "/tmp";
	snprintf(t->dir, sizeof(t->dir), "%s/visectl.XXXXXX", tmp);
	if (mkdtemp(t->dir))
		return 0;
	*t->dir = '\0';
	return err_set_errno(err, errno, "cannot make a directory in %s", tmp);
}

/* Where the words of "vise run" send the sound; the last one counts. */
static char *find_wav(char *const *argv, size_t n)
{
	const char *path = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *value = strncmp(argv[i], "--snd=", 6) == 0 ? argv[i] + 6 : "";

		const char *key;

		if (strcmp(argv[i], "--snd") == 0 && i + 1 < n)
			value = argv[i + 1];
		key = strstr(value, ",path=");
		if (key)
			path = key + strlen(",path=");
	}
	return path ? strndup(path, strcspn(path, ",")) : NULL;
}

/* In the child: @fds are its standard streams. */
static void become(const char *vise, char **words, const int fds[3], pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	/* The machine must not outlive us; our end may have come before we asked for that. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent)
		execvp(vise, words);
	dprintf(2, "%s: cannot be run: %s\n", vise, strerror(errno));
	_exit(127);
}

static int spawn(struct target *t, const char *vise, char **words, struct err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, said[2] = {-1, -1};
	pid_t parent = getpid();

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC) < 0)
		err_set_errno(err, errno, "pipe");
	else
		t->pid = fork();
	if (t->pid == 0)
		become(vise, words, (int[]){in[0], out[1], said[1]}, parent);
	if (t->pid < 0 && !err->code)
		err_set_errno(err, errno, "fork");
	close_fd(&in[0]);
	close_fd(&out[1]);
	close_fd(&said[1]);
	t->input_fd = in[1];
	t->serial_fd = out[0];
	t->stderr_fd = said[0];
	if (t->pid > 0)
		t->pidfd = pidfd_open(t->pid, 0);
	if (t->pid > 0 && t->pidfd < 0)
		err_set_errno(err, errno, "pidfd_open");
	return err->code;
}

static void no_waiting(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int target_start(struct target *t, const char *vise, char *const *argv, size_t n, struct err *err)
{
	char control[sizeof(t->dir) + 16];
	char **words;
	int rc = target_make_dir(t, err);

	if (rc)
		return rc;
	words = calloc(n + 7, sizeof(*words));
	if (!words)
		return err_set(err, -ENOMEM, "out of memory");
	snprintf(control, sizeof(control), "unix:%s/control", t->dir);
	words[0] = (char *)vise;
	words[1] = (char *)"run";
	memcpy(words + 2, argv, n * sizeof(*words));
	words[n + 2] = (char *)"--serial";
	words[n + 3] = (char *)"stdio";
	words[n + 4] = (char *)"--control";
	words[n + 5] = control;
	rc = spawn(t, vise, words, err);
	free(words);
	if (rc)
		return rc;
	no_waiting(t->serial_fd);
	no_waiting(t->stderr_fd);
	t->wav = find_wav(argv, n);
	t->state = TARGET_STARTING;
	return 0;
}

int target_connect(struct target *t, struct err *err)
{
	char path[sizeof(t->dir) + 16];
	struct err why = ERR_INIT;
	int rc;

	snprintf(path, sizeof(path), "%s/control", t->dir);
	rc = connection_open(&t->control, path, REPLY_NS, &why);
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return -EAGAIN;
	if (rc) {
		*err = why;
		return rc;
	}
	t->state = TARGET_RUNNING;
	return 0;
}

static int open_serial(struct target *t, const char *where, struct err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = strchr(where, ':') + 1;

	if (strncmp(where, "file:", 5) == 0) {
		t->serial_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		t->serial_is_file = true;
		return t->serial_fd < 0 ? err_set_errno(err, errno, "%s: cannot open", where) : 0;
	}
	if (strlen(path) >= sizeof(to.sun_path))
		return err_set(err, -EINVAL, "%s: a socket's path has 1 to %zu bytes", where,
			       sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, path, strlen(path));
	t->serial_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (t->serial_fd < 0 || connect(t->serial_fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_set_errno(err, errno, "%s: cannot connect", where);
	return 0;
}

int target_attach(struct target *t, const char *socket, const char *serial, struct err *err)
{
	int rc = connection_open(&t->control, socket, REPLY_NS, err);

	if (!rc && serial)
		rc = open_serial(t, serial, err);
	if (rc)
		return rc;
	no_waiting(t->serial_fd);
	t->attached = true;
	t->state = TARGET_RUNNING;
	return 0;
}

size_t target_fds(const struct target *t, struct pollfd fds[TARGET_FDS])
{
	const int all[TARGET_FDS] = {t->pidfd, t->serial_is_file ? -1 : t->serial_fd, t->stderr_fd,
				     t->control.fd};
	size_t n = 0;

	for (size_t i = 0; i < TARGET_FDS; i++)
		if (all[i] >= 0)
			fds[n++] = (struct pollfd){.fd = all[i], .events = POLLIN};
	return n;
}

/* Reads what is there; at the end of a pipe or socket closes @fd. */
static bool pump_stream(int *fd, struct serial *into, bool file)
{
	char buffer[4096];
	bool came = false;

	for (int i = 0; *fd >= 0 && i < READS_A_PUMP; i++) {
		ssize_t n = read(*fd, buffer, sizeof(buffer));

		/* A file may grow; a pipe or socket that has ended has not. */
		if (n == 0 ? file : n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n > 0) {
			serial_feed(into, buffer, (size_t)n);
		} else {
			serial_end(into);
			close_fd(fd);
		}
		came = true;
	}
	return came;
}

static bool pump_control(struct target *t)
{
	struct pollfd p = {.fd = t->control.fd, .events = POLLIN};
	struct err ignored = ERR_INIT;

	if (t->control.fd < 0 || poll(&p, 1, 0) <= 0)
		return false;
	if (connection_listen(&t->control, &ignored)) {
		connection_close(&t->control);
		if (t->attached)
			t->state = TARGET_ENDED;
	}
	return true;
}

/* The child's end; what it wrote may still be in the pipes. */
static bool pump_child(struct target *t)
{
	struct pollfd p = {.fd = t->pidfd, .events = POLLIN};
	int status;

	if (t->pidfd < 0 || poll(&p, 1, 0) <= 0 || waitpid(t->pid, &status, WNOHANG) != t->pid)
		return false;
	t->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	t->pid = -1;
	close_fd(&t->pidfd);
	return true;
}

bool target_pump(struct target *t)
{
	bool came = pump_child(t);

	came |= pump_stream(&t->serial_fd, &t->serial, t->serial_is_file);
	came |= pump_stream(&t->stderr_fd, &t->said, false);
	came |= pump_control(t);
	/* What it started may hold the pipe's other end, so that end is not waited for: a pump
	 * takes more than a pipe holds. */
	if (!t->attached && t->state != TARGET_NONE && t->state != TARGET_ENDED && t->pid < 0) {
		serial_end(&t->serial);
		t->state = TARGET_ENDED;
		came = true;
	}
	return came;
}

int target_request(struct target *t, const char *command, json_t *arguments, json_t **reply,
		   struct err *err)
{
	char end[256];
	int rc;

	if (t->state == TARGET_NONE || t->state == TARGET_STARTING)
		return err_set(err, -ENOTCONN,
			       "%s: there is no machine; start or attach comes first", command);
	if (t->control.fd < 0) {
		target_describe_end(t, end, sizeof(end));
		return err_set(err, -ENOTCONN, "%s: the machine has %s", command, end);
	}
	rc = connection_run(&t->control, command, arguments, reply, err);
	if (rc)
		err_prefix(err, "%s", command);
	return rc;
}

void target_describe_end(const struct target *t, char *text, size_t size)
{
	const char *last = t->said.next ? serial_line(&t->said, t->said.next - 1) : NULL;
	char *words = last ? text_escape(last, 160) : NULL;

	if (t->attached || t->pid > 0)
		snprintf(text, size, "closed its control socket");
	else
		snprintf(text, size, "ended with status %d%s%s%s", t->status, words ? " (" : "",
			 words ? words : "", words ? ")" : "");
	free(words);
}

static void end_child(struct target *t)
{
	struct pollfd p = {.fd = t->pidfd, .events = POLLIN};

	if (t->pid <= 0)
		return;
	kill(t->pid, SIGTERM);
	/* Who wrote into a full pipe must get on to hear the signal. */
	close_fd(&t->serial_fd);
	close_fd(&t->stderr_fd);
	if (poll(&p, 1, END_MS) <= 0)
		kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
}

/* The files of the directory; it has no folders unless somebody made them, which then stay. */
static void remove_dir(const char *path)
{
	DIR *dir = *path ? opendir(path) : NULL;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	if (*path)
		rmdir(path);
}

void target_close(struct target *t)
{
	end_child(t);
	close_fd(&t->pidfd);
	close_fd(&t->input_fd);
	close_fd(&t->serial_fd);
	close_fd(&t->stderr_fd);
	connection_close(&t->control);
	serial_fini(&t->serial);
	serial_fini(&t->said);
	free(t->wav);
	remove_dir(t->dir);
	target_init(t);
}
