/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "virtio/blk.h"
#include "virtio/console/console.h"
#include "virtio/input/input.h"
#include "virtio/net/net.h"
#include "virtio/snd/snd.h"
#include "virtio/virtio_pci.h"
#include "vmm/app/machine/virtio_backends.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * The virtio devices of a machine: each is made on its backend and plugged into its place, which
 * the design fixes for the first of a kind.
 */

#define SLOT_NET	3U
#define SLOT_DISK	4U
#define SLOT_INPUT	5U
#define SLOT_SND	6U
#define SLOT_CONSOLE	7U
#define SLOT_MORE_DISKS 8U
#define SLOT_MORE_NICS	(SLOT_MORE_DISKS + MACHINE_MAX_DISKS - 1U)

/* The place of the @i-th device of a kind that has one slot of its own and more further on. */
static uint8_t place(unsigned int first, unsigned int more, size_t i)
{
	return PCI_DEVFN(i == 0 ? first : more + (unsigned int)i - 1, 0);
}

/* Adds @vd, which is the machine's from here on, and plugs it in at @devfn. */
static int plug(struct machine *m, struct virtio_device *vd, uint8_t devfn,
		const struct virtio_options *options, uint16_t subsystem, struct err *err)
{
	struct virtio_pci_config pci = {
		.bus = m->pci,
		.devfn = devfn,
		.mode = options->transitional ? VIRTIO_PCI_TRANSITIONAL : VIRTIO_PCI_MODERN,
		.event_idx = machine_config_offers(m->config, options->event_idx),
		.subsystem = subsystem,
		.vectors = (uint16_t)options->vectors,
		.msi = kvm_vm_msi_sink(m->vm),
		.doorbell = kvm_vm_doorbell(m->vm),
		.loop = m->loop,
	};

	if (machine_add_device(m, vd ? &vd->dev : NULL) < 0)
		return -EINVAL;
	m->virtio[m->n_virtio++].vd = vd;
	return virtio_pci_attach(vd, &pci, err);
}

/* Names what stands behind the device plugged in last. */
static void name_backend(struct machine *m, const char *kind, size_t i)
{
	snprintf(m->virtio[m->n_virtio - 1].backend_id, sizeof(m->virtio[0].backend_id), "%s%zu",
		 kind, i);
}

static int build_nic(struct machine *m, size_t i, struct err *err)
{
	const struct nic_config *nic = &m->config->nics[i];
	char id[32];
	struct virtio_net_config net = {
		.id = id,
		.mem = m->mem,
		.loop = m->loop,
		.link_down = nic->link_down,
		.dialect_virtio = machine_config_speaks_virtio(m->config),
		.properties = (nic->mrg_rxbuf ? VIRTIO_NET_MRG_RXBUF : 0U) |
			      (nic->csum ? VIRTIO_NET_CSUM : 0U) |
			      (nic->tso ? VIRTIO_NET_TSO : 0U) |
			      (nic->ctrl_vq ? VIRTIO_NET_CTRL_VQ : 0U),
	};
	int rc = machine_config_mac(m->config, i, net.mac);

	if (rc)
		return err_set(err, rc, "--net: mac: not an address");
	snprintf(id, sizeof(id), "aero_virtio_net%zu", i);
	net.backend = backend_open_nic(nic, m->loop, err);
	if (!net.backend)
		return -EINVAL;
	rc = plug(m, virtio_net_create(&net, err), place(SLOT_NET, SLOT_MORE_NICS, i), &nic->virtio,
		  0, err);
	if (rc == 0)
		name_backend(m, "net", i);
	return rc;
}

/* The host could not read or write an image. */
static void disk_failed(void *arg, struct virtio_device *vd, bool write, int result,
			enum virtio_blk_on_error action, bool stopped)
{
	static const char *const actions[] = {"report", "ignore", "stop", "stop"};
	struct machine *m = arg;
	struct err err = ERR_INIT;
	bool stop = stopped && action != VIRTIO_BLK_REPORT;
	json_t *data =
		json_pack("{s:s, s:s, s:s, s:b, s:s}", "device", vd->dev.id, "operation",
			  write ? "write" : "read", "action", stop ? "stop" : actions[action],
			  "nospace", result == -ENOSPC, "reason", strerror(-result));

	machine_emit(m, "BLOCK_IO_ERROR", data);
	json_decref(data);
	if (stop && machine_stop(m, &err) < 0)
		machine_end(m, MACHINE_END_ERROR, 0, err.text);
}

static int build_disk(struct machine *m, size_t i, struct err *err)
{
	const struct disk_config *d = &m->config->disks[i];
	char id[32];
	struct virtio_blk_config blk = {
		.id = id,
		.mem = m->mem,
		.loop = m->loop,
		.serial = d->serial,
		.on_read_error = (enum virtio_blk_on_error)d->on_read_error,
		.on_write_error = (enum virtio_blk_on_error)d->on_write_error,
		.error = disk_failed,
		.error_arg = m,
	};
	int rc;

	snprintf(id, sizeof(id), "aero_virtio_blk%zu", i);
	blk.backend = backend_open_disk(d, false, m->loop, err);
	if (!blk.backend)
		return -EINVAL;
	rc = plug(m, virtio_blk_create(&blk, err), place(SLOT_DISK, SLOT_MORE_DISKS, i), &d->virtio,
		  0, err);
	if (rc == 0)
		name_backend(m, "drive", i);
	return rc;
}

/* Functions of one slot, in the order of kinds and without a gap: function 0 must be there. */
static int build_inputs(struct machine *m, struct err *err)
{
	static const char *const ids[] = {"aero_virtio_kbd0", "aero_virtio_mouse0",
					  "aero_virtio_tablet0"};
	const struct machine_config *c = m->config;
	unsigned int function = 0;
	int rc = 0;

	for (uint32_t kind = 0; kind < sizeof(ids) / sizeof(ids[0]); kind++) {
		struct virtio_input_config input = {
			.id = ids[kind],
			.mem = m->mem,
			.kind = (enum virtio_input_kind)kind,
		};

		for (size_t i = 0; i < c->n_inputs && !rc; i++)
			if (c->inputs[i].kind == kind)
				rc = plug(m, virtio_input_create(&input, err),
					  PCI_DEVFN(SLOT_INPUT, function++), &c->inputs[i].virtio,
					  (uint16_t)(VIRTIO_INPUT_SUBSYSTEM + kind), err);
	}
	return rc;
}

static int build_sound(struct machine *m, struct err *err)
{
	const struct sound_config *s = &m->config->sound[0];
	struct virtio_snd_config snd = {
		.id = "aero_virtio_snd0",
		.mem = m->mem,
		.loop = m->loop,
		.clock = m->clock,
		.dialect_virtio = machine_config_speaks_virtio(m->config),
		.properties = (s->period_events ? VIRTIO_SND_PERIOD_EVENTS : 0U) |
			      (s->xrun_events ? VIRTIO_SND_XRUN_EVENTS : 0U) |
			      (s->jacks ? VIRTIO_SND_JACKS : 0U) |
			      (s->formats ? VIRTIO_SND_FORMATS : 0U),
	};
	int rc = backend_open_audio(s, &snd.sink, &snd.source, err);

	if (rc == 0)
		rc = plug(m, virtio_snd_create(&snd, err), PCI_DEVFN(SLOT_SND, 0), &s->virtio, 0,
			  err);
	if (rc == 0)
		name_backend(m, "snd", 0);
	return rc;
}

/* The escape key of a terminal. */
static void console_quit(void *arg)
{
	machine_end(arg, MACHINE_END_QUIT, 0, "");
}

static int build_console(struct machine *m, struct err *err)
{
	const struct console_config *c = &m->config->console[0];
	const struct {
		const char *option;
		const char *where;
	} ports[VIRTIO_CONSOLE_PORTS] = {
		{"--console", c->where},
		{"--bulk", m->config->bulk},
		{"--stats", m->config->stats},
	};
	struct virtio_console_config console = {
		.id = "console0",
		.mem = m->mem,
		.properties = c->emerg_write ? VIRTIO_CONSOLE_EMERG_WRITE : 0U,
		.quit = console_quit,
		.quit_arg = m,
	};

	for (size_t i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
		if (!ports[i].where)
			continue;
		m->port_streams[i] = machine_open_stream(m, ports[i].option, ports[i].where, err);
		if (!m->port_streams[i])
			return -EINVAL;
		console.ports[i].stream = m->port_streams[i];
	}
	m->console = virtio_console_create(&console, err);
	return plug(m, m->console, PCI_DEVFN(SLOT_CONSOLE, 0), &c->virtio, 0, err);
}

int machine_build_virtio(struct machine *m, struct err *err)
{
	const struct machine_config *c = m->config;
	int rc = 0;

	for (size_t i = 0; i < c->n_nics && rc == 0; i++)
		rc = build_nic(m, i, err);
	for (size_t i = 0; i < c->n_disks && rc == 0; i++)
		rc = build_disk(m, i, err);
	if (rc == 0)
		rc = build_inputs(m, err);
	if (rc == 0 && c->n_sound)
		rc = build_sound(m, err);
	if (rc == 0 && c->n_console)
		rc = build_console(m, err);
	return rc;
}

int machine_start_console(struct machine *m, struct err *err)
{
	int rc = 0;

	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS && rc == 0; i++) {
		struct stream_user user;

		if (!m->port_streams[i])
			continue;
		user = virtio_console_user(m->console, i);
		rc = stream_start(m->port_streams[i], &user, err);
	}
	return rc;
}
