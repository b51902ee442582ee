/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/probe.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * Headers of image formats, as programs that guess a format recognise them. What a guest may not
 * turn a raw image into is all of these: the next one who opens it might follow a backing file that
 * the guest has named.
 */
static const struct {
	const char *format;
	unsigned int offset;
	unsigned int len;
	const char *magic;
} headers[] = {
	{"qcow2", 0, 4, "QFI\xfb"}, /* qcow of version 1 too */
	{"qed", 0, 4, "QED\0"},
	{"vmdk", 0, 4, "KDMV"},
	{"vmdk", 0, 4, "COWD"},
	{"vmdk", 0, 21, "# Disk DescriptorFile"},
	{"vdi", 0x40, 4, "\x7f\x10\xda\xbe"},
	{"vhdx", 0, 8, "vhdxfile"},
	{"vpc", 0, 8, "conectix"},
	{"luks", 0, 6, "LUKS\xba\xbe"},
	{"parallels", 0, 16, "WithoutFreeSpace"},
	{"parallels", 0, 16, "WithouFreSpacExt"},
	{"bochs", 0, 22, "Bochs Virtual HD Image"},
	{"cloop", 0, 16, "#!/bin/sh\n#V2.0 "},
};

const char *probe_sector(const uint8_t *sector)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (!memcmp(sector + headers[i].offset, headers[i].magic, headers[i].len))
			return headers[i].format;
	return NULL;
}

int probe_file(const struct raw_file *file, const char **format, struct err *err)
{
	uint8_t sector[BLOCK_SECTOR] = {0};
	ssize_t n;

	do
		n = pread(file->fd, sector, sizeof(sector), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(err, errno, "disk image %s: first sector", file->path);
	*format = probe_sector(sector);
	return 0;
}
