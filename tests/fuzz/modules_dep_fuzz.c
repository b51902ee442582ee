/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Module lists: input is MODE byte, modules.dep text, 0xff, modules.builtin text. */
#include "firmware/initramfs/modules_index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct seen {
	const struct modules_index *index;
	size_t n;
};

/* Nothing built in, nothing twice, nothing outside the directory. */
static int check_entry(struct module_entry *e, void *opaque)
{
	struct seen *seen = opaque;

	if (e->builtin || !e->visited || *e->path == '/' || !strncmp(e->path, "../", 3) ||
	    strstr(e->path, "/../") || ++seen->n > seen->index->n)
		abort();
	return 0;
}

static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"ext4", "virtio_blk", "a", ""};
	struct modules_index index = {.entries = NULL};
	struct seen seen = {&index, 0};
	struct modules_walk walk = {check_entry, NULL, &seen};
	const uint8_t *end;
	char *first;
	char *second;
	size_t len;

	if (!size)
		return 0;
	end = memchr(data + 1, 0xff, size - 1);
	len = end ? (size_t)(end - data) - 1 : size - 1;
	first = text_of(data + 1, len);
	second = text_of(data + 1 + len, size - 1 - len);
	if (!modules_index_add(&index, data[0] & 1 ? MODULES_ORDER : MODULES_DEP, first, NULL) &&
	    !modules_index_add(&index, MODULES_BUILTIN, second, NULL)) {
		modules_index_sort(&index);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (modules_index_walk(&index, names[i], &walk))
				abort();
		}
		for (size_t i = 0; i < index.n; i++) {
			const char *path = index.entries[i].path;

			if (!modules_index_find(&index, path, strlen(path)))
				abort();
		}
	}
	modules_index_fini(&index);
	free(first);
	free(second);
	return 0;
}
