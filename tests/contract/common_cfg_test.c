/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 4: common_cfg, field by field. */

START_TEST(every_field_has_its_place_and_reset_value)
{
	static const struct {
		uint32_t at;
		unsigned int size;
		uint64_t value;
	} fields[] = {
		{0x00, 4, 0},	   {0x04, 4, 0x10000244}, {0x08, 4, 0},	     {0x0c, 4, 0},
		{0x10, 2, 0xffff}, {0x12, 2, 1},	  {0x14, 1, 0},	     {0x15, 1, 0},
		{0x16, 2, 0},	   {0x18, 2, 128},	  {0x1a, 2, 0xffff}, {0x1c, 2, 0},
		{0x1e, 2, 0},	   {0x20, 8, 0},	  {0x28, 8, 0},	     {0x30, 8, 0},
		{0x38, 8, 0},
	};
	struct gd_blk b;

	CLAUSE("T-CFG-1");
	open_blk(&b);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		ck_assert_uint_eq(gd_bar_rd(&b.dev, fields[i].at, fields[i].size), fields[i].value);
	gd_blk_close(&b);
}
END_TEST

static void *select_elsewhere(void *arg)
{
	const struct gd_dev *dev = arg;

	gd_wr(dev, GD_DEVICE_FEATURE_SELECT, 1);
	gd_wr(dev, GD_DRIVER_FEATURE_SELECT, 1);
	gd_wr(dev, GD_QUEUE_SELECT, 2);
	return NULL;
}

START_TEST(selectors_are_shared_by_all_vcpus)
{
	pthread_t vcpu;
	struct echo e;

	CLAUSE("T-CFG-2");
	open_echo(&e);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_DEVICE_FEATURE), VIRTIO_F_INDIRECT_DESC);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_SIZE), 64);
	ck_assert_int_eq(pthread_create(&vcpu, NULL, select_elsewhere, &e.dev), 0);
	pthread_join(vcpu, NULL);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_DEVICE_FEATURE), 1);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_SIZE), 256);
	gd_wr(&e.dev, GD_DRIVER_FEATURE, 0x1);
	/* They stay as they are while other registers are used. */
	gd_wr(&e.dev, GD_STATUS, 1);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_SELECT), 2);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_DEVICE_FEATURE_SELECT), 1);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_DRIVER_FEATURE), 1);
	close_echo(&e);
}
END_TEST

static const uint32_t reserved_selects[] = {2, 3, 0x80000000U, 0xffffffffU};

START_TEST(reserved_feature_selects_read_0)
{
	struct gd_blk b;

	CLAUSE("T-CFG-3");
	open_blk(&b);
	for (size_t i = 0; i < COUNT_OF(reserved_selects); i++) {
		gd_wr(&b.dev, GD_DEVICE_FEATURE_SELECT, reserved_selects[i]);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_DEVICE_FEATURE), 0);
		gd_wr(&b.dev, GD_DRIVER_FEATURE_SELECT, reserved_selects[i]);
		gd_wr(&b.dev, GD_DRIVER_FEATURE, UINT32_MAX);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_DRIVER_FEATURE), 0);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(reserved_feature_selects_change_no_stored_word)
{
	struct gd_blk b;

	CLAUSE("T-CFG-4");
	CLAUSE("T-CFG-3");
	open_blk(&b);
	gd_accept(&b.dev, 0x1234567800abcdefULL);
	for (size_t i = 0; i < COUNT_OF(reserved_selects); i++) {
		gd_wr(&b.dev, GD_DRIVER_FEATURE_SELECT, reserved_selects[i]);
		gd_wr(&b.dev, GD_DRIVER_FEATURE, UINT32_MAX);
		ck_assert_uint_eq(gd_accepted(&b.dev), 0x1234567800abcdefULL);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(selectors_read_back)
{
	static const uint32_t values[] = {0, 1, 2, 0x12345678, 0xffffffff};
	struct gd_blk b;

	CLAUSE("T-CFG-5");
	open_blk(&b);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		gd_wr(&b.dev, GD_DEVICE_FEATURE_SELECT, values[i]);
		gd_wr(&b.dev, GD_DRIVER_FEATURE_SELECT, values[i]);
		gd_wr(&b.dev, GD_QUEUE_SELECT, values[i] & 0xffff);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_DEVICE_FEATURE_SELECT), values[i]);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_DRIVER_FEATURE_SELECT), values[i]);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_SELECT), values[i] & 0xffff);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(queue_select_beyond_the_queues_is_dead)
{
	static const uint16_t selects[] = {4, 5, 0x7fff, 0xffff};
	struct echo e;

	CLAUSE("T-CFG-6");
	start_echo(&e);
	for (size_t i = 0; i < COUNT_OF(selects); i++) {
		gd_wr(&e.dev, GD_QUEUE_SELECT, selects[i]);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_SIZE), 0);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_NOTIFY_OFF), 0);
		gd_wr(&e.dev, GD_QUEUE_DESC, UINT64_MAX);
		gd_wr(&e.dev, GD_QUEUE_AVAIL, UINT64_MAX);
		gd_wr(&e.dev, GD_QUEUE_USED, UINT64_MAX);
		gd_wr(&e.dev, GD_QUEUE_ENABLE, 0);
		gd_wr(&e.dev, GD_QUEUE_ENABLE, 1);
		gd_wr(&e.dev, GD_QUEUE_SIZE, 16);
		gd_wr(&e.dev, GD_QUEUE_VECTOR, 0);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_DESC), 0);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_ENABLE), 0);
	}
	for (uint16_t q = 0; q < 4; q++) {
		ck_assert_uint_eq(gd_queue_rd(&e.dev, q, GD_QUEUE_DESC), e.q[q].desc);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_AVAIL), e.q[q].avail);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_USED), e.q[q].used);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_ENABLE), 1);
		ck_assert(echo_works(&e.q[q]));
	}
	close_echo(&e);
}
END_TEST

START_TEST(queue_fields_show_the_selected_queue)
{
	struct echo e;

	CLAUSE("T-CFG-7");
	open_echo(&e);
	for (uint16_t q = 0; q < 4; q++) {
		gd_queue_wr(&e.dev, q, GD_QUEUE_DESC, 0x100000U * (q + 1U));
		gd_wr(&e.dev, GD_QUEUE_AVAIL, 0x100000U * (q + 1U) + 0x4000);
		gd_wr(&e.dev, GD_QUEUE_USED, 0x100000U * (q + 1U) + 0x8000);
	}
	gd_queue_wr(&e.dev, 2, GD_QUEUE_ENABLE, 1);
	for (unsigned int i = 0; i < 16; i++) {
		uint16_t q = (uint16_t)(i * 3 % 4);

		ck_assert_uint_eq(gd_queue_rd(&e.dev, q, GD_QUEUE_DESC), 0x100000U * (q + 1U));
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_AVAIL), 0x100000U * (q + 1U) + 0x4000);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_USED), 0x100000U * (q + 1U) + 0x8000);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_SIZE), q == 2 ? 256 : 64);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_ENABLE), q == 2);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_NOTIFY_OFF), q);
	}
	close_echo(&e);
}
END_TEST

START_TEST(read_only_fields_ignore_writes)
{
	static const enum gd_common fields[] = {GD_NUM_QUEUES, GD_GENERATION, GD_QUEUE_SIZE,
						GD_QUEUE_NOTIFY_OFF, GD_DEVICE_FEATURE};
	static const uint64_t values[] = {0, 1, 0xffffffff};
	struct gd_blk b;

	CLAUSE("T-CFG-8");
	open_blk(&b);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		uint64_t was = gd_rd(&b.dev, fields[i]);

		for (size_t v = 0; v < COUNT_OF(values); v++) {
			gd_wr(&b.dev, fields[i], values[v]);
			ck_assert_uint_eq(gd_rd(&b.dev, fields[i]), was);
		}
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(vectors_read_ffff_where_none_can_be_used)
{
	static const uint16_t vectors[] = {0, 1, 2, 0x7fff, 0xffff};
	struct gd_blk_config config = {.vectors = 0};

	CLAUSE("T-CFG-9");
	/* Without the capability, then with it but off. */
	for (; config.vectors <= 2; config.vectors += 2) {
		struct gd_blk b;

		gd_blk_open(&b, &config);
		for (size_t i = 0; i < COUNT_OF(vectors); i++) {
			gd_wr(&b.dev, GD_MSIX_CONFIG, vectors[i]);
			ck_assert_uint_eq(gd_rd(&b.dev, GD_MSIX_CONFIG), 0xffff);
			gd_queue_wr(&b.dev, 0, GD_QUEUE_VECTOR, vectors[i]);
			ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_VECTOR), 0xffff);
		}
		gd_blk_close(&b);
	}
}
END_TEST

START_TEST(vectors_beyond_the_table_read_ffff)
{
	struct gd_blk_config config = {.vectors = 2};
	struct gd_blk b;

	CLAUSE("T-CFG-9");
	gd_blk_open(&b, &config);
	gd_msix_enable(&b.dev, true);
	for (uint16_t v = 0; v < 4; v++) {
		uint16_t expected = v < 2 ? v : 0xffff;

		gd_wr(&b.dev, GD_MSIX_CONFIG, v);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_MSIX_CONFIG), expected);
		gd_queue_wr(&b.dev, 0, GD_QUEUE_VECTOR, v);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_VECTOR), expected);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(vector_of_no_queue_reads_ffff)
{
	struct gd_blk_config config = {.vectors = 2};
	struct gd_blk b;

	CLAUSE("T-CFG-10");
	gd_blk_open(&b, &config);
	gd_msix_enable(&b.dev, true);
	gd_queue_wr(&b.dev, 1, GD_QUEUE_VECTOR, 0);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_VECTOR), 0xffff);
	ck_assert_uint_eq(gd_queue_rd(&b.dev, 0xffff, GD_QUEUE_VECTOR), 0xffff);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("common_cfg", every_field_has_its_place_and_reset_value,
	      selectors_are_shared_by_all_vcpus, reserved_feature_selects_read_0,
	      reserved_feature_selects_change_no_stored_word, selectors_read_back,
	      queue_select_beyond_the_queues_is_dead, queue_fields_show_the_selected_queue,
	      read_only_fields_ignore_writes, vectors_read_ffff_where_none_can_be_used,
	      vectors_beyond_the_table_read_ffff, vector_of_no_queue_reads_ffff)
