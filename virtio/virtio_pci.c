/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtio_pci.h"

#include "virtio/virtio_pci_internal.h"
#include "vmm/core/le.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * The PCI function of a virtio device: identity and capabilities, the windows of BAR 0, interrupts
 * and doorbells.
 *
 * A doorbell only signals the queue's eventfd, whether it comes as an ioeventfd or as an exit; the
 * loop serves the queue. So a queue is served on one thread, and a doorbell costs the vCPU nothing
 * but the write.
 */

/* Contract section 1: what PCI says of each device type. */
struct vp_identity {
	uint16_t id, subsystem;
	uint8_t class_base, class_sub;
};

/* clang-format off */
static const struct vp_identity identities[] = {
	{VIRTIO_ID_NET,     0x0001, 0x02, 0x00},
	{VIRTIO_ID_BLOCK,   0x0002, 0x01, 0x00},
	{VIRTIO_ID_CONSOLE, 0x0003, 0x07, 0x80},
	{VIRTIO_ID_INPUT,   0x0010, 0x09, 0x80},
	{VIRTIO_ID_SOUND,   0x0019, 0x04, 0x01},
};

struct vp_window {
	uint8_t cap, cap_size, type;
	uint32_t offset, length;
};

/* The chain that every Windows 7 driver is known to accept. */
static const struct vp_window windows[] = {
	{0x40, 16, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_COMMON, 0x100},
	{0x50, 20, VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_PCI_NOTIFY, 0x100},
	{0x64, 16, VIRTIO_PCI_CAP_ISR_CFG,    VIRTIO_PCI_ISR,    0x020},
	{0x74, 16, VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_PCI_DEVICE, 0x100},
};
/* clang-format on */

#define VP_MSIX_CAP	     0x84U
#define VP_NOTIFY_MULTIPLIER 4U

static void kick(const struct vp_queue *q)
{
	uint64_t one = 1;

	/* Fails only when the counter is full: then the loop is about to run anyway. */
	if (write(q->kick_fd, &one, sizeof(one)) < 0)
		return;
}

void vp_kick_waiting(struct virtio_pci *vp)
{
	for (uint16_t i = 0; i < vp->vd->n_queues; i++)
		if (virtq_has_more(&vp->vd->queues[i]))
			kick(&vp->queues[i]);
}

static void serve(struct vp_queue *q)
{
	struct virtio_pci *vp = q->vp;
	struct virtio_device *vd = vp->vd;

	if (!vd->queues[q->index].enabled)
		return;
	q->kicked = !pci_function_is_master(&vp->fn);
	if (q->kicked)
		return;
	TRACE2(virtio_kick, vd->dev.id, q->index);
	if (vd->ops->serve(vd, q->index))
		kick(q);
}

/* The eventfd is watched edge-triggered and never read: each signal is one more edge. */
static void on_kick(void *arg, unsigned int events)
{
	struct vp_queue *q = arg;

	(void)events;
	device_lock(&q->vp->vd->dev);
	serve(q);
	device_unlock(&q->vp->vd->dev);
}

void vp_update_doorbells(struct virtio_pci *vp)
{
	const struct doorbell *d = &vp->doorbell;
	uint64_t bar = vp->fn.bars[0].mapped;

	if (!d->ops)
		return;
	for (uint16_t i = 0; i < vp->vd->n_queues; i++) {
		struct vp_queue *q = &vp->queues[i];
		uint64_t wanted = PCI_BAR_UNMAPPED;

		if (bar != PCI_BAR_UNMAPPED && vp->vd->queues[i].enabled)
			wanted = bar + VIRTIO_PCI_NOTIFY + (uint64_t)VP_NOTIFY_MULTIPLIER * i;
		if (wanted == q->doorbell_at)
			continue;
		if (q->doorbell_at != PCI_BAR_UNMAPPED)
			d->ops->detach(d->owner, q->doorbell_at, q->kick_fd);
		q->doorbell_at = PCI_BAR_UNMAPPED;
		if (wanted != PCI_BAR_UNMAPPED && d->ops->attach(d->owner, wanted, q->kick_fd) == 0)
			q->doorbell_at = wanted;
	}
}

void vp_update_line(struct virtio_pci *vp)
{
	pci_function_set_intx(&vp->fn, vp->isr && !msix_enabled(&vp->msix));
}

void vp_virtio_reset(struct virtio_pci *vp)
{
	struct virtio_device *vd = vp->vd;

	for (uint16_t i = 0; i < vd->n_queues; i++) {
		struct vp_queue *q = &vp->queues[i];

		virtq_disable(&vd->queues[i]);
		q->desc = q->avail = q->used = 0;
		q->vector = VIRTIO_MSI_NO_VECTOR;
		q->kicked = false;
	}
	vp_update_doorbells(vp);
	vp->device_feature_select = 0;
	vp->driver_feature_select = 0;
	vp->driver_feature[0] = vp->driver_feature[1] = 0;
	vp->msix_config = VIRTIO_MSI_NO_VECTOR;
	vp->queue_select = 0;
	vp->status = 0;
	vp->isr = 0;
	msix_clear_pending(&vp->msix);
	vp_update_line(vp);
	vd->negotiated = 0;
	vd->config_generation = 0;
	vd->driver_ok = false;
	if (vd->ops->reset)
		vd->ops->reset(vd);
}

static void raise_interrupt(struct virtio_pci *vp, uint8_t cause, uint16_t vector)
{
	vp->isr |= cause;
	if (msix_enabled(&vp->msix))
		msix_notify(&vp->msix, vector);
	else
		vp_update_line(vp);
}

static void vp_queue_interrupt(void *transport, uint16_t q)
{
	struct virtio_pci *vp = transport;

	raise_interrupt(vp, VIRTIO_ISR_QUEUE, vp->queues[q].vector);
}

static void vp_config_interrupt(void *transport)
{
	struct virtio_pci *vp = transport;

	raise_interrupt(vp, VIRTIO_ISR_CONFIG, vp->msix_config);
}

static void vp_rearm(void *transport, uint16_t q)
{
	struct virtio_pci *vp = transport;

	kick(&vp->queues[q]);
}

static bool vp_may_dma(void *transport)
{
	const struct virtio_pci *vp = transport;

	return pci_function_is_master(&vp->fn);
}

static void vp_reset(void *transport)
{
	struct virtio_pci *vp = transport;

	vp_virtio_reset(vp);
	msix_reset(&vp->msix);
	pci_function_reset(&vp->fn);
}

static uint64_t isr_read(struct virtio_pci *vp)
{
	uint8_t cause = vp->isr;

	vp->isr = 0;
	vp_update_line(vp);
	return cause;
}

static uint64_t device_config_read(struct virtio_pci *vp, uint32_t offset, unsigned int size)
{
	uint8_t out[8] = {0};
	uint32_t len = offset + size <= 0x100 ? size : 0x100 - offset;

	vp->vd->ops->config_read(vp->vd, offset, out, len);
	return ld_le64(out);
}

static uint64_t bar_read(void *owner, uint64_t offset, unsigned int size)
{
	struct virtio_pci *vp = owner;
	uint64_t value = 0;

	device_lock(&vp->vd->dev);
	if (offset < VP_COMMON_SIZE)
		value = vp_common_read(vp, (uint32_t)offset, size);
	else if (offset == VIRTIO_PCI_ISR)
		value = isr_read(vp);
	else if (offset >= VIRTIO_PCI_DEVICE && offset < VIRTIO_PCI_DEVICE + 0x100)
		value = device_config_read(vp, (uint32_t)offset - VIRTIO_PCI_DEVICE, size);
	else if (msix_claims(&vp->msix, offset))
		value = msix_read(&vp->msix, offset, size);
	device_unlock(&vp->vd->dev);
	return value;
}

static void notify_write(struct virtio_pci *vp, uint32_t offset, unsigned int size)
{
	uint32_t q = offset / VP_NOTIFY_MULTIPLIER;

	if (offset % VP_NOTIFY_MULTIPLIER == 0 && q < vp->vd->n_queues && (size == 2 || size == 4))
		kick(&vp->queues[q]);
}

static void device_config_write(struct virtio_pci *vp, uint32_t offset, unsigned int size,
				uint64_t value)
{
	uint8_t bytes[8];

	st_le64(bytes, value);
	if (vp->vd->ops->config_write && offset + size <= 0x100)
		vp->vd->ops->config_write(vp->vd, offset, bytes, size);
}

static void bar_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct virtio_pci *vp = owner;

	device_lock(&vp->vd->dev);
	if (offset < VP_COMMON_SIZE)
		vp_common_write(vp, (uint32_t)offset, size, value);
	else if (offset >= VIRTIO_PCI_NOTIFY && offset < VIRTIO_PCI_NOTIFY + 0x100)
		notify_write(vp, (uint32_t)offset - VIRTIO_PCI_NOTIFY, size);
	else if (offset >= VIRTIO_PCI_DEVICE && offset < VIRTIO_PCI_DEVICE + 0x100)
		device_config_write(vp, (uint32_t)offset - VIRTIO_PCI_DEVICE, size, value);
	else if (msix_claims(&vp->msix, offset))
		msix_write(&vp->msix, offset, size, value);
	device_unlock(&vp->vd->dev);
}

static const struct region_ops bar_ops = {
	.name = "virtio-pci",
	.sizes = BUS_SIZE_ANY,
	.unaligned = true,
	.read = bar_read,
	.write = bar_write,
};

static void config_written(struct pci_function *fn, unsigned int offset, unsigned int size)
{
	struct virtio_pci *vp = (struct virtio_pci *)fn;

	if (!vp->msix.n || offset + size <= VP_MSIX_CAP ||
	    offset >= VP_MSIX_CAP + PCI_MSIX_CAP_SIZE)
		return;
	msix_config_written(&vp->msix);
	vp_update_line(vp);
}

static void mapping_changed(struct pci_function *fn)
{
	struct virtio_pci *vp = (struct virtio_pci *)fn;

	vp_update_doorbells(vp);
	if (!pci_function_is_master(fn))
		return;
	if (vp->msix.n)
		msix_config_written(&vp->msix);
	for (uint16_t i = 0; i < vp->vd->n_queues; i++)
		if (vp->queues[i].kicked)
			kick(&vp->queues[i]);
}

static const struct pci_function_ops vp_function_ops = {
	.config_written = config_written,
	.mapping_changed = mapping_changed,
};

static void vp_destroy(void *transport)
{
	struct virtio_pci *vp = transport;
	uint16_t n = vp->vd->n_queues;

	for (uint16_t i = 0; vp->queues && i < n; i++)
		virtq_disable(&vp->vd->queues[i]);
	if (vp->queues)
		vp_update_doorbells(vp);
	pci_bus_del(&vp->fn);
	msix_fini(&vp->msix);
	for (uint16_t i = 0; vp->queues && i < n; i++) {
		loop_del_fd(vp->queues[i].watch);
		if (vp->queues[i].kick_fd >= 0)
			close(vp->queues[i].kick_fd);
	}
	free(vp->queues);
	vp->vd->transport = NULL;
	free(vp);
}

static const struct virtio_transport_ops vp_transport_ops = {
	.queue_interrupt = vp_queue_interrupt,
	.config_interrupt = vp_config_interrupt,
	.rearm = vp_rearm,
	.may_dma = vp_may_dma,
	.reset = vp_reset,
	.destroy = vp_destroy,
};

static void add_capabilities(struct virtio_pci *vp)
{
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		const struct vp_window *w = &windows[i];
		uint8_t *c = vp->fn.config + w->cap;

		pci_function_add_cap(&vp->fn, PCI_CAP_ID_VENDOR, w->cap, w->cap_size);
		c[2] = w->cap_size;
		c[3] = w->type;
		st_le32(c + 8, w->offset);
		st_le32(c + 12, w->length);
		if (w->type == VIRTIO_PCI_CAP_NOTIFY_CFG)
			st_le32(c + 16, VP_NOTIFY_MULTIPLIER);
	}
}

static void init_function(struct virtio_pci *vp, uint16_t subsystem)
{
	struct pci_identity id = {
		.vendor = VIRTIO_PCI_VENDOR,
		.device = (uint16_t)(VIRTIO_PCI_DEVICE_BASE + vp->vd->ops->id),
		.revision = 1,
		.subsystem_vendor = VIRTIO_PCI_VENDOR,
		.subsystem = subsystem,
		.class_base = 0xff,
		.interrupt_pin = 1,
	};

	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		if (identities[i].id != vp->vd->ops->id)
			continue;
		id.class_base = identities[i].class_base;
		id.class_sub = identities[i].class_sub;
		if (!subsystem)
			id.subsystem = identities[i].subsystem;
	}
	pci_function_init(&vp->fn, &vp->vd->dev, &vp_function_ops, &id);
	pci_function_add_bar(&vp->fn, 0, PCI_BAR_MEM64, VIRTIO_PCI_BAR_SIZE, &bar_ops, vp);
	add_capabilities(vp);
}

static int init_queues(struct virtio_pci *vp, struct err *err)
{
	uint16_t n = vp->vd->n_queues;

	vp->queues = calloc(n, sizeof(*vp->queues));
	if (!vp->queues)
		return err_set(err, -ENOMEM, "%s: out of memory", vp->vd->dev.id);
	for (uint16_t i = 0; i < n; i++) {
		vp->queues[i] = (struct vp_queue){
			.vp = vp,
			.index = i,
			.vector = VIRTIO_MSI_NO_VECTOR,
			.kick_fd = -1,
			.doorbell_at = PCI_BAR_UNMAPPED,
		};
	}
	for (uint16_t i = 0; i < n; i++) {
		struct vp_queue *q = &vp->queues[i];

		q->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (q->kick_fd < 0)
			return err_set_errno(err, errno, "%s: eventfd", vp->vd->dev.id);
		q->watch = loop_add_fd(vp->loop, q->kick_fd, LOOP_READ | LOOP_EDGE | LOOP_BUSY,
				       on_kick, q, err);
		if (!q->watch)
			return -ENOMEM;
	}
	return 0;
}

int virtio_pci_attach(struct virtio_device *vd, const struct virtio_pci_config *config,
		      struct err *err)
{
	struct virtio_pci *vp = calloc(1, sizeof(*vp));
	int rc;

	if (!vp)
		return err_set(err, -ENOMEM, "%s: out of memory", vd->dev.id);
	vp->vd = vd;
	vp->loop = config->loop;
	vp->doorbell = config->doorbell;
	vp->msix_config = VIRTIO_MSI_NO_VECTOR;
	init_function(vp, config->subsystem);
	vd->offered = vd->ops->features(vd) | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC;
	rc = init_queues(vp, err);
	if (rc == 0 && config->vectors > MSIX_MAX_VECTORS)
		rc = err_set(err, -EINVAL, "%s: %u MSI-X vectors, at most %u", vd->dev.id,
			     config->vectors, MSIX_MAX_VECTORS);
	if (rc == 0 && config->vectors)
		rc = msix_init(&vp->msix, &vp->fn, VP_MSIX_CAP, config->vectors, VIRTIO_PCI_MSIX,
			       config->msi);
	if (rc == 0)
		rc = pci_bus_add(config->bus, &vp->fn, config->devfn, err);
	if (rc < 0) {
		vp_destroy(vp);
		return rc;
	}
	vd->transport = &vp_transport_ops;
	vd->transport_owner = vp;
	return 0;
}

const struct pci_function *virtio_pci_function(const struct virtio_device *vd)
{
	return &((const struct virtio_pci *)vd->transport_owner)->fn;
}
