/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/server.h"

#include "vmm/app/control/client.h"
#include "vmm/app/control/listener.h"
#include "vmm/app/control/session.h"
#include "vmm/core/clock.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS	32
#define ACCEPT_PAUSE_NS (200 * NS_PER_MS)

struct control_server {
	struct loop *loop;
	struct machine *machine;
	struct clock clock;
	struct listener listener;
	struct loop_fd *source;
	struct loop_timer *resume; /* ends a pause of accepting */
	bool starved;		   /* told the user already that descriptors ran out */
	struct client *clients[MAX_CLIENTS];
};

static struct client **find_slot(struct control_server *server, const struct client *c)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		if (server->clients[i] == c)
			return &server->clients[i];
	return NULL;
}

static void on_gone(void *owner, struct client *c)
{
	*find_slot(owner, c) = NULL;
	client_destroy(c);
}

static void refuse(int fd)
{
	static const char line[] = "{\"error\": {\"class\": \"GenericError\", \"desc\": "
				   "\"Too many control connections, at most 32\"}}\n";

	/* It fits an empty socket buffer; a client already gone needs no answer. */
	(void)!send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void on_resume(void *arg)
{
	struct control_server *server = arg;

	loop_set_fd(server->source, LOOP_READ);
}

/* The waiting connection stays in the backlog and would wake the loop without end. */
static void pause_accepting(struct control_server *server)
{
	if (!server->starved)
		log_warn("control: no descriptors left for a new client; it has to wait");
	server->starved = true;
	loop_set_fd(server->source, 0);
	loop_set_timer(server->resume, clock_monotonic_ns(&server->clock) + ACCEPT_PAUSE_NS);
}

static void on_connection(void *arg, unsigned int events)
{
	struct control_server *server = arg;
	struct client **slot;
	struct err err = ERR_INIT;
	int fd = listener_accept(&server->listener);

	(void)events;
	if (fd < 0) {
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM)
			pause_accepting(server);
		return;
	}
	server->starved = false;
	slot = find_slot(server, NULL);
	if (!slot) {
		refuse(fd);
		return;
	}
	*slot = client_create(fd, server->loop, server->machine, on_gone, server, &err);
	if (!*slot)
		log_warn("%s", err.text);
}

static void on_event(void *arg, const char *event, json_t *data)
{
	struct control_server *server = arg;
	json_t *message = session_event_new(event, data, &server->clock);

	for (size_t i = 0; message && i < MAX_CLIENTS; i++)
		if (server->clients[i])
			client_event(server->clients[i], message);
	json_decref(message);
}

struct control_server *control_server_create(const char *address, struct loop *loop,
					     struct machine *m, struct err *err)
{
	struct control_server *server = calloc(1, sizeof(*server));

	if (!server) {
		err_set(err, -ENOMEM, "control socket: out of memory");
		return NULL;
	}
	server->loop = loop;
	server->machine = m;
	server->clock = clock_host();
	if (listener_open(&server->listener, address, err))
		goto fail;
	server->resume = loop_add_timer(loop, on_resume, server);
	if (!server->resume) {
		err_set(err, -ENOMEM, "control socket: out of memory");
		goto fail;
	}
	server->source =
		loop_add_fd(loop, server->listener.fd, LOOP_READ, on_connection, server, err);
	if (!server->source)
		goto fail;
	machine_on_event(m, on_event, server);
	return server;
fail:
	loop_del_timer(server->resume);
	listener_close(&server->listener);
	free(server);
	return NULL;
}

void control_server_destroy(struct control_server *server)
{
	if (!server)
		return;
	machine_on_event(server->machine, NULL, NULL);
	loop_del_fd(server->source);
	loop_del_timer(server->resume);
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		if (server->clients[i])
			client_destroy(server->clients[i]);
	listener_close(&server->listener);
	free(server);
}
