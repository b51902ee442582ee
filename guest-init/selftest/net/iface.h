/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_IFACE_H
#define VISE_GUEST_INIT_SELFTEST_IFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest-init/selftest/net/dhcp.h"

/* A network interface of the kernel. Functions return 0 or a negative errno. Addresses are numbers,
 * the first byte of 10.0.2.15 the highest. */

struct iface {
	char name[IFNAMSIZ];
	uint8_t mac[6];
};

/* The interface of the virtio device @virtio ("virtio0"). */
int iface_find(const char *virtio, struct iface *i);

/* Sets it administratively up; it stays without an address. */
int iface_up(const struct iface *i);

/* Whether the link is up: carrier. */
bool iface_carrier(const struct iface *i);

/* Gives it the address, mask and default route of @lease, and takes away what it had. */
int iface_configure(const struct iface *i, const struct dhcp_lease *lease);

/* Its IPv4 address, or 0. */
uint32_t iface_address(const struct iface *i);

/* Text of an address; @text holds 16 bytes. */
#define IFACE_ADDRESS_TEXT 16
const char *iface_address_text(uint32_t address, char *text);

/* Whether the kernel leaves checksums of what it sends to the device; -1 when it does not say. */
int iface_tx_checksum(const struct iface *i);

#endif
