/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/qcow2_fixture.h"

/*
 * qcow2 images made by qemu-img, read and written here, and judged by qemu-img again. What every
 * driver must do is in block_test.c, what is refused in qcow2_open_test.c, what a kill leaves in
 * qcow2_kill_test.c.
 */

static uint8_t wanted[8 * SIZE];

/* ---- backing files ---- */
/* Makes the header's extension one that nobody knows. */
static void forget_backing_format(void)
{
	uint8_t start[512];
	size_t at = 0;

	file_bytes(0, start, sizeof(start), false);
	while (ld_be32(start + at) != QCOW2_EXT_BACKING_FORMAT)
		ck_assert_uint_lt(++at, sizeof(start) - 4);
	put32(at, 0x11111111);
}

START_TEST(backing_file_is_found_beside_the_image_and_raw_unless_named)
{
	struct block *blk;

	make_image(SIZE);
	/* A chain of both kinds, in which the format of the raw one is not named any more. */
	shell("mkdir -p sub && mv image sub/raw && cd sub && "
	      "qemu-img create -q -f qcow2 -F raw -b raw top 1M && mv top ../image");
	forget_backing_format();
	shell("mv image sub/mid && qemu-img create -q -f qcow2 -F qcow2 -b sub/mid image 1M");
	blk = open_good(false);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, bytes, SIZE), 0);
	for (size_t i = 0; i < SIZE; i++)
		ck_assert_uint_eq(bytes[i], pattern_at(i));
	block_destroy(blk);
	/* What a guest wrote into a raw disk is not to be believed. */
	forget_backing_format();
	shell("qemu-img info image | grep -q 'backing file: sub/mid' && "
	      "! qemu-img info image | grep -q 'backing file format'");
	refused(false, "sub/mid: looks like qcow2, but the image above it does not say so");
	shell("rm -r sub");
}
END_TEST

START_TEST(backing_file_may_have_another_size)
{
	struct block *blk;

	/* Smaller, and not even whole sectors. */
	make_image(SIZE / 2 + 100);
	shell("mv image base && qemu-img create -q -f qcow2 -u -F raw -b base image 1M");
	blk = open_good(false);
	ck_assert_int_eq(byte_at(blk, SIZE / 2 + 99), pattern_at(SIZE / 2 + 99));
	ck_assert_int_eq(byte_at(blk, SIZE / 2 + 100), 0);
	ck_assert_int_eq(byte_at(blk, SIZE - 1), 0);
	write_at(blk, SIZE / 2 + 1024, 512, 7);
	block_destroy(blk);
	check_clean();
	blk = open_good(true);
	ck_assert_int_eq(byte_at(blk, SIZE / 2 + 99), pattern_at(SIZE / 2 + 99));
	ck_assert_int_eq(byte_at(blk, SIZE / 2 + 512), 0);
	ck_assert_int_eq(byte_at(blk, SIZE / 2 + 1024), 7);
	block_destroy(blk);
	/* Larger: what the disk does not have is not copied into its last cluster either. */
	make_image(SIZE);
	shell("mv image base && qemu-img create -q -f qcow2 -u -F raw -b base image 100k");
	blk = open_good(false);
	ck_assert_uint_eq(blk->size, 100 * 1024);
	write_at(blk, 99 * 1024, 1024, 7);
	ck_assert_int_eq(block_resize(blk, 200 * 1024, &err), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, "backing file is larger"));
	block_destroy(blk);
	shell("qemu-img rebase -u -b '' image");
	blk = open_good(false);
	ck_assert_int_eq(block_resize(blk, 200 * 1024, &err), 0);
	ck_assert_int_eq(byte_at(blk, 100 * 1024 - 1), 7);
	for (uint64_t at = 100 * 1024; at < 200 * 1024; at += 512)
		ck_assert_int_eq(byte_at(blk, at), 0);
	block_destroy(blk);
	check_clean();
}
END_TEST

/* ---- snapshots ---- */

START_TEST(snapshot_keeps_what_it_had)
{
	struct block *blk;

	make_image(SIZE);
	shell("qemu-img convert -O qcow2 -o %s image i && mv i image && "
	      "qemu-img snapshot -c one image",
	      _i ? "cluster_size=512" : "cluster_size=64k");
	blk = open_good(false);
	for (unsigned int i = 0; i < 50; i++)
		write_at(blk, (i * 37 % 1024) * 1024ULL, 1024 + 512 * (i % 3), 0xa0 + (int)i % 16);
	block_destroy(blk);
	check_clean();
	/* A second one, of the changed disk, and changes again. */
	shell("qemu-img snapshot -c two image");
	blk = open_good(false);
	write_at(blk, 0, SIZE, 0x11);
	ck_assert_int_eq(byte_at(blk, SIZE - 1), 0x11);
	block_destroy(blk);
	check_clean();
	shell("qemu-img snapshot -d two image");
	check_clean();
	shell("qemu-img snapshot -a one image && qemu-img snapshot -d one image");
	check_clean();
	blk = open_good(true);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, bytes, SIZE), 0);
	for (size_t i = 0; i < SIZE; i++)
		ck_assert_uint_eq(bytes[i], pattern_at(i));
	block_destroy(blk);
}
END_TEST

START_TEST(overlay_leaves_the_image_alone)
{
	struct block *blk;

	make_image(SIZE);
	shell("qemu-img convert -c -O qcow2 image i && mv i image && sha256sum image >sum");
	blk = open_with("qcow2", false, true, false);
	ck_assert_msg(blk != NULL, "%s", err.text);
	ck_assert_str_eq(block_describe(blk), "overlay");
	write_at(blk, 4096, 65536, 0x77);
	ck_assert_int_eq(byte_at(blk, 4096), 0x77);
	ck_assert_int_eq(byte_at(blk, 4095), pattern_at(4095));
	ck_assert_int_eq(block_resize(blk, 2 * SIZE, &err), 0);
	ck_assert_int_eq(byte_at(blk, 2 * SIZE - 1), 0);
	block_destroy(blk);
	shell("sha256sum --status -c sum");
}
END_TEST

/* ---- growth ---- */

START_TEST(grows_beyond_every_table)
{
	struct block *blk;

	/* With clusters of 512 bytes an L1 cluster is of 2 MiB, a refcount table cluster of 8 MiB.
	 */
	shell("qemu-img create -q -f qcow2 -o cluster_size=512,refcount_bits=%s image 1000448",
	      _i ? "64" : "16");
	blk = open_good(false);
	memset(wanted, 0, sizeof(wanted));
	write_at(blk, 1000448 - 512, 512, 0xee);
	wanted[1000447] = 0xee;
	ck_assert_int_eq(block_resize(blk, sizeof(bytes), &err), 0);
	ck_assert_uint_eq(blk->size, sizeof(bytes));
	ck_assert_int_eq(byte_at(blk, 1000447), 0xee);
	ck_assert_int_eq(byte_at(blk, 1000448), 0);
	for (size_t i = 0; i < sizeof(wanted); i++)
		wanted[i] = (uint8_t)(i / 512 * 3 + i);
	for (size_t at = 0; at < sizeof(wanted); at += 65536)
		ck_assert_int_eq(run_job(blk, BLOCK_WRITE, at, wanted + at, 65536), 0);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, bytes, sizeof(bytes)), 0);
	ck_assert_mem_eq(bytes, wanted, sizeof(bytes));
	block_destroy(blk);
	check_clean();
	blk = open_good(true);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, bytes, sizeof(bytes)), 0);
	ck_assert_mem_eq(bytes, wanted, sizeof(bytes));
	block_destroy(blk);
	shell("qemu-img convert -O raw image raw && test $(stat -c %%s raw) = 8388608");
}
END_TEST

START_TEST(resize_is_there_for_others_and_refuses_the_impossible)
{
	struct block *blk;

	shell("qemu-img create -q -f qcow2 image 1M");
	blk = open_good(false);
	ck_assert_int_eq(block_resize(blk, 3 * SIZE + 512, &err), 0);
	ck_assert_int_eq(block_resize(blk, SIZE, &err), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, "qemu-img resize --shrink"));
	ck_assert_int_eq(block_resize(blk, INT64_MAX / 512 * 512, &err), -EFBIG);
	/* It is in the file before the disk is closed. */
	ck_assert_uint_eq(get64(QCOW2_H_SIZE), 3 * SIZE + 512);
	write_at(blk, 3 * SIZE, 512, 5);
	block_destroy(blk);
	check_clean();
	blk = open_good(true);
	ck_assert_uint_eq(blk->size, 3 * SIZE + 512);
	ck_assert_int_eq(byte_at(blk, 3 * SIZE), 5);
	ck_assert_int_eq(block_resize(blk, 4 * SIZE, &err), -EROFS);
	block_destroy(blk);
}
END_TEST

START_TEST(free_clusters_are_used_before_the_file_grows)
{
	struct stat before, after;
	struct block *blk;

	shell("qemu-img create -q -f qcow2 image 4M && "
	      "qemu-io -c 'write 0 2M' -c 'write 2M 64k' image >log && "
	      "qemu-io -c 'discard 0 1M' image >log");
	ck_assert_int_eq(stat(image, &before), 0);
	blk = open_good(false);
	write_at(blk, 3 * SIZE, SIZE / 2, 9);
	block_destroy(blk);
	check_clean();
	ck_assert_int_eq(stat(image, &after), 0);
	ck_assert_int_eq(before.st_size, after.st_size);
}
END_TEST

/* What a rewrite of compressed clusters frees can be used again: the file does not grow for ever.
 */
START_TEST(freed_clusters_are_used_again)
{
	struct block *blk;
	struct stat st;

	make_image(SIZE);
	shell("qemu-img convert -c -O qcow2 -o cluster_size=4k image i && mv i image");
	blk = open_good(false);
	for (size_t at = 0; at < SIZE; at += 65536) {
		write_at(blk, at, 65536, 3);
		ck_assert_int_eq(run_job(blk, BLOCK_FLUSH, 0, NULL, 0), 0);
	}
	block_destroy(blk);
	check_clean();
	ck_assert_int_eq(stat(image, &st), 0);
	ck_assert_int_lt(st.st_size, SIZE + 4 * 65536);
}
END_TEST

/* ---- closing, locks, the keeper ---- */

/* Children of this process. */
static unsigned int children(void)
{
	char path[64], list[256] = "";
	unsigned int n = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	in = fopen(path, "re");
	if (in) {
		if (fgets(list, sizeof(list), in))
			for (const char *p = list; *p; p++)
				n += *p == ' ';
		fclose(in);
	}
	return n;
}

START_TEST(keeper_comes_and_goes_with_a_writable_image)
{
	struct block *blk;

	shell("qemu-img create -q -f qcow2 image 1M");
	ck_assert_uint_eq(children(), 0);
	blk = open_good(true);
	ck_assert_uint_eq(children(), 0);
	block_destroy(blk);
	for (int i = 0; i < 3; i++) {
		blk = open_good(false);
		ck_assert_uint_eq(children(), 1);
		ck_assert_ptr_null(open_with("qcow2", true, false, false));
		ck_assert_int_eq(err.code, -EBUSY);
		block_destroy(blk);
		ck_assert_uint_eq(children(), 0);
	}
}
END_TEST

/* Without a flush, what was written is in the image some seconds later all the same. */
START_TEST(metadata_is_written_after_a_while)
{
	struct block *blk;

	shell("qemu-img create -q -f qcow2 image 1M");
	blk = open_good(false);
	write_at(blk, 0, 4096, 0x42);
	ck_assert_uint_eq(get64(get64(QCOW2_H_L1_TABLE_OFFSET)), 0);
	for (int i = 0; i < 100 && !get64(get64(QCOW2_H_L1_TABLE_OFFSET)); i++)
		ck_assert_int_ge(loop_run_once(loop, 100, &err), 0);
	ck_assert_uint_ne(get64(get64(QCOW2_H_L1_TABLE_OFFSET)), 0);
	block_destroy(blk);
	check_clean();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("qcow2");
	TCase *all = tcase_create("qcow2");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, backing_file_is_found_beside_the_image_and_raw_unless_named);
	tcase_add_test(all, backing_file_may_have_another_size);
	tcase_add_loop_test(all, snapshot_keeps_what_it_had, 0, 2);
	tcase_add_test(all, overlay_leaves_the_image_alone);
	tcase_add_loop_test(all, grows_beyond_every_table, 0, 2);
	tcase_add_test(all, resize_is_there_for_others_and_refuses_the_impossible);
	tcase_add_test(all, free_clusters_are_used_before_the_file_grows);
	tcase_add_test(all, freed_clusters_are_used_again);
	tcase_add_test(all, keeper_comes_and_goes_with_a_writable_image);
	tcase_add_test(all, metadata_is_written_after_a_while);
	suite_add_tcase(suite, all);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
