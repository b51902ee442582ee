/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include <errno.h>
#include <string.h>

/* -netdev and -audiodev. What disks stand on is drive.c's. */

static const char *const netdev_types[] = {"user", "tap", "stream", NULL};
static const char *const audiodev_drivers[] = {"none", "wav", NULL};
static const char *const on_only[] = {"on", NULL};
static const char *const off_only[] = {"off", NULL};
static const char *const no_only[] = {"no", NULL};
static const char *const unix_only[] = {"unix", NULL};
static const char *const net_only[] = {"10.0.2.0/24", "10.0.2.0/255.255.255.0", NULL};
static const char *const host_only[] = {"10.0.2.2", NULL};
static const char *const dns_only[] = {"10.0.2.3", NULL};
static const char *const start_only[] = {"10.0.2.15", NULL};

/* clang-format off */
static const struct qemu_key netdev_keys[] = {
	{.name = "type", QEMU_WORD(struct qemu_netdev, type), .words = netdev_types,
	 .help = "user, tap or stream (the unix socket of a passt process)"},
	{.name = "id", QEMU_ID(struct qemu_netdev, id), .help = "what -device calls it"},
	{.name = "hostfwd", QEMU_LIST(struct qemu_netdev, hostfwd, n_hostfwd),
	 .help = "user: a port of the host that leads to the guest; may be repeated"},
	{.name = "restrict", QEMU_TRI(struct qemu_netdev, restricted),
	 .help = "user: the guest reaches nothing of the outside"},
	{.name = "guestfwd", .kind = QEMU_KEY_REFUSED,
	 .help = "the guest reaches servers on the host's loopback at 10.0.2.2"},
	{.name = "net", .kind = QEMU_KEY_FIXED, .words = net_only, .help = "user: fixed"},
	{.name = "host", .kind = QEMU_KEY_FIXED, .words = host_only, .help = "user: fixed"},
	{.name = "dns", .kind = QEMU_KEY_FIXED, .words = dns_only, .help = "user: fixed"},
	{.name = "dhcpstart", .kind = QEMU_KEY_FIXED, .words = start_only, .help = "user: fixed"},
	{.name = "ipv4", .kind = QEMU_KEY_FIXED, .words = on_only, .type = "bool", .help = "user: fixed"},
	{.name = "ipv6", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool", .help = "user: there is none"},
	{.name = "ifname", QEMU_TEXT(struct qemu_netdev, ifname), .help = "tap: the interface"},
	{.name = "fd", QEMU_TEXT(struct qemu_netdev, fd), .help = "tap: an inherited descriptor"},
	{.name = "script", .kind = QEMU_KEY_FIXED, .words = no_only, .help = "tap: no script is ever run"},
	{.name = "downscript", .kind = QEMU_KEY_FIXED, .words = no_only, .help = "likewise"},
	{.name = "vhost", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool", .help = "tap: not supported"},
	{.name = "addr.type", QEMU_WORD(struct qemu_netdev, addr_type), .words = unix_only, .help = "stream: unix"},
	{.name = "addr.path", QEMU_TEXT(struct qemu_netdev, path), .help = "stream: the socket of passt"},
	{.name = "server", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool", .help = "stream: passt listens"},
	{0},
};

static const struct qemu_key audiodev_keys[] = {
	{.name = "driver", QEMU_WORD(struct qemu_audiodev, driver), .words = audiodev_drivers,
	 .help = "none or wav"},
	{.name = "id", QEMU_ID(struct qemu_audiodev, id), .help = "what -device calls it"},
	{.name = "path", QEMU_TEXT(struct qemu_audiodev, path), .help = "wav: the file"},
	{0},
};
/* clang-format on */

const struct qemu_key *const qemu_netdev_tables[] = {netdev_keys, NULL};
const struct qemu_key *const qemu_audiodev_tables[] = {audiodev_keys, NULL};

/* Keys that only one type has, and that type's own needs. */
static int check_netdev(const struct qemu_netdev *n, struct err *err)
{
	const struct {
		const char *key, *type;
		bool given;
	} keys[] = {
		{"hostfwd", "user", n->n_hostfwd > 0}, {"restrict", "user", n->restricted},
		{"ifname", "tap", n->ifname},	       {"fd", "tap", n->fd},
		{"addr.type", "stream", n->addr_type}, {"addr.path", "stream", n->path},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].given && strcmp(keys[i].type, n->type) != 0)
			return err_set(err, -EINVAL, "%s is for type %s, not for %s", keys[i].key,
				       keys[i].type, n->type);
	if (strcmp(n->type, "tap") == 0 && !n->ifname == !n->fd)
		return err_set(err, -EINVAL, "tap needs ifname=NAME or fd=N, one of the two");
	if (strcmp(n->type, "stream") == 0 && (!n->addr_type || !n->path))
		return err_set(err, -EINVAL,
			       "stream needs addr.type=unix,addr.path=SOCKET, on which passt "
			       "listens");
	return 0;
}

int qemu_read_netdev(struct qemu_line *line, const char *arg, struct err *err)
{
	struct qemu_netdev *n = &line->netdevs[line->n_netdevs];
	struct keyvals kv;
	int rc = qemu_one_more(&line->n_netdevs, "-netdev", err);

	if (rc)
		return rc;
	rc = keyval_parse(&kv, "-netdev", "type", arg, err);
	if (!rc)
		rc = qemu_keys_fill(qemu_netdev_tables, n, &kv, "-netdev", err);
	keyval_fini(&kv);
	if (rc)
		return rc;
	if (!n->type || !n->id)
		return err_set(err, -EINVAL, "-netdev: expected TYPE,id=ID, such as user,id=net0");
	rc = check_netdev(n, err);
	if (rc)
		err_prefix(err, "-netdev %s", n->id);
	return rc ? rc : QEMU_CHECK_ID(line, netdevs, "-netdev", err);
}

int qemu_read_audiodev(struct qemu_line *line, const char *arg, struct err *err)
{
	struct qemu_audiodev *a = &line->audiodevs[line->n_audiodevs];
	struct keyvals kv;
	int rc = qemu_one_more(&line->n_audiodevs, "-audiodev", err);

	if (rc)
		return rc;
	rc = keyval_parse(&kv, "-audiodev", "driver", arg, err);
	if (!rc)
		rc = qemu_keys_fill(qemu_audiodev_tables, a, &kv, "-audiodev", err);
	keyval_fini(&kv);
	if (rc)
		return rc;
	if (!a->driver || !a->id)
		return err_set(err, -EINVAL,
			       "-audiodev: expected DRIVER,id=ID, such as none,id=snd0");
	if (strcmp(a->driver, "wav") == 0 && !a->path)
		return err_set(err, -EINVAL, "-audiodev %s: wav needs path=FILE", a->id);
	if (strcmp(a->driver, "wav") != 0 && a->path)
		return err_set(err, -EINVAL, "-audiodev %s: path is for wav, not for %s", a->id,
			       a->driver);
	return QEMU_CHECK_ID(line, audiodevs, "-audiodev", err);
}
