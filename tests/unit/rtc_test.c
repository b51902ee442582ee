/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/rtc.h"
#include "tests/unit/platform_fakes.h"

#include <errno.h>

#define T_2009 1256229309ULL /* Thursday 2009-10-22 16:35:09 UTC */

static struct device *rtc;

static struct rtc_config config_on(struct bus *pio)
{
	return (struct rtc_config){.pio = pio,
				   .irq = FAKE_IRQ(8),
				   .clock = FAKE_CLOCK,
				   .loop = fakes.loop,
				   .memory_low = 512 << 20,
				   .memory_high = 3ULL << 30,
				   .n_cpus = 4};
}

static void setup(void)
{
	struct rtc_config config;
	struct err err = ERR_INIT;

	fakes_setup();
	fakes.real_ns = T_2009 * NS_PER_SEC;
	config = config_on(fakes.pio);
	rtc = rtc_create(&config, &err);
	ck_assert_msg(rtc != NULL, "%s", err.text);
}

static void teardown(void)
{
	device_destroy(rtc);
	fakes_teardown();
}

static unsigned int get(unsigned int reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static void set(unsigned int reg, unsigned int value)
{
	outb(0x70, reg);
	outb(0x71, value);
}

static void expect_time(unsigned int hour, unsigned int min, unsigned int sec)
{
	ck_assert_uint_eq(get(4), hour);
	ck_assert_uint_eq(get(2), min);
	ck_assert_uint_eq(get(0), sec);
}

START_TEST(tells_the_host_s_time_in_bcd)
{
	expect_time(0x16, 0x35, 0x09);
	ck_assert_uint_eq(get(6), 5);
	ck_assert_uint_eq(get(7), 0x22);
	ck_assert_uint_eq(get(8), 0x10);
	ck_assert_uint_eq(get(9), 0x09);
	ck_assert_uint_eq(get(0x32), 0x20);
	ck_assert_uint_eq(get(0x0b), 2);
	ck_assert_uint_eq(get(0x0d), 0x80);
	fakes_advance(86400 * NS_PER_SEC);
	ck_assert_uint_eq(get(7), 0x23);
	ck_assert_uint_eq(get(6), 6);
}
END_TEST

START_TEST(nmi_bit_of_the_index_is_ignored)
{
	outb(0x70, 0x84);
	ck_assert_uint_eq(inb(0x71), 0x16);
	ck_assert_uint_eq(inb(0x70), 0xff);
}
END_TEST

START_TEST(binary_and_12_hour_formats_work)
{
	set(0x0b, 4);
	expect_time(0x84, 35, 9);
	set(0x0b, 6);
	expect_time(16, 35, 9);
	set(0x0b, 0);
	expect_time(0x84, 0x35, 0x09);
	set(0x0b, 0x80);
	set(4, 0x12);
	set(0x0b, 0x02);
	ck_assert_uint_eq(get(4), 0x12);
}
END_TEST

START_TEST(midnight_in_12_hour_format_is_12)
{
	set(0x0b, 0x80);
	set(4, 0x12); /* 12 AM */
	set(0x0b, 0x00);
	ck_assert_uint_eq(get(4), 0x12);
	set(0x0b, 0x02);
	ck_assert_uint_eq(get(4), 0x00);
}
END_TEST

static void set_clock_as_linux(void)
{
	set(0x0b, 0x82);
	set(0x0a, 0x26 | 0x70);
	set(9, 0x25);
	set(8, 0x12);
	set(7, 0x31);
	set(4, 0x23);
	set(2, 0x59);
	set(0, 0x58);
	set(0x32, 0x20);
	set(0x0b, 0x02);
	set(0x0a, 0x26);
}

START_TEST(guest_sets_the_clock_and_it_goes_on)
{
	set_clock_as_linux();
	expect_time(0x23, 0x59, 0x58);
	fakes_advance(499 * NS_PER_MS);
	expect_time(0x23, 0x59, 0x58);
	fakes_advance(2 * NS_PER_MS);
	expect_time(0x23, 0x59, 0x59);
	fakes_advance(NS_PER_SEC);
	expect_time(0, 0, 0);
	ck_assert_uint_eq(get(9), 0x26);
	ck_assert_uint_eq(get(8), 1);
	ck_assert_uint_eq(get(7), 1);
}
END_TEST

START_TEST(set_bit_freezes_the_time)
{
	set(0x0b, 0x82);
	fakes_advance(10 * NS_PER_SEC);
	expect_time(0x16, 0x35, 0x09);
	ck_assert_uint_eq(get(0x0a) & 0x80, 0);
	set(0x0b, 0x02);
	expect_time(0x16, 0x35, 0x09);
	fakes_advance(NS_PER_SEC);
	expect_time(0x16, 0x35, 0x10);
}
END_TEST

START_TEST(single_register_may_be_set_while_running)
{
	set(4, 0x03);
	expect_time(0x03, 0x35, 0x09);
	fakes_advance(51 * NS_PER_SEC);
	expect_time(0x03, 0x36, 0x00);
}
END_TEST

START_TEST(nonsense_dates_carry_and_do_no_harm)
{
	set(0x0b, 0x82);
	for (unsigned int reg = 0; reg < 10; reg++)
		set(reg, 0xff);
	set(0x32, 0xff);
	set(0x0b, 0x02);
	fakes_advance(NS_PER_SEC);
	for (unsigned int reg = 0; reg < 10; reg++)
		get(reg);
	ck_assert_uint_le(get(8), 0x12);
	set(0x0b, 0x82);
	for (unsigned int reg = 0; reg < 10; reg++)
		set(reg, 0);
	set(0x32, 0);
	set(0x0b, 0x02);
	ck_assert_uint_ge(get(8), 1);
	ck_assert_uint_le(get(7), 0x31);
}
END_TEST

START_TEST(uip_shows_for_244_us_before_the_update)
{
	ck_assert_uint_eq(get(0x0a), 0x26);
	fakes_advance(NS_PER_SEC - 245000);
	ck_assert_uint_eq(get(0x0a), 0x26);
	fakes_advance(1000);
	ck_assert_uint_eq(get(0x0a), 0xa6);
	fakes_advance(244000);
	ck_assert_uint_eq(get(0x0a), 0x26);
	ck_assert_uint_eq(get(0), 0x10);
}
END_TEST

START_TEST(flags_are_set_without_interrupts)
{
	get(0x0c);
	fakes_advance(NS_PER_SEC);
	ck_assert_uint_eq(get(0x0c), 0x50);
	ck_assert_uint_eq(get(0x0c), 0);
	ck_assert_uint_eq(fakes.rises[8], 0);
}
END_TEST

START_TEST(update_interrupt_comes_each_second)
{
	set(0x0b, 0x12);
	for (unsigned int i = 1; i <= 3; i++) {
		fakes_advance(NS_PER_SEC);
		fakes_run();
		ck_assert_uint_eq(fakes.rises[8], i);
		ck_assert(fakes.level[8]);
		ck_assert_uint_eq(get(0x0c) & 0x90, 0x90);
		ck_assert(!fakes.level[8]);
	}
}
END_TEST

START_TEST(alarm_interrupts_once_at_its_time)
{
	set(5, 0x16);
	set(3, 0x36);
	set(1, 0x30);
	set(0x0b, 0x22);
	get(0x0c);
	fakes_advance(80 * NS_PER_SEC);
	fakes_run();
	ck_assert_uint_eq(fakes.rises[8], 0);
	fakes_advance(NS_PER_SEC);
	fakes_run();
	ck_assert_uint_eq(fakes.rises[8], 1);
	ck_assert_uint_eq(get(0x0c) & 0xa0, 0xa0);
	fakes_advance(3600 * NS_PER_SEC);
	fakes_run();
	ck_assert_uint_eq(fakes.rises[8], 1);
	fakes_advance(82800 * NS_PER_SEC);
	fakes_run();
	ck_assert_uint_eq(fakes.rises[8], 2);
}
END_TEST

START_TEST(alarm_wildcards_match_any_value)
{
	set(5, 0xff);
	set(3, 0xc0);
	set(1, 0x15);
	set(0x0b, 0x22);
	get(0x0c);
	for (unsigned int i = 1; i <= 3; i++) {
		fakes_advance((i == 1 ? 6 : 60) * NS_PER_SEC);
		fakes_run();
		ck_assert_uint_eq(fakes.rises[8], i);
		ck_assert_uint_eq(get(0x0c) & 0xa0, 0xa0);
	}
}
END_TEST

START_TEST(impossible_alarm_never_comes)
{
	set(5, 0x99);
	set(0x0b, 0x22);
	get(0x0c);
	fakes_advance(200000 * NS_PER_SEC);
	fakes_run();
	ck_assert_uint_eq(fakes.rises[8], 0);
	ck_assert_uint_eq(get(0x0c) & 0x20, 0);
}
END_TEST

/* Reads C whenever the line is high: the number of ticks that took. */
static unsigned int serve(void)
{
	unsigned int n = 0;

	while (fakes.level[8]) {
		ck_assert_uint_eq(get(0x0c) & 0xc0, 0xc0);
		n++;
		ck_assert_uint_le(n, 10000);
	}
	return n;
}

START_TEST(periodic_interrupt_keeps_its_rate)
{
	unsigned int n = 0;

	set(0x0a, 0x26);
	set(0x0b, 0x42);
	for (unsigned int i = 0; i < 4000; i++) {
		fakes_advance(NS_PER_MS / 2);
		fakes_run();
		n += serve();
	}
	ck_assert_uint_ge(n, 2047);
	ck_assert_uint_le(n, 2048);
}
END_TEST

START_TEST(late_guest_gets_each_tick_it_missed)
{
	unsigned int n;

	set(0x0a, 0x2a); /* 64 Hz */
	set(0x0b, 0x42);
	get(0x0c);
	fakes_advance(500 * NS_PER_MS);
	fakes_run();
	n = serve();
	ck_assert_uint_ge(n, 31);
	ck_assert_uint_le(n, 32);
	ck_assert_uint_eq(fakes.rises[8], n);
}
END_TEST

START_TEST(ticks_owed_for_more_than_a_second_are_dropped)
{
	set(0x0a, 0x26);
	set(0x0b, 0x42);
	fakes_advance(100 * NS_PER_SEC);
	fakes_run();
	ck_assert_uint_eq(serve(), 1);
}
END_TEST

START_TEST(rates_are_those_of_the_data_sheet)
{
	static const unsigned int hz[16] = {0,	 256, 128, 8192, 4096, 2048, 1024, 512,
					    256, 128, 64,  32,	 16,   8,    4,	   2};

	for (unsigned int rate = 1; rate < 16; rate++) {
		unsigned int n = 0;

		set(0x0a, 0x20 | rate);
		set(0x0b, 0x42);
		get(0x0c);
		fakes_advance(990 * NS_PER_MS);
		fakes_run();
		n = serve();
		ck_assert_uint_ge(n, hz[rate] * 98 / 100);
		ck_assert_uint_le(n, hz[rate]);
		set(0x0b, 0x02);
	}
}
END_TEST

START_TEST(periodic_ticks_do_not_follow_the_wall_clock)
{
	set(0x0a, 0x2f);
	set(0x0b, 0x42);
	get(0x0c);
	fakes.real_ns += 3600 * NS_PER_SEC;
	fakes_run();
	ck_assert_uint_eq(fakes.rises[8], 0);
}
END_TEST

START_TEST(disabled_interrupts_cost_no_timer)
{
	struct err err = ERR_INIT;

	set(0x0b, 0x42);
	set(0x0b, 0x02);
	get(0x0c);
	fakes_advance(NS_PER_SEC);
	ck_assert_int_eq(loop_run_once(fakes.loop, 20, &err), 0);
}
END_TEST

START_TEST(setting_the_clock_disables_update_interrupts)
{
	set(0x0b, 0x12);
	set(0x0b, 0x92);
	ck_assert_uint_eq(get(0x0b), 0x82);
}
END_TEST

START_TEST(cmos_holds_memory_sizes_and_cpus)
{
	ck_assert_uint_eq(get(0x15) | get(0x16) << 8, 640);
	ck_assert_uint_eq(get(0x30) | get(0x31) << 8, 65535);
	ck_assert_uint_eq(get(0x34) | get(0x35) << 8, 496 * 16);
	ck_assert_uint_eq(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 3 * 16384);
	ck_assert_uint_eq(get(0x5f), 3);
}
END_TEST

START_TEST(reset_keeps_cmos_and_time_and_clears_interrupts)
{
	set_clock_as_linux();
	set(0x0f, 0x0a);
	set(0x7f, 0x5a);
	set(0x0b, 0x72);
	fakes_advance(NS_PER_SEC);
	fakes_run();
	ck_assert(fakes.level[8]);
	device_reset(rtc);
	ck_assert(!fakes.level[8]);
	ck_assert_uint_eq(get(0x0b), 2);
	ck_assert_uint_eq(get(0x0c), 0);
	ck_assert_uint_eq(get(0x0f), 0x0a);
	ck_assert_uint_eq(get(0x7f), 0x5a);
	expect_time(0x23, 0x59, 0x59);
}
END_TEST

START_TEST(reset_ends_a_half_done_setting)
{
	set(0x0b, 0x82);
	set(4, 0x99);
	device_reset(rtc);
	expect_time(0x16, 0x35, 0x09);
}
END_TEST

START_TEST(local_time_is_an_offset)
{
	struct bus *other = bus_create("other");
	struct rtc_config config = config_on(other);
	struct err err = ERR_INIT;
	struct device *local;

	config.offset_s = -7200;
	local = rtc_create(&config, &err);
	ck_assert_ptr_nonnull(local);
	bus_write(other, 0x70, 1, 4);
	ck_assert_uint_eq(bus_read(other, 0x71, 1), 0x14);
	device_destroy(local);
	bus_destroy(other);
}
END_TEST

START_TEST(survives_any_access_and_resets_to_fresh)
{
	struct bus *other = bus_create("other");
	struct rtc_config config = config_on(other);
	struct err err = ERR_INIT;
	struct device *fresh = rtc_create(&config, &err);

	fakes_torture(rtc, fresh, 0x6f, 6, 100000);
	ck_assert(!fakes.level[8]);
	device_destroy(fresh);
	bus_destroy(other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rtc");
	TCase *tc = tcase_create("rtc");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tells_the_host_s_time_in_bcd);
	tcase_add_test(tc, nmi_bit_of_the_index_is_ignored);
	tcase_add_test(tc, binary_and_12_hour_formats_work);
	tcase_add_test(tc, midnight_in_12_hour_format_is_12);
	tcase_add_test(tc, guest_sets_the_clock_and_it_goes_on);
	tcase_add_test(tc, set_bit_freezes_the_time);
	tcase_add_test(tc, single_register_may_be_set_while_running);
	tcase_add_test(tc, nonsense_dates_carry_and_do_no_harm);
	tcase_add_test(tc, uip_shows_for_244_us_before_the_update);
	tcase_add_test(tc, flags_are_set_without_interrupts);
	tcase_add_test(tc, update_interrupt_comes_each_second);
	tcase_add_test(tc, alarm_interrupts_once_at_its_time);
	tcase_add_test(tc, alarm_wildcards_match_any_value);
	tcase_add_test(tc, impossible_alarm_never_comes);
	tcase_add_test(tc, periodic_interrupt_keeps_its_rate);
	tcase_add_test(tc, late_guest_gets_each_tick_it_missed);
	tcase_add_test(tc, ticks_owed_for_more_than_a_second_are_dropped);
	tcase_add_test(tc, rates_are_those_of_the_data_sheet);
	tcase_add_test(tc, periodic_ticks_do_not_follow_the_wall_clock);
	tcase_add_test(tc, disabled_interrupts_cost_no_timer);
	tcase_add_test(tc, setting_the_clock_disables_update_interrupts);
	tcase_add_test(tc, cmos_holds_memory_sizes_and_cpus);
	tcase_add_test(tc, reset_keeps_cmos_and_time_and_clears_interrupts);
	tcase_add_test(tc, reset_ends_a_half_done_setting);
	tcase_add_test(tc, local_time_is_an_offset);
	tcase_add_test(tc, survives_any_access_and_resets_to_fresh);
	suite_add_tcase(s, tc);
	return fakes_main(s);
}
