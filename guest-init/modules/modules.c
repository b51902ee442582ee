/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/modules/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest-init/file.h"
#include "guest-init/modules/decompress.h"
#include "guest-init/report.h"

#define LIST_MAX   65536
#define MODULE_MAX (64U * 1024 * 1024)

/* From the kernel's <linux/module.h> of 5.17 and later; older headers lack it. */
#define INIT_COMPRESSED_FILE 4

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s);
	size_t m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static int load_image(const void *image, size_t len)
{
	return syscall(SYS_init_module, image, len, "") ? -errno : 0;
}

/* Unpacks the module here, for kernels that cannot, or not this format. */
static int load_unpacked(int fd)
{
	struct stat st;
	uint8_t *image = NULL;
	size_t len = 0;
	void *in;
	int ret;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size <= 0 || st.st_size > MODULE_MAX)
		return -EFBIG;
	in = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (in == MAP_FAILED)
		return -errno;
	ret = decompress(in, (size_t)st.st_size, MODULE_MAX, &image, &len);
	munmap(in, (size_t)st.st_size);
	if (!ret)
		ret = load_image(image, len);
	free(image);
	return ret;
}

/* True when the kernel, which unpacks @kernel (NULL: nothing), can take the file itself. Asking it
 * for another format makes it complain on the console. */
static bool kernel_unpacks(const char *path, const char *kernel)
{
	static const char *const formats[][2] = {{".xz", "xz"}, {".zst", "zstd"}, {".gz", "gzip"}};

	for (size_t i = 0; kernel && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (ends_with(path, formats[i][0]))
			return !strncmp(kernel, formats[i][1], strlen(formats[i][1]));
	}
	return false;
}

static int load_module(const char *path, const char *kernel)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool packed = !ends_with(path, ".ko");
	int ret = -ENOEXEC;

	if (fd < 0)
		return -errno;
	if (!packed || kernel_unpacks(path, kernel))
		ret = syscall(SYS_finit_module, fd, "", packed ? INIT_COMPRESSED_FILE : 0) ? -errno
											   : 0;
	if (ret && ret != -EEXIST && packed)
		ret = load_unpacked(fd);
	close(fd);
	return ret == -EEXIST ? 0 : ret;
}

static const char *reason(int error)
{
	if (error == -ENOENT)
		return "not found, or symbols are missing";
	if (error == -ENOEXEC)
		return "made for another kernel, or damaged";
	if (error == -ENOTSUP || error == -EBADMSG)
		return "damaged, or not packed by gzip, xz or zstd";
	return strerror(-error);
}

void modules_load(const char *list)
{
	char *text = file_read(list, LIST_MAX);
	char *save = NULL;
	char *kernel;

	if (!text)
		return;
	kernel = file_read("/sys/module/compression", 16);
	for (char *path = strtok_r(text, "\n", &save); path; path = strtok_r(NULL, "\n", &save)) {
		int ret = load_module(path, kernel);

		if (ret)
			report_warn("module %s: %s", path, reason(ret));
	}
	free(kernel);
	free(text);
}
