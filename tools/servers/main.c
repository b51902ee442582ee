/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest-servers: the HTTP and UDP servers that a guest's self test talks to, as a program:
 * prints "ready" and the ports, runs until SIGTERM or SIGINT.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tools/servers/http_server.h"
#include "tools/servers/udp_echo.h"
#include "vmm/core/option/option.h"

struct settings {
	uint32_t http_port;
	uint32_t udp_port;
	char *http_path;
	char *log;
	bool help;
};

/* clang-format off */
static const struct option settings[] = {
	{.name = "http-port", OPT_U32(struct settings, http_port), .min = 0, .max = 65535,
	 .standard = "18080"},
	{.name = "udp-port", OPT_U32(struct settings, udp_port), .min = 0, .max = 65535,
	 .standard = "18081"},
	{.name = "http-path", OPT_STRING(struct settings, http_path)},
	{.name = "log", OPT_PATH(struct settings, log)},
	{.name = "help", OPT_FLAG(struct settings, help)},
	{.name = NULL},
};
/* clang-format on */

#define USAGE                                                                                      \
	"usage: selftest-servers [--http-port N] [--udp-port N] [--http-path PATH] [--log FILE]\n" \
	"ports 18080 and 18081 of 127.0.0.1, or any for 0; path /aero-virtio-selftest\n"

struct program {
	struct loop *loop;
	int signals;
};

static void on_signal(void *arg, unsigned events)
{
	struct program *p = arg;

	(void)events;
	loop_stop(p->loop);
}

static int watch_signals(struct program *p, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signals < 0)
		return err_set_errno(err, errno, "signalfd");
	return loop_add_fd(p->loop, p->signals, LOOP_READ, on_signal, p, err) ? 0 : -ENOMEM;
}

static int serve(struct program *p, const struct settings *s, struct err *err)
{
	struct http_server_config config = {
		.loop = p->loop,
		.port = (uint16_t)s->http_port,
		.path = s->http_path ? s->http_path : "/aero-virtio-selftest",
		.log_path = s->log,
	};
	struct http_server *http = http_server_create(&config, err);
	struct udp_echo *udp = http ? udp_echo_create(p->loop, (uint16_t)s->udp_port, err) : NULL;
	int ret = udp ? watch_signals(p, err) : -1;

	if (!ret) {
		printf("ready http=%u udp=%u\n", http_server_port(http), udp_echo_port(udp));
		fflush(stdout);
		ret = loop_run(p->loop, err);
	}
	udp_echo_destroy(udp);
	http_server_destroy(http);
	return ret;
}

static int run(const struct settings *s, struct err *err)
{
	struct program p = {.signals = -1};
	int ret = -1;

	p.loop = loop_create(err);
	if (p.loop)
		ret = serve(&p, s, err);
	loop_destroy(p.loop);
	if (p.signals >= 0)
		close(p.signals);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option_part parts[] = {{settings, 0}, {NULL, 0}};
	struct settings s = {.http_path = NULL};
	struct err err = ERR_INIT;
	int next = argc;
	int status = 0;

	options_init(settings, &s);
	if (options_parse(parts, &s, argc, argv, &next, &err)) {
		status = 2;
	} else if (next < argc) {
		err_set(&err, -EINVAL, "'%.60s': takes only options", argv[next]);
		status = 2;
	} else if (s.help) {
		fputs(USAGE, stdout);
	} else if (run(&s, &err)) {
		status = 1;
	}
	if (status)
		fprintf(stderr, "selftest-servers: %s\n", err.text);
	options_fini(settings, &s);
	return status;
}
