/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/blk/blk.h"

#include <string.h>

#include "guest-init/selftest/blk/blk_io.h"
#include "guest-init/selftest/irq.h"
#include "guest-init/selftest/sysfs.h"

/* Virtio 1.2, sections 5.2.3 and 6. */
#define F_SEG_MAX	(1ULL << 2)
#define F_BLK_SIZE	(1ULL << 6)
#define F_FLUSH		(1ULL << 9)
#define F_INDIRECT_DESC (1ULL << 28)
#define F_VERSION_1	(1ULL << 32)

#define QUEUE_SIZE 128

const char *blk_contract_reason(const struct blk_disk *disk)
{
	static const struct {
		uint64_t bit;
		const char *reason;
	} wanted[] = {
		{F_VERSION_1, "feature_missing_version_1"},
		{F_INDIRECT_DESC, "feature_missing_indirect_desc"},
		{F_SEG_MAX, "feature_missing_seg_max"},
		{F_BLK_SIZE, "feature_missing_blk_size"},
		{F_FLUSH, "feature_missing_flush"},
	};

	if (disk->device.transitional)
		return NULL;
	if (!device_revision_good(&disk->device))
		return "wrong_revision";
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!(disk->device.features & wanted[i].bit))
			return wanted[i].reason;
	}
	/* Linux makes as many tags as the queue has descriptors when each request takes one. */
	if (sysfs_number("/sys/block/%s/mq/0/nr_tags", disk->name) != QUEUE_SIZE)
		return "queue_size_not_128";
	return NULL;
}

/* What only the Windows miniport counts is told as unknown, not as zero. */
static void say_unknown(struct selftest *t)
{
	static const char *const lines[] = {"virtio-blk-miniport-flags",
					    "virtio-blk-miniport-reset-recovery"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		marker_begin(&t->m, lines[i]);
		marker_token(&t->m, "WARN");
		marker_text(&t->m, "reason", "no_miniport");
		marker_number(&t->m, "returned_len", 0);
		test_end(t);
	}
}

static void say_msix(struct selftest *t, const struct blk_disk *disk, const struct irq_info *irq)
{
	struct marker *m;

	if (irq->mode == IRQ_NONE) {
		m = test_begin(t, "virtio-blk-msix", "SKIP");
		marker_text(m, "reason", "no_interrupt_in_use");
		test_end(t);
		return;
	}
	m = test_begin(t, "virtio-blk-msix", "PASS");
	marker_text(m, "mode", irq_mode_name(irq->mode));
	marker_number(m, "messages", irq->messages);
	marker_vector(m, "config_vector", irq_vector_of(irq, &disk->device, "config", false));
	marker_vector(m, "queue_vector", irq_vector_of(irq, &disk->device, "req.0", true));
	test_end(t);
}

static void say_counters(struct selftest *t)
{
	static const char *const names[] = {"virtio-blk-counters", "virtio-blk-reset-recovery"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		marker_text(test_begin(t, names[i], "SKIP"), "reason", "no_miniport");
		marker_number(&t->m, "returned_len", 0);
		test_end(t);
	}
}

static void say_result(struct selftest *t, const struct blk_disk *disk, const struct blk_io *io,
		       const struct irq_info *irq, const char *reason)
{
	struct marker *m = test_begin(t, "virtio-blk", reason ? "FAIL" : "PASS");

	irq_fields(irq, m, true);
	marker_vector(m, "msix_config_vector", irq_vector_of(irq, &disk->device, "config", false));
	marker_vector(m, "msix_queue_vector", irq_vector_of(irq, &disk->device, "req.0", true));
	marker_flag(m, "write_ok", io->write_ok);
	marker_number(m, "write_bytes", io->write_bytes);
	marker_rate(m, "write_mbps", io->write_bytes, io->write_ns);
	marker_flag(m, "flush_ok", io->flush_ok);
	marker_flag(m, "read_ok", io->read_ok);
	marker_number(m, "read_bytes", io->read_bytes);
	marker_rate(m, "read_mbps", io->read_bytes, io->read_ns);
	if (reason)
		marker_text(m, "reason", reason);
	if (io->error)
		marker_signed(m, "err", io->error);
	test_end(t);
}

static void say_disk(struct selftest *t, const struct blk_disk *disk)
{
	char id[64];

	device_hardware_id(&disk->device, id, sizeof(id));
	output_say(&t->out, "virtio-blk: %s %s, /dev/%s, %s%s, features 0x%llx", disk->device.pci,
		   id, disk->name, *disk->root ? "file in " : "last sectors", disk->root,
		   (unsigned long long)disk->device.features);
}

void test_blk(struct selftest *t)
{
	struct blk_disk disk;
	struct blk_io io = {.reason = NULL};
	struct irq_info irq = {.mode = IRQ_NONE};
	const char *reason = NULL;
	bool usable = blk_disk_choose(&t->plan, &disk, &reason);

	if (usable) {
		say_disk(t, &disk);
		reason = blk_contract_reason(&disk);
		if (!blk_io_run(&disk, (uint64_t)t->plan.io_size_mib << 20,
				(uint64_t)t->plan.io_chunk_kib << 10, &io))
			reason = io.reason;
	} else if (!strcmp(reason, "no_usable_volume")) {
		output_say(&t->out, "virtio-blk: no disk with a mounted file system, or with zeros"
				    " at its end: --blk-root names a directory or a disk");
	}
	if (*disk.device.pci)
		irq_read(&disk.device, &irq);
	if (!reason && t->plan.expect_blk_msi && !irq.messages)
		reason = "expected_msi";
	say_unknown(t);
	say_msix(t, &disk, &irq);
	say_counters(t);
	say_result(t, &disk, &io, &irq, reason);
	irq_line(&device_blk, &irq, &t->m);
	test_end(t);
	blk_resize_test(t, &disk, usable);
	blk_reset_test(t, &disk, usable);
}
