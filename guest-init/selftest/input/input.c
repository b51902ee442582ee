/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which input devices there are, who drives them, how they interrupt. */
#include "guest-init/selftest/input/input.h"

#include <string.h>

#include "guest-init/selftest/irq.h"

#define KINDS (EVDEV_AMBIGUOUS + 1)

struct census {
	unsigned of[KINDS];
	unsigned consumer;
	unsigned wrong_driver;
	unsigned missing_driver;
	unsigned wrong_revision;
	unsigned problem;	 /* no virtio device came of it, or no input device of that */
	const struct evdev *odd; /* the first one that is not bound as it should be */
};

static struct census take_census(const struct evdev_list *list)
{
	struct census c = {.odd = NULL};

	for (size_t i = 0; i < list->n; i++) {
		const struct evdev *e = &list->devices[i];
		bool missing = !*e->device.driver;
		bool wrong = !missing && strcmp(e->device.driver, device_input.driver) != 0;

		c.of[e->kind]++;
		c.consumer += e->consumer;
		c.missing_driver += missing;
		c.wrong_driver += wrong;
		c.problem += !*e->device.virtio || (!missing && !*e->input);
		c.wrong_revision += !device_revision_good(&e->device);
		if ((missing || wrong || !device_revision_good(&e->device)) && !c.odd)
			c.odd = e;
	}
	return c;
}

static const char *bind_reason(const struct evdev_list *list, const struct census *c)
{
	if (!list->n)
		return "device_missing";
	if (c->wrong_driver)
		return "wrong_service";
	if (c->wrong_revision)
		return "wrong_revision";
	return c->missing_driver ? "driver_not_bound" : NULL;
}

static void say_bind(struct selftest *t, const struct evdev_list *list, const struct census *c)
{
	const char *reason = bind_reason(list, c);
	struct marker *m = test_begin(t, "virtio-input-bind", reason ? "FAIL" : "PASS");

	if (reason)
		marker_text(m, "reason", reason);
	marker_text(m, "expected", device_input.driver);
	if (c->odd) {
		marker_text(m, "actual", *c->odd->device.driver ? c->odd->device.driver : "none");
		marker_text(m, "pnp_id", c->odd->device.pci);
	}
	marker_number(m, "devices", list->n);
	marker_number(m, "wrong_service", c->wrong_driver);
	marker_number(m, "missing_service", c->missing_driver);
	marker_number(m, "problem", c->problem);
	test_end(t);
	for (size_t i = 0; i < list->n; i++) {
		const struct device *d = &list->devices[i].device;

		output_say(&t->out, "virtio-input-bind: %s virtio=%s driver=%s name='%s'", d->pci,
			   *d->virtio ? d->virtio : "none", *d->driver ? d->driver : "none",
			   list->devices[i].name);
	}
}

static void say_binding(struct selftest *t, const struct evdev_list *list, const struct census *c)
{
	const char *reason = bind_reason(list, c);
	const struct device *d = c->odd	   ? &c->odd->device
				 : list->n ? &list->devices[0].device
					   : NULL;
	struct marker *m;
	char id[64];

	m = test_begin(t, "virtio-input-binding", reason ? "FAIL" : "PASS");
	if (reason)
		marker_text(m, "reason", reason);
	if (reason && d) {
		marker_text(m, "expected", device_input.driver);
		marker_text(m, "actual", *d->driver ? d->driver : "none");
	} else if (d) {
		marker_text(m, "service", d->driver);
	}
	if (d) {
		device_hardware_id(d, id, sizeof(id));
		marker_text(m, "pnp_id", d->pci);
		marker_text(m, "hwid0", id);
	}
	test_end(t);
}

/* The function whose interrupts stand for all: the keyboard's, or the first. */
static const struct evdev *judge(const struct evdev_list *list)
{
	const struct evdev *e = evdev_first(list, EVDEV_KEYBOARD);

	return e ? e : list->n ? &list->devices[0] : NULL;
}

static void say_input(struct selftest *t, const struct evdev_list *list, const struct census *c,
		      const struct irq_info *irq)
{
	const char *reason = !list->n		      ? "device_missing"
			     : !c->of[EVDEV_KEYBOARD] ? "missing_keyboard"
			     : !c->of[EVDEV_MOUSE]    ? "missing_mouse"
			     : c->of[EVDEV_AMBIGUOUS] ? "ambiguous_device"
			     : c->of[EVDEV_UNKNOWN]   ? "unknown_device"
			     : c->odd		      ? "driver_not_bound"
						      : NULL;
	struct marker *m = test_begin(t, "virtio-input", reason ? "FAIL" : "PASS");

	marker_number(m, "devices", list->n);
	marker_number(m, "keyboard_devices", c->of[EVDEV_KEYBOARD]);
	marker_number(m, "consumer_devices", c->consumer);
	marker_number(m, "mouse_devices", c->of[EVDEV_MOUSE]);
	marker_number(m, "ambiguous_devices", c->of[EVDEV_AMBIGUOUS]);
	marker_number(m, "unknown_devices", c->of[EVDEV_UNKNOWN]);
	marker_number(m, "keyboard_collections", c->of[EVDEV_KEYBOARD]);
	marker_number(m, "consumer_collections", c->consumer);
	marker_number(m, "mouse_collections", c->of[EVDEV_MOUSE]);
	marker_number(m, "tablet_devices", c->of[EVDEV_TABLET]);
	marker_number(m, "tablet_collections", c->of[EVDEV_TABLET]);
	if (reason)
		marker_text(m, "reason", reason);
	irq_fields(irq, m, false);
	test_end(t);
	m = test_begin(t, "virtio-input-tablet", c->of[EVDEV_TABLET] ? "PASS" : "SKIP");
	if (c->of[EVDEV_TABLET])
		marker_number(m, "tablet_devices", c->of[EVDEV_TABLET]);
	else
		marker_token(m, "no_tablet_device");
	test_end(t);
	irq_line(&device_input, irq, m);
	test_end(t);
}

static void say_msix(struct selftest *t, const struct evdev_list *list, const struct irq_info *irq)
{
	const struct evdev *e = judge(list);
	struct irq_info all[DEVICE_MAX];
	unsigned of[IRQ_MSIX + 1] = {0};
	uint64_t total = 0;
	bool fail;
	struct marker *m;

	for (size_t i = 0; i < list->n; i++) {
		irq_read(&list->devices[i].device, &all[i]);
		of[all[i].mode]++;
		total += irq_total(&all[i]);
	}
	fail = t->plan.require_input_msix && (!list->n || of[IRQ_MSIX] != list->n);
	if (!e || (irq->mode == IRQ_NONE && !fail)) {
		m = test_begin(t, "virtio-input-msix", fail ? "FAIL" : "SKIP");
		marker_text(m, "reason", e ? "no_interrupt_in_use" : "device_missing");
		test_end(t);
		return;
	}
	m = test_begin(t, "virtio-input-msix", fail ? "FAIL" : "PASS");
	marker_text(m, "mode", irq_mode_name(irq->mode));
	marker_number(m, "messages", irq->messages);
	marker_vector(m, "config_vector", irq_vector_of(irq, &e->device, "config", false));
	marker_vector(m, "queue0_vector", irq_vector_of(irq, &e->device, "events", true));
	marker_vector(m, "queue1_vector", irq_vector_of(irq, &e->device, "status", true));
	marker_number(m, "msix_devices", of[IRQ_MSIX]);
	marker_number(m, "intx_devices", of[IRQ_INTX]);
	marker_number(m, "unknown_devices", of[IRQ_NONE] + of[IRQ_MSI]);
	marker_number(m, "total_interrupts", total);
	if (irq->messages) {
		marker_number(m, "config_irqs", irq_count_of(irq, &e->device, "config", false));
		marker_number(m, "queue0_irqs", irq_count_of(irq, &e->device, "events", true));
		marker_number(m, "queue1_irqs", irq_count_of(irq, &e->device, "status", true));
	}
	if (fail)
		marker_text(m, "reason", "msix_required");
	test_end(t);
}

void test_input(struct selftest *t)
{
	struct evdev_list list;
	struct irq_info irq = {.mode = IRQ_NONE};
	struct census census;

	evdev_find(&list);
	census = take_census(&list);
	if (judge(&list))
		irq_read(&judge(&list)->device, &irq);
	say_bind(t, &list, &census);
	say_binding(t, &list, &census);
	say_input(t, &list, &census, &irq);
	say_msix(t, &list, &irq);
	input_led_tests(t, &list);
	input_event_tests(t, &list);
	input_media_test(t, &list);
	input_tablet_test(t, &list);
}
