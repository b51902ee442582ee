/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(struct file *file, int fd, const char *path, struct err *err)
{
	size_t used = 0;

	while (used < file->len) {
		ssize_t n = read(fd, file->data + used, file->len - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, errno, "%s", path);
		if (n == 0)
			break;
		used += (size_t)n;
	}
	file->len = used;
	file->data[used] = '\0';
	return 0;
}

int file_load(struct file *file, const char *path, size_t max, struct err *err)
{
	/* Non-blocking, so that a pipe given by mistake is refused rather than waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int ret;

	*file = (struct file){.data = NULL};
	if (fd < 0)
		return err_set_errno(err, errno, "%s", path);
	if (fstat(fd, &st))
		ret = err_set_errno(err, errno, "%s", path);
	else if (!S_ISREG(st.st_mode))
		ret = err_set(err, -EINVAL, "%s: not a regular file", path);
	else if ((uint64_t)st.st_size > max)
		ret = err_set(err, -EFBIG, "%s: larger than %zu MiB", path, max >> 20);
	else if (!(file->data = malloc((size_t)st.st_size + 1)))
		ret = err_set(err, -ENOMEM, "%s: no memory", path);
	else {
		file->len = (size_t)st.st_size;
		file->mode = st.st_mode & 07777;
		ret = read_all(file, fd, path, err);
	}
	close(fd);
	if (ret)
		file_fini(file);
	return ret;
}

void file_fini(struct file *file)
{
	free(file->data);
	*file = (struct file){.data = NULL};
}
