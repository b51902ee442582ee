/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/blk.h"
#include "vmm/core/le.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* virtio-blk between a transport and a backend that do what the test says. */

#define DESC   0x1000U
#define AVAIL  0x2000U
#define USED   0x3000U
#define HEADER 0x4000U
#define STATUS 0x4010U
#define DATA   0x5000U

static struct loop *loop;
static struct guest_mem *mem;
static struct virtio_device *vd;
static struct err err;
static uint16_t avail_idx;

/* The transport: may memory be touched, and how often was what asked. */
static bool dma;
static unsigned int rearmed, interrupts;

static void t_interrupt(void *t, uint16_t q)
{
	(void)t;
	(void)q;
	interrupts++;
}

static void t_config(void *t)
{
	(void)t;
}

static void t_rearm(void *t, uint16_t q)
{
	(void)t;
	(void)q;
	rearmed++;
}

static bool t_may_dma(void *t)
{
	(void)t;
	return dma;
}

static const struct virtio_transport_ops transport = {
	.queue_interrupt = t_interrupt,
	.config_interrupt = t_config,
	.rearm = t_rearm,
	.may_dma = t_may_dma,
	.reset = t_config,
	.destroy = t_config,
};

/* The backend: holds requests until they are let go. */
static struct block_request *in_flight[8];
static size_t n_in_flight;

static void b_submit(struct block *b, struct block_request *req)
{
	(void)b;
	in_flight[n_in_flight++] = req;
}

static void b_nothing(struct block *b)
{
	(void)b;
}

static const struct block_ops backend_ops = {.name = "held",
					     .submit = b_submit,
					     .kick = b_nothing,
					     .drain = b_nothing,
					     .destroy = b_nothing};
static struct block backend = {.ops = &backend_ops, .size = 1U << 20};

/* Ends the request that was started as number @n of those in flight. */
static void end(size_t n, int result)
{
	struct block_request *req = in_flight[n];

	n_in_flight--;
	for (size_t i = n; i < n_in_flight; i++)
		in_flight[i] = in_flight[i + 1];
	req->done(req, result);
}

static void complete(void)
{
	end(0, 0);
}

/* The owner of the machine: what it was told last, and how often. */
static struct {
	unsigned int calls;
	bool write, stopped;
	int result;
	enum virtio_blk_on_error action;
} told;

static void on_error(void *arg, struct virtio_device *failed, bool write, int result,
		     enum virtio_blk_on_error action, bool stopped)
{
	ck_assert_ptr_eq(arg, &told);
	ck_assert_ptr_eq(failed, vd);
	/* No lock is held. */
	device_lock(&vd->dev);
	device_unlock(&vd->dev);
	told.calls++;
	told.write = write;
	told.result = result;
	told.action = action;
	told.stopped = stopped;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* A callback has returned: what was deferred in it runs. */
static void turn(void)
{
	ck_assert_int_eq(loop_post(loop, nothing, NULL), 0);
	ck_assert_int_ge(loop_run_once(loop, 100, &err), 1);
}

static void serve(void)
{
	device_lock(&vd->dev);
	vd->ops->serve(vd, 0);
	device_unlock(&vd->dev);
}

static void enable(void)
{
	ck_assert_int_eq(guest_mem_zero(mem, AVAIL, 0x1000), 0);
	ck_assert_int_eq(guest_mem_zero(mem, USED, 0x1000), 0);
	avail_idx = 0;
	virtq_enable(&vd->queues[0], DESC, AVAIL, USED, false);
}

static void put_desc(uint16_t i, gpa_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	uint8_t d[VIRTQ_DESC_SIZE];

	st_le64(d, addr);
	st_le32(d + 8, len);
	st_le16(d + 12, flags);
	st_le16(d + 14, next);
	ck_assert_int_eq(guest_mem_write(mem, DESC + i * sizeof(d), d, sizeof(d)), 0);
}

/* Publishes one request of @type with @n data descriptors that the device may write or not. */
static void request(uint32_t type, uint16_t n)
{
	uint16_t flags = type == VIRTIO_BLK_T_OUT ? 0 : VIRTQ_DESC_F_WRITE;
	uint8_t header[16] = {0}, status = 0xff;

	st_le32(header, type);
	ck_assert_int_eq(guest_mem_write(mem, HEADER, header, sizeof(header)), 0);
	ck_assert_int_eq(guest_mem_write(mem, STATUS, &status, 1), 0);
	put_desc(0, HEADER, 16, VIRTQ_DESC_F_NEXT, 1);
	for (uint16_t i = 1; i <= n; i++)
		put_desc(i, DATA, 512 / n, flags | VIRTQ_DESC_F_NEXT, i + 1);
	put_desc(n + 1, STATUS, 1, VIRTQ_DESC_F_WRITE, 0);
	ck_assert_int_eq(guest_mem_store_le16(mem, AVAIL + 2, ++avail_idx), 0);
}

static uint16_t used_idx(void)
{
	uint16_t idx = 0xffff;

	ck_assert_int_eq(guest_mem_load_le16(mem, USED + 2, &idx), 0);
	return idx;
}

static uint8_t byte_at(gpa_t at)
{
	uint8_t byte = 0;

	ck_assert_int_eq(guest_mem_read(mem, at, &byte, 1), 0);
	return byte;
}

static void set_up_policy(enum virtio_blk_on_error read, enum virtio_blk_on_error write)
{
	struct virtio_blk_config config = {.id = "blk",
					   .backend = &backend,
					   .on_read_error = read,
					   .on_write_error = write,
					   .error = on_error,
					   .error_arg = &told};

	memset(&told, 0, sizeof(told));
	loop = loop_create(&err);
	mem = guest_mem_create(1U << 20, false, &err);
	config.loop = loop;
	config.mem = mem;
	vd = virtio_blk_create(&config, &err);
	ck_assert_ptr_nonnull(vd);
	vd->transport = &transport;
	dma = true;
	rearmed = interrupts = 0;
	n_in_flight = 0;
	enable();
}

static void set_up(void)
{
	set_up_policy(VIRTIO_BLK_REPORT, VIRTIO_BLK_REPORT);
}

static void tear_down(void)
{
	while (n_in_flight)
		complete();
	device_destroy(&vd->dev);
	guest_mem_destroy(mem);
	loop_destroy(loop);
}

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
