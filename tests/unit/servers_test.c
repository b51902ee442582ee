/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The servers are a program of their own and in no library: their parts are built into the test.
 * NOLINTBEGIN(bugprone-suspicious-include): that is what including them is for. */
#include "tools/servers/http_connection.c"
#include "tools/servers/http_reply.c"
#include "tools/servers/http_request.c"
#include "tools/servers/http_server.c"
#include "tools/servers/listen.c"
#include "tools/servers/sha256.c"
#include "tools/servers/udp_echo.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <check.h>
#include <poll.h>
#include <stdio.h>

#define BASE  "/aero-virtio-selftest"
#define LARGE BASE "-large"

static struct loop *loop;
static struct http_server *server;
static char log_path[64];

static void setup(void)
{
	struct err err = ERR_INIT;

	snprintf(log_path, sizeof(log_path), "/tmp/vise-servers-%d.log", (int)getpid());
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
	server = http_server_create(
		&(struct http_server_config){
			.loop = loop, .path = BASE, .log_path = log_path, .patience_sec = 1},
		&err);
	ck_assert_msg(server != NULL, "%s", err.text);
}

static void teardown(void)
{
	http_server_destroy(server);
	loop_destroy(loop);
	unlink(log_path);
}

static void turn_loop(int ms)
{
	struct err err = ERR_INIT;

	ck_assert_msg(loop_run_once(loop, ms, &err) >= 0, "%s", err.text);
}

static int connect_client(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(http_server_port(server)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* Sends all, with the server at work in between. */
static void send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
		turn_loop(n > 0 ? 0 : 10);
	}
}

/* Everything that comes until the server closes, as a string the caller frees. */
static char *receive_all(int fd, size_t *len)
{
	size_t size = 2 * HTTP_SERVER_LARGE_BYTES;
	char *text = malloc(size + 1);

	*len = 0;
	for (int idle = 0; idle < 400;) {
		ssize_t n = recv(fd, text + *len, size - *len, 0);

		if (n == 0)
			break;
		if (n > 0)
			*len += (size_t)n;
		else
			ck_assert_int_eq(errno, EAGAIN);
		idle = n > 0 ? 0 : idle + 1;
		turn_loop(n > 0 ? 0 : 10);
	}
	text[*len] = '\0';
	close(fd);
	return text;
}

/* One request, one answer. */
static char *ask(const char *request, size_t *len)
{
	int fd = connect_client();

	send_all(fd, request, strlen(request));
	return receive_all(fd, len);
}

/* The head up to and without the Date, then what follows it: the one field that changes. */
static void expect_answer(const char *request, const char *first, const char *rest)
{
	size_t len;
	char *text = ask(request, &len);
	char *date = strstr(text, "\r\nDate: ");
	char *after = date ? strstr(date + 2, "\r\n") : NULL;

	ck_assert_msg(after != NULL, "no date in \"%s\"", text);
	*date = '\0';
	ck_assert_str_eq(text, first);
	/* Sun, 06 Nov 1994 08:49:37 GMT */
	ck_assert_int_eq(after - date - (int)strlen("\r\nDate: "), 29);
	ck_assert_str_eq(after + 2, rest);
	free(text);
}

#define FIRST(status) "HTTP/1.1 " status "\r\nServer: vise-selftest"
#define TEXT(length)                                                                               \
	"Content-Type: text/plain\r\nContent-Length: " length                                      \
	"\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"

START_TEST(answers_get_and_head)
{
	expect_answer("GET " BASE " HTTP/1.1\r\nHost: x\r\n\r\n", FIRST("200 OK"),
		      TEXT("3") "OK\n");
	expect_answer("HEAD " BASE " HTTP/1.1\r\n\r\n", FIRST("200 OK"), TEXT("3"));
	expect_answer("GET /other HTTP/1.1\r\n\r\n", FIRST("404 Not Found"),
		      TEXT("10") "NOT_FOUND\n");
	expect_answer("GET " BASE "?q HTTP/1.1\r\n\r\n", FIRST("404 Not Found"),
		      TEXT("10") "NOT_FOUND\n");
	expect_answer("HEAD " LARGE " HTTP/1.0\r\n\r\n", FIRST("200 OK"),
		      "Content-Type: application/octet-stream\r\nContent-Length: 1048576\r\n"
		      "Cache-Control: no-store\r\nETag: \"8505ae4435522325\"\r\n"
		      "Connection: close\r\n\r\n");
	ck_assert_uint_eq(http_server_requests(server), 5);
}
END_TEST

START_TEST(refuses_what_is_malformed)
{
	static const char *const wrong[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET " BASE "\r\n\r\n",
		"GET  HTTP/1.1\r\n\r\n",
		"G(T " BASE " HTTP/1.1\r\n\r\n",
		"GET " BASE " HTTP/1.1\r\nno colon\r\n\r\n",
		"GET " BASE " HTTP/1.1\r\n: x\r\n\r\n",
		"GET " BASE " HTTP/1.1\r\nA B: x\r\n\r\n",
		"GET " BASE " HTTP/1.1\r\nContent-Length: x\r\n\r\n",
		"GET " BASE " HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"GET " BASE " HTTP/11\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_answer(wrong[i], FIRST("400 Bad Request"), TEXT("12") "BAD_REQUEST\n");
	expect_answer("GET " BASE " HTTP/2.0\r\n\r\n", FIRST("505 HTTP Version Not Supported"),
		      TEXT("27") "HTTP_VERSION_NOT_SUPPORTED\n");
	expect_answer("PUT " LARGE " HTTP/1.1\r\n\r\n", FIRST("501 Not Implemented"),
		      TEXT("16") "NOT_IMPLEMENTED\n");
}
END_TEST

START_TEST(refuses_a_head_without_end)
{
	char *text = malloc(HTTP_REQUEST_HEAD_MAX + 2);
	size_t len;
	char *answer;

	memset(text, 'a', HTTP_REQUEST_HEAD_MAX + 1);
	memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
	text[HTTP_REQUEST_HEAD_MAX + 1] = '\0';
	answer = ask(text, &len);
	ck_assert(!strncmp(answer, "HTTP/1.1 400 ", 13));
	free(answer);
	free(text);
}
END_TEST

START_TEST(sends_the_large_payload)
{
	size_t len;
	char *text = ask("GET " LARGE " HTTP/1.1\r\n\r\n", &len);
	char *body = strstr(text, "\r\n\r\n");

	ck_assert_ptr_nonnull(body);
	body += 4;
	ck_assert_uint_eq(len - (size_t)(body - text), HTTP_SERVER_LARGE_BYTES);
	for (size_t i = 0; i < HTTP_SERVER_LARGE_BYTES; i++)
		ck_assert((uint8_t)body[i] == (uint8_t)i);
	free(text);
}
END_TEST

/* An upload of @len bytes, byte @wrong of which is not as it should be; half closed when short. */
static char *upload(const char *head, size_t len, size_t wrong)
{
	char *body = malloc(len + 1);
	int fd = connect_client();
	size_t got;
	char *text;

	for (size_t i = 0; i < len; i++)
		body[i] = (char)(i + (i == wrong));
	send_all(fd, head, strlen(head));
	send_all(fd, body, len);
	shutdown(fd, SHUT_WR);
	text = receive_all(fd, &got);
	free(body);
	return text;
}

#define POST "POST " LARGE " HTTP/1.1\r\nContent-Length: 1048576\r\n"

START_TEST(judges_uploads)
{
	char *text = upload(POST "\r\n", HTTP_SERVER_LARGE_BYTES, SIZE_MAX);

	ck_assert(!strncmp(text, "HTTP/1.1 200 OK\r\n", 17));
	ck_assert_ptr_nonnull(strstr(text, "Cache-Control: no-store\r\n"
					   "X-Aero-Upload-SHA256: " HTTP_SERVER_LARGE_SHA256
					   "\r\nConnection: close\r\n\r\nOK\n"));
	free(text);
	ck_assert_uint_eq(http_server_uploads(server), 1);

	text = upload(POST "\r\n", HTTP_SERVER_LARGE_BYTES, 77);
	ck_assert(!strncmp(text, "HTTP/1.1 400 Bad Request\r\n", 26));
	ck_assert_ptr_nonnull(strstr(text, "X-Aero-Upload-SHA256: "));
	ck_assert_ptr_null(strstr(text, HTTP_SERVER_LARGE_SHA256));
	ck_assert_ptr_nonnull(strstr(text, "\r\n\r\nBAD_UPLOAD\n"));
	free(text);

	/* Short: the digest of what came, here of nothing and of "\0\1\2". */
	text = upload(POST "\r\n", 0, 0);
	ck_assert_ptr_nonnull(strstr(text,
				     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
				     "7852b855"));
	free(text);
	text = upload(POST "\r\n", 3, SIZE_MAX);
	ck_assert_ptr_nonnull(strstr(text,
				     "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121acc"
				     "b85b53fc"));
	free(text);
	ck_assert_uint_eq(http_server_uploads(server), 1);
}
END_TEST

START_TEST(refuses_uploads_of_another_length_unread)
{
	static const char *const heads[] = {
		"POST " LARGE " HTTP/1.1\r\n\r\n",
		"POST " LARGE " HTTP/1.1\r\nContent-Length: 1048575\r\n\r\n",
		POST "Transfer-Encoding: chunked\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		/* The client sends on; its answer must not be lost by a reset. */
		char *text = upload(heads[i], 300000, 0);

		ck_assert(!strncmp(text, "HTTP/1.1 400 Bad Request\r\n", 26));
		ck_assert_ptr_null(strstr(text, "X-Aero"));
		ck_assert_ptr_nonnull(strstr(text, "\r\n\r\nBAD_UPLOAD\n"));
		free(text);
	}
	expect_answer("POST " BASE " HTTP/1.1\r\nContent-Length: 0\r\n\r\n", FIRST("404 Not Found"),
		      TEXT("10") "NOT_FOUND\n");
}
END_TEST

START_TEST(asks_for_the_body_when_the_client_waits)
{
	static const char head[] = POST "Expect: 100-Continue\r\n\r\n";
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
	char *body = malloc(HTTP_SERVER_LARGE_BYTES);
	int fd = connect_client();
	char got[64] = "";
	ssize_t n = -1;
	char *text;
	size_t len;

	send_all(fd, head, strlen(head));
	for (int i = 0; i < 100 && n < 0; i++) {
		turn_loop(10);
		n = recv(fd, got, sizeof(got) - 1, 0);
	}
	ck_assert_int_eq(n, (ssize_t)strlen(interim));
	ck_assert_str_eq(got, interim);
	for (size_t i = 0; i < HTTP_SERVER_LARGE_BYTES; i++)
		body[i] = (char)i;
	send_all(fd, body, HTTP_SERVER_LARGE_BYTES);
	text = receive_all(fd, &len);
	ck_assert(!strncmp(text, "HTTP/1.1 200 OK\r\n", 17));
	free(text);
	free(body);
}
END_TEST

START_TEST(takes_a_request_byte_by_byte)
{
	static const char request[] = "GET " BASE " HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = connect_client();
	size_t len;
	char *text;

	for (size_t i = 0; i < strlen(request); i++)
		send_all(fd, request + i, 1);
	text = receive_all(fd, &len);
	ck_assert(!strncmp(text, "HTTP/1.1 200 OK\r\n", 17));
	free(text);
}
END_TEST

START_TEST(serves_no_more_at_a_time_than_it_says)
{
	enum { MORE = HTTP_SERVER_CONNECTIONS + 4 };
	static const char request[] = "GET " BASE " HTTP/1.1\r\n\r\n";
	int fds[MORE];

	for (int i = 0; i < MORE; i++) {
		fds[i] = connect_client();
		turn_loop(0);
	}
	for (int i = 0; i < 20; i++)
		turn_loop(0);
	ck_assert_uint_eq(server->count, HTTP_SERVER_CONNECTIONS);
	/* Those that waited are served once the others have been. */
	for (int i = 0; i < MORE; i++) {
		size_t len;
		char *text;

		send_all(fds[i], request, strlen(request));
		text = receive_all(fds[i], &len);
		ck_assert(!strncmp(text, "HTTP/1.1 200 OK\r\n", 17));
		free(text);
	}
	ck_assert_uint_eq(http_server_requests(server), MORE);
}
END_TEST

START_TEST(closes_a_connection_without_progress)
{
	int fd = connect_client();
	char byte;
	ssize_t n = -1;

	send_all(fd, "GET ", 4);
	for (int i = 0; i < 300 && n < 0; i++) {
		turn_loop(10);
		n = recv(fd, &byte, 1, 0);
	}
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(server->count, 0);
	close(fd);
}
END_TEST

START_TEST(ends_with_clients_that_do_not)
{
	static const char *const sent[] = {"", POST "\r\nabc", "GET " LARGE " HTTP/1.1\r\n\r\n"};
	int fds[3];

	for (int i = 0; i < 3; i++) {
		fds[i] = connect_client();
		send_all(fds[i], sent[i], strlen(sent[i]));
	}
	turn_loop(10);
	ck_assert_uint_eq(server->count, 3);
	http_server_destroy(server);
	server = NULL;
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

START_TEST(writes_a_line_for_each_request)
{
	char text[512] = "";
	size_t len;
	FILE *f;
	char *end;

	free(ask("GET " BASE " HTTP/1.1\r\n\r\n", &len));
	free(ask("GET /\"\x01 HTTP/1.1\r\n\r\n", &len));
	f = fopen(log_path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	/* 127.0.0.1 - - [25/Nov/2026 03:08:43] "GET ..." 200 - */
	ck_assert(!strncmp(text, "127.0.0.1 - - [", 15));
	end = strchr(text, ']');
	ck_assert_int_eq(end - text, 15 + 20);
	ck_assert_str_eq(end, "] \"GET " BASE " HTTP/1.1\" 200 -\n");
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	ck_assert_str_eq(strchr(text, ']'), "] \"GET /?? HTTP/1.1\" 400 -\n");
	ck_assert_ptr_null(fgets(text, sizeof(text), f));
	fclose(f);
}
END_TEST

START_TEST(knows_both_spellings_of_the_large_path)
{
	struct http_paths p;

	ck_assert(http_paths_init(&p, "/a?b#c"));
	ck_assert_str_eq(p.large, "/a-large?b#c");
	ck_assert_str_eq(p.large_at_end, "/a?b#c-large");
	ck_assert(!http_paths_init(&p, "a"));
	ck_assert(!http_paths_init(&p, "/a b"));
	ck_assert(!http_paths_init(&p, ""));
}
END_TEST

START_TEST(says_why_it_cannot_start)
{
	struct http_server_config config = {
		.loop = loop, .path = BASE, .port = http_server_port(server)};
	struct err err = ERR_INIT;
	char want[64];

	ck_assert_ptr_null(http_server_create(&config, &err));
	snprintf(want, sizeof(want), "127.0.0.1:%u (port in use?)", config.port);
	ck_assert_msg(strstr(err.text, want) != NULL, "%s", err.text);
	config = (struct http_server_config){.loop = loop, .path = "no"};
	ck_assert_ptr_null(http_server_create(&config, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "'no'"));
	config = (struct http_server_config){
		.loop = loop, .path = BASE, .log_path = "/nonexistent/log"};
	ck_assert_ptr_null(http_server_create(&config, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/log"));
}
END_TEST

START_TEST(hashes_as_the_standard_says)
{
	/* FIPS 180-4's examples, and a million letters. */
	static const struct {
		const char *text;
		unsigned times;
		const char *hex;
	} cases[] = {
		{"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{"aaaaaaaaaa", 100000,
		 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sha256 h;
		char hex[SHA256_HEX];

		sha256_init(&h);
		for (unsigned n = 0; n < cases[i].times; n++)
			sha256_add(&h, cases[i].text, strlen(cases[i].text));
		sha256_hex(&h, hex);
		ck_assert_str_eq(hex, cases[i].hex);
	}
}
END_TEST

/* ---- UDP ---- */

START_TEST(echoes_datagrams)
{
	static const size_t sizes[] = {1, 32, 1400, UDP_ECHO_MAX, 0, UDP_ECHO_MAX + 1, 60000};
	struct err err = ERR_INIT;
	struct udp_echo *echo = udp_echo_create(loop, 0, &err);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char *out = malloc(65536);
	char *in = malloc(65536);

	ck_assert_msg(echo != NULL, "%s", err.text);
	to.sin_port = htons(udp_echo_port(echo));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool wanted = sizes[i] > 0 && sizes[i] <= UDP_ECHO_MAX;
		ssize_t n;

		memset(out, (int)i + 1, sizes[i]);
		ck_assert_int_eq(send(fd, out, sizes[i], 0), (ssize_t)sizes[i]);
		turn_loop(50);
		n = recv(fd, in, 65536, 0);
		ck_assert_int_eq(n, wanted ? (ssize_t)sizes[i] : -1);
		if (wanted)
			ck_assert_mem_eq(in, out, sizes[i]);
	}
	ck_assert_uint_eq(udp_echo_count(echo), 4);
	ck_assert_ptr_null(udp_echo_create(loop, udp_echo_port(echo), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "port in use?"));
	udp_echo_destroy(echo);
	close(fd);
	free(in);
	free(out);
}
END_TEST

static Suite *servers_suite(void)
{
	Suite *s = suite_create("servers");
	TCase *tc = tcase_create("loopback");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, answers_get_and_head);
	tcase_add_test(tc, refuses_what_is_malformed);
	tcase_add_test(tc, refuses_a_head_without_end);
	tcase_add_test(tc, sends_the_large_payload);
	tcase_add_test(tc, judges_uploads);
	tcase_add_test(tc, refuses_uploads_of_another_length_unread);
	tcase_add_test(tc, asks_for_the_body_when_the_client_waits);
	tcase_add_test(tc, takes_a_request_byte_by_byte);
	tcase_add_test(tc, serves_no_more_at_a_time_than_it_says);
	tcase_add_test(tc, closes_a_connection_without_progress);
	tcase_add_test(tc, ends_with_clients_that_do_not);
	tcase_add_test(tc, writes_a_line_for_each_request);
	tcase_add_test(tc, knows_both_spellings_of_the_large_path);
	tcase_add_test(tc, says_why_it_cannot_start);
	tcase_add_test(tc, hashes_as_the_standard_says);
	tcase_add_test(tc, echoes_datagrams);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(servers_suite());

	srunner_run_all(sr, CK_ENV);
	return srunner_ntests_failed(sr) != 0;
}
