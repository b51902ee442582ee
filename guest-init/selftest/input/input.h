/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_INPUT_H
#define VISE_GUEST_INIT_SELFTEST_INPUT_H

#include "guest-init/selftest/input/evdev.h"
#include "guest-init/selftest/test.h"

/* The parts of the input test that stand in files of their own; each prints its markers. */

void input_led_tests(struct selftest *t, const struct evdev_list *list);

/* Events of keyboard and mouse, with wheel, modifiers and buttons. */
void input_event_tests(struct selftest *t, const struct evdev_list *list);
void input_media_test(struct selftest *t, const struct evdev_list *list);
void input_tablet_test(struct selftest *t, const struct evdev_list *list);

#endif
