/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The servers are a program of their own and in no library: their parts are built into the target.
 * NOLINTBEGIN(bugprone-suspicious-include): that is what including them is for. */
#include "tools/servers/http_reply.c"
#include "tools/servers/http_request.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <stdlib.h>

/*
 * The head of a request to the self test's server. What is taken for complete stays so with more
 * behind it; each head has an answer; whatever was sent, the answer's head and the log are single
 * lines of ours.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

static void check_text(const char *text)
{
	for (; *text; text++)
		require(*text >= ' ' && *text <= '~' && *text != '"');
}

static void check_reply(const struct http_reply *reply, const struct http_request *r)
{
	char head[HTTP_REPLY_HEAD_MAX];
	char log[sizeof(r->line) + 128];
	size_t len = http_reply_head(head, sizeof(head), reply, NULL, 0);

	require(len < sizeof(head) - 1 && !memcmp(head + len - 4, "\r\n\r\n", 4));
	require(strstr(head, "\r\n\r\n") == head + len - 4);
	len = http_reply_log(log, sizeof(log), "127.0.0.1", r->line, reply->status, 0);
	require(strchr(log, '\n') == log + len - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t head = http_request_head_length(text, size);
	struct http_paths paths;
	struct http_request r;
	struct http_reply reply;
	int status;

	require(head <= size);
	/* Where the head ends does not depend on what follows, nor is it seen too early. */
	if (head) {
		require(http_request_head_length(text, head) == head);
		require(http_request_head_length(text, head - 1) == 0);
	}
	require(http_paths_init(&paths, "/p"));
	status = http_request_parse(text, head ? head : size, &r);
	require(status == 0 || status == 400 || status == 505);
	check_text(r.line);
	if (status == 0) {
		check_text(r.method);
		require(*r.method && *r.target && !strchr(r.target, ' '));
		require(strstr(r.line, r.method) == r.line);
	}
	reply = http_reply_choose(&paths, &r, status);
	require(reply.status >= 200 && (!status || reply.status == status));
	require(!reply.upload || r.length == HTTP_SERVER_LARGE_BYTES);
	check_reply(&reply, &r);
	return 0;
}
