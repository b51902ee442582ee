/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/server.h"

#include "tests/unit/machine_double.h"
#include "vmm/core/clock.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A server on a loop that the test turns by hand, and clients on real sockets beside it. */
struct rig {
	char dir[64];
	char path[80];
	char address[96];
	struct machine machine;
	struct loop *loop;
	struct control_server *server;
};

static struct rig *rig_create_idle(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	const char *tmp = getenv("TMPDIR");

	snprintf(r->dir, sizeof(r->dir), "%.40s/vise-ctl-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/ctl", r->dir);
	snprintf(r->address, sizeof(r->address), "unix:%s", r->path);
	r->machine.state = MACHINE_RUNNING;
	r->loop = loop_create(NULL);
	return r;
}

static struct rig *rig_create(void)
{
	struct rig *r = rig_create_idle();
	struct err err = ERR_INIT;

	r->server = control_server_create(r->address, r->loop, &r->machine, &err);
	ck_assert_msg(r->server, "%s", err.text);
	return r;
}

static void rig_destroy(struct rig *r)
{
	control_server_destroy(r->server);
	loop_destroy(r->loop);
	ck_assert_int_ne(access(r->path, F_OK), 0);
	ck_assert_int_eq(rmdir(r->dir), 0);
	free(r);
}

static void turn(struct rig *r)
{
	while (loop_run_once(r->loop, 0, NULL) > 0)
		;
}

static int try_connect(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void put(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* The next line that @fd gets, without its newline; "EOF" when the server has hung up. */
static const char *get_line(struct rig *r, int fd)
{
	static char line[8192];

	for (int idle = 0; idle < 2000;) {
		ssize_t got = recv(fd, line, sizeof(line) - 1, MSG_PEEK);
		char *end = got > 0 ? memchr(line, '\n', (size_t)got) : NULL;

		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return "EOF";
		if (end) {
			recv(fd, line, (size_t)(end + 1 - line), 0);
			*end = '\0';
			return line;
		}
		loop_run_once(r->loop, 1, NULL);
		idle++;
	}
	ck_abort_msg("no line came");
	return NULL;
}

static void greet(struct rig *r, int fd)
{
	ck_assert_ptr_nonnull(strstr(get_line(r, fd), "{\"QMP\": "));
	put(fd, "{\"execute\":\"qmp_capabilities\"}\n");
	ck_assert_str_eq(get_line(r, fd), "{\"return\": {}}");
}

static int client(struct rig *r)
{
	int fd = try_connect(r->path);

	ck_assert_int_ge(fd, 0);
	greet(r, fd);
	return fd;
}

static void check_serves(struct rig *r, int fd)
{
	put(fd, "{\"execute\":\"query-status\",\"id\":1}\n");
	ck_assert_ptr_nonnull(strstr(get_line(r, fd), "\"running\""));
}

static void expect_create_error(struct rig *r, const char *address, const char *part)
{
	struct err err = ERR_INIT;

	ck_assert_ptr_null(control_server_create(address, r->loop, &r->machine, &err));
	ck_assert_msg(strstr(err.text, part), "\"%s\" lacks \"%s\"", err.text, part);
	ck_assert_ptr_null(strchr(err.text, '\n'));
}

START_TEST(socket_is_its_owners_only)
{
	mode_t old = umask(0);
	struct rig *r = rig_create();
	struct stat st;

	umask(old);
	ck_assert_int_eq(stat(r->path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	rig_destroy(r);
}
END_TEST

START_TEST(refuses_bad_addresses)
{
	struct rig *r = rig_create_idle();
	char path[256] = "unix:/";

	expect_create_error(r, "udp:localhost:1", "expected unix:PATH or tcp:[HOST:]PORT");
	expect_create_error(r, "tcp:", "expected unix:PATH or tcp:[HOST:]PORT");
	expect_create_error(r, "tcp:host.example:99", "expected tcp:PORT");
	expect_create_error(r, "tcp:70000", "expected tcp:PORT");
	expect_create_error(r, "tcp:[::1:99", "expected tcp:PORT");
	expect_create_error(r, "unix:", "expected unix:PATH");
	expect_create_error(r, "unix:/nonexistent/folder/ctl", "/nonexistent/folder/ctl");
	memset(path + 6, 'a', 200);
	expect_create_error(r, path, "at most 107");
	rig_destroy(r);
}
END_TEST

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(any);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	close(fd);
	return ntohs(any.sin_port);
}

/* Without a host it listens on loopback; with one, there. */
START_TEST(serves_by_tcp)
{
	static const char *const hosts[] = {"", "127.0.0.2:", "localhost:"};
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct rig *r = rig_create_idle();
	struct err err = ERR_INIT;
	char address[64];
	int fd;

	to.sin_port = htons(free_port());
	to.sin_addr.s_addr = htonl(_i == 1 ? 0x7f000002U : INADDR_LOOPBACK);
	snprintf(address, sizeof(address), "tcp:%s%u", hosts[_i], ntohs(to.sin_port));
	r->server = control_server_create(address, r->loop, &r->machine, &err);
	ck_assert_msg(r->server, "%s", err.text);
	expect_create_error(r, address, "in use");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		ck_assert_int_eq(errno, EINPROGRESS);
	greet(r, fd);
	check_serves(r, fd);
	close(fd);
	rig_destroy(r);
}
END_TEST

START_TEST(never_removes_a_file_that_is_no_socket)
{
	struct rig *r = rig_create_idle();
	int fd = open(r->path, O_CREAT | O_WRONLY, 0600);

	close(fd);
	expect_create_error(r, r->address, "no socket");
	ck_assert_int_eq(unlink(r->path), 0);
	ck_assert_int_eq(symlink("/dev/null", r->path), 0);
	expect_create_error(r, r->address, "no socket");
	ck_assert_int_eq(unlink(r->path), 0);
	rig_destroy(r);
}
END_TEST

START_TEST(replaces_a_stale_socket)
{
	struct rig *r = rig_create_idle();
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct err err = ERR_INIT;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", r->path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	close(fd);
	r->server = control_server_create(r->address, r->loop, &r->machine, &err);
	ck_assert_msg(r->server, "%s", err.text);
	close(client(r));
	rig_destroy(r);
}
END_TEST

START_TEST(refuses_a_socket_in_use)
{
	struct rig *r = rig_create();
	int fd = client(r);

	expect_create_error(r, r->address, "in use");
	check_serves(r, fd);
	close(fd);
	rig_destroy(r);
}
END_TEST

START_TEST(removes_only_its_own_file)
{
	struct rig *r = rig_create();
	struct rig *other = rig_create();

	ck_assert_int_eq(rename(other->path, r->path), 0);
	control_server_destroy(r->server);
	r->server = NULL;
	ck_assert_int_eq(access(r->path, F_OK), 0);
	unlink(r->path);
	rig_destroy(r);
	rig_destroy(other);
}
END_TEST

START_TEST(serves_many_clients_and_refuses_more)
{
	struct rig *r = rig_create();
	int fds[32], extra;

	for (int i = 0; i < 32; i++)
		fds[i] = client(r);
	extra = try_connect(r->path);
	ck_assert_ptr_nonnull(strstr(get_line(r, extra), "Too many control connections"));
	ck_assert_str_eq(get_line(r, extra), "EOF");
	close(extra);
	for (int i = 0; i < 32; i++)
		check_serves(r, fds[i]);
	close(fds[7]);
	turn(r);
	fds[7] = client(r);
	for (int i = 0; i < 32; i++)
		close(fds[i]);
	rig_destroy(r);
}
END_TEST

START_TEST(survives_hundreds_of_reconnects)
{
	struct rig *r = rig_create();

	for (int i = 0; i < 300; i++) {
		int fd = try_connect(r->path);

		ck_assert_int_ge(fd, 0);
		if (i % 3 == 0)
			put(fd, "{\"execute\":");
		if (i % 3 == 1)
			turn(r);
		close(fd);
		turn(r);
	}
	close(client(r));
	rig_destroy(r);
}
END_TEST

START_TEST(events_reach_all_that_negotiated)
{
	struct rig *r = rig_create();
	int a = client(r), b = client(r);
	int silent = try_connect(r->path);
	char c;

	get_line(r, silent);
	put(a, "{\"execute\":\"stop\"}");
	ck_assert_str_eq(get_line(r, a), "{\"return\": {}}");
	ck_assert_ptr_nonnull(strstr(get_line(r, a), "{\"event\": \"STOP\", \"timestamp\": "));
	ck_assert_ptr_nonnull(strstr(get_line(r, b), "{\"event\": \"STOP\", \"timestamp\": "));
	ck_assert_int_lt(recv(silent, &c, 1, 0), 0);
	close(a);
	close(b);
	close(silent);
	rig_destroy(r);
}
END_TEST

START_TEST(quit_works_after_the_client_has_gone)
{
	struct rig *r = rig_create();
	int fd = try_connect(r->path);

	put(fd, "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"quit\"}\n");
	close(fd);
	turn(r);
	ck_assert_int_eq(r->machine.result.end, MACHINE_END_QUIT);
	rig_destroy(r);
}
END_TEST

START_TEST(answers_after_the_client_has_shut_down_its_side)
{
	struct rig *r = rig_create();
	int fd = try_connect(r->path);

	put(fd, "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-status\"}");
	shutdown(fd, SHUT_WR);
	turn(r);
	ck_assert_ptr_nonnull(strstr(get_line(r, fd), "QMP"));
	ck_assert_str_eq(get_line(r, fd), "{\"return\": {}}");
	ck_assert_ptr_nonnull(strstr(get_line(r, fd), "running"));
	ck_assert_str_eq(get_line(r, fd), "EOF");
	close(fd);
	rig_destroy(r);
}
END_TEST

START_TEST(quit_replies_before_the_server_goes)
{
	struct rig *r = rig_create();
	int fd = client(r);

	put(fd, "{\"execute\":\"quit\"}");
	turn(r);
	control_server_destroy(r->server);
	r->server = NULL;
	ck_assert_str_eq(get_line(r, fd), "{\"return\": {}}");
	ck_assert_ptr_nonnull(strstr(get_line(r, fd), "SHUTDOWN"));
	ck_assert_str_eq(get_line(r, fd), "EOF");
	close(fd);
	rig_destroy(r);
}
END_TEST

/* Sends @block again and again until the server takes no more; the number of bytes it took. */
static size_t flood(struct rig *r, int fd, const char *block, size_t n, size_t limit)
{
	size_t total = 0;

	for (int stuck = 0; stuck < 3 && total < limit;) {
		ssize_t sent = send(fd, block, n, MSG_NOSIGNAL);

		if (sent > 0)
			total += (size_t)sent;
		stuck = sent > 0 ? 0 : stuck + 1;
		turn(r);
	}
	return total;
}

START_TEST(hostile_input_harms_no_other_client)
{
	struct rig *r = rig_create();
	int bad = client(r), good = client(r);
	char block[4096];

	memset(block, '[', sizeof(block));
	flood(r, bad, block, sizeof(block), 4 << 20);
	check_serves(r, good);
	memset(block, 'x', sizeof(block));
	block[0] = '"';
	flood(r, bad, block, sizeof(block), 4 << 20);
	check_serves(r, good);
	close(bad);
	check_serves(r, good);
	close(good);
	rig_destroy(r);
}
END_TEST

START_TEST(client_that_never_reads_is_no_longer_read_from)
{
	struct rig *r = rig_create();
	int bad = client(r), good = client(r);
	char block[4096];
	size_t taken;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = i % 2 ? '}' : '{';
	taken = flood(r, bad, block, sizeof(block), 64 << 20);
	ck_assert_uint_lt(taken, 1 << 20);
	check_serves(r, good);

	/* It is served in full once it reads. */
	for (size_t i = 0; i < taken / 2; i++)
		ck_assert_ptr_nonnull(strstr(get_line(r, bad), "lacks member"));
	check_serves(r, bad);
	close(bad);
	close(good);
	rig_destroy(r);
}
END_TEST

START_TEST(client_that_ignores_events_is_disconnected)
{
	struct rig *r = rig_create();
	int bad = client(r), good = client(r);
	json_t *data = json_object();
	char text[1000];
	const char *line;
	int n = 0;

	memset(text, 'e', sizeof(text));
	json_object_set_new(data, "text", json_stringn(text, sizeof(text)));
	for (int i = 0; i < 4000; i++) {
		double_event(&r->machine, "TEST", data);
		ck_assert_ptr_nonnull(strstr(get_line(r, good), "TEST"));
	}
	json_decref(data);
	turn(r);
	do {
		line = get_line(r, bad);
		n++;
	} while (strcmp(line, "EOF") != 0);
	ck_assert_int_lt(n, 4000);
	check_serves(r, good);
	close(bad);
	close(good);
	rig_destroy(r);
}
END_TEST

START_TEST(waits_while_descriptors_are_short)
{
	struct rig *r = rig_create();
	int good = client(r);
	struct rlimit old, tight;
	int late, spare;
	uint64_t start;
	struct clock clock = clock_host();
	int turns = 0;

	late = try_connect(r->path);
	getrlimit(RLIMIT_NOFILE, &old);
	spare = dup(good);
	close(spare);
	tight = (struct rlimit){(rlim_t)spare, old.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
	start = clock_monotonic_ns(&clock);
	while (clock_monotonic_ns(&clock) - start < 500 * NS_PER_MS) {
		loop_run_once(r->loop, 50, NULL);
		turns++;
	}
	/* No busy loop: a wake-up for each pause, not for each look. */
	ck_assert_int_lt(turns, 40);
	check_serves(r, good);
	setrlimit(RLIMIT_NOFILE, &old);
	ck_assert_ptr_nonnull(strstr(get_line(r, late), "QMP"));
	close(late);
	close(good);
	rig_destroy(r);
}
END_TEST

START_TEST(only_one_of_many_that_start_at_once_wins)
{
	struct rig *r = rig_create_idle();
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int stale = socket(AF_UNIX, SOCK_STREAM, 0), go[2], won[2];
	pid_t pids[8];
	char c;
	int winners = 0;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", r->path);
	ck_assert_int_eq(bind(stale, (struct sockaddr *)&to, sizeof(to)), 0);
	close(stale);
	ck_assert_int_eq(pipe(go) | pipe(won), 0);
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct loop *loop = loop_create(NULL);
			bool listens;

			close(go[1]);
			(void)!read(go[0], &c, 1);
			listens = control_server_create(r->address, loop, &r->machine, NULL);
			(void)!write(won[1], listens ? "w" : "l", 1);
			if (listens)
				sleep(30);
			_exit(0);
		}
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(read(won[0], &c, 1), 1);
		winners += c == 'w';
	}
	for (int i = 0; i < 8; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	close(won[0]);
	close(won[1]);
	ck_assert_int_eq(winners, 1);
	unlink(r->path);
	rig_destroy(r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control_server");
	TCase *tc = tcase_create("control_server");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, socket_is_its_owners_only);
	tcase_add_test(tc, refuses_bad_addresses);
	tcase_add_loop_test(tc, serves_by_tcp, 0, 3);
	tcase_add_test(tc, never_removes_a_file_that_is_no_socket);
	tcase_add_test(tc, replaces_a_stale_socket);
	tcase_add_test(tc, refuses_a_socket_in_use);
	tcase_add_test(tc, removes_only_its_own_file);
	tcase_add_test(tc, serves_many_clients_and_refuses_more);
	tcase_add_test(tc, survives_hundreds_of_reconnects);
	tcase_add_test(tc, events_reach_all_that_negotiated);
	tcase_add_test(tc, quit_works_after_the_client_has_gone);
	tcase_add_test(tc, answers_after_the_client_has_shut_down_its_side);
	tcase_add_test(tc, quit_replies_before_the_server_goes);
	tcase_add_test(tc, hostile_input_harms_no_other_client);
	tcase_add_test(tc, client_that_never_reads_is_no_longer_read_from);
	tcase_add_test(tc, client_that_ignores_events_is_disconnected);
	tcase_add_test(tc, waits_while_descriptors_are_short);
	tcase_add_test(tc, only_one_of_many_that_start_at_once_wins);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
