/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/http_response.h"

#include <string.h>
#include <strings.h>

size_t http_head_length(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	return end ? (size_t)(end - data) + 4 : 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_status(const char *line, size_t len, int *status)
{
	if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ' ||
	    !is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) ||
	    (len > 12 && line[12] != ' '))
		return false;
	*status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
	return true;
}

static bool parse_length(struct http_head *head, const char *value, size_t len)
{
	uint64_t n = 0;

	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(value[i]) || n > UINT64_MAX / 10 - 1)
			return false;
		n = n * 10 + (uint64_t)(value[i] - '0');
	}
	if (head->has_length && head->length != n)
		return false;
	head->has_length = true;
	head->length = n;
	return true;
}

static void copy(char *to, size_t size, const char *value, size_t len)
{
	if (len >= size)
		len = 0;
	memcpy(to, value, len);
	to[len] = '\0';
}

static bool name_is(const char *line, size_t len, const char *name)
{
	return len == strlen(name) && !strncasecmp(line, name, len);
}

static bool parse_field(struct http_head *head, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t name_len;

	if (!colon || colon == line)
		return false;
	name_len = (size_t)(colon - line);
	value = colon + 1;
	len -= name_len + 1;
	while (len && (*value == ' ' || *value == '\t')) {
		value++;
		len--;
	}
	while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	if (name_is(line, name_len, "Content-Length"))
		return parse_length(head, value, len);
	if (name_is(line, name_len, "ETag"))
		copy(head->etag, sizeof(head->etag), value, len);
	else if (name_is(line, name_len, "X-Aero-Upload-SHA256"))
		copy(head->digest, sizeof(head->digest), value, len);
	return true;
}

bool http_head_parse(const char *data, size_t len, struct http_head *head)
{
	bool first = true;

	*head = (struct http_head){.status = 0};
	while (len) {
		const char *end = memmem(data, len, "\r\n", 2);
		size_t line = end ? (size_t)(end - data) : len;

		if (first ? !parse_status(data, line, &head->status)
			  : line && !parse_field(head, data, line))
			return false;
		first = false;
		if (!end)
			break;
		data += line + 2;
		len -= line + 2;
	}
	return !first;
}
