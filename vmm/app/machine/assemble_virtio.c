/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "virtio/blk.h"
#include "virtio/console/console.h"
#include "virtio/input/input.h"
#include "virtio/net/net.h"
#include "virtio/snd/snd.h"
#include "virtio/virtio_pci.h"
#include "vmm/app/config/config_devices.h"
#include "vmm/app/machine/virtio_backends.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * The virtio devices of a machine: each is made on its backend and plugged into the place that
 * config_devices() gives it.
 */

/* What QEMU's modern functions have, whatever they are. */
#define SUBSYSTEM_QEMU 0x1100U

/* Adds @vd, which is the machine's from here on, and plugs it in at its place. @subsystem: PCI's,
 * of the contract; 0: by the type. */
static int plug(struct machine *m, struct virtio_device *vd, const struct config_device *d,
		uint16_t subsystem, struct err *err)
{
	const struct virtio_options *options = d->virtio;
	struct virtio_pci_config pci = {
		.bus = m->pci,
		.devfn = d->devfn,
		.mode = options->transitional ? VIRTIO_PCI_TRANSITIONAL : VIRTIO_PCI_MODERN,
		.event_idx = machine_config_offers(m->config, options->event_idx),
		.subsystem = options->identity == IDENTITY_QEMU ? SUBSYSTEM_QEMU : subsystem,
		.vectors = (uint16_t)options->vectors,
		.msi = kvm_vm_msi_sink(m->vm),
		.doorbell = kvm_vm_doorbell(m->vm),
		.loop = m->loop,
	};
	struct machine_virtio *virtio;

	if (machine_add_device(m, vd ? &vd->dev : NULL) < 0)
		return -EINVAL;
	virtio = &m->virtio[m->n_virtio++];
	virtio->vd = vd;
	snprintf(virtio->backend_id, sizeof(virtio->backend_id), "%s", d->backend_id);
	return virtio_pci_attach(vd, &pci, err);
}

static int build_nic(struct machine *m, const struct config_device *d, struct err *err)
{
	const struct nic_config *nic = &m->config->nics[d->index];
	struct virtio_net_config net = {
		.id = d->id,
		.mem = m->mem,
		.loop = m->loop,
		.link_down = nic->link_down,
		.dialect_virtio = machine_config_speaks_virtio(m->config),
		.properties = (nic->mrg_rxbuf ? VIRTIO_NET_MRG_RXBUF : 0U) |
			      (nic->csum ? VIRTIO_NET_CSUM : 0U) |
			      (nic->tso ? VIRTIO_NET_TSO : 0U) |
			      (nic->ctrl_vq ? VIRTIO_NET_CTRL_VQ : 0U),
	};
	int rc = machine_config_mac(m->config, d->index, net.mac);

	if (rc)
		return err_set(err, rc, "--net: mac: not an address");
	net.backend = backend_open_nic(nic, m->loop, err);
	if (!net.backend)
		return -EINVAL;
	return plug(m, virtio_net_create(&net, err), d, 0, err);
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

static int build_disk(struct machine *m, const struct config_device *d, struct err *err)
{
	const struct disk_config *disk = &m->config->disks[d->index];
	struct virtio_blk_config blk = {
		.id = d->id,
		.mem = m->mem,
		.loop = m->loop,
		.serial = disk->serial,
		.on_read_error = (enum virtio_blk_on_error)disk->on_read_error,
		.on_write_error = (enum virtio_blk_on_error)disk->on_write_error,
		.error = disk_failed,
		.error_arg = m,
	};

	blk.backend = backend_open_disk(disk, false, m->loop, err);
	if (!blk.backend)
		return -EINVAL;
	return plug(m, virtio_blk_create(&blk, err), d, 0, err);
}

static int build_input(struct machine *m, const struct config_device *d, struct err *err)
{
	const struct input_config *input = &m->config->inputs[d->index];
	struct virtio_input_config config = {
		.id = d->id,
		.mem = m->mem,
		.kind = (enum virtio_input_kind)input->kind,
		.qemu_names = d->virtio->identity == IDENTITY_QEMU,
	};

	return plug(m, virtio_input_create(&config, err), d,
		    (uint16_t)(VIRTIO_INPUT_SUBSYSTEM + input->kind), err);
}

static int build_sound(struct machine *m, const struct config_device *d, struct err *err)
{
	const struct sound_config *s = &m->config->sound[d->index];
	struct virtio_snd_config snd = {
		.id = d->id,
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

	return rc ? rc : plug(m, virtio_snd_create(&snd, err), d, 0, err);
}

/* The escape key of a terminal. */
static void console_quit(void *arg)
{
	machine_end(arg, MACHINE_END_QUIT, 0, "");
}

static int build_console(struct machine *m, const struct config_device *d, struct err *err)
{
	const struct console_config *c = &m->config->console[d->index];
	const struct {
		const char *option;
		const char *where;
	} ports[VIRTIO_CONSOLE_PORTS] = {
		{"--console", c->where},
		{"--bulk", m->config->bulk},
		{"--stats", m->config->stats},
	};
	struct virtio_console_config console = {
		.id = d->id,
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
	return plug(m, m->console, d, 0, err);
}

int machine_build_virtio(struct machine *m, struct err *err)
{
	static int (*const build[CONFIG_N_KINDS])(struct machine * m, const struct config_device *d,
						  struct err *err) = {
		[CONFIG_NIC] = build_nic,	  [CONFIG_DISK] = build_disk,
		[CONFIG_INPUT] = build_input,	  [CONFIG_SOUND] = build_sound,
		[CONFIG_CONSOLE] = build_console,
	};
	struct config_device devices[CONFIG_MAX_DEVICES];
	size_t n;
	int rc = config_devices(m->config, devices, &n, err);

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = build[devices[i].kind](m, &devices[i], err);
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
