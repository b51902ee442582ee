/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_DHCP_CLIENT_H
#define VISE_GUEST_INIT_SELFTEST_DHCP_CLIENT_H

#include <stdint.h>

#include "guest-init/selftest/net/dhcp.h"
#include "guest-init/selftest/net/iface.h"

/* Asks for a lease on @i, which is up and has no address, until @deadline (clock_ns()). 0 with
 * @lease filled, or a negative errno; -ETIMEDOUT when nobody answered. The interface is not
 * configured. */
int dhcp_client_run(const struct iface *i, uint64_t deadline, struct dhcp_lease *lease);

#endif
