/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/session.h"

#include "vmm/app/control/command.h"
#include "vmm/app/control/commands/handlers.h"
#include "vmm/app/control/splitter.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct session {
	struct machine *machine;
	session_send_fn send;
	void *arg;
	struct splitter splitter;
	bool negotiated;
	json_t *held; /* events caused by the command that is running; NULL while none runs */
};

/* One request, all members borrowed from the parsed message. */
struct request {
	const char *execute;
	json_t *arguments; /* NULL: none */
	json_t *id;	   /* NULL: none */
};

struct session *session_create(struct machine *m, session_send_fn send, void *arg)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->machine = m;
	s->send = send;
	s->arg = arg;
	splitter_init(&s->splitter);
	return s;
}

void session_destroy(struct session *s)
{
	if (!s)
		return;
	splitter_fini(&s->splitter);
	json_decref(s->held);
	free(s);
}

/* Takes over the reference to @message, which is NULL when building it failed. */
static void send_message(struct session *s, json_t *message)
{
	static const char no_memory[] =
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"out of memory\"}}\n";
	char *line = message ? json_dumps(message, JSON_ENSURE_ASCII) : NULL;
	size_t n;

	json_decref(message);
	if (!line) {
		s->send(s->arg, no_memory, sizeof(no_memory) - 1);
		return;
	}
	/* The terminating zero becomes the newline: a line is sent by its length. */
	n = strlen(line);
	line[n] = '\n';
	s->send(s->arg, line, n + 1);
	free(line);
}

/* Text that quotes a client may have been cut in the middle of a character. */
static json_t *text_to_json(char *text)
{
	json_t *string = json_string(text);

	if (string)
		return string;
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p >= 0x80)
			*p = '?';
	return json_string(text);
}

static void reply_error(struct session *s, struct control_error *error, json_t *id)
{
	const char *class = error->class ? error->class : CONTROL_GENERIC_ERROR;

	send_message(s, json_pack("{s:{s:s, s:o}, s:O*}", "error", "class", class, "desc",
				  text_to_json(error->err.text), "id", id));
}

static void reply_return(struct session *s, json_t *value, json_t *id)
{
	send_message(s, json_pack("{s:o, s:O*}", "return", value, "id", id));
}

static void refuse(struct session *s, const char *text)
{
	struct control_error error = {.class = CONTROL_GENERIC_ERROR};

	err_set(&error.err, -EINVAL, "%s", text);
	reply_error(s, &error, NULL);
}

void session_greet(struct session *s)
{
	send_message(s, json_pack("{s:{s:o, s:[]}}", "QMP", "version", control_version(),
				  "capabilities"));
}

static int take_member(struct request *r, const char *key, json_t *value, struct err *err)
{
	if (strcmp(key, "id") == 0) {
		r->id = value;
	} else if (strcmp(key, "execute") == 0) {
		r->execute = json_string_value(value);
		if (!r->execute)
			return err_set(err, -EINVAL, "QMP input member 'execute' must be a string");
	} else if (strcmp(key, "arguments") == 0) {
		r->arguments = value;
		if (!json_is_object(value))
			return err_set(err, -EINVAL,
				       "QMP input member 'arguments' must be an object");
	} else {
		return err_set(err, -EINVAL, "QMP input member '%s' is unexpected", key);
	}
	return 0;
}

static int read_request(json_t *message, struct request *r, struct err *err)
{
	int rc = 0;

	if (!json_is_object(message)) {
		err_set(err, -EINVAL, "QMP input must be a JSON object");
		return -EINVAL;
	}
	/* An error about another member carries the id too. */
	r->id = json_object_get(message, "id");
	for (void *at = json_object_iter(message); at && !rc;
	     at = json_object_iter_next(message, at))
		rc = take_member(r, json_object_iter_key(at), json_object_iter_value(at), err);
	if (rc)
		return rc;
	if (!r->execute) {
		err_set(err, -EINVAL, "QMP input lacks member 'execute'");
		return -EINVAL;
	}
	return 0;
}

/* The row to run for @name in this state of the session, or NULL with @error filled. */
static const struct command *find_row(const struct session *s, const char *name,
				      struct control_error *error)
{
	bool negotiation = strcmp(name, CONTROL_NEGOTIATION) == 0;
	const struct command *cmd = control_find(name);

	error->class = CONTROL_COMMAND_NOT_FOUND;
	if (!s->negotiated && !negotiation)
		err_set(&error->err, -ENOENT,
			"Expecting capabilities negotiation with 'qmp_capabilities'");
	else if (s->negotiated && negotiation)
		err_set(&error->err, -ENOENT,
			"Capabilities negotiation is already complete, command ignored");
	else if (!cmd)
		err_set(&error->err, -ENOENT, "The command %s has not been found", name);
	else
		return cmd;
	return NULL;
}

static void send_held(struct session *s)
{
	json_t *held = s->held;

	s->held = NULL;
	for (size_t i = 0; i < json_array_size(held); i++)
		send_message(s, json_incref(json_array_get(held, i)));
	json_decref(held);
}

static void run(struct session *s, const struct request *r)
{
	struct control_error error = {0};
	const struct command *cmd = find_row(s, r->execute, &error);
	json_t *value = NULL;

	if (!cmd) {
		reply_error(s, &error, r->id);
		return;
	}
	s->held = json_array();
	value = control_execute(cmd, s->machine, r->arguments, &error);
	if (value)
		reply_return(s, value, r->id);
	else
		reply_error(s, &error, r->id);
	send_held(s);
	if (value && strcmp(cmd->name, CONTROL_NEGOTIATION) == 0)
		s->negotiated = true;
	if (value && cmd->after)
		cmd->after(s->machine);
}

static void answer(struct session *s, const char *text, size_t n)
{
	struct control_error error = {.class = CONTROL_GENERIC_ERROR};
	struct request r = {0};
	json_error_t where;
	json_t *message = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);

	if (!message) {
		err_set(&error.err, -EINVAL, "JSON parse error, %s", where.text);
		reply_error(s, &error, NULL);
		return;
	}
	if (read_request(message, &r, &error.err))
		reply_error(s, &error, r.id);
	else
		run(s, &r);
	json_decref(message);
}

size_t session_feed(struct session *s, const void *data, size_t n)
{
	enum splitter_event event;
	size_t used = splitter_feed(&s->splitter, data, n, &event);

	if (event == SPLITTER_MESSAGE)
		answer(s, s->splitter.text, s->splitter.length);
	else if (event == SPLITTER_FAULT)
		refuse(s, s->splitter.fault);
	return used;
}

void session_event(struct session *s, json_t *event)
{
	if (!s->negotiated)
		return;
	if (s->held)
		json_array_append(s->held, event);
	else
		send_message(s, json_incref(event));
}

json_t *session_event_new(const char *name, json_t *data, const struct clock *clock)
{
	uint64_t now = clock_realtime_ns(clock);

	return json_pack("{s:s, s:{s:I, s:I}, s:O*}", "event", name, "timestamp", "seconds",
			 (json_int_t)(now / NS_PER_SEC), "microseconds",
			 (json_int_t)(now % NS_PER_SEC / 1000), "data", data);
}
