/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "virtio/input/input.h"
#include "vmm/core/clock.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

/* Keys that are pressed now and let go by a timer. */

struct held_keys {
	struct machine *m;
	struct loop_timer *timer;
	struct virtio_input_event releases[MACHINE_MAX_KEYS];
	size_t n;
	struct held_keys *next;
};

static void forget(struct held_keys *held)
{
	struct held_keys **at = &held->m->held;

	while (*at != held)
		at = &(*at)->next;
	*at = held->next;
	held->m->n_held--;
	loop_del_timer(held->timer);
	free(held);
}

static void let_go(void *arg)
{
	struct held_keys *held = arg;
	struct machine_batches batches = {.of[VIRTIO_INPUT_KEYBOARD] = {held->releases, held->n}};
	struct err err = ERR_INIT;

	/* The device has room for the release of each key that is down; a guest that has reset it
	 * since has none to be let go. */
	if (machine_inject_all(held->m, &batches, &err) < 0)
		log_debug("keys are not let go: %s", err.text);
	forget(held);
}

int machine_press_keys(struct machine *m, const uint16_t *codes, size_t n, uint64_t hold_ns,
		       struct err *err)
{
	struct virtio_input_event presses[MACHINE_MAX_KEYS];
	struct machine_batches batches = {.of[VIRTIO_INPUT_KEYBOARD] = {presses, n}};
	struct clock host = clock_host();
	struct held_keys *held;
	int rc;

	if (m->n_held == MACHINE_MAX_KEYS)
		return err_set(err, -EBUSY, "%u keys are held down already", MACHINE_MAX_KEYS);
	held = calloc(1, sizeof(*held));
	if (!held || !(held->timer = loop_add_timer(m->loop, let_go, held))) {
		free(held);
		return err_set(err, -ENOMEM, "out of memory");
	}
	/* Last pressed, first let go. */
	for (size_t i = 0; i < n; i++) {
		presses[i] = (struct virtio_input_event){EV_KEY, codes[i], 1};
		held->releases[n - 1 - i] = (struct virtio_input_event){EV_KEY, codes[i], 0};
	}
	rc = machine_inject_all(m, &batches, err);
	if (rc < 0) {
		loop_del_timer(held->timer);
		free(held);
		return rc;
	}
	held->m = m;
	held->n = n;
	held->next = m->held;
	m->held = held;
	m->n_held++;
	loop_set_timer(held->timer, clock_monotonic_ns(&host) + hold_ns);
	return 0;
}

void machine_forget_keys(struct machine *m)
{
	struct held_keys *held = m->held;

	while (held) {
		struct held_keys *next = held->next;

		loop_del_timer(held->timer);
		free(held);
		held = next;
	}
	m->held = NULL;
	m->n_held = 0;
}
