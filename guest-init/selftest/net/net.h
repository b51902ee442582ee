/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_NET_H
#define VISE_GUEST_INIT_SELFTEST_NET_H

#include "guest-init/selftest/device.h"
#include "guest-init/selftest/net/dhcp.h"
#include "guest-init/selftest/net/http.h"
#include "guest-init/selftest/net/iface.h"
#include "guest-init/selftest/net/offload.h"
#include "guest-init/selftest/net/udp.h"
#include "guest-init/selftest/test.h"

/* What the steps of the network test know of each other. */
struct net_test {
	struct device device;
	struct iface iface;
	struct dhcp_lease lease;
	struct url base;
	struct url large;
	uint32_t server; /* address of the HTTP server */
	struct udp_result udp;
	bool udp_done;
	bool flap_said;
	struct http_result get;	   /* of the large payload */
	struct http_result upload; /* likewise */
	bool large_ok;
	bool upload_ok;
	struct offload_counts before;
	const char *reason; /* why virtio-net fails; NULL: it does not */
};

/* Ends the test with @reason; returns false. */
bool net_fail(struct net_test *n, const char *reason);

/* virtio-net-link-flap: READY and its result. False when it failed. */
bool net_flap_test(struct selftest *t, struct net_test *n);

/* virtio-net-offload-csum, virtio-net-msix, virtio-net-diag, virtio-net-irq. */
void net_say_offload(struct selftest *t, const struct net_test *n);
void net_say_driver(struct selftest *t, const struct net_test *n);

#endif
