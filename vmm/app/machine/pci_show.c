/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "devices/pci/pci.h"
#include "virtio/virtio_pci.h"
#include "vmm/core/le.h"

#include <string.h>

/*
 * The functions on the PCI bus as JSON, in the shape of QMP's query-pci. What the guest reads in
 * configuration space is what is shown, so that it holds for every function and is never stale;
 * BARs' sizes and ids come from the virtio devices, which alone have them.
 */

#define DEVFNS 256U

/* Class codes, PCI Code and ID Assignment; the words are QEMU's. */
static const struct {
	uint16_t class;
	const char *desc;
} classes[] = {
	{0x0100, "SCSI controller"},
	{0x0101, "IDE controller"},
	{0x0200, "Ethernet controller"},
	{0x0401, "Audio controller"},
	{0x0600, "Host bridge"},
	{0x0601, "ISA bridge"},
	{0x0680, "Bridge"},
	{0x0780, "Communication controller"},
	{0x0900, "Keyboard"},
	{0x0902, "Mouse"},
	{0x0980, "Input controller"},
};

/* A copy of one function's configuration space. */
struct config_space {
	uint8_t bytes[PCI_CONFIG_SIZE];
};

static unsigned int byte_at(const struct config_space *c, unsigned int offset)
{
	return c->bytes[offset];
}

static unsigned int word_at(const struct config_space *c, unsigned int offset)
{
	return ld_le16(c->bytes + offset);
}

/* False when there is no function at @devfn. */
static bool read_config(const struct machine *m, uint8_t devfn, struct config_space *c)
{
	for (unsigned int i = 0; i < PCI_CONFIG_SIZE; i += 4)
		st_le32(c->bytes + i, pci_bus_config_read(m->pci, devfn, i, 4));
	return word_at(c, PCI_VENDOR_ID) != 0xffff;
}

static const struct machine_virtio *virtio_at(const struct machine *m, uint8_t devfn)
{
	for (size_t i = 0; i < m->n_virtio; i++)
		if (virtio_pci_function(m->virtio[i].vd)->devfn == devfn)
			return &m->virtio[i];
	return NULL;
}

static json_t *class_info(const struct config_space *c)
{
	unsigned int class = word_at(c, PCI_CLASS_SUB);
	json_t *info = json_pack("{s:i}", "class", (int)class);

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == class)
			json_object_set_new(info, "desc", json_string(classes[i].desc));
	return info;
}

static json_t *identity(const struct config_space *c)
{
	json_t *id = json_pack("{s:i, s:i}", "vendor", (int)word_at(c, PCI_VENDOR_ID), "device",
			       (int)word_at(c, PCI_DEVICE_ID));
	int vendor = (int)word_at(c, PCI_SUBSYSTEM_VENDOR_ID);

	if (!vendor)
		return id;
	json_object_set_new(id, "subsystem-vendor", json_integer(vendor));
	/* Under this name some harnesses look for it. */
	json_object_set_new(id, "subsystem_vendor", json_integer(vendor));
	json_object_set_new(id, "subsystem", json_integer((int)word_at(c, PCI_SUBSYSTEM_ID)));
	return id;
}

static json_t *msix(const struct config_space *c, unsigned int at)
{
	unsigned int control = word_at(c, at + PCI_MSIX_CONTROL);

	return json_pack("{s:s, s:i, s:b, s:b, s:i}", "id", "msix", "offset", (int)at, "enabled",
			 (control & PCI_MSIX_CONTROL_EN) != 0, "masked",
			 (control & PCI_MSIX_CONTROL_MASK) != 0, "vectors",
			 (int)(control & 0x7ff) + 1);
}

static json_t *capabilities(const struct config_space *c)
{
	json_t *list = json_array();
	unsigned int at =
		word_at(c, PCI_STATUS) & PCI_STATUS_CAP_LIST ? byte_at(c, PCI_CAPABILITY_LIST) : 0;

	/* A list cannot have more members than fit; ours end, whatever the guest has written. */
	for (unsigned int n = 0; at >= 0x40 && at < PCI_CONFIG_SIZE - 4 && n < 48; n++) {
		unsigned int id = byte_at(c, at);

		if (id == PCI_CAP_ID_MSIX)
			json_array_append_new(list, msix(c, at));
		else
			json_array_append_new(
				list, json_pack("{s:s, s:i}", "id",
						id == PCI_CAP_ID_VENDOR ? "vendor" : "other",
						"offset", (int)at));
		at = byte_at(c, at + 1);
	}
	return list;
}

static json_t *region(const struct pci_bar *bar, unsigned int index)
{
	bool io = bar->kind == PCI_BAR_IO;
	json_t *r = json_pack("{s:i, s:s, s:I, s:I}", "bar", (int)index, "type",
			      io ? "io" : "memory", "size", (json_int_t)bar->size, "address",
			      bar->mapped == PCI_BAR_UNMAPPED ? (json_int_t)-1
							      : (json_int_t)bar->mapped);

	if (!io) {
		json_object_set_new(r, "prefetch", json_false());
		json_object_set_new(r, "mem_type_64", json_boolean(bar->kind == PCI_BAR_MEM64));
	}
	return r;
}

static json_t *regions(const struct machine_virtio *v)
{
	const struct pci_function *fn = v ? virtio_pci_function(v->vd) : NULL;
	json_t *list = json_array();

	if (!fn)
		return list;
	device_lock(&v->vd->dev);
	for (unsigned int i = 0; i < PCI_BARS; i++)
		if (fn->bars[i].kind != PCI_BAR_NONE)
			json_array_append_new(list, region(&fn->bars[i], i));
	device_unlock(&v->vd->dev);
	return list;
}

static json_t *show_function(const struct machine *m, uint8_t devfn, const struct config_space *c)
{
	const struct machine_virtio *v = virtio_at(m, devfn);
	json_t *f = json_pack("{s:i, s:i, s:i, s:o, s:o, s:i, s:o, s:o, s:s}", "bus", 0, "slot",
			      (int)PCI_SLOT(devfn), "function", devfn & 7, "class_info",
			      class_info(c), "id", identity(c), "revision",
			      (int)byte_at(c, PCI_REVISION_ID), "capabilities", capabilities(c),
			      "regions", regions(v), "qdev_id", v ? v->vd->dev.id : "");

	if (byte_at(c, PCI_INTERRUPT_PIN)) {
		json_object_set_new(f, "irq", json_integer((int)byte_at(c, PCI_INTERRUPT_LINE)));
		json_object_set_new(f, "irq_pin", json_integer((int)byte_at(c, PCI_INTERRUPT_PIN)));
	}
	return f;
}

json_t *machine_show_pci(const struct machine *m)
{
	json_t *functions = json_array();
	struct config_space c;

	for (unsigned int devfn = 0; devfn < DEVFNS; devfn++)
		if (read_config(m, (uint8_t)devfn, &c))
			json_array_append_new(functions, show_function(m, (uint8_t)devfn, &c));
	return json_pack("[{s:i, s:o}]", "bus", 0, "devices", functions);
}
