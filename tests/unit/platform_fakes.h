/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_UNIT_PLATFORM_FAKES_H
#define VISE_TESTS_UNIT_PLATFORM_FAKES_H

#include "vmm/core/bus.h"
#include "vmm/core/clock.h"
#include "vmm/core/device.h"
#include "vmm/core/irq.h"
#include "vmm/core/loop.h"
#include "vmm/core/power.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What a small platform device is given, played by the test: bus, time, wires, power. */
struct fakes {
	struct bus *pio;
	struct loop *loop;
	uint64_t mono_ns;
	uint64_t real_ns;
	bool level[16];
	unsigned int rises[16];
	unsigned int n_power;
	enum power_event event;
	unsigned int value;
	char source[32];
};

static struct fakes fakes;

/* Host timers know nothing of the fake clock: an armed one is due at once, and its device, asking
 * the clock, finds whether its time has come. */
int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	struct itimerspec due = {.it_value.tv_nsec =
					 spec->it_value.tv_sec || spec->it_value.tv_nsec};

	return (int)syscall(SYS_timerfd_settime, fd, flags, &due, old);
}

static inline uint64_t fake_mono(void *owner)
{
	return ((struct fakes *)owner)->mono_ns;
}

static inline uint64_t fake_real(void *owner)
{
	return ((struct fakes *)owner)->real_ns;
}

static inline void fake_irq(void *owner, unsigned int number, bool level)
{
	struct fakes *f = owner;

	f->rises[number] += level && !f->level[number];
	f->level[number] = level;
}

static inline void fake_power(void *owner, enum power_event event, unsigned int value,
			      const char *source)
{
	struct fakes *f = owner;

	f->n_power++;
	f->event = event;
	f->value = value;
	snprintf(f->source, sizeof(f->source), "%s", source);
}

#define FAKE_CLOCK  ((struct clock){fake_mono, fake_real, &fakes})
#define FAKE_IRQ(n) ((struct irq_line){fake_irq, &fakes, n})
#define FAKE_POWER  ((struct power_sink){fake_power, &fakes})

static inline void fakes_setup(void)
{
	struct err err = ERR_INIT;

	memset(&fakes, 0, sizeof(fakes));
	fakes.mono_ns = 1000;
	fakes.pio = bus_create("pio");
	fakes.loop = loop_create(&err);
	ck_assert_msg(fakes.pio && fakes.loop, "%s", err.text);
}

static inline void fakes_teardown(void)
{
	loop_destroy(fakes.loop);
	bus_destroy(fakes.pio);
}

static inline void fakes_advance(uint64_t ns)
{
	fakes.mono_ns += ns;
	fakes.real_ns += ns;
}

/* Serves what is due on the loop. */
static inline void fakes_run(void)
{
	struct err err = ERR_INIT;

	for (unsigned int i = 0; i < 4; i++)
		ck_assert_int_ge(loop_run_once(fakes.loop, 0, &err), 0);
}

static inline unsigned int inb(uint16_t port)
{
	return (unsigned int)bus_read(fakes.pio, port, 1);
}

static inline unsigned int inw(uint16_t port)
{
	return (unsigned int)bus_read(fakes.pio, port, 2);
}

static inline unsigned int inl(uint16_t port)
{
	return (unsigned int)bus_read(fakes.pio, port, 4);
}

static inline void outb(uint16_t port, unsigned int value)
{
	bus_write(fakes.pio, port, 1, value);
}

static inline void outw(uint16_t port, unsigned int value)
{
	bus_write(fakes.pio, port, 2, value);
}

static inline void outl(uint16_t port, unsigned int value)
{
	bus_write(fakes.pio, port, 4, value);
}

/* Accesses of every width all over the @n ports from @base, with moving time; then a reset must
 * restore what @fresh, a device that no one has used, has. */
static inline void fakes_torture(struct device *dev, const struct device *fresh, uint16_t base,
				 uint16_t n, unsigned int rounds)
{
	static const unsigned int sizes[] = {1, 2, 4, 8};
	unsigned int seed = 12345;
	const char *difference;

	for (unsigned int i = 0; i < rounds; i++) {
		uint16_t port = (uint16_t)(base + (unsigned int)rand_r(&seed) % n);
		unsigned int size = sizes[(unsigned int)rand_r(&seed) % 4];

		if (rand_r(&seed) & 1)
			bus_write(fakes.pio, port, size,
				  (uint64_t)rand_r(&seed) << 32 ^ (uint64_t)rand_r(&seed));
		else
			bus_read(fakes.pio, port, size);
		fakes_advance((uint64_t)rand_r(&seed) % (100 * NS_PER_MS));
		if (i % 16 == 0)
			fakes_run();
	}
	device_reset(dev);
	difference = field_first_difference(dev, fresh, dev->ops->fields, dev->ops->n_fields);
	ck_assert_msg(!difference, "%s differs after reset", difference);
}

static inline int fakes_main(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
