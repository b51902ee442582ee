/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtio_pci.h"

#include "virtio/virtio_pci_internal.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * The life of a virtio device's PCI function: interrupts, doorbells, resets.
 *
 * A doorbell only signals the queue's eventfd, whether it comes as an ioeventfd or as an exit; the
 * loop serves the queue. So a queue is served on one thread, and a doorbell costs the vCPU nothing
 * but the write.
 */

void vp_kick(const struct vp_queue *q)
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
			vp_kick(&vp->queues[i]);
}

static void serve(struct vp_queue *q)
{
	struct virtio_pci *vp = q->vp;
	struct virtio_device *vd = vp->vd;
	struct virtq *vq = &vd->queues[q->index];

	if (!vq->enabled)
		return;
	q->kicked = !pci_function_is_master(&vp->fn);
	if (q->kicked)
		return;
	TRACE2(virtio_kick, vd->dev.id, q->index);
	/* With event indices the driver is left unasked for a doorbell as long as the loop is awake
	 * and looks at the ring itself. */
	vq->watched = vq->event_idx;
	/* Only what this pass finds counts: a device that takes nothing now says itself when it
	 * can. */
	vq->found_empty = false;
	if (vd->ops->serve(vd, q->index))
		vp_kick(q);
	vq->watched = false;
	if (vq->found_empty)
		loop_look_for(q->vp->loop, &q->look);
}

static bool look_at_ring(void *arg)
{
	const struct vp_queue *q = arg;
	const struct virtio_device *vd = q->vp->vd;
	const struct virtq *vq = &vd->queues[q->index];
	bool seen;

	device_lock(&q->vp->vd->dev);
	seen = vq->found_empty && !vq->held && virtq_slots_waiting(vq);
	device_unlock(&q->vp->vd->dev);
	return seen;
}

static bool arm_ring(void *arg)
{
	const struct vp_queue *q = arg;
	struct virtio_device *vd = q->vp->vd;
	struct virtq *vq = &vd->queues[q->index];
	bool seen;

	device_lock(&vd->dev);
	seen = vq->found_empty && virtq_arm(vq);
	device_unlock(&vd->dev);
	return seen;
}

static void serve_seen(void *arg)
{
	struct vp_queue *q = arg;

	device_lock(&q->vp->vd->dev);
	serve(q);
	device_unlock(&q->vp->vd->dev);
}

/* The eventfd is watched edge-triggered and never read: each signal is one more edge. */
static void on_kick(void *arg, unsigned int events)
{
	(void)events;
	serve_seen(arg);
}

void vp_update_doorbells(struct virtio_pci *vp)
{
	const struct doorbell *d = &vp->doorbell;
	uint64_t bar = vp->vd->legacy ? PCI_BAR_UNMAPPED : vp->fn.bars[vp->bar].mapped;

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
	vd->legacy = false;
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

	vp_kick(&vp->queues[q]);
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

static void config_written(struct pci_function *fn, unsigned int offset, unsigned int size)
{
	struct virtio_pci *vp = (struct virtio_pci *)fn;

	if (!vp->msix.n || offset + size <= VP_MSIX_CAP ||
	    offset >= VP_MSIX_CAP + PCI_MSIX_CAP_SIZE)
		return;
	msix_config_written(&vp->msix);
	vp_update_line(vp);
}

/* No device may write to rings without bus mastering, be it only to ask for a notification. */
static void hold_queues(struct virtio_pci *vp)
{
	for (uint16_t i = 0; i < vp->vd->n_queues; i++)
		vp->vd->queues[i].held = !pci_function_is_master(&vp->fn);
}

static void mapping_changed(struct pci_function *fn)
{
	struct virtio_pci *vp = (struct virtio_pci *)fn;

	vp_update_doorbells(vp);
	hold_queues(vp);
	if (!pci_function_is_master(fn))
		return;
	if (vp->msix.n)
		msix_config_written(&vp->msix);
	/* Under event indices the driver may have had no reason to ring: the queue is looked at. */
	for (uint16_t i = 0; i < vp->vd->n_queues; i++)
		if (vp->queues[i].kicked || vp->vd->queues[i].event_idx)
			vp_kick(&vp->queues[i]);
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
		loop_look_away(vp->loop, &vp->queues[i].look);
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

		q->look = (struct loop_look){
			.look = look_at_ring, .rest = arm_ring, .serve = serve_seen, .arg = q};
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

static int init_transport(struct virtio_pci *vp, const struct virtio_pci_config *config,
			  struct err *err)
{
	struct virtio_device *vd = vp->vd;
	int rc = vp_init_function(vp, &vp_function_ops, config, err);

	if (rc < 0)
		return rc;
	vd->offered = vd->ops->features(vd) | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC;
	if (config->event_idx)
		vd->offered |= VIRTIO_F_EVENT_IDX;
	rc = init_queues(vp, err);
	if (rc < 0)
		return rc;
	hold_queues(vp);
	if (config->vectors > MSIX_MAX_VECTORS)
		return err_set(err, -EINVAL, "%s: %u MSI-X vectors, at most %u", vd->dev.id,
			       config->vectors, MSIX_MAX_VECTORS);
	if (config->vectors && msix_init(&vp->msix, &vp->fn, VP_MSIX_CAP, config->vectors, vp->bar,
					 VIRTIO_PCI_MSIX, config->msi) < 0)
		return err_set(err, -ENOMEM, "%s: out of memory", vd->dev.id);
	return pci_bus_add(config->bus, &vp->fn, config->devfn, err);
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
	rc = init_transport(vp, config, err);
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
