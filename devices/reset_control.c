/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/reset_control.h"

#include "devices/region_list.h"

#include <errno.h>
#include <stdlib.h>

enum {
	RCR_PORT = 0xcf9,
	RCR_HARD = 1U << 1,  /* hard rather than soft reset */
	RCR_RESET = 1U << 2, /* resets when it changes from 0 to 1 */
	RCR_MASK = RCR_HARD | RCR_RESET,

	PORT_A = 0x92,
	PORT_A_RESET = 1U << 0, /* resets when it changes from 0 to 1 */
	PORT_A_A20 = 1U << 1,
};

#define N_REGIONS 2

struct reset_control {
	struct device dev;
	struct reset_control_config config;
	struct region regions[N_REGIONS];

	uint8_t rcr;
	bool port_a_reset; /* bit 0 of port 92h as last written */
	uint64_t resets;
};

static const struct field reset_control_fields[] = {
	FIELD(struct reset_control, rcr),
	FIELD(struct reset_control, port_a_reset),
	FIELD_COUNT(struct reset_control, resets),
};

static void request(struct reset_control *rc, const char *source)
{
	rc->resets++;
	power_request(&rc->config.power, POWER_RESET, 0, source);
}

static uint64_t rcr_read(void *owner, uint64_t offset, unsigned int size)
{
	struct reset_control *rc = owner;
	uint64_t value;

	(void)offset;
	(void)size;
	device_lock(&rc->dev);
	value = rc->rcr;
	device_unlock(&rc->dev);
	return value;
}

static void rcr_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct reset_control *rc = owner;

	(void)offset;
	(void)size;
	device_lock(&rc->dev);
	if (value & ~(uint64_t)rc->rcr & RCR_RESET)
		request(rc, "cf9");
	rc->rcr = value & RCR_MASK;
	device_unlock(&rc->dev);
}

static uint64_t port_a_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)offset;
	(void)size;
	return PORT_A_A20;
}

static void port_a_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct reset_control *rc = owner;
	bool level = value & PORT_A_RESET;

	(void)offset;
	(void)size;
	device_lock(&rc->dev);
	if (level && !rc->port_a_reset)
		request(rc, "port92");
	rc->port_a_reset = level;
	device_unlock(&rc->dev);
}

static const struct region_ops rcr_ops = {
	.name = "reset-control", .sizes = BUS_SIZE_1, .read = rcr_read, .write = rcr_write};
static const struct region_ops port_a_ops = {
	.name = "port92", .sizes = BUS_SIZE_1, .read = port_a_read, .write = port_a_write};

static void reset_control_reset(struct device *dev)
{
	struct reset_control *rc = (struct reset_control *)dev;

	rc->rcr = 0;
	rc->port_a_reset = false;
}

static void reset_control_destroy(struct device *dev)
{
	struct reset_control *rc = (struct reset_control *)dev;

	region_list_del(rc->config.pio, rc->regions, N_REGIONS);
	device_fini(dev);
	free(rc);
}

static const struct device_ops reset_control_ops = {
	.name = "reset-control",
	.reset = reset_control_reset,
	.destroy = reset_control_destroy,
	.fields = reset_control_fields,
	.n_fields = sizeof(reset_control_fields) / sizeof(reset_control_fields[0]),
};

struct device *reset_control_create(const struct reset_control_config *config, struct err *err)
{
	struct reset_control *rc = calloc(1, sizeof(*rc));

	if (!rc) {
		err_set(err, -ENOMEM, "reset-control: out of memory");
		return NULL;
	}
	rc->config = *config;
	rc->regions[0] = (struct region){RCR_PORT, 1, &rcr_ops, rc};
	rc->regions[1] = (struct region){PORT_A, 1, &port_a_ops, rc};
	if (region_list_add(config->pio, rc->regions, N_REGIONS, err) < 0) {
		free(rc);
		return NULL;
	}
	device_init(&rc->dev, &reset_control_ops, config->id ? config->id : "reset-control");
	return &rc->dev;
}
