/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/control/connection.h"
#include "tools/visectl/arguments.h"
#include "tools/visectl/output.h"
#include "tools/visectl/play.h"
#include "tools/visectl/prompt.h"
#include "vmm/core/clock.h"

#include "version.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_NS (10 * NS_PER_SEC)

struct options {
	const char *socket;
	bool events;
	bool compact;
	bool timeout_given;
	uint64_t timeout_ns;
	char **words; /* command and arguments */
	size_t n_words;
};

static const char help[] =
	"usage: visectl -s SOCKET [OPTION]... [COMMAND [KEY=VALUE]...]\n"
	"       visectl play [OPTION]... FILE\n"
	"Runs one command on a machine's control socket and prints what it returns as JSON. "
	"Without\n"
	"a command, reads commands from standard input, one a line; \"help\" lists them.\n"
	"\"play\" plays a scenario instead; see visectl play --help.\n"
	"\n"
	"  -s, --socket SOCKET  the control socket, as given to vise run --control\n"
	"  -e, --events         print events as they come, until the machine ends\n"
	"  -c, --compact        print each result on one line\n"
	"  -t, --timeout SECS   wait no longer for a reply (default 10, 0: for ever); with "
	"--events,\n"
	"                       end after this time\n"
	"  -h, --help           show this help\n"
	"  -V, --version        show the version\n"
	"\n"
	"A VALUE is an integer, a size (64M; powers of 1024), true, false, null, JSON when it "
	"begins\n"
	"with {, [ or \", and a string otherwise.\n"
	"\n"
	"Exit status: 0 success, 1 the command failed, 2 wrong usage or no connection.\n";

static const struct option long_options[] = {
	{"socket", required_argument, NULL, 's'},
	{"events", no_argument, NULL, 'e'},
	{"compact", no_argument, NULL, 'c'},
	{"timeout", required_argument, NULL, 't'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static int fail(const char *text)
{
	fprintf(stderr, "visectl: %s\n", text);
	return STATUS_USAGE;
}

static int parse_timeout(struct options *o, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds < 0 || seconds > 1e9) {
		fprintf(stderr, "visectl: --timeout \"%s\": expected seconds, 0 to 1e9\n", text);
		return STATUS_USAGE;
	}
	o->timeout_ns = (uint64_t)(seconds * (double)NS_PER_SEC);
	o->timeout_given = true;
	return STATUS_OK;
}

/* 0 to go on; else -1 when all is done, or the exit status. */
static int parse_options(struct options *o, int argc, char **argv)
{
	int opt;

	*o = (struct options){.timeout_ns = DEFAULT_TIMEOUT_NS};
	while ((opt = getopt_long(argc, argv, "+s:ect:hV", long_options, NULL)) != -1) {
		switch (opt) {
		case 's':
			o->socket = optarg;
			break;
		case 'e':
			o->events = true;
			break;
		case 'c':
			o->compact = true;
			break;
		case 't':
			if (parse_timeout(o, optarg))
				return STATUS_USAGE;
			break;
		case 'h':
			fputs(help, stdout);
			return -1;
		case 'V':
			puts("visectl " VISE_VERSION);
			return -1;
		default:
			return fail("try visectl --help");
		}
	}
	if (!o->socket)
		return fail("which socket? expected -s SOCKET; try visectl --help");
	o->words = argv + optind;
	o->n_words = (size_t)(argc - optind);
	return 0;
}

static int run_command(struct connection *c, const struct options *o, json_t *arguments)
{
	struct err err = ERR_INIT;
	json_t *reply = NULL;
	int status;

	if (connection_run(c, o->words[0], arguments, &reply, &err))
		return fail(err.text);
	status = output_reply(o->words[0], reply, o->compact);
	json_decref(reply);
	return status;
}

static int wait_ms(const struct clock *clock, uint64_t until)
{
	uint64_t now = clock_monotonic_ns(clock);
	uint64_t ms = until > now ? (until - now + NS_PER_MS - 1) / NS_PER_MS : 0;

	if (!until)
		return -1;
	return ms < 1000000 ? (int)ms : 1000000;
}

/* Prints events until the machine ends or the time given is over; both are a good end. */
static int follow_events(struct connection *c, const struct options *o)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	struct clock clock = clock_host();
	struct err err = ERR_INIT;
	uint64_t until =
		o->timeout_given && o->timeout_ns ? clock_monotonic_ns(&clock) + o->timeout_ns : 0;
	int ms;

	connection_drain(c);
	while ((ms = wait_ms(&clock, until)) != 0) {
		if (poll(&p, 1, ms) <= 0)
			continue;
		if (connection_listen(c, &err))
			return err.code == -ECONNRESET ? STATUS_OK : fail(err.text);
	}
	return STATUS_OK;
}

/* @arguments are those of the command, if there is one. */
static int serve(const struct options *o, json_t *arguments)
{
	struct connection c;
	struct err err = ERR_INIT;
	int status = STATUS_OK;

	if (connection_open(&c, o->socket, o->timeout_ns, &err))
		return fail(err.text);
	if (o->events)
		c.on_event = output_event;
	if (arguments)
		status = run_command(&c, o, arguments);
	else if (!o->events)
		status = prompt_run(&c, o->compact);
	if (o->events && !status)
		status = follow_events(&c, o);
	connection_close(&c);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	struct err err = ERR_INIT;
	json_t *arguments = NULL;
	int status;

	if (argc > 1 && strcmp(argv[1], "play") == 0)
		return play_main(argc - 1, argv + 1);
	status = parse_options(&o, argc, argv);
	if (status)
		return status < 0 ? STATUS_OK : status;
	if (o.n_words) {
		arguments = arguments_parse(o.words + 1, o.n_words - 1, &err);
		if (!arguments)
			return fail(err.text);
	}
	status = serve(&o, arguments);
	json_decref(arguments);
	return status;
}
