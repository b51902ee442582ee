/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include "vmm/core/le.h"

/* Section 10: MSI-X. */

#define ADDRESS	    0xfee00000ULL
#define DATA_CONFIG 0x40U
#define DATA_QUEUE  0x41U

static void open_msix(struct gd_blk *b)
{
	struct gd_blk_config config = {.vectors = 2};

	gd_blk_open(b, &config);
	gd_msix_enable(&b->dev, true);
	gd_msix_set(&b->dev, 0, ADDRESS, DATA_CONFIG);
	gd_msix_set(&b->dev, 1, ADDRESS + 0x1000, DATA_QUEUE);
}

static void start_msix(struct gd_blk *b)
{
	open_msix(b);
	ck_assert_ptr_null(gd_blk_start(b, &gd_win7_blk));
}

static void resize(struct gd_blk *b)
{
	uint64_t size = virtio_blk_size(b->vd) == 1 << 20 ? 2 << 20 : 1 << 20;

	ck_assert_int_eq(virtio_blk_resize(b->vd, size, NULL), 0);
}

START_TEST(capability_may_be_absent)
{
	struct gd_blk b;

	TRAP("no-vectors");
	CLAUSE("T-MSX-1");
	open_blk(&b);
	ck_assert_uint_eq(gd_msix_vectors(&b.dev), 0);
	/* Where its table would be, nothing answers. */
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 0xc, 4), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(messages_go_to_the_vectors_assigned)
{
	struct gd_blk b;

	CLAUSE("T-MSX-2");
	CLAUSE("T-MSX-6");
	start_msix(&b);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 1);
	ck_assert_uint_eq(gd_msi_at(&b.m->msi, 0).address, ADDRESS + 0x1000);
	ck_assert_uint_eq(gd_msi_at(&b.m->msi, 0).data, DATA_QUEUE);
	resize(&b);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 2);
	ck_assert_uint_eq(gd_msi_at(&b.m->msi, 1).address, ADDRESS);
	ck_assert_uint_eq(gd_msi_at(&b.m->msi, 1).data, DATA_CONFIG);
	ck_assert_uint_eq(gd_line_rises(&b.dev), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(line_is_never_raised_while_msix_is_on)
{
	struct gd_blk b;

	CLAUSE("T-MSX-2");
	CLAUSE("T-MSX-3");
	/* Vector 0xffff. */
	start_msix(&b);
	gd_wr(&b.dev, GD_MSIX_CONFIG, 0xffff);
	gd_queue_wr(&b.dev, 0, GD_QUEUE_VECTOR, 0xffff);
	ck_assert(gd_blk_works(&b));
	resize(&b);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
	ck_assert_uint_eq(gd_line_rises(&b.dev), 0);
	/* A masked entry, a masked function. */
	gd_queue_wr(&b.dev, 0, GD_QUEUE_VECTOR, 1);
	gd_msix_mask(&b.dev, 1, true);
	ck_assert(gd_blk_works(&b));
	gd_msix_function_mask(&b.dev, true);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
	ck_assert_uint_eq(gd_line_rises(&b.dev), 0);
	gd_blk_close(&b);

	/* Entries that were never programmed. */
	struct gd_blk_config config = {.vectors = 2};

	gd_blk_open(&b, &config);
	gd_msix_enable(&b.dev, true);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
	ck_assert_uint_eq(gd_line_rises(&b.dev), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(vector_ffff_silences_its_source_only)
{
	struct gd_blk b;

	CLAUSE("T-MSX-3");
	start_msix(&b);
	gd_wr(&b.dev, GD_MSIX_CONFIG, 0xffff);
	resize(&b);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent_with(&b.m->msi, DATA_QUEUE), 1);
	gd_blk_close(&b);
}
END_TEST

START_TEST(masked_entry_is_pending_and_sent_on_unmask)
{
	struct gd_blk b;

	CLAUSE("T-MSX-4");
	start_msix(&b);
	gd_msix_mask(&b.dev, 1, true);
	ck_assert(gd_blk_works(&b));
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
	ck_assert(gd_msix_pending(&b.dev, 1));
	ck_assert(!gd_msix_pending(&b.dev, 0));
	/* The message may be changed meanwhile: what counts is the entry at unmasking. */
	gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + 0x18, 4, 0x77);
	gd_msix_mask(&b.dev, 1, false);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 1);
	ck_assert_uint_eq(gd_msi_at(&b.m->msi, 0).data, 0x77);
	ck_assert(!gd_msix_pending(&b.dev, 1));
	gd_blk_close(&b);
}
END_TEST

START_TEST(function_mask_holds_all_and_sends_on_unmask)
{
	struct gd_blk b;

	CLAUSE("T-MSX-4");
	start_msix(&b);
	gd_msix_function_mask(&b.dev, true);
	ck_assert(gd_blk_works(&b));
	resize(&b);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
	ck_assert(gd_msix_pending(&b.dev, 0));
	ck_assert(gd_msix_pending(&b.dev, 1));
	gd_msix_mask(&b.dev, 1, true);
	gd_msix_function_mask(&b.dev, false);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 1);
	ck_assert_uint_eq(gd_msi_sent_with(&b.m->msi, DATA_CONFIG), 1);
	gd_msix_mask(&b.dev, 1, false);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 2);
	gd_blk_close(&b);
}
END_TEST

START_TEST(toggling_enable_switches_between_messages_and_the_line)
{
	struct gd_blk b;

	CLAUSE("T-MSX-5");
	start_msix(&b);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 1);
	gd_isr(&b.dev);
	gd_msix_enable(&b.dev, false);
	ck_assert(!gd_line(&b.dev));
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 1);
	ck_assert(gd_line(&b.dev));
	gd_msix_enable(&b.dev, true);
	ck_assert(!gd_line(&b.dev));
	gd_msix_enable(&b.dev, false);
	ck_assert(gd_line(&b.dev));
	ck_assert_uint_eq(gd_isr(&b.dev), 0x01);
	ck_assert(!gd_line(&b.dev));
	resize(&b);
	ck_assert_uint_eq(gd_isr(&b.dev), 0x02);
	gd_msix_enable(&b.dev, true);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 2);
	gd_blk_close(&b);
}
END_TEST

START_TEST(vectors_read_back)
{
	struct gd_blk b;

	CLAUSE("T-MSX-6");
	open_msix(&b);
	for (uint16_t v = 0; v < 2; v++) {
		gd_wr(&b.dev, GD_MSIX_CONFIG, v);
		gd_queue_wr(&b.dev, 0, GD_QUEUE_VECTOR, v);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_MSIX_CONFIG), v);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_VECTOR), v);
	}
	gd_wr(&b.dev, GD_MSIX_CONFIG, 2);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_MSIX_CONFIG), 0xffff);
	gd_queue_wr(&b.dev, 0, GD_QUEUE_VECTOR, 0xffff);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_VECTOR), 0xffff);
	gd_blk_close(&b);
}
END_TEST

START_TEST(sources_may_share_vector_0)
{
	struct gd_persona persona = gd_win7_blk;
	struct gd_blk b;

	TRAP("vector-starvation");
	CLAUSE("T-MSX-7");
	open_msix(&b);
	persona.all_on_vector_0 = true;
	ck_assert_ptr_null(gd_blk_start(&b, &persona));
	ck_assert(gd_blk_works(&b));
	resize(&b);
	ck_assert_uint_eq(gd_msi_sent_with(&b.m->msi, DATA_CONFIG), 2);
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 2);
	gd_blk_close(&b);
}
END_TEST

START_TEST(each_queue_has_its_vector)
{
	struct echo e;

	TRAP("many-vectors");
	CLAUSE("T-MSX-6");
	open_echo_with(&e, NULL, 5);
	gd_msix_enable(&e.dev, true);
	for (uint16_t v = 0; v < 5; v++)
		gd_msix_set(&e.dev, v, ADDRESS, 0x60U + v);
	start_echo_queues(&e);
	for (uint16_t q = 0; q < 4; q++) {
		ck_assert(echo_works(&e.q[q]));
		ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 0x61U + q), 1);
	}
	gd_echo_config(e.vd, 0, 1);
	ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 0x60), 1);
	ck_assert_uint_eq(gd_msi_sent(&e.m->msi), 5);
	close_echo(&e);
}
END_TEST

START_TEST(isr_bits_accumulate_under_msix)
{
	struct gd_blk b;

	CLAUSE("T-MSX-8");
	start_msix(&b);
	ck_assert(gd_blk_works(&b));
	resize(&b);
	ck_assert_uint_eq(gd_isr(&b.dev), 0x03);
	ck_assert(gd_blk_works(&b));
	gd_reset(&b.dev);
	ck_assert_uint_eq(gd_isr(&b.dev), 0x00);
	gd_blk_close(&b);
}
END_TEST

START_TEST(table_and_pba_are_where_drivers_know_them)
{
	static const struct {
		uint16_t vectors;
		uint32_t pba;
	} known[] = {{2, 0x3120}, {3, 0x3130}, {5, 0x3150}};

	CLAUSE("T-MSX-9");
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct gd_blk_config config = {.vectors = known[i].vectors};
		struct gd_blk b;

		gd_blk_open(&b, &config);
		ck_assert_uint_eq(gd_msix_vectors(&b.dev), known[i].vectors);
		ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, GD_MSIX_CAP + 4, 4), 0x3100);
		ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, GD_MSIX_CAP + 8, 4), known[i].pba);
		for (uint16_t v = 0; v < known[i].vectors; v++)
			ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 16U * v + 12, 4), 1);
		gd_blk_close(&b);
	}
}
END_TEST

START_TEST(table_takes_aligned_words_only)
{
	struct gd_blk_config config = {.vectors = 2};
	struct gd_blk b;

	TRAP("odd-msix-write");
	CLAUSE("T-MSX-9");
	CLAUSE("T-MMIO-9");
	gd_blk_open(&b, &config);
	gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX, 8, 0x1122334455667788ULL);
	gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + 8, 4, 0xaabbccdd);
	for (uint32_t at = 0; at < 0x28; at++) {
		gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + at, 1, 0xee);
		gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + at, 2, 0xeeee);
		if (at % 4)
			gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + at, 4, 0xeeeeeeee);
		if (at % 8)
			gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + at, 8, 0xeeeeeeeeeeeeeeeeULL);
	}
	/* The pending bits are read-only in every width. */
	gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + 0x20, 8, UINT64_MAX);
	gd_bar_wr(&b.dev, VIRTIO_PCI_MSIX + 0x20, 4, UINT32_MAX);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX, 8), 0x1122334455667788ULL);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 8, 4), 0xaabbccdd);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 12, 4), 1);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 0x20, 8), 0);
	/* Byte reads of the table give the same as words. */
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + i, 1), 0x88 - 0x11 * i);
	gd_blk_close(&b);
}
END_TEST

START_TEST(reset_takes_the_vectors_and_leaves_the_table)
{
	struct gd_blk b;

	CLAUSE("T-MSX-10");
	start_msix(&b);
	gd_reset(&b.dev);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_MSIX_CONFIG), 0xffff);
	ck_assert_uint_eq(gd_queue_rd(&b.dev, 0, GD_QUEUE_VECTOR), 0xffff);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 8, 4), DATA_CONFIG);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_MSIX + 12, 4), 0);
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, GD_MSIX_CAP + 2, 2), 0x8001);
	gd_blk_close(&b);
}
END_TEST

START_TEST(host_without_routes_loses_messages_only)
{
	struct gd_blk b;

	CLAUSE("T-MSX-2");
	open_msix(&b);
	b.m->msi.refuse = true;
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_line_rises(&b.dev), 0);
	b.m->msi.refuse = false;
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 1);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("msix", capability_may_be_absent, messages_go_to_the_vectors_assigned,
	      line_is_never_raised_while_msix_is_on, vector_ffff_silences_its_source_only,
	      masked_entry_is_pending_and_sent_on_unmask,
	      function_mask_holds_all_and_sends_on_unmask,
	      toggling_enable_switches_between_messages_and_the_line, vectors_read_back,
	      sources_may_share_vector_0, each_queue_has_its_vector, isr_bits_accumulate_under_msix,
	      table_and_pba_are_where_drivers_know_them, table_takes_aligned_words_only,
	      reset_takes_the_vectors_and_leaves_the_table, host_without_routes_loses_messages_only)
