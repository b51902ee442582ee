/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/log.h"
#include "vmm/host/usernet/process/link.h"
#include "vmm/host/usernet/process/sandbox.h"
#include "vmm/host/usernet/usernet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * vise-net: the process that user networking runs in. The monitor starts it with one end of a
 * socket as USERNET_CHANNEL_FD and nothing else but stdin, stdout (/dev/null) and stderr; it ends
 * when the monitor does. Started otherwise it does nothing.
 *
 *   vise-net [--restricted] [--hostfwd SPEC]...
 */

#define RESOLV_CONF	"/etc/resolv.conf"
#define RESOLV_CONF_MAX 16384U

/* A command line as it was read. */
struct arguments {
	struct hostfwd *hostfwd;
	const char **specs;
	size_t n_hostfwd;
	bool restricted;
};

static int parse_arguments(struct arguments *a, int argc, char **argv, struct err *err)
{
	a->hostfwd = calloc((size_t)argc, sizeof(*a->hostfwd));
	a->specs = calloc((size_t)argc, sizeof(*a->specs));
	if (!a->hostfwd || !a->specs)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 1; i < argc; i++) {
		int rc;

		if (strcmp(argv[i], USERNET_ARG_RESTRICTED) == 0) {
			a->restricted = true;
			continue;
		}
		if (strcmp(argv[i], USERNET_ARG_HOSTFWD) != 0 || i + 1 == argc)
			return err_set(err, -EINVAL, "vise-net: cannot take the argument %.100s",
				       argv[i]);
		i++;
		rc = hostfwd_parse(argv[i], &a->hostfwd[a->n_hostfwd], err);
		if (rc)
			return rc;
		a->specs[a->n_hostfwd++] = argv[i];
	}
	return 0;
}

/* The host's first name server; false: it has none, or none that can be read. */
static bool find_server(struct sockaddr_storage *server, socklen_t *len)
{
	char text[RESOLV_CONF_MAX];
	int fd = open(RESOLV_CONF, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return resolver_find_server(text, server, len);
}

/* The first record: whether there is a network, and a line. */
static int greet(struct channel *channel, char how, const char *line)
{
	char record[USERNET_LINE_MAX];
	int len = snprintf(record, sizeof(record), "%c%s", how, line);

	if (len < 0 || !channel_put(channel, record, strlen(record)))
		return -EMSGSIZE;
	return channel_flush(channel);
}

static int serve(struct link *link, const struct arguments *a, struct channel *channel,
		 struct err *err)
{
	struct sockaddr_storage server;
	struct sandbox sandbox = {false, false};
	struct link_config config = {
		.hostfwd = a->hostfwd,
		.specs = a->specs,
		.n_hostfwd = a->n_hostfwd,
		.restricted = a->restricted,
	};
	int rc;

	if (find_server(&server, &config.server_len))
		config.server = &server;
	rc = link_init(link, &config, channel, err);
	if (!rc)
		rc = sandbox_enter(&sandbox, err);
	if (rc)
		return rc;
	rc = greet(channel, USERNET_READY,
		   sandbox.empty_root	? "filter, namespaces, empty root"
		   : sandbox.namespaces ? "filter, namespaces"
					: "filter");
	return rc ? err_set_errno(err, -rc, "channel") : 0;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

int main(int argc, char **argv)
{
	struct channel channel;
	struct arguments arguments = {0};
	struct link link = {0};
	struct err err = ERR_INIT;
	int rc;

	log_set_program("vise-net");
	if (!is_socket(USERNET_CHANNEL_FD)) {
		log_error("is a part of vise, which starts it for a network of the kind \"user\"");
		return EXIT_FAILURE;
	}
	/* Of what the monitor's parent left open, nothing is ours. */
	close_range(USERNET_CHANNEL_FD + 1, ~0U, 0);
	signal(SIGPIPE, SIG_IGN); /* not every send() of libslirp asks for none */
	tzset();		  /* GLib stamps its messages: no file may be read for it later */
	rc = channel_init(&channel, USERNET_CHANNEL_FD);
	if (rc) {
		log_error("channel: %s", strerror(-rc));
		return EXIT_FAILURE;
	}
	rc = parse_arguments(&arguments, argc, argv, &err);
	if (!rc)
		rc = serve(&link, &arguments, &channel, &err);
	/* When it cannot be said to the monitor, the monitor is gone. */
	if (rc && greet(&channel, USERNET_FAILED, err.text) == 0)
		goto out;
	if (!rc)
		rc = link_run(&link, &err);
	if (rc)
		log_error("%s", err.text);
	link_fini(&link);
out:
	channel_fini(&channel);
	free(arguments.hostfwd);
	free(arguments.specs);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
