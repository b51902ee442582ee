/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/debug_exit.h"

#include <errno.h>
#include <stdlib.h>

struct debug_exit {
	struct device dev;
	struct debug_exit_config config;
	uint64_t writes;
};

static const struct field debug_exit_fields[] = {FIELD_COUNT(struct debug_exit, writes)};

static void debug_exit_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct debug_exit *d = owner;

	(void)size;
	if (offset != 0)
		return;
	device_lock(&d->dev);
	d->writes++;
	power_request(&d->config.power, POWER_DEBUG_EXIT, (unsigned int)value, "isa-debug-exit");
	device_unlock(&d->dev);
}

static const struct region_ops debug_exit_region = {
	.name = "isa-debug-exit",
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.write = debug_exit_write,
};

static void debug_exit_reset(struct device *dev)
{
	(void)dev; /* has no state */
}

static void debug_exit_destroy(struct device *dev)
{
	struct debug_exit *d = (struct debug_exit *)dev;

	bus_del(d->config.pio, d->config.port, &debug_exit_region, d);
	device_fini(dev);
	free(d);
}

static const struct device_ops debug_exit_ops = {
	.name = "isa-debug-exit",
	.reset = debug_exit_reset,
	.destroy = debug_exit_destroy,
	.fields = debug_exit_fields,
	.n_fields = sizeof(debug_exit_fields) / sizeof(debug_exit_fields[0]),
};

struct device *debug_exit_create(const struct debug_exit_config *config, struct err *err)
{
	struct debug_exit *d = calloc(1, sizeof(*d));
	struct region region = {.len = 4, .ops = &debug_exit_region, .owner = d};

	if (!d) {
		err_set(err, -ENOMEM, "isa-debug-exit: out of memory");
		return NULL;
	}
	d->config = *config;
	if (!d->config.port)
		d->config.port = DEBUG_EXIT_PORT;
	region.base = d->config.port;
	if (bus_add(config->pio, &region, err) < 0) {
		free(d);
		return NULL;
	}
	device_init(&d->dev, &debug_exit_ops, config->id ? config->id : "debug-exit");
	return &d->dev;
}
