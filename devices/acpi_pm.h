/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_ACPI_PM_H
#define VISE_DEVICES_ACPI_PM_H

#include "vmm/core/bus.h"
#include "vmm/core/clock.h"
#include "vmm/core/device.h"
#include "vmm/core/irq.h"
#include "vmm/core/loop.h"
#include "vmm/core/power.h"

/*
 * ACPI fixed hardware (ACPI 6.4, section 4.8): PM1 event and control registers, the 3.579545 MHz
 * PM timer (32 bits), one general-purpose event block without events, the SCI. There is no legacy
 * mode: SCI_EN always reads 1. Sleep states other than S5 are not offered.
 */

/* Offsets of the registers from the block's base. */
#define ACPI_PM_OFFSET_EVT  0x00U /* 4 bytes: status, enable */
#define ACPI_PM_OFFSET_CNT  0x04U /* 2 bytes */
#define ACPI_PM_OFFSET_TMR  0x08U /* 4 bytes */
#define ACPI_PM_OFFSET_GPE0 0x20U /* 4 bytes: status, enable */
#define ACPI_PM_TIMER_HZ    3579545U

struct acpi_pm_config {
	const char *id; /* NULL: "acpi-pm" */
	struct bus *pio;
	uint16_t base;		 /* first port of the block, as the FADT gives it */
	uint8_t slp_typ_s5;	 /* SLP_TYP that means S5, as the DSDT gives it */
	struct irq_line sci;	 /* level */
	struct clock clock;	 /* monotonic time drives the PM timer */
	struct loop *loop;	 /* for the timer's carry interrupt */
	struct power_sink power; /* gets POWER_OFF from "acpi" */
};

/*
 * Creates the device and adds its regions to @config->pio. NULL and @err on failure. On the loop's
 * thread or before it runs. The bus and the loop must outlive the device; device_destroy() frees
 * it.
 */
struct device *acpi_pm_create(const struct acpi_pm_config *config, struct err *err);

/* Presses the fixed power button: a guest that listens shuts down. Any thread, takes the lock. */
void acpi_pm_press_power_button(struct device *dev);

#endif
