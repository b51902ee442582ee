/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_EVDEV_H
#define VISE_GUEST_INIT_SELFTEST_EVDEV_H

#include <linux/input.h>
#include <stdbool.h>
#include <stddef.h>

#include "guest-init/selftest/device.h"
#include "guest-init/selftest/input/watch.h"

/* The input devices behind the virtio-input functions. */

enum evdev_kind { EVDEV_UNKNOWN, EVDEV_KEYBOARD, EVDEV_MOUSE, EVDEV_TABLET, EVDEV_AMBIGUOUS };

struct evdev {
	struct device device;
	enum evdev_kind kind;
	bool consumer;	/* has media keys */
	char input[32]; /* input4; empty: the driver made none */
	char node[32];	/* event2; empty: none */
	char name[128]; /* as the device tells it */
};

struct evdev_list {
	struct evdev devices[DEVICE_MAX];
	size_t n;
};

/* Finds all virtio-input functions and what they are. */
void evdev_find(struct evdev_list *list);

/* The first one of @kind with a node; NULL: none. */
const struct evdev *evdev_first(const struct evdev_list *list, enum evdev_kind kind);

/* Opens its node for reading and writing, non-blocking; -1 and errno. */
int evdev_open(const struct evdev *e);

/* What a device with these capabilities is; the texts are as sysfs has them: words of hexadecimal
 * digits of 64 bits each, the highest first. Pure. */
enum evdev_kind evdev_classify(const char *key, const char *rel, const char *abs);

/* Whether bit @n is set in such a text. Pure. */
bool evdev_has(const char *text, unsigned n);

/* Reads what there is from the open node @fd and gives each event to @take. False when the device
 * has gone. */
bool evdev_drain(int fd, struct watch *w,
		 void (*take)(struct watch *w, const struct input_event *e));

#endif
