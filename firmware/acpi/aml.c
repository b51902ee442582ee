/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/acpi/aml.h"

#include "vmm/core/le.h"

#include <errno.h>
#include <string.h>

/* Opcodes and descriptor tags: ACPI 6.4, sections 20.3 and 6.4. */
enum {
	AML_NAME_OP = 0x08,
	AML_BYTE_PREFIX = 0x0a,
	AML_WORD_PREFIX = 0x0b,
	AML_DWORD_PREFIX = 0x0c,
	AML_SCOPE_OP = 0x10,
	AML_BUFFER_OP = 0x11,
	AML_PACKAGE_OP = 0x12,
	AML_EXT_PREFIX = 0x5b,
	AML_EXT_DEVICE = 0x82,
	AML_EXT_PROCESSOR = 0x83,

	RES_IRQ_NO_FLAGS = 0x22,
	RES_IO = 0x47,
	RES_END_TAG = 0x79,
	RES_DWORD_SPACE = 0x87,
	RES_WORD_SPACE = 0x88,

	SPACE_MEMORY = 0,
	SPACE_IO = 1,
	SPACE_BUS = 2,
	SPACE_FIXED = 0x0c, /* producer, positive decode, minimum and maximum fixed */
};

#define BUFFER_SIZE_LEN 3U /* word prefix and the word */

void aml_init(struct aml *a, void *buf, size_t size)
{
	*a = (struct aml){.buf = buf, .size = size};
}

static void fail(struct aml *a, int code)
{
	if (!a->status)
		a->status = code;
}

/* Room for @n more bytes, or NULL once anything has failed. */
static uint8_t *grow(struct aml *a, size_t n)
{
	uint8_t *at;

	if (!a->status && n > a->size - a->len)
		fail(a, -ENOSPC);
	if (a->status)
		return NULL;
	at = a->buf + a->len;
	a->len += n;
	return at;
}

static void put(struct aml *a, const void *bytes, size_t n)
{
	uint8_t *at = grow(a, n);

	if (at)
		memcpy(at, bytes, n);
}

static void put8(struct aml *a, uint8_t v)
{
	put(a, &v, 1);
}

static void put16(struct aml *a, uint16_t v)
{
	uint8_t b[2];

	st_le16(b, v);
	put(a, b, sizeof(b));
}

static void put32(struct aml *a, uint32_t v)
{
	uint8_t b[4];

	st_le32(b, v);
	put(a, b, sizeof(b));
}

static void put_name(struct aml *a, const char *name)
{
	char seg[4] = {'_', '_', '_', '_'};
	size_t n = strlen(name);

	if (n == 0 || n > sizeof(seg)) {
		fail(a, -EINVAL);
		return;
	}
	for (size_t i = 0; i < n; i++)
		seg[i] = name[i];
	put(a, seg, sizeof(seg));
}

static void open_block(struct aml *a, bool resources)
{
	if (a->depth == AML_MAX_DEPTH)
		fail(a, -EINVAL);
	if (a->status)
		return;
	a->open[a->depth].start = a->len;
	a->open[a->depth].resources = resources;
	a->depth++;
}

void aml_scope(struct aml *a, const char *name)
{
	put8(a, AML_SCOPE_OP);
	open_block(a, false);
	if (*name == '\\') {
		put8(a, '\\');
		name++;
	}
	put_name(a, name);
}

void aml_device(struct aml *a, const char *name)
{
	put8(a, AML_EXT_PREFIX);
	put8(a, AML_EXT_DEVICE);
	open_block(a, false);
	put_name(a, name);
}

void aml_package(struct aml *a, uint8_t n)
{
	put8(a, AML_PACKAGE_OP);
	open_block(a, false);
	put8(a, n);
}

void aml_resources(struct aml *a)
{
	put8(a, AML_BUFFER_OP);
	open_block(a, true);
	put8(a, AML_WORD_PREFIX);
	put16(a, 0);
}

/*
 * A block's length stands before it, in 1 to 3 bytes that count themselves (20.2.4). Only the
 * shortest form is certain to be understood everywhere, so the content moves up to make room.
 */
static void insert_pkg_length(struct aml *a, size_t start)
{
	size_t content = a->len - start;
	unsigned int extra = content + 1 <= 0x3f ? 0 : content + 2 <= 0xfff ? 1 : 2;
	size_t total = content + 1 + extra;
	uint8_t *at;

	if (total > 0xfffff) {
		fail(a, -ENOSPC);
		return;
	}
	if (!grow(a, 1 + extra))
		return;
	at = a->buf + start;
	memmove(at + 1 + extra, at, content);
	if (extra == 0) {
		at[0] = (uint8_t)total;
		return;
	}
	at[0] = (uint8_t)(extra << 6 | (total & 0xf));
	for (unsigned int i = 1; i <= extra; i++)
		at[i] = (uint8_t)(total >> (8 * i - 4));
}

void aml_end(struct aml *a)
{
	size_t start;

	if (a->depth == 0)
		fail(a, -EINVAL);
	if (a->status)
		return;
	a->depth--;
	start = a->open[a->depth].start;
	if (a->open[a->depth].resources) {
		put8(a, RES_END_TAG);
		put8(a, 0); /* checksum: zero means that there is none (6.4.2.9) */
		if (a->len - start - BUFFER_SIZE_LEN > UINT16_MAX)
			fail(a, -ENOSPC);
		if (a->status)
			return;
		st_le16(a->buf + start + 1, (uint16_t)(a->len - start - BUFFER_SIZE_LEN));
	}
	insert_pkg_length(a, start);
}

int aml_finish(const struct aml *a, size_t *len, struct err *err)
{
	if (a->status == -ENOSPC)
		return err_set(err, -ENOSPC, "AML: does not fit in %zu bytes", a->size);
	if (a->status || a->depth)
		return err_set(err, -EINVAL, "AML: malformed name or nesting");
	*len = a->len;
	return 0;
}

void aml_name(struct aml *a, const char *name)
{
	put8(a, AML_NAME_OP);
	put_name(a, name);
}

void aml_integer(struct aml *a, uint32_t value)
{
	if (value <= 1) { /* ZeroOp, OneOp */
		put8(a, (uint8_t)value);
	} else if (value <= UINT8_MAX) {
		put8(a, AML_BYTE_PREFIX);
		put8(a, (uint8_t)value);
	} else if (value <= UINT16_MAX) {
		put8(a, AML_WORD_PREFIX);
		put16(a, (uint16_t)value);
	} else {
		put8(a, AML_DWORD_PREFIX);
		put32(a, value);
	}
}

static unsigned int hex_digit(char c)
{
	return c <= '9' ? (unsigned int)(c - '0') : (unsigned int)(c - 'A' + 10);
}

void aml_eisa_id(struct aml *a, const char *id)
{
	unsigned int vendor;
	unsigned int product = 0;

	if (strlen(id) != 7) {
		fail(a, -EINVAL);
		return;
	}
	vendor = (unsigned int)((id[0] - '@') << 10 | (id[1] - '@') << 5 | (id[2] - '@'));
	for (unsigned int i = 3; i < 7; i++)
		product = product << 4 | hex_digit(id[i]);
	/* Both halves are big-endian inside the little-endian integer (19.6.36). */
	aml_integer(a, (uint32_t)__builtin_bswap16((uint16_t)vendor) |
			       (uint32_t)__builtin_bswap16((uint16_t)product) << 16);
}

void aml_processor(struct aml *a, const char *name, uint8_t id)
{
	put8(a, AML_EXT_PREFIX);
	put8(a, AML_EXT_PROCESSOR);
	open_block(a, false);
	put_name(a, name);
	put8(a, id);
	put32(a, 0);
	put8(a, 0);
	aml_end(a);
}

void aml_res_io(struct aml *a, uint16_t base, uint8_t len)
{
	put8(a, RES_IO);
	put8(a, 1); /* decodes 16 address bits */
	put16(a, base);
	put16(a, base);
	put8(a, 1);
	put8(a, len);
}

void aml_res_irq(struct aml *a, uint16_t mask)
{
	put8(a, RES_IRQ_NO_FLAGS);
	put16(a, mask);
}

static void res_word_space(struct aml *a, uint8_t type, uint8_t flags, uint16_t min, uint16_t max)
{
	put8(a, RES_WORD_SPACE);
	put16(a, 13);
	put8(a, type);
	put8(a, SPACE_FIXED);
	put8(a, flags);
	put16(a, 0); /* granularity */
	put16(a, min);
	put16(a, max);
	put16(a, 0); /* translation */
	/* The whole 64 Ki do not fit the length; no window here is that long. */
	put16(a, (uint16_t)(max - min + 1));
}

void aml_res_bus(struct aml *a, uint16_t min, uint16_t max)
{
	res_word_space(a, SPACE_BUS, 0, min, max);
}

void aml_res_io_window(struct aml *a, uint16_t min, uint16_t max)
{
	res_word_space(a, SPACE_IO, 3 /* ISA and non-ISA ranges */, min, max);
}

void aml_res_memory_window(struct aml *a, uint32_t min, uint32_t max, bool cacheable)
{
	put8(a, RES_DWORD_SPACE);
	put16(a, 23);
	put8(a, SPACE_MEMORY);
	put8(a, SPACE_FIXED);
	put8(a, cacheable ? 3 : 1); /* bit 0: read and write */
	put32(a, 0);
	put32(a, min);
	put32(a, max);
	put32(a, 0);
	put32(a, max - min + 1);
}
