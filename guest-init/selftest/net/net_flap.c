/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host takes the link down for a moment and brings it up again. */
#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/irq.h"
#include "guest-init/selftest/net/net.h"

#define DOWN_MS	     30000
#define DOWN_POLL_MS 200
#define DOWN_SAMPLES 2
#define UP_POLL_MS   500
#define GETS	     3
#define NAME	     "virtio-net-link-flap"

struct flap {
	const char *reason;
	uint64_t down_ms;
	uint64_t up_ms;
	unsigned gets;
	int vector; /* of configuration changes; -1: no own one, nothing is counted */
	uint64_t down_delta;
	uint64_t up_delta;
};

static uint64_t config_interrupts(const struct net_test *n, int *vector)
{
	struct irq_info irq;

	irq_read(&n->device, &irq);
	*vector = irq_vector_of(&irq, &n->device, "config", false);
	return *vector < 0 ? 0 : irq.vectors[*vector].count;
}

static bool wait_down(const struct net_test *n, struct flap *f)
{
	uint64_t start = clock_ns();
	uint64_t end = clock_after_ms(DOWN_MS);
	unsigned seen = 0;

	while (seen < DOWN_SAMPLES) {
		if (clock_ns() >= end) {
			f->reason = "timeout_waiting_link_down";
			return false;
		}
		seen = iface_carrier(&n->iface) ? 0 : seen + 1;
		if (seen < DOWN_SAMPLES)
			clock_sleep_ms(DOWN_POLL_MS);
	}
	f->down_ms = (clock_ns() - start) / 1000000;
	return true;
}

static bool wait_up(const struct net_test *n, struct flap *f, unsigned timeout_sec)
{
	uint64_t start = clock_ns();
	uint64_t end = clock_after_ms(timeout_sec * 1000ULL);

	while (!iface_carrier(&n->iface) || !iface_address(&n->iface)) {
		if (clock_ns() >= end) {
			f->reason = "timeout_waiting_link_up";
			return false;
		}
		clock_sleep_ms(UP_POLL_MS);
	}
	f->up_ms = (clock_ns() - start) / 1000000;
	return true;
}

static bool get_again(const struct net_test *n, struct flap *f)
{
	struct http_result r;

	while (f->gets < GETS) {
		f->gets++;
		if (http_get(n->server, &n->base, &r))
			return true;
	}
	f->reason = "http_get_failed";
	return false;
}

static bool run(const struct net_test *n, struct flap *f, unsigned timeout_sec)
{
	uint64_t before = config_interrupts(n, &f->vector);
	uint64_t between;

	if (!wait_down(n, f))
		return false;
	between = config_interrupts(n, &f->vector);
	f->down_delta = between - before;
	if (!wait_up(n, f, timeout_sec))
		return false;
	f->up_delta = config_interrupts(n, &f->vector) - between;
	if (f->vector >= 0 && !f->down_delta)
		f->reason = "config_irq_missing_down";
	else if (f->vector >= 0 && !f->up_delta)
		f->reason = "config_irq_missing_up";
	return !f->reason && get_again(n, f);
}

bool net_flap_test(struct selftest *t, struct net_test *n)
{
	struct flap f = {.reason = NULL, .vector = -1};
	struct marker *m;
	bool ok;

	n->flap_said = true;
	test_begin(t, NAME, "READY");
	test_end(t);
	ok = run(n, &f, t->plan.net_timeout_sec);
	m = test_begin(t, NAME, ok ? "PASS" : "FAIL");
	if (f.reason)
		marker_text(m, "reason", f.reason);
	marker_number(m, "down_sec", f.down_ms / 1000);
	marker_number(m, "up_sec", f.up_ms / 1000);
	marker_number(m, "http_attempts", f.gets);
	marker_vector(m, "cfg_vector", f.vector);
	marker_number(m, "cfg_intr_down_delta", f.down_delta);
	marker_number(m, "cfg_intr_up_delta", f.up_delta);
	test_end(t);
	return ok;
}
