/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include "vmm/app/config/machine_options.h"
#include "vmm/core/log.h"
#include "vmm/core/option/option.h"
#include "vmm/host/net/net.h"

#include <errno.h>
#include <string.h>

/*
 * From objects that name each other to the configuration of a machine. Whatever order they came in,
 * devices are made in theirs.
 */

#define REVISION_CONTRACT 1

/* A new element of specs called @option, with its standard values. NULL and @err. */
static void *new_element(struct qemu_line *line, const char *option, const char *what,
			 struct err *err)
{
	const struct option *row = options_find(machine_options, option, strlen(option));
	void *element = option_append(row, &line->config, err);

	if (!element)
		err_prefix(err, "%s", what);
	return element;
}

static bool modern_only(const struct qemu_device_type *type)
{
	return type->role == QEMU_INPUT || type->role == QEMU_SND;
}

static bool is_transitional(const struct qemu_device *d)
{
	if (d->type->form != QEMU_FORM_OPEN || modern_only(d->type))
		return d->type->form == QEMU_FORM_TRANSITIONAL;
	return d->disable_legacy != TRI_ON;
}

/* The device of the contract, not QEMU's. */
static bool in_contract_form(const struct qemu_device *d)
{
	return d->revision == REVISION_CONTRACT;
}

/* The revision follows from the form: it can be said, not chosen. */
static int check_form(const struct qemu_device *d, const char *what, struct err *err)
{
	bool transitional = is_transitional(d);

	if (modern_only(d->type) && d->disable_legacy == TRI_OFF)
		return err_set(err, -EINVAL,
			       "%s: disable-legacy=off: this device is modern only; expected on",
			       what);
	if (d->revision < 0 || d->revision == (transitional ? 0 : REVISION_CONTRACT))
		return 0;
	if (transitional && d->revision == REVISION_CONTRACT)
		return err_set(err, -EINVAL,
			       "%s: x-pci-revision=0x01 needs disable-legacy=on: the device of the "
			       "contract is modern only",
			       what);
	return err_set(err, -EINVAL, "%s: x-pci-revision: expected 0x0%d, not 0x%02x", what,
		       transitional ? 0 : REVISION_CONTRACT, (unsigned int)d->revision);
}

/* QEMU writes addr with or without 0x. */
static const char *without_0x(const char *addr)
{
	return strncmp(addr, "0x", 2) == 0 ? addr + 2 : addr;
}

/* What all PCI functions have. @backend: the id of what stands behind it, or NULL. */
static int fill_virtio(const struct qemu_device *d, struct virtio_options *v, const char *backend,
		       struct err *err)
{
	int rc = d->id ? qemu_set(&v->id, d->id, err) : 0;

	if (!rc && d->addr)
		rc = qemu_set(&v->addr, without_0x(d->addr), err);
	if (!rc && backend)
		rc = qemu_set(&v->backend_id, backend, err);
	if (d->vectors >= 0)
		v->vectors = (uint32_t)d->vectors;
	if (d->event_idx != TRI_UNSET)
		v->event_idx = d->event_idx == TRI_ON ? OFFER_ON : OFFER_OFF;
	else
		v->event_idx = in_contract_form(d) ? OFFER_OFF : OFFER_ON;
	v->transitional = is_transitional(d);
	v->identity = in_contract_form(d) ? IDENTITY_CONTRACT : IDENTITY_QEMU;
	return rc;
}

/* A feature beyond the contract: as said; otherwise as QEMU has it, or off in contract form. */
static bool offered(const struct qemu_device *d, uint32_t tri)
{
	return tri == TRI_UNSET ? !in_contract_form(d) : tri == TRI_ON;
}

static int find_netdev(const struct qemu_line *line, const char *id, const struct qemu_netdev **n,
		       const char *what, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	*n = NULL;
	for (size_t i = 0; id && i < line->n_netdevs; i++)
		if (strcmp(line->netdevs[i].id, id) == 0)
			*n = &line->netdevs[i];
	if (!id || *n)
		return 0;
	return err_set(err, -EINVAL, "%s: netdev: there is no -netdev with id %s", what,
		       option_quote(id, quoted, sizeof(quoted)));
}

static int fill_netdev(const struct qemu_netdev *n, struct nic_config *nic, struct err *err)
{
	const struct option *hostfwd = NULL;
	int rc = 0;

	nic->kind = strcmp(n->type, "user") == 0  ? NET_USER
		    : strcmp(n->type, "tap") == 0 ? NET_TAP
						  : NET_PASST;
	nic->restricted = n->restricted == TRI_ON;
	if (n->ifname)
		rc = qemu_set(&nic->ifname, n->ifname, err);
	if (!rc && n->fd)
		rc = qemu_set(&nic->fd, n->fd, err);
	if (!rc && n->path)
		rc = qemu_set(&nic->path, n->path, err);
	hostfwd = options_find(options_find(machine_options, "net", 3)->keys, "hostfwd", 7);
	for (size_t i = 0; i < n->n_hostfwd && !rc; i++) {
		rc = option_set(hostfwd, nic, n->hostfwd[i], err);
		if (rc)
			err_prefix(err, "-netdev %s: hostfwd", n->id);
	}
	return rc;
}

static int add_net(struct qemu_line *line, const struct qemu_device *d, const char *what,
		   struct err *err)
{
	const struct qemu_netdev *n;
	struct nic_config *nic;
	bool tso = true;
	int rc = find_netdev(line, d->netdev, &n, what, err);

	nic = rc ? NULL : new_element(line, "net", what, err);
	if (!nic)
		return -EINVAL;
	nic->kind = NET_NONE;
	rc = n ? fill_netdev(n, nic, err) : 0;
	if (!rc)
		rc = fill_virtio(d, &nic->virtio, d->netdev, err);
	if (!rc && d->mac)
		rc = qemu_set(&nic->mac, d->mac, err);
	for (size_t i = 0; i < sizeof(d->gso) / sizeof(d->gso[0]); i++)
		tso = tso && offered(d, d->gso[i]);
	nic->mrg_rxbuf = offered(d, d->mrg_rxbuf);
	nic->ctrl_vq = offered(d, d->ctrl_vq);
	nic->csum = offered(d, d->csum) && offered(d, d->guest_csum);
	nic->tso = tso && nic->csum && nic->kind == NET_TAP;
	return rc;
}

static int add_blk(struct qemu_line *line, const struct qemu_device *d, const char *what,
		   struct err *err)
{
	struct disk_config *disk;
	int rc;

	if (!d->drive)
		return err_set(err, -EINVAL, "%s: drive=ID is missing", what);
	disk = new_element(line, "disk", what, err);
	if (!disk)
		return -EINVAL;
	rc = qemu_drive_config(line, d->drive, disk, what, err);
	if (!rc)
		rc = fill_virtio(d, &disk->virtio, d->drive, err);
	if (!rc && d->serial)
		rc = qemu_set(&disk->serial, d->serial, err);
	disk->on_read_error = qemu_error_action(d->rerror, disk->on_read_error);
	disk->on_write_error = qemu_error_action(d->werror, disk->on_write_error);
	return rc;
}

static int add_input(struct qemu_line *line, const struct qemu_device *d, const char *what,
		     struct err *err)
{
	struct input_config *input = new_element(line, "input", what, err);

	if (!input)
		return -EINVAL;
	input->kind = d->type->kind;
	return fill_virtio(d, &input->virtio, NULL, err);
}

static int add_snd(struct qemu_line *line, const struct qemu_device *d, const char *what,
		   struct err *err)
{
	const struct qemu_audiodev *a = NULL;
	struct sound_config *sound;
	char quoted[OPTION_QUOTE_SIZE];
	int rc;

	for (size_t i = 0; d->audiodev && i < line->n_audiodevs; i++)
		if (strcmp(line->audiodevs[i].id, d->audiodev) == 0)
			a = &line->audiodevs[i];
	if (d->audiodev && !a)
		return err_set(err, -EINVAL, "%s: audiodev: there is no -audiodev with id %s", what,
			       option_quote(d->audiodev, quoted, sizeof(quoted)));
	sound = new_element(line, "snd", what, err);
	if (!sound)
		return -EINVAL;
	rc = fill_virtio(d, &sound->virtio, d->audiodev, err);
	if (!rc && a)
		rc = qemu_set(&sound->backend, a->driver, err);
	if (!rc && a && a->path)
		rc = qemu_set(&sound->path, a->path, err);
	return rc;
}

/* The console device, made when it is first spoken of. */
static struct console_config *console(struct qemu_line *line, const char *what, struct err *err)
{
	return line->config.n_console ? &line->config.console[0]
				      : new_element(line, "console", what, err);
}

static int add_serial(struct qemu_line *line, const struct qemu_device *d, const char *what,
		      struct err *err)
{
	struct console_config *c = console(line, what, err);

	if (!c)
		return -EINVAL;
	c->emerg_write = offered(d, d->emergency_write);
	return fill_virtio(d, &c->virtio, NULL, err);
}

static int add_port(struct qemu_line *line, const struct qemu_device *d, const char *what,
		    struct err *err)
{
	struct console_config *c = console(line, what, err);
	char **where = NULL;

	if (!c)
		return -EINVAL;
	if (!d->chardev)
		return err_set(err, -EINVAL, "%s: chardev=ID is missing", what);
	if (d->type->kind == 0)
		where = &c->where;
	else if (d->name && strcmp(d->name, "ktstr-bulk") == 0)
		where = &line->config.bulk;
	else if (d->name && strcmp(d->name, "ktstr-stats") == 0)
		where = &line->config.stats;
	if (!where)
		return err_set(err, -EINVAL,
			       "%s: name: expected ktstr-bulk or ktstr-stats, the ports that there "
			       "are",
			       what);
	if (*where)
		return err_set(err, -EINVAL, "%s: this port is given twice", what);
	*where = qemu_chardev_where(line, d->chardev, what, err);
	return *where ? 0 : -EINVAL;
}

static int add_device(struct qemu_line *line, const struct qemu_device *d, struct err *err)
{
	static int (*const add[])(struct qemu_line * line, const struct qemu_device *d,
				  const char *what, struct err *err) = {
		[QEMU_NET] = add_net, [QEMU_BLK] = add_blk,	  [QEMU_INPUT] = add_input,
		[QEMU_SND] = add_snd, [QEMU_SERIAL] = add_serial, [QEMU_PORT] = add_port,
	};
	char what[80];
	int rc = 0;

	snprintf(what, sizeof(what), "-device %s", d->type->name);
	if (d->type->form != QEMU_FORM_NONE)
		rc = check_form(d, what, err);
	if (!rc && d->dialect)
		rc = qemu_set_dialect(line, d->dialect, what, err);
	return rc ? rc : add[d->type->role](line, d, what, err);
}

/* The disks that -drive if=virtio brings, in QEMU's plain form. */
static int add_virtio_drives(struct qemu_line *line, struct err *err)
{
	const struct qemu_device_type *type = qemu_device_types;
	struct qemu_device d = {.vectors = -1, .revision = -1};
	int rc = 0;

	while (type->role != QEMU_BLK || type->form != QEMU_FORM_OPEN)
		type++;
	d.type = type;
	for (size_t i = 0; i < line->n_drives && !rc; i++) {
		if (strcmp(line->drives[i].interface, "virtio") != 0)
			continue;
		d.drive = line->drives[i].id;
		rc = add_blk(line, &d, "-drive", err);
	}
	return rc;
}

/* Net and sound in QEMU's own form speak virtio as QEMU does; those of the contract speak what the
 * machine's dialect is. */
static int choose_dialect(struct qemu_line *line, struct err *err)
{
	bool qemu = false, contract = false;

	for (size_t i = 0; i < line->n_devices; i++) {
		const struct qemu_device *d = &line->devices[i];

		if (d->type->role != QEMU_NET && d->type->role != QEMU_SND)
			continue;
		contract = contract || in_contract_form(d);
		qemu = qemu || !in_contract_form(d);
	}
	if (line->config.dialect || !qemu || contract)
		return 0;
	return qemu_set(&line->config.dialect, "virtio", err);
}

static void warn_of_unused(const struct qemu_line *line)
{
	for (size_t i = 0; i < line->n_netdevs; i++) {
		bool used = false;

		for (size_t j = 0; j < line->n_devices; j++)
			used = used || (line->devices[j].netdev &&
					strcmp(line->devices[j].netdev, line->netdevs[i].id) == 0);
		if (!used)
			log_warn("-netdev %s: no -device has it", line->netdevs[i].id);
	}
}

int qemu_assemble(struct qemu_line *line, struct err *err)
{
	int rc;

	line->config.serial = qemu_serial_where(line, 0, err);
	line->config.com2 = line->config.serial ? qemu_serial_where(line, 1, err) : NULL;
	rc = line->config.com2 ? 0 : -EINVAL;
	for (size_t i = 0; i < line->n_devices && !rc; i++)
		rc = add_device(line, &line->devices[i], err);
	if (!rc)
		rc = add_virtio_drives(line, err);
	if (!rc)
		rc = choose_dialect(line, err);
	if (rc)
		return rc;
	warn_of_unused(line);
	if (line->daemonize && strcmp(line->config.serial, "stdio") == 0)
		return err_set(err, -EINVAL,
			       "-daemonize: the terminal is let go, but COM1 uses it; use -serial "
			       "file:PATH");
	return 0;
}
