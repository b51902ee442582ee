/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_DEVICE_H
#define VISE_GUEST_INIT_SELFTEST_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_MAX	8
#define DEVICE_NAME_MAX 64

/* Which device: its virtio id makes the contract's PCI id (0x1040 + id); the transitional id is a
 * number of its own. */
struct device_kind {
	const char *name; /* as in the markers: "virtio-blk" */
	const char *driver;
	unsigned contract_id;
	unsigned transitional_id;
};

extern const struct device_kind device_net;
extern const struct device_kind device_blk;
extern const struct device_kind device_input;
extern const struct device_kind device_snd;

/* One PCI function and the virtio device behind it, by their names below /sys. */
struct device {
	uint64_t features; /* as negotiated */
	unsigned pci_id;
	unsigned subsystem;
	unsigned revision;
	bool transitional;
	char pci[DEVICE_NAME_MAX];    /* 0000:00:04.0 */
	char virtio[DEVICE_NAME_MAX]; /* virtio1; empty: no driver has taken the function */
	char driver[DEVICE_NAME_MAX]; /* of the virtio device; empty: none */
};

/* Finds the functions of @kind in the order of their PCI addresses; at most @max, returns the
 * number. */
size_t device_find(const struct device_kind *kind, struct device *devices, size_t max);

/* Reads what may have changed: virtio device, driver, features. */
void device_refresh(struct device *d);

/* Whether the revision is what drivers of the contract ask for: 1. Transitional devices may have
 * any. */
bool device_revision_good(const struct device *d);

/* The identity as Windows writes it: PCI\VEN_1AF4&DEV_1042&SUBSYS_00021AF4&REV_01. */
void device_hardware_id(const struct device *d, char *text, size_t size);

/* Unbinds the virtio device from its driver, or binds it to @kind's; 0 or a negative errno. */
int device_unbind(const struct device_kind *kind, const struct device *d);
int device_bind(const struct device_kind *kind, const struct device *d);

/* The features as a number; @text holds a '0' or '1' for each bit, lowest first. Pure. */
uint64_t device_features_parse(const char *text);

#endif
