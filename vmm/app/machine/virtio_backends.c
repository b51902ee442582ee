/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/virtio_backends.h"

#include "vmm/app/machine/machine_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_format(const struct disk_config *d, const char *format)
{
	return d->format && strcmp(d->format, format) == 0;
}

struct block *backend_open_disk(const struct disk_config *d, bool look_only, struct loop *loop,
				struct err *err)
{
	bool probe = is_format(d, "auto");
	struct block_config config = {
		.path = d->path,
		.format = probe ? NULL : d->format,
		.probe = probe,
		.read_only = d->read_only || look_only,
		.snapshot = d->snapshot,
		.aio = (enum block_aio)d->aio,
	};
	struct block *block = block_open(&config, loop, err);

	if (!block)
		err_prefix(err, "--disk");
	return block;
}

struct net *backend_open_nic(const struct nic_config *nic, struct loop *loop, struct err *err)
{
	struct net_config config = {
		.kind = (enum net_kind)nic->kind,
		.hostfwd = (const char *const *)nic->hostfwd,
		.n_hostfwd = nic->n_hostfwd,
		.restricted = nic->restricted,
		.ifname = nic->ifname,
		.fd = nic->fd ? (int)strtol(nic->fd, NULL, 10) : -1, /* checked: digits only */
		.vnet_hdr = nic->csum || nic->tso,
		.path = nic->path,
		.pcap = nic->pcap,
	};
	struct net *net = net_open(&config, loop, err);

	if (!net)
		err_prefix(err, "--net");
	return net;
}

int backend_open_audio(const struct sound_config *s, struct audio_sink **sink,
		       struct audio_source **source, struct err *err)
{
	*source = NULL;
	*sink = audio_sink_open(s->backend ? s->backend : "none", s->path, err);
	if (*sink)
		*source = audio_source_open(s->capture ? s->capture : "silence", err);
	if (*source)
		return 0;
	err_prefix(err, "--snd");
	audio_sink_destroy(*sink);
	*sink = NULL;
	return -EINVAL;
}

/* Opening a qcow2 image to write it changes it. */
static bool may_be_qcow2(const struct disk_config *d)
{
	return is_format(d, "qcow2") || is_format(d, "auto");
}

int machine_try_backends(const struct machine_config *config, struct loop *loop, struct err *err)
{
	struct audio_source *source = NULL;
	int rc = 0;

	for (size_t i = 0; i < config->n_disks && rc == 0; i++) {
		struct block *block = backend_open_disk(&config->disks[i],
							may_be_qcow2(&config->disks[i]), loop, err);

		rc = block ? 0 : -EINVAL;
		block_destroy(block);
	}
	/* What would make something on the host, an interface or a file, is left alone. */
	if (rc == 0 && config->n_sound && config->sound[0].capture) {
		source = audio_source_open(config->sound[0].capture, err);
		if (!source)
			err_prefix(err, "--snd");
		rc = source ? 0 : -EINVAL;
	}
	audio_source_destroy(source);
	return rc;
}
