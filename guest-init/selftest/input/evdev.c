/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/input/evdev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest-init/selftest/sysfs.h"

#define VIRTIO	  "/sys/bus/virtio/devices"
#define WORDS_MAX 16

bool evdev_has(const char *text, unsigned n)
{
	uint64_t words[WORDS_MAX];
	size_t count = 0;

	while (count < WORDS_MAX) {
		char *end;

		words[count] = strtoull(text, &end, 16);
		if (end == text)
			break;
		count++;
		text = end;
	}
	return n / 64 < count && words[count - 1 - n / 64] >> n % 64 & 1;
}

enum evdev_kind evdev_classify(const char *key, const char *rel, const char *abs)
{
	bool keyboard = evdev_has(key, KEY_A) && evdev_has(key, KEY_ENTER);
	bool mouse = evdev_has(key, BTN_LEFT) && evdev_has(rel, REL_X) && evdev_has(rel, REL_Y);
	/* Its button is optional (contract 15.3). */
	bool tablet = evdev_has(abs, ABS_X) && evdev_has(abs, ABS_Y);

	if (keyboard + mouse + tablet > 1)
		return EVDEV_AMBIGUOUS;
	return keyboard ? EVDEV_KEYBOARD
	       : mouse	? EVDEV_MOUSE
	       : tablet ? EVDEV_TABLET
			: EVDEV_UNKNOWN;
}

static void look_at(struct evdev *e)
{
	const char *virtio = e->device.virtio;
	char key[256];
	char rel[64];
	char abs[64];

	if (!*virtio ||
	    !sysfs_first(e->input, sizeof(e->input), "input", VIRTIO "/%s/input", virtio))
		return;
	sysfs_first(e->node, sizeof(e->node), "event", VIRTIO "/%s/input/%s", virtio, e->input);
	sysfs_text(e->name, sizeof(e->name), VIRTIO "/%s/input/%s/name", virtio, e->input);
	sysfs_text(key, sizeof(key), VIRTIO "/%s/input/%s/capabilities/key", virtio, e->input);
	sysfs_text(rel, sizeof(rel), VIRTIO "/%s/input/%s/capabilities/rel", virtio, e->input);
	sysfs_text(abs, sizeof(abs), VIRTIO "/%s/input/%s/capabilities/abs", virtio, e->input);
	e->kind = evdev_classify(key, rel, abs);
	e->consumer = evdev_has(key, KEY_VOLUMEUP);
}

void evdev_find(struct evdev_list *list)
{
	struct device devices[DEVICE_MAX];

	list->n = device_find(&device_input, devices, DEVICE_MAX);
	for (size_t i = 0; i < list->n; i++) {
		list->devices[i] = (struct evdev){.device = devices[i]};
		look_at(&list->devices[i]);
	}
}

const struct evdev *evdev_first(const struct evdev_list *list, enum evdev_kind kind)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->devices[i].kind == kind && *list->devices[i].node)
			return &list->devices[i];
	}
	return NULL;
}

int evdev_open(const struct evdev *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/input/%s", e->node);
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

bool evdev_drain(int fd, struct watch *w,
		 void (*take)(struct watch *w, const struct input_event *e))
{
	struct input_event events[64];

	for (;;) {
		ssize_t n = read(fd, events, sizeof(events));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
		for (size_t i = 0; i < (size_t)n / sizeof(events[0]); i++)
			take(w, &events[i]);
	}
}
