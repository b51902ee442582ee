/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/modules_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A walk keeps its own stack: hostile needs may chain through every module. */
struct frame {
	struct module_entry *entry;
	const char *rest; /* of its needs */
};

struct stack {
	struct frame *frames;
	size_t depth;
	size_t size;
};

/* The part of a path that names the module: from the last '/' to ".ko". */
static size_t base_name(const char **path, size_t len)
{
	const char *slash = memrchr(*path, '/', len);
	const char *end = *path + len;
	const char *suffix;

	if (slash)
		*path = slash + 1;
	len = (size_t)(end - *path);
	suffix = memmem(*path, len, ".ko", 3);
	return suffix ? (size_t)(suffix - *path) : len;
}

static int fold(char c)
{
	return c == '-' ? '_' : (unsigned char)c;
}

static int compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0;

	a_len = base_name(&a, a_len);
	b_len = base_name(&b, b_len);
	while (i < a_len && i < b_len && fold(a[i]) == fold(b[i]))
		i++;
	if (i < a_len && i < b_len)
		return fold(a[i]) - fold(b[i]);
	return (a_len > b_len) - (a_len < b_len);
}

/* Relative, and nowhere upwards. */
static bool good_path(const char *path)
{
	const char *s;

	if (!*path || *path == '/' || strlen(path) > 512)
		return false;
	for (s = strstr(path, ".."); s; s = strstr(s + 2, "..")) {
		if ((s == path || s[-1] == '/') && (!s[2] || s[2] == '/'))
			return false;
	}
	return true;
}

static int append(struct modules_index *index, const struct module_entry *entry, struct err *err)
{
	struct module_entry *entries = index->entries;

	if (index->n == MODULES_INDEX_MAX)
		return err_set(err, -E2BIG, "more than %d kernel modules", MODULES_INDEX_MAX);
	/* Room doubles: at each power of two the array is full. */
	if ((index->n & (index->n - 1)) == 0) {
		size_t room = index->n ? index->n * 2 : 1;

		entries = realloc(entries, room * sizeof(*entries));
		if (!entries)
			return err_set(err, -ENOMEM, "no memory for the list of modules");
		index->entries = entries;
	}
	entries[index->n++] = *entry;
	return 0;
}

int modules_index_add(struct modules_index *index, enum modules_list list, char *text,
		      struct err *err)
{
	char *save = NULL;

	if (list == MODULES_DEP)
		index->needs_known = true;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct module_entry entry = {.path = line, .builtin = list == MODULES_BUILTIN};
		char *colon = list == MODULES_DEP ? strchr(line, ':') : NULL;
		int ret;

		if (list == MODULES_DEP && !colon)
			continue;
		if (colon)
			*colon = '\0';
		entry.needs = colon ? colon + 1 : "";
		if (!good_path(line))
			continue;
		ret = append(index, &entry, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct module_entry *x = a;
	const struct module_entry *y = b;
	int order = compare_names(x->path, strlen(x->path), y->path, strlen(y->path));

	/* The built-in one first, then by path, so that the answer is always the same. */
	if (!order)
		order = (int)y->builtin - (int)x->builtin;
	return order ? order : strcmp(x->path, y->path);
}

void modules_index_sort(struct modules_index *index)
{
	if (index->n)
		qsort(index->entries, index->n, sizeof(*index->entries), compare_entries);
}

struct module_entry *modules_index_find(const struct modules_index *index, const char *name,
					size_t name_len)
{
	size_t low = 0;
	size_t high = index->n;

	/* The first entry that is not below the name. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *path = index->entries[mid].path;

		if (compare_names(path, strlen(path), name, name_len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == index->n || compare_names(index->entries[low].path,
					     strlen(index->entries[low].path), name, name_len) != 0)
		return NULL;
	return &index->entries[low];
}

/* Enters @entry unless that is needless. */
static int push(struct stack *s, struct module_entry *entry, const struct modules_walk *walk)
{
	const char *needs;

	if (!entry || entry->builtin || entry->visited)
		return 0;
	entry->visited = true;
	if (s->depth == s->size) {
		size_t size = s->size ? s->size * 2 : 16;
		struct frame *frames = realloc(s->frames, size * sizeof(*frames));

		if (!frames)
			return -ENOMEM;
		s->frames = frames;
		s->size = size;
	}
	needs = walk->needs ? walk->needs(entry, walk->opaque) : entry->needs;
	if (!needs)
		return -EIO;
	s->frames[s->depth++] = (struct frame){entry, needs};
	return 0;
}

int modules_index_walk(struct modules_index *index, const char *name,
		       const struct modules_walk *walk)
{
	struct stack s = {.frames = NULL};
	int ret = push(&s, modules_index_find(index, name, strlen(name)), walk);

	while (!ret && s.depth) {
		struct frame *top = &s.frames[s.depth - 1];
		size_t len;

		top->rest += strspn(top->rest, " \t,");
		len = strcspn(top->rest, " \t,");
		if (len) {
			const char *need = top->rest;

			top->rest += len;
			ret = push(&s, modules_index_find(index, need, len), walk);
		} else {
			s.depth--;
			ret = walk->visit(top->entry, walk->opaque);
		}
	}
	free(s.frames);
	return ret;
}

void modules_index_fini(struct modules_index *index)
{
	free(index->entries);
	*index = (struct modules_index){.entries = NULL};
}
