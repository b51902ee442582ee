/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a VMM and notes when its guest says something:
 *
 *   stopwatch [-t SECONDS] [-r HOOK] -m END -- COMMAND...   until a line of stdout begins with END
 *   stopwatch [-t SECONDS] -1 -- COMMAND...                 until the first byte of stdout
 *   stopwatch [-t SECONDS] -e -- COMMAND...                 until KVM first enters the guest (root)
 *
 * Every line from "BENCH " on is a mark; each is printed with the milliseconds since the moment
 * before execve(), as "MS WORDS...". HOOK is run at each mark with the VMM's pid and the mark's
 * words. Then the VMM is killed. Status 0: the end was seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRACEFS "/sys/kernel/tracing/"
#define MARK	"BENCH "

enum until { UNTIL_LINE, UNTIL_BYTE, UNTIL_ENTRY };

struct watch {
	enum until until;
	const char *end;
	const char *hook;
	char **command;
	double seconds;
	pid_t pid;
	int fd;		       /* stdout of the VMM, or trace_pipe */
	volatile double *exec; /* shared with the child, ms */
	bool done;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what)
{
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void put(const char *file, const char *text)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), TRACEFS "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* The kernel's own note of each guest entry, on the clock that we use. */
static int watch_entries(void)
{
	int fd;

	put("tracing_on", "0");
	put("trace", "");
	put("trace_clock", "mono");
	put("events/kvm/kvm_entry/enable", "1");
	put("tracing_on", "1");
	fd = open(TRACEFS "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die("trace_pipe");
	return fd;
}

static void run(struct watch *w, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, 0);
	dup2(out >= 0 ? out : null, 1);
	*w->exec = now_ms();
	execvp(w->command[0], w->command);
	die(w->command[0]);
}

static void start(struct watch *w)
{
	int out[2] = {-1, -1};

	w->exec = mmap(NULL, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);
	if (w->exec == MAP_FAILED)
		die("mmap");
	if (w->until == UNTIL_ENTRY)
		w->fd = watch_entries();
	else if (pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	else
		w->fd = out[0];
	w->pid = fork();
	if (w->pid < 0)
		die("fork");
	if (w->pid == 0)
		run(w, out[1]);
	if (out[1] >= 0)
		close(out[1]);
}

static void run_hook(const struct watch *w, const char *words)
{
	char command[1200];

	snprintf(command, sizeof(command), "%s %d %s", w->hook, (int)w->pid, words);
	// NOLINTNEXTLINE(cert-env33-c): the hook is a shell command, from our own scripts
	if (system(command) != 0)
		fprintf(stderr, "stopwatch: '%s' failed\n", command);
}

static void take_line(struct watch *w, char *line, double at)
{
	char *mark = strstr(line, MARK);
	char *words;

	if (!mark)
		return;
	words = mark + strlen(MARK);
	words[strcspn(words, "\r\n")] = '\0';
	printf("%.3f %s\n", at - *w->exec, words);
	if (w->hook)
		run_hook(w, words);
	w->done = strncmp(words, w->end, strlen(w->end)) == 0;
}

/* A line of trace_pipe: "TASK-PID [CPU] FLAGS SECONDS: kvm_entry: ..." */
static void take_trace(struct watch *w, char *line)
{
	char *event = strstr(line, ": kvm_entry:");

	if (!event || w->done)
		return;
	*event = '\0';
	printf("%.3f entry\n", strtod(strrchr(line, ' ') + 1, NULL) * 1e3 - *w->exec);
	w->done = true;
}

static void take(struct watch *w, char *line, double at)
{
	if (w->until == UNTIL_ENTRY)
		take_trace(w, line);
	else
		take_line(w, line, at);
}

/* Cuts what was read into lines. */
static void feed(struct watch *w, const char *data, size_t n, double at)
{
	static char line[1000];
	static size_t len;

	for (size_t i = 0; i < n && !w->done; i++) {
		if (len < sizeof(line) - 1)
			line[len++] = data[i];
		if (data[i] != '\n')
			continue;
		line[len] = '\0';
		len = 0;
		take(w, line, at);
	}
}

static void watch(struct watch *w)
{
	double until = now_ms() + w->seconds * 1e3;
	char data[4096];

	while (!w->done && now_ms() < until) {
		struct pollfd p = {.fd = w->fd, .events = POLLIN};
		/* trace_pipe does not wake poll() at each event on every kernel. */
		int ms = w->until == UNTIL_ENTRY ? 2 : (int)(until - now_ms()) + 1;
		ssize_t n;
		double at;

		if (poll(&p, 1, ms) == 0 && w->until != UNTIL_ENTRY)
			continue;
		n = read(w->fd, data, sizeof(data));
		at = now_ms();
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0 && w->until == UNTIL_BYTE) {
			printf("%.3f byte\n", at - *w->exec);
			w->done = true;
		} else if (n > 0) {
			feed(w, data, (size_t)n, at);
		}
	}
}

int main(int argc, char **argv)
{
	struct watch w = {.seconds = 60, .end = "", .fd = -1};
	int status = 0;

	for (int c; (c = getopt(argc, argv, "+t:r:m:1e")) != -1;) {
		if (c == 't')
			w.seconds = strtod(optarg, NULL);
		else if (c == 'r')
			w.hook = optarg;
		else if (c == 'm')
			w.end = optarg;
		else if (c == '1')
			w.until = UNTIL_BYTE;
		else if (c == 'e')
			w.until = UNTIL_ENTRY;
		else
			return 2;
	}
	if (optind >= argc)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	w.command = argv + optind;
	start(&w);
	watch(&w);
	kill(w.pid, SIGKILL);
	while (waitpid(w.pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (w.until == UNTIL_ENTRY)
		put("events/kvm/kvm_entry/enable", "0");
	if (!w.done && !WIFSIGNALED(status))
		fprintf(stderr, "stopwatch: %s ended with %d before its mark\n", w.command[0],
			WEXITSTATUS(status));
	return w.done ? 0 : 1;
}
