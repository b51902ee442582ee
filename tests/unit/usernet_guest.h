/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_USERNET_GUEST_H
#define VISE_TESTS_USERNET_GUEST_H

/*
 * A tiny guest on a link of user networking: frames by hand, no stack. It keeps what comes in, and
 * a test waits for the frame that it wants.
 */

#include "vmm/core/loop.h"
#include "vmm/host/net/net.h"
#include "vmm/host/net/usernet.h"
#include "vmm/host/usernet/dhcp_regs.h"
#include "vmm/host/usernet/dns_regs.h"
#include "vmm/host/usernet/frame.h"
#include "vmm/host/usernet/usernet.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GUEST_KEPT 64U

struct kept {
	uint8_t bytes[2048];
	size_t len;
};

static const uint8_t guest_mac[ETH_ADDRESS] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t broadcast[ETH_ADDRESS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct loop *loop;
static struct net *net;
static struct err err;
static struct kept kept[GUEST_KEPT];
static unsigned int n_kept;
static bool closed; /* takes no frames */
static bool owing;  /* has refused one and not asked again */
static unsigned int refused, batches, writable;

static inline bool on_frame(void *arg, const struct net_offload *offload, const void *frame,
			    size_t len)
{
	(void)arg;
	ck_assert_ptr_nonnull(offload);
	if (closed || n_kept == GUEST_KEPT) {
		refused++;
		owing = true;
		return false;
	}
	ck_assert_uint_le(len, sizeof(kept[0].bytes));
	memcpy(kept[n_kept].bytes, frame, len);
	kept[n_kept++].len = len;
	return true;
}

static inline void on_frames(void *arg)
{
	(void)arg;
	batches++;
}

static inline void on_room(void *arg)
{
	(void)arg;
	writable++;
}

/* Beside the test's own folder: build/unit/NAME is beside build/vise-net's. */
static inline const char *helper_path(void)
{
	static char path[PATH_MAX + 32];
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	*strrchr(self, '/') = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(path, sizeof(path), "%s/vise-net", self);
	return path;
}

static inline struct net *open_link(const char *const *hostfwd, size_t n, bool restricted)
{
	struct net_config config = {
		.kind = NET_USER,
		.hostfwd = hostfwd,
		.n_hostfwd = n,
		.restricted = restricted,
		.helper = helper_path(),
	};

	return net_usernet_open(&config, loop, &err);
}

static inline int start_link(void)
{
	net->user = (struct net_user){
		.receive = on_frame,
		.received = on_frames,
		.writable = on_room,
	};
	return net->ops->start(net, &err);
}

static inline void setup(void)
{
	n_kept = refused = batches = writable = 0;
	closed = owing = false;
	net = NULL;
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
}

static inline void teardown(void)
{
	net_destroy(net);
	loop_destroy(loop);
}

/* A link that runs. */
static inline void begin(const char *const *hostfwd, size_t n, bool restricted)
{
	net = open_link(hostfwd, n, restricted);
	ck_assert_msg(net != NULL, "%s", err.text);
	ck_assert_msg(start_link() == 0, "%s", err.text);
}

static inline void send_frame(const void *frame, size_t len)
{
	ck_assert_int_eq(net_send(net, NULL, frame, len), 0);
	net_flush(net);
}

static inline void no_call(void *arg)
{
	(void)arg;
}

/* Makes room, and asks for frames that were refused; the call is what the backend's waits behind.
 */
static inline void forget_frames(void)
{
	n_kept = 0;
	owing = false;
	net_want_input(net);
	ck_assert_int_eq(loop_post(loop, no_call, NULL), 0);
}

typedef const struct kept *(*wanted_fn)(const struct kept *frame, const void *what);

/* Runs the loop until @wanted finds a frame, which is the next to be overwritten then; NULL after
 * @ms without. Frames before it are forgotten. */
static inline const struct kept *wait_frame(wanted_fn wanted, const void *what, int ms)
{
	static struct kept found;

	for (int i = 0; i <= ms / 10; i++) {
		for (unsigned int k = 0; k < n_kept; k++) {
			if (!wanted(&kept[k], what))
				continue;
			found = kept[k];
			memmove(kept, kept + k + 1, (n_kept - k - 1) * sizeof(kept[0]));
			n_kept -= k + 1;
			return &found;
		}
		if (n_kept || owing)
			forget_frames();
		ck_assert_int_ge(loop_run_once(loop, 10, &err), 0);
	}
	return NULL;
}

/* ---- ARP ---- */

static inline size_t make_arp(uint8_t *frame, uint32_t target)
{
	uint8_t *arp = frame + ETH_HEADER;

	memset(frame, 0, ETH_FRAME_MIN);
	memcpy(frame + ETH_DST, broadcast, ETH_ADDRESS);
	memcpy(frame + ETH_SRC, guest_mac, ETH_ADDRESS);
	st_be16(frame + ETH_TYPE, ETH_TYPE_ARP);
	st_be16(arp, 1); /* Ethernet */
	st_be16(arp + 2, ETH_TYPE_IPV4);
	arp[ARP_HLN] = ETH_ADDRESS;
	arp[ARP_PLN] = 4;
	st_be16(arp + 6, 1); /* request */
	memcpy(arp + 8, guest_mac, ETH_ADDRESS);
	st_be32(arp + 14, USERNET_GUEST);
	st_be32(arp + 24, target);
	return ETH_FRAME_MIN;
}

static inline const struct kept *is_arp_reply(const struct kept *f, const void *target)
{
	const uint8_t *arp = f->bytes + ETH_HEADER;

	return f->len >= ETH_HEADER + ARP_BYTES && ld_be16(f->bytes + ETH_TYPE) == ETH_TYPE_ARP &&
			       ld_be16(arp + 6) == 2 &&
			       ld_be32(arp + 14) == *(const uint32_t *)target
		       ? f
		       : NULL;
}

/* ---- UDP ---- */

static inline void send_udp(uint32_t src, uint32_t dst, uint16_t src_port, uint16_t dst_port,
			    const void *data, size_t len)
{
	struct udp_way way = {.src = src, .dst = dst, .src_port = src_port, .dst_port = dst_port};
	uint8_t frame[FRAME_MAX];
	size_t n;

	memcpy(way.mac, broadcast, ETH_ADDRESS);
	n = frame_make_udp(frame, &way, data, len);
	memcpy(frame + ETH_SRC, guest_mac, ETH_ADDRESS);
	send_frame(frame, n);
}

/* Which datagram is waited for; zero port: any. */
struct udp_want {
	uint32_t src;
	uint16_t src_port, dst_port;
};

static inline const struct kept *is_udp(const struct kept *f, const void *what)
{
	const struct udp_want *want = what;
	struct ip_packet ip;
	struct udp_way way;
	size_t len;

	return frame_parse_ip(f->bytes, f->len, &ip) && frame_parse_udp(&ip, &way, &len) &&
			       way.src == want->src &&
			       (!want->src_port || way.src_port == want->src_port) &&
			       (!want->dst_port || way.dst_port == want->dst_port)
		       ? f
		       : NULL;
}

/* The payload of a datagram that is_udp() took. */
static inline const uint8_t *udp_payload(const struct kept *f, struct udp_way *way, size_t *len)
{
	struct ip_packet ip;

	ck_assert(frame_parse_ip(f->bytes, f->len, &ip));
	return frame_parse_udp(&ip, way, len);
}

/* ---- DHCP ---- */

/* Sends one and returns the answer's options from @type on; *@address: what was given. */
static inline const uint8_t *dhcp(uint8_t type, uint32_t *address, size_t *len)
{
	struct udp_want want = {USERNET_HOST, DHCP_SERVER_PORT, DHCP_CLIENT_PORT};
	uint8_t msg[300] = {0};
	const struct kept *f;
	const uint8_t *reply;
	struct udp_way way;

	msg[DHCP_OP] = 1;
	msg[DHCP_HTYPE] = 1;
	msg[DHCP_HLEN] = ETH_ADDRESS;
	st_be32(msg + DHCP_XID, 0x12345678);
	memcpy(msg + DHCP_CHADDR, guest_mac, ETH_ADDRESS);
	st_be32(msg + DHCP_COOKIE, DHCP_MAGIC);
	msg[DHCP_OPTIONS] = DHCP_OPTION_TYPE;
	msg[DHCP_OPTIONS + 1] = 1;
	msg[DHCP_OPTIONS + 2] = type;
	msg[DHCP_OPTIONS + 3] = DHCP_OPTION_END;
	if (*address) {
		msg[DHCP_OPTIONS + 3] = DHCP_OPTION_REQUEST;
		msg[DHCP_OPTIONS + 4] = 4;
		st_be32(msg + DHCP_OPTIONS + 5, *address);
		msg[DHCP_OPTIONS + 9] = DHCP_OPTION_END;
	}
	send_udp(0, UINT32_MAX, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, msg, sizeof(msg));
	f = wait_frame(is_udp, &want, 5000);
	ck_assert_ptr_nonnull(f);
	reply = udp_payload(f, &way, len);
	ck_assert_uint_gt(*len, DHCP_OPTIONS);
	ck_assert_uint_eq(ld_be32(reply + DHCP_XID), 0x12345678);
	*address = ld_be32(reply + DHCP_YIADDR);
	*len -= DHCP_OPTIONS;
	return reply + DHCP_OPTIONS;
}

/* The value of option @tag of 4 bytes, 0: not there. */
static inline uint32_t dhcp_option(const uint8_t *options, size_t len, uint8_t tag)
{
	for (size_t at = 0; at + 2 <= len && options[at] != DHCP_OPTION_END;) {
		if (options[at] == DHCP_OPTION_PAD) {
			at++;
			continue;
		}
		if (options[at] == tag && options[at + 1] == 4 && at + 6 <= len)
			return ld_be32(options + at + 2);
		at += 2U + options[at + 1];
	}
	return 0;
}

/* Lets the network know where the guest is, as each guest does before it talks. */
static inline void introduce(void)
{
	uint32_t host = USERNET_HOST;
	uint8_t frame[FRAME_MAX];

	send_frame(frame, make_arp(frame, host));
	ck_assert_ptr_nonnull(wait_frame(is_arp_reply, &host, 5000));
}

/* ---- Sockets of the host ---- */

/* A socket on the loopback and its port. */
static inline int host_socket(int type, uint16_t *port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

/* A port of the host that is free, most likely still in a moment. */
static inline uint16_t free_port(int type)
{
	uint16_t port;

	close(host_socket(type, &port));
	return port;
}

static inline int run_tests(const char *name, TCase *tc)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	if (access(helper_path(), X_OK) < 0) {
		fprintf(stderr, "this build is without vise-net (WITHOUT_SLIRP)\n");
		return 77;
	}
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
