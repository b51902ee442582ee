/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_blk.h"
#include "tests/guestdrv/gd_echo.h"
#include "tests/guestdrv/gd_legacy.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Transitional functions: the legacy interface, and how it keeps apart from the modern one. */

#define DEVFN	PCI_DEVFN(6, 0)
#define SIZE	64U
#define GUARD	0xc7
#define F_BLK	(VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH)
#define MESSAGE 0xfee00000ULL

/* An echo device with the identity of a console, three queues of different sizes. */
struct echo {
	struct gd_machine *m;
	struct virtio_device *vd;
	struct gd_legacy l;
	struct gd_queue q[3];
};

static const struct gd_echo_config echo_config = {
	.id = "echo0",
	.virtio_id = VIRTIO_ID_CONSOLE,
	.n_queues = 3,
	.sizes = {SIZE, 256, 16},
};

static void open_echo(struct echo *e, uint16_t vectors)
{
	struct virtio_pci_config pci = {
		.devfn = DEVFN, .mode = VIRTIO_PCI_TRANSITIONAL, .vectors = vectors};

	e->m = gd_machine_create(NULL);
	e->vd = gd_echo_create(e->m, &echo_config);
	gd_plug_with(e->m, e->vd, &pci);
	gd_assign(e->m);
	ck_assert(gd_legacy_open(&e->l, e->m, DEVFN));
}

static void start_queues(struct echo *e)
{
	for (uint16_t q = 0; q < 3; q++)
		ck_assert(gd_legacy_queue(&e->l, &e->q[q], q));
	gd_legacy_driver_ok(&e->l);
}

static void start_echo(struct echo *e)
{
	open_echo(e, 0);
	gd_legacy_init(&e->l, VIRTIO_F_INDIRECT_DESC);
	start_queues(e);
}

static void close_echo(struct echo *e)
{
	gd_machine_destroy(e->m);
}

static void add_echo(struct gd_queue *q, gpa_t *out)
{
	struct gd_machine *m = q->dev->m;
	gpa_t in = gd_alloc(m, 32, 16);
	struct gd_seg segs[] = {{in, 16, false}, {in + 16, 16, true}};

	gd_fill(m, in, 0x5a, 16);
	ck_assert_int_ge(gd_add(q, segs, 2), 0);
	*out = in + 16;
}

static bool works(const struct echo *e, struct gd_queue *q)
{
	struct gd_used used;
	gpa_t out;

	add_echo(q, &out);
	gd_legacy_kick(&e->l, q);
	return gd_wait_used(q, &used) && used.len == 16 && gd_all(e->m, out, 0x5a, 16);
}

/* A request is made available; nothing may come of it. */
static bool is_dead(const struct echo *e, struct gd_queue *q)
{
	gpa_t out;

	add_echo(q, &out);
	gd_legacy_kick(&e->l, q);
	gd_settle(e->m);
	return gd_used_ready(q) == 0 && gd_all(e->m, out, 0, 16);
}

static uint32_t status(const struct echo *e)
{
	return gd_legacy_rd(&e->l, VIRTIO_LEGACY_STATUS, 1);
}

START_TEST(identity_is_that_of_the_legacy_device)
{
	static const struct {
		uint16_t id, device;
		uint32_t class_code;
	} rows[] = {
		{VIRTIO_ID_NET, 0x1000, 0x020000},
		{VIRTIO_ID_BLOCK, 0x1001, 0x010000},
		{VIRTIO_ID_CONSOLE, 0x1003, 0x078000},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gd_echo_config config = echo_config;
		/* A subsystem of one's own would hide the type, which drivers read there. */
		struct virtio_pci_config pci = {
			.devfn = DEVFN, .mode = VIRTIO_PCI_TRANSITIONAL, .subsystem = 0x1100};
		struct gd_machine *m = gd_machine_create(NULL);

		config.virtio_id = rows[i].id;
		gd_plug_with(m, gd_echo_create(m, &config), &pci);
		ck_assert_uint_eq(gd_cfg_read(m, DEVFN, PCI_VENDOR_ID, 2), 0x1af4);
		ck_assert_uint_eq(gd_cfg_read(m, DEVFN, PCI_DEVICE_ID, 2), rows[i].device);
		ck_assert_uint_eq(gd_cfg_read(m, DEVFN, PCI_REVISION_ID, 4),
				  rows[i].class_code << 8);
		ck_assert_uint_eq(gd_cfg_read(m, DEVFN, PCI_SUBSYSTEM_VENDOR_ID, 2), 0x1af4);
		ck_assert_uint_eq(gd_cfg_read(m, DEVFN, PCI_SUBSYSTEM_ID, 2), rows[i].id);
		gd_machine_destroy(m);
	}
}
END_TEST

START_TEST(types_without_a_legacy_form_are_refused_in_one_line)
{
	static const uint16_t ids[] = {VIRTIO_ID_INPUT, VIRTIO_ID_SOUND, 40};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct gd_echo_config config = echo_config;
		struct gd_machine *m = gd_machine_create(NULL);
		struct virtio_pci_config pci = {
			.bus = m->pci,
			.loop = m->loop,
			.devfn = DEVFN,
			.mode = VIRTIO_PCI_TRANSITIONAL,
		};
		struct err err = ERR_INIT;
		struct virtio_device *vd;

		config.virtio_id = ids[i];
		vd = gd_echo_create(m, &config);
		ck_assert_int_lt(virtio_pci_attach(vd, &pci, &err), 0);
		ck_assert_ptr_nonnull(strstr(err.text, "echo0"));
		ck_assert_ptr_nonnull(strstr(err.text, "transitional"));
		ck_assert_ptr_null(strchr(err.text, '\n'));
		/* The device is still the caller's, and can go another way. */
		pci.mode = VIRTIO_PCI_MODERN;
		ck_assert_int_eq(virtio_pci_attach(vd, &pci, &err), 0);
		device_destroy(&vd->dev);
		gd_machine_destroy(m);
	}
}
END_TEST

START_TEST(bar_0_has_ports_and_bar_4_the_windows)
{
	unsigned int windows = 0;
	unsigned int cap;
	struct echo e;

	open_echo(&e, 4);
	gd_cfg_write(e.m, DEVFN, PCI_BAR0, 4, UINT32_MAX);
	ck_assert_uint_eq(gd_cfg_read(e.m, DEVFN, PCI_BAR0, 4),
			  ~(VIRTIO_PCI_PORTS - 1) | PCI_BAR_SPACE_IO);
	gd_cfg_write(e.m, DEVFN, PCI_BAR0 + 16, 4, UINT32_MAX);
	ck_assert_uint_eq(gd_cfg_read(e.m, DEVFN, PCI_BAR0 + 16, 4),
			  ~(VIRTIO_PCI_BAR_SIZE - 1) | PCI_BAR_MEM_64);
	for (cap = gd_cfg_read(e.m, DEVFN, PCI_CAPABILITY_LIST, 1); cap;
	     cap = gd_cfg_read(e.m, DEVFN, cap + 1, 1)) {
		if (gd_cfg_read(e.m, DEVFN, cap, 1) == PCI_CAP_ID_VENDOR) {
			ck_assert_uint_eq(gd_cfg_read(e.m, DEVFN, cap + 4, 1), 4);
			windows++;
		} else {
			ck_assert_uint_eq(gd_cfg_read(e.m, DEVFN, cap + 4, 4), VIRTIO_PCI_MSIX | 4);
			ck_assert_uint_eq(gd_cfg_read(e.m, DEVFN, cap + 8, 1) & 7, 4);
		}
	}
	ck_assert_uint_eq(windows, 4);
	close_echo(&e);
}
END_TEST

START_TEST(port_bars_get_places_of_their_own)
{
	struct gd_machine *m = gd_machine_create(NULL);
	struct err err = ERR_INIT;
	uint32_t seen = 0;

	for (uint8_t slot = 2; slot < 6; slot++) {
		struct virtio_pci_config pci = {.devfn = PCI_DEVFN(slot, 0),
						.mode = VIRTIO_PCI_TRANSITIONAL};

		gd_plug_with(m, gd_echo_create(m, &echo_config), &pci);
	}
	gd_assign(m);
	for (uint8_t slot = 2; slot < 6; slot++) {
		uint32_t bar = gd_cfg_read(m, PCI_DEVFN(slot, 0), PCI_BAR0, 4);

		ck_assert_uint_eq(bar % VIRTIO_PCI_PORTS, PCI_BAR_SPACE_IO);
		ck_assert_uint_ge(bar, GD_PORTS);
		ck_assert_uint_ge(bar, seen + VIRTIO_PCI_PORTS);
		seen = bar;
	}
	ck_assert_int_lt(pci_bus_assign_ports(m->pci, 0xc000, 0xc17f, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "no room"));
	ck_assert_int_eq(pci_bus_assign_ports(m->pci, 0xfe00, 0xffff, &err), 0);
	gd_machine_destroy(m);
}
END_TEST

START_TEST(every_queue_works_by_its_number)
{
	struct echo e;

	start_echo(&e);
	ck_assert(e.vd->legacy);
	for (unsigned int i = 0; i < 300; i++)
		for (uint16_t q = 0; q < 3; q++)
			ck_assert(works(&e, &e.q[q]));
	for (uint16_t q = 0; q < 3; q++)
		ck_assert_uint_eq(gd_echo_served(e.vd, q), 300);
	/* No such queue; none that exists is served. */
	for (uint32_t q = 3; q < 0x10000; q += 251)
		gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_NOTIFY, 2, q);
	gd_settle(e.m);
	ck_assert_uint_eq(gd_echo_passes(e.vd), 900);
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_SELECT, 2, 3);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_QUEUE_SIZE, 2), 0);
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_PFN, 4, 0x100);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_QUEUE_PFN, 4), 0);
	close_echo(&e);
}
END_TEST

START_TEST(nothing_outside_the_legacy_ring_is_touched)
{
	uint64_t avail_end = gd_desc_bytes(SIZE) + gd_avail_bytes(SIZE);
	struct gd_queue *q;
	struct echo e;

	open_echo(&e, 0);
	gd_legacy_init(&e.l, 0);
	q = &e.q[0];
	ck_assert(gd_legacy_queue(&e.l, q, 0));
	ck_assert_uint_eq(q->used - q->desc, 4096);
	gd_fill(e.m, q->desc + avail_end, GUARD, 4096 - avail_end);
	gd_fill(e.m, q->used + gd_used_bytes(SIZE), GUARD, 2);
	gd_legacy_driver_ok(&e.l);
	for (unsigned int i = 0; i < 200; i++)
		ck_assert(works(&e, q));
	ck_assert(gd_all(e.m, q->desc + avail_end, GUARD, 4096 - avail_end));
	ck_assert(gd_all(e.m, q->used + gd_used_bytes(SIZE), GUARD, 2));
	close_echo(&e);
}
END_TEST

START_TEST(features_are_the_low_word_and_any_layout)
{
	struct echo e;
	uint32_t offered;

	open_echo(&e, 0);
	offered = gd_legacy_rd(&e.l, VIRTIO_LEGACY_DEVICE_FEATURES, 4);
	ck_assert_uint_eq(offered, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_ANY_LAYOUT);
	gd_legacy_init(&e.l, 0);
	/* What is not offered is not accepted, and not stored. */
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_DRIVER_FEATURES, 4, UINT32_MAX);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_DRIVER_FEATURES, 4), offered);
	ck_assert_uint_eq(e.vd->negotiated, VIRTIO_F_INDIRECT_DESC);
	start_queues(&e);
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_DRIVER_FEATURES, 4, 0);
	ck_assert_uint_eq(e.vd->negotiated, VIRTIO_F_INDIRECT_DESC);
	/* The modern driver is not shown the legacy bit. */
	ck_assert_uint_eq(gd_offered(&e.l.dev), VIRTIO_F_INDIRECT_DESC | VIRTIO_F_VERSION_1);
	close_echo(&e);
}
END_TEST

START_TEST(indirect_tables_follow_the_features)
{
	for (unsigned int on = 0; on < 2; on++) {
		struct gd_used used;
		struct echo e;
		gpa_t buf;

		open_echo(&e, 0);
		gd_legacy_init(&e.l, on ? VIRTIO_F_INDIRECT_DESC : 0);
		start_queues(&e);
		buf = gd_alloc(e.m, 32, 16);
		ck_assert_int_ge(
			gd_add_indirect(&e.q[0], 0,
					(struct gd_seg[]){{buf, 16, false}, {buf + 16, 16, true}},
					2),
			0);
		gd_legacy_kick(&e.l, &e.q[0]);
		ck_assert(gd_wait_used(&e.q[0], &used));
		ck_assert_uint_eq(used.len, on ? 16 : 0);
		close_echo(&e);
	}
}
END_TEST

START_TEST(event_indices_work)
{
	struct virtio_pci_config pci = {
		.devfn = DEVFN, .mode = VIRTIO_PCI_TRANSITIONAL, .event_idx = true};
	struct echo e;

	e.m = gd_machine_create(NULL);
	e.vd = gd_echo_create(e.m, &echo_config);
	gd_plug_with(e.m, e.vd, &pci);
	gd_assign(e.m);
	ck_assert(gd_legacy_open(&e.l, e.m, DEVFN));
	ck_assert(gd_legacy_init(&e.l, VIRTIO_F_EVENT_IDX) == VIRTIO_F_EVENT_IDX);
	start_queues(&e);
	for (uint16_t i = 0; i < 200; i++) {
		gd_set_used_event(&e.q[0], (uint16_t)(i / 2 * 2 + 1));
		ck_assert(works(&e, &e.q[0]));
		gd_settle(e.m);
		ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_ISR, 1), i % 2);
		ck_assert_uint_eq(gd_avail_event(&e.q[0]), i + 1);
	}
	close_echo(&e);
}
END_TEST

START_TEST(page_0_disables_that_queue_alone)
{
	struct echo e;

	start_echo(&e);
	ck_assert(works(&e, &e.q[0]));
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_SELECT, 2, 0);
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_PFN, 4, 0);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_QUEUE_PFN, 4), 0);
	ck_assert(is_dead(&e, &e.q[0]));
	ck_assert(works(&e, &e.q[1]));
	ck_assert_uint_eq(status(&e), GD_ACK_DRIVER | VIRTIO_STATUS_DRIVER_OK);
	/* Its indices start at 0 again, wherever the new ring is. */
	ck_assert(gd_legacy_queue(&e.l, &e.q[0], 0));
	ck_assert(works(&e, &e.q[0]));
	ck_assert_uint_eq(e.q[0].used_seen, 1);
	close_echo(&e);
}
END_TEST

START_TEST(page_may_change_without_being_0_in_between)
{
	struct echo e;

	start_echo(&e);
	ck_assert(works(&e, &e.q[0]));
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert(gd_legacy_queue(&e.l, &e.q[0], 0));
		ck_assert(works(&e, &e.q[0]));
	}
	close_echo(&e);
}
END_TEST

START_TEST(page_outside_ram_makes_no_progress_until_reset)
{
	static const uint32_t pages[] = {0xffffffff, 0x1000, 0xfff, 0xe0000, 0x80000000};
	struct echo e;

	start_echo(&e);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_SELECT, 2, 0);
		gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_PFN, 4, pages[i]);
		ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_QUEUE_PFN, 4), pages[i]);
		ck_assert(is_dead(&e, &e.q[0]));
		ck_assert(works(&e, &e.q[1]));
	}
	gd_legacy_init(&e.l, 0);
	start_queues(&e);
	ck_assert(works(&e, &e.q[0]));
	close_echo(&e);
}
END_TEST

START_TEST(status_0_resets_everything)
{
	struct echo e;

	start_echo(&e);
	ck_assert(works(&e, &e.q[0]));
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_STATUS, 1, 0);
	ck_assert_uint_eq(status(&e), 0);
	ck_assert(!e.vd->legacy);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_ISR, 1), 0);
	ck_assert(!gd_line(&e.l.dev));
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_DRIVER_FEATURES, 4), 0);
	for (uint32_t q = 0; q < 3; q++) {
		gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_SELECT, 2, q);
		ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_QUEUE_PFN, 4), 0);
		ck_assert(is_dead(&e, &e.q[q]));
	}
	gd_legacy_init(&e.l, 0);
	start_queues(&e);
	for (uint16_t q = 0; q < 3; q++)
		ck_assert(works(&e, &e.q[q]));
	close_echo(&e);
}
END_TEST

START_TEST(platform_reset_leaves_nothing_of_a_legacy_driver)
{
	struct echo e;

	start_echo(&e);
	ck_assert(works(&e, &e.q[0]));
	gd_platform_reset(e.m);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_STATUS, 1), 0xff); /* no decoding */
	ck_assert(gd_legacy_open(&e.l, e.m, DEVFN));
	ck_assert_uint_eq(status(&e), 0);
	gd_legacy_init(&e.l, 0);
	start_queues(&e);
	ck_assert(works(&e, &e.q[0]));
	close_echo(&e);
}
END_TEST

START_TEST(isr_is_read_and_cleared_by_any_width_that_covers_it)
{
	static const struct {
		uint32_t offset;
		unsigned int size, shift;
	} rows[] = {{0x13, 1, 0}, {0x12, 2, 8}, {0x10, 4, 24}, {0x13, 2, 0}};
	struct echo e;

	start_echo(&e);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t value;

		ck_assert(works(&e, &e.q[0]));
		ck_assert(gd_line(&e.l.dev));
		gd_legacy_wr(&e.l, VIRTIO_LEGACY_ISR, 1, 0xff); /* read-only */
		/* Beside it is no acknowledgement. */
		ck_assert_uint_eq(status(&e), 7);
		ck_assert(gd_line(&e.l.dev));
		value = gd_legacy_rd(&e.l, rows[i].offset, rows[i].size);
		ck_assert_uint_eq(value >> rows[i].shift & 0xff, VIRTIO_ISR_QUEUE);
		ck_assert(!gd_line(&e.l.dev));
		ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_ISR, 1), 0);
	}
	gd_echo_config(e.vd, 0, 1);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_ISR, 1), VIRTIO_ISR_CONFIG);
	close_echo(&e);
}
END_TEST

START_TEST(config_begins_behind_the_vectors_while_msix_is_on)
{
	struct echo e;

	open_echo(&e, 4);
	gd_echo_config(e.vd, 0, 0x11);
	gd_echo_config(e.vd, GD_ECHO_CONFIG_SIZE - 1, 0x22);
	for (unsigned int on = 0; on < 3; on++) {
		gd_msix_enable(&e.l.dev, on & 1);
		ck_assert_uint_eq(gd_legacy_config(&e.l, 0), 0x11);
		ck_assert_uint_eq(gd_legacy_config(&e.l, GD_ECHO_CONFIG_SIZE - 1), 0x22);
		ck_assert_uint_eq(gd_legacy_config(&e.l, GD_ECHO_CONFIG_SIZE), 0);
	}
	/* Writable where the device says so. */
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_CONFIG + 4, 4, 0x01020304);
	ck_assert_uint_eq(gd_legacy_config(&e.l, 4), 4);
	ck_assert_uint_eq(gd_bar_rd(&e.l.dev, VIRTIO_PCI_DEVICE + 4, 4), 0x01020304);
	close_echo(&e);
}
END_TEST

START_TEST(vectors_send_messages)
{
	struct echo e;

	open_echo(&e, 4);
	gd_msix_enable(&e.l.dev, true);
	for (uint16_t v = 0; v < 4; v++)
		gd_msix_set(&e.l.dev, v, MESSAGE, 100 + v);
	gd_legacy_init(&e.l, 0);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_CONFIG_VECTOR, 2), VIRTIO_MSI_NO_VECTOR);
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_CONFIG_VECTOR, 2, 4);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_CONFIG_VECTOR, 2), VIRTIO_MSI_NO_VECTOR);
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_CONFIG_VECTOR, 2, 0);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_CONFIG_VECTOR, 2), 0);
	for (uint16_t q = 0; q < 3; q++) {
		ck_assert(gd_legacy_queue(&e.l, &e.q[q], q));
		gd_legacy_wr(&e.l, VIRTIO_LEGACY_QUEUE_VECTOR, 2, q + 1U);
		ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_QUEUE_VECTOR, 2), q + 1U);
	}
	gd_legacy_driver_ok(&e.l);
	for (uint16_t q = 0; q < 3; q++) {
		ck_assert(works(&e, &e.q[q]));
		ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 101U + q), 1);
	}
	gd_echo_config(e.vd, 0, 1);
	ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 100), 1);
	ck_assert(!gd_line(&e.l.dev));
	/* Off again, the same ports are config, and writing them moves no vector. */
	gd_msix_enable(&e.l.dev, false);
	gd_legacy_wr(&e.l, VIRTIO_LEGACY_CONFIG_VECTOR, 2, 3);
	gd_msix_enable(&e.l.dev, true);
	ck_assert_uint_eq(gd_legacy_rd(&e.l, VIRTIO_LEGACY_CONFIG_VECTOR, 2), 0);
	close_echo(&e);
}
END_TEST

START_TEST(modern_driver_works_and_locks_the_ports)
{
	struct gd_blk_config config = {.transport = VIRTIO_PCI_TRANSITIONAL};
	struct gd_legacy l;
	struct gd_blk b;

	gd_blk_open(&b, &config);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_linux));
	ck_assert(gd_legacy_open(&l, b.m, GD_BLK_DEVFN));
	gd_legacy_wr(&l, VIRTIO_LEGACY_QUEUE_SELECT, 2, 0);
	ck_assert_uint_eq(gd_legacy_rd(&l, VIRTIO_LEGACY_QUEUE_PFN, 4), 0);
	gd_legacy_wr(&l, VIRTIO_LEGACY_QUEUE_PFN, 4, 0x300);
	gd_legacy_wr(&l, VIRTIO_LEGACY_DRIVER_FEATURES, 4, 0);
	gd_legacy_wr(&l, VIRTIO_LEGACY_STATUS, 1, VIRTIO_STATUS_FAILED);
	ck_assert(!b.vd->legacy);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), GD_RUNNING);
	ck_assert_uint_eq(gd_accepted(&b.dev), b.dev.features);
	ck_assert(gd_blk_works(&b));
	/* But they may reset it. */
	gd_legacy_wr(&l, VIRTIO_LEGACY_STATUS, 1, 0);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(legacy_driver_locks_the_windows)
{
	struct echo e;

	start_echo(&e);
	gd_accept(&e.l.dev, VIRTIO_F_VERSION_1);
	gd_wr(&e.l.dev, GD_STATUS, GD_RUNNING);
	ck_assert_uint_eq(status(&e), GD_ACK_DRIVER | VIRTIO_STATUS_DRIVER_OK);
	ck_assert_uint_eq(e.vd->negotiated, VIRTIO_F_INDIRECT_DESC);
	gd_queue_wr(&e.l.dev, 0, GD_QUEUE_ENABLE, 0);
	ck_assert(works(&e, &e.q[0]));
	ck_assert(e.vd->legacy);
	gd_reset(&e.l.dev);
	ck_assert(!e.vd->legacy);
	ck_assert(gd_negotiate(&e.l.dev, VIRTIO_F_VERSION_1));
	ck_assert_uint_eq(e.vd->negotiated, VIRTIO_F_VERSION_1);
	close_echo(&e);
}
END_TEST

START_TEST(firmware_and_system_may_use_different_interfaces)
{
	struct echo e;

	open_echo(&e, 0);
	for (unsigned int i = 0; i < 5; i++) {
		struct gd_queue q;

		gd_legacy_init(&e.l, 0);
		start_queues(&e);
		ck_assert(works(&e, &e.q[0]));
		ck_assert(gd_negotiate(&e.l.dev, VIRTIO_F_VERSION_1));
		ck_assert(gd_queue_setup(&q, &e.l.dev, 0, 4));
		gd_driver_ok(&e.l.dev);
		ck_assert(is_dead(&e, &e.q[0]));
		gd_kick(&q);
		ck_assert(works(&e, &q)); /* a doorbell is a doorbell */
	}
	close_echo(&e);
}
END_TEST

START_TEST(notification_waits_for_bus_mastering)
{
	struct gd_used used;
	struct echo e;
	gpa_t out;

	start_echo(&e);
	gd_cfg_write(e.m, DEVFN, PCI_COMMAND, 2, PCI_COMMAND_IO);
	add_echo(&e.q[0], &out);
	gd_legacy_kick(&e.l, &e.q[0]);
	gd_settle(e.m);
	ck_assert_uint_eq(gd_used_ready(&e.q[0]), 0);
	gd_cfg_write(e.m, DEVFN, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
	ck_assert(gd_wait_used(&e.q[0], &used));
	close_echo(&e);
}
END_TEST

START_TEST(buffers_kicked_before_driver_ok_are_not_lost)
{
	struct gd_used used;
	struct echo e;
	gpa_t out;

	open_echo(&e, 0);
	gd_legacy_init(&e.l, 0);
	ck_assert(gd_legacy_queue(&e.l, &e.q[0], 0));
	add_echo(&e.q[0], &out);
	gd_legacy_kick(&e.l, &e.q[0]);
	gd_legacy_driver_ok(&e.l);
	ck_assert(gd_wait_used(&e.q[0], &used));
	close_echo(&e);
}
END_TEST

START_TEST(port_may_be_rung_with_ioeventfds_offered)
{
	struct gd_machine_config machine = {.doorbells = true};
	struct virtio_pci_config pci = {.devfn = DEVFN, .mode = VIRTIO_PCI_TRANSITIONAL};
	struct echo e;

	e.m = gd_machine_create(&machine);
	e.vd = gd_echo_create(e.m, &echo_config);
	gd_plug_with(e.m, e.vd, &pci);
	gd_assign(e.m);
	ck_assert(gd_legacy_open(&e.l, e.m, DEVFN));
	gd_legacy_init(&e.l, 0);
	start_queues(&e);
	ck_assert(works(&e, &e.q[0]));
	ck_assert_uint_eq(e.m->bells.n, 0);
	ck_assert_uint_eq(e.m->bells.bad_detach, 0);
	close_echo(&e);
}
END_TEST

START_TEST(every_port_and_width_is_safe)
{
	struct echo e;

	open_echo(&e, 4);
	for (unsigned int msix = 0; msix < 2; msix++) {
		gd_msix_enable(&e.l.dev, msix);
		for (uint32_t at = 0; at < VIRTIO_PCI_PORTS; at++)
			for (unsigned int size = 1; size <= 4; size *= 2)
				for (uint32_t value = 0; value < 4; value++) {
					gd_legacy_wr(&e.l, at, size, value * 0x55555555U);
					gd_legacy_rd(&e.l, at, size);
				}
	}
	gd_msix_enable(&e.l.dev, false);
	gd_settle(e.m);
	gd_legacy_init(&e.l, 0);
	start_queues(&e);
	ck_assert(works(&e, &e.q[2]));
	close_echo(&e);
}
END_TEST

START_TEST(disk_works_for_a_legacy_driver)
{
	struct gd_blk_config config = {
		.transport = VIRTIO_PCI_TRANSITIONAL, .vectors = 2, .mode = GD_BLOCK_POSTED};
	uint8_t data[1024];
	struct gd_used used;
	struct gd_legacy l;
	struct gd_blk b;

	gd_blk_open(&b, &config);
	ck_assert(gd_legacy_open(&l, b.m, GD_BLK_DEVFN));
	ck_assert_uint_eq(gd_legacy_init(&l, F_BLK), F_BLK);
	ck_assert_uint_eq(gd_legacy_config(&l, 0) | gd_legacy_config(&l, 1) << 8, GD_BLK_SECTORS);
	ck_assert(gd_legacy_queue(&l, &b.q, 0));
	gd_legacy_driver_ok(&l);
	for (unsigned int i = 0; i < 300; i++) {
		struct gd_blk_req w = gd_blk_req(&b, VIRTIO_BLK_T_OUT, i, 1024);
		struct gd_blk_req r = gd_blk_req(&b, VIRTIO_BLK_T_IN, i, 1024);

		memset(data, (int)i, sizeof(data));
		gd_write(b.m, w.data, data, sizeof(data));
		ck_assert_int_ge(gd_blk_add(&b, &w), 0);
		gd_legacy_kick(&l, &b.q);
		ck_assert(gd_wait_used(&b.q, &used));
		ck_assert_uint_eq(gd_ld8(b.m, w.status), VIRTIO_BLK_S_OK);
		ck_assert_int_ge(gd_blk_add(&b, &r), 0);
		gd_legacy_kick(&l, &b.q);
		ck_assert(gd_wait_used(&b.q, &used));
		ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
		ck_assert(gd_all(b.m, r.data, (uint8_t)i, 1024));
		b.m->next = 0x100000;
	}
	gd_blk_close(&b);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		identity_is_that_of_the_legacy_device,
		types_without_a_legacy_form_are_refused_in_one_line,
		bar_0_has_ports_and_bar_4_the_windows,
		port_bars_get_places_of_their_own,
		every_queue_works_by_its_number,
		nothing_outside_the_legacy_ring_is_touched,
		features_are_the_low_word_and_any_layout,
		indirect_tables_follow_the_features,
		event_indices_work,
		page_0_disables_that_queue_alone,
		page_may_change_without_being_0_in_between,
		page_outside_ram_makes_no_progress_until_reset,
		status_0_resets_everything,
		platform_reset_leaves_nothing_of_a_legacy_driver,
		isr_is_read_and_cleared_by_any_width_that_covers_it,
		config_begins_behind_the_vectors_while_msix_is_on,
		vectors_send_messages,
		modern_driver_works_and_locks_the_ports,
		legacy_driver_locks_the_windows,
		firmware_and_system_may_use_different_interfaces,
		notification_waits_for_bus_mastering,
		buffers_kicked_before_driver_ok_are_not_lost,
		port_may_be_rung_with_ioeventfds_offered,
		every_port_and_width_is_safe,
		disk_works_for_a_legacy_driver,
	};
	Suite *s = suite_create("virtio_legacy");
	TCase *tc = tcase_create("legacy");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
