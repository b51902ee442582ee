/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/log.h"
#include "vmm/host/stream/stream_internal.h"
#include "vmm/host/stream/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * Standard input and output. Either may be a terminal, a pipe, a socket, a file, or closed; the end
 * of input ends nothing else. Modes of a terminal belong to stdin and are changed by start only.
 */

#define ESCAPE_KEY 0x01 /* Ctrl-A */

struct stdio {
	struct stream s;
	struct terminal terminal;
	bool want_escape; /* configured */
	bool escape;	  /* and stdin is a terminal in raw mode */
	bool escaped;	  /* the last key was Ctrl-A */
};

static int stdio_open(struct stream *s, const struct stream_config *config, struct err *err)
{
	struct stdio *io = (struct stdio *)s;

	terminal_init(&io->terminal);
	io->want_escape = config->escape;
	stream_ignore_sigpipe();
	stream_end_inherit(&s->in, STDIN_FILENO, O_RDONLY);
	s->input_ended = s->in.fd < 0;
	stream_end_inherit(&s->out, STDOUT_FILENO, O_WRONLY);
	if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))
		terminal_prepare_resize(&io->terminal);
	return stream_watch_output(s, err);
}

static int stdio_start(struct stream *s, struct err *err)
{
	struct stdio *io = (struct stdio *)s;
	int size_fd = isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDIN_FILENO;

	if (isatty(STDIN_FILENO)) {
		bool raw = terminal_make_raw(&io->terminal, STDIN_FILENO);

		io->escape = raw && io->want_escape;
		/* Reading a terminal from the background would stop the process. */
		if (!raw)
			stream_end_close(&s->in);
	}
	if (s->user.resize && isatty(size_fd)) {
		int rc = terminal_watch_size(&io->terminal, size_fd, s->loop, s->user.resize,
					     s->user.arg, err);
		if (rc < 0)
			return rc;
	}
	return stream_watch_input(s, err);
}

static void say_help(struct stream *s)
{
	static const char help[] = "\r\n[vise] Ctrl-A x  quit\r\n"
				   "[vise] Ctrl-A a  send Ctrl-A (also Ctrl-A Ctrl-A)\r\n"
				   "[vise] Ctrl-A h  this help\r\n";

	stream_write(s, help, sizeof(help) - 1);
}

/* Takes escape sequences out; an unknown one is dropped whole. */
static size_t stdio_filter(struct stream *s, uint8_t *data, size_t len)
{
	struct stdio *io = (struct stdio *)s;
	size_t kept = 0;

	if (!io->escape)
		return len;
	for (size_t i = 0; i < len; i++) {
		uint8_t key = data[i];

		if (!io->escaped) {
			io->escaped = key == ESCAPE_KEY;
			if (!io->escaped)
				data[kept++] = key;
			continue;
		}
		io->escaped = false;
		if (key == 'a' || key == ESCAPE_KEY)
			data[kept++] = ESCAPE_KEY;
		else if (key == 'h')
			say_help(s);
		else if (key == 'x' && s->user.quit)
			s->user.quit(s->user.arg);
	}
	return kept;
}

/* A reader that went away has seen enough; anything else is worth a line. */
static void stdio_output_end(struct stream *s, int errnum)
{
	(void)s;
	if (errnum == EPIPE)
		log_info("stdout is closed; further output is discarded");
	else
		log_warn("stdout: %s; further output is discarded", strerror(errnum));
}

static void stdio_close(struct stream *s)
{
	terminal_fini(&((struct stdio *)s)->terminal);
}

const struct stream_ops stream_stdio_ops = {
	.name = "stdio",
	.size = sizeof(struct stdio),
	.open = stdio_open,
	.start = stdio_start,
	.filter = stdio_filter,
	.output_end = stdio_output_end,
	.close = stdio_close,
};
