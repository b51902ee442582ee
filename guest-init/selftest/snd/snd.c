/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/device.h"
#include "guest-init/selftest/irq.h"
#include "guest-init/selftest/snd/pcm.h"
#include "guest-init/selftest/snd/streams.h"
#include "guest-init/selftest/sysfs.h"
#include "guest-init/selftest/test.h"

#define VIRTIO "/sys/bus/virtio/devices"

#define LIMIT_BYTES (8U << 20)
#define LIMIT_MS    30000

struct sound {
	struct device device;
	char playback[32]; /* pcmC0D0p; empty: none */
	char capture[32];
	char formats[2][48]; /* as they were set up; empty: never */
	struct irq_info irq;
};

/* The first node of card @card that ends in @letter. */
static void find_node(const char *card, char letter, char *node, size_t size)
{
	for (unsigned i = 0; i < 8; i++) {
		char prefix[32];
		int64_t number = sysfs_number("/sys/class/sound/%s/number", card);

		snprintf(prefix, sizeof(prefix), "pcmC%dD%u%c", (int)number, i, letter);
		if (sysfs_first(node, size, prefix, "/sys/class/sound/%s", card))
			return;
	}
}

static void find_endpoints(struct sound *s)
{
	char card[32];

	if (!*s->device.virtio ||
	    !sysfs_first(card, sizeof(card), "card", VIRTIO "/%s/sound", s->device.virtio))
		return;
	find_node(card, 'p', s->playback, sizeof(s->playback));
	find_node(card, 'c', s->capture, sizeof(s->capture));
}

static void put_outcome(struct marker *m, const struct outcome *o)
{
	marker_number(m, "xruns", o->xruns);
	if (o->reason) {
		marker_text(m, "reason", o->reason);
		marker_signed(m, "hr", o->error);
	}
}

/* A buffer far beyond what the device takes: refused or not, the answer has to come. */
static void test_limits(struct selftest *t, const struct sound *s)
{
	uint64_t start = clock_ns();
	uint64_t got = 0;
	const char *reason = NULL;
	struct marker *m;
	int ret = *s->playback ? pcm_try_buffer(s->playback, false, LIMIT_BYTES, &got) : -ENODEV;

	if (ret && ret != -EINVAL && ret != -ENOMEM)
		reason = *s->playback ? "init_failed" : "endpoint_missing";
	if (clock_ns() - start > LIMIT_MS * 1000000ULL)
		reason = "timeout";
	m = test_begin(t, "virtio-snd-buffer-limits", reason ? "FAIL" : "PASS");
	marker_text(m, "mode", "exclusive");
	marker_flag(m, "expected_failure", ret != 0 && !reason);
	marker_number(m, "buffer_bytes", ret ? LIMIT_BYTES : got);
	marker_signed(m, "init_hr", -ret);
	if (reason)
		marker_text(m, "reason", reason);
	test_end(t);
}

static void say_playback(struct selftest *t, const struct sound *s, const struct outcome *o)
{
	struct marker *m = test_begin(t, "virtio-snd", o->reason ? "FAIL" : "PASS");

	put_outcome(m, o);
	marker_number(m, "frames", o->frames);
	irq_fields(&s->irq, m, false);
	test_end(t);
}

static void test_capture(struct selftest *t, struct sound *s)
{
	struct outcome o = {.reason = NULL};
	struct marker *m;

	if (t->plan.disable_snd_capture) {
		test_say(t, "virtio-snd-capture", "SKIP", "disabled");
		return;
	}
	if (!*s->capture) {
		test_say(t, "virtio-snd-capture", t->plan.require_snd_capture ? "FAIL" : "SKIP",
			 "endpoint_missing");
		return;
	}
	streams_capture(s->capture, &o);
	memcpy(s->formats[1], o.format, sizeof(o.format));
	if (t->plan.require_non_silence && !o.heard)
		outcome_fail(&o, "silence", 0);
	m = test_begin(t, "virtio-snd-capture", o.reason ? "FAIL" : "PASS");
	marker_text(m, "method", "alsa");
	marker_number(m, "frames", o.frames);
	marker_flag(m, "non_silence", o.heard);
	marker_flag(m, "silence_only", o.frames && !o.heard);
	put_outcome(m, &o);
	test_end(t);
}

static void test_duplex(struct selftest *t, struct sound *s)
{
	struct outcome o = {.reason = NULL};
	struct marker *m;

	if (t->plan.disable_snd_capture) {
		test_not_asked(t, "virtio-snd-duplex");
		return;
	}
	if (!*s->capture || !*s->playback) {
		test_say(t, "virtio-snd-duplex", "SKIP", "endpoint_missing");
		return;
	}
	streams_duplex(s->playback, s->capture, &o);
	m = test_begin(t, "virtio-snd-duplex", o.reason ? "FAIL" : "PASS");
	marker_number(m, "frames", o.frames);
	marker_flag(m, "non_silence", o.heard);
	put_outcome(m, &o);
	test_end(t);
}

static void say_format(struct selftest *t, const struct sound *s)
{
	struct marker *m = test_begin(t, "virtio-snd-format", "INFO");

	marker_text(m, "render", *s->formats[0] ? s->formats[0] : "none");
	marker_text(m, "capture", *s->formats[1] ? s->formats[1] : "none");
	test_end(t);
}

/* The driver counts nothing for others to read; a vector of its own tells how often it woke. */
static void say_eventq(struct selftest *t, const struct sound *s)
{
	if (irq_vector_of(&s->irq, &s->device, "virtsnd-event", false) < 0) {
		test_say(t, "virtio-snd-eventq", "SKIP", "no_driver_counters");
		return;
	}
	marker_number(test_begin(t, "virtio-snd-eventq", "INFO"), "completions",
		      irq_count_of(&s->irq, &s->device, "virtsnd-event", false));
	test_end(t);
}

static void say_msix(struct selftest *t, const struct sound *s)
{
	static const char *const queues[] = {"virtsnd-ctl", "virtsnd-event", "virtsnd-tx",
					     "virtsnd-rx"};
	bool fail = t->plan.require_snd_msix && s->irq.mode != IRQ_MSIX;
	struct marker *m;

	if (s->irq.mode == IRQ_NONE) {
		m = test_begin(t, "virtio-snd-msix", fail ? "FAIL" : "SKIP");
		marker_text(m, "reason", *s->device.pci ? "no_interrupt_in_use" : "device_missing");
		test_end(t);
		return;
	}
	m = test_begin(t, "virtio-snd-msix", fail ? "FAIL" : "PASS");
	marker_text(m, "mode", irq_mode_name(s->irq.mode));
	marker_number(m, "messages", s->irq.messages);
	marker_vector(m, "config_vector", irq_vector_of(&s->irq, &s->device, "config", false));
	for (size_t i = 0; i < 4; i++) {
		char key[24];

		snprintf(key, sizeof(key), "queue%zu_vector", i);
		marker_vector(m, key, irq_vector_of(&s->irq, &s->device, queues[i], true));
	}
	marker_number(m, "interrupts", irq_total(&s->irq));
	if (fail)
		marker_text(m, "reason", "msix_required");
	test_end(t);
}

/* No test is run; @status and @reason are of the device, @part_reason of what depends on it. */
static void say_none(struct selftest *t, struct sound *s, const char *status, const char *reason,
		     const char *part_reason)
{
	bool failed = !strcmp(status, "FAIL");

	if (t->plan.test_snd_buffer_limits)
		test_say(t, "virtio-snd-buffer-limits", status, part_reason);
	else
		test_not_asked(t, "virtio-snd-buffer-limits");
	test_say(t, "virtio-snd", status, reason);
	test_say(t, "virtio-snd-capture", failed && !t->plan.disable_snd_capture ? "FAIL" : "SKIP",
		 t->plan.disable_snd_capture ? "disabled" : part_reason);
	test_say(t, "virtio-snd-duplex", failed ? "FAIL" : "SKIP",
		 failed ? part_reason : "flag_not_set");
	test_say(t, "virtio-snd-eventq", "SKIP", part_reason);
	say_msix(t, s);
	irq_line(&device_snd, &s->irq, &t->m);
	test_end(t);
}

/* False when there is no device to test, after saying so. */
static bool find_device(struct selftest *t, struct sound *s)
{
	const struct plan *p = &t->plan;
	struct device found[DEVICE_MAX];
	size_t n = device_find(&device_snd, found, DEVICE_MAX);
	bool needed = p->require_snd || p->require_snd_capture || p->require_non_silence ||
		      p->test_snd_capture || p->test_snd_buffer_limits;

	for (size_t i = 0; i < n && !*s->device.pci; i++) {
		if (!found[i].transitional || p->allow_snd_transitional)
			s->device = found[i];
	}
	if (p->disable_snd) {
		output_line(&t->out, "virtio-snd: disabled by --disable-snd");
		say_none(t, s, "SKIP", NULL, "disabled");
		return false;
	}
	if (!*s->device.pci) {
		output_line(&t->out, "virtio-snd: PCI device not detected");
		say_none(t, s, needed ? "FAIL" : "SKIP", needed ? "device_missing" : NULL,
			 "device_missing");
		return false;
	}
	irq_read(&s->device, &s->irq);
	if (strcmp(s->device.driver, device_snd.driver) != 0) {
		const char *reason = *s->device.driver ? "wrong_service" : "driver_not_bound";

		say_none(t, s, "FAIL", reason, reason);
		return false;
	}
	if (!device_revision_good(&s->device)) {
		say_none(t, s, "FAIL", "wrong_revision", "wrong_revision");
		return false;
	}
	return true;
}

void test_snd(struct selftest *t)
{
	struct sound s = {.irq = {.mode = IRQ_NONE}};
	struct outcome played = {.reason = NULL};

	if (!find_device(t, &s))
		return;
	find_endpoints(&s);
	if (t->plan.test_snd_buffer_limits)
		test_limits(t, &s);
	else
		test_not_asked(t, "virtio-snd-buffer-limits");
	if (*s.playback)
		streams_play(s.playback, &played);
	else
		outcome_fail(&played, "endpoint_missing", ENODEV);
	memcpy(s.formats[0], played.format, sizeof(played.format));
	irq_read(&s.device, &s.irq);
	say_playback(t, &s, &played);
	test_capture(t, &s);
	say_format(t, &s);
	test_duplex(t, &s);
	irq_read(&s.device, &s.irq);
	say_eventq(t, &s);
	say_msix(t, &s);
	irq_line(&device_snd, &s.irq, &t->m);
	test_end(t);
}
