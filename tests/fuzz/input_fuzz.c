/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The three functions of the virtio-input device: selectors, both queues, and events from outside,
 * driven by a list of operations read from the input, eight bytes each: what, to which function,
 * where, with what.
 *
 * Invariants: nothing crashes or hangs; no more waits than the queue holds, with room for the
 * release of every key that is down; nothing is refused without a reason; no lamp is lit that the
 * device does not have; what an answer says fits its size; nothing is sent while no driver is
 * there. At the end a sane driver gets what is sent to it.
 */

#include "tests/guestdrv/gd_input.h"
#include "vmm/core/le.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_BYTES    8U
#define MAX_OPS	    512U
#define ARENA	    0x40000U /* 16 KiB of rings and buffers for each function */
#define ARENA_BYTES 0x4000U
#define AVAIL	    0x400U
#define USED	    0x600U
#define QUEUE_BYTES 0x1000U
#define DATA	    0x2000U

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

struct op {
	uint8_t what, low;
	unsigned int fn; /* function */
	unsigned int q;
	uint16_t where;
	uint32_t value;
};

struct fuzz {
	struct gd_input in;
	gpa_t arena[GD_INPUT_KINDS];
};

static gpa_t ring(const struct fuzz *f, const struct op *op)
{
	return f->arena[op->fn] + (gpa_t)QUEUE_BYTES * op->q;
}

/* While memory decoding is off, reads give ones and writes do nothing. */
static bool window_open(const struct fuzz *f, const struct op *op)
{
	return gd_cfg_read(f->in.m, f->in.fn[op->fn].dev.devfn, PCI_COMMAND, 2) &
	       PCI_COMMAND_MEMORY;
}

static void op_select(struct fuzz *f, const struct op *op)
{
	unsigned int size = 1U << (op->q + (op->low & 2));

	gd_bar_wr(&f->in.fn[op->fn].dev, VIRTIO_PCI_DEVICE + op->low % 12, size, op->value);
}

static void op_ask(struct fuzz *f, const struct op *op)
{
	struct gd_input_answer a;

	if (!window_open(f, op) ||
	    !gd_input_ask(&f->in.fn[op->fn], op->low, (uint8_t)op->value, &a))
		return;
	for (unsigned int i = a.size; i < sizeof(a.payload); i++)
		REQUIRE(a.payload[i] == 0);
	for (unsigned int i = 0; i < sizeof(a.reserved); i++)
		REQUIRE(a.reserved[i] == 0);
}

static void op_start(struct fuzz *f, const struct op *op)
{
	struct gd_input_fn *fn = &f->in.fn[op->fn];
	uint64_t features = op->value & 1 ? gd_win7_input.required : VIRTIO_F_VERSION_1;

	gd_negotiate(&fn->dev, features);
	for (uint16_t q = 0; q < 2; q++) {
		gpa_t at = f->arena[op->fn] + (gpa_t)QUEUE_BYTES * q;

		gd_fill(f->in.m, at + AVAIL, 0, USED - AVAIL);
		gd_queue_setup_at(q ? &fn->statusq : &fn->eventq, &fn->dev, q, at, at + AVAIL,
				  at + USED);
	}
	gd_wr(&fn->dev, GD_STATUS, op->low);
}

/* A descriptor that has a chance to be of use. */
static void op_desc(struct fuzz *f, const struct op *op)
{
	gd_desc(f->in.m, ring(f, op), op->where % 64, f->arena[op->fn] + DATA + (op->value >> 8),
		op->value >> 3 & 0x1f, op->value & 7, op->low % 66);
}

/* All 64 descriptors as the driver has them. */
static void op_buffers(struct fuzz *f, const struct op *op)
{
	for (uint16_t d = 0; d < 64; d++) {
		gd_desc(f->in.m, ring(f, op), d, f->arena[op->fn] + DATA + 8ULL * d,
			8 + op->value % 48, op->q ? 0 : VIRTQ_DESC_F_WRITE, 0);
		gd_st16(f->in.m, ring(f, op) + AVAIL + 4 + 2ULL * d, d);
	}
}

static void op_memory(struct fuzz *f, const struct op *op)
{
	gd_st32(f->in.m, f->arena[op->fn] + op->where % (ARENA_BYTES - 4), op->value);
}

static void op_kick(struct fuzz *f, const struct op *op)
{
	gd_st16(f->in.m, ring(f, op) + AVAIL + 2, op->where);
	gd_bar_wr(&f->in.fn[op->fn].dev, VIRTIO_PCI_NOTIFY + 4 * op->q, 2, op->q);
}

/* Batches of events that are mostly the device's own. */
static void op_inject(struct fuzz *f, const struct op *op)
{
	struct virtio_input_event batch[VIRTIO_INPUT_BATCH_MAX];
	struct virtio_device *vd = f->in.fn[op->fn].vd;
	size_t n = op->low % (VIRTIO_INPUT_BATCH_MAX + 1);
	struct err err = ERR_INIT;
	uint32_t seed = op->value;
	struct virtio_input_state before, after;
	int checked, rc;

	for (size_t i = 0; i < n; i++) {
		static const uint16_t first[] = {1, 0x110, 0x14a};
		bool is_key = op->fn == VIRTIO_INPUT_KEYBOARD || seed >> 16 & 1;

		batch[i].type = is_key ? GD_EV_KEY : (uint16_t)(GD_EV_REL + op->fn - 1);
		batch[i].code = (uint16_t)(is_key ? first[op->fn] + (seed >> 20) % 8 : seed >> 31);
		batch[i].value = (int32_t)(seed >> 24 & 1);
		seed = seed * 1664525 + 1013904223;
	}
	if (n && op->where % 7 == 0)
		batch[op->where % n] = (struct virtio_input_event){
			(uint16_t)(op->where % 40), (uint16_t)op->value, (int32_t)op->value};
	before = virtio_input_state(vd);
	checked = virtio_input_check(vd, batch, n, NULL);
	rc = virtio_input_inject(vd, batch, n, &err);
	after = virtio_input_state(vd);
	REQUIRE(rc == checked);
	REQUIRE(rc == 0 || err.text[0]);
	REQUIRE(after.waiting == before.waiting + (rc == 0 ? n + 1 : 0));
	REQUIRE(after.dropped == before.dropped + (rc == -ENOSPC ? n + 1 : 0));
	REQUIRE(rc == 0 || after.keys_down == before.keys_down);
}

static void op_status(struct fuzz *f, const struct op *op)
{
	struct gd_input_fn *fn = &f->in.fn[op->fn];

	gd_wr(&fn->dev, GD_STATUS, op->low);
	if (op->low || !window_open(f, op))
		return;
	REQUIRE(virtio_input_state(fn->vd).waiting == 0);
	REQUIRE(virtio_input_state(fn->vd).keys_down == 0);
}

static void op_config(struct fuzz *f, const struct op *op)
{
	gd_cfg_write(f->in.m, f->in.fn[op->fn].dev.devfn, PCI_COMMAND, 2, op->value & 0x406);
	if (op->what & 0x80)
		gd_platform_reset(f->in.m);
}

/* Runs the loop a little: a driver that floods the device must not make this endless. */
static void op_run(struct fuzz *f, const struct op *op)
{
	uint64_t sent[GD_INPUT_KINDS];

	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++)
		sent[k] = virtio_input_state(f->in.fn[k].vd).sent;
	for (unsigned int i = 0; i < 1 + op->low % 8U; i++)
		REQUIRE(loop_run_once(f->in.m->loop, 0, NULL) >= 0);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++)
		REQUIRE(f->in.fn[k].vd->driver_ok ||
			virtio_input_state(f->in.fn[k].vd).sent == sent[k]);
}

static void (*const ops[])(struct fuzz *f, const struct op *op) = {
	op_select, op_ask,    op_start,	 op_desc,   op_buffers, op_memory,
	op_kick,   op_inject, op_status, op_config, op_run,
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static void check(struct fuzz *f)
{
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		struct virtio_input_state s = virtio_input_state(f->in.fn[k].vd);

		REQUIRE(s.waiting + 2 * s.keys_down <= VIRTIO_INPUT_QUEUE_MAX);
		REQUIRE((s.leds & ~(k == VIRTIO_INPUT_KEYBOARD ? 0x1fU : 0U)) == 0);
	}
	REQUIRE(f->in.m->bells.bad_detach == 0);
}

/* Whatever went before: reset, a sane driver, some events. */
static void check_recovery(struct fuzz *f)
{
	static const struct virtio_input_event events[] = {
		{GD_EV_KEY, 30, 1}, {GD_EV_REL, 8, -1}, {GD_EV_ABS, 1, 32767}};
	struct virtio_input_event got[3];

	gd_platform_reset(f->in.m);
	gd_settle(f->in.m);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		struct gd_input_fn *fn = &f->in.fn[k];

		gd_dev_open(&fn->dev, f->in.m, fn->dev.devfn);
		REQUIRE(!gd_input_start(fn, &gd_win7_input));
		REQUIRE(virtio_input_inject(fn->vd, &events[k], 1, NULL) == 0);
		REQUIRE(gd_input_take(fn, got, 3) == 2 && fn->dropped == 0);
		REQUIRE(memcmp(&got[0], &events[k], sizeof(got[0])) == 0);
		REQUIRE(got[1].type == GD_EV_SYN);
	}
	check(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gd_input_config config = {0};
	struct fuzz f;

	if (size < 1)
		return 0;
	config.machine.ram = data[0] & 1 ? GD_RAM_HOLE : GD_RAM_FLAT;
	config.machine.doorbells = data[0] & 2;
	config.vectors = data[0] & 4 ? 3 : 0;
	gd_input_open(&f.in, &config);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++)
		f.arena[k] = ARENA + (gpa_t)ARENA_BYTES * k;
	f.in.m->next = 0x100000; /* behind the arenas */
	data++;
	size--;
	for (unsigned int i = 0; i < MAX_OPS && size >= OP_BYTES; i++) {
		struct op op = {
			.what = data[0],
			.fn = data[1] % GD_INPUT_KINDS,
			.q = data[1] >> 7,
			.low = data[2],
			.where = ld_le16(data + 2),
			.value = ld_le32(data + 4),
		};

		ops[(op.what & 0x3f) % N_OPS](&f, &op);
		check(&f);
		data += OP_BYTES;
		size -= OP_BYTES;
	}
	check_recovery(&f);
	gd_input_close(&f.in);
	return 0;
}
