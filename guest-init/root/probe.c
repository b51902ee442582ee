/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/root/probe.h"

#include <string.h>

/* clang-format off */
static const struct signature {
	const char *type;
	size_t offset;
	const char *bytes;
	size_t len;
} signatures[] = {
	{"ext4",     0x438,   "\x53\xef", 2},
	{"ext3",     0x438,   "\x53\xef", 2}, /* never told, ext4 mounts them; known all the same */
	{"ext2",     0x438,   "\x53\xef", 2},
	{"xfs",      0,       "XFSB", 4},
	{"btrfs",    0x10040, "_BHRfS_M", 8},
	{"squashfs", 0,       "hsqs", 4},
	{"erofs",    0x400,   "\xe2\xe1\xf5\xe0", 4},
	{"f2fs",     0x400,   "\x10\x20\xf5\xf2", 4},
	{"iso9660",  0x8001,  "CD001", 5},
	{"vfat",     0x52,    "FAT32", 5},
	{"vfat",     0x36,    "FAT1", 4},
};
/* clang-format on */

const char *probe_type(const uint8_t *start, size_t len)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		const struct signature *s = &signatures[i];

		if (s->offset <= len && s->len <= len - s->offset &&
		    !memcmp(start + s->offset, s->bytes, s->len))
			return s->type;
	}
	return NULL;
}

bool probe_knows(const char *type)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		if (!strcmp(signatures[i].type, type))
			return true;
	}
	return false;
}
