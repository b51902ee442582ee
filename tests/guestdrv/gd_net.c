/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_net.h"

#include "vmm/core/le.h"

#include <string.h>

const uint8_t gd_net_mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

void gd_net_open(struct gd_net *n, const struct gd_net_config *config)
{
	static const struct gd_net_config plain;
	struct virtio_net_config net = {.id = "net0"};
	struct err err = ERR_INIT;

	if (!config)
		config = &plain;
	memset(n, 0, sizeof(*n));
	n->m = gd_machine_create(&config->machine);
	n->wire = gd_wire_create(n->m->loop, config->tx_offloads, config->rx_offloads);
	net.mem = n->m->mem;
	net.loop = n->m->loop;
	net.backend = &n->wire->net;
	memcpy(net.mac, gd_net_mac, sizeof(net.mac));
	net.link_down = config->link_down;
	net.dialect_virtio = config->dialect_virtio;
	net.properties = config->properties;
	n->vd = virtio_net_create(&net, &err);
	if (!n->vd)
		gd_die("net", err.text);
	gd_plug(n->m, n->vd, GD_NET_DEVFN, config->vectors);
	gd_assign(n->m);
	gd_dev_open(&n->dev, n->m, GD_NET_DEVFN);
	n->header = config->dialect_virtio ? VIRTIO_NET_HDR_LONG : VIRTIO_NET_HDR_SHORT;
}

void gd_net_close(struct gd_net *n)
{
	gd_machine_destroy(n->m);
}

static const char *check_queues(struct gd_net *n)
{
	bool control = n->dev.features & VIRTIO_NET_F_CTRL_VQ;

	if (gd_rd(&n->dev, GD_NUM_QUEUES) < (control ? 3U : 2U))
		return "too few queues";
	for (uint16_t q = 0; q < 2; q++)
		if (gd_queue_rd(&n->dev, q, GD_QUEUE_SIZE) != GD_NET_SIZE ||
		    gd_rd(&n->dev, GD_QUEUE_NOTIFY_OFF) != q)
			return "size or notify offset of a queue";
	return NULL;
}

static const char *check_mac(struct gd_net *n)
{
	uint8_t mac[8];

	st_le32(mac, (uint32_t)gd_bar_rd(&n->dev, VIRTIO_PCI_DEVICE, 4));
	st_le16(mac + 4, (uint16_t)gd_bar_rd(&n->dev, VIRTIO_PCI_DEVICE + 4, 2));
	return memcmp(mac, gd_net_mac, sizeof(gd_net_mac)) == 0 ? NULL : "the MAC address";
}

const char *gd_net_prepare(struct gd_net *n, const struct gd_persona *persona)
{
	const char *why = gd_init_device(&n->dev, persona);

	if (!why)
		why = check_mac(n);
	if (!why)
		why = check_queues(n);
	if (why)
		return why;
	if (n->dev.features & VIRTIO_NET_F_MRG_RXBUF)
		n->header = VIRTIO_NET_HDR_LONG;
	if (!gd_queue_setup(&n->rx, &n->dev, GD_NET_RXQ, persona->used_align) ||
	    !gd_queue_setup(&n->tx, &n->dev, GD_NET_TXQ, persona->used_align))
		return "queue_enable does not read back as 1";
	if ((n->dev.features & VIRTIO_NET_F_CTRL_VQ) &&
	    !gd_queue_setup(&n->ctrl, &n->dev, GD_NET_CTRLQ, persona->used_align))
		return "queue_enable of the control queue does not read back as 1";
	return NULL;
}

int gd_net_post(struct gd_net *n, uint32_t size)
{
	struct gd_net_buffer b = {.size = size};
	struct gd_seg segs[2];
	int head;

	b.header = gd_alloc(n->m, n->header, 16);
	b.payload = gd_alloc(n->m, size, 16);
	b.table = gd_alloc(n->m, 32, 16);
	gd_fill(n->m, b.header, GD_NET_GUARD, n->header);
	gd_fill(n->m, b.payload, GD_NET_GUARD, size);
	segs[0] = (struct gd_seg){b.header, n->header, true};
	segs[1] = (struct gd_seg){b.payload, size, true};
	head = gd_add_indirect(&n->rx, b.table, segs, 2);
	if (head >= 0)
		n->posted[head] = b;
	return head;
}

void gd_net_post_many(struct gd_net *n, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (gd_net_post(n, GD_NET_PAYLOAD) < 0)
			gd_die("net", "no free descriptor");
	gd_kick(&n->rx);
}

const char *gd_net_start(struct gd_net *n, const struct gd_persona *persona)
{
	const char *why = gd_net_prepare(n, persona);

	if (why)
		return why;
	gd_net_post_many(n, GD_NET_SIZE);
	gd_driver_ok(&n->dev);
	return NULL;
}

bool gd_net_wait(struct gd_net *n, struct gd_used *used, struct gd_net_buffer *buffer)
{
	if (!gd_wait_used(&n->rx, used) || used->id >= GD_NET_SIZE)
		return false;
	*buffer = n->posted[used->id];
	return true;
}

void gd_net_frame(uint8_t *frame, size_t len, const uint8_t *to, uint8_t seed)
{
	static const uint8_t head[14] = {[6] = 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x88, 0xb5};

	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed + i * 7 + (i >> 8));
	memcpy(frame, head, len < sizeof(head) ? len : sizeof(head));
	memcpy(frame, to ? to : gd_net_mac, len < 6 ? len : 6);
}

void gd_net_put(struct gd_net *n, size_t len, uint8_t seed)
{
	uint8_t frame[NET_FRAME_MAX];

	gd_net_frame(frame, len, NULL, seed);
	gd_wire_put(n->wire, NULL, frame, len);
}

bool gd_net_is(struct gd_net *n, const struct gd_used *used, const struct gd_net_buffer *buffer,
	       size_t len, uint8_t seed)
{
	uint8_t header[VIRTIO_NET_HDR_LONG] = {0}, expected[NET_FRAME_MAX], got[NET_FRAME_MAX];

	if (used->len != n->header + len || len > buffer->size)
		return false;
	gd_read(n->m, buffer->header, header, n->header);
	if (n->header == VIRTIO_NET_HDR_LONG && ld_le16(header + VIRTIO_NET_HDR_NUM_BUFFERS) != 1)
		return false;
	for (uint32_t i = 0; i < VIRTIO_NET_HDR_SHORT; i++)
		if (header[i])
			return false;
	gd_net_frame(expected, len, NULL, seed);
	gd_read(n->m, buffer->payload, got, len);
	return memcmp(expected, got, len) == 0 &&
	       gd_all(n->m, buffer->payload + len, GD_NET_GUARD, buffer->size - len);
}

int gd_net_send(struct gd_net *n, const void *frame, size_t len, uint32_t pieces)
{
	gpa_t header = gd_alloc(n->m, n->header, 16);
	gpa_t data = gd_alloc(n->m, len, 1);
	struct gd_seg segs[1 + GD_NET_PIECES] = {{header, n->header, false}};
	size_t at = 0;
	int head;

	gd_write(n->m, data, frame, len);
	for (uint32_t i = 0; i < pieces; i++) {
		size_t part = i + 1 < pieces ? len / pieces : len - at;

		segs[1 + i] = (struct gd_seg){data + at, (uint32_t)part, false};
		at += part;
	}
	head = gd_add_indirect(&n->tx, 0, segs, 1 + pieces);
	gd_kick(&n->tx);
	return head;
}

int gd_net_sent(struct gd_net *n, const void *frame, size_t len, uint32_t pieces)
{
	int head = gd_net_send(n, frame, len, pieces);
	struct gd_used used;

	if (head < 0 || !gd_wait_used(&n->tx, &used) || used.id != (uint32_t)head)
		return -1;
	return (int)used.len;
}

int gd_net_do_segs(struct gd_net *n, const struct gd_seg *segs, uint32_t count)
{
	int head = gd_add_indirect(&n->tx, 0, segs, count);
	struct gd_used used;

	gd_kick(&n->tx);
	if (head < 0 || !gd_wait_used(&n->tx, &used) || used.id != (uint32_t)head)
		return -1;
	return (int)used.len;
}

int gd_net_ctrl(struct gd_net *n, uint8_t class, uint8_t command, const void *data, size_t len)
{
	const uint8_t head[2] = {class, command};
	gpa_t at = gd_alloc(n->m, 2 + len + 1, 1);
	struct gd_seg segs[] = {
		{at, 2, false}, {at + 2, (uint32_t)len, false}, {at + 2 + len, 1, true}};
	struct gd_used used;

	gd_write(n->m, at, head, 2);
	if (len)
		gd_write(n->m, at + 2, data, len);
	gd_fill(n->m, at + 2 + len, 0xff, 1);
	gd_add(&n->ctrl, segs, 3);
	gd_kick(&n->ctrl);
	if (!gd_wait_used(&n->ctrl, &used) || used.len != 1)
		return -1;
	return gd_ld8(n->m, at + 2 + len);
}

bool gd_net_works(struct gd_net *n)
{
	struct gd_net_buffer buffer;
	struct gd_used used;
	uint8_t frame[200];
	unsigned int before = n->wire->n_sent;

	gd_net_frame(frame, sizeof(frame), NULL, 3);
	if (gd_net_sent(n, frame, sizeof(frame), 2) != 0 || n->wire->n_sent != before + 1 ||
	    gd_wire_sent(n->wire, before)->len != sizeof(frame) ||
	    memcmp(gd_wire_sent(n->wire, before)->bytes, frame, sizeof(frame)) != 0)
		return false;
	gd_net_put(n, 300, 4);
	return gd_net_wait(n, &used, &buffer) && gd_net_is(n, &used, &buffer, 300, 4);
}
