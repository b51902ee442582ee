/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * virtio-snd under a list of operations of eight bytes each: control messages, transfers, raw
 * descriptors, time, resets, registers. The first byte chooses dialect and properties.
 *
 * Invariants: nothing crashes or hangs; each chain comes back at most once; no stream is faster
 * than the clock; the line agrees with the pending bit. At the end the device is reset and must
 * start, play and record for a sane driver.
 */

#include "tests/guestdrv/gd_snd.h"
#include "vmm/core/le.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_BYTES 8U
#define MAX_OPS	 256U
#define ARENA	 0x200000U /* buffers of the operation at hand */
#define SANE	 0x800000U /* memory that no hostile buffer reaches on purpose */

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

struct op {
	uint8_t what, low;
	uint16_t where;
	uint32_t value;
};

struct fuzz {
	struct gd_snd s;
	uint64_t begin_ns;
	bool formats;
};

/* Lets the device work a little: a driver that floods it must not make this endless. */
static void turn(struct fuzz *f)
{
	for (unsigned int i = 0; i < 4; i++)
		REQUIRE(loop_run_once(f->s.m->loop, 0, NULL) >= 0);
}

static struct gd_queue *queue(struct fuzz *f, unsigned int q)
{
	struct gd_queue *queues[] = {&f->s.control, &f->s.event, &f->s.tx, &f->s.rx};

	return queues[q % 4];
}

static void collect(struct gd_queue *q)
{
	struct gd_used used;

	for (unsigned int i = 0; i < 8 && gd_take_used(q, &used); i++)
		;
}

static void submit(struct fuzz *f, unsigned int q, const struct gd_seg *segs, uint32_t n)
{
	collect(queue(f, q));
	gd_add_indirect(queue(f, q), 0, segs, n);
	gd_kick(queue(f, q));
	turn(f);
}

static void op_control(struct fuzz *f, const struct op *op)
{
	static const uint32_t codes[] = {0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x1, 0x200};
	struct gd_machine *m = f->s.m;
	gpa_t at = gd_alloc(m, 256, 16);
	struct gd_seg segs[2] = {{at, 24, false}, {at + 64, 68, true}};

	gd_st32(m, at, op->value & 0x80000000 ? op->value : codes[op->low % 8]);
	gd_st32(m, at + 4, op->value & 3);
	gd_st32(m, at + 8, op->value >> 2 & 0xffff);
	gd_st32(m, at + 12, op->where & 0x8000 ? op->value : 32);
	gd_st32(m, at + 20, op->value >> 4);
	if (op->where & 0x4000) {
		segs[0].len = op->where % 32;
		segs[1].len = op->where / 32 % 80;
	} else if ((op->value & 3) < 2) {
		struct gd_snd_params p = gd_snd_standard(op->value & 1);

		gd_st32(m, at + 16, 0);
		gd_fill(m, at + 20, p.channels, 1);
		gd_fill(m, at + 21, f->formats && op->low & 0x10 ? op->low / 8 : p.format, 1);
		gd_fill(m, at + 22, f->formats ? op->low / 16 : p.rate, 1);
	}
	submit(f, VIRTIO_SND_VQ_CONTROL, segs, 2);
}

/* One of the commands that lead somewhere. */
static void op_step(struct fuzz *f, const struct op *op)
{
	struct op plain = {.low = (uint8_t)(1 + op->low % 5), .value = op->where & 1};

	op_control(f, &plain);
}

static void op_transfer(struct fuzz *f, const struct op *op)
{
	uint32_t id = op->low & 1, len = (op->value & 0xffff) * 4;
	struct gd_snd_xfer x = gd_snd_xfer(&f->s, id, len % 0x4000);
	struct gd_seg segs[4];
	uint32_t n = gd_snd_segs(&x, segs);

	switch (op->low >> 1 & 7) {
	case 0:
		segs[0].len = op->where % 16;
		break;
	case 1:
		segs[n - 1].len = op->where % 16;
		break;
	case 2:
		segs[op->where % n].addr = (uint64_t)op->value << 20;
		break;
	case 3:
		segs[op->where % n].writable = op->where & 0x100;
		segs[n] = segs[op->where / 256 % n];
		n++;
		break;
	case 4:
		segs[op->where % n].len = op->value;
		break;
	case 5:
		gd_st32(f->s.m, x.header, op->where);
		break;
	default:
		break;
	}
	submit(f, VIRTIO_SND_VQ_TX + id, segs, n);
}

static void op_descriptor(struct fuzz *f, const struct op *op)
{
	struct gd_queue *q = queue(f, op->low);

	gd_desc(f->s.m, q->desc, op->where % 8, ARENA + (op->value >> 8 & 0xffff),
		op->value >> 4 & 0xfff, op->value & 7, op->where / 8 % 9);
	gd_offer(q, op->where / 128 % 9);
	if (op->low & 0x80)
		q->avail_idx = (uint16_t)(q->avail_idx + op->where);
	gd_kick(q);
	turn(f);
}

static void op_time(struct fuzz *f, const struct op *op)
{
	f->s.now_ns += op->low & 0x80 ? op->value * 16ULL : op->value % (20 * NS_PER_MS);
	gd_bar_wr(&f->s.dev, VIRTIO_PCI_NOTIFY + 4 * VIRTIO_SND_VQ_TX, 2, 0);
	gd_bar_wr(&f->s.dev, VIRTIO_PCI_NOTIFY + 4 * VIRTIO_SND_VQ_RX, 2, 0);
	turn(f);
}

static void op_jack(struct fuzz *f, const struct op *op)
{
	struct err err = ERR_INIT;

	if (virtio_snd_set_jack(f->s.vd, op->where % 3, op->low & 1, &err))
		REQUIRE(err.text[0] && !strchr(err.text, '\n'));
	turn(f);
}

static void op_bar(struct fuzz *f, const struct op *op)
{
	static const uint32_t windows[] = {0x0000, 0x1000, 0x2000, 0x3000};
	uint32_t at = windows[op->where % 4] + op->low % 0x40;
	unsigned int size = 1U << (op->where >> 4 & 3);

	if (op->where & 0x8000)
		gd_bar_wr(&f->s.dev, at, size, op->value);
	else
		gd_bar_rd(&f->s.dev, at, size);
	turn(f);
}

static void op_dma(struct fuzz *f, const struct op *op)
{
	gd_cfg_write(f->s.m, GD_SND_DEVFN, PCI_COMMAND, 2,
		     PCI_COMMAND_MEMORY | (op->low & 1 ? PCI_COMMAND_MASTER : 0U));
	turn(f);
}

static void op_queue(struct fuzz *f, const struct op *op)
{
	struct gd_queue *q = queue(f, op->low);

	gd_queue_wr(&f->s.dev, q->index, GD_QUEUE_ENABLE, 0);
	if (op->where & 1)
		gd_queue_again(q);
}

/* All over again, without the patience of a driver. */
static void op_start(struct fuzz *f, const struct op *op)
{
	gd_negotiate(&f->s.dev, op->low & 1 ? gd_win7_snd.required : VIRTIO_F_VERSION_1);
	for (unsigned int q = 0; q < 4; q++)
		gd_queue_again(queue(f, q));
	gd_driver_ok(&f->s.dev);
}

static void op_reset(struct fuzz *f, const struct op *op)
{
	if (op->low & 1)
		gd_platform_reset(f->s.m);
	else
		gd_reset(&f->s.dev);
	gd_dev_open(&f->s.dev, f->s.m, GD_SND_DEVFN);
}

static void (*const ops[])(struct fuzz *f, const struct op *op) = {
	op_step,       op_transfer,   op_time,	op_control, op_transfer,
	op_step,       op_descriptor, op_jack,	op_time,    op_bar,
	op_descriptor, op_dma,	      op_queue, op_start,   op_reset,
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static void check(struct fuzz *f)
{
	struct gd_snd *s = &f->s;
	bool pending = gd_cfg_read(s->m, GD_SND_DEVFN, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT;
	uint64_t frames = (s->now_ns - f->begin_ns) / 1000 * 48000 / 1000000 + 1;

	REQUIRE(atomic_load(&s->m->irq.gsi[pci_gsi(PCI_SLOT(GD_SND_DEVFN), 0)].level) == pending);
	for (unsigned int q = 0; q < 4; q++) {
		const struct virtq *vq = &s->vd->queues[q];

		REQUIRE(vq->completed <= vq->popped + vq->malformed);
	}
	if (f->formats)
		return;
	/* Each START begins its time anew, and may round up by a frame. */
	REQUIRE(s->sink->n <= 4 * (frames + MAX_OPS));
	REQUIRE(UINT64_MAX - s->source->left <= frames + MAX_OPS);
}

/* Whatever went before: reset, a sane driver, sound both ways. */
static void check_recovery(struct fuzz *f)
{
	struct gd_snd *s = &f->s;
	uint32_t ok = s->dialect_virtio ? VIRTIO_SND_S_BASE : VIRTIO_SND_S_OK;

	gd_platform_reset(s->m);
	gd_cfg_write(s->m, GD_SND_DEVFN, PCI_BAR0, 4, (uint32_t)GD_BAR_WINDOW);
	gd_cfg_write(s->m, GD_SND_DEVFN, PCI_BAR0 + 4, 4, 0);
	gd_dev_open(&s->dev, s->m, GD_SND_DEVFN);
	gd_settle(s->m);
	s->m->next = SANE;
	REQUIRE(!(s->dialect_virtio ? gd_snd_start_linux : gd_snd_start)(s));
	for (uint32_t id = 0; id < 2; id++) {
		struct gd_snd_xfer x = gd_snd_xfer(s, id, 1920);
		uint16_t first = s->source->next;

		gd_fill(s->m, x.data, 0x5a, 1920);
		REQUIRE(gd_snd_run(s, id));
		REQUIRE(gd_snd_submit(s, &x) >= 0);
		gd_snd_advance(s, 20);
		REQUIRE(gd_snd_completed(s, id == 1, NULL) == (id ? 1928 : 8));
		REQUIRE(gd_snd_status(s, &x) == ok);
		if (id == 1)
			REQUIRE(gd_ld16(s->m, x.data) == first);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gd_snd_config config = {0};
	struct fuzz f = {0};

	if (size < 1)
		return 0;
	config.dialect_virtio = data[0] & 1;
	config.properties = data[0] >> 1 & 15;
	config.machine.ram = data[0] & 0x20 ? GD_RAM_PC : GD_RAM_FLAT;
	gd_snd_open(&f.s, &config);
	f.formats = config.properties & VIRTIO_SND_FORMATS;
	f.begin_ns = f.s.now_ns;
	REQUIRE(!(config.dialect_virtio ? gd_snd_start_linux : gd_snd_start)(&f.s));
	data++;
	size--;
	for (unsigned int i = 0; i < MAX_OPS && size >= OP_BYTES; i++) {
		struct op op = {
			.what = data[0],
			.low = data[1],
			.where = ld_le16(data + 2),
			.value = ld_le32(data + 4),
		};

		f.s.m->next = ARENA + (i % 64) * 0x8000U;
		ops[op.what % N_OPS](&f, &op);
		check(&f);
		data += OP_BYTES;
		size -= OP_BYTES;
	}
	check_recovery(&f);
	gd_snd_close(&f.s);
	return 0;
}
