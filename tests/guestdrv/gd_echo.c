/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_echo.h"

#include <stdlib.h>
#include <string.h>

#define ECHO_MAX 4096U

struct gd_echo {
	struct virtio_device vd; /* first */
	struct virtio_device_ops ops;
	uint16_t sizes[GD_ECHO_QUEUES];
	uint64_t features;
	uint8_t config[GD_ECHO_CONFIG_SIZE];
	struct virtq_chain chain;
	unsigned int served[GD_ECHO_QUEUES];
	unsigned int passes;
	bool idle;
};

static uint64_t echo_features(const struct virtio_device *vd)
{
	return ((const struct gd_echo *)vd)->features;
}

static void echo_config_read(const struct virtio_device *vd, uint32_t offset, void *buf,
			     uint32_t len)
{
	const struct gd_echo *echo = (const struct gd_echo *)vd;

	virtio_config_copy(echo->config, sizeof(echo->config), offset, buf, len);
}

static void echo_config_write(struct virtio_device *vd, uint32_t offset, const void *buf,
			      uint32_t len)
{
	struct gd_echo *echo = (struct gd_echo *)vd;

	if (offset <= sizeof(echo->config) && len <= sizeof(echo->config) - offset)
		memcpy(echo->config + offset, buf, len);
}

/* Copies up to ECHO_MAX readable bytes into the writable ones; how many. */
static uint32_t echo_chain(const struct gd_echo *echo)
{
	const struct virtq_chain *c = &echo->chain;
	uint8_t bytes[ECHO_MAX];
	uint32_t have = 0;
	uint32_t given = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct virtq_seg *s = &c->segs[i];
		uint32_t part = s->len;

		if (s->writable) {
			if (part > have - given)
				part = have - given;
			if (virtq_segs_write(echo->vd.mem, s, 1, 0, bytes + given, part) < 0)
				return given;
			given += part;
		} else {
			if (part > ECHO_MAX - have)
				part = ECHO_MAX - have;
			if (virtq_segs_read(echo->vd.mem, s, 1, 0, bytes + have, part) < 0)
				return given;
			have += part;
		}
	}
	return given;
}

static bool echo_serve(struct virtio_device *vd, uint16_t q)
{
	struct gd_echo *echo = (struct gd_echo *)vd;
	unsigned int budget = vd->queues[q].size;

	echo->passes++;
	if (echo->idle) {
		virtio_queue_done(vd, q);
		return false;
	}
	while (virtq_pop(&vd->queues[q], &echo->chain, &budget)) {
		echo->served[q]++;
		virtq_complete(&vd->queues[q], echo->chain.head, echo->chain.generation,
			       echo_chain(echo));
	}
	virtio_queue_done(vd, q);
	return virtq_has_more(&vd->queues[q]);
}

static void echo_destroy(struct device *dev)
{
	struct gd_echo *echo = (struct gd_echo *)dev;

	virtio_device_fini(&echo->vd);
	virtq_chain_fini(&echo->chain);
	free(echo);
}

struct virtio_device *gd_echo_create(struct gd_machine *m, const struct gd_echo_config *config)
{
	struct virtq largest = {.size = GD_QUEUE_MAX};
	struct gd_echo *echo = calloc(1, sizeof(*echo));

	if (!echo || config->n_queues > GD_ECHO_QUEUES)
		gd_die("echo", "cannot be made");
	memcpy(echo->sizes, config->sizes, sizeof(echo->sizes));
	echo->features = config->features;
	echo->ops = (struct virtio_device_ops){
		.device = {.name = "gd-echo",
			   .reset = virtio_device_reset,
			   .destroy = echo_destroy},
		.id = config->virtio_id,
		.queue_sizes = echo->sizes,
		.n_queues = config->n_queues,
		.features = echo_features,
		.config_read = echo_config_read,
		.config_write = echo_config_write,
		.serve = echo_serve,
	};
	if (virtio_device_init(&echo->vd, &echo->ops, config->id, m->mem) < 0 ||
	    virtq_chain_init(&echo->chain, &largest) < 0)
		gd_die("echo", "out of memory");
	return &echo->vd;
}

unsigned int gd_echo_served(const struct virtio_device *vd, uint16_t q)
{
	return ((const struct gd_echo *)vd)->served[q];
}

unsigned int gd_echo_passes(const struct virtio_device *vd)
{
	return ((const struct gd_echo *)vd)->passes;
}

void gd_echo_idle(struct virtio_device *vd, bool idle)
{
	struct gd_echo *echo = (struct gd_echo *)vd;

	device_lock(&vd->dev);
	echo->idle = idle;
	for (uint16_t q = 0; !idle && q < vd->n_queues; q++)
		vd->transport->rearm(vd->transport_owner, q);
	device_unlock(&vd->dev);
}

void gd_echo_config(struct virtio_device *vd, unsigned int i, uint8_t byte)
{
	device_lock(&vd->dev);
	((struct gd_echo *)vd)->config[i] = byte;
	virtio_config_changed(vd);
	device_unlock(&vd->dev);
}
