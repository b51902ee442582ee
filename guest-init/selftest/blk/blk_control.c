/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resize by the host, and reset by taking the driver away and giving it back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-init/selftest/blk/blk.h"
#include "guest-init/selftest/blk/blk_io.h"
#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/sysfs.h"

#define RESIZE_MS      60000
#define RESIZE_POLL_MS 250
#define RESET_MS       15000
#define RESET_POLL_MS  200
#define RESET_QUERIES  5

/* vda is 0, vdb 1, as far as the alphabet goes. */
static uint64_t disk_number(const char *name)
{
	uint64_t n = 0;

	for (const char *s = name + (!strncmp(name, "vd", 2) ? 2 : 0); *s >= 'a' && *s <= 'z'; s++)
		n = n * 26 + (uint64_t)(*s - 'a') + 1;
	return n ? n - 1 : 0;
}

static void say_resize(struct selftest *t, const char *status, const struct blk_disk *disk,
		       int64_t old_bytes)
{
	marker_number(test_begin(t, "virtio-blk-resize", status), "disk", disk_number(disk->name));
	marker_signed(&t->m, "old_bytes", old_bytes);
}

void blk_resize_test(struct selftest *t, const struct blk_disk *disk, bool usable)
{
	uint64_t start = clock_ns();
	uint64_t end = clock_after_ms(RESIZE_MS);
	int64_t old_bytes;
	int64_t now;

	if (!t->plan.test_blk_resize) {
		test_not_asked(t, "virtio-blk-resize");
		return;
	}
	old_bytes = usable ? blk_disk_bytes(disk->name) : -1;
	if (old_bytes < 0) {
		marker_text(test_begin(t, "virtio-blk-resize", "FAIL"), "reason",
			    usable ? "query_old_size_failed" : "disk_not_found");
		test_end(t);
		return;
	}
	say_resize(t, "READY", disk, old_bytes);
	test_end(t);
	do {
		clock_sleep_ms(RESIZE_POLL_MS);
		now = blk_disk_bytes(disk->name);
	} while (now == old_bytes && clock_ns() < end);
	say_resize(t, now > old_bytes ? "PASS" : "FAIL", disk, old_bytes);
	marker_signed(&t->m, now > old_bytes ? "new_bytes" : "last_bytes", now);
	marker_number(&t->m, "elapsed_ms", (clock_ns() - start) / 1000000);
	if (now <= old_bytes)
		marker_text(&t->m, "reason",
			    now < 0	      ? "query_new_size_failed"
			    : now < old_bytes ? "unexpected_shrink"
					      : "timeout");
	test_end(t);
}

/* Each disk that Linux makes gets a number of its own: it counts how often the driver began. */
static int64_t disk_sequence(const char *name)
{
	return sysfs_number("/sys/block/%s/diskseq", name);
}

struct reset {
	int64_t before;
	int64_t after;
	const char *reason;
	int error;
};

static bool reset_failed(struct reset *r, const char *reason, int error)
{
	r->reason = reason;
	r->error = error;
	return false;
}

static bool rebind(struct blk_disk *disk, struct reset *r)
{
	uint64_t end = clock_after_ms(RESET_MS);
	int ret;

	r->before = disk_sequence(disk->name);
	if (r->before < 0)
		return reset_failed(r, "miniport_query_before_failed", 0);
	ret = device_unbind(&device_blk, &disk->device);
	if (!ret)
		ret = device_bind(&device_blk, &disk->device);
	if (ret)
		return reset_failed(r, "force_reset_failed", -ret);
	do {
		struct blk_io io = {.error = 0};

		device_refresh(&disk->device);
		if (blk_disk_name(disk->device.virtio, disk->name, sizeof(disk->name)) &&
		    blk_io_run(disk, 1U << 20, 1U << 16, &io))
			return true;
		r->error = io.error;
		clock_sleep_ms(RESET_POLL_MS);
	} while (clock_ns() < end);
	return reset_failed(r, "post_reset_io_failed", r->error);
}

static bool check_after(const struct blk_disk *disk, struct reset *r)
{
	for (int i = 0; i < RESET_QUERIES; i++) {
		if (blk_contract_reason(disk))
			return reset_failed(r, "miniport_query_after_failed", 0);
	}
	r->after = disk_sequence(disk->name);
	if (r->after <= r->before)
		return reset_failed(r, "ioctl_reset_count_not_incremented", 0);
	return true;
}

void blk_reset_test(struct selftest *t, struct blk_disk *disk, bool usable)
{
	struct reset r = {.before = -1, .after = -1};
	struct marker *m;
	bool ok;

	if (!t->plan.test_blk_reset) {
		test_not_asked(t, "virtio-blk-reset");
		return;
	}
	if (usable && disk->in_use) {
		/* The driver cannot be taken from below a file system. */
		test_say(t, "virtio-blk-reset", "SKIP", "disk_is_mounted");
		return;
	}
	ok = usable ? rebind(disk, &r) && check_after(disk, &r)
		    : reset_failed(&r, "resolve_target_failed", 0);
	m = test_begin(t, "virtio-blk-reset", ok ? "PASS" : "FAIL");
	if (ok)
		marker_flag(m, "performed", true);
	marker_signed(m, "counter_before", r.before);
	marker_signed(m, "counter_after", r.after);
	if (r.reason) {
		marker_text(m, "reason", r.reason);
		marker_signed(m, "err", r.error);
	}
	test_end(t);
}
