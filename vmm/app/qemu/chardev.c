/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include "vmm/core/option/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -chardev and -serial: where bytes go, in the words of our streams. */

static const char *const backends[] = {"null", "stdio", "file", "socket", "ringbuf", NULL};
static const char *const off_only[] = {"off", NULL};
static const char *const either[] = {"on", "off", NULL};

/* clang-format off */
static const struct qemu_key chardev_keys[] = {
	{.name = "backend", QEMU_WORD(struct qemu_chardev, backend), .words = backends,
	 .help = "null, stdio, file, socket or ringbuf"},
	{.name = "id", QEMU_ID(struct qemu_chardev, id), .help = "what others call it"},
	{.name = "path", QEMU_TEXT(struct qemu_chardev, path), .help = "file, socket: the path"},
	{.name = "host", QEMU_TEXT(struct qemu_chardev, host), .help = "socket: refused, as only unix sockets are supported"},
	{.name = "port", QEMU_TEXT(struct qemu_chardev, port), .help = "likewise"},
	{.name = "server", QEMU_TRI(struct qemu_chardev, server), .help = "socket: on; connecting to one is not supported"},
	{.name = "wait", QEMU_TRI(struct qemu_chardev, wait), .help = "socket: off; the guest never waits for a client"},
	{.name = "append", QEMU_TRI(struct qemu_chardev, append), .help = "file: on keeps what the file holds"},
	{.name = "size", QEMU_NUMBER(struct qemu_chardev, size), .max = 1 << 30, .type = "size",
	 .help = "ringbuf: bytes that it keeps, a power of two"},
	{.name = "mux", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool", .help = "sharing is not supported"},
	{.name = "signal", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool",
	 .help = "stdio: no effect; Ctrl-A x ends the run"},
	{.name = "telnet", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool", .help = "not supported"},
	{.name = "logfile", .kind = QEMU_KEY_REFUSED, .help = "a copy of the bytes; use a chardev of kind file"},
	{.name = "logappend", .kind = QEMU_KEY_REFUSED, .help = "there is no logfile"},
	{.name = "reconnect", .kind = QEMU_KEY_REFUSED, .help = "sockets are listened on"},
	{0},
};
/* clang-format on */

const struct qemu_key *const qemu_chardev_tables[] = {chardev_keys, NULL};

/* A socket that can be had: a unix one, listened on, that nobody waits for. */
static int check_socket(const struct qemu_chardev *c, struct err *err)
{
	if (c->host || c->port || !c->path)
		return err_set(err, -EINVAL,
			       "expected path=, a unix socket; TCP is not supported here");
	if (c->server != TRI_ON)
		return err_set(err, -EINVAL,
			       "expected server=on; connecting to a socket is not supported");
	if (c->wait == TRI_ON)
		return err_set(err, -EINVAL,
			       "wait=on is not supported: expected wait=off, the guest runs before "
			       "a client comes");
	return 0;
}

static int check_chardev(const struct qemu_chardev *c, struct err *err)
{
	bool file = strcmp(c->backend, "file") == 0;

	if (file && !c->path)
		return err_set(err, -EINVAL, "file needs path=FILE");
	if (strcmp(c->backend, "socket") == 0)
		return check_socket(c, err);
	return 0;
}

int qemu_read_chardev(struct qemu_line *line, const char *arg, struct err *err)
{
	struct qemu_chardev *c = &line->chardevs[line->n_chardevs];
	struct keyvals kv;
	int rc = qemu_one_more(&line->n_chardevs, "-chardev", err);

	if (rc)
		return rc;
	qemu_keys_init(qemu_chardev_tables, c);
	rc = keyval_parse(&kv, "-chardev", "backend", arg, err);
	if (!rc)
		rc = qemu_keys_fill(qemu_chardev_tables, c, &kv, "-chardev", err);
	keyval_fini(&kv);
	if (!rc && (!c->backend || !c->id))
		return err_set(err, -EINVAL,
			       "-chardev: expected BACKEND,id=ID, such as file,id=log,path=FILE");
	if (rc)
		return rc;
	rc = check_chardev(c, err);
	if (rc)
		err_prefix(err, "-chardev %s", c->id);
	return rc ? rc : QEMU_CHECK_ID(line, chardevs, "-chardev", err);
}

/* Where a chardev that is in order goes. */
static char *where(const struct qemu_chardev *c, struct err *err)
{
	char size[32];

	if (strcmp(c->backend, "file") == 0)
		return qemu_join(c->append == TRI_ON ? "append" : "file", c->path, err);
	if (strcmp(c->backend, "socket") == 0)
		return qemu_join("unix", c->path, err);
	if (strcmp(c->backend, "ringbuf") != 0)
		return strdup(c->backend);
	snprintf(size, sizeof(size), "%lld", c->size < 0 ? 65536LL : (long long)c->size);
	return qemu_join("ring", size, err);
}

char *qemu_chardev_where(const struct qemu_line *line, const char *id, const char *what,
			 struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < line->n_chardevs; i++)
		if (strcmp(line->chardevs[i].id, id) == 0)
			return where(&line->chardevs[i], err);
	err_set(err, -EINVAL, "%s: there is no -chardev with id %s", what,
		option_quote(id, quoted, sizeof(quoted)));
	return NULL;
}

int qemu_read_serial(struct qemu_line *line, const char *arg, struct err *err)
{
	const size_t ports = sizeof(line->serials) / sizeof(line->serials[0]);

	if (line->n_serials == ports)
		return err_set(err, -EINVAL,
			       "-serial: given more than twice; there are COM1 and "
			       "COM2");
	return qemu_set(&line->serials[line->n_serials++], arg, err);
}

/* "unix:PATH,server,nowait", as -serial has it. */
static char *unix_where(const char *arg, struct err *err)
{
	struct qemu_chardev c = {0};
	struct keyvals kv;
	char *text = NULL;
	int rc = keyval_parse(&kv, "-serial", "path", arg, err);

	if (!rc)
		rc = qemu_keys_fill(qemu_chardev_tables, &c, &kv, "-serial unix", err);
	if (!rc && (rc = check_socket(&c, err)))
		err_prefix(err, "-serial unix");
	if (!rc)
		text = qemu_join("unix", c.path, err);
	keyval_fini(&kv);
	qemu_keys_fini(qemu_chardev_tables, &c);
	return text;
}

/* What -serial takes: a word, or what stands before a colon and reads the rest. */
static char *serial_where(const struct qemu_line *line, const char *arg, struct err *err)
{
	/* Our terminal has no monitor to switch to: Ctrl-A x ends the run, as in QEMU. */
	static const struct {
		const char *word, *where;
	} words[] = {
		{"stdio", "stdio"}, {"mon:stdio", "stdio"}, {"null", "null"}, {"none", "null"}};
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(arg, words[i].word) == 0)
			return strdup(words[i].where);
	if (strncmp(arg, "chardev:", strlen("chardev:")) == 0)
		return qemu_chardev_where(line, arg + strlen("chardev:"), "-serial", err);
	if (strncmp(arg, "file:", strlen("file:")) == 0 && arg[strlen("file:")])
		return strdup(arg);
	if (strncmp(arg, "unix:", strlen("unix:")) == 0)
		return unix_where(arg + strlen("unix:"), err);
	err_set(err, -EINVAL,
		"-serial: expected stdio, mon:stdio, null, none, file:PATH, "
		"unix:PATH,server=on,wait=off or chardev:ID, not %s",
		option_quote(arg, quoted, sizeof(quoted)));
	return NULL;
}

char *qemu_serial_where(const struct qemu_line *line, size_t port, struct err *err)
{
	char *text;

	if (port < line->n_serials)
		text = serial_where(line, line->serials[port], err);
	else
		text = strdup(port == 0 && line->nographic ? "stdio" : "null");
	if (!text && !err->code)
		err_set(err, -ENOMEM, "-serial: out of memory");
	return text;
}
