/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME "http://"

static bool parse_port(struct url *url, const char *text, size_t len)
{
	char digits[6];
	unsigned long n;

	if (!len || len >= sizeof(digits) || strspn(text, "0123456789") < len)
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	n = strtoul(digits, NULL, 10);
	url->port = (uint16_t)n;
	return n >= 1 && n <= 65535;
}

bool url_parse(struct url *url, const char *text)
{
	const char *host = text + strlen(SCHEME);
	size_t whole = strlen(text);
	size_t authority;
	size_t host_len;
	size_t path_len;

	if (whole >= URL_MAX || strncmp(text, SCHEME, strlen(SCHEME)) != 0)
		return false;
	for (size_t i = 0; i < whole; i++) {
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	}
	authority = strcspn(host, "/?#");
	host_len = strcspn(host, ":/?#");
	if (!host_len || host_len >= sizeof(url->host) || memchr(host, '@', authority))
		return false;
	memcpy(url->host, host, host_len);
	url->host[host_len] = '\0';
	url->port = 80;
	if (host_len < authority && !parse_port(url, host + host_len + 1, authority - host_len - 1))
		return false;
	path_len = strcspn(host + authority, "#");
	snprintf(url->path, sizeof(url->path), "%s%.*s", host[authority] == '/' ? "" : "/",
		 (int)path_len, host + authority);
	return true;
}

void url_large(const char *text, char *large, size_t size)
{
	int len = (int)strcspn(text, "?#");

	snprintf(large, size, "%.*s-large%s", len, text, text + len);
}
