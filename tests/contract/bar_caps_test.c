/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include "vmm/core/le.h"

#include <sched.h>
#include <string.h>

/* Section 2: BAR 0 and the capability list. */

static uint32_t sized(struct gd_machine *m, unsigned int reg)
{
	uint32_t old = gd_cfg_read(m, GD_BLK_DEVFN, reg, 4);
	uint32_t mask;

	gd_cfg_write(m, GD_BLK_DEVFN, reg, 4, UINT32_MAX);
	mask = gd_cfg_read(m, GD_BLK_DEVFN, reg, 4);
	gd_cfg_write(m, GD_BLK_DEVFN, reg, 4, old);
	return mask;
}

START_TEST(bar_0_is_64_bit_memory)
{
	struct gd_blk b;

	CLAUSE("T-BAR-1");
	open_blk(&b);
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_BAR0, 4) & 0xf, 0x4);
	gd_blk_close(&b);
}
END_TEST

START_TEST(bar_0_is_16_kib_long)
{
	struct gd_blk b;

	CLAUSE("T-BAR-2");
	open_blk(&b);
	ck_assert_uint_eq(sized(b.m, 0x10), 0xffffc004);
	ck_assert_uint_eq(sized(b.m, 0x14), 0xffffffff);
	/* Decoding was on all the while: the window is back where it was. */
	ck_assert_uint_eq(gd_rd(&b.dev, GD_NUM_QUEUES), 1);
	gd_blk_close(&b);
}
END_TEST

START_TEST(there_is_no_other_bar)
{
	struct gd_blk b;

	CLAUSE("T-BAR-3");
	open_blk(&b);
	for (unsigned int reg = 0x18; reg <= 0x24; reg += 4)
		ck_assert_uint_eq(sized(b.m, reg), 0);
	ck_assert_uint_eq(sized(b.m, 0x30), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(bar_0_works_above_4_gib)
{
	struct gd_blk b;

	CLAUSE("T-BAR-4");
	open_blk(&b);
	gd_bar_move(&b.dev, 0x800000000ULL);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_NUM_QUEUES), 1);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(window_follows_the_base)
{
	struct gd_blk_config config = {.machine = {.doorbells = true}};
	uint64_t old;
	struct gd_blk b;

	CLAUSE("T-BAR-5");
	start_blk_with(&b, &config);
	old = b.dev.bar;
	gd_bar_move(&b.dev, old + 0x100000);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), GD_RUNNING);
	ck_assert_uint_eq(gd_mmio_read(b.m, old + GD_STATUS, 1), 0xff);
	/* The doorbell went along, and nothing is left at the old place. */
	ck_assert(gd_blk_works(&b));
	ck_assert(!gd_doorbell_ring(&b.m->bells, old + VIRTIO_PCI_NOTIFY));
	ck_assert_uint_eq(b.m->bells.n, 1);
	ck_assert_uint_eq(b.m->bells.bad_detach, 0);
	gd_blk_close(&b);
}
END_TEST

/* A vCPU that reads the window at its two places without pause. */
struct reader {
	struct gd_machine *m;
	uint64_t places[2];
	atomic_bool stop;
	atomic_uint reads, wrong;
};

static void *read_window(void *arg)
{
	struct reader *r = arg;

	for (unsigned int i = 0; !atomic_load(&r->stop); i++) {
		uint64_t n = gd_mmio_read(r->m, r->places[i % 2] + GD_NUM_QUEUES, 2);

		if (n != 1 && n != 0xffff)
			atomic_fetch_add(&r->wrong, 1);
		gd_mmio_write(r->m, r->places[i % 2] + VIRTIO_PCI_NOTIFY, 2, 0);
		atomic_fetch_add(&r->reads, 1);
		sched_yield();
	}
	return NULL;
}

START_TEST(window_may_move_under_another_vcpu)
{
	struct gd_blk_config config = {.machine = {.doorbells = true}};
	struct reader r = {0};
	pthread_t vcpu;
	struct gd_blk b;

	TRAP("moving-window");
	CLAUSE("T-BAR-5");
	start_blk_with(&b, &config);
	r.m = b.m;
	r.places[0] = b.dev.bar;
	r.places[1] = b.dev.bar + 0x100000;
	ck_assert_int_eq(pthread_create(&vcpu, NULL, read_window, &r), 0);
	while (atomic_load(&r.reads) == 0)
		sched_yield();
	for (unsigned int i = 0; i < 500; i++) {
		gd_bar_move(&b.dev, r.places[i % 2]);
		ck_assert(gd_blk_works(&b));
	}
	atomic_store(&r.stop, true);
	pthread_join(vcpu, NULL);
	ck_assert_uint_eq(r.wrong, 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(window_is_dead_without_memory_enable)
{
	struct gd_blk_config config = {.machine = {.doorbells = true}};
	struct gd_blk b;

	CLAUSE("T-BAR-5");
	start_blk_with(&b, &config);
	gd_cfg_write(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_STATUS, 1), 0xff);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_DEVICE_FEATURE, 4), UINT32_MAX);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_ISR, 1), 0xff);
	gd_wr(&b.dev, GD_STATUS, 0);
	ck_assert_uint_eq(b.m->bells.n, 0);
	gd_cfg_write(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), GD_RUNNING);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(firmware_gives_a_base_that_is_not_0)
{
	struct gd_blk b;

	CLAUSE("T-BAR-6");
	open_blk(&b);
	ck_assert_uint_ne(b.dev.bar, 0);
	ck_assert_uint_eq(b.dev.bar % VIRTIO_PCI_BAR_SIZE, 0);
	/* The window begins at the base itself and is answered to its last byte. */
	ck_assert_uint_eq(gd_bar_rd(&b.dev, 0x3fff, 1), 0);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, 0x4000, 1), 0xff);
	gd_blk_close(&b);
}
END_TEST

START_TEST(doorbell_waits_for_bus_master)
{
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_blk b;

	TRAP("no-bus-master");
	CLAUSE("T-BAR-7");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	gd_cfg_write(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	gd_fill(b.m, r.data, 0x77, 512);
	ck_assert_int_ge(gd_blk_add(&b, &r), 0);
	gd_kick(&b.q);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_used_ready(&b.q), 0);
	ck_assert(gd_all(b.m, r.data, 0x77, 512));
	ck_assert(!gd_line(&b.dev));
	gd_cfg_write(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

START_TEST(message_waits_for_bus_master)
{
	struct gd_blk_config config = {.vectors = 2};
	struct gd_blk b;

	TRAP("no-bus-master");
	CLAUSE("T-BAR-7");
	gd_blk_open(&b, &config);
	gd_msix_enable(&b.dev, true);
	gd_msix_set(&b.dev, 0, 0xfee00000, 0x40);
	gd_msix_set(&b.dev, 1, 0xfee00000, 0x41);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	gd_cfg_write(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_int_eq(virtio_blk_resize(b.vd, 1 << 20, NULL), 0);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
	gd_cfg_write(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 1);
	ck_assert_uint_eq(gd_msi_at(&b.m->msi, 0).data, 0x40);
	gd_blk_close(&b);
}
END_TEST

static void set_interrupt_disable(struct gd_blk *b, bool on)
{
	gd_cfg_write(b->m, GD_BLK_DEVFN, PCI_COMMAND, 2,
		     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | (on ? PCI_COMMAND_INTX_DISABLE : 0));
}

START_TEST(interrupt_disable_drops_the_line_and_keeps_the_cause)
{
	struct gd_blk b;

	CLAUSE("T-BAR-8");
	start_blk(&b);
	ck_assert(gd_blk_works(&b));
	ck_assert(gd_line(&b.dev));
	set_interrupt_disable(&b, true);
	ck_assert(!gd_line(&b.dev));
	ck_assert_uint_ne(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, 0);
	set_interrupt_disable(&b, false);
	ck_assert(gd_line(&b.dev));
	ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_QUEUE);
	ck_assert(!gd_line(&b.dev));
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(platform_reset_clears_command_msix_and_virtio)
{
	struct gd_blk_config config = {.vectors = 2};
	uint32_t base;
	struct gd_blk b;

	TRAP("platform-reset");
	CLAUSE("T-BAR-9");
	gd_blk_open(&b, &config);
	gd_msix_enable(&b.dev, true);
	gd_msix_set(&b.dev, 1, 0xfee00000, 0x41);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	base = gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_BAR0, 4);
	gd_platform_reset(b.m);
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, GD_MSIX_CAP + 2, 2), 1);
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_BAR0, 4), base);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_STATUS, 1), 0xff);
	gd_dev_open(&b.dev, b.m, GD_BLK_DEVFN);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), 0);
	ck_assert_uint_eq(gd_queue_rd(&b.dev, 0, GD_QUEUE_ENABLE), 0);
	ck_assert_uint_eq(gd_queue_rd(&b.dev, 0, GD_QUEUE_DESC), 0);
	ck_assert_uint_eq(gd_accepted(&b.dev), 0);
	/* Entry 1 is masked again and forgot its message. */
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 0x1c, 4), 1);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 0x18, 4), 0);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

/* The list as a driver's parser reads it out of one 256-byte image. */
struct caps {
	unsigned int n, n_vendor, n_msix;
	unsigned int of_type[256];
	const uint8_t *by_type[256];
};

static void walk(const uint8_t *c, struct caps *caps)
{
	bool visited[256] = {false};

	memset(caps, 0, sizeof(*caps));
	for (unsigned int at = c[0x34]; at; at = c[at + 1]) {
		ck_assert_uint_eq(at % 4, 0);
		ck_assert_uint_ge(at, 0x40);
		ck_assert_uint_le(at, 0xfe);
		ck_assert_msg(!visited[at], "the capability list loops at 0x%x", at);
		visited[at] = true;
		ck_assert_uint_lt(caps->n++, 64);
		if (c[at] == 0x11) {
			ck_assert_uint_le(at + 12, 256);
			caps->n_msix++;
		} else {
			ck_assert_uint_eq(c[at], 0x09);
			ck_assert_uint_le(at + c[at + 2], 256);
			caps->n_vendor++;
			caps->of_type[c[at + 3]]++;
			caps->by_type[c[at + 3]] = c + at;
		}
	}
}

static void walk_blk(uint16_t vectors, uint8_t *config, struct caps *caps)
{
	struct gd_blk_config how = {.vectors = vectors};
	struct gd_blk b;

	gd_blk_open(&b, &how);
	gd_cfg_dump(b.m, GD_BLK_DEVFN, config);
	gd_blk_close(&b);
	walk(config, caps);
}

START_TEST(status_announces_the_list)
{
	uint8_t c[256];
	struct caps caps;

	CLAUSE("T-CAP-1");
	walk_blk(0, c, &caps);
	ck_assert_uint_ne(c[0x06] & 0x10, 0);
	ck_assert_uint_eq(c[0x34], 0x40);
}
END_TEST

START_TEST(four_virtio_capabilities_one_of_each)
{
	uint8_t c[256];
	struct caps caps;

	CLAUSE("T-CAP-2");
	CLAUSE("T-CAP-7");
	walk_blk(2, c, &caps);
	ck_assert_uint_eq(caps.n_vendor, 4);
	for (unsigned int type = 1; type <= 4; type++)
		ck_assert_uint_eq(caps.of_type[type], 1);
}
END_TEST

START_TEST(capabilities_name_the_fixed_windows)
{
	static const struct {
		uint32_t offset, length;
	} windows[] = {{0, 0}, {0x0000, 0x100}, {0x1000, 0x100}, {0x2000, 0x20}, {0x3000, 0x100}};
	uint8_t c[256];
	struct caps caps;

	CLAUSE("T-CAP-3");
	walk_blk(0, c, &caps);
	for (unsigned int type = 1; type <= 4; type++) {
		ck_assert_uint_eq(caps.by_type[type][4], 0);
		ck_assert_uint_eq(ld_le32(caps.by_type[type] + 8), windows[type].offset);
		ck_assert_uint_eq(ld_le32(caps.by_type[type] + 12), windows[type].length);
	}
}
END_TEST

START_TEST(capabilities_are_long_enough)
{
	uint8_t c[256];
	struct caps caps;

	CLAUSE("T-CAP-4");
	walk_blk(0, c, &caps);
	for (unsigned int type = 1; type <= 4; type++)
		ck_assert_uint_ge(caps.by_type[type][2], type == 2 ? 20 : 16);
	ck_assert_uint_eq(ld_le32(caps.by_type[2] + 16), 4);
}
END_TEST

START_TEST(list_is_acyclic_aligned_and_fits)
{
	uint8_t c[256];
	struct caps caps;

	CLAUSE("T-CAP-5");
	walk_blk(0, c, &caps); /* asserts it at each step */
	ck_assert_uint_eq(caps.n, 4);
	walk_blk(2, c, &caps);
	ck_assert_uint_eq(caps.n, 5);
}
END_TEST

START_TEST(msix_capability_only_with_vectors)
{
	uint8_t c[256];
	struct caps caps;

	CLAUSE("T-CAP-6");
	walk_blk(0, c, &caps);
	ck_assert_uint_eq(caps.n_msix, 0);
	walk_blk(2, c, &caps);
	ck_assert_uint_eq(caps.n_msix, 1);
	ck_assert_uint_eq(c[GD_MSIX_CAP], 0x11);
}
END_TEST

CONTRACT_MAIN("bar_caps", bar_0_is_64_bit_memory, bar_0_is_16_kib_long, there_is_no_other_bar,
	      bar_0_works_above_4_gib, window_follows_the_base, window_may_move_under_another_vcpu,
	      window_is_dead_without_memory_enable, firmware_gives_a_base_that_is_not_0,
	      doorbell_waits_for_bus_master, message_waits_for_bus_master,
	      interrupt_disable_drops_the_line_and_keeps_the_cause,
	      platform_reset_clears_command_msix_and_virtio, status_announces_the_list,
	      four_virtio_capabilities_one_of_each, capabilities_name_the_fixed_windows,
	      capabilities_are_long_enough, list_is_acyclic_aligned_and_fits,
	      msix_capability_only_with_vectors)
