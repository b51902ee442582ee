/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/virtio_blk_fixture.h"

START_TEST(no_request_starts_before_the_writes_of_before_a_reset_have_landed)
{
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 1);
	virtq_disable(&vd->queues[0]);
	enable();
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 1);
	ck_assert_uint_eq(rearmed, 0);
	complete();
	ck_assert_uint_eq(rearmed, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 1);
	complete();
	turn();
	ck_assert_uint_eq(used_idx(), 1);
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_OK);
}
END_TEST

START_TEST(reads_of_before_a_reset_hold_nothing_up)
{
	request(VIRTIO_BLK_T_IN, 1);
	serve();
	virtq_disable(&vd->queues[0]);
	enable();
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 2);
	complete();
	turn();
	ck_assert_uint_eq(used_idx(), 0);
	complete();
	turn();
	ck_assert_uint_eq(used_idx(), 1);
}
END_TEST

START_TEST(completion_waits_while_memory_may_not_be_touched)
{
	uint8_t mark = 0x5a;

	request(VIRTIO_BLK_T_IN, 1);
	serve();
	ck_assert_int_eq(guest_mem_write(mem, DATA, &mark, 1), 0);
	dma = false;
	complete();
	turn();
	ck_assert_uint_eq(byte_at(DATA), mark);
	ck_assert_uint_eq(byte_at(STATUS), 0xff);
	ck_assert_uint_eq(used_idx(), 0);
	ck_assert_uint_ge(rearmed, 1);
	dma = true;
	serve();
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(used_idx(), 1);
	ck_assert_uint_eq(interrupts, 1);
}
END_TEST

START_TEST(index_is_not_published_while_memory_may_not_be_touched)
{
	request(VIRTIO_BLK_T_IN, 1);
	serve();
	complete();
	dma = false;
	turn();
	ck_assert_uint_eq(used_idx(), 0);
	dma = true;
	serve();
	ck_assert_uint_eq(used_idx(), 1);
}
END_TEST

START_TEST(completion_held_back_is_dropped_by_a_reset)
{
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	dma = false;
	complete();
	virtq_disable(&vd->queues[0]);
	enable();
	dma = true;
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 1);
	ck_assert_uint_eq(used_idx(), 0);
	ck_assert_uint_eq(byte_at(STATUS), 0xff);
}
END_TEST

/* BLK-13: whatever data it has; for a transfer it is too much (BLK-10). BLK-15: left alone. */
START_TEST(unknown_type_with_more_than_seg_max_data_is_unsupported)
{
	/* 127 data descriptors make 129 with header and status: more than a ring holds. */
	static const struct {
		uint32_t type;
		uint8_t status;
	} rows[] = {{11, VIRTIO_BLK_S_UNSUPP}, {VIRTIO_BLK_T_IN, VIRTIO_BLK_S_IOERR}};

	for (size_t r = 0; r < 2; r++) {
		uint8_t table[129 * VIRTQ_DESC_SIZE];

		request(rows[r].type, 1);
		for (unsigned int i = 0; i < 129; i++) {
			uint8_t *d = table + i * VIRTQ_DESC_SIZE;

			st_le64(d, i == 0 ? HEADER : i == 128 ? STATUS : DATA);
			st_le32(d + 8, i == 0 ? 16 : i == 128 ? 1 : 512);
			st_le16(d + 12,
				(i ? VIRTQ_DESC_F_WRITE : 0) | (i < 128 ? VIRTQ_DESC_F_NEXT : 0));
			st_le16(d + 14, i + 1);
		}
		ck_assert_int_eq(guest_mem_write(mem, 0x8000, table, sizeof(table)), 0);
		put_desc(0, 0x8000, sizeof(table), VIRTQ_DESC_F_INDIRECT, 0);
		vd->queues[0].indirect = true;
		serve();
		ck_assert_uint_eq(byte_at(STATUS), rows[r].status);
	}
}
END_TEST

/* ---- what becomes of requests that the host failed ---- */

static void set_up_stop(void)
{
	set_up_policy(VIRTIO_BLK_STOP, VIRTIO_BLK_STOP);
}

static void set_up_ignore(void)
{
	set_up_policy(VIRTIO_BLK_IGNORE, VIRTIO_BLK_IGNORE);
}

static void set_up_enospc(void)
{
	set_up_policy(VIRTIO_BLK_REPORT, VIRTIO_BLK_ENOSPC);
}

START_TEST(reported_error_is_ioerr_and_told)
{
	request(VIRTIO_BLK_T_IN, 1);
	serve();
	end(0, -EIO);
	turn();
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_IOERR);
	ck_assert_uint_eq(told.calls, 1);
	ck_assert(!told.write && !told.stopped);
	ck_assert_int_eq(told.result, -EIO);
	ck_assert_int_eq(told.action, VIRTIO_BLK_REPORT);
}
END_TEST

START_TEST(ignored_error_is_ok_and_gives_no_data)
{
	uint8_t mark = 0x5a;

	request(VIRTIO_BLK_T_IN, 1);
	serve();
	ck_assert_int_eq(guest_mem_write(mem, DATA, &mark, 1), 0);
	memset(in_flight[0]->buf, 0xee, in_flight[0]->len);
	end(0, -EIO);
	turn();
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(byte_at(DATA), mark);
	ck_assert_int_eq(told.action, VIRTIO_BLK_IGNORE);
	/* The slot's next read has its data. */
	request(VIRTIO_BLK_T_IN, 1);
	serve();
	memset(in_flight[0]->buf, 0xee, in_flight[0]->len);
	complete();
	turn();
	ck_assert_uint_eq(byte_at(DATA), 0xee);
	ck_assert_uint_eq(told.calls, 1);
}
END_TEST

/* Three requests in flight fail in another order than they were started in. */
static void fail_three(struct block_request *started[3])
{
	for (int i = 0; i < 3; i++) {
		request(i == 1 ? VIRTIO_BLK_T_FLUSH : VIRTIO_BLK_T_OUT, 1);
		serve();
		started[i] = in_flight[i];
	}
	end(1, -ENOSPC);
	end(1, -EIO);
	end(0, -EIO);
	turn();
}

START_TEST(stopped_requests_start_again_in_their_old_order)
{
	struct block_request *started[3];

	fail_three(started);
	ck_assert_uint_eq(told.calls, 3);
	ck_assert(told.write && told.stopped);
	ck_assert_int_eq(told.action, VIRTIO_BLK_STOP);
	ck_assert_uint_eq(used_idx(), 0);
	ck_assert_uint_eq(byte_at(STATUS), 0xff);
	virtio_blk_retry(vd);
	ck_assert_uint_eq(n_in_flight, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_eq(in_flight[i], started[i]);
	while (n_in_flight)
		complete();
	turn();
	ck_assert_uint_eq(used_idx(), 3);
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_OK);
	/* Once only. */
	virtio_blk_retry(vd);
	ck_assert_uint_eq(n_in_flight, 0);
}
END_TEST

START_TEST(nothing_new_starts_while_requests_are_stopped)
{
	struct block_request *started[3];
	unsigned int before;

	fail_three(started);
	request(VIRTIO_BLK_T_IN, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 0);
	before = rearmed;
	virtio_blk_retry(vd);
	ck_assert_uint_gt(rearmed, before);
	serve();
	ck_assert_uint_eq(n_in_flight, 4);
}
END_TEST

START_TEST(reset_drops_what_is_stopped)
{
	struct block_request *started[3];

	fail_three(started);
	device_lock(&vd->dev);
	virtq_disable(&vd->queues[0]);
	vd->ops->reset(vd);
	device_unlock(&vd->dev);
	enable();
	virtio_blk_retry(vd);
	ck_assert_uint_eq(n_in_flight, 0);
	/* All slots are free again, and nothing waits for a write that will never land. */
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 1);
	complete();
	turn();
	ck_assert_uint_eq(used_idx(), 1);
}
END_TEST

START_TEST(failure_of_before_a_reset_stops_nothing)
{
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	device_lock(&vd->dev);
	virtq_disable(&vd->queues[0]);
	vd->ops->reset(vd);
	device_unlock(&vd->dev);
	enable();
	end(0, -EIO);
	ck_assert_uint_eq(told.calls, 0);
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	ck_assert_uint_eq(n_in_flight, 1);
}
END_TEST

START_TEST(full_disk_stops_and_other_errors_are_reported)
{
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	end(0, -EIO);
	turn();
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_IOERR);
	ck_assert_int_eq(told.action, VIRTIO_BLK_REPORT);
	ck_assert(!told.stopped);
	request(VIRTIO_BLK_T_OUT, 1);
	serve();
	end(0, -ENOSPC);
	turn();
	ck_assert_uint_eq(byte_at(STATUS), 0xff);
	ck_assert_int_eq(told.action, VIRTIO_BLK_STOP);
	ck_assert(told.stopped);
	virtio_blk_retry(vd);
	complete();
	turn();
	ck_assert_uint_eq(byte_at(STATUS), VIRTIO_BLK_S_OK);
}
END_TEST

static TCase *policy_case(Suite *s, const char *name, void (*fixture)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, fixture, tear_down);
	suite_add_tcase(s, tc);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("virtio_blk");
	TCase *tc = tcase_create("blk");
	TCase *stop = policy_case(s, "stop", set_up_stop);
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, no_request_starts_before_the_writes_of_before_a_reset_have_landed);
	tcase_add_test(tc, reads_of_before_a_reset_hold_nothing_up);
	tcase_add_test(tc, completion_waits_while_memory_may_not_be_touched);
	tcase_add_test(tc, index_is_not_published_while_memory_may_not_be_touched);
	tcase_add_test(tc, completion_held_back_is_dropped_by_a_reset);
	tcase_add_test(tc, unknown_type_with_more_than_seg_max_data_is_unsupported);
	tcase_add_test(tc, reported_error_is_ioerr_and_told);
	suite_add_tcase(s, tc);
	tcase_add_test(stop, stopped_requests_start_again_in_their_old_order);
	tcase_add_test(stop, nothing_new_starts_while_requests_are_stopped);
	tcase_add_test(stop, reset_drops_what_is_stopped);
	tcase_add_test(stop, failure_of_before_a_reset_stops_nothing);
	tcase_add_test(policy_case(s, "ignore", set_up_ignore),
		       ignored_error_is_ok_and_gives_no_data);
	tcase_add_test(policy_case(s, "enospc", set_up_enospc),
		       full_disk_stops_and_other_errors_are_reported);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
