/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"

#include "devices/pci/pci_host.h"
#include "virtio/blk.h"
#include "virtio/virtio_pci.h"
#include "vmm/host/block/block.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A driver in the guest reads a real disk image through PCI, the ring and the product's backend. */

#define N_ROUNDS   150U
#define BAR_WINDOW 0xc0000000ULL

static struct micro m;
static struct pci_bus *pci;
static struct device *host_bridge;
static struct virtio_device *disk;

/* An image without a name: it is gone with the last descriptor. */
static struct block *open_image(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[200], name[64];
	struct block_config config = {.path = name, .read_only = true};
	struct err err = ERR_INIT;
	struct block *block;
	int fd;

	snprintf(path, sizeof(path), "%.150s/vise-micro-XXXXXX", tmp ? tmp : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	CHECK(fd >= 0);
	unlink(path);
	for (uint64_t sector = 0; sector < MICRO_SECTORS; sector++) {
		uint64_t words[64];

		for (uint64_t i = 0; i < 64; i++)
			words[i] = micro_pattern(sector, i);
		CHECK_EQ(write(fd, words, sizeof(words)), sizeof(words));
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	block = block_open(&config, m.loop, &err);
	if (!block)
		tap_fail(__FILE__, __LINE__, "%s", err.text);
	close(fd);
	return block;
}

static void attach_disk(uint16_t vectors, bool ioeventfd)
{
	struct virtio_blk_config blk = {.id = "disk", .mem = m.mem, .loop = m.loop};
	struct virtio_pci_config at = {
		.bus = pci,
		.devfn = PCI_DEVFN(MICRO_BLK_SLOT, 0),
		.vectors = vectors,
		.msi = kvm_vm_msi_sink(m.vm),
		.loop = m.loop,
	};
	struct err err = ERR_INIT;

	if (ioeventfd)
		at.doorbell = kvm_vm_doorbell(m.vm);
	blk.backend = open_image();
	disk = virtio_blk_create(&blk, &err);
	if (!disk)
		tap_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK_OK(virtio_pci_attach(disk, &at, &err), err);
}

static void start(enum micro_entry entry, uint16_t vectors, bool ioeventfd)
{
	struct irq_line lines[KVM_VM_LINES];
	struct err err = ERR_INIT;

	micro_init(&m, 1);
	for (unsigned int gsi = 0; gsi < KVM_VM_LINES; gsi++)
		lines[gsi] = kvm_vm_irq_line(m.vm, gsi);
	pci = pci_bus_create(m.mmio, m.pio, lines, KVM_VM_LINES);
	CHECK(pci != NULL);
	host_bridge = pci_host_create("pci-host", m.pio, pci, &err);
	if (!host_bridge)
		tap_fail(__FILE__, __LINE__, "%s", err.text);
	attach_disk(vectors, ioeventfd);
	CHECK_OK(pci_bus_assign(pci, BAR_WINDOW, BAR_WINDOW + 0xffffff, &err), err);
	micro_boot(&m, entry);
	micro_set_argument(&m, N_ROUNDS);
	micro_go(&m);
	micro_wait_marks(&m, 1);
}

static void finish(void)
{
	cpus_destroy(m.cpus);
	m.cpus = NULL;
	device_destroy(&disk->dev);
	device_destroy(host_bridge);
	pci_bus_destroy(pci);
	micro_fini(&m);
}

static struct micro_box check_all_served(void)
{
	struct micro_box box;

	micro_wait_marks(&m, 2);
	micro_park(&m);
	box = micro_box(&m);
	CHECK_EQ(box.errors, 0);
	CHECK_EQ(disk->queues[0].popped, N_ROUNDS);
	CHECK_EQ(disk->queues[0].completed, N_ROUNDS);
	return box;
}

static void guest_reads_a_disk_by_polling_and_kicks_without_exits(void)
{
	uint64_t exits;

	start(MICRO_ENTRY_BLK_POLL, 2, true);
	if (!m.kvm.has_ioeventfd_any_length)
		tap_skip("this KVM has no ioeventfd of any length");
	exits = micro_exits(&m, 0);
	check_all_served();
	CHECK_EQ(disk->queues[0].interrupts, 0);
	/* Only the last mark, and no kick, left the guest. */
	CHECK_EQ(micro_exits(&m, 0) - exits, 1);
	finish();
}

static void kicks_by_exit_do_the_same_where_ioeventfd_is_missing(void)
{
	uint64_t exits;

	start(MICRO_ENTRY_BLK_POLL, 2, false);
	exits = micro_exits(&m, 0);
	check_all_served();
	CHECK_EQ(disk->queues[0].interrupts, 0);
	CHECK(micro_exits(&m, 0) - exits >= N_ROUNDS);
	finish();
}

static void guest_reads_a_disk_by_msix(void)
{
	struct micro_box box;

	start(MICRO_ENTRY_BLK_MSIX, 2, true);
	box = check_all_served();
	CHECK_EQ(disk->queues[0].interrupts, N_ROUNDS);
	CHECK_EQ(box.interrupts, N_ROUNDS);
	finish();
}

/* The driver leaves the line up once for each completion, so each makes two interrupts. */
static void guest_reads_a_disk_by_intx_and_the_line_holds_until_isr_is_read(void)
{
	struct micro_box box;

	start(MICRO_ENTRY_BLK_INTX, 0, true);
	box = check_all_served();
	CHECK_EQ(disk->queues[0].interrupts, N_ROUNDS);
	CHECK_EQ(box.value[2], N_ROUNDS);
	/* A KVM that emulates ring 0 was seen to enter a handler twice for one interrupt. */
	if (micro_verdict() != KVM_VERDICT_RING3)
		CHECK_EQ(box.interrupts, 2ULL * N_ROUNDS);
	CHECK(box.not_mine <= N_ROUNDS);
	finish();
}

int main(void)
{
	static const struct tap_test tests[] = {
		TAP_TEST(guest_reads_a_disk_by_polling_and_kicks_without_exits),
		TAP_TEST(kicks_by_exit_do_the_same_where_ioeventfd_is_missing),
		TAP_TEST(guest_reads_a_disk_by_msix),
		TAP_TEST(guest_reads_a_disk_by_intx_and_the_line_holds_until_isr_is_read),
	};

	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), 30, micro_unavailable());
}
