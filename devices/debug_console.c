/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/debug_console.h"

#include <errno.h>
#include <stdlib.h>

#define PRESENT 0xe9U

struct debug_console {
	struct device dev;
	struct debug_console_config config;
	char line[DEBUG_CONSOLE_LINE];
	uint32_t len; /* bytes in line that output has not seen */
	uint64_t bytes;
};

static const struct field debug_console_fields[] = {
	FIELD(struct debug_console, len),
	FIELD_COUNT(struct debug_console, bytes),
};

static void emit(struct debug_console *c)
{
	if (c->config.output)
		c->config.output(c->config.owner, c->line, c->len);
	c->len = 0;
}

static uint64_t debug_console_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)offset;
	(void)size;
	return PRESENT;
}

static void debug_console_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct debug_console *c = owner;

	(void)offset;
	(void)size;
	device_lock(&c->dev);
	c->bytes++;
	if (value == '\n')
		emit(c);
	else
		c->line[c->len++] = (char)value;
	if (c->len == DEBUG_CONSOLE_LINE)
		emit(c);
	device_unlock(&c->dev);
}

static const struct region_ops debug_console_region = {
	.name = "debug-console",
	.sizes = BUS_SIZE_1,
	.read = debug_console_read,
	.write = debug_console_write,
};

static void debug_console_reset(struct device *dev)
{
	struct debug_console *c = (struct debug_console *)dev;

	if (c->len)
		emit(c);
}

static void debug_console_destroy(struct device *dev)
{
	struct debug_console *c = (struct debug_console *)dev;

	bus_del(c->config.pio, c->config.port, &debug_console_region, c);
	debug_console_reset(dev);
	device_fini(dev);
	free(c);
}

static const struct device_ops debug_console_ops = {
	.name = "debug-console",
	.reset = debug_console_reset,
	.destroy = debug_console_destroy,
	.fields = debug_console_fields,
	.n_fields = sizeof(debug_console_fields) / sizeof(debug_console_fields[0]),
};

struct device *debug_console_create(const struct debug_console_config *config, struct err *err)
{
	struct debug_console *c = calloc(1, sizeof(*c));
	struct region region = {.len = 1, .ops = &debug_console_region, .owner = c};

	if (!c) {
		err_set(err, -ENOMEM, "debug-console: out of memory");
		return NULL;
	}
	c->config = *config;
	if (!c->config.port)
		c->config.port = DEBUG_CONSOLE_PORT;
	region.base = c->config.port;
	if (bus_add(config->pio, &region, err) < 0) {
		free(c);
		return NULL;
	}
	device_init(&c->dev, &debug_console_ops, config->id ? config->id : "debug-console");
	return &c->dev;
}
