/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include "vmm/core/option/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -qmp and -monitor: who may control the machine. */

/* An endpoint as -qmp has it, after its kind. */
struct endpoint {
	char *where;
	uint32_t server, wait; /* enum tri */
};

/* clang-format off */
static const struct qemu_key endpoint_keys[] = {
	{.name = "where", QEMU_TEXT(struct endpoint, where)},
	{.name = "server", QEMU_TRI(struct endpoint, server)},
	{.name = "wait", QEMU_TRI(struct endpoint, wait)},
	{0},
};
/* clang-format on */

static const struct qemu_key *const endpoint_tables[] = {endpoint_keys, NULL};

/* Adds a server of the control protocol at @endpoint: "unix:PATH", "tcp:HOST:PORT" or "stdio". */
static int add_control(struct qemu_line *line, const char *endpoint, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	if (strcmp(endpoint, "stdio") == 0)
		return err_set(err, -EINVAL,
			       "-qmp: %s is not supported; use unix:PATH,server=on,wait=off",
			       option_quote(endpoint, quoted, sizeof(quoted)));
	if (line->config.control)
		return err_set(err, -EINVAL,
			       "-qmp: given more than once; one socket serves many clients");
	return qemu_set(&line->config.control, endpoint, err);
}

static int add_socket(struct qemu_line *line, const char *kind, const char *rest, struct err *err)
{
	struct endpoint e = {0};
	struct keyvals kv;
	char *text = NULL;
	int rc = keyval_parse(&kv, "-qmp", "where", rest, err);

	if (!rc)
		rc = qemu_keys_fill(endpoint_tables, &e, &kv, "-qmp", err);
	if (!rc && (!e.where || !*e.where || e.server != TRI_ON))
		rc = err_set(err, -EINVAL,
			     "-qmp: expected %s,server=on,wait=off; connecting to a socket is not "
			     "supported",
			     *kind == 'u' ? "unix:PATH" : "tcp:HOST:PORT");
	if (!rc && e.wait == TRI_ON)
		rc = err_set(err, -EINVAL,
			     "-qmp: wait=on is not supported: expected wait=off; with -S the guest "
			     "waits for cont");
	if (!rc) {
		text = qemu_join(kind, e.where, err);
		rc = text ? add_control(line, text, err) : -ENOMEM;
	}
	free(text);
	keyval_fini(&kv);
	qemu_keys_fini(endpoint_tables, &e);
	return rc;
}

int qemu_read_qmp(struct qemu_line *line, const char *arg, struct err *err)
{
	static const char *const kinds[] = {"unix", "tcp"};
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i]);

		if (strncmp(arg, kinds[i], len) == 0 && arg[len] == ':')
			return add_socket(line, kinds[i], arg + len + 1, err);
	}
	if (strcmp(arg, "stdio") == 0)
		return add_control(line, arg, err);
	if (strcmp(arg, "none") == 0)
		return 0;
	return err_set(err, -EINVAL,
		       "-qmp: expected unix:PATH,server=on,wait=off, "
		       "tcp:HOST:PORT,server=on,wait=off or stdio, not %s",
		       option_quote(arg, quoted, sizeof(quoted)));
}

int qemu_read_monitor(struct qemu_line *line, const char *arg, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	(void)line;
	if (strcmp(arg, "none") == 0 || strcmp(arg, "null") == 0)
		return 0;
	return err_set(err, -EINVAL,
		       "-monitor: a monitor on %s is not supported, only none; use -qmp",
		       option_quote(arg, quoted, sizeof(quoted)));
}
