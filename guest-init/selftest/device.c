/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/device.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-init/selftest/sysfs.h"

#define PCI    "/sys/bus/pci/devices"
#define VIRTIO "/sys/bus/virtio"
#define VENDOR 0x1af4

const struct device_kind device_net = {"virtio-net", "virtio_net", 0x1041, 0x1000};
const struct device_kind device_blk = {"virtio-blk", "virtio_blk", 0x1042, 0x1001};
const struct device_kind device_input = {"virtio-input", "virtio_input", 0x1052, 0x1011};
const struct device_kind device_snd = {"virtio-snd", "virtio_snd", 0x1059, 0x1018};

uint64_t device_features_parse(const char *text)
{
	uint64_t features = 0;

	for (unsigned bit = 0; bit < 64 && (text[bit] == '0' || text[bit] == '1'); bit++)
		features |= (uint64_t)(text[bit] == '1') << bit;
	return features;
}

void device_refresh(struct device *d)
{
	char text[256];

	sysfs_first(d->virtio, sizeof(d->virtio), "virtio", PCI "/%s", d->pci);
	d->driver[0] = '\0';
	d->features = 0;
	if (!*d->virtio)
		return;
	sysfs_link_name(d->driver, sizeof(d->driver), VIRTIO "/devices/%s/driver", d->virtio);
	if (sysfs_text(text, sizeof(text), VIRTIO "/devices/%s/features", d->virtio))
		d->features = device_features_parse(text);
}

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct device *)a)->pci, ((const struct device *)b)->pci);
}

static bool read_identity(const struct device_kind *kind, const char *pci, struct device *d)
{
	int64_t id = sysfs_number(PCI "/%s/device", pci);

	if (strlen(pci) >= sizeof(d->pci) || sysfs_number(PCI "/%s/vendor", pci) != VENDOR ||
	    (id != kind->contract_id && id != kind->transitional_id))
		return false;
	*d = (struct device){.pci_id = (unsigned)id, .transitional = id == kind->transitional_id};
	memcpy(d->pci, pci, strlen(pci) + 1);
	d->subsystem = (unsigned)sysfs_number(PCI "/%s/subsystem_device", pci);
	d->revision = (unsigned)sysfs_number(PCI "/%s/revision", pci);
	return true;
}

size_t device_find(const struct device_kind *kind, struct device *devices, size_t max)
{
	DIR *dir = opendir(PCI);
	const struct dirent *e;
	size_t n = 0;

	while (dir && n < max && (e = readdir(dir))) {
		if (*e->d_name != '.' && read_identity(kind, e->d_name, &devices[n]))
			device_refresh(&devices[n++]);
	}
	if (dir)
		closedir(dir);
	qsort(devices, n, sizeof(*devices), by_address);
	return n;
}

bool device_revision_good(const struct device *d)
{
	return d->transitional || d->revision == 1;
}

void device_hardware_id(const struct device *d, char *text, size_t size)
{
	snprintf(text, size, "PCI\\VEN_%04X&DEV_%04X&SUBSYS_%04X%04X&REV_%02X", VENDOR, d->pci_id,
		 d->subsystem & 0xffff, VENDOR, d->revision & 0xff);
}

int device_unbind(const struct device_kind *kind, const struct device *d)
{
	return sysfs_write(d->virtio, VIRTIO "/drivers/%s/unbind", kind->driver);
}

int device_bind(const struct device_kind *kind, const struct device *d)
{
	return sysfs_write(d->virtio, VIRTIO "/drivers/%s/bind", kind->driver);
}
