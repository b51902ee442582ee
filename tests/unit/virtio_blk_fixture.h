/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_UNIT_VIRTIO_BLK_FIXTURE_H
#define VISE_TESTS_UNIT_VIRTIO_BLK_FIXTURE_H

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

/* What reads at once find at hand: bytes, or a negative errno. */
static int now_result;
static unsigned int now_calls, now_reads;

/* Gives the offset's low byte, and the number of the piece. */
static void b_read_now(struct block *b, struct loop_now *reads, unsigned int n)
{
	(void)b;
	now_calls++;
	now_reads += n;
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_le(n, LOOP_NOW_MAX);
	for (unsigned int i = 0; i < n; i++) {
		int left = now_result;

		reads[i].result = now_result;
		for (unsigned int k = 0; k < reads[i].n_iov && left > 0; k++) {
			int part = (int)reads[i].iov[k].iov_len;

			part = part < left ? part : left;
			memset(reads[i].iov[k].iov_base, (int)(reads[i].offset / 512 + k + 1),
			       (size_t)part);
			left -= part;
		}
	}
}

static const struct block_ops backend_ops = {.name = "held",
					     .submit = b_submit,
					     .kick = b_nothing,
					     .read_now = b_read_now,
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
	now_result = -EAGAIN;
	now_calls = now_reads = 0;
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

#endif
