/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include "virtio/blk.h"
#include "vmm/core/option/option.h"
#include "vmm/host/block/block.h"

#include <errno.h>
#include <string.h>

/* -drive and -blockdev: what disks stand on. */

static const char *const interfaces[] = {"none", "virtio", NULL};
static const char *const formats[] = {"raw", "qcow2", NULL};
static const char *const aios[] = {"threads", "native", "io_uring", NULL};
/* enum virtio_blk_on_error, and what stands for the usual. */
const char *const qemu_error_actions[] = {"report", "ignore", "stop", "enospc", "auto", NULL};
static const char *const drivers[] = {"file", "host_device", "raw", "qcow2", NULL};
static const char *const files[] = {"file", "host_device", NULL};
static const char *const disk_only[] = {"disk", NULL};
static const char *const off_only[] = {"off", NULL};
static const char *const ignore_only[] = {"ignore", "off", NULL};
static const char *const either[] = {"on", "off", NULL};
/* A write is durable after the guest's flush; those that promise less are kept all the same. */
static const char *const caches[] = {"writeback", "none", "unsafe", NULL};

/* clang-format off */
static const struct qemu_key drive_keys[] = {
	{.name = "file", QEMU_TEXT(struct qemu_drive, file), .help = "the image"},
	{.name = "if", QEMU_WORD(struct qemu_drive, interface), .words = interfaces,
	 .help = "none (a -device names it) or virtio (the disk comes with it)"},
	{.name = "id", QEMU_ID(struct qemu_drive, id), .help = "what -device and control commands call it"},
	{.name = "format", QEMU_WORD(struct qemu_drive, format), .words = formats,
	 .help = "raw or qcow2; unless given, by the header of the image, whose first sector a guest may then not "
		 "turn into that of another format"},
	{.name = "snapshot", QEMU_TRI(struct qemu_drive, snapshot), .help = "the image is never written"},
	{.name = "readonly", QEMU_TRI(struct qemu_drive, read_only_old), .help = "the guest cannot write it"},
	{.name = "read-only", QEMU_TRI(struct qemu_drive, read_only), .help = "the same"},
	{.name = "aio", QEMU_WORD(struct qemu_drive, aio), .words = aios, .help = "threads, io_uring, or native, which is either"},
	{.name = "werror", QEMU_WORD(struct qemu_drive, werror), .words = qemu_error_actions, .help = "when writing the image fails"},
	{.name = "rerror", QEMU_WORD(struct qemu_drive, rerror), .words = qemu_error_actions, .help = "when reading it fails"},
	{.name = "cache", .kind = QEMU_KEY_FIXED, .words = caches, .help = "no effect: always as writeback"},
	{.name = "media", .kind = QEMU_KEY_FIXED, .words = disk_only, .help = "there are no CD-ROM drives"},
	{.name = "discard", .kind = QEMU_KEY_FIXED, .words = ignore_only, .help = "not supported"},
	{.name = "detect-zeroes", .kind = QEMU_KEY_FIXED, .words = off_only, .help = "not supported"},
	{.name = "copy-on-read", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool", .help = "not supported"},
	{0},
};

static const struct qemu_key blockdev_keys[] = {
	{.name = "driver", QEMU_WORD(struct qemu_blockdev, driver), .words = drivers, .help = "file, host_device, raw or qcow2"},
	{.name = "node-name", QEMU_ID(struct qemu_blockdev, node_name), .help = "what -device and other nodes call it"},
	{.name = "filename", QEMU_TEXT(struct qemu_blockdev, filename), .help = "file: the image"},
	{.name = "file", QEMU_TEXT(struct qemu_blockdev, file), .help = "raw, qcow2: the node that has the image"},
	{.name = "file.driver", QEMU_WORD(struct qemu_blockdev, file_driver), .words = files, .help = "raw, qcow2: file"},
	{.name = "file.filename", QEMU_TEXT(struct qemu_blockdev, file_filename), .help = "raw, qcow2: the image"},
	{.name = "read-only", QEMU_TRI(struct qemu_blockdev, read_only), .help = "the guest cannot write it"},
	{.name = "aio", QEMU_WORD(struct qemu_blockdev, aio), .words = aios, .help = "as of -drive"},
	{.name = "cache.direct", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool", .help = "no effect"},
	{.name = "cache.no-flush", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool", .help = "no effect: flushes are done"},
	{.name = "discard", .kind = QEMU_KEY_FIXED, .words = ignore_only, .help = "not supported"},
	{.name = "detect-zeroes", .kind = QEMU_KEY_FIXED, .words = off_only, .help = "not supported"},
	{.name = "auto-read-only", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool", .help = "not supported"},
	{0},
};
/* clang-format on */

const struct qemu_key *const qemu_drive_tables[] = {drive_keys, NULL};
const struct qemu_key *const qemu_blockdev_tables[] = {blockdev_keys, NULL};

static const struct qemu_drive *find_drive(const struct qemu_line *line, const char *id)
{
	for (size_t i = 0; i < line->n_drives; i++)
		if (line->drives[i].id && strcmp(line->drives[i].id, id) == 0)
			return &line->drives[i];
	return NULL;
}

static const struct qemu_blockdev *find_node(const struct qemu_line *line, const char *name)
{
	for (size_t i = 0; i < line->n_blockdevs; i++)
		if (line->blockdevs[i].node_name && strcmp(line->blockdevs[i].node_name, name) == 0)
			return &line->blockdevs[i];
	return NULL;
}

/* @self: the one that was read last. */
static int check_name(const struct qemu_line *line, const char *name, const void *self,
		      const char *option, struct err *err)
{
	const struct qemu_drive *d = find_drive(line, name);
	const struct qemu_blockdev *b = find_node(line, name);

	if ((!d || d == self) && (!b || b == self))
		return 0;
	return err_set(err, -EINVAL, "%s: the id '%s' is given twice", option, name);
}

/* As QEMU calls those without an id. */
static int name_virtio_drive(const struct qemu_line *line, struct qemu_drive *d, struct err *err)
{
	unsigned int before = 0;
	char id[32];

	for (size_t i = 0; i + 1 < line->n_drives; i++)
		before += strcmp(line->drives[i].interface, "virtio") == 0;
	snprintf(id, sizeof(id), "virtio%u", before);
	return qemu_set(&d->id, id, err);
}

int qemu_read_drive(struct qemu_line *line, const char *arg, struct err *err)
{
	struct qemu_drive *d = &line->drives[line->n_drives];
	struct keyvals kv;
	int rc = qemu_one_more(&line->n_drives, "-drive", err);

	if (rc)
		return rc;
	rc = keyval_parse(&kv, "-drive", NULL, arg, err);
	if (!rc)
		rc = qemu_keys_fill(qemu_drive_tables, d, &kv, "-drive", err);
	keyval_fini(&kv);
	if (rc)
		return rc;
	if (!d->file || !*d->file)
		return err_set(err, -EINVAL, "-drive: file=IMAGE is missing");
	if (!d->interface)
		return err_set(err, -EINVAL,
			       "-drive: if= is missing, which stands for if=ide, and there is no "
			       "IDE; expected if=virtio, or if=none and a -device");
	if (!d->id && strcmp(d->interface, "none") == 0)
		return err_set(err, -EINVAL, "-drive: if=none needs id=ID, for a -device to name");
	rc = d->id ? 0 : name_virtio_drive(line, d, err);
	return rc ? rc : check_name(line, d->id, d, "-drive", err);
}

static int check_blockdev(const struct qemu_blockdev *b, struct err *err)
{
	bool is_file = strcmp(b->driver, "file") == 0 || strcmp(b->driver, "host_device") == 0;

	if (is_file && (!b->filename || b->file || b->file_filename))
		return err_set(err, -EINVAL, "%s needs filename=IMAGE, and no file", b->driver);
	if (!is_file && (b->filename || !b->file == !b->file_filename))
		return err_set(err, -EINVAL,
			       "%s needs file=NODE or file.driver=file,file.filename=IMAGE, one of "
			       "the two",
			       b->driver);
	return 0;
}

int qemu_read_blockdev(struct qemu_line *line, const char *arg, struct err *err)
{
	struct qemu_blockdev *b = &line->blockdevs[line->n_blockdevs];
	struct keyvals kv;
	int rc = qemu_one_more(&line->n_blockdevs, "-blockdev", err);

	if (rc)
		return rc;
	rc = *arg == '{' ? keyval_parse_json(&kv, "-blockdev", arg, err)
			 : keyval_parse(&kv, "-blockdev", "driver", arg, err);
	if (!rc)
		rc = qemu_keys_fill(qemu_blockdev_tables, b, &kv, "-blockdev", err);
	keyval_fini(&kv);
	if (rc)
		return rc;
	if (!b->driver || !b->node_name)
		return err_set(err, -EINVAL, "-blockdev: expected DRIVER,node-name=NAME,...");
	rc = check_blockdev(b, err);
	if (rc)
		err_prefix(err, "-blockdev %s", b->node_name);
	return rc ? rc : check_name(line, b->node_name, b, "-blockdev", err);
}

static uint32_t aio_of(const char *aio)
{
	if (aio && strcmp(aio, "threads") == 0)
		return BLOCK_AIO_THREADS;
	return aio && strcmp(aio, "io_uring") == 0 ? BLOCK_AIO_URING : BLOCK_AIO_AUTO;
}

uint32_t qemu_error_action(const char *word, uint32_t otherwise)
{
	for (uint32_t i = VIRTIO_BLK_REPORT; word && i <= VIRTIO_BLK_ENOSPC; i++)
		if (strcmp(qemu_error_actions[i], word) == 0)
			return i;
	return otherwise;
}

static int fill_from_drive(const struct qemu_line *line, const struct qemu_drive *d,
			   struct disk_config *disk, struct err *err)
{
	int rc = qemu_set(&disk->path, d->file, err);

	if (!rc)
		rc = qemu_set(&disk->format, d->format ? d->format : "auto", err);
	disk->snapshot = line->snapshot ? d->snapshot != TRI_OFF : d->snapshot == TRI_ON;
	disk->read_only = d->read_only == TRI_ON || d->read_only_old == TRI_ON;
	disk->aio = aio_of(d->aio);
	disk->on_read_error = qemu_error_action(d->rerror, VIRTIO_BLK_REPORT);
	disk->on_write_error = qemu_error_action(d->werror, VIRTIO_BLK_ENOSPC);
	return rc;
}

/* The file of a node: its own, or that of the node below. NULL and @err. */
static const struct qemu_blockdev *file_node(const struct qemu_line *line,
					     const struct qemu_blockdev *b, struct err *err)
{
	const struct qemu_blockdev *below = b->file ? find_node(line, b->file) : b;
	char quoted[OPTION_QUOTE_SIZE];

	if (!below || (below != b && !below->filename)) {
		err_set(err, -EINVAL,
			"-blockdev %s: file: there is no -blockdev of driver file called %s",
			b->node_name, option_quote(b->file, quoted, sizeof(quoted)));
		return NULL;
	}
	return below;
}

static int fill_from_node(const struct qemu_line *line, const struct qemu_blockdev *b,
			  struct disk_config *disk, struct err *err)
{
	const struct qemu_blockdev *file = file_node(line, b, err);
	bool qcow2 = strcmp(b->driver, "qcow2") == 0;
	int rc;

	if (!file)
		return -EINVAL;
	rc = qemu_set(&disk->path, file->filename ? file->filename : file->file_filename, err);
	if (!rc)
		rc = qemu_set(&disk->format, qcow2 ? "qcow2" : "raw", err);
	disk->snapshot = line->snapshot;
	disk->read_only = b->read_only == TRI_ON || file->read_only == TRI_ON;
	disk->aio = aio_of(file->aio);
	disk->on_read_error = VIRTIO_BLK_REPORT;
	disk->on_write_error = VIRTIO_BLK_ENOSPC;
	return rc;
}

int qemu_drive_config(const struct qemu_line *line, const char *id, struct disk_config *disk,
		      const char *what, struct err *err)
{
	const struct qemu_drive *d = find_drive(line, id);
	const struct qemu_blockdev *b = find_node(line, id);
	char quoted[OPTION_QUOTE_SIZE];

	if (d)
		return fill_from_drive(line, d, disk, err);
	if (b)
		return fill_from_node(line, b, disk, err);
	return err_set(err, -EINVAL, "%s: drive: there is no -drive or -blockdev called %s", what,
		       option_quote(id, quoted, sizeof(quoted)));
}
