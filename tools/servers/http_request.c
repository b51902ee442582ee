/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/servers/http_request.h"

#include <string.h>
#include <strings.h>

size_t http_request_head_length(const char *data, size_t len)
{
	const char *at = data;
	const char *lf;

	while ((lf = memchr(at, '\n', len - (size_t)(at - data)))) {
		size_t line = (size_t)(lf - at);

		/* Empty lines before the request are skipped by who reads it (section 2.2). */
		if (at != data && (line == 0 || (line == 1 && *at == '\r')))
			return (size_t)(lf - data) + 1;
		at = lf + 1;
	}
	return 0;
}

/* The next line of @data, without its end; moves on. */
static bool next_line(const char **data, size_t *len, const char **line, size_t *line_len)
{
	const char *lf = memchr(*data, '\n', *len);

	if (!lf)
		return false;
	*line = *data;
	*line_len = (size_t)(lf - *data);
	*len -= *line_len + 1;
	*data = lf + 1;
	if (*line_len && (*line)[*line_len - 1] == '\r')
		--*line_len;
	return true;
}

static void copy_printable(char *to, size_t size, const char *from, size_t len)
{
	size_t n = len < size - 1 ? len : size - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' && from[i] != '"' ? from[i] : '?';
	to[n] = '\0';
}

static bool is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A word of at most @max bytes from @from to @end into @to; all of them must be @good. */
static bool copy_word(char *to, size_t max, const char *from, const char *end, bool (*good)(char c))
{
	size_t len = (size_t)(end - from);

	if (!len || len > max)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!good(from[i]))
			return false;
	}
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static bool is_visible(char c)
{
	return c > ' ' && c <= '~';
}

static int parse_line(struct http_request *r, const char *line, size_t len)
{
	const char *end = line + len;
	const char *first = memchr(line, ' ', len);
	const char *second = first ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;

	copy_printable(r->line, sizeof(r->line), line, len);
	if (!second || !copy_word(r->method, HTTP_METHOD_MAX, line, first, is_token) ||
	    !copy_word(r->target, HTTP_TARGET_MAX, first + 1, second, is_visible))
		return 400;
	if (end - second != 9 || memcmp(second + 1, "HTTP/", 5) != 0 || second[7] != '.')
		return 400;
	return second[6] == '1' && (second[8] == '0' || second[8] == '1') ? 0 : 505;
}

static bool parse_length(struct http_request *r, const char *value, size_t len)
{
	uint64_t n = 0;

	if (!len || len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value[i] - '0');
	}
	/* Two that differ make two servers see two requests. */
	if (r->has_length && r->length != n)
		return false;
	r->has_length = true;
	r->length = n;
	return true;
}

static bool equal(const char *text, size_t len, const char *want)
{
	return len == strlen(want) && !strncasecmp(text, want, len);
}

static bool parse_field(struct http_request *r, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t name;

	if (!colon || colon == line)
		return false;
	name = (size_t)(colon - line);
	for (size_t i = 0; i < name; i++) {
		if (!is_token(line[i]))
			return false;
	}
	value = colon + 1;
	len -= name + 1;
	for (; len && (*value == ' ' || *value == '\t'); value++)
		len--;
	while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	if (equal(line, name, "Content-Length"))
		return parse_length(r, value, len);
	if (equal(line, name, "Transfer-Encoding"))
		r->chunked = true;
	else if (equal(line, name, "Expect") && equal(value, len, "100-continue"))
		r->expects_continue = true;
	return true;
}

int http_request_parse(const char *data, size_t len, struct http_request *r)
{
	const char *line;
	size_t line_len;
	int status;

	*r = (struct http_request){.has_length = false};
	do {
		if (!next_line(&data, &len, &line, &line_len))
			return 400;
	} while (!line_len);
	status = parse_line(r, line, line_len);
	while (!status && next_line(&data, &len, &line, &line_len) && line_len) {
		if (!parse_field(r, line, line_len))
			status = 400;
	}
	return status;
}
