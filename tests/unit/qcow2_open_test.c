/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/qcow2_fixture.h"

/* qcow2 images that are refused, that lie, and that are guessed. */

/* ---- what is refused ---- */

START_TEST(refuses_what_it_cannot_read_by_name)
{
	static const struct {
		unsigned int offset;
		uint32_t value;
		const char *what;
	} rows[] = {
		{QCOW2_H_MAGIC, 0x12345678, "is no qcow2 image"},
		{QCOW2_H_VERSION, 1, "qcow version 1; must be 2 or 3"},
		{QCOW2_H_VERSION, 4, "qcow version 4"},
		{QCOW2_H_CLUSTER_BITS, 8, "cluster_bits 8; must be 9 to 21"},
		{QCOW2_H_CLUSTER_BITS, 22, "cluster_bits 22"},
		{QCOW2_H_CRYPT_METHOD, 1, "is encrypted"},
		{QCOW2_H_INCOMPATIBLE + 4, 1U << 2, "has an external data file"},
		{QCOW2_H_INCOMPATIBLE + 4, 1U << 4, "has extended L2 entries"},
		{QCOW2_H_INCOMPATIBLE + 4, 1U << 9, "needs feature 9 (no name given)"},
		{QCOW2_H_INCOMPATIBLE, 1U << 31, "needs feature 63"},
		{QCOW2_H_REFCOUNT_ORDER, 7, "refcount_order 7; must be 0 to 6"},
		{QCOW2_H_HEADER_LENGTH, 96, "header_length 96"},
		{QCOW2_H_HEADER_LENGTH, UINT32_MAX, "header_length"},
		{QCOW2_H_L1_SIZE, 0, "is too short"},
		{QCOW2_H_L1_SIZE, UINT32_MAX, "at most"},
		{QCOW2_H_REFTABLE_CLUSTERS, UINT32_MAX, "at most"},
		{QCOW2_H_REFTABLE_CLUSTERS, 0, "is misplaced"},
		{QCOW2_H_L1_TABLE_OFFSET + 4, 0x30200, "is misplaced"},
		{QCOW2_H_L1_TABLE_OFFSET, 0xff000000, "is misplaced"},
		{QCOW2_H_BACKING_OFFSET + 4, 0x20000, "name of the backing file"},
		{QCOW2_H_SIZE, 0x80000000, "at most 2^56"},
		{QCOW2_H_SIZE + 4, 511, "a disk of 511 bytes"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		shell("qemu-img create -q -f qcow2 image 1M");
		put32(rows[i].offset, rows[i].value);
		refused(true, rows[i].what);
		refused(false, rows[i].what);
	}
	shell("rm image && truncate -s 1M image");
	refused(false, "is no qcow2 image; leave out format=qcow2");
}
END_TEST

START_TEST(names_an_unknown_feature_by_the_images_own_table)
{
	uint8_t cluster[4096];
	size_t at = 0;

	shell("qemu-img create -q -f qcow2 image 1M");
	put32(QCOW2_H_INCOMPATIBLE + 4, 1U << 5);
	/* qemu-img's table has no bit 5: the entry of bit 0 becomes one. */
	file_bytes(0, cluster, sizeof(cluster), false);
	while (memcmp(cluster + at, "dirty bit", 9) != 0)
		ck_assert_uint_lt(++at, sizeof(cluster) - 9);
	cluster[at - 1] = 5;
	memcpy(cluster + at, "teleport\n", 9);
	file_bytes(0, cluster, sizeof(cluster), true);
	refused(true, "needs feature 5 (teleport?)");
}
END_TEST

START_TEST(refuses_to_write_what_it_would_spoil)
{
	struct block *blk;

	shell("qemu-img create -q -f qcow2 image 1M");
	put32(QCOW2_H_INCOMPATIBLE + 4, QCOW2_INCOMPAT_DIRTY);
	refused(false, "run qemu-img check -r all");
	block_destroy(open_good(true));
	shell("qemu-img check -q -r all image");
	block_destroy(open_good(false));

	put32(QCOW2_H_INCOMPATIBLE + 4, QCOW2_INCOMPAT_CORRUPT);
	refused(false, "is marked corrupt; run qemu-img check -r all");
	blk = open_with("qcow2", false, true, false);
	ck_assert_msg(blk != NULL, "%s", err.text);
	block_destroy(blk);

	shell("qemu-img create -q -f qcow2 image 1M && qemu-img bitmap --add image b");
	refused(false, "has dirty bitmaps");
	block_destroy(open_good(true));
	shell("qemu-img bitmap --remove image b");
	block_destroy(open_good(false));
}
END_TEST

START_TEST(clears_features_that_others_would_rely_on)
{
	shell("qemu-img create -q -f qcow2 image 1M");
	put64(QCOW2_H_AUTOCLEAR, 1ULL << 40);
	block_destroy(open_good(true));
	ck_assert_uint_eq(get64(QCOW2_H_AUTOCLEAR), 1ULL << 40);
	block_destroy(open_good(false));
	ck_assert_uint_eq(get64(QCOW2_H_AUTOCLEAR), 0);
}
END_TEST

START_TEST(refuses_to_write_where_tables_overlap)
{
	uint64_t reftable, l1;

	shell("qemu-img create -q -f qcow2 image 1M && qemu-io -c 'write 0 64k' image >log");
	reftable = get64(QCOW2_H_REFTABLE_OFFSET);
	l1 = get64(QCOW2_H_L1_TABLE_OFFSET);
	put64(reftable, l1);
	refused(false, "refcount block at 0x30000 overlaps other metadata; the image is damaged");
	block_destroy(open_good(true));
	put64(reftable, 0x200);
	refused(false, "lies between clusters");
	shell("qemu-img create -q -f qcow2 image 1M && qemu-img snapshot -c one image");
	put64(get64(QCOW2_H_SNAPSHOTS_OFFSET), 0);
	refused(false, "L1 table of a snapshot at 0 overlaps");
}
END_TEST

START_TEST(names_what_is_wrong_with_a_backing_file)
{
	shell("qemu-img create -q -f qcow2 -u -F raw -b missing image 1M");
	refused(true, "backing file: disk image");
	refused(true, "/missing: no such file");
	shell("qemu-img create -q -f qcow2 -u -F raw -b nbd://host/x image 1M");
	refused(true, "backing file \"nbd://host/x\": must be a file on this host");
	shell("qemu-img create -q -f qcow2 -u -F vmdk -b image2 image 1M && truncate -s 1M image2");
	refused(true, "backing file of format \"vmdk\"");
	shell("qemu-img create -q -f qcow2 -u -F qcow2 -b image image2 1M && mv image2 image");
	refused(true, "is a backing file of itself");
	refused(false, "is a backing file of itself");
	shell("qemu-img create -q -f qcow2 -u -F qcow2 -b image image2 1M && "
	      "qemu-img create -q -f qcow2 -u -F qcow2 -b image2 image 1M");
	refused(false, "is a backing file of itself");
	shell("qemu-img create -q -f qcow2 c0 1M; for i in $(seq 1 20); do "
	      "qemu-img create -q -f qcow2 -u -F qcow2 -b c$((i - 1)) c$i 1M; done; mv c20 image");
	refused(false, "has more than 15 backing files");
}
END_TEST

/* ---- images that lie ---- */

static uint64_t l2_entry_at(void)
{
	return get64(get64(QCOW2_H_L1_TABLE_OFFSET)) & QCOW2_OFFSET_MASK;
}

START_TEST(metadata_is_never_written_as_data)
{
	static const uint64_t targets[] = {0, 0x10000, 0x20000, 0x30000, 0x40000};
	struct block *blk;

	for (size_t i = 0; i < 5; i++) {
		uint64_t entry;

		shell("qemu-img create -q -f qcow2 image 1M && "
		      "qemu-io -c 'write 0 128k' image >log");
		entry = l2_entry_at();
		ck_assert_uint_eq(entry, 0x40000);
		/* Offset 0 cannot be named by an entry that is not 0; the others can. */
		put64(entry, i ? targets[i] | QCOW2_OFLAG_COPIED : 0x7fff0000 | QCOW2_OFLAG_COPIED);
		shell("cp image copy");
		log_set_level(-1);
		blk = open_good(false);
		memset(bytes, 0, 65536);
		ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 0, bytes, 65536), -EIO);
		/* Nothing more is allocated; what is there can be read and written. */
		ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 131072, bytes, 65536), -EIO);
		ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 65536, bytes, 512), 0);
		ck_assert_int_eq(byte_at(blk, 65536), 0);
		ck_assert_int_eq(byte_at(blk, 66048), 0xcd);
		block_destroy(blk);
		shell("cmp -n 393216 image copy");
	}
}
END_TEST

START_TEST(free_clusters_that_hold_metadata_are_not_given_away)
{
	struct block *blk;

	shell("qemu-img create -q -f qcow2 image 1M && qemu-io -c 'write 0 64k' image >log");
	/* The refcount of the L2 table becomes 0. */
	put32(get64(get64(QCOW2_H_REFTABLE_OFFSET)) + 8, 0x00000001);
	shell("cp image copy");
	log_set_level(-1);
	blk = open_good(false);
	memset(bytes, 0x55, 65536);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 131072, bytes, 65536), -EIO);
	block_destroy(blk);
	shell("cmp image copy");
}
END_TEST

START_TEST(bad_entries_are_errors_of_their_sectors)
{
	static const uint64_t entries[] = {
		0x50200,				     /* between clusters */
		QCOW2_OFLAG_COMPRESSED | 0x50000,	     /* no compressed data */
		QCOW2_OFLAG_COMPRESSED | 0x3fffffffffffffff, /* the end of the world */
		QCOW2_OFLAG_COMPRESSED | 0x0000000000010000,
	};
	struct block *blk;

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		shell("qemu-img create -q -f qcow2 image 1M && "
		      "qemu-io -c 'write 0 128k' image >log");
		put64(l2_entry_at(), entries[i]);
		log_set_level(-1);
		blk = open_good(true);
		ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, bytes, 4096), -EIO);
		ck_assert_int_eq(byte_at(blk, 65536), 0xcd);
		block_destroy(blk);
	}
}
END_TEST

/* ---- probing ---- */

START_TEST(probed_image_is_qcow2_by_its_magic_and_raw_otherwise)
{
	struct block *blk;

	shell("qemu-img create -q -f qcow2 image 3M");
	blk = open_with(NULL, false, false, true);
	ck_assert_msg(blk && !strcmp(block_describe(blk), "qcow2"), "%s", err.text);
	ck_assert_uint_eq(blk->size, 3 * SIZE);
	block_destroy(blk);
	/* Not asked to look. */
	blk = open_with(NULL, false, false, false);
	ck_assert_ptr_nonnull(strstr(block_describe(blk), "raw/"));
	block_destroy(blk);
	make_image(SIZE);
	blk = open_with(NULL, false, false, true);
	ck_assert_ptr_nonnull(strstr(block_describe(blk), "raw/"));
	block_destroy(blk);
}
END_TEST

START_TEST(guessed_raw_image_cannot_become_another_format)
{
	static const struct {
		unsigned int at, len;
		const char *magic;
	} headers[] = {
		{0, 4, "QFI\xfb"},
		{0, 4, "QED\0"},
		{0, 4, "KDMV"},
		{0, 4, "COWD"},
		{0, 21, "# Disk DescriptorFile"},
		{0x40, 4, "\x7f\x10\xda\xbe"},
		{0, 8, "vhdxfile"},
		{0, 8, "conectix"},
		{0, 6, "LUKS\xba\xbe"},
		{0, 16, "WithoutFreeSpace"},
		{0, 16, "WithouFreSpacExt"},
	};
	struct block *blk;

	make_image(SIZE);
	log_set_level(LOG_LEVEL_ERROR);
	blk = open_with(NULL, false, false, true);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		uint8_t two[1024] = {0};

		memcpy(two + headers[i].at, headers[i].magic, headers[i].len);
		ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 0, two, 512), -EPERM);
		ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 0, two, 1024), -EPERM);
		ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 512, two, 512), 0);
	}
	ck_assert_int_eq(byte_at(blk, 5), pattern_at(5));
	write_at(blk, 0, 1024, 0x33);
	ck_assert_int_eq(byte_at(blk, 5), 0x33);
	ck_assert_int_eq(block_resize(blk, 2 * SIZE, &err), 0);
	ck_assert_uint_eq(blk->size, 2 * SIZE);
	block_destroy(blk);
	/* Who says raw means it. */
	blk = open_with("raw", false, false, false);
	st_be32(bytes, QCOW2_MAGIC);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 0, bytes, 512), 0);
	block_destroy(blk);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("qcow2_open");
	TCase *all = tcase_create("qcow2");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, refuses_what_it_cannot_read_by_name);
	tcase_add_test(all, names_an_unknown_feature_by_the_images_own_table);
	tcase_add_test(all, refuses_to_write_what_it_would_spoil);
	tcase_add_test(all, clears_features_that_others_would_rely_on);
	tcase_add_test(all, refuses_to_write_where_tables_overlap);
	tcase_add_test(all, names_what_is_wrong_with_a_backing_file);
	tcase_add_test(all, metadata_is_never_written_as_data);
	tcase_add_test(all, free_clusters_that_hold_metadata_are_not_given_away);
	tcase_add_test(all, bad_entries_are_errors_of_their_sectors);
	tcase_add_test(all, probed_image_is_qcow2_by_its_magic_and_raw_otherwise);
	tcase_add_test(all, guessed_raw_image_cannot_become_another_format);
	suite_add_tcase(suite, all);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
