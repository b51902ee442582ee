/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_DEVICE_TIMER_H
#define VISE_DEVICES_DEVICE_TIMER_H

#include "vmm/core/err.h"
#include "vmm/core/loop.h"

#include <stdint.h>

/*
 * A timer that any thread may arm and whose function runs on the loop's thread. The timers of
 * vmm/core/loop.h belong to the loop's thread; a device is told what to wait for by a vCPU's write.
 */

struct device_timer;

/*
 * Makes an unarmed timer. @fn is called with no lock held. It may come early, after the timer was
 * set to a later time: it takes its device's lock and asks the clock what is due. On the loop's
 * thread or before the loop runs. NULL and @err on failure.
 */
struct device_timer *device_timer_create(struct loop *loop, loop_fn fn, void *arg, struct err *err);

/* Ends and frees it. On the loop's thread or after the loop has ended, before loop_destroy(). NULL
 * is allowed. */
void device_timer_destroy(struct device_timer *timer);

/* Arms for the absolute CLOCK_MONOTONIC time @when_ns, once; 0 disarms. Any thread, under the
 * device's lock. Setting what is set already costs nothing. */
void device_timer_set(struct device_timer *timer, uint64_t when_ns);

#endif
