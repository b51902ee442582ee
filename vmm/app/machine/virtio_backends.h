/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_VIRTIO_BACKENDS_H
#define VISE_APP_VIRTIO_BACKENDS_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/loop.h"
#include "vmm/host/audio/audio.h"
#include "vmm/host/block/block.h"
#include "vmm/host/net/net.h"

/* What devices stand on, opened as the configuration says. Each returns NULL, or a negative errno,
 * and one line that begins with the option. */

/* @look_only: for reading, whatever the guest may do. */
struct block *backend_open_disk(const struct disk_config *d, bool look_only, struct loop *loop,
				struct err *err);
struct net *backend_open_nic(const struct nic_config *nic, struct loop *loop, struct err *err);

/* Both, or neither. */
MUST_CHECK int backend_open_audio(const struct sound_config *s, struct audio_sink **sink,
				  struct audio_source **source, struct err *err);

#endif
