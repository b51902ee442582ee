/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/rtc.h"

#include "devices/device_timer.h"
#include "devices/rtc_time.h"
#include "devices/ticks.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Two clocks run here. The calendar is wall-clock time, kept as an offset to the host's. Periodic
 * ticks are monotonic time, counted in periods of the 32768 Hz crystal. collect() turns the time
 * that has passed into flags; refresh() turns flags into the interrupt line and the next host
 * timer. Every entry does collect, its own work, refresh.
 */

#define RTC_PORT      0x70U
#define RTC_HZ	      32768U
#define RTC_CMOS_SIZE 128U
#define UIP_NS	      244000U /* how long before an update the UIP bit shows it */
#define MAX_OWED      RTC_HZ  /* crystal periods: older ticks are lost */

enum {
	RTC_A = 0x0a,
	RTC_A_UIP = 0x80,
	RTC_A_DIVIDER = 0x70,
	RTC_A_DIVIDER_RESET = 0x60, /* both bits set: the divider chain stands still */
	RTC_A_RATE = 0x0f,
	RTC_A_INITIAL = 0x26, /* 32768 Hz, 1024 Hz periodic rate */

	RTC_B = 0x0b,
	RTC_B_SET = 1U << 7,
	RTC_PERIODIC = 1U << 6, /* enable in register B, flag in C */
	RTC_ALARM = 1U << 5,
	RTC_UPDATE = 1U << 4,
	RTC_EVENTS = RTC_PERIODIC | RTC_ALARM | RTC_UPDATE,

	RTC_C = 0x0c,
	RTC_C_IRQF = 1U << 7,

	RTC_D = 0x0d,
	RTC_D_VALID = 1U << 7,
};

struct rtc {
	struct device dev;
	struct rtc_config config;
	struct device_timer *timer;

	/* Kept by the battery. Of cmos, registers A to D are unused. The calendar's seconds are
	 * (host ns + phase_ns) / 10^9 + offset_s; cmos holds them while the calendar stands still.
	 */
	uint8_t cmos[RTC_CMOS_SIZE];
	int64_t offset_s;
	uint64_t phase_ns; /* below 10^9 */

	uint8_t index;
	uint8_t reg_a;
	uint8_t reg_b;
	uint8_t flags; /* register C without IRQF */
	bool irq;
	int64_t seen_s;	    /* the last second that collect() has seen */
	uint64_t next_tick; /* crystal period of the next periodic tick; 0: not yet known */

	uint64_t irqs;
	uint64_t lost_ticks;
};

static const struct field rtc_fields[] = {
	FIELD(struct rtc, index),      FIELD(struct rtc, reg_a),
	FIELD(struct rtc, reg_b),      FIELD(struct rtc, flags),
	FIELD(struct rtc, irq),	       FIELD(struct rtc, next_tick),
	FIELD_COUNT(struct rtc, irqs), FIELD_COUNT(struct rtc, lost_ticks),
};

static uint64_t phased_ns(const struct rtc *rtc)
{
	return clock_realtime_ns(&rtc->config.clock) + rtc->phase_ns;
}

static int64_t now_s(const struct rtc *rtc)
{
	return (int64_t)(phased_ns(rtc) / NS_PER_SEC) + rtc->offset_s;
}

static bool halted(const struct rtc *rtc)
{
	return rtc->reg_b & RTC_B_SET || (rtc->reg_a & RTC_A_DIVIDER_RESET) == RTC_A_DIVIDER_RESET;
}

/* The time between periodic ticks in crystal periods; 0 when there are none. */
static uint64_t tick_period(const struct rtc *rtc)
{
	unsigned int rate = rtc->reg_a & RTC_A_RATE;

	if (rate == 0 || (rtc->reg_a & RTC_A_DIVIDER_RESET) == RTC_A_DIVIDER_RESET)
		return 0;
	return 1ULL << (rate <= 2 ? rate + 6 : rate - 1);
}

static void collect_periodic(struct rtc *rtc)
{
	uint64_t period = tick_period(rtc);
	uint64_t now = ticks_from_ns(clock_monotonic_ns(&rtc->config.clock), RTC_HZ);
	uint64_t following = period ? (now / period + 1) * period : 0;

	if (!period || !rtc->next_tick) {
		rtc->next_tick = following;
		return;
	}
	/* A tick that the guest has yet to acknowledge holds back those after it. */
	if (now < rtc->next_tick || rtc->flags & RTC_PERIODIC)
		return;
	rtc->flags |= RTC_PERIODIC;
	if (!(rtc->reg_b & RTC_PERIODIC)) {
		rtc->next_tick = following; /* polled: one flag for all that has passed */
	} else if (now - rtc->next_tick > MAX_OWED) {
		rtc->lost_ticks += (following - rtc->next_tick) / period - 1;
		rtc->next_tick = following;
	} else {
		rtc->next_tick += period;
	}
}

static void collect(struct rtc *rtc)
{
	int64_t now = now_s(rtc);

	collect_periodic(rtc);
	if (halted(rtc) || now == rtc->seen_s)
		return;
	if (now > rtc->seen_s) {
		rtc->flags |= RTC_UPDATE;
		if (rtc_time_next_alarm(rtc->cmos, rtc->reg_b, rtc->seen_s + 1) <= now)
			rtc->flags |= RTC_ALARM;
	}
	rtc->seen_s = now;
}

/* Nanoseconds until the calendar shows @second, which is ahead of it by at most a day or so. */
static uint64_t ns_until(const struct rtc *rtc, int64_t second)
{
	uint64_t now = phased_ns(rtc);
	int64_t seconds = second - (int64_t)(now / NS_PER_SEC) - rtc->offset_s;

	return seconds <= 0 ? 0 : (uint64_t)seconds * NS_PER_SEC - now % NS_PER_SEC;
}

static void earliest(uint64_t *when, uint64_t candidate)
{
	if (!*when || candidate < *when)
		*when = candidate;
}

/* When the next enabled interrupt whose flag is still clear comes; 0 when there is none. */
static uint64_t next_event(const struct rtc *rtc)
{
	uint64_t now = clock_monotonic_ns(&rtc->config.clock);
	unsigned int wanted = rtc->reg_b & ~rtc->flags & RTC_EVENTS;
	uint64_t when = 0;

	if (wanted & RTC_PERIODIC && rtc->next_tick)
		earliest(&when, ticks_to_ns(rtc->next_tick, RTC_HZ));
	if (halted(rtc))
		return when;
	if (wanted & RTC_UPDATE)
		earliest(&when, now + ns_until(rtc, rtc->seen_s + 1));
	if (wanted & RTC_ALARM) {
		int64_t alarm = rtc_time_next_alarm(rtc->cmos, rtc->reg_b, rtc->seen_s + 1);

		if (alarm != INT64_MAX)
			earliest(&when, now + ns_until(rtc, alarm));
	}
	return when;
}

static void refresh(struct rtc *rtc)
{
	bool irq = rtc->flags & rtc->reg_b & RTC_EVENTS;

	if (irq != rtc->irq) {
		rtc->irq = irq;
		rtc->irqs += irq;
		irq_line_set(&rtc->config.irq, irq);
	}
	device_timer_set(rtc->timer, next_event(rtc));
}

static void on_timer(void *arg)
{
	struct rtc *rtc = arg;

	device_lock(&rtc->dev);
	collect(rtc);
	refresh(rtc);
	device_unlock(&rtc->dev);
}

/* Reading C acknowledges: the line falls, and rises again when a periodic tick is owed. */
static uint8_t read_flags(struct rtc *rtc)
{
	uint8_t value = (uint8_t)(rtc->flags | (rtc->irq ? RTC_C_IRQF : 0U));

	rtc->flags = 0;
	refresh(rtc);
	if (rtc->reg_b & RTC_PERIODIC)
		collect(rtc);
	return value;
}

static uint8_t read_register(struct rtc *rtc, unsigned int reg)
{
	switch (reg) {
	case RTC_A:
		return (uint8_t)(rtc->reg_a |
				 (!halted(rtc) && phased_ns(rtc) % NS_PER_SEC >= NS_PER_SEC - UIP_NS
					  ? RTC_A_UIP
					  : 0U));
	case RTC_B:
		return rtc->reg_b;
	case RTC_C:
		return read_flags(rtc);
	case RTC_D:
		return RTC_D_VALID;
	default:
		if (rtc_time_is_register(reg) && !halted(rtc))
			rtc_time_store(rtc->cmos, rtc->reg_b, now_s(rtc));
		return rtc->cmos[reg];
	}
}

/* Makes the calendar go on from what the time registers say. */
static void set_calendar(struct rtc *rtc)
{
	rtc->offset_s += rtc_time_load(rtc->cmos, rtc->reg_b) - now_s(rtc);
	rtc->seen_s = now_s(rtc);
}

/* Register A or B changes: the calendar may stop, go on, or change its format. */
static void write_control(struct rtc *rtc, uint8_t a, uint8_t b)
{
	bool was_halted = halted(rtc);
	bool divider_starts = (rtc->reg_a & RTC_A_DIVIDER_RESET) == RTC_A_DIVIDER_RESET &&
			      (a & RTC_A_DIVIDER_RESET) != RTC_A_DIVIDER_RESET;

	if (!was_halted)
		rtc_time_store(rtc->cmos, rtc->reg_b, now_s(rtc));
	if ((a ^ rtc->reg_a) & (RTC_A_DIVIDER | RTC_A_RATE) || (b & ~rtc->reg_b) & RTC_PERIODIC)
		rtc->next_tick = 0;
	rtc->reg_a = a;
	rtc->reg_b = b;
	/* The first update comes half a second after the divider chain starts. */
	if (divider_starts)
		rtc->phase_ns = (rtc->phase_ns + NS_PER_SEC + NS_PER_SEC / 2 -
				 phased_ns(rtc) % NS_PER_SEC) %
				NS_PER_SEC;
	if (was_halted && !halted(rtc))
		set_calendar(rtc);
	collect_periodic(rtc);
}

static void write_register(struct rtc *rtc, unsigned int reg, uint8_t value)
{
	switch (reg) {
	case RTC_A:
		write_control(rtc, value & (uint8_t)~RTC_A_UIP, rtc->reg_b);
		break;
	case RTC_B:
		/* Setting SET clears the update interrupt's enable. */
		if (value & ~rtc->reg_b & RTC_B_SET)
			value &= (uint8_t)~RTC_UPDATE;
		write_control(rtc, rtc->reg_a, value);
		break;
	case RTC_C:
	case RTC_D:
		break;
	default:
		if (rtc_time_is_register(reg) && !halted(rtc)) {
			rtc_time_store(rtc->cmos, rtc->reg_b, now_s(rtc));
			rtc->cmos[reg] = value;
			set_calendar(rtc);
		}
		rtc->cmos[reg] = value;
	}
}

static uint64_t rtc_read(void *owner, uint64_t offset, unsigned int size)
{
	struct rtc *rtc = owner;
	uint8_t value;

	(void)size;
	if (offset == 0)
		return 0xff; /* the index cannot be read back */
	device_lock(&rtc->dev);
	collect(rtc);
	value = read_register(rtc, rtc->index);
	refresh(rtc);
	device_unlock(&rtc->dev);
	return value;
}

static void rtc_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct rtc *rtc = owner;

	(void)size;
	device_lock(&rtc->dev);
	if (offset == 0) {
		rtc->index = value & (RTC_CMOS_SIZE - 1); /* bit 7 masks the NMI: not kept */
	} else {
		collect(rtc);
		write_register(rtc, rtc->index, (uint8_t)value);
		refresh(rtc);
	}
	device_unlock(&rtc->dev);
}

static const struct region_ops rtc_region = {
	.name = "rtc", .sizes = BUS_SIZE_1, .read = rtc_read, .write = rtc_write};

static void put16(uint8_t *p, uint64_t value)
{
	if (value > UINT16_MAX)
		value = UINT16_MAX;
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

/* What PC firmware reads of the memory's size, in the units of each generation. */
static void store_memory_size(struct rtc *rtc)
{
	uint64_t low = rtc->config.memory_low;
	uint64_t high_units = rtc->config.memory_high >> 16;
	uint64_t extended = low > 1 << 20 ? low - (1 << 20) : 0;

	put16(&rtc->cmos[0x15], 640); /* KiB of base memory */
	put16(&rtc->cmos[0x17], extended >> 10);
	put16(&rtc->cmos[0x30], extended >> 10);
	put16(&rtc->cmos[0x34], low > 16 << 20 ? (low - (16 << 20)) >> 16 : 0);
	put16(&rtc->cmos[0x5b], high_units & UINT16_MAX);
	rtc->cmos[0x5d] = (uint8_t)(high_units >> 16);
	rtc->cmos[0x5f] = (uint8_t)(rtc->config.n_cpus ? rtc->config.n_cpus - 1 : 0);
}

static void rtc_reset(struct device *dev)
{
	struct rtc *rtc = (struct rtc *)dev;

	rtc->index = 0;
	rtc->reg_a = RTC_A_INITIAL;
	rtc->reg_b = RTC_B_24H;
	rtc->flags = 0;
	rtc->next_tick = 0;
	rtc->seen_s = now_s(rtc);
	refresh(rtc);
}

static void rtc_destroy(struct device *dev)
{
	struct rtc *rtc = (struct rtc *)dev;

	bus_del(rtc->config.pio, RTC_PORT, &rtc_region, rtc);
	device_timer_destroy(rtc->timer);
	device_fini(dev);
	free(rtc);
}

static const struct device_ops rtc_ops = {
	.name = "rtc",
	.reset = rtc_reset,
	.destroy = rtc_destroy,
	.fields = rtc_fields,
	.n_fields = sizeof(rtc_fields) / sizeof(rtc_fields[0]),
};

struct device *rtc_create(const struct rtc_config *config, struct err *err)
{
	struct rtc *rtc = calloc(1, sizeof(*rtc));
	struct region region = {.base = RTC_PORT, .len = 2, .ops = &rtc_region, .owner = rtc};

	if (!rtc) {
		err_set(err, -ENOMEM, "rtc: out of memory");
		return NULL;
	}
	rtc->config = *config;
	rtc->offset_s = config->offset_s;
	store_memory_size(rtc);
	device_init(&rtc->dev, &rtc_ops, config->id ? config->id : "rtc");
	rtc->timer = device_timer_create(config->loop, on_timer, rtc, err);
	if (!rtc->timer || bus_add(config->pio, &region, err) < 0) {
		device_timer_destroy(rtc->timer);
		device_fini(&rtc->dev);
		free(rtc);
		return NULL;
	}
	device_reset(&rtc->dev);
	return &rtc->dev;
}
