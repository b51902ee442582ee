/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_backend.h"
#include "vmm/core/clock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The tap backend on a real tap interface, in a network namespace of this test's own; a packet
 * socket is the other end. Skipped where the host allows none of it.
 */

#define IFNAME	  "vise0"
#define ETHERTYPE 0x88b5 /* for local experiments; frames of the kernel's own are not ours */

static int host; /* the packet socket */

static void if_call(unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", IFNAME);
	ck_assert_int_eq(ioctl(fd, request, ifr), 0);
	close(fd);
}

static void set_up_or_down(bool up)
{
	struct ifreq ifr = {0};

	if_call(SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP);
	if_call(SIOCSIFFLAGS, &ifr);
}

static void open_host(void)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE)};
	struct ifreq ifr = {0};

	set_up_or_down(true);
	if_call(SIOCGIFINDEX, &ifr);
	addr.sll_ifindex = ifr.ifr_ifindex;
	host = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETHERTYPE));
	ck_assert_int_ge(host, 0);
	ck_assert_int_eq(bind(host, (struct sockaddr *)&addr, sizeof(addr)), 0);
}

static void set_up(void)
{
	host = -1;
	backend_set_up();
}

static void tear_down(void)
{
	if (host >= 0)
		close(host);
	backend_tear_down();
}

static void open_tap(bool vnet_hdr)
{
	struct net_config config = {
		.kind = NET_TAP,
		.ifname = IFNAME,
		.fd = -1,
		.vnet_hdr = vnet_hdr,
	};

	backend_open(&config);
	open_host();
}

static void host_send(size_t len, uint8_t seed)
{
	uint8_t frame[2048];

	backend_frame(frame, len, seed);
	ck_assert_int_eq(send(host, frame, len, 0), (ssize_t)len);
}

/* The next frame of ours that the host gets is the one of @seed. */
static void host_expect(size_t len, uint8_t seed)
{
	uint8_t expected[2048], got[2048];
	uint64_t end = backend_now_ms() + 10000;
	ssize_t n;

	backend_frame(expected, len, seed);
	while ((n = recv(host, got, sizeof(got), 0)) < 0) {
		ck_assert_msg(backend_now_ms() < end, "no frame within 10 s");
		loop_run_once(loop, 10, &err);
	}
	ck_assert_int_eq(n, (ssize_t)len);
	ck_assert_mem_eq(got, expected, len);
}

/* Frames of ours that were heard; the kernel announces itself on a new interface too. */
static unsigned int ours(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < n_heard && i < HEARD_MAX; i++)
		if (heard[i].bytes[12] == ETHERTYPE >> 8 &&
		    heard[i].bytes[13] == (ETHERTYPE & 0xff))
			n++;
	return n;
}

static void wait_ours(unsigned int n)
{
	uint64_t end = backend_now_ms() + 10000;

	while (ours() < n) {
		ck_assert_msg(backend_now_ms() < end, "%u of %u came within 10 s", ours(), n);
		ck_assert_int_ge(loop_run_once(loop, 10, &err), 0);
	}
}

/* Our frame number @i is the one of @seed. */
static void expect_ours(unsigned int i, size_t len, uint8_t seed)
{
	uint8_t frame[2048];
	unsigned int at = 0;

	backend_frame(frame, len, seed);
	for (;; at++) {
		ck_assert_uint_lt(at, n_heard);
		if (heard[at].bytes[12] == ETHERTYPE >> 8 &&
		    heard[at].bytes[13] == (ETHERTYPE & 0xff) && i-- == 0)
			break;
	}
	ck_assert_uint_eq(heard[at].len, len);
	ck_assert_mem_eq(heard[at].bytes, frame, len);
}

static void both_ways(void)
{
	static const struct net_offload nothing;

	for (uint8_t i = 0; i < 20; i++) {
		ck_assert_int_eq(backend_send(60 + 70U * i, i), 0);
		net_flush(net);
		host_expect(60 + 70U * i, i);
		host_send(60 + 70U * i, i);
	}
	wait_ours(20);
	for (uint8_t i = 0; i < 20; i++)
		expect_ours(i, 60 + 70U * i, i);
	ck_assert_mem_eq(&heard[n_heard - 1].offload, &nothing, sizeof(nothing));
	ck_assert_uint_eq(net->tx_dropped, 0);
}

START_TEST(frames_go_both_ways)
{
	open_tap(false);
	ck_assert_uint_eq(net->tx_offloads, 0);
	both_ways();
}
END_TEST

START_TEST(frames_go_both_ways_with_headers)
{
	open_tap(true);
	ck_assert_uint_eq(net->tx_offloads, 0xf);
	ck_assert_uint_eq(net->rx_offloads, 0xf);
	both_ways();
	net_set_offloads(net, 0xf);
	net_set_offloads(net, 0);
}
END_TEST

#define UDP_LEN 200U

/* Adds up 16-bit words as the Internet checksum does, from @sum on. */
static uint32_t add_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* An IPv4 frame with a UDP datagram; its checksum holds the pseudo header's sum only. */
static void udp_frame(uint8_t *frame)
{
	uint8_t head[42] = {0xff, 0xff, 0xff, 0xff,	   0xff, 0xff, 2, 0,	0,
			    0,	  0,	9,    0x08,	   0x00, 0x45, 0, 0,	UDP_LEN - 14,
			    0,	  0,	0,    0,	   64,	 17,   0, 0,	10,
			    0,	  0,	1,    10,	   0,	 0,    2, 0x30, 0x39,
			    0,	  9,	0,    UDP_LEN - 34};
	uint32_t sum = add_words(0, head + 14, 20);

	head[24] = (uint8_t)(~sum >> 8);
	head[25] = (uint8_t)~sum;
	sum = add_words(17 + UDP_LEN - 34, head + 26, 8);
	head[40] = (uint8_t)(sum >> 8);
	head[41] = (uint8_t)sum;
	memset(frame, 0x5a, UDP_LEN);
	memcpy(frame, head, sizeof(head));
}

START_TEST(what_is_left_to_do_passes_in_the_header)
{
	const struct net_offload o = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = 34,
		.csum_offset = 6,
	};
	struct virtio_net_hdr h = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6};
	uint8_t frame[10 + UDP_LEN];
	int on = 1;

	open_tap(true);
	net_set_offloads(net, NET_OFFLOAD_CSUM);
	udp_frame(frame + 10);
	memcpy(frame, &h, 10);
	/* The host leaves the sum to us. */
	ck_assert_int_eq(setsockopt(host, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0);
	ck_assert_int_eq(send(host, frame, sizeof(frame), 0), sizeof(frame));
	for (unsigned int i = 0;; i++) {
		backend_wait(&n_heard, i + 1);
		if (heard[i].len != UDP_LEN || heard[i].bytes[12] != 0x08)
			continue;
		ck_assert_int_eq(memcmp(&heard[i].offload, &o, sizeof(o)), 0);
		ck_assert_mem_eq(heard[i].bytes, frame + 10, UDP_LEN);
		break;
	}
	/* And takes a frame for which it is to be done, but none with nonsense in its header. */
	ck_assert_int_eq(net_send(net, &o, frame + 10, UDP_LEN), 0);
	ck_assert_uint_eq(net->tx_dropped, 0);
	const struct net_offload bad = {.flags = 1, .csum_start = 500, .csum_offset = 6};

	ck_assert_int_eq(net_send(net, &bad, frame + 10, UDP_LEN), 0);
	ck_assert_uint_eq(net->tx_dropped, 1);
}
END_TEST

START_TEST(a_refused_frame_is_kept_in_order)
{
	open_tap(false);
	backend_settle();
	n_heard = 0;
	room = 0;
	for (uint8_t i = 0; i < 10; i++)
		host_send(60, i);
	backend_settle();
	ck_assert_uint_eq(n_refused, 1);
	ck_assert_uint_eq(n_heard, 0);
	backend_want_input(4);
	wait_ours(4);
	backend_settle();
	ck_assert_uint_eq(n_refused, 2);
	backend_want_input(UINT32_MAX);
	wait_ours(10);
	for (uint8_t i = 0; i < 10; i++)
		expect_ours(i, 60, i);
}
END_TEST

START_TEST(frames_come_in_batches)
{
	open_tap(false);
	backend_settle();
	n_heard = n_batches = 0;
	for (uint8_t i = 0; i < 100; i++)
		host_send(60, i);
	wait_ours(100);
	ck_assert_uint_lt(n_batches, 10);
}
END_TEST

START_TEST(an_interface_that_is_down_drops_and_counts)
{
	open_tap(false);
	set_up_or_down(false);
	ck_assert_int_eq(backend_send(60, 1), 0);
	ck_assert_uint_eq(net->tx_dropped, 1);
	set_up_or_down(true);
	ck_assert_int_eq(backend_send(60, 2), 0);
	host_expect(60, 2);
}
END_TEST

START_TEST(an_interface_that_is_deleted_ends_quietly)
{
	uint64_t end;
	unsigned int turns = 0;
	struct {
		struct {
			uint32_t len;
			uint16_t type, flags;
			uint32_t seq, pid;
		} n;
		struct {
			uint8_t family, pad;
			uint16_t type;
			int32_t index;
			uint32_t flags, change;
		} i;
	} del = {{sizeof(del), 17 /* RTM_DELLINK */, 5 /* REQUEST | ACK */, 1, 0}, {0}};
	struct ifreq ifr = {0};
	char answer[512];
	int fd;

	open_tap(false);
	if_call(SIOCGIFINDEX, &ifr);
	del.i.index = ifr.ifr_ifindex;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0 /* NETLINK_ROUTE */);
	ck_assert_int_eq(send(fd, &del, sizeof(del), 0), sizeof(del));
	ck_assert_int_gt(recv(fd, answer, sizeof(answer), 0), 0);
	close(fd);
	/* The loop does not spin over it. */
	for (end = backend_now_ms() + 200; backend_now_ms() < end;)
		turns += (unsigned int)loop_run_once(loop, 10, &err);
	ck_assert_uint_lt(turns, 100);
	ck_assert_int_eq(backend_send(60, 1), 0);
	ck_assert_uint_eq(net->tx_dropped, 1);
}
END_TEST

static int tap_fd(short flags)
{
	struct ifreq ifr = {.ifr_flags = flags, .ifr_name = IFNAME};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, TUNSETIFF, &ifr), 0);
	return fd;
}

START_TEST(a_descriptor_is_a_tap_too)
{
	for (unsigned int headers = 0; headers < 2; headers++) {
		struct net_config config = {.kind = NET_TAP};

		config.fd = tap_fd((short)(IFF_TAP | IFF_NO_PI | (headers ? IFF_VNET_HDR : 0)));
		backend_open(&config);
		open_host();
		/* Headers there are, but nobody asked for offloads. */
		ck_assert_uint_eq(net->tx_offloads, 0);
		both_ways();
		n_heard = 0;
		close(host);
		host = -1;
		net_destroy(net);
		net = NULL;
		ck_assert_int_eq(fcntl(config.fd, F_GETFD), -1);
	}
}
END_TEST

/* Opening @config fails with @what. */
static void expect_refusal(const struct net_config *config, const char *what)
{
	struct net *n = net_open(config, loop, &err);

	ck_assert_msg(!n, "not refused with \"%s\"", what);
	ck_assert_msg(strstr(err.text, what), "%s", err.text);
	if (config->fd >= 0)
		ck_assert_int_eq(fcntl(config->fd, F_GETFD), -1);
}

START_TEST(what_is_no_tap_is_refused)
{
	struct net_config config = {.kind = NET_TAP};
	int busy;

	config.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	expect_refusal(&config, "is not a tap interface");
	config.fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	expect_refusal(&config, "is not a tap interface");
	config.fd = tap_fd(IFF_TUN | IFF_NO_PI);
	expect_refusal(&config, "IFF_TAP and IFF_NO_PI");
	config.vnet_hdr = true;
	config.fd = tap_fd(IFF_TAP | IFF_NO_PI);
	expect_refusal(&config, "without IFF_VNET_HDR");
	config.fd = -1;
	config.ifname = "a-name-that-is-too-long";
	expect_refusal(&config, "1 to 15 characters");
	config.ifname = "";
	expect_refusal(&config, "1 to 15 characters");
	config.ifname = "lo";
	expect_refusal(&config, "tap lo: ");
	busy = tap_fd(IFF_TAP | IFF_NO_PI);
	config.ifname = IFNAME;
	expect_refusal(&config, "tap " IFNAME ": in use by another program");
	close(busy);
}
END_TEST

/* A network namespace in which we may make interfaces; NULL, or why there is none. */
static const char *private_network(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return "no network namespace may be made here";
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? "this host has no /dev/net/tun"
				       : "/dev/net/tun may not be opened";
	close(fd);
	return NULL;
}

int main(void)
{
	const char *why = private_network();
	Suite *s;
	TCase *tc;
	SRunner *sr;
	int failed;

	if (why) {
		fprintf(stderr, "%s\n", why);
		return 77;
	}
	s = suite_create("net_tap");
	tc = tcase_create("tap");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, frames_go_both_ways);
	tcase_add_test(tc, frames_go_both_ways_with_headers);
	tcase_add_test(tc, what_is_left_to_do_passes_in_the_header);
	tcase_add_test(tc, a_refused_frame_is_kept_in_order);
	tcase_add_test(tc, frames_come_in_batches);
	tcase_add_test(tc, an_interface_that_is_down_drops_and_counts);
	tcase_add_test(tc, an_interface_that_is_deleted_ends_quietly);
	tcase_add_test(tc, a_descriptor_is_a_tap_too);
	tcase_add_test(tc, what_is_no_tap_is_refused);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
