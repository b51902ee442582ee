/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "virtio/blk.h"
#include "virtio/input/input.h"
#include "virtio/net/net.h"

#include <errno.h>
#include <string.h>

/* What can be done to single devices from outside. Each device takes its own lock. */

struct device *machine_find_device(const struct machine *m, const char *id)
{
	for (size_t i = 0; i < m->n_devices; i++)
		if (strcmp(m->devices[i]->id, id) == 0)
			return m->devices[i];
	for (size_t i = 0; i < m->n_virtio; i++)
		if (*m->virtio[i].backend_id && strcmp(m->virtio[i].backend_id, id) == 0)
			return &m->virtio[i].vd->dev;
	return NULL;
}

/* The device @id if @is says that it is of the right type, which @what names. */
static struct virtio_device *find(struct machine *m, const char *id,
				  bool (*is)(const struct device *dev), const char *what,
				  struct err *err)
{
	struct device *dev = machine_find_device(m, id);

	if (dev && is(dev))
		return (struct virtio_device *)dev;
	err_set(err, -ENODEV, "Device '%s' is not %s of this machine", id, what);
	return NULL;
}

int machine_block_resize(struct machine *m, const char *id, uint64_t size, struct err *err)
{
	struct virtio_device *vd = find(m, id, virtio_blk_is, "a disk", err);
	json_t *data;
	int rc;

	if (!vd)
		return -ENODEV;
	rc = virtio_blk_resize(vd, size, err);
	if (rc < 0)
		return rc;
	data = json_pack("{s:s, s:I}", "device", vd->dev.id, "size",
			 (json_int_t)virtio_blk_size(vd));
	machine_emit(m, "BLOCK_RESIZED", data);
	json_decref(data);
	return 0;
}

void machine_retry_disks(struct machine *m)
{
	for (size_t i = 0; i < m->n_virtio; i++)
		if (virtio_blk_is(&m->virtio[i].vd->dev))
			virtio_blk_retry(m->virtio[i].vd);
}

int machine_set_link(struct machine *m, const char *id, bool up, struct err *err)
{
	struct virtio_device *vd = find(m, id, virtio_net_is, "a network interface", err);

	if (!vd)
		return -ENODEV;
	virtio_net_set_link(vd, up);
	return 0;
}

int machine_inject(struct machine *m, const char *id, const struct virtio_input_event *events,
		   size_t n, struct err *err)
{
	struct virtio_device *vd = find(m, id, virtio_input_is, "an input device", err);

	return vd ? virtio_input_inject(vd, events, n, err) : -ENODEV;
}

int machine_console_resize(struct machine *m, uint16_t cols, uint16_t rows, struct err *err)
{
	if (!m->console)
		return err_set(err, -ENODEV, "This machine has no console");
	virtio_console_resize(m->console, cols, rows);
	return 0;
}

static struct stream *find_ring(struct machine *m, unsigned int port, struct err *err)
{
	if (port < VIRTIO_CONSOLE_PORTS && m->port_streams[port] &&
	    stream_is_ring(m->port_streams[port]))
		return m->port_streams[port];
	err_set(err, -ENODEV, "Port %u of the console has no ring", port);
	return NULL;
}

ssize_t machine_ring_read(struct machine *m, unsigned int port, void *buf, size_t len,
			  struct err *err)
{
	struct stream *ring = find_ring(m, port, err);

	return ring ? (ssize_t)stream_ring_read(ring, buf, len) : -ENODEV;
}

ssize_t machine_ring_write(struct machine *m, unsigned int port, const void *data, size_t len,
			   struct err *err)
{
	struct stream *ring = find_ring(m, port, err);

	return ring ? (ssize_t)stream_ring_write(ring, data, len) : -ENODEV;
}
