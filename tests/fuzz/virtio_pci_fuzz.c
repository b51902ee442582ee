/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The whole path of a virtio-blk function, modern or transitional: configuration space, BARs, queue
 * and RAM, driven by a list of operations read from the input, eight bytes each: what, how wide,
 * where, with what.
 *
 * Invariants: nothing crashes or hangs; the disk is never asked for what it does not have; the line
 * agrees with the pending bit; doorbells are detached where they were attached; what is negotiated
 * fits the interface in use. At the end the device is reset and must work for a sane driver of each
 * interface, whose used ring never runs ahead.
 */

#include "tests/guestdrv/gd_blk.h"
#include "tests/guestdrv/gd_legacy.h"
#include "vmm/core/le.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_BYTES 8U
#define MAX_OPS	 512U
#define ARENA	 0x40000U /* where the fuzzer's rings and buffers like to be */

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

struct op {
	uint8_t what, where_low;
	unsigned int size;
	uint16_t where;
	uint32_t value;
};

static void op_config(struct gd_blk *b, const struct op *op)
{
	unsigned int size = op->size > 4 ? 4 : op->size;
	unsigned int at = op->where_low & ~(size - 1);

	if (op->what & 0x80)
		gd_cfg_write(b->m, GD_BLK_DEVFN, at, size, op->value);
	else
		gd_cfg_read(b->m, GD_BLK_DEVFN, at, size);
}

static void op_bar(struct gd_blk *b, const struct op *op)
{
	static const uint32_t windows[] = {0x0000, 0x1000, 0x2000, 0x3000, 0x3100, 0x3ff8};
	uint32_t at = windows[op->where % 6] + op->where_low % 0x40;
	uint64_t value = op->value | (uint64_t)op->value << 32;

	if (op->what & 0x40)
		at = op->where % VIRTIO_PCI_BAR_SIZE;
	if (op->what & 0x80)
		gd_bar_wr(&b->dev, at, op->size, value);
	else
		gd_bar_rd(&b->dev, at, op->size);
}

static void op_memory(struct gd_blk *b, const struct op *op)
{
	gpa_t at = ARENA + op->where % 0x4000;

	gd_st32(b->m, at, op->value);
}

/* A descriptor that has a chance to be of use. */
static void op_desc(struct gd_blk *b, const struct op *op)
{
	uint16_t flags = op->value & 7;
	uint32_t len = op->value >> 3 & 0x3ff;

	gd_desc(b->m, ARENA, op->where_low % 128, ARENA + 0x1000 + (op->value >> 13 & 0xfff), len,
		flags, op->where % 130);
}

/* A driver's start, with the queue in the arena. */
static void op_start(struct gd_blk *b, const struct op *op)
{
	uint64_t features = op->value & 1 ? gd_win7_blk.required : VIRTIO_F_VERSION_1;

	gd_negotiate(&b->dev, features);
	gd_queue_setup_at(&b->q, &b->dev, 0, ARENA, ARENA + 0x2000, ARENA + 0x3000);
	gd_wr(&b->dev, GD_STATUS, op->where_low);
}

/* A good request among the bad ones. */
static void op_request(struct gd_blk *b, const struct op *op)
{
	gpa_t at = ARENA + 0x1000;

	gd_st32(b->m, at, op->where % 6);
	gd_st64(b->m, at + 8, op->value % (GD_BLK_SECTORS + 2));
	gd_desc(b->m, ARENA, 0, at, 16, VIRTQ_DESC_F_NEXT, 1);
	gd_desc(b->m, ARENA, 1, at + 0x100, 512U * (op->where_low % 4),
		VIRTQ_DESC_F_NEXT | (op->where % 6 ? 0U : VIRTQ_DESC_F_WRITE), 2);
	gd_desc(b->m, ARENA, 2, at + 0x20, 1, VIRTQ_DESC_F_WRITE, 0);
	gd_st16(b->m, ARENA + 0x2004 + 2U * op->where_low % 256, 0);
}

static void op_kick(struct gd_blk *b, const struct op *op)
{
	gd_st16(b->m, ARENA + 0x2002, op->where);
	gd_bar_wr(&b->dev, VIRTIO_PCI_NOTIFY, 2, 0);
}

static void op_backend(struct gd_blk *b, const struct op *op)
{
	b->disk->mode = op->where_low % 3;
	b->disk->fail = op->value & 1 ? -5 : 0;
	if (op->value & 2)
		gd_block_release_all(b->disk);
	if (op->value & 4) {
		struct err err = ERR_INIT;
		uint64_t size = 512ULL * (1 + op->where % GD_BLK_SECTORS);

		if (virtio_blk_resize(b->vd, size, &err) < 0)
			return;
	}
	if (op->value & 8)
		gd_platform_reset(b->m);
}

/* Runs the loop a little: a driver that floods the device must not make this endless. */
static void op_run(struct gd_blk *b, const struct op *op)
{
	for (unsigned int i = 0; i < 1 + op->where_low % 8U; i++)
		REQUIRE(loop_run_once(b->m->loop, 0, NULL) >= 0);
}

/* Ports: with a modern function there are none. */
static void op_port(struct gd_blk *b, const struct op *op)
{
	uint16_t port = (uint16_t)(GD_PORTS + op->where_low % VIRTIO_PCI_PORTS);
	unsigned int size = op->size > 4 ? 4 : op->size;

	if (op->what & 0x80)
		gd_port_write(b->m, port, size, op->value);
	else
		gd_port_read(b->m, port, size);
}

/* A legacy driver's start, with its ring in the arena, then a notification. */
static void op_legacy(struct gd_blk *b, const struct op *op)
{
	struct gd_legacy l;

	if (!gd_legacy_open(&l, b->m, GD_BLK_DEVFN))
		return;
	gd_legacy_init(&l, op->value);
	gd_legacy_wr(&l, VIRTIO_LEGACY_QUEUE_SELECT, 2, 0);
	gd_legacy_wr(&l, VIRTIO_LEGACY_QUEUE_PFN, 4, (ARENA >> 12) + op->where_low % 4U);
	gd_legacy_driver_ok(&l);
	gd_st16(b->m, ARENA + 0x802, op->where); /* avail.idx of a ring at ARENA */
	gd_legacy_wr(&l, VIRTIO_LEGACY_QUEUE_NOTIFY, 2, 0);
}

static void (*const ops[])(struct gd_blk *b, const struct op *op) = {
	op_config,  op_bar,  op_bar,	 op_memory, op_desc, op_start,
	op_request, op_kick, op_backend, op_run,    op_port, op_legacy,
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static void check(struct gd_blk *b)
{
	bool pending = gd_cfg_read(b->m, GD_BLK_DEVFN, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT;
	bool off = gd_cfg_read(b->m, GD_BLK_DEVFN, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE;
	unsigned int gsi = pci_gsi(PCI_SLOT(GD_BLK_DEVFN), 0);

	REQUIRE(atomic_load(&b->m->irq.gsi[gsi].level) == (pending && !off));
	REQUIRE(b->disk->bad_requests == 0);
	REQUIRE(b->m->bells.bad_detach == 0);
	REQUIRE(b->m->bells.n <= 1);
	REQUIRE(!(b->vd->negotiated & ~b->vd->offered));
	REQUIRE(!b->vd->legacy || !(b->vd->negotiated & VIRTIO_F_VERSION_1));
}

static void check_legacy_recovery(struct gd_blk *b)
{
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_legacy l;

	if (!gd_legacy_open(&l, b->m, GD_BLK_DEVFN)) {
		REQUIRE(!b->vd->legacy);
		return;
	}
	gd_legacy_init(&l, VIRTIO_BLK_F_FLUSH);
	REQUIRE(b->vd->legacy && gd_legacy_queue(&l, &b->q, 0));
	gd_legacy_driver_ok(&l);
	r = gd_blk_req(b, VIRTIO_BLK_T_IN, 0, 512);
	for (unsigned int i = 0; i < 5; i++) {
		REQUIRE(gd_blk_add(b, &r) >= 0);
		gd_legacy_kick(&l, &b->q);
		REQUIRE(gd_wait_used(&b->q, &used) && gd_ld8(b->m, r.status) == VIRTIO_BLK_S_OK);
	}
}

/* Whatever went before: reset, a sane driver, some requests. */
static void check_recovery(struct gd_blk *b)
{
	struct gd_blk_req r;

	gd_platform_reset(b->m);
	gd_assign(b->m);
	gd_dev_open(&b->dev, b->m, GD_BLK_DEVFN);
	b->disk->mode = GD_BLOCK_POSTED;
	b->disk->fail = 0;
	gd_block_release_all(b->disk);
	gd_settle(b->m);
	b->m->next = 0x100000;
	REQUIRE(!gd_blk_start(b, &gd_win7_blk));
	r = gd_blk_req(b, VIRTIO_BLK_T_IN, 0, 512);
	for (unsigned int i = 0; i < 20; i++) {
		REQUIRE(gd_blk_do(b, &r, NULL) == VIRTIO_BLK_S_OK);
		REQUIRE(gd_used_ready(&b->q) == 0);
	}
	check(b);
	check_legacy_recovery(b);
	check(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gd_blk_config config = {0};
	struct gd_blk b;

	if (size < 1)
		return 0;
	config.machine.ram = data[0] & 1 ? GD_RAM_HOLE : GD_RAM_FLAT;
	config.machine.doorbells = data[0] & 2;
	config.vectors = data[0] & 4 ? 2 : 0;
	config.transport = data[0] & 8 ? VIRTIO_PCI_TRANSITIONAL : VIRTIO_PCI_MODERN;
	config.event_idx = data[0] & 16;
	gd_blk_open(&b, &config);
	data++;
	size--;
	for (unsigned int i = 0; i < MAX_OPS && size >= OP_BYTES; i++) {
		struct op op = {
			.what = data[0],
			.size = 1U << (data[1] & 3),
			.where_low = data[2],
			.where = ld_le16(data + 2),
			.value = ld_le32(data + 4),
		};

		ops[(op.what & 0x3f) % N_OPS](&b, &op);
		check(&b);
		data += OP_BYTES;
		size -= OP_BYTES;
	}
	check_recovery(&b);
	gd_blk_close(&b);
	return 0;
}
