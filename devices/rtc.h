/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_RTC_H
#define VISE_DEVICES_RTC_H

#include "vmm/core/bus.h"
#include "vmm/core/clock.h"
#include "vmm/core/device.h"
#include "vmm/core/irq.h"
#include "vmm/core/loop.h"

/*
 * MC146818 real-time clock with 128 bytes of CMOS at ports 70h and 71h.
 *
 * The time of day is the host's plus what the guest has set. Interrupts cost a host timer only
 * while the guest has enabled them; flags are brought up to date when register C is read. Periodic
 * ticks that the guest is late for follow one by one, each when the one before is acknowledged, up
 * to a second's worth (Windows counts them as its clock).
 *
 * What a battery keeps survives reset and stands in no field table: the CMOS bytes, with the alarm
 * and register 0Fh, and the guest's setting of the clock. Reset restores registers A and B, clears
 * flags and interrupts. Not implemented: daylight saving (bit DSE), the square wave output.
 */

struct rtc_config {
	const char *id; /* NULL: "rtc" */
	struct bus *pio;
	struct irq_line irq; /* IRQ8, edge: high from the interrupt until register C is read */
	struct clock clock;
	struct loop *loop;
	int32_t offset_s;     /* seconds added to UTC at creation, for guests on local time */
	uint64_t memory_low;  /* bytes of RAM below 4 GiB, for the CMOS size registers */
	uint64_t memory_high; /* bytes of RAM from 4 GiB up */
	unsigned int n_cpus;
};

/*
 * Creates the device and adds its region to @config->pio. NULL and @err on failure. On the loop's
 * thread or before it runs. The bus and the loop must outlive the device; device_destroy() frees
 * it.
 */
struct device *rtc_create(const struct rtc_config *config, struct err *err);

#endif
