/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Linux's driver and kernel tell of the network device: interrupts, checksums, queues. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-init/selftest/irq.h"
#include "guest-init/selftest/net/net.h"
#include "guest-init/selftest/sysfs.h"

void net_say_offload(struct selftest *t, const struct net_test *n)
{
	struct offload_counts now = {.tcp = 0};
	int on = iface_tx_checksum(&n->iface);
	uint64_t tcp;
	uint64_t udp;
	struct marker *m;

	if (!*n->iface.name || on < 0 || !offload_read(&now)) {
		m = test_begin(t, "virtio-net-offload-csum", "FAIL");
		marker_text(m, "reason", "counters_unreadable");
		test_end(t);
		return;
	}
	/* All that was sent since went through this interface, or nothing did. */
	tcp = now.tcp - n->before.tcp;
	udp = now.udp - n->before.udp;
	m = test_begin(t, "virtio-net-offload-csum", "PASS");
	marker_number(m, "tx_csum", on ? tcp + udp : 0);
	marker_number(m, "fallback", on ? 0 : tcp + udp);
	marker_number(m, "tx_tcp", on ? tcp : 0);
	marker_number(m, "tx_udp", on ? udp : 0);
	marker_text(m, "method", "kernel_counters");
	test_end(t);
}

/* The sizes of the rings, or zeros. */
static struct ethtool_ringparam rings(const struct iface *i)
{
	struct ethtool_ringparam param = {.cmd = ETHTOOL_GRINGPARAM};
	struct ifreq r = {.ifr_flags = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(r.ifr_name, i->name, sizeof(r.ifr_name));
	r.ifr_data = (void *)&param;
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &r))
		param = (struct ethtool_ringparam){.cmd = 0};
	if (fd >= 0)
		close(fd);
	return param;
}

static void put_mac(struct marker *m, const char *key, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	marker_text(m, key, text);
}

static void put_vectors(struct marker *m, const struct net_test *n, const struct irq_info *irq,
			const char *const keys[3])
{
	marker_vector(m, keys[0], irq_vector_of(irq, &n->device, "config", false));
	marker_vector(m, keys[1], irq_vector_of(irq, &n->device, "input.0", true));
	marker_vector(m, keys[2], irq_vector_of(irq, &n->device, "output.0", true));
}

static void say_msix(struct selftest *t, const struct net_test *n, const struct irq_info *irq)
{
	static const char *const keys[] = {"config_vector", "rx_vector", "tx_vector"};
	bool fail = t->plan.require_net_msix && irq->mode != IRQ_MSIX;
	struct marker *m;

	if (irq->mode == IRQ_NONE) {
		m = test_begin(t, "virtio-net-msix", fail ? "FAIL" : "SKIP");
		marker_text(m, "reason", *n->device.pci ? "no_interrupt_in_use" : "device_missing");
		test_end(t);
		return;
	}
	m = test_begin(t, "virtio-net-msix", fail ? "FAIL" : "PASS");
	marker_text(m, "mode", irq_mode_name(irq->mode));
	marker_number(m, "messages", irq->messages);
	put_vectors(m, n, irq, keys);
	if (fail)
		marker_text(m, "reason", "msix_required");
	test_end(t);
}

static int64_t statistic(const struct iface *i, const char *name)
{
	return sysfs_number("/sys/class/net/%s/statistics/%s", i->name, name);
}

static void say_diag(struct selftest *t, const struct net_test *n, const struct irq_info *irq)
{
	static const char *const keys[] = {"msix_config_vector", "msix_rx_vector",
					   "msix_tx_vector"};
	struct ethtool_ringparam ring;
	struct marker *m = &t->m;

	marker_begin(m, "virtio-net-diag");
	if (!*n->iface.name) {
		marker_token(m, "WARN");
		marker_text(m, "reason", "no_interface");
		test_end(t);
		return;
	}
	ring = rings(&n->iface);
	marker_token(m, "INFO");
	marker_hex(m, "guest_features", n->device.features, 16);
	marker_text(m, "irq_mode", irq_mode_name(irq->mode));
	marker_number(m, "irq_message_count", irq->messages);
	put_vectors(m, n, irq, keys);
	marker_number(m, "rx_queue_size", ring.rx_pending);
	marker_number(m, "tx_queue_size", ring.tx_pending);
	put_mac(m, "cur_mac", n->iface.mac);
	marker_flag(m, "link_up", iface_carrier(&n->iface));
	marker_signed(m, "stat_tx_err", statistic(&n->iface, "tx_errors"));
	marker_signed(m, "stat_rx_err", statistic(&n->iface, "rx_errors"));
	marker_signed(m, "stat_rx_no_buf", statistic(&n->iface, "rx_missed_errors"));
	test_end(t);
}

void net_say_driver(struct selftest *t, const struct net_test *n)
{
	struct irq_info irq = {.mode = IRQ_NONE};

	if (*n->device.pci)
		irq_read(&n->device, &irq);
	say_msix(t, n, &irq);
	say_diag(t, n, &irq);
	irq_line(&device_net, &irq, &t->m);
	test_end(t);
}
