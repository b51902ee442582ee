/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/initramfs/elf.h"
#include "firmware/initramfs/modules_index.h"
#include "vmm/core/le.h"

#define LIST_MAX   (32U << 20)
#define MODULE_MAX (64U << 20)

/* Setup header, Documentation/arch/x86/boot.rst: a pointer to the version text, less 0x200. */
#define BZIMAGE_MAGIC_OFFSET   0x202
#define BZIMAGE_VERSION_OFFSET 0x20e
#define BZIMAGE_VERSION_BASE   0x200

/* "6.12.1-amd64 (who@where) #1 ..." at the place that the header names. */
static int release_from_header(const char *kernel, char *release, size_t size)
{
	char text[256] = "";
	uint8_t header[16];
	size_t len;
	int fd = open(kernel, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -ENOENT;
	if (pread(fd, header, sizeof(header), BZIMAGE_MAGIC_OFFSET) == (ssize_t)sizeof(header) &&
	    !memcmp(header, "HdrS", 4)) {
		uint16_t at = ld_le16(header + (BZIMAGE_VERSION_OFFSET - BZIMAGE_MAGIC_OFFSET));

		if (at && pread(fd, text, sizeof(text) - 1, at + BZIMAGE_VERSION_BASE) < 0)
			text[0] = '\0';
	}
	close(fd);
	len = strcspn(text, " \t\n");
	if (!len || len >= size || memchr(text, '/', len))
		return -ENOENT;
	memcpy(release, text, len);
	release[len] = '\0';
	return 0;
}

static int release_from_name(const char *kernel, char *release, size_t size)
{
	const char *slash = strrchr(kernel, '/');
	const char *dash = strchr(slash ? slash : kernel, '-');

	if (!dash || !dash[1] || strlen(dash + 1) >= size)
		return -ENOENT;
	memcpy(release, dash + 1, strlen(dash + 1) + 1);
	return 0;
}

int modules_release(const char *kernel, char *release, size_t size)
{
	if (!release_from_header(kernel, release, size))
		return 0;
	return release_from_name(kernel, release, size);
}

static bool exists(const char *dir, const char *name)
{
	char path[MODULES_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

/* A directory that a kernel's modules were installed to. */
static bool is_module_dir(const char *dir)
{
	return exists(dir, "modules.dep") || exists(dir, "modules.order") ||
	       exists(dir, "modules.builtin");
}

static bool try_dir(char *dir, const char *base, const char *sub, const char *release)
{
	int len = snprintf(dir, MODULES_PATH_MAX, "%s%s%s", base, sub, release);

	return len > 0 && len < MODULES_PATH_MAX && is_module_dir(dir);
}

static int given_dir(const char *kernel, const char *given, char *dir, struct err *err)
{
	static const char *const subs[] = {"/", "/lib/modules/", "/usr/lib/modules/"};
	char release[256];
	struct stat st;

	if (stat(given, &st) || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOENT, "--modules %s: not a directory", given);
	if (try_dir(dir, given, "", ""))
		return 0;
	if (modules_release(kernel, release, sizeof(release)))
		return err_set(err, -ENOENT,
			       "--modules %s: no modules.dep or modules.order there, and %s does"
			       " not tell its release; give the directory that holds them",
			       given, kernel);
	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		if (try_dir(dir, given, subs[i], release))
			return 0;
	}
	return err_set(err, -ENOENT,
		       "--modules %s: no modules.dep or modules.order there, nor modules of release"
		       " %s below it",
		       given, release);
}

/* Looks around @kernel as it is named. */
static int find_beside(const char *kernel, char *dir)
{
	static const char *const subs[] = {"../lib/modules/", "../usr/lib/modules/", "lib/modules/",
					   "usr/lib/modules/"};
	const char *slash = strrchr(kernel, '/');
	char base[MODULES_PATH_MAX];
	char release[256];
	int len = slash ? (int)(slash - kernel) + 1 : 0;

	if (len >= MODULES_PATH_MAX)
		return -ENOENT;
	snprintf(base, sizeof(base), "%.*s", len ? len : 2, len ? kernel : "./");
	if (try_dir(dir, base, "", ""))
		return 0;
	if (modules_release(kernel, release, sizeof(release)))
		return -ENOENT;
	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		if (try_dir(dir, base, subs[i], release))
			return 0;
	}
	return -ENOENT;
}

int modules_find_dir(const char *kernel, const char *given, char *dir, struct err *err)
{
	char real[PATH_MAX];
	int rc;

	if (given)
		return given_dir(kernel, given, dir, err);
	rc = find_beside(kernel, dir);
	/* A link to a kernel often stands where its modules do not. */
	if (rc < 0 && realpath(kernel, real))
		rc = find_beside(real, dir);
	return rc;
}

/* A module's content, kept until the walk ends, which may point into it. */
struct held {
	struct held *next;
	const struct module_entry *entry;
	struct file file;
};

/* A collection at work. */
struct collector {
	const char *dir;
	struct modules_index index;
	char *texts[2];
	struct held *held;
	int failure; /* why hold() failed */
	modules_take *take;
	void *opaque;
	struct err *err;
};

/* modules.order names x.ko for what may lie there as x.ko.xz. */
static int load_module(const struct collector *c, const struct module_entry *e, struct file *file)
{
	static const char *const suffixes[] = {"", ".xz", ".zst", ".gz"};
	char path[MODULES_PATH_MAX + 1024];
	int ret;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", c->dir, e->path, suffixes[i]);
		if (!access(path, F_OK))
			break;
		if (i == 3)
			snprintf(path, sizeof(path), "%s/%s", c->dir, e->path);
	}
	ret = file_load(file, path, MODULE_MAX, c->err);
	if (ret)
		return ret;
	ret = file_unpack(file, path, MODULE_MAX, c->err);
	if (ret)
		file_fini(file);
	return ret;
}

/* The module's content, read on the first call. NULL after a failure. */
static const struct file *hold(struct collector *c, const struct module_entry *e)
{
	struct held *h = c->held;

	while (h && h->entry != e)
		h = h->next;
	if (h)
		return &h->file;
	h = calloc(1, sizeof(*h));
	if (!h) {
		c->failure = err_set(c->err, -ENOMEM, "%s: no memory", e->path);
		return NULL;
	}
	c->failure = load_module(c, e, &h->file);
	if (c->failure) {
		free(h);
		return NULL;
	}
	h->entry = e;
	h->next = c->held;
	c->held = h;
	return &h->file;
}

static const char *ask_needs(struct module_entry *e, void *opaque)
{
	struct collector *c = opaque;
	const struct file *file;
	const char *needs;

	if (c->index.needs_known)
		return e->needs;
	file = hold(c, e);
	if (!file)
		return NULL;
	needs = elf_modinfo(file->data, file->len, "depends");
	return needs ? needs : "";
}

static int take_module(struct module_entry *e, void *opaque)
{
	struct collector *c = opaque;
	const struct file *file = hold(c, e);
	const char *name = strrchr(e->path, '/');
	char plain[513];
	char *suffix;

	if (!file)
		return c->failure;
	snprintf(plain, sizeof(plain), "%s", name ? name + 1 : e->path);
	suffix = strstr(plain, ".ko");
	if (suffix)
		*suffix = '\0';
	return c->take(c->opaque, plain, file, c->err);
}

/* A list that is not there is no fault; @text is what the index points into. */
static int add_list(struct collector *c, const char *name, enum modules_list list, char **text)
{
	char path[MODULES_PATH_MAX + 32];
	struct file file;
	int ret;

	if (!exists(c->dir, name))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	ret = file_load(&file, path, LIST_MAX, c->err);
	if (ret)
		return ret;
	*text = (char *)file.data;
	return modules_index_add(&c->index, list, *text, c->err);
}

static int read_lists(struct collector *c)
{
	bool dep = exists(c->dir, "modules.dep");
	int ret = add_list(c, dep ? "modules.dep" : "modules.order",
			   dep ? MODULES_DEP : MODULES_ORDER, &c->texts[0]);

	if (!ret)
		ret = add_list(c, "modules.builtin", MODULES_BUILTIN, &c->texts[1]);
	modules_index_sort(&c->index);
	return ret;
}

int modules_collect(const char *dir, const char *const *names, modules_take *take, void *opaque,
		    struct err *err)
{
	struct collector c = {.dir = dir, .take = take, .opaque = opaque, .err = err};
	struct modules_walk walk = {take_module, ask_needs, &c};
	int ret = read_lists(&c);

	for (; !ret && *names; names++)
		ret = modules_index_walk(&c.index, *names, &walk);
	if (ret == -EIO && c.failure)
		ret = c.failure;
	else if (ret == -ENOMEM && !c.failure)
		err_set(err, ret, "%s: no memory for the list of modules", dir);
	modules_index_fini(&c.index);
	free(c.texts[0]);
	free(c.texts[1]);
	while (c.held) {
		struct held *next = c.held->next;

		file_fini(&c.held->file);
		free(c.held);
		c.held = next;
	}
	return ret;
}
