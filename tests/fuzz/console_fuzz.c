/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * virtio-console behind its transport: all eight queues lie in an arena that a list of operations
 * read from the input, eight bytes each, scribbles over; between them the host's ends come, go,
 * read and send.
 *
 * Invariants: nothing crashes or hangs; each chain popped is back, but one at most of a transmit
 * queue; a ring never has more than it holds, and what it has went through the counters. At the end
 * the device is reset and must work for a sane driver.
 */

#include "tests/guestdrv/gd_console.h"
#include "vmm/core/le.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_BYTES    8U
#define MAX_OPS	    400U
#define ARENA	    0x40000U /* buffers; then a page a part for each queue */
#define QUEUE(q)    (ARENA + 0x10000U + 0x4000U * (q))
#define DESC(q)	    QUEUE(q)
#define AVAIL(q)    (QUEUE(q) + 0x1000U)
#define USED(q)	    (QUEUE(q) + 0x2000U)
#define DESCRIPTORS 8U /* that the operations use of each queue */
#define RING_KIB    4U

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

struct op {
	uint8_t what, where_low;
	uint16_t where;
	uint32_t value;
};

struct fuzz {
	struct gd_console c;
	uint64_t fetched[GD_CONSOLE_PORTS];
};

static void op_start(struct fuzz *f, const struct op *op)
{
	uint64_t features = VIRTIO_F_VERSION_1;

	features |= op->value & 1 ? 0 : VIRTIO_CONSOLE_F_MULTIPORT;
	features |= op->value & 2 ? VIRTIO_F_INDIRECT_DESC : 0;
	features |= op->value & 4 ? VIRTIO_CONSOLE_F_SIZE : 0;
	gd_negotiate(&f->c.dev, features);
	for (uint16_t q = 0; q < GD_CONSOLE_QUEUES; q++) {
		gd_fill(f->c.m, AVAIL(q), 0, 4);
		gd_fill(f->c.m, USED(q), 0, 4);
		gd_queue_setup_at(&f->c.q[q], &f->c.dev, q, DESC(q), AVAIL(q), USED(q));
	}
	gd_driver_ok(&f->c.dev);
}

static void op_desc(struct fuzz *f, const struct op *op)
{
	uint16_t q = op->where_low % GD_CONSOLE_QUEUES;
	uint32_t len = op->value & 0x1000000 ? op->value : op->value >> 4 & 0xfff;

	gd_desc(f->c.m, DESC(q), op->where_low / GD_CONSOLE_QUEUES % DESCRIPTORS,
		op->value & 0x2000000 ? op->value : ARENA + op->where, len, op->value & 7,
		op->value >> 16 & 15);
}

static void op_memory(struct fuzz *f, const struct op *op)
{
	gd_st32(f->c.m, ARENA + op->where % 0x4000, op->value);
}

/* Makes @value % 300 slots available: heads from @where on. */
static void op_kick(struct fuzz *f, const struct op *op)
{
	uint16_t q = op->where_low % GD_CONSOLE_QUEUES;
	uint16_t idx = gd_ld16(f->c.m, AVAIL(q) + 2);

	for (uint32_t i = 0; i < op->value % 300; i++, idx++)
		gd_st16(f->c.m, AVAIL(q) + 4 + 2U * (idx % 256),
			(uint16_t)((op->where + i) % (DESCRIPTORS + (op->value >> 31))));
	gd_st16(f->c.m, AVAIL(q) + 2, idx);
	gd_bar_wr(&f->c.dev, VIRTIO_PCI_NOTIFY + 4U * q, 2, q);
}

/* A control message as it should be, as far as its fields allow. */
static void op_say(struct fuzz *f, const struct op *op)
{
	const uint16_t q = VIRTIO_CONSOLE_CONTROL_TX;
	struct op kick = {.where_low = VIRTIO_CONSOLE_CONTROL_TX, .value = 1};

	gd_st32(f->c.m, ARENA + 0x100, op->where_low & 0x80 ? op->value : op->where_low % 4);
	gd_st16(f->c.m, ARENA + 0x104, op->where_low >> 3 & 7);
	gd_st16(f->c.m, ARENA + 0x106, (uint16_t)op->value);
	gd_desc(f->c.m, DESC(q), 0, ARENA + 0x100, 8, 0, 0);
	op_kick(f, &kick);
}

static void op_host(struct fuzz *f, const struct op *op)
{
	unsigned int port = op->where_low % GD_CONSOLE_PORTS;
	struct stream_user *user = &f->c.users[port];
	uint8_t buf[5000];

	memset(buf, op->what, sizeof(buf));
	if (op->value & 1)
		user->opened(user->arg, op->value & 2);
	if (op->value & 4)
		virtio_console_resize(f->c.vd, op->where, op->where_low);
	if (f->c.streams[port] && op->value & 8)
		f->fetched[port] +=
			stream_ring_read(f->c.streams[port], buf, op->where % sizeof(buf));
	if (f->c.streams[port] && op->value & 16)
		stream_ring_write(f->c.streams[port], buf, op->where % sizeof(buf));
	if (op->value & 32)
		user->writable(user->arg);
}

static void op_machine(struct fuzz *f, const struct op *op)
{
	uint32_t command = PCI_COMMAND_MEMORY | (op->value & 1 ? 0U : PCI_COMMAND_MASTER);

	gd_cfg_write(f->c.m, GD_CONSOLE_DEVFN, PCI_COMMAND, 2, command);
	if (op->value & 2)
		gd_bar_wr(&f->c.dev, VIRTIO_PCI_DEVICE + op->where_low % 16, 1U << (op->where & 3),
			  op->value);
	if (op->value & 4)
		gd_bar_rd(&f->c.dev, VIRTIO_PCI_DEVICE + op->where_low % 16, 1U << (op->where & 3));
	if ((op->value & 0x18) == 0x18)
		gd_queue_wr(&f->c.dev, op->where_low % 9, GD_QUEUE_ENABLE, op->value >> 5 & 1);
	if ((op->value & 0x3c0) == 0x3c0)
		gd_reset(&f->c.dev);
}

static void op_run(struct fuzz *f, const struct op *op)
{
	for (unsigned int i = 0; i < 1 + op->where_low % 16U; i++)
		REQUIRE(loop_run_once(f->c.m->loop, 0, NULL) >= 0);
}

static void (*const ops[])(struct fuzz *f, const struct op *op) = {
	op_start, op_desc, op_desc,    op_memory, op_kick, op_kick,
	op_say,	  op_host, op_machine, op_run,	  op_run,
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static void check(struct fuzz *f)
{
	for (uint16_t q = 0; q < GD_CONSOLE_QUEUES; q++) {
		const struct virtq *vq = &f->c.vd->queues[q];
		bool transmits = q != VIRTIO_CONSOLE_CONTROL_TX && q % 2;

		/* All that was popped is back but the one chain that a port may hold. */
		if (vq->usable)
			REQUIRE((uint16_t)(vq->last_avail - vq->used_next) <= transmits);
	}
	for (unsigned int port = 0; port < GD_CONSOLE_PORTS; port++) {
		struct virtio_console_port_state state = virtio_console_port(f->c.vd, port);

		REQUIRE(state.ready || !state.guest_open);
		if (f->c.streams[port])
			REQUIRE(state.to_host - f->fetched[port] <= RING_KIB << 10);
	}
}

/* Whatever went before: reset, a sane driver, a byte each way through each port. */
static void check_recovery(struct fuzz *f)
{
	struct gd_console *c = &f->c;
	uint8_t buf[RING_KIB << 10];

	gd_platform_reset(c->m);
	gd_cfg_write(c->m, GD_CONSOLE_DEVFN, PCI_BAR0, 4, (uint32_t)GD_BAR_WINDOW);
	gd_cfg_write(c->m, GD_CONSOLE_DEVFN, PCI_BAR0 + 4, 4, 0);
	gd_dev_open(&c->dev, c->m, GD_CONSOLE_DEVFN);
	for (unsigned int port = 0; port < GD_CONSOLE_PORTS; port++)
		c->users[port].opened(c->users[port].arg, true);
	gd_settle(c->m);
	c->m->next = 0x100000;
	REQUIRE(gd_console_up(c, &gd_linux_console));
	for (unsigned int port = 0; port < GD_CONSOLE_PORTS; port++) {
		if (c->streams[port])
			stream_ring_read(c->streams[port], buf, sizeof(buf));
		REQUIRE(gd_console_sends(c, port, "o", 1));
		if (!c->streams[port])
			continue;
		REQUIRE(stream_ring_read(c->streams[port], buf, sizeof(buf)) == 1 && buf[0] == 'o');
		/* Input of before the reset comes first. */
		stream_ring_write(c->streams[port], "i", 1);
		gd_console_post(c, gd_console_rx(port), 4, sizeof(buf));
		REQUIRE(gd_console_take(c, port, buf, sizeof(buf)) > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gd_console_config config = {.streams = {"ring:4K", "ring:4K", ""}};
	struct fuzz f = {0};

	if (size < 1)
		return 0;
	config.machine.ram = data[0] & 1 ? GD_RAM_HOLE : GD_RAM_FLAT;
	config.machine.doorbells = data[0] & 2;
	config.vectors = data[0] & 4 ? 9 : 0;
	config.properties = data[0] & 8 ? VIRTIO_CONSOLE_EMERG_WRITE : 0;
	config.closed = data[0] & 16;
	gd_console_open(&f.c, &config);
	data++;
	size--;
	for (unsigned int i = 0; i < MAX_OPS && size >= OP_BYTES; i++) {
		struct op op = {
			.what = data[0],
			.where_low = data[1],
			.where = ld_le16(data + 2),
			.value = ld_le32(data + 4),
		};

		ops[op.what % N_OPS](&f, &op);
		check(&f);
		data += OP_BYTES;
		size -= OP_BYTES;
	}
	check_recovery(&f);
	gd_console_close(&f.c);
	return 0;
}
