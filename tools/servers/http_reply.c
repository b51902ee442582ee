/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/servers/http_reply.h"

#include <stdio.h>
#include <string.h>

#include "tools/servers/http_server.h"

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool http_paths_init(struct http_paths *paths, const char *base)
{
	size_t len = strlen(base);
	size_t cut = strcspn(base, "?#");

	if (*base != '/' || len > HTTP_TARGET_MAX - sizeof("-large"))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (base[i] <= ' ' || base[i] > '~')
			return false;
	}
	snprintf(paths->base, sizeof(paths->base), "%s", base);
	snprintf(paths->large, sizeof(paths->large), "%.*s-large%s", (int)cut, base, base + cut);
	snprintf(paths->large_at_end, sizeof(paths->large_at_end), "%s-large", base);
	return true;
}

static struct http_reply text_reply(int status, const char *text)
{
	return (struct http_reply){.status = status, .text = text, .length = strlen(text)};
}

static struct http_reply choose_get(bool is_base, bool is_large)
{
	if (is_base)
		return text_reply(200, "OK\n");
	if (is_large)
		return (struct http_reply){.status = 200, .length = HTTP_SERVER_LARGE_BYTES};
	return text_reply(404, "NOT_FOUND\n");
}

static struct http_reply choose_post(const struct http_request *r, bool is_large)
{
	struct http_reply reply;

	if (!is_large)
		return text_reply(404, "NOT_FOUND\n");
	reply = text_reply(400, "BAD_UPLOAD\n");
	reply.upload = r->has_length && !r->chunked && r->length == HTTP_SERVER_LARGE_BYTES;
	return reply;
}

struct http_reply http_reply_choose(const struct http_paths *paths, const struct http_request *r,
				    int status)
{
	bool is_base = !strcmp(r->target, paths->base);
	bool is_large = !strcmp(r->target, paths->large) || !strcmp(r->target, paths->large_at_end);
	struct http_reply reply;

	if (status == 505)
		return text_reply(505, "HTTP_VERSION_NOT_SUPPORTED\n");
	if (status)
		return text_reply(status, "BAD_REQUEST\n");
	if (!strcmp(r->method, "POST"))
		return choose_post(r, is_large);
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
		return text_reply(501, "NOT_IMPLEMENTED\n");
	reply = choose_get(is_base, is_large);
	reply.head_only = !strcmp(r->method, "HEAD");
	return reply;
}

struct http_reply http_reply_upload(uint64_t received, const char *hex)
{
	if (received == HTTP_SERVER_LARGE_BYTES && !strcmp(hex, HTTP_SERVER_LARGE_SHA256))
		return text_reply(200, "OK\n");
	return text_reply(400, "BAD_UPLOAD\n");
}

static const char *phrase_of(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{200, "OK"},
		{400, "Bad Request"},
		{404, "Not Found"},
		{501, "Not Implemented"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Error";
}

size_t http_reply_head(char *head, size_t size, const struct http_reply *reply, const char *digest,
		       time_t now)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	char upload[96] = "";
	struct tm t;
	int len;

	gmtime_r(&now, &t);
	if (digest)
		snprintf(upload, sizeof(upload), "X-Aero-Upload-SHA256: %.64s\r\n", digest);
	len = snprintf(head, size,
		       "HTTP/1.1 %d %s\r\nServer: vise-selftest\r\n"
		       "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n"
		       "Content-Type: %s\r\nContent-Length: %llu\r\nCache-Control: no-store\r\n"
		       "%s%sConnection: close\r\n\r\n",
		       reply->status, phrase_of(reply->status), days[t.tm_wday], t.tm_mday,
		       months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec,
		       reply->text ? "text/plain" : "application/octet-stream",
		       (unsigned long long)reply->length,
		       reply->text ? "" : "ETag: " HTTP_SERVER_LARGE_ETAG "\r\n", upload);
	return (size_t)len < size ? (size_t)len : size - 1;
}

size_t http_reply_log(char *text, size_t size, const char *address, const char *line, int status,
		      time_t now)
{
	struct tm t;
	int len;

	localtime_r(&now, &t);
	len = snprintf(text, size, "%s - - [%02d/%s/%d %02d:%02d:%02d] \"%s\" %d -\n", address,
		       t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec,
		       line, status);
	return (size_t)len < size ? (size_t)len : size - 1;
}
