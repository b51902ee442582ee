/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF facts: every string that is told lies within the input and ends there. */
#include "firmware/initramfs/elf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *s, const uint8_t *data, size_t size)
{
	const uint8_t *p = (const uint8_t *)s;

	if (s && (p < data || p >= data + size || !memchr(p, 0, size - (size_t)(p - data))))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A block of its own size, so that reading beyond it shows. */
	uint8_t *copy = malloc(size ? size : 1);
	struct elf_info info;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (!elf_info_parse(copy, size, &info)) {
		check(info.interp, copy, size);
		check(info.rpath, copy, size);
		check(info.runpath, copy, size);
		if (info.n_needed > ELF_MAX_NEEDED)
			abort();
		for (size_t i = 0; i < info.n_needed; i++)
			check(info.needed[i], copy, size);
	}
	check(elf_modinfo(copy, size, "depends"), copy, size);
	free(copy);
	return 0;
}
