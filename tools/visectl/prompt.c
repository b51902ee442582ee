/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/visectl/prompt.h"

#include "tools/visectl/arguments.h"
#include "tools/visectl/output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 64

struct prompt {
	struct connection *connection;
	struct lines input;
	bool compact;
	bool terminal;
	bool done; /* exit was typed, or the connection is over */
	bool quit; /* the last command was quit: the connection may end */
	int status;
};

static void fail(struct prompt *p, int status, const char *text)
{
	fprintf(stderr, "visectl: %s\n", text);
	p->status = status;
}

static void finish(struct prompt *p, const char *name, int rc, json_t *reply, const struct err *err)
{
	int status;

	if (rc) {
		p->done = true;
		fail(p, STATUS_USAGE, err->text);
		return;
	}
	status = output_reply(name, reply, p->compact);
	if (status)
		p->status = status;
	json_decref(reply);
}

static void run_raw(struct prompt *p, const char *line)
{
	struct err err = ERR_INIT;
	json_error_t where;
	json_t *request = json_loads(line, 0, &where);
	const char *name = json_string_value(json_object_get(request, "execute"));
	json_t *reply = NULL;
	int rc;

	if (!request) {
		fail(p, STATUS_COMMAND_FAILED, where.text);
		return;
	}
	p->quit = name && strcmp(name, "quit") == 0;
	rc = connection_run_raw(p->connection, request, &reply, &err);
	finish(p, name ? name : "request", rc, reply, &err);
	json_decref(request);
}

static void run_words(struct prompt *p, char **words, size_t n)
{
	struct err err = ERR_INIT;
	json_t *arguments = arguments_parse(words + 1, n - 1, &err);
	json_t *reply = NULL;
	int rc;

	if (!arguments) {
		fail(p, STATUS_COMMAND_FAILED, err.text);
		return;
	}
	p->quit = strcmp(words[0], "quit") == 0;
	rc = connection_run(p->connection, words[0], arguments, &reply, &err);
	finish(p, words[0], rc, reply, &err);
	json_decref(arguments);
}

static void show_help(struct prompt *p)
{
	struct err err = ERR_INIT;
	json_t *reply = NULL;
	const json_t *list;

	if (connection_run(p->connection, "query-commands", NULL, &reply, &err)) {
		p->done = true;
		fail(p, STATUS_USAGE, err.text);
		return;
	}
	list = json_object_get(reply, "return");
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%s\n", json_string_value(json_object_get(json_array_get(list, i), "name")));
	puts("Arguments follow as key=value. \"exit\" leaves; \"quit\" ends the machine.");
	json_decref(reply);
}

static void run_line(struct prompt *p, char *line)
{
	char *words[MAX_WORDS];
	int n;

	line += strspn(line, " \t");
	if (*line == '{') {
		run_raw(p, line);
		return;
	}
	n = arguments_split(line, words, MAX_WORDS);
	if (n < 0)
		fail(p, STATUS_COMMAND_FAILED, "too many arguments on one line");
	else if (n == 0 || words[0][0] == '#')
		return;
	else if (strcmp(words[0], "exit") == 0)
		p->done = true;
	else if (strcmp(words[0], "help") == 0)
		show_help(p);
	else
		run_words(p, words, (size_t)n);
}

static void ask(const struct prompt *p)
{
	if (p->terminal && !p->done) {
		fputs("vise> ", stdout);
		fflush(stdout);
	}
}

static void take_input(struct prompt *p)
{
	char *line;
	int rc = lines_fill(&p->input);

	if (rc)
		fail(p, STATUS_USAGE, strerror(-rc));
	while (!p->done && (line = lines_next(&p->input))) {
		run_line(p, line);
		connection_drain(p->connection);
		ask(p);
	}
	if (p->input.eof || rc)
		p->done = true;
}

static void take_events(struct prompt *p)
{
	struct err err = ERR_INIT;

	if (p->terminal)
		putchar('\n');
	if (connection_listen(p->connection, &err)) {
		p->done = true;
		if (!p->quit || err.code != -ECONNRESET)
			fail(p, STATUS_USAGE, err.text);
	}
	ask(p);
}

int prompt_run(struct connection *c, bool compact)
{
	struct prompt p = {.connection = c, .compact = compact, .terminal = isatty(STDIN_FILENO)};
	struct pollfd fds[2] = {{.fd = c->fd, .events = POLLIN},
				{.fd = STDIN_FILENO, .events = POLLIN}};

	lines_init(&p.input, STDIN_FILENO);
	c->on_event = output_event;
	ask(&p);
	while (!p.done) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			fail(&p, STATUS_USAGE, strerror(errno));
			break;
		}
		if (fds[0].revents)
			take_events(&p);
		if (fds[1].revents && !p.done)
			take_input(&p);
	}
	lines_fini(&p.input);
	return p.status;
}
