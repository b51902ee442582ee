/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_virtio.h"

#define MSIX_ENTRY(v) (VIRTIO_PCI_MSIX + 16U * (v))

void gd_dev_open(struct gd_dev *dev, struct gd_machine *m, uint8_t devfn)
{
	unsigned int reg = PCI_BAR0;

	*dev = (struct gd_dev){.m = m, .devfn = devfn};
	if (gd_cfg_read(m, devfn, reg, 4) & PCI_BAR_SPACE_IO)
		reg += 16;
	dev->bar = (gd_cfg_read(m, devfn, reg, 4) & ~0xfULL) |
		   (uint64_t)gd_cfg_read(m, devfn, reg + 4, 4) << 32;
	dev->gsi = gd_cfg_read(m, devfn, PCI_INTERRUPT_LINE, 1);
	gd_cfg_write(m, devfn, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void gd_bar_move(struct gd_dev *dev, uint64_t base)
{
	uint32_t command = gd_cfg_read(dev->m, dev->devfn, PCI_COMMAND, 2);

	gd_cfg_write(dev->m, dev->devfn, PCI_COMMAND, 2, command & ~PCI_COMMAND_MEMORY);
	gd_cfg_write(dev->m, dev->devfn, PCI_BAR0, 4, (uint32_t)base);
	gd_cfg_write(dev->m, dev->devfn, PCI_BAR0 + 4, 4, (uint32_t)(base >> 32));
	gd_cfg_write(dev->m, dev->devfn, PCI_COMMAND, 2, command);
	dev->bar = base;
}

uint64_t gd_bar_rd(const struct gd_dev *dev, uint32_t offset, unsigned int size)
{
	return gd_mmio_read(dev->m, dev->bar + offset, size);
}

void gd_bar_wr(const struct gd_dev *dev, uint32_t offset, unsigned int size, uint64_t value)
{
	gd_mmio_write(dev->m, dev->bar + offset, size, value);
}

static unsigned int field_size(enum gd_common field)
{
	if (field == GD_STATUS || field == GD_GENERATION)
		return 1;
	if (field < GD_MSIX_CONFIG)
		return 4;
	return field < GD_QUEUE_DESC ? 2 : 8;
}

uint64_t gd_rd(const struct gd_dev *dev, enum gd_common field)
{
	uint64_t low;

	if (field_size(field) < 8)
		return gd_bar_rd(dev, field, field_size(field));
	low = gd_bar_rd(dev, field, 4);
	return low | gd_bar_rd(dev, field + 4U, 4) << 32;
}

void gd_wr(const struct gd_dev *dev, enum gd_common field, uint64_t value)
{
	if (field_size(field) < 8) {
		gd_bar_wr(dev, field, field_size(field), value);
		return;
	}
	gd_bar_wr(dev, field, 4, (uint32_t)value);
	gd_bar_wr(dev, field + 4U, 4, value >> 32);
}

uint64_t gd_queue_rd(const struct gd_dev *dev, uint16_t q, enum gd_common field)
{
	gd_wr(dev, GD_QUEUE_SELECT, q);
	return gd_rd(dev, field);
}

void gd_queue_wr(const struct gd_dev *dev, uint16_t q, enum gd_common field, uint64_t value)
{
	gd_wr(dev, GD_QUEUE_SELECT, q);
	gd_wr(dev, field, value);
}

static uint64_t feature_words(const struct gd_dev *dev, enum gd_common select, enum gd_common word)
{
	uint64_t low;

	gd_wr(dev, select, 0);
	low = gd_rd(dev, word);
	gd_wr(dev, select, 1);
	return low | gd_rd(dev, word) << 32;
}

uint64_t gd_offered(const struct gd_dev *dev)
{
	return feature_words(dev, GD_DEVICE_FEATURE_SELECT, GD_DEVICE_FEATURE);
}

uint64_t gd_accepted(const struct gd_dev *dev)
{
	return feature_words(dev, GD_DRIVER_FEATURE_SELECT, GD_DRIVER_FEATURE);
}

void gd_accept(const struct gd_dev *dev, uint64_t features)
{
	gd_wr(dev, GD_DRIVER_FEATURE_SELECT, 0);
	gd_wr(dev, GD_DRIVER_FEATURE, (uint32_t)features);
	gd_wr(dev, GD_DRIVER_FEATURE_SELECT, 1);
	gd_wr(dev, GD_DRIVER_FEATURE, features >> 32);
}

void gd_reset(const struct gd_dev *dev)
{
	gd_wr(dev, GD_STATUS, 0);
}

bool gd_negotiate(struct gd_dev *dev, uint64_t features)
{
	gd_reset(dev);
	gd_wr(dev, GD_STATUS, GD_ACK_DRIVER);
	gd_accept(dev, features);
	gd_wr(dev, GD_STATUS, GD_NEGOTIATED);
	dev->features = features;
	return gd_rd(dev, GD_STATUS) & VIRTIO_STATUS_FEATURES_OK;
}

uint8_t gd_isr(const struct gd_dev *dev)
{
	return (uint8_t)gd_bar_rd(dev, VIRTIO_PCI_ISR, 1);
}

bool gd_line(const struct gd_dev *dev)
{
	return dev->gsi < GD_GSIS && atomic_load(&dev->m->irq.gsi[dev->gsi].level);
}

unsigned int gd_line_rises(const struct gd_dev *dev)
{
	return dev->gsi < GD_GSIS ? atomic_load(&dev->m->irq.gsi[dev->gsi].rises) : 0;
}

unsigned int gd_msix_vectors(const struct gd_dev *dev)
{
	if (gd_cfg_read(dev->m, dev->devfn, GD_MSIX_CAP, 1) != PCI_CAP_ID_MSIX)
		return 0;
	return (gd_cfg_read(dev->m, dev->devfn, GD_MSIX_CAP + PCI_MSIX_CONTROL, 2) & 0x7ffU) + 1;
}

static void msix_control(const struct gd_dev *dev, uint32_t bit, bool on)
{
	uint32_t control = gd_cfg_read(dev->m, dev->devfn, GD_MSIX_CAP + PCI_MSIX_CONTROL, 2);

	control = on ? control | bit : control & ~bit;
	gd_cfg_write(dev->m, dev->devfn, GD_MSIX_CAP + PCI_MSIX_CONTROL, 2, control);
}

void gd_msix_enable(const struct gd_dev *dev, bool on)
{
	msix_control(dev, PCI_MSIX_CONTROL_EN, on);
}

void gd_msix_function_mask(const struct gd_dev *dev, bool on)
{
	msix_control(dev, PCI_MSIX_CONTROL_MASK, on);
}

void gd_msix_set(const struct gd_dev *dev, uint16_t vector, uint64_t address, uint32_t data)
{
	gd_bar_wr(dev, MSIX_ENTRY(vector), 4, (uint32_t)address);
	gd_bar_wr(dev, MSIX_ENTRY(vector) + 4, 4, address >> 32);
	gd_bar_wr(dev, MSIX_ENTRY(vector) + PCI_MSIX_ENTRY_DATA, 4, data);
	gd_msix_mask(dev, vector, false);
}

void gd_msix_mask(const struct gd_dev *dev, uint16_t vector, bool on)
{
	gd_bar_wr(dev, MSIX_ENTRY(vector) + PCI_MSIX_ENTRY_CTRL, 4, on);
}

bool gd_msix_pending(const struct gd_dev *dev, uint16_t vector)
{
	uint32_t pba = gd_cfg_read(dev->m, dev->devfn, GD_MSIX_CAP + PCI_MSIX_PBA, 4) & ~7U;

	return gd_bar_rd(dev, pba + vector / 8U, 1) >> (vector % 8) & 1;
}

#define F_INDIRECT_AND_1 (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_VERSION_1)
#define F_BLK		 (VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH)
#define F_NET		 (1ULL << 5 | 1ULL << 16) /* MAC, STATUS */

const struct gd_persona gd_win7_blk = {
	.name = "win7-blk",
	.required = F_BLK | F_INDIRECT_AND_1,
	.wanted = VIRTIO_F_EVENT_IDX,
	.status_in_steps = true,
	.selectors_checked = true,
	.probes_at_status_0 = true,
	.used_align = 16,
};

const struct gd_persona gd_win7_net = {
	.name = "win7-net",
	.required = F_NET | F_INDIRECT_AND_1,
	.wanted = VIRTIO_F_EVENT_IDX,
	.status_in_steps = true,
	.selectors_checked = true,
	.probes_at_status_0 = true,
	.used_align = 16,
};

const struct gd_persona gd_win7_input = {
	.name = "win7-input",
	.required = F_INDIRECT_AND_1,
	.status_in_steps = true,
	.probes_at_status_0 = true,
	.used_align = 4,
};

const struct gd_persona gd_win7_snd = {
	.name = "win7-snd",
	.required = F_INDIRECT_AND_1,
	.used_align = 4,
};

const struct gd_persona gd_linux = {
	.name = "linux",
	.required = VIRTIO_F_VERSION_1,
	.wanted = F_BLK | F_NET | VIRTIO_F_INDIRECT_DESC,
	.status_in_steps = true,
	.used_align = 4,
};

static bool write_vectors(const struct gd_dev *dev, const struct gd_persona *persona, bool msix)
{
	uint16_t n = (uint16_t)gd_rd(dev, GD_NUM_QUEUES);
	uint16_t config = msix ? 0 : VIRTIO_MSI_NO_VECTOR;

	gd_wr(dev, GD_MSIX_CONFIG, config);
	if (gd_rd(dev, GD_MSIX_CONFIG) != config)
		return false;
	for (uint16_t q = 0; q < n; q++) {
		uint16_t vector = config;

		if (msix && !persona->all_on_vector_0)
			vector = (uint16_t)(q + 1);
		gd_queue_wr(dev, q, GD_QUEUE_VECTOR, vector);
		if (gd_rd(dev, GD_QUEUE_VECTOR) != vector)
			return false;
	}
	return true;
}

static bool selectors_hold(const struct gd_dev *dev)
{
	for (uint32_t i = 0; i < 2; i++) {
		gd_wr(dev, GD_DEVICE_FEATURE_SELECT, i);
		gd_wr(dev, GD_DRIVER_FEATURE_SELECT, i);
		gd_wr(dev, GD_QUEUE_SELECT, i);
		if (gd_rd(dev, GD_DEVICE_FEATURE_SELECT) != i ||
		    gd_rd(dev, GD_DRIVER_FEATURE_SELECT) != i || gd_rd(dev, GD_QUEUE_SELECT) != i)
			return false;
	}
	return true;
}

static const char *probe(const struct gd_dev *dev, const struct gd_persona *persona)
{
	uint16_t n = (uint16_t)gd_rd(dev, GD_NUM_QUEUES);

	for (uint16_t q = 0; q < n; q++)
		if (gd_queue_rd(dev, q, GD_QUEUE_SIZE) == 0 || gd_rd(dev, GD_QUEUE_NOTIFY_OFF) != q)
			return "queue size or notify offset at status 0";
	if (persona->required & ~gd_offered(dev))
		return "required feature not offered at status 0";
	return NULL;
}

static const char *start(struct gd_dev *dev, const struct gd_persona *persona)
{
	bool msix = gd_msix_vectors(dev) &&
		    (gd_cfg_read(dev->m, dev->devfn, GD_MSIX_CAP + 2, 2) & PCI_MSIX_CONTROL_EN);
	const char *why = persona->probes_at_status_0 ? probe(dev, persona) : NULL;
	uint64_t offered;

	if (why)
		return why;
	gd_reset(dev);
	if (gd_rd(dev, GD_STATUS) != 0)
		return "status is not 0 right after reset";
	if (persona->status_in_steps) {
		gd_wr(dev, GD_STATUS, gd_rd(dev, GD_STATUS) | VIRTIO_STATUS_ACKNOWLEDGE);
		gd_wr(dev, GD_STATUS, gd_rd(dev, GD_STATUS) | VIRTIO_STATUS_DRIVER);
	} else {
		gd_wr(dev, GD_STATUS, GD_ACK_DRIVER);
	}
	if (persona->selectors_checked && !selectors_hold(dev))
		return "a selector does not read back";
	offered = gd_offered(dev);
	if (persona->required & ~offered)
		return "required feature not offered";
	dev->features = persona->required | (persona->wanted & offered);
	gd_accept(dev, dev->features);
	gd_wr(dev, GD_STATUS, gd_rd(dev, GD_STATUS) | VIRTIO_STATUS_FEATURES_OK);
	if (!(gd_rd(dev, GD_STATUS) & VIRTIO_STATUS_FEATURES_OK))
		return "FEATURES_OK does not stick";
	if (!write_vectors(dev, persona, msix))
		return "a vector does not read back";
	return NULL;
}

const char *gd_init_device(struct gd_dev *dev, const struct gd_persona *persona)
{
	const char *why = start(dev, persona);

	if (why)
		gd_wr(dev, GD_STATUS, gd_rd(dev, GD_STATUS) | VIRTIO_STATUS_FAILED);
	return why;
}

void gd_driver_ok(const struct gd_dev *dev)
{
	gd_wr(dev, GD_STATUS, gd_rd(dev, GD_STATUS) | VIRTIO_STATUS_DRIVER_OK);
}
