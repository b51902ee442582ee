/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/dns.h"

#include <string.h>

#define HEAD	  12   /* RFC 1035, section 4.1.1 */
#define FLAG_RD	  0x01 /* of byte 2 */
#define FLAG_QR	  0x80
#define NAME_MAX  253
#define LABEL_MAX 63
#define TYPE_A	  1
#define CLASS_IN  1

static unsigned load16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void store16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

size_t dns_build(uint8_t *message, uint16_t id, const char *name)
{
	size_t len = strlen(name);
	uint8_t *p = message + HEAD;

	if (len && name[len - 1] == '.')
		len--;
	if (!len || len > NAME_MAX)
		return 0;
	memset(message, 0, HEAD);
	store16(message, id);
	message[2] = FLAG_RD;
	store16(message + 4, 1); /* one question */
	for (size_t at = 0; at <= len;) {
		const char *dot = memchr(name + at, '.', len - at);
		size_t label = dot ? (size_t)(dot - name) - at : len - at;

		if (!label || label > LABEL_MAX)
			return 0;
		*p++ = (uint8_t)label;
		memcpy(p, name + at, label);
		p += label;
		at += label + 1;
	}
	*p++ = 0;
	store16(p, TYPE_A);
	store16(p + 2, CLASS_IN);
	return (size_t)(p + 4 - message);
}

/* The offset behind the name at @at, or 0 when it breaks off. Pointers need not be followed. */
static size_t skip_name(const uint8_t *message, size_t len, size_t at)
{
	while (at < len) {
		uint8_t label = message[at];

		if (label == 0)
			return at + 1;
		if (label >= 0xc0)
			return len - at >= 2 ? at + 2 : 0;
		if (label > LABEL_MAX)
			return 0;
		at += label + 1U;
	}
	return 0;
}

static void find_address(const uint8_t *message, size_t len, struct dns_answer *answer)
{
	unsigned questions = load16(message + 4);
	unsigned answers = load16(message + 6);
	size_t at = HEAD;

	for (unsigned i = 0; i < questions; i++) {
		at = skip_name(message, len, at);
		if (!at || len - at < 4)
			return;
		at += 4;
	}
	for (unsigned i = 0; i < answers; i++) {
		size_t data;

		at = skip_name(message, len, at);
		if (!at || len - at < 10)
			return;
		data = load16(message + at + 8);
		if (len - at - 10 < data)
			return;
		if (load16(message + at) == TYPE_A && load16(message + at + 2) == CLASS_IN &&
		    data == 4) {
			const uint8_t *p = message + at + 10;

			answer->address = (uint32_t)load16(p) << 16 | load16(p + 2);
			answer->found = true;
			return;
		}
		at += 10 + data;
	}
}

bool dns_parse(const uint8_t *message, size_t len, uint16_t id, struct dns_answer *answer)
{
	*answer = (struct dns_answer){.rcode = 0};
	if (len < HEAD || load16(message) != id || !(message[2] & FLAG_QR))
		return false;
	answer->rcode = message[3] & 0x0f;
	if (!answer->rcode)
		find_address(message, len, answer);
	return true;
}
