/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/virtio_blk_fixture.h"

/* Reads that the backend answers at once. */

/* A chain of its own for a read of @sectors at @sector into @to: descriptors from 3 * @n on. */
static void read_into(uint16_t n, uint64_t sector, gpa_t to, uint32_t sectors)
{
	gpa_t header = 0x80000 + 32ULL * n;
	uint8_t bytes[17] = {0};

	st_le64(bytes + 8, sector);
	bytes[16] = 0xff;
	ck_assert_int_eq(guest_mem_write(mem, header, bytes, sizeof(bytes)), 0);
	put_desc((uint16_t)(3 * n), header, 16, VIRTQ_DESC_F_NEXT, (uint16_t)(3 * n + 1));
	put_desc((uint16_t)(3 * n + 1), to, 512 * sectors, VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT,
		 (uint16_t)(3 * n + 2));
	put_desc((uint16_t)(3 * n + 2), header + 16, 1, VIRTQ_DESC_F_WRITE, 0);
	ck_assert_int_eq(
		guest_mem_store_le16(mem, AVAIL + 4 + 2ULL * (avail_idx % 128), (uint16_t)(3 * n)),
		0);
	ck_assert_int_eq(guest_mem_store_le16(mem, AVAIL + 2, ++avail_idx), 0);
}

static uint8_t status_of(uint16_t n)
{
	return byte_at(0x80010 + 32ULL * n);
}

static bool serve_once(void)
{
	bool more;

	device_lock(&vd->dev);
	more = vd->ops->serve(vd, 0);
	device_unlock(&vd->dev);
	return more;
}

START_TEST(answered_read_is_returned_before_serve_ends)
{
	now_result = 512;
	request(VIRTIO_BLK_T_IN, 2);
	serve();
	ck_assert_uint_eq(now_calls, 1);
	ck_assert_uint_eq(n_in_flight, 0);
	ck_assert_uint_eq(used_idx(), 1);
	ck_assert_uint_eq(interrupts, 1);
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_OK);
	/* Both segments are at DATA; the second came last. */
	ck_assert_uint_eq(byte_at(DATA), 2);
	ck_assert_uint_eq(byte_at(DATA + 255), 2);
	ck_assert_uint_eq(byte_at(DATA + 256), 0);
}
END_TEST

START_TEST(a_batch_is_one_call_and_one_interrupt)
{
	now_result = 512;
	for (uint16_t n = 0; n < 5; n++)
		read_into(n, 10U + n, DATA + 512ULL * n, 1);
	serve();
	ck_assert_uint_eq(now_calls, 1);
	ck_assert_uint_eq(now_reads, 5);
	ck_assert_uint_eq(used_idx(), 5);
	ck_assert_uint_eq(interrupts, 1);
	for (uint16_t n = 0; n < 5; n++) {
		ck_assert_uint_eq(status_of(n), VIRTIO_BLK_S_OK);
		ck_assert_uint_eq(byte_at(DATA + 512ULL * n), 11U + n);
		ck_assert_uint_eq(byte_at(DATA + 512ULL * n + 511), 11U + n);
	}
}
END_TEST

/* Whatever the reason, and one that does not end where it should is as good as none. */
START_TEST(read_that_did_not_give_all_is_made_again_with_its_buffer)
{
	static const int results[] = {-EAGAIN, -EIO, 0, 256, 511};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		now_result = results[i];
		request(VIRTIO_BLK_T_IN, 1);
		serve();
		ck_assert_uint_eq(used_idx(), i);
		ck_assert_uint_eq(byte_at(STATUS), 0xff);
		ck_assert_uint_eq(n_in_flight, 1);
		ck_assert_uint_eq(in_flight[0]->len, 512);
		memset(in_flight[0]->buf, 0x77, 512);
		complete();
		turn();
		ck_assert_uint_eq(used_idx(), i + 1);
		ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_OK);
		ck_assert_uint_eq(byte_at(DATA), 0x77);
		ck_assert_uint_eq(byte_at(DATA + 511), 0x77);
	}
	ck_assert_uint_eq(now_calls, sizeof(results) / sizeof(results[0]));
}
END_TEST

START_TEST(file_system_that_cannot_say_is_asked_once)
{
	now_result = -EOPNOTSUPP;
	for (int i = 0; i < 3; i++) {
		request(VIRTIO_BLK_T_IN, 1);
		serve();
		ck_assert_uint_eq(n_in_flight, 1);
		complete();
	}
	ck_assert_uint_eq(now_calls, 1);
}
END_TEST

START_TEST(reset_drops_a_read_that_was_made_again)
{
	now_result = 256;
	request(VIRTIO_BLK_T_IN, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 1);
	virtq_disable(&vd->queues[0]);
	ck_assert_int_eq(guest_mem_zero(mem, DATA, 512), 0);
	enable();
	memset(in_flight[0]->buf, 0x77, 512);
	complete();
	turn();
	ck_assert_uint_eq(used_idx(), 0);
	ck_assert_uint_eq(byte_at(STATUS), 0xff);
	ck_assert_uint_eq(byte_at(DATA), 0);
}
END_TEST

START_TEST(writes_flushes_and_refused_reads_do_not_ask)
{
	now_result = 512;
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	request(VIRTIO_BLK_T_FLUSH, 0);
	serve();
	ck_assert_uint_eq(n_in_flight, 2);
	/* Beyond the end of the medium; into a hole; partly into one. */
	read_into(1, 1U << 11, DATA, 1);
	read_into(2, 0, 0x40000000, 1);
	read_into(3, 0, (1U << 20) - 512, 2);
	serve();
	ck_assert_uint_eq(now_calls, 0);
	for (uint16_t n = 1; n <= 3; n++)
		ck_assert_uint_eq(status_of(n), VIRTIO_BLK_S_IOERR);
}
END_TEST

START_TEST(one_turn_reads_a_megabyte_and_the_rest_comes_next)
{
	now_result = 512 * 512;
	for (uint16_t n = 0; n < 6; n++)
		read_into(n, 0, 0x90000, 512);
	ck_assert(serve_once());
	ck_assert_uint_eq(used_idx(), 4);
	ck_assert(!serve_once());
	ck_assert_uint_eq(used_idx(), 6);
	ck_assert_uint_eq(n_in_flight, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("virtio_blk_now");
	TCase *tc = tcase_create("now");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, answered_read_is_returned_before_serve_ends);
	tcase_add_test(tc, a_batch_is_one_call_and_one_interrupt);
	tcase_add_test(tc, read_that_did_not_give_all_is_made_again_with_its_buffer);
	tcase_add_test(tc, file_system_that_cannot_say_is_asked_once);
	tcase_add_test(tc, reset_drops_a_read_that_was_made_again);
	tcase_add_test(tc, writes_flushes_and_refused_reads_do_not_ask);
	tcase_add_test(tc, one_turn_reads_a_megabyte_and_the_rest_comes_next);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
