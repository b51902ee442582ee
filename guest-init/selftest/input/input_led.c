/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to the keyboard's lights travel through the status queue. Linux tells nobody that the
 * device has taken one but by its interrupt, which is therefore what is waited for after each.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/input/input.h"
#include "guest-init/selftest/irq.h"

#define WRITES	    32
#define PATIENCE_MS 2000
#define POLL_MS	    2

struct leds {
	unsigned sent;
	unsigned completed;
	const char *reason;
	int error;
	int led;
};

static uint64_t status_interrupts(const struct device *d)
{
	struct irq_info irq;

	irq_read(d, &irq);
	return irq_count_of(&irq, d, "status", true);
}

static bool write_led(int fd, int led, int value)
{
	struct input_event events[2] = {
		{.type = EV_LED, .code = (unsigned short)led, .value = value},
		{.type = EV_SYN, .code = SYN_REPORT},
	};

	return write(fd, events, sizeof(events)) == (ssize_t)sizeof(events);
}

static bool wait_completion(const struct device *d, uint64_t before)
{
	uint64_t end = clock_after_ms(PATIENCE_MS);

	do {
		if (status_interrupts(d) != before)
			return true;
		clock_sleep_ms(POLL_MS);
	} while (clock_ns() < end);
	return status_interrupts(d) != before;
}

static void blink(int fd, const struct device *d, struct leds *l)
{
	unsigned long lit = 0;

	/* Linux passes on only what changes. */
	ioctl(fd, EVIOCGLED(sizeof(lit)), &lit);
	for (unsigned i = 0; i < WRITES; i++) {
		bool on = !(lit >> l->led & 1);
		uint64_t before = status_interrupts(d);

		if (!write_led(fd, l->led, i & 1 ? !on : on)) {
			l->reason = "write_failed";
			l->error = errno;
			return;
		}
		l->sent++;
		if (!wait_completion(d, before)) {
			l->reason = l->completed ? "incomplete_statusq_completions"
						 : "timeout_waiting_statusq_completions";
			return;
		}
		l->completed++;
	}
}

static void run(const struct evdev *e, struct leds *l)
{
	static const int wanted[] = {LED_CAPSL, LED_NUML, LED_SCROLLL};
	unsigned long leds = 0;
	int fd = e ? evdev_open(e) : -1;

	if (fd < 0) {
		l->reason = e ? "open_failed" : "no_keyboard";
		l->error = e ? errno : 0;
		return;
	}
	ioctl(fd, EVIOCGBIT(EV_LED, sizeof(leds)), &leds);
	l->led = -1;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && l->led < 0; i++) {
		if (leds >> wanted[i] & 1)
			l->led = wanted[i];
	}
	if (l->led < 0)
		l->reason = "no_led_writes_recorded";
	else
		blink(fd, &e->device, l);
	close(fd);
}

void input_led_tests(struct selftest *t, const struct evdev_list *list)
{
	static const char *const leds[] = {
		[LED_NUML] = "num", [LED_CAPSL] = "caps", [LED_SCROLLL] = "scroll"};
	struct leds l = {.reason = NULL, .led = -1};
	const char *status;

	if (!t->plan.test_input_led && !t->plan.test_input_leds) {
		test_not_asked(t, "virtio-input-led");
		test_not_asked(t, "virtio-input-leds");
		return;
	}
	run(evdev_first(list, EVDEV_KEYBOARD), &l);
	status = l.reason ? "FAIL" : "PASS";
	for (int i = 0; i < 2; i++) {
		struct marker *m =
			test_begin(t, i ? "virtio-input-leds" : "virtio-input-led", status);

		if (l.reason) {
			marker_text(m, "reason", l.reason);
			marker_signed(m, "err", l.error);
		}
		marker_number(m, i ? "writes" : "sent", l.sent);
		marker_number(m, "completed", l.completed);
		if (!i && l.led >= 0) {
			marker_text(m, "format", "evdev");
			marker_text(m, "led", leds[l.led]);
		}
		test_end(t);
	}
}
