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
	json_t *data;

	if (!vd)
		return -ENODEV;
	if (virtio_net_link(vd) == up)
		return 0;
	virtio_net_set_link(vd, up);
	data = json_pack("{s:s, s:b}", "device", vd->dev.id, "up", up);
	machine_emit(m, "X_NIC_LINK", data);
	json_decref(data);
	return 0;
}

int machine_inject(struct machine *m, const char *id, const struct virtio_input_event *events,
		   size_t n, struct err *err)
{
	struct virtio_device *vd = find(m, id, virtio_input_is, "an input device", err);

	return vd ? virtio_input_inject(vd, events, n, err) : -ENODEV;
}

/* The input device of @kind, or NULL; there is at most one. */
static struct virtio_device *input_of(const struct machine *m, enum virtio_input_kind kind)
{
	for (size_t i = 0; i < m->n_virtio; i++)
		if (virtio_input_is(&m->virtio[i].vd->dev) &&
		    virtio_input_kind(m->virtio[i].vd) == kind)
			return m->virtio[i].vd;
	return NULL;
}

unsigned int machine_input_kinds(const struct machine *m)
{
	unsigned int kinds = 0;

	for (unsigned int kind = 0; kind < MACHINE_MAX_INPUTS; kind++)
		kinds |= input_of(m, (enum virtio_input_kind)kind) ? 1U << kind : 0;
	return kinds;
}

int machine_input_kind(const struct machine *m, const char *id, struct err *err)
{
	struct virtio_device *vd =
		find((struct machine *)m, id, virtio_input_is, "an input device", err);

	return vd ? (int)virtio_input_kind(vd) : -ENODEV;
}

int machine_inject_all(struct machine *m, const struct machine_batches *batches, struct err *err)
{
	static const char *const names[] = {"keyboard", "mouse", "tablet"};
	struct virtio_device *vds[MACHINE_MAX_INPUTS];
	int rc = 0;

	/* Only this thread injects, so what is right now is right when it is done. */
	for (unsigned int kind = 0; kind < MACHINE_MAX_INPUTS; kind++) {
		vds[kind] = input_of(m, (enum virtio_input_kind)kind);
		if (!batches->of[kind].n)
			continue;
		if (!vds[kind])
			return err_set(err, -ENODEV, "This machine has no %s", names[kind]);
		rc = virtio_input_check(vds[kind], batches->of[kind].events, batches->of[kind].n,
					err);
		if (rc < 0)
			return rc;
	}
	for (unsigned int kind = 0; kind < MACHINE_MAX_INPUTS && rc == 0; kind++)
		if (batches->of[kind].n)
			rc = virtio_input_inject(vds[kind], batches->of[kind].events,
						 batches->of[kind].n, err);
	return rc;
}

static int not_ram(uint64_t gpa, size_t len, struct err *err)
{
	return err_set(err, -EFAULT, "%zu bytes at 0x%llx are not all RAM", len,
		       (unsigned long long)gpa);
}

int machine_memory_read(const struct machine *m, uint64_t gpa, void *buf, size_t len,
			struct err *err)
{
	return guest_mem_read(m->mem, gpa, buf, len) < 0 ? not_ram(gpa, len, err) : 0;
}

int machine_memory_write(struct machine *m, uint64_t gpa, const void *buf, size_t len,
			 struct err *err)
{
	if (!guest_mem_contains(m->mem, gpa, len) || guest_mem_write(m->mem, gpa, buf, len) < 0)
		return not_ram(gpa, len, err);
	return 0;
}

_Static_assert(MACHINE_MAX_RANGES >= GUEST_MEM_REGIONS, "room for every region");

size_t machine_memory_ranges(const struct machine *m,
			     struct machine_range ranges[MACHINE_MAX_RANGES])
{
	const struct guest_mem_region *regions;
	size_t n;

	regions = guest_mem_regions(m->mem, &n);
	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct machine_range){regions[i].base, regions[i].size};
	return n;
}

const struct machine_config *machine_config_of(const struct machine *m)
{
	return m->config;
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
