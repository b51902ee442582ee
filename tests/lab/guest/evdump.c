/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Linux guest sees of its input devices, for tests to compare:
 *
 *   evdump list                 one line a device and capability: what the kernel was told
 *   evdump watch N NAME         prints "ready", then N events of the device NAME, one a line
 *   evdump led NAME CODE VALUE  lights or puts out a LED
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICES 8

/* Opens device number @i; -1 when there is none. Its name goes to @name. */
static int open_device(int i, char *name, size_t size)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/input/event%d", i);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, EVIOCGNAME(size), name) < 0)
		name[0] = '\0';
	return fd;
}

static int open_named(const char *wanted)
{
	char name[80];

	for (int i = 0; i < DEVICES; i++) {
		int fd = open_device(i, name, sizeof(name));

		if (fd >= 0 && strcmp(name, wanted) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	fprintf(stderr, "evdump: no device '%s'\n", wanted);
	exit(1);
}

static void list_codes(int fd, const char *name, unsigned int type)
{
	unsigned char bits[KEY_CNT / 8];
	int n;

	memset(bits, 0, sizeof(bits));
	n = ioctl(fd, EVIOCGBIT(type, sizeof(bits)), bits);
	printf("%s|type %u|", name, type);
	for (int code = 0; code < n * 8; code++)
		if (bits[code / 8] >> (code % 8) & 1)
			printf(" %d", code);
	printf("\n");
}

static void list_axis(int fd, const char *name, unsigned int axis)
{
	struct input_absinfo info;

	if (ioctl(fd, EVIOCGABS(axis), &info) == 0)
		printf("%s|abs %u| %d..%d fuzz %d flat %d res %d\n", name, axis, info.minimum,
		       info.maximum, info.fuzz, info.flat, info.resolution);
}

static int list(void)
{
	for (int i = 0; i < DEVICES; i++) {
		unsigned char types[4] = {0};
		struct input_id id;
		char name[80];
		int fd = open_device(i, name, sizeof(name));

		if (fd < 0)
			continue;
		if (ioctl(fd, EVIOCGID, &id) == 0)
			printf("%s|id| %04x:%04x:%04x:%04x\n", name, id.bustype, id.vendor,
			       id.product, id.version);
		ioctl(fd, EVIOCGBIT(0, sizeof(types)), types);
		for (unsigned int type = 1; type < EV_CNT; type++)
			if (types[type / 8] >> (type % 8) & 1)
				list_codes(fd, name, type);
		if (types[0] >> EV_ABS & 1) {
			list_axis(fd, name, ABS_X);
			list_axis(fd, name, ABS_Y);
		}
		close(fd);
	}
	return 0;
}

static int watch(int n, const char *name)
{
	int fd = open_named(name);
	struct input_event e;

	printf("ready\n");
	fflush(stdout);
	while (n-- > 0) {
		if (read(fd, &e, sizeof(e)) != sizeof(e)) {
			fprintf(stderr, "evdump: %s: %s\n", name, strerror(errno));
			return 1;
		}
		printf("event %u %u %d\n", e.type, e.code, e.value);
		fflush(stdout);
	}
	return 0;
}

static int led(const char *name, int code, int value)
{
	struct input_event e[2] = {
		{.type = EV_LED, .code = (unsigned short)code, .value = value},
		{.type = EV_SYN},
	};
	int fd = open_named(name);

	if (write(fd, e, sizeof(e)) != sizeof(e)) {
		fprintf(stderr, "evdump: %s: %s\n", name, strerror(errno));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	if (argc == 4 && strcmp(argv[1], "watch") == 0)
		return watch((int)strtol(argv[2], NULL, 10), argv[3]);
	if (argc == 5 && strcmp(argv[1], "led") == 0)
		return led(argv[2], (int)strtol(argv[3], NULL, 10), (int)strtol(argv[4], NULL, 10));
	fprintf(stderr, "usage: evdump list | watch N NAME | led NAME CODE VALUE\n");
	return 2;
}
