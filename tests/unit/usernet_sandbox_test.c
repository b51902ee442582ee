/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/usernet_guest.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What vise-net may do, and when it ends. */

/* The value of a line of /proc/PID/status. */
static const char *status_of(pid_t pid, const char *name)
{
	static char line[256];
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		size_t len = strlen(name);

		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		fclose(f);
		line[strcspn(line, "\n")] = '\0';
		return line + len + 1 + strspn(line + len + 1, " \t");
	}
	fclose(f);
	ck_abort_msg("no line %s", name);
	return NULL;
}

START_TEST(it_has_given_up_its_rights)
{
	pid_t pid;

	begin(NULL, 0, false);
	pid = usernet_pid(net);
	ck_assert_int_gt(pid, 0);
	ck_assert_str_eq(status_of(pid, "Seccomp"), "2");
	ck_assert_str_eq(status_of(pid, "NoNewPrivs"), "1");
	ck_assert_str_eq(status_of(pid, "CapEff"), "0000000000000000");
	ck_assert_str_eq(status_of(pid, "CapPrm"), "0000000000000000");
	ck_assert_str_eq(status_of(pid, "CapAmb"), "0000000000000000");
	ck_assert_str_eq(status_of(pid, "Threads"), "1");
}
END_TEST

/* It inherits nothing but what it was given, whatever this process has open. */
START_TEST(it_has_no_other_descriptors)
{
	int leak = dup(2); /* without close-on-exec */
	char path[64];
	unsigned int n = 0;
	DIR *fds;

	begin(NULL, 0, false);
	snprintf(path, sizeof(path), "/proc/%d/fd", usernet_pid(net));
	fds = opendir(path);
	close(leak);
	if (!fds) {
		ck_assert_int_eq(errno, EACCES); /* whose they are only root may see */
		return;
	}
	for (struct dirent *e; (e = readdir(fds));)
		n += e->d_name[0] != '.';
	closedir(fds);
	ck_assert_uint_eq(n, 4);
}
END_TEST

/* Whether this host lets a process have a root of its own. */
static bool namespaces_permitted(void)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status == 0;
}

START_TEST(its_root_is_empty_where_the_host_permits)
{
	char path[64];
	unsigned int n = 0;
	DIR *root;

	begin(NULL, 0, false);
	snprintf(path, sizeof(path), "/proc/%d/root/", usernet_pid(net));
	root = opendir(path);
	if (!root) {
		ck_assert_int_eq(errno, EACCES);
		return;
	}
	for (struct dirent *e; (e = readdir(root));)
		n += e->d_name[0] != '.';
	closedir(root);
	if (namespaces_permitted())
		ck_assert_uint_eq(n, 0);
}
END_TEST

/* Whether @pid is gone, or soon is. */
static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) < 0 && errno == ESRCH)
			return true;
		usleep(10000);
	}
	return false;
}

START_TEST(it_ends_with_the_link)
{
	pid_t pid;

	begin(NULL, 0, false);
	pid = usernet_pid(net);
	net_destroy(net);
	net = NULL;
	ck_assert_int_lt(kill(pid, 0), 0);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

/* The child opens a link and is killed; its helper, which this process then inherits, dies too. */
START_TEST(it_ends_with_a_monitor_that_is_killed)
{
	int ends[2];
	pid_t child, helper = 0;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		pid_t pid = -1;

		net = open_link(NULL, 0, false);
		if (net && start_link() == 0)
			pid = usernet_pid(net);
		if (write(ends[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	ck_assert_int_eq(read(ends[0], &helper, sizeof(helper)), sizeof(helper));
	ck_assert_int_gt(helper, 0);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	for (int i = 0; i < 500 && waitpid(helper, NULL, WNOHANG) == 0; i++)
		usleep(10000);
	ck_assert(is_gone(helper));
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* Should it be made to end, the link is dead and nothing else. */
START_TEST(the_link_outlives_it)
{
	uint8_t frame[FRAME_MAX];
	size_t len = make_arp(frame, USERNET_HOST);
	int log = dup(2);
	char text[300] = "";
	int ends[2];

	begin(NULL, 0, false);
	introduce();
	kill(usernet_pid(net), SIGKILL);
	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], 2);
	for (int i = 0; i < 500 && usernet_pid(net) > 0; i++)
		loop_run_once(loop, 10, &err);
	dup2(log, 2);
	close(log);
	ck_assert_int_eq(usernet_pid(net), -1);
	ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
	ck_assert_msg(strstr(text, "vise-net was killed by signal 9 (Killed)"), "%s", text);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	for (int i = 0; i < 1000; i++)
		send_frame(frame, len);
	ck_assert_uint_eq(net->tx_dropped, 1000);
	net_want_input(net);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* Does it still answer? */
static void expect_alive(void)
{
	introduce();
	ck_assert_int_gt(usernet_pid(net), 0);
}

START_TEST(it_survives_garbage)
{
	uint8_t frame[2000];
	unsigned int seed = 1;

	begin(NULL, 0, false);
	for (int i = 0; i < 20000; i++) {
		size_t len = 1 + (size_t)rand_r(&seed) % (i % 2 ? 100 : sizeof(frame));

		for (size_t k = 0; k < len; k++)
			frame[k] = (uint8_t)rand_r(&seed);
		if (len > ETH_HEADER && i % 4)
			st_be16(frame + ETH_TYPE, i % 4 == 1 ? ETH_TYPE_ARP : ETH_TYPE_IPV4);
		while (net_send(net, NULL, frame, len) == -EAGAIN) {
			forget_frames();
			loop_run_once(loop, 10, &err);
		}
	}
	net_flush(net);
	expect_alive();
}
END_TEST

/* Packets whose checksums are right come further in. */
START_TEST(it_survives_datagrams_of_garbage)
{
	static const uint32_t hosts[] = {
		USERNET_HOST, USERNET_NAMESERVER, UINT32_MAX, USERNET_NETWORK + 77,
		0x7f000001,   0xe0000001,	  0};
	static const uint16_t ports[] = {67, 69, 53, 123, 0};
	uint8_t data[600];
	unsigned int seed = 2;

	begin(NULL, 0, false);
	introduce();
	for (unsigned int i = 0; i < 7000; i++) {
		size_t len = (size_t)rand_r(&seed) % sizeof(data);

		for (size_t k = 0; k < len; k++)
			data[k] = (uint8_t)(rand_r(&seed) & (i & 1 ? 0xff : 0x03));
		if (net->tx_dropped)
			break;
		send_udp(USERNET_GUEST + (i & 7), hosts[i % 7], 1024, ports[i % 5], data, len);
		if (i % 16 == 0) {
			forget_frames();
			loop_run_once(loop, 0, &err);
		}
	}
	expect_alive();
}
END_TEST

/* A packet of any protocol: a datagram's, with another number. @fragment: the header's field. */
static void send_ip(uint32_t dst, uint8_t protocol, uint16_t fragment, const uint8_t *body,
		    size_t len)
{
	struct udp_way way = {.src = USERNET_GUEST, .dst = dst};
	uint8_t frame[FRAME_MAX];
	uint8_t *ip = frame + ETH_HEADER;
	size_t n;

	memcpy(way.mac, broadcast, ETH_ADDRESS);
	n = frame_make_udp(frame, &way, body + UDP_HEADER, len - UDP_HEADER);
	memcpy(ip + IPV4_HEADER, body, len);
	memcpy(frame + ETH_SRC, guest_mac, ETH_ADDRESS);
	ip[IPV4_PROTOCOL] = protocol;
	st_be16(ip + IPV4_FRAGMENT, fragment);
	st_be16(ip + IPV4_CHECKSUM, 0);
	st_be16(ip + IPV4_CHECKSUM, frame_fold(frame_sum(0, ip, IPV4_HEADER)));
	send_frame(frame, n);
}

static const struct kept *is_echo_reply(const struct kept *f, const void *what)
{
	struct ip_packet ip;

	(void)what;
	return frame_parse_ip(f->bytes, f->len, &ip) && ip.protocol == IPV4_ICMP &&
			       ip.payload[0] == 0
		       ? f
		       : NULL;
}

static void send_ping(uint32_t dst)
{
	uint8_t ping[16] = {8, 0, 0, 0, 1, 2, 0, 1};

	st_be16(ping + 2, frame_fold(frame_sum(0, ping, sizeof(ping))));
	send_ip(dst, IPV4_ICMP, 0, ping, sizeof(ping));
}

/* The less common uses of the network, none of which the filter may take for a break-out. */
START_TEST(it_may_do_all_that_a_network_needs)
{
	static const char read_file[] = "\0\1/etc/passwd\0octet";
	uint8_t half[24] = {0};
	struct udp_want error = {.src = USERNET_HOST};

	begin(NULL, 0, false);
	introduce();
	send_ping(USERNET_HOST);
	ck_assert_ptr_nonnull(wait_frame(is_echo_reply, NULL, 5000));
	send_ping(USERNET_NAMESERVER);
	ck_assert_ptr_nonnull(wait_frame(is_echo_reply, NULL, 5000));
	send_ping(0x7f000001);
	send_ping(0xc0000201); /* of a network that is nowhere: RFC 5737 */
	/* A port where nobody is: the error comes back through the socket. */
	send_udp(USERNET_GUEST, USERNET_HOST, 6000, free_port(SOCK_DGRAM), "x", 1);
	send_udp(USERNET_GUEST, USERNET_HOST, 6000, free_port(SOCK_DGRAM), "x", 1);
	send_udp(USERNET_GUEST, 0xc0000201, 6001, 9, "x", 1);
	/* There are no files for TFTP, and the answer says so. */
	send_udp(USERNET_GUEST, USERNET_HOST, 6002, 69, read_file, sizeof(read_file));
	error.dst_port = 6002;
	ck_assert_ptr_nonnull(wait_frame(is_udp, &error, 5000));
	/* Two fragments; one that waits for ever. */
	st_be16(half + UDP_DST, 9);
	st_be16(half + UDP_LENGTH, 48);
	send_ip(USERNET_HOST, IPV4_UDP, 0x2000, half, sizeof(half));
	send_ip(USERNET_HOST, IPV4_UDP, sizeof(half) / 8, half, sizeof(half));
	send_ip(0xc0000201, IPV4_TCP, 0x2000, half, sizeof(half));
	for (int i = 0; i < 30; i++) {
		forget_frames();
		loop_run_once(loop, 10, &err);
	}
	expect_alive();
}
END_TEST

/* A message of length 0, which no helper sends. */
START_TEST(a_helper_that_breaks_the_rules_is_ended)
{
	struct net_config config = {.kind = NET_USER, .helper = helper_path()};
	char script[] = "/tmp/usernet_helper.XXXXXX";
	static const char text[] =
		"#!/bin/sh\nprintf '\\001\\000\\000\\000+\\000\\000\\000\\000' >&3\n"
		"exec sleep 60\n";
	int fd = mkstemp(script);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	ck_assert_int_eq(fchmod(fd, 0700), 0);
	close(fd);
	config.helper = script;
	net = net_usernet_open(&config, loop, &err);
	ck_assert_msg(net != NULL, "%s", err.text);
	ck_assert_msg(start_link() == 0, "%s", err.text);
	unlink(script);
	for (int i = 0; i < 500 && usernet_pid(net) > 0; i++)
		loop_run_once(loop, 10, &err);
	ck_assert_int_eq(usernet_pid(net), -1);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("usernet_sandbox");

	tcase_add_test(tc, it_has_given_up_its_rights);
	tcase_add_test(tc, it_has_no_other_descriptors);
	tcase_add_test(tc, its_root_is_empty_where_the_host_permits);
	tcase_add_test(tc, it_ends_with_the_link);
	tcase_add_test(tc, it_ends_with_a_monitor_that_is_killed);
	tcase_add_test(tc, the_link_outlives_it);
	tcase_add_test(tc, it_may_do_all_that_a_network_needs);
	tcase_add_test(tc, it_survives_garbage);
	tcase_add_test(tc, it_survives_datagrams_of_garbage);
	tcase_add_test(tc, a_helper_that_breaks_the_rules_is_ended);
	return run_tests("usernet_sandbox", tc);
}
