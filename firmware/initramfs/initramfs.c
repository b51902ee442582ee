/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/initramfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs/abi/vise-init.h"
#include "firmware/initramfs/cpio.h"
#include "firmware/initramfs/file.h"
#include "firmware/initramfs/include.h"
#include "firmware/initramfs/modules.h"
#include "firmware/initramfs/programs.h"
#include "vmm/core/log.h"

#define INIT_MAX (64U << 20)

static int add_text(struct cpio *cpio, const char *path, const char *text, struct err *err)
{
	return cpio_add_file(cpio, path, 0644, text, strlen(text), err);
}

static int add_init(struct cpio *cpio, const struct initramfs_config *config, struct err *err)
{
	struct file file;
	int ret = file_load(&file, config->vise_init, INIT_MAX, err);

	if (ret) {
		err_prefix(err, "guest init");
		return ret;
	}
	ret = cpio_add_file(cpio, "/init", 0755, file.data, file.len, err);
	file_fini(&file);
	return ret;
}

/* What has to be there before the first process can mount anything. */
static int add_skeleton(struct cpio *cpio, struct err *err)
{
	static const char *const dirs[] = {"/proc", "/sys", "/run", "/newroot"};
	int ret = cpio_add_node(cpio, "/dev/console", 0600, 5, 1, err);

	if (!ret)
		ret = cpio_add_node(cpio, "/dev/null", 0666, 1, 3, err);
	if (!ret)
		ret = cpio_add_dir(cpio, "/tmp", 01777, err);
	if (!ret)
		ret = cpio_add_dir(cpio, "/root", 0700, err);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !ret; i++)
		ret = cpio_add_dir(cpio, dirs[i], 0755, err);
	return ret;
}

/* One "key=value" line; what would end the line is escaped. */
static void put_value(FILE *f, const char *key, const char *value)
{
	fprintf(f, "%s=", key);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", f);
		else if (*value == '\\')
			fputs("\\\\", f);
		else
			fputc(*value, f);
	}
	fputc('\n', f);
}

static int add_job(struct cpio *cpio, const struct initramfs_config *config, struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!f)
		return err_set_errno(err, errno, "initramfs: job");
	if (config->exec)
		put_value(f, VISE_INIT_KEY_EXEC, config->exec);
	if (config->shell)
		put_value(f, VISE_INIT_KEY_SHELL, "1");
	if (config->selftest)
		put_value(f, VISE_INIT_KEY_SELFTEST, config->selftest);
	if (config->root)
		put_value(f, VISE_INIT_KEY_ROOT, config->root);
	if (config->term)
		put_value(f, VISE_INIT_KEY_TERM, config->term);
	if (config->rows && config->cols)
		fprintf(f, "%s=%u\n%s=%u\n", VISE_INIT_KEY_ROWS, config->rows, VISE_INIT_KEY_COLS,
			config->cols);
	if (fclose(f)) {
		ret = err_set(err, -ENOMEM, "initramfs: no memory for the job");
	} else if (len > VISE_INIT_JOB_MAX) {
		ret = err_set(err, -E2BIG,
			      config->selftest
				      ? "--selftest: its flags are longer than the guest's init"
					" takes (%d bytes)"
				      : "--exec: the command is longer than the guest's init takes"
					" (%d bytes); put it into a script and add it with"
					" --include",
			      VISE_INIT_JOB_MAX);
	} else {
		ret = add_text(cpio, VISE_INIT_JOB_PATH, text, err);
	}
	free(text);
	return ret;
}

/* The modules go in as they are loaded; their paths make the list. */
struct module_sink {
	struct cpio *cpio;
	FILE *list;
};

static int take_module(void *opaque, const char *name, const struct file *file, struct err *err)
{
	struct module_sink *sink = opaque;
	char path[CPIO_PATH_MAX + 1];

	snprintf(path, sizeof(path), "%s/%s.ko", VISE_INIT_MODULES_DIR, name);
	fprintf(sink->list, "%s\n", path);
	return cpio_add_file(sink->cpio, path, 0644, file->data, file->len, err);
}

/* Which modules the machine needs, in the order in which they are wished. */
static size_t wanted_modules(const struct initramfs_config *config, const char **names)
{
	/* crc32c has to be there before ext4, which finds it by algorithm, not by symbol. */
	const struct {
		const char *name;
		bool wanted;
	} table[] = {
		{"virtio", true},
		{"virtio_ring", true},
		{"virtio_pci", true},
		{"virtio_blk", config->has_disk},
		{"virtio_console", config->has_console},
		{"virtio_net", config->has_net},
		{"virtio_input", config->has_input},
		{"evdev", config->has_input},
		/* Brings snd, snd-pcm and snd-timer along; Debian's cloud kernel has none of them.
		 */
		{"virtio_snd", config->has_snd},
		{"crc32c_generic", config->root != NULL},
		{"ext4", config->root != NULL},
	};
	size_t n = 0;

	if (config->has_disk || config->has_net || config->has_input || config->has_snd ||
	    config->has_console || config->root) {
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			if (table[i].wanted)
				names[n++] = table[i].name;
		}
	}
	names[n] = NULL;
	return n;
}

static int add_modules(struct cpio *cpio, const struct initramfs_config *config, struct err *err)
{
	char dir[MODULES_PATH_MAX];
	const char *names[16];
	char *text = NULL;
	size_t len = 0;
	struct module_sink sink = {.cpio = cpio};
	int ret = modules_find_dir(config->kernel, config->modules, dir, err);

	if (ret == -ENOENT && !config->modules) {
		log_info("%s: no module directory next to it; its drivers are taken to be built in"
			 " (--modules DIR says otherwise)",
			 config->kernel);
		return 0;
	}
	if (ret || !wanted_modules(config, names))
		return ret;
	sink.list = open_memstream(&text, &len);
	if (!sink.list)
		return err_set_errno(err, errno, "initramfs: modules");
	ret = modules_collect(dir, names, take_module, &sink, err);
	if (fclose(sink.list) && !ret)
		ret = err_set(err, -ENOMEM, "initramfs: no memory for the list of modules");
	if (!ret && len)
		ret = add_text(cpio, VISE_INIT_MODULES_PATH, text, err);
	free(text);
	return ret;
}

/* What runs when no disk brings it. */
static int add_userland(struct cpio *cpio, const struct initramfs_config *config, struct err *err)
{
	int ret = 0;

	if (config->root && config->n_include)
		return err_set(err, -EINVAL,
			       "--include: adds to the initramfs, which --root leaves for the disk;"
			       " put the files on the disk instead");
	if (config->root)
		return 0;
	for (size_t i = 0; i < config->n_include && !ret; i++)
		ret = include_add(cpio, config->include[i], err);
	if (!ret && config->exec)
		ret = programs_add_command(cpio, config->exec, err);
	if (!ret && config->shell)
		ret = programs_add_shell(cpio, true, err);
	if (!ret)
		ret = add_text(cpio, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", err);
	if (!ret)
		ret = add_text(cpio, "/etc/group", "root:x:0:\ntty:x:5:\n", err);
	return ret;
}

int initramfs_build(const struct initramfs_config *config, struct err *err)
{
	struct cpio *cpio = cpio_create(err);
	int ret;

	if (!cpio)
		return err ? err->code : -ENOMEM;
	ret = add_skeleton(cpio, err);
	if (!ret)
		ret = add_init(cpio, config, err);
	if (!ret)
		ret = add_job(cpio, config, err);
	if (!ret)
		ret = add_modules(cpio, config, err);
	if (!ret)
		ret = add_userland(cpio, config, err);
	if (!ret)
		ret = cpio_finish(cpio, err);
	cpio_destroy(cpio);
	return ret;
}
