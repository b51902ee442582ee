/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/net.h"

#include <string.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/irq.h"
#include "guest-init/selftest/net/dhcp_client.h"
#include "guest-init/selftest/net/resolve.h"

#define ECHO_HOST	0x0a000202 /* 10.0.2.2 */
#define CARRIER_POLL_MS 100

bool net_fail(struct net_test *n, const char *reason)
{
	if (!n->reason)
		n->reason = reason;
	return false;
}

static bool find_adapter(struct net_test *n)
{
	struct device found[DEVICE_MAX];

	if (!device_find(&device_net, found, DEVICE_MAX))
		return net_fail(n, "device_missing");
	n->device = found[0];
	if (strcmp(n->device.driver, device_net.driver) != 0)
		return net_fail(n, *n->device.driver ? "wrong_service" : "driver_not_bound");
	if (!device_revision_good(&n->device))
		return net_fail(n, "wrong_revision");
	if (iface_find(n->device.virtio, &n->iface) || iface_up(&n->iface)) {
		n->iface.name[0] = '\0';
		return net_fail(n, "no_interface");
	}
	return true;
}

static bool get_address(struct selftest *t, struct net_test *n)
{
	uint64_t end = clock_after_ms(t->plan.net_timeout_sec * 1000ULL);
	char address[IFACE_ADDRESS_TEXT];
	char router[IFACE_ADDRESS_TEXT];
	char dns[IFACE_ADDRESS_TEXT];

	while (!iface_carrier(&n->iface)) {
		if (clock_ns() >= end)
			return net_fail(n, "link_down");
		clock_sleep_ms(CARRIER_POLL_MS);
	}
	if (dhcp_client_run(&n->iface, end, &n->lease))
		return net_fail(n, "dhcp_timeout");
	if (iface_configure(&n->iface, &n->lease))
		return net_fail(n, "address_not_accepted");
	output_say(&t->out, "virtio-net: %s has %s by DHCP, router %s, DNS %s", n->iface.name,
		   iface_address_text(n->lease.address, address),
		   iface_address_text(n->lease.router, router),
		   n->lease.n_dns ? iface_address_text(n->lease.dns[0], dns) : "none");
	return n->lease.address >> 16 != 0xa9fe || net_fail(n, "link_local_address");
}

#define NAMES 5

static void list_names(const struct plan *p, const char *names[NAMES])
{
	static const char *const usual[] = {"host.lan", "gateway.lan", "dns.lan", "example.com"};

	names[0] = p->dns_host;
	memcpy(names + 1, usual, sizeof(usual));
}

static bool resolve_any(struct selftest *t, struct net_test *n)
{
	const char *names[NAMES];
	char text[IFACE_ADDRESS_TEXT];
	uint32_t address;

	list_names(&t->plan, names);
	for (size_t i = 0; i < NAMES; i++) {
		if (resolve_name(&n->lease, names[i], &address)) {
			output_say(&t->out, "virtio-net: %s is %s", names[i],
				   iface_address_text(address, text));
			return true;
		}
	}
	return net_fail(n, "dns_failed");
}

/* For information only: it does not count for the verdict. */
static void test_dns(struct selftest *t, const struct net_test *n)
{
	const char *names[NAMES];
	struct resolve_query q = {.sent = 0};
	char server[IFACE_ADDRESS_TEXT] = "";
	const char *name = NULL;
	bool replied = false;

	list_names(&t->plan, names);
	for (size_t i = 0; i < n->lease.n_dns && !replied; i++) {
		for (size_t j = 0; j < NAMES && !replied; j++) {
			name = names[j];
			iface_address_text(n->lease.dns[i], server);
			replied = resolve_ask(n->lease.dns[i], name, &q);
		}
	}
	marker_test(&t->m, "virtio-net-udp-dns", !name ? "SKIP" : replied ? "PASS" : "FAIL");
	if (!name) {
		marker_token(&t->m, "no_dns_server");
	} else {
		marker_text(&t->m, "server", server);
		marker_text(&t->m, "query", name);
		marker_signed(&t->m, "sent", q.sent);
		marker_signed(&t->m, "recv", q.received);
		marker_number(&t->m, "rcode", q.answer.rcode);
	}
	test_end(t);
}

static bool find_server(struct selftest *t, struct net_test *n)
{
	char large[URL_MAX + 8];

	url_large(t->plan.http_url, large, sizeof(large));
	if (!url_parse(&n->base, t->plan.http_url) || !url_parse(&n->large, large))
		return net_fail(n, "bad_http_url");
	return resolve_name(&n->lease, n->base.host, &n->server) ||
	       net_fail(n, "http_host_not_resolved");
}

static bool get_base(struct selftest *t, struct net_test *n)
{
	struct http_result r;

	if (http_get(n->server, &n->base, &r))
		return true;
	output_say(&t->out, "virtio-net: GET %s: %s, errno %d, status %d", t->plan.http_url,
		   r.reason, r.error, r.head.status);
	return net_fail(n, "http_get_failed");
}

static bool get_large(struct net_test *n)
{
	n->large_ok = http_get(n->server, &n->large, &n->get) && n->get.head.has_length &&
		      n->get.head.length == HTTP_LARGE_BYTES && n->get.bytes == HTTP_LARGE_BYTES &&
		      n->get.hash == HTTP_LARGE_FNV1A;
	return n->large_ok || net_fail(n, n->get.reason ? n->get.reason : "large_mismatch");
}

static bool post_large(struct net_test *n)
{
	const char *digest = n->upload.head.digest;

	n->upload_ok = http_post_large(n->server, &n->large, &n->upload) &&
		       (!*digest || !strcmp(digest, HTTP_LARGE_SHA256));
	return n->upload_ok || net_fail(n, n->upload.reason ? n->upload.reason : "upload_mismatch");
}

static bool run(struct selftest *t, struct net_test *n)
{
	offload_read(&n->before);
	if (!find_adapter(n) || !get_address(t, n))
		return false;
	n->udp_done = true;
	udp_echo(ECHO_HOST, (uint16_t)t->plan.udp_port, &n->udp);
	if (!resolve_any(t, n))
		return false;
	test_dns(t, n);
	if (!find_server(t, n) || !get_base(t, n))
		return false;
	if (t->plan.test_net_link_flap && !net_flap_test(t, n))
		return net_fail(n, "link_flap_failed");
	return get_large(n) && post_large(n);
}

static void say_udp(struct selftest *t, const struct net_test *n)
{
	bool ok = n->udp_done && !n->udp.reason;
	struct marker *m = test_begin(t, "virtio-net-udp", ok ? "PASS" : "FAIL");

	marker_number(m, "bytes", n->udp.small_bytes + n->udp.mtu_bytes);
	marker_number(m, "small_bytes", n->udp.small_bytes);
	marker_number(m, "mtu_bytes", n->udp.mtu_bytes);
	if (!ok) {
		marker_text(m, "reason", n->udp_done ? n->udp.reason : "not_reached");
		marker_signed(m, "wsa", n->udp.error);
	}
	test_end(t);
}

static void say_net(struct selftest *t, const struct net_test *n)
{
	struct irq_info irq = {.mode = IRQ_NONE};
	struct marker *m = test_begin(t, "virtio-net", n->reason ? "FAIL" : "PASS");

	if (*n->device.pci)
		irq_read(&n->device, &irq);
	marker_flag(m, "large_ok", n->large_ok);
	marker_number(m, "large_bytes", n->get.bytes);
	marker_hex(m, "large_fnv1a64", n->get.hash, 16);
	marker_rate(m, "large_mbps", n->get.bytes, n->get.ns);
	marker_flag(m, "upload_ok", n->upload_ok);
	marker_number(m, "upload_bytes", n->upload.bytes);
	marker_rate(m, "upload_mbps", n->upload.bytes, n->upload.ns);
	marker_flag(m, "msi", irq.messages != 0);
	marker_number(m, "msi_messages", irq.messages);
	irq_fields(&irq, m, false);
	if (n->reason)
		marker_text(m, "reason", n->reason);
	test_end(t);
}

void test_net(struct selftest *t)
{
	struct net_test n = {.reason = NULL};

	run(t, &n);
	if (t->plan.test_net_link_flap && !n.flap_said)
		test_say(t, "virtio-net-link-flap", "FAIL", "not_reached");
	say_udp(t, &n);
	say_net(t, &n);
	net_say_offload(t, &n);
	if (!t->plan.test_net_link_flap)
		test_not_asked(t, "virtio-net-link-flap");
	net_say_driver(t, &n);
}
