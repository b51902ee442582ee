/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/acpi_pm.h"

#include "devices/device_timer.h"
#include "devices/region_list.h"
#include "devices/ticks.h"

#include <errno.h>
#include <stdlib.h>

enum { /* PM1_STS and PM1_EN (4.8.3.1), PM1_CNT (4.8.3.2) */
       PM1_TMR = 1U << 0,
       PM1_GBL = 1U << 5,
       PM1_PWRBTN = 1U << 8,
       PM1_SLPBTN = 1U << 9,
       PM1_RTC = 1U << 10,
       PM1_EN_MASK = PM1_TMR | PM1_GBL | PM1_PWRBTN | PM1_SLPBTN | PM1_RTC,

       PM1_SCI_EN = 1U << 0,
       PM1_BM_RLD = 1U << 1,
       PM1_SLP_TYP_SHIFT = 10,
       PM1_SLP_TYP = 7U << PM1_SLP_TYP_SHIFT,
       PM1_SLP_EN = 1U << 13,
       PM1_CNT_MASK = PM1_BM_RLD | PM1_SLP_TYP,
};

#define CARRY_BIT 31U /* of the timer; its change sets PM1_TMR */
#define N_REGIONS 4

struct acpi_pm {
	struct device dev;
	struct acpi_pm_config config;
	struct region regions[N_REGIONS];
	struct device_timer *timer;

	uint64_t base_ns; /* when the PM timer stood at 0: creation or the last reset */
	uint64_t carries; /* changes of the carry bit that PM1_TMR has seen */
	uint16_t status;
	uint16_t enable;
	uint16_t control;
	uint16_t gpe_enable;
	bool sci;

	uint64_t sci_count;
	uint64_t button_presses;
};

static const struct field acpi_pm_fields[] = {
	FIELD(struct acpi_pm, carries),		FIELD(struct acpi_pm, status),
	FIELD(struct acpi_pm, enable),		FIELD(struct acpi_pm, control),
	FIELD(struct acpi_pm, gpe_enable),	FIELD(struct acpi_pm, sci),
	FIELD_COUNT(struct acpi_pm, sci_count), FIELD_COUNT(struct acpi_pm, button_presses),
};

static uint64_t timer_ticks(const struct acpi_pm *pm)
{
	return ticks_from_ns(clock_monotonic_ns(&pm->config.clock) - pm->base_ns, ACPI_PM_TIMER_HZ);
}

/* Brings the carry up to date, then the SCI, then the timer that would change them next. */
static void update(struct acpi_pm *pm)
{
	uint64_t carries = timer_ticks(pm) >> CARRY_BIT;
	uint64_t next = 0;
	bool level;

	if (carries != pm->carries) {
		pm->carries = carries;
		pm->status |= PM1_TMR;
	}
	level = pm->status & pm->enable;
	if (level != pm->sci) {
		pm->sci = level;
		pm->sci_count += level;
		irq_line_set(&pm->config.sci, level);
	}
	if (pm->enable & ~pm->status & PM1_TMR)
		next = pm->base_ns + ticks_to_ns((pm->carries + 1) << CARRY_BIT, ACPI_PM_TIMER_HZ);
	device_timer_set(pm->timer, next);
}

static void on_timer(void *arg)
{
	struct acpi_pm *pm = arg;

	device_lock(&pm->dev);
	update(pm);
	device_unlock(&pm->dev);
}

void acpi_pm_press_power_button(struct device *dev)
{
	struct acpi_pm *pm = (struct acpi_pm *)dev;

	device_lock(dev);
	pm->status |= PM1_PWRBTN;
	pm->button_presses++;
	update(pm);
	device_unlock(dev);
}

static uint64_t evt_read(void *owner, uint64_t offset, unsigned int size)
{
	struct acpi_pm *pm = owner;
	uint32_t value;

	device_lock(&pm->dev);
	update(pm);
	value = pm->status | (uint32_t)pm->enable << 16;
	device_unlock(&pm->dev);
	return value >> (offset * 8) & access_mask(size);
}

static void evt_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct acpi_pm *pm = owner;
	uint32_t mask = access_mask(size) << (offset * 8);
	uint32_t v = (uint32_t)value << (offset * 8);

	device_lock(&pm->dev);
	update(pm);
	pm->status &= (uint16_t) ~(v & mask);
	pm->enable = (uint16_t)((pm->enable & ~(mask >> 16)) | (v & mask) >> 16) & PM1_EN_MASK;
	update(pm);
	device_unlock(&pm->dev);
}

static uint64_t cnt_read(void *owner, uint64_t offset, unsigned int size)
{
	struct acpi_pm *pm = owner;
	uint32_t value;

	(void)size;
	device_lock(&pm->dev);
	value = pm->control | PM1_SCI_EN;
	device_unlock(&pm->dev);
	return value >> (offset * 8);
}

static void cnt_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct acpi_pm *pm = owner;
	uint32_t mask = access_mask(size) << (offset * 8);
	uint32_t v = (uint32_t)value << (offset * 8);

	device_lock(&pm->dev);
	pm->control = (uint16_t)((pm->control & ~mask) | (v & mask)) & PM1_CNT_MASK;
	if (v & mask & PM1_SLP_EN &&
	    (pm->control & PM1_SLP_TYP) >> PM1_SLP_TYP_SHIFT == pm->config.slp_typ_s5)
		power_request(&pm->config.power, POWER_OFF, 0, "acpi");
	device_unlock(&pm->dev);
}

static uint64_t tmr_read(void *owner, uint64_t offset, unsigned int size)
{
	struct acpi_pm *pm = owner;
	uint32_t value;

	(void)size;
	device_lock(&pm->dev);
	value = (uint32_t)timer_ticks(pm);
	device_unlock(&pm->dev);
	return value >> (offset * 8);
}

/* No event ever sets a status bit, so the enable half is only remembered. */
static uint64_t gpe_read(void *owner, uint64_t offset, unsigned int size)
{
	struct acpi_pm *pm = owner;
	uint32_t value;

	(void)size;
	device_lock(&pm->dev);
	value = (uint32_t)pm->gpe_enable << 16;
	device_unlock(&pm->dev);
	return value >> (offset * 8);
}

static void gpe_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct acpi_pm *pm = owner;
	uint32_t mask = access_mask(size) << (offset * 8);
	uint32_t v = (uint32_t)value << (offset * 8);

	device_lock(&pm->dev);
	pm->gpe_enable = (uint16_t)((pm->gpe_enable & ~(mask >> 16)) | (v & mask) >> 16);
	device_unlock(&pm->dev);
}

#define PM_SIZES (BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4)

static const struct region_ops evt_ops = {
	.name = "acpi-pm1-event", .sizes = PM_SIZES, .read = evt_read, .write = evt_write};
static const struct region_ops cnt_ops = {.name = "acpi-pm1-control",
					  .sizes = BUS_SIZE_1 | BUS_SIZE_2,
					  .read = cnt_read,
					  .write = cnt_write};
static const struct region_ops tmr_ops = {
	.name = "acpi-pm-timer", .sizes = PM_SIZES, .read = tmr_read};
static const struct region_ops gpe_ops = {
	.name = "acpi-gpe0", .sizes = PM_SIZES, .read = gpe_read, .write = gpe_write};

static void acpi_pm_reset(struct device *dev)
{
	struct acpi_pm *pm = (struct acpi_pm *)dev;

	pm->base_ns = clock_monotonic_ns(&pm->config.clock);
	pm->carries = 0;
	pm->status = 0;
	pm->enable = 0;
	pm->control = 0;
	pm->gpe_enable = 0;
	update(pm);
}

static void acpi_pm_destroy(struct device *dev)
{
	struct acpi_pm *pm = (struct acpi_pm *)dev;

	region_list_del(pm->config.pio, pm->regions, N_REGIONS);
	device_timer_destroy(pm->timer);
	device_fini(dev);
	free(pm);
}

static const struct device_ops acpi_pm_ops = {
	.name = "acpi-pm",
	.reset = acpi_pm_reset,
	.destroy = acpi_pm_destroy,
	.fields = acpi_pm_fields,
	.n_fields = sizeof(acpi_pm_fields) / sizeof(acpi_pm_fields[0]),
};

struct device *acpi_pm_create(const struct acpi_pm_config *config, struct err *err)
{
	struct acpi_pm *pm = calloc(1, sizeof(*pm));
	uint16_t base = config->base;

	if (!pm) {
		err_set(err, -ENOMEM, "acpi-pm: out of memory");
		return NULL;
	}
	pm->config = *config;
	pm->regions[0] = (struct region){base + ACPI_PM_OFFSET_EVT, 4, &evt_ops, pm};
	pm->regions[1] = (struct region){base + ACPI_PM_OFFSET_CNT, 2, &cnt_ops, pm};
	pm->regions[2] = (struct region){base + ACPI_PM_OFFSET_TMR, 4, &tmr_ops, pm};
	pm->regions[3] = (struct region){base + ACPI_PM_OFFSET_GPE0, 4, &gpe_ops, pm};
	device_init(&pm->dev, &acpi_pm_ops, config->id ? config->id : "acpi-pm");
	pm->timer = device_timer_create(config->loop, on_timer, pm, err);
	if (!pm->timer || region_list_add(config->pio, pm->regions, N_REGIONS, err) < 0) {
		device_timer_destroy(pm->timer);
		device_fini(&pm->dev);
		free(pm);
		return NULL;
	}
	device_reset(&pm->dev);
	return &pm->dev;
}
