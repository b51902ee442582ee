/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * virtio-net with any of its properties: rings, frames from the wire with any offload, commands,
 * link, a backend that is full, resets. The first two bytes choose the device, then operations of
 * eight bytes follow: what, where, with what.
 *
 * Invariants: nothing crashes or hangs; what reaches the backend obeys the rules of net.h; each
 * chain taken comes back once and at once; the line agrees with the pending bit. At the end the
 * device is reset and must work for a sane driver.
 */

#include "tests/guestdrv/gd_net.h"
#include "vmm/core/le.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_BYTES 8U
#define MAX_OPS	 256U
#define ARENA	 0x40000U /* rings of queue q at q * RINGS, then buffers */
#define RINGS	 0x4000U
#define BUFFERS	 (ARENA + 0x10000U)
#define SPACE	 0x20000U /* of buffers */

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

struct op {
	uint8_t what, small;
	uint16_t where;
	uint32_t value;
};

static gpa_t ring(unsigned int q)
{
	return ARENA + (gpa_t)q * RINGS;
}

static uint16_t queue_of(const struct gd_net *n, const struct op *op)
{
	return op->small % n->vd->n_queues;
}

/* A driver's start, with the queues in the arena. */
static void op_start(struct gd_net *n, const struct op *op)
{
	uint64_t features = gd_offered(&n->dev);
	struct gd_queue *queues[] = {&n->rx, &n->tx, &n->ctrl};

	if (op->value & 1)
		features &= op->value | VIRTIO_F_VERSION_1;
	n->vd->legacy = op->value & 2;
	gd_negotiate(&n->dev, features);
	for (uint16_t q = 0; q < n->vd->n_queues && q < 3; q++) {
		gd_fill(n->m, ring(q) + 0x2000, 0, 0x1000);
		gd_queue_setup_at(queues[q], &n->dev, q, ring(q), ring(q) + 0x1000,
				  ring(q) + 0x2000);
	}
	gd_wr(&n->dev, GD_STATUS, op->small & 1 ? GD_NEGOTIATED : GD_RUNNING);
}

static void op_memory(struct gd_net *n, const struct op *op)
{
	gd_st32(n->m, BUFFERS + op->where, op->value);
}

/* A descriptor that has a chance to be of use. */
static void op_desc(struct gd_net *n, const struct op *op)
{
	uint16_t flags = op->value & 7;
	uint32_t len = op->value >> 3 & 0xfff;
	uint64_t at = BUFFERS + (op->value >> 15) % SPACE;

	if (len == 0xfff)
		len = op->value;
	if ((op->value >> 27) == 0x1f)
		at = UINT64_MAX - op->where;
	gd_desc(n->m, ring(queue_of(n, op)), op->where % 64, at, len, flags, (op->where >> 6) % 66);
}

/* Makes heads available and rings. */
static void op_kick(struct gd_net *n, const struct op *op)
{
	uint16_t q = queue_of(n, op);
	gpa_t avail = ring(q) + 0x1000;
	uint16_t idx = gd_ld16(n->m, avail + 2);

	for (unsigned int i = 0; i < 1 + op->value % 8; i++)
		gd_st16(n->m, avail + 4 + 2U * ((idx + i) % n->vd->queues[q].size),
			(uint16_t)((op->value >> 8) + i) % 66);
	gd_st16(n->m, avail + 2, (uint16_t)(idx + (op->value & 0x80 ? op->where : op->value % 8)));
	gd_bar_wr(&n->dev, VIRTIO_PCI_NOTIFY + 4U * q, 2, q);
}

/* Posts receive chains of one descriptor each, as a driver of merged buffers does. */
static void op_post(struct gd_net *n, const struct op *op)
{
	gpa_t avail = ring(0) + 0x1000;
	uint16_t idx = gd_ld16(n->m, avail + 2);
	unsigned int count = 1 + op->small % 48;

	for (unsigned int i = 0; i < count; i++) {
		gd_desc(n->m, ring(0), i, BUFFERS + i * 0x400, 1 + op->where % 0x800,
			VIRTQ_DESC_F_WRITE, 0);
		gd_st16(n->m, avail + 4 + 2U * ((idx + i) % 256), (uint16_t)i);
	}
	gd_st16(n->m, avail + 2, (uint16_t)(idx + count));
	gd_bar_wr(&n->dev, VIRTIO_PCI_NOTIFY, 2, 0);
}

/* A frame to send that is almost good. */
static void op_send(struct gd_net *n, const struct op *op)
{
	gpa_t avail = ring(1) + 0x1000, at = BUFFERS + 0x8000;
	uint16_t idx = gd_ld16(n->m, avail + 2);
	uint8_t header[12] = {op->small & 3, op->small >> 2 & 0x87};

	st_le16(header + 2, op->value & 0xff);
	st_le16(header + 4, op->value >> 8 & 0x7ff);
	st_le16(header + 6, op->value >> 16 & 0x7f);
	st_le16(header + 8, op->value >> 24);
	gd_write(n->m, at, header, sizeof(header));
	gd_desc(n->m, ring(1), 0, at, 10 + (op->small & 2), VIRTQ_DESC_F_NEXT, 1);
	gd_desc(n->m, ring(1), 1, at + 16, op->where, 0, 0);
	gd_st16(n->m, avail + 4 + 2U * (idx % 256), 0);
	gd_st16(n->m, avail + 2, (uint16_t)(idx + 1));
	gd_bar_wr(&n->dev, VIRTIO_PCI_NOTIFY + 4, 2, 1);
}

static void op_command(struct gd_net *n, const struct op *op)
{
	gpa_t avail = ring(2) + 0x1000, at = BUFFERS + 0x100;
	const uint8_t head[2] = {op->small & 3, op->small >> 2 & 7};
	uint16_t idx;

	if (n->vd->n_queues < 3)
		return;
	idx = gd_ld16(n->m, avail + 2);
	gd_write(n->m, at, head, 2);
	gd_st32(n->m, at + 2, op->value);
	gd_desc(n->m, ring(2), 0, at, 2 + op->where % 0x1000, VIRTQ_DESC_F_NEXT, 1);
	gd_desc(n->m, ring(2), 1, at - 1, 1, VIRTQ_DESC_F_WRITE, 0);
	gd_st16(n->m, avail + 4 + 2U * (idx % 64), 0);
	gd_st16(n->m, avail + 2, (uint16_t)(idx + 1));
	gd_bar_wr(&n->dev, VIRTIO_PCI_NOTIFY + 8, 2, 2);
}

/* A frame from the wire: a backend may be wrong about what it holds. */
static void op_frame(struct gd_net *n, const struct op *op)
{
	static const uint8_t group[6] = {0x01, 0x00, 0x5e};
	struct net_offload o = {
		.flags = op->value & 3,
		.gso_type = op->value >> 2 & 0x87,
		.gso_size = (uint16_t)(op->value >> 10 & 0x7ff),
		.csum_start = (uint16_t)(op->value >> 16),
		.csum_offset = (uint16_t)(op->value >> 24),
	};
	static uint8_t frame[NET_FRAME_MAX];
	size_t len = op->where % (op->small & 1 ? NET_FRAME_MAX + 1 : 1600);

	if (gd_wire_waiting(n->wire) >= 16)
		return;
	gd_net_frame(frame, len, op->small & 2 ? group : NULL, op->small);
	if ((op->small & 4) && len > 16) {
		frame[12] = 0x81;
		frame[13] = 0;
	}
	gd_wire_put(n->wire, &o, frame, len);
}

static void op_world(struct gd_net *n, const struct op *op)
{
	if (op->small & 1)
		gd_wire_set_full(n->wire, op->value & 1);
	if (op->small & 2)
		virtio_net_set_link(n->vd, op->value & 2);
	if (op->small & 4)
		gd_cfg_write(n->m, GD_NET_DEVFN, PCI_COMMAND, 2,
			     PCI_COMMAND_MEMORY | (op->value & 4 ? PCI_COMMAND_MASTER : 0));
	if (op->small & 8)
		gd_wr(&n->dev, GD_STATUS, op->value >> 8 & 0x0f);
	if (op->small & 16)
		gd_queue_wr(&n->dev, op->where % 3, GD_QUEUE_ENABLE, op->value >> 3 & 1);
	if (op->small & 32)
		gd_bar_wr(&n->dev, VIRTIO_PCI_DEVICE + op->where % 16, 4, op->value);
	gd_bar_rd(&n->dev, VIRTIO_PCI_DEVICE + op->where % 16, 4);
}

/* Runs the loop a little: a driver that floods the device must not make this endless. */
static void op_run(struct gd_net *n, const struct op *op)
{
	for (unsigned int i = 0; i < 1 + op->small % 8U; i++)
		REQUIRE(loop_run_once(n->m->loop, 0, NULL) >= 0);
}

static void (*const ops[])(struct gd_net *n, const struct op *op) = {
	op_start, op_memory,  op_desc,	op_kick,  op_post, op_send,
	op_frame, op_command, op_world, op_frame, op_run,  op_run,
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static void check(struct gd_net *n)
{
	bool pending = gd_cfg_read(n->m, GD_NET_DEVFN, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT;
	unsigned int gsi = pci_gsi(PCI_SLOT(GD_NET_DEVFN), 0);

	REQUIRE(atomic_load(&n->m->irq.gsi[gsi].level) == pending);
	REQUIRE(n->wire->bad == 0);
	for (uint16_t q = 0; q < n->vd->n_queues; q++) {
		const struct virtq *vq = &n->vd->queues[q];

		REQUIRE(vq->completed >= vq->popped);
		REQUIRE(vq->completed - vq->popped <= vq->malformed);
	}
}

/* Whatever went before: reset, a sane driver, a frame each way. */
static void check_recovery(struct gd_net *n, bool dialect_virtio)
{
	gd_platform_reset(n->m);
	n->vd->legacy = false;
	gd_cfg_write(n->m, GD_NET_DEVFN, PCI_BAR0, 4, (uint32_t)GD_BAR_WINDOW);
	gd_cfg_write(n->m, GD_NET_DEVFN, PCI_BAR0 + 4, 4, 0);
	gd_dev_open(&n->dev, n->m, GD_NET_DEVFN);
	virtio_net_set_link(n->vd, true);
	gd_wire_set_full(n->wire, false);
	gd_settle(n->m);
	REQUIRE(gd_wire_waiting(n->wire) == 0);
	n->m->next = 0x100000;
	n->header = dialect_virtio ? VIRTIO_NET_HDR_LONG : VIRTIO_NET_HDR_SHORT;
	REQUIRE(!gd_net_start(n, &gd_win7_net));
	for (unsigned int i = 0; i < 3; i++)
		REQUIRE(gd_net_works(n));
	check(n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned int all =
		NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6 | NET_OFFLOAD_ECN;
	struct gd_net_config config = {0};
	static struct gd_net n;

	if (size < 2)
		return 0;
	config.properties = data[0] & 0xf;
	if (!(config.properties & VIRTIO_NET_CSUM))
		config.properties &= ~VIRTIO_NET_TSO;
	config.dialect_virtio = data[0] & 0x10;
	config.link_down = data[0] & 0x20;
	config.vectors = data[0] & 0x40 ? 3 : 0;
	if (config.properties & VIRTIO_NET_TSO || data[1] & 1)
		config.tx_offloads = config.rx_offloads = all;
	gd_net_open(&n, &config);
	data += 2;
	size -= 2;
	for (unsigned int i = 0; i < MAX_OPS && size >= OP_BYTES; i++) {
		struct op op = {
			.what = data[0],
			.small = data[1],
			.where = ld_le16(data + 2),
			.value = ld_le32(data + 4),
		};

		ops[op.what % N_OPS](&n, &op);
		check(&n);
		data += OP_BYTES;
		size -= OP_BYTES;
	}
	check_recovery(&n, config.dialect_virtio);
	gd_net_close(&n);
	return 0;
}
