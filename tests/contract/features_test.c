/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 5: feature bits. */

#define BLK_FEATURES 0x0000000110000244ULL

START_TEST(version_1_is_offered_and_required)
{
	struct gd_blk b;

	CLAUSE("T-FEAT-1");
	open_blk(&b);
	gd_wr(&b.dev, GD_DEVICE_FEATURE_SELECT, 1);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_DEVICE_FEATURE) & 1, 1);
	ck_assert(!gd_negotiate(&b.dev, BLK_FEATURES & ~VIRTIO_F_VERSION_1));
	ck_assert(gd_negotiate(&b.dev, VIRTIO_F_VERSION_1));
	gd_blk_close(&b);
}
END_TEST

START_TEST(every_device_offers_version_1_and_indirect)
{
	struct echo e;

	CLAUSE("T-FEAT-1");
	CLAUSE("T-FEAT-2");
	open_echo(&e);
	ck_assert_uint_eq(gd_offered(&e.dev), VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC);
	close_echo(&e);
}
END_TEST

START_TEST(indirect_is_offered)
{
	struct gd_blk b;

	CLAUSE("T-FEAT-2");
	open_blk(&b);
	gd_wr(&b.dev, GD_DEVICE_FEATURE_SELECT, 0);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_DEVICE_FEATURE) >> 28 & 1, 1);
	gd_blk_close(&b);
}
END_TEST

START_TEST(event_index_and_packed_are_not_offered)
{
	struct gd_blk b;

	CLAUSE("T-FEAT-3");
	open_blk(&b);
	ck_assert_uint_eq(gd_offered(&b.dev) & (1ULL << 29 | 1ULL << 34), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(offered_set_is_exactly_the_tables)
{
	struct gd_blk b;

	CLAUSE("T-FEAT-4");
	open_blk(&b);
	ck_assert_uint_eq(gd_offered(&b.dev), BLK_FEATURES);
	gd_blk_close(&b);
}
END_TEST

START_TEST(offered_words_are_the_same_at_every_status)
{
	static const uint8_t statuses[] = {0x00, 0x01, 0x03, 0x0b, 0x0f, 0x8f, 0x00};
	struct gd_blk b;

	CLAUSE("T-FEAT-5");
	open_blk(&b);
	gd_accept(&b.dev, VIRTIO_F_VERSION_1);
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		gd_wr(&b.dev, GD_STATUS, statuses[i]);
		ck_assert_uint_eq(gd_offered(&b.dev), BLK_FEATURES);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(accepted_words_read_back)
{
	struct gd_blk b;

	CLAUSE("T-FEAT-6");
	open_blk(&b);
	gd_accept(&b.dev, 0xfedcba9876543210ULL);
	ck_assert_uint_eq(gd_accepted(&b.dev), 0xfedcba9876543210ULL);
	gd_accept(&b.dev, BLK_FEATURES);
	ck_assert_uint_eq(gd_accepted(&b.dev), BLK_FEATURES);
	gd_blk_close(&b);
}
END_TEST

/* One read request through an indirect table: its status byte, or -1. */
static int indirect_read(struct gd_blk *b, uint32_t *used_len)
{
	struct gd_blk_req r = gd_blk_req(b, VIRTIO_BLK_T_IN, 0, 512);
	struct gd_used used;
	struct gd_seg segs[3];

	ck_assert_int_ge(gd_add_indirect(&b->q, 0, segs, gd_blk_segs(&r, segs)), 0);
	gd_kick(&b->q);
	if (!gd_wait_used(&b->q, &used))
		return -1;
	*used_len = used.len;
	return gd_ld8(b->m, r.status);
}

static void start_with(struct gd_blk *b, uint64_t features)
{
	open_blk(b);
	ck_assert(gd_negotiate(&b->dev, features));
	ck_assert(gd_queue_setup(&b->q, &b->dev, 0, 4));
	gd_driver_ok(&b->dev);
}

START_TEST(indirect_is_the_drivers_choice)
{
	uint32_t len;
	struct gd_blk b;

	CLAUSE("T-FEAT-7");
	start_with(&b, BLK_FEATURES);
	ck_assert_int_eq(indirect_read(&b, &len), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);

	start_with(&b, BLK_FEATURES & ~VIRTIO_F_INDIRECT_DESC);
	ck_assert_int_eq(indirect_read(&b, &len), GD_BLK_PRESET);
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(b.disk->reads, 0);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(late_feature_writes_change_nothing)
{
	uint32_t len;
	struct gd_blk b;

	CLAUSE("T-FEAT-8");
	open_blk(&b);
	ck_assert(gd_negotiate(&b.dev, BLK_FEATURES));
	ck_assert(gd_queue_setup(&b.q, &b.dev, 0, 4));
	gd_accept(&b.dev, UINT64_MAX);
	gd_accept(&b.dev, 0);
	gd_accept(&b.dev, 1ULL << 40 | VIRTIO_F_VERSION_1);
	gd_wr(&b.dev, GD_STATUS, 0x0f);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), 0x0f);
	ck_assert_int_eq(indirect_read(&b, &len), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);

	/* Nor can a driver that refused indirect tables sneak them in. */
	start_with(&b, BLK_FEATURES & ~VIRTIO_F_INDIRECT_DESC);
	gd_accept(&b.dev, BLK_FEATURES);
	gd_wr(&b.dev, GD_STATUS, 0x0f);
	ck_assert_int_eq(indirect_read(&b, &len), GD_BLK_PRESET);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("features", version_1_is_offered_and_required,
	      every_device_offers_version_1_and_indirect, indirect_is_offered,
	      event_index_and_packed_are_not_offered, offered_set_is_exactly_the_tables,
	      offered_words_are_the_same_at_every_status, accepted_words_read_back,
	      indirect_is_the_drivers_choice, late_feature_writes_change_nothing)
