/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/initramfs.h"

/* The images made here are bytes, not strings, and cpio and ldd are what is compared with.
 * NOLINTBEGIN(bugprone-not-null-terminated-result,cert-env33-c) */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "docs/abi/vise-init.h"
#include "firmware/initramfs/cpio.h"
#include "firmware/initramfs/elf.h"
#include "firmware/initramfs/elf_deps.h"
#include "firmware/initramfs/file.h"
#include "firmware/initramfs/modules.h"
#include "firmware/initramfs/modules_index.h"
#include "firmware/initramfs/programs.h"

/* A directory of its own for each test. */
static char dir[4096];

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/vise-initramfs-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes @dir/@name, making its directories; returns the whole path (overwritten by the next). */
static const char *put(const char *name, const void *data, size_t len)
{
	static char path[8192];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (char *s = path + strlen(dir) + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		mkdir(path, 0755);
		*s = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
	return path;
}

static const char *put_text(const char *name, const char *text)
{
	return put(name, text, strlen(text));
}

/* A small reader of the archive, apart from the writer's code. */
struct found {
	unsigned mode;
	unsigned len;
	unsigned major;
	unsigned minor;
	char data[4096]; /* its first bytes */
};

static unsigned hex(const char *header, int field)
{
	char text[9] = "";

	memcpy(text, header + 6 + field * 8, 8);
	return (unsigned)strtoul(text, NULL, 16);
}

/* Looks for @name; returns its place among the entries, or -1. Checks each header on the way. */
static int look(int fd, const char *name, struct found *found)
{
	off_t at = 0;

	name += *name == '/';
	for (int n = 0;; n++) {
		char header[110];
		char path[CPIO_PATH_MAX + 2];
		unsigned len;
		unsigned name_len;
		off_t data;

		ck_assert_int_eq(pread(fd, header, 110, at), 110);
		ck_assert_mem_eq(header, "070701", 6);
		len = hex(header, 6);
		name_len = hex(header, 11);
		ck_assert_uint_le(name_len, sizeof(path));
		ck_assert_int_eq(pread(fd, path, name_len, at + 110), name_len);
		ck_assert_uint_eq(strlen(path) + 1, name_len);
		data = (at + 110 + name_len + 3) & ~3L;
		if (!strcmp(path, "TRAILER!!!"))
			return -1;
		if (!strcmp(path, name)) {
			*found = (struct found){hex(header, 1), len, hex(header, 9),
						hex(header, 10), ""};
			ck_assert_int_ge(pread(fd, found->data, len < 4095 ? len : 4095, data), 0);
			return n;
		}
		at = (data + len + 3) & ~3L;
	}
}

START_TEST(archive_reads_back)
{
	struct err err = ERR_INIT;
	struct cpio *cpio = cpio_create(&err);
	struct found f;
	int fd;

	ck_assert_int_eq(cpio_add_node(cpio, "/dev/console", 0600, 5, 1, &err), 0);
	ck_assert_int_eq(cpio_add_file(cpio, "/a/b/c", 0755, "12345", 5, &err), 0);
	ck_assert_int_eq(cpio_add_file(cpio, "/a/b/c", 0644, "second", 6, &err), 0);
	ck_assert_int_eq(cpio_add_link(cpio, "/a/l", "b/c", &err), 0);
	ck_assert_int_eq(cpio_add_dir(cpio, "/tmp", 01777, &err), 0);
	ck_assert(cpio_has(cpio, "/a/b"));
	ck_assert(!cpio_has(cpio, "/a/x"));
	fd = cpio_finish(cpio, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
	cpio_destroy(cpio);
	ck_assert_int_eq(look(fd, "dev", &f), 0);
	ck_assert_int_eq(look(fd, "dev/console", &f), 1);
	ck_assert_uint_eq(f.mode, S_IFCHR | 0600);
	ck_assert_uint_eq(f.major, 5);
	ck_assert_uint_eq(f.minor, 1);
	ck_assert_int_ge(look(fd, "a/b/c", &f), 0);
	ck_assert_uint_eq(f.mode, S_IFREG | 0755);
	ck_assert_str_eq(f.data, "12345");
	ck_assert_int_ge(look(fd, "a/l", &f), 0);
	ck_assert_uint_eq(f.mode, S_IFLNK | 0777);
	ck_assert_str_eq(f.data, "b/c");
	ck_assert_int_ge(look(fd, "tmp", &f), 0);
	ck_assert_uint_eq(f.mode, S_IFDIR | 01777);
	close(fd);
}
END_TEST

START_TEST(archive_refuses_paths_that_are_not_plain)
{
	static const char *const bad[] = {"", "a", "/", "//a", "/a/", "/a/../b", "/./a", "/.."};
	struct err err = ERR_INIT;
	struct cpio *cpio = cpio_create(&err);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(cpio_add_dir(cpio, bad[i], 0755, &err), -EINVAL);
	ck_assert_int_eq(cpio_add_file(cpio, "/big", 0644, "", CPIO_MAX_BYTES, &err), -EFBIG);
	cpio_destroy(cpio);
	cpio_destroy(NULL);
}
END_TEST

struct text {
	char bytes[1024];
	size_t used;
};

static int note(struct module_entry *e, void *opaque)
{
	struct text *t = opaque;

	t->used += (size_t)snprintf(t->bytes + t->used, sizeof(t->bytes) - t->used, "%s ", e->path);
	return 0;
}

static void expect_order(char *dep, char *builtin, const char *name, const char *want)
{
	struct modules_index index = {.entries = NULL};
	struct err err = ERR_INIT;
	struct text order = {"", 0};
	struct modules_walk walk = {note, NULL, &order};

	ck_assert_int_eq(modules_index_add(&index, MODULES_DEP, dep, &err), 0);
	ck_assert_int_eq(modules_index_add(&index, MODULES_BUILTIN, builtin, &err), 0);
	modules_index_sort(&index);
	ck_assert_int_eq(modules_index_walk(&index, name, &walk), 0);
	ck_assert_str_eq(order.bytes, want);
	/* Once is enough. */
	ck_assert_int_eq(modules_index_walk(&index, name, &walk), 0);
	ck_assert_str_eq(order.bytes, want);
	modules_index_fini(&index);
}

START_TEST(modules_come_after_what_they_need)
{
	char dep[] = "k/ext4.ko.xz: k/jbd2.ko.xz k/crc16.ko.xz k/mb-cache.ko.xz\n"
		     "k/jbd2.ko.xz: k/base.ko.xz\nk/crc16.ko.xz:\nk/mb-cache.ko.xz:\n"
		     "k/base.ko.xz:\nk/other.ko.xz:\n";
	char builtin[] = "k/mb_cache.ko\n";

	expect_order(dep, builtin, "ext4", "k/base.ko.xz k/jbd2.ko.xz k/crc16.ko.xz k/ext4.ko.xz ");
}
END_TEST

START_TEST(builtin_and_unknown_modules_are_left_out)
{
	char dep[] = "k/a.ko: k/missing.ko\nk/b.ko:\n";
	char dep2[] = "k/a.ko: k/missing.ko\nk/b.ko:\n";
	char dep3[] = "k/a.ko: k/missing.ko\nk/b.ko:\n";
	char builtin[] = "k/b.ko";
	char builtin2[] = "k/b.ko";
	char builtin3[] = "";

	expect_order(dep, builtin, "b", "");
	expect_order(dep2, builtin2, "nothing", "");
	expect_order(dep3, builtin3, "a", "k/a.ko ");
}
END_TEST

START_TEST(hostile_module_lists_do_no_harm)
{
	char dep[] = "a.ko: b.ko\nb.ko: c.ko a.ko\nc.ko: c.ko b.ko\n../evil.ko:\n/abs.ko:\n"
		     "no colon\n:\n\n x/../../y.ko:\n";
	char builtin[] = "";
	char dep2[] = "../evil.ko:\n";
	char builtin2[] = "";

	expect_order(dep, builtin, "a", "c.ko b.ko a.ko ");
	expect_order(dep2, builtin2, "evil", "");
}
END_TEST

/* An object file with a .modinfo section, made by hand: header, names, modinfo, three sections. */
static size_t make_module(const char *depends, uint8_t *out)
{
	static const char names[] = "\0.shstrtab\0.modinfo";
	uint64_t v;
	size_t info_len = strlen(depends) + sizeof("license=GPL") + sizeof("depends=");

	memset(out, 0, 1024);
	memcpy(out, "\177ELF\2\1\1", 7);
	out[0x10] = 1;	  /* e_type */
	out[0x12] = 62;	  /* e_machine */
	out[0x28] = 0x80; /* e_shoff */
	out[0x3a] = 64;
	out[0x3c] = 3;
	out[0x3e] = 1;
	out[0xc0] = 1; /* section 1: names at 0x200 */
	v = 0x200;
	memcpy(out + 0xc0 + 0x18, &v, 8);
	v = sizeof(names);
	memcpy(out + 0xc0 + 0x20, &v, 8);
	memcpy(out + 0x200, names, sizeof(names));
	out[0x100] = 11; /* section 2: .modinfo at 0x300 */
	v = 0x300;
	memcpy(out + 0x100 + 0x18, &v, 8);
	v = info_len;
	memcpy(out + 0x100 + 0x20, &v, 8);
	memcpy(out + 0x300, "license=GPL\0depends=", 20);
	memcpy(out + 0x300 + 20, depends, strlen(depends) + 1);
	return 1024;
}

/* A kernel tree as a package unpacks it; @with_dep: depmod ran. */
static void make_tree(bool with_dep)
{
	uint8_t module[1024];

	put_text("boot/vmlinuz-1.2-test", "not a bzImage, so its name tells the release");
	put("lib/modules/1.2-test/kernel/virtio_blk.ko", module, make_module("helper", module));
	put("lib/modules/1.2-test/kernel/helper.ko", module, make_module("", module));
	put_text("lib/modules/1.2-test/modules.builtin", "kernel/virtio.ko\n");
	put_text("lib/modules/1.2-test/modules.order", "kernel/virtio_blk.ko\nkernel/helper.ko\n");
	if (with_dep)
		put_text("lib/modules/1.2-test/modules.dep",
			 "kernel/virtio_blk.ko: kernel/helper.ko\nkernel/helper.ko:\n");
}

static struct initramfs_config basic_config(void)
{
	static char kernel[8192];
	static char init[8192];

	snprintf(init, sizeof(init), "%s", put_text("vise-init", "the init"));
	snprintf(kernel, sizeof(kernel), "%s/boot/vmlinuz-1.2-test", dir);
	return (struct initramfs_config){.vise_init = init, .kernel = kernel};
}

START_TEST(builds_what_a_disk_machine_needs)
{
	struct initramfs_config config = basic_config();
	struct err err = ERR_INIT;
	struct found f;
	char command[256];
	int fd;

	make_tree(_i);
	config.exec = "a\\b\nc";
	config.root = "/dev/vda";
	config.has_disk = true;
	config.rows = 24;
	config.cols = 80;
	config.term = "xterm";
	fd = initramfs_build(&config, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_ge(look(fd, "init", &f), 0);
	ck_assert_str_eq(f.data, "the init");
	ck_assert_int_ge(look(fd, VISE_INIT_MODULES_PATH, &f), 0);
	ck_assert_str_eq(f.data, VISE_INIT_MODULES_DIR "/helper.ko\n" VISE_INIT_MODULES_DIR
						       "/virtio_blk.ko\n");
	ck_assert_int_ge(look(fd, VISE_INIT_MODULES_DIR, &f), 0);
	ck_assert_int_ge(look(fd, VISE_INIT_JOB_PATH, &f), 0);
	ck_assert_str_eq(f.data, "exec=a\\\\b\\nc\nroot=/dev/vda\nterm=xterm\nrows=24\ncols=80\n");
	ck_assert_int_lt(look(fd, "bin/sh", &f), 0);
	snprintf(command, sizeof(command), "cpio -it --quiet </proc/%d/fd/%d >/dev/null", getpid(),
		 fd);
	ck_assert_int_eq(system(command), 0);
	close(fd);
}
END_TEST

START_TEST(loads_nothing_without_devices)
{
	struct initramfs_config config = basic_config();
	struct err err = ERR_INIT;
	struct found f;
	int fd;

	make_tree(true);
	config.exec = "exit 3";
	fd = initramfs_build(&config, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_lt(look(fd, VISE_INIT_MODULES_PATH, &f), 0);
	ck_assert_int_ge(look(fd, "bin/sh", &f), 0);
	close(fd);
}
END_TEST

START_TEST(writes_the_self_tests_job_and_brings_its_drivers)
{
	struct initramfs_config config = basic_config();
	struct err err = ERR_INIT;
	struct found f;
	int fd;

	make_tree(true);
	put("lib/modules/1.2-test/kernel/virtio_snd.ko", "snd", 3);
	put_text("lib/modules/1.2-test/modules.dep",
		 "kernel/virtio_blk.ko: kernel/helper.ko\nkernel/helper.ko:\n"
		 "kernel/virtio_snd.ko: kernel/helper.ko\n");
	config.selftest = "--log-file a\\b";
	config.has_snd = true;
	fd = initramfs_build(&config, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_ge(look(fd, VISE_INIT_MODULES_PATH, &f), 0);
	ck_assert_str_eq(f.data, VISE_INIT_MODULES_DIR "/helper.ko\n" VISE_INIT_MODULES_DIR
						       "/virtio_snd.ko\n");
	ck_assert_int_ge(look(fd, VISE_INIT_JOB_PATH, &f), 0);
	ck_assert_str_eq(f.data, "selftest=--log-file a\\\\b\n");
	close(fd);
	config.has_snd = false;
	fd = initramfs_build(&config, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_lt(look(fd, VISE_INIT_MODULES_PATH, &f), 0);
	close(fd);
}
END_TEST

START_TEST(brings_the_program_and_the_included_files)
{
	struct initramfs_config config = basic_config();
	struct err err = ERR_INIT;
	struct found f;
	char one[9000];
	char two[9000];
	char *include[] = {one, two};
	int fd;

	put_text("tree/sub/file", "content");
	snprintf(one, sizeof(one), "%s/tree:/opt/t", dir);
	snprintf(two, sizeof(two), "%s:/bin/tool", put_text("tool.sh", "#!/bin/sh\necho hi\n"));
	config.include = include;
	config.n_include = 2;
	config.exec = "tool -x";
	fd = initramfs_build(&config, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_ge(look(fd, "opt/t/sub/file", &f), 0);
	ck_assert_str_eq(f.data, "content");
	ck_assert_int_ge(look(fd, "bin/tool", &f), 0);
	ck_assert_uint_eq(f.mode, S_IFREG | 0755);
	close(fd);
	config.n_include = 0;
	config.exec = "ls -l | cat";
	fd = initramfs_build(&config, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert(look(fd, "usr/bin/ls", &f) >= 0 || look(fd, "bin/ls", &f) >= 0);
	ck_assert_int_ge(look(fd, "lib64/ld-linux-x86-64.so.2", &f), 0);
	close(fd);
}
END_TEST

/* Each mistake gives one line that names the option. */
START_TEST(says_what_is_wrong)
{
	struct initramfs_config good = basic_config();
	struct initramfs_config config = good;
	struct err err = ERR_INIT;
	char *include[] = {"/no/such/file"};

	config.exec = "no-such-program-here -x";
	ck_assert_int_eq(initramfs_build(&config, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "--exec: 'no-such-program-here'"));
	config = good;
	config.exec = "./no-such-program-here -x";
	ck_assert_int_eq(initramfs_build(&config, &err), -ENOENT);
	config = good;
	config.modules = "/no/such/dir";
	ck_assert_int_eq(initramfs_build(&config, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "--modules /no/such/dir"));
	config.modules = dir;
	ck_assert_int_eq(initramfs_build(&config, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "1.2-test"));
	config = good;
	config.include = include;
	config.n_include = 1;
	ck_assert_int_eq(initramfs_build(&config, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "--include /no/such/file"));
	config.root = "/dev/vda";
	ck_assert_int_eq(initramfs_build(&config, &err), -EINVAL);
	config = good;
	config.vise_init = "/no/such/init";
	ck_assert_int_eq(initramfs_build(&config, &err), -ENOENT);
	ck_assert_ptr_null(strchr(err.text, '\n'));
}
END_TEST

START_TEST(damaged_modules_are_refused_by_name)
{
	struct initramfs_config config = basic_config();
	struct err err = ERR_INIT;

	make_tree(true);
	put_text("lib/modules/1.2-test/kernel/virtio_blk.ko", "\x1f\x8b not gzip at all");
	config.has_disk = true;
	config.root = "/dev/vda";
	ck_assert_int_eq(initramfs_build(&config, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.text, "virtio_blk.ko: damaged"));
}
END_TEST

START_TEST(reads_the_release_that_a_bzimage_states)
{
	uint8_t image[0x400] = {0};
	char release[64];

	memcpy(image + 0x202, "HdrS", 4);
	image[0x20e] = 0x40;
	memcpy(image + 0x240, "6.1.2-abc (x@y) #1", 19);
	ck_assert_int_eq(modules_release(put("k", image, sizeof(image)), release, 64), 0);
	ck_assert_str_eq(release, "6.1.2-abc");
	image[0x20e] = image[0x20f] = 0xff; /* beyond the end */
	ck_assert_int_eq(modules_release(put("bzImage-7", image, sizeof(image)), release, 64), 0);
	ck_assert_str_eq(release, "7");
	memcpy(image + 0x20e, "\x40\0", 2);
	memcpy(image + 0x240, "../../etc", 10);
	ck_assert_int_eq(modules_release(put("k", image, sizeof(image)), release, 64), -ENOENT);
}
END_TEST

START_TEST(libraries_are_those_that_ldd_names)
{
	static const char *const programs[] = {"/bin/ls", "/bin/bash"};

	for (size_t p = 0; p < 2; p++) {
		struct elf_deps deps;
		struct err err = ERR_INIT;
		char line[4096];
		FILE *ldd;
		size_t n = 0;

		snprintf(line, sizeof(line), "ldd %s", programs[p]);
		ldd = popen(line, "r");
		ck_assert_int_eq(elf_deps_collect(&deps, programs[p], &err), 0);
		while (fgets(line, sizeof(line), ldd)) {
			char *path = strchr(line, '/');
			bool there = false;

			if (!path)
				continue;
			path[strcspn(path, " \n")] = '\0';
			for (size_t i = 0; i < deps.n; i++)
				there |= !strcmp(path, deps.paths[i]);
			ck_assert_msg(there, "%s of %s", path, programs[p]);
			n++;
		}
		pclose(ldd);
		ck_assert_uint_eq(n, deps.n);
		elf_deps_fini(&deps);
	}
}
END_TEST

START_TEST(scripts_tell_their_interpreter)
{
	struct elf_deps deps;
	struct err err = ERR_INIT;

	ck_assert_int_eq(elf_deps_collect(&deps, put_text("s", "#! /usr/bin/env foo\nx"), &err), 0);
	ck_assert_str_eq(deps.interp, "/usr/bin/env");
	ck_assert_str_eq(deps.interp_arg, "foo");
	elf_deps_fini(&deps);
	ck_assert_int_eq(elf_deps_collect(&deps, put("d", "\0\1\2", 3), &err), 0);
	ck_assert_uint_eq(deps.n, 0);
	ck_assert(!deps.is_elf);
	elf_deps_fini(&deps);
	ck_assert_int_eq(elf_deps_collect(&deps, put("e", "\177ELF\2\1", 6), &err), -EBADMSG);
	elf_deps_fini(&deps);
}
END_TEST

START_TEST(truncated_elf_files_are_refused_at_any_length)
{
	struct err err = ERR_INIT;
	struct elf_info info;
	struct file file;

	ck_assert_int_eq(file_load(&file, "/bin/true", 1 << 24, &err), 0);
	ck_assert_int_eq(elf_info_parse(file.data, file.len, &info), 0);
	ck_assert_uint_ge(info.n_needed, 1);
	for (size_t len = 0; len < file.len; len += 1 + len / 16) {
		uint8_t *part = malloc(len + 1);

		memcpy(part, file.data, len);
		elf_info_parse(part, len, &info);
		ck_assert_ptr_null(elf_modinfo(part, len, "depends"));
		free(part);
	}
	file_fini(&file);
}
END_TEST

START_TEST(relative_paths_count_from_the_root)
{
	static const char *const pairs[][2] = {{"./a", "/a"},	   {"a/../b", "/b"},
					       {"/x//y/", "/x/y"}, {"../../t", "/t"},
					       {"", "/"},	   {"/a/b/..", "/a"}};
	char guest[CPIO_PATH_MAX + 1];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ck_assert_int_eq(programs_guest_path(pairs[i][0], guest), 0);
		ck_assert_str_eq(guest, pairs[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("initramfs");
	TCase *tc = tcase_create("all");
	SRunner *sr;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, archive_reads_back);
	tcase_add_test(tc, archive_refuses_paths_that_are_not_plain);
	tcase_add_test(tc, modules_come_after_what_they_need);
	tcase_add_test(tc, builtin_and_unknown_modules_are_left_out);
	tcase_add_test(tc, hostile_module_lists_do_no_harm);
	tcase_add_loop_test(tc, builds_what_a_disk_machine_needs, 0, 2);
	tcase_add_test(tc, loads_nothing_without_devices);
	tcase_add_test(tc, writes_the_self_tests_job_and_brings_its_drivers);
	tcase_add_test(tc, brings_the_program_and_the_included_files);
	tcase_add_test(tc, says_what_is_wrong);
	tcase_add_test(tc, damaged_modules_are_refused_by_name);
	tcase_add_test(tc, reads_the_release_that_a_bzimage_states);
	tcase_add_test(tc, libraries_are_those_that_ldd_names);
	tcase_add_test(tc, scripts_tell_their_interpreter);
	tcase_add_test(tc, truncated_elf_files_are_refused_at_any_length);
	tcase_add_test(tc, relative_paths_count_from_the_root);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	return srunner_ntests_failed(sr) != 0;
}
/* NOLINTEND(bugprone-not-null-terminated-result,cert-env33-c) */
