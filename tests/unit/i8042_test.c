/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/i8042.h"
#include "tests/unit/platform_fakes.h"

#include <errno.h>

static struct device *kbc;

static struct i8042_config config_on(struct bus *pio, bool mouse)
{
	return (struct i8042_config){.pio = pio,
				     .kbd_irq = FAKE_IRQ(1),
				     .mouse_irq = FAKE_IRQ(12),
				     .power = FAKE_POWER,
				     .mouse = mouse};
}

static void create(bool mouse)
{
	struct i8042_config config;
	struct err err = ERR_INIT;

	fakes_setup();
	config = config_on(fakes.pio, mouse);
	kbc = i8042_create(&config, &err);
	ck_assert_msg(kbc != NULL, "%s", err.text);
}

static void setup(void)
{
	create(true);
}

static void setup_without_mouse(void)
{
	create(false);
}

static void teardown(void)
{
	device_destroy(kbc);
	fakes_teardown();
}

/* The next byte, which must be there; @mouse says from which port. */
static unsigned int take(bool mouse)
{
	ck_assert_uint_eq(inb(0x64) & 0x21, mouse ? 0x21 : 0x01);
	return inb(0x60);
}

static void expect_empty(void)
{
	ck_assert_uint_eq(inb(0x64) & 1, 0);
}

static void expect(bool mouse, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(take(mouse), bytes[i]);
	expect_empty();
}

#define EXPECT_KBD(...)                                                                            \
	expect(false, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define EXPECT_MOUSE(...)                                                                          \
	expect(true, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static unsigned int command(unsigned int cmd)
{
	outb(0x64, cmd);
	return take(false);
}

static void to_mouse(unsigned int byte)
{
	outb(0x64, 0xd4);
	outb(0x60, byte);
}

START_TEST(controller_tests_pass)
{
	ck_assert_uint_eq(command(0xaa), 0x55);
	ck_assert_uint_eq(command(0xab), 0x00);
	ck_assert_uint_eq(command(0xa9), 0x00);
	ck_assert_uint_eq(inb(0x64) & 0x14, 0x14);
	ck_assert_uint_eq(inb(0x64) & 8, 8);
	outb(0x60, 0xee);
	ck_assert_uint_eq(inb(0x64) & 8, 0);
}
END_TEST

START_TEST(command_byte_reads_back)
{
	ck_assert_uint_eq(command(0x20), 0x65);
	outb(0x64, 0x60);
	outb(0x60, 0x47);
	ck_assert_uint_eq(command(0x20), 0x47);
	outb(0x64, 0xa7);
	ck_assert_uint_eq(command(0x20), 0x67);
	outb(0x64, 0xad);
	ck_assert_uint_eq(command(0x20), 0x77);
	outb(0x64, 0xa8);
	outb(0x64, 0xae);
	ck_assert_uint_eq(command(0x20), 0x47);
	expect_empty();
}
END_TEST

/* What SeaBIOS sends, in its order. */
START_TEST(firmware_sequence_is_answered)
{
	outb(0x64, 0xad);
	outb(0x64, 0xa7);
	expect_empty();
	ck_assert_uint_eq(command(0xaa), 0x55);
	ck_assert_uint_eq(command(0xab), 0x00);
	outb(0x64, 0x60);
	outb(0x60, 0x20);
	outb(0x60, 0xff);
	EXPECT_KBD(0xfa, 0xaa);
	outb(0x60, 0xf5);
	EXPECT_KBD(0xfa);
	outb(0x60, 0xf0);
	EXPECT_KBD(0xfa);
	outb(0x60, 0x02);
	EXPECT_KBD(0xfa);
	outb(0x60, 0xf4);
	EXPECT_KBD(0xfa);
	outb(0x64, 0x60);
	outb(0x60, 0x61);
	ck_assert_uint_eq(command(0x20), 0x61);
}
END_TEST

START_TEST(keyboard_answers_its_commands)
{
	static const uint8_t acked[] = {0xf4, 0xf5, 0xf6, 0xf7, 0xfa};

	for (size_t i = 0; i < sizeof(acked); i++) {
		outb(0x60, acked[i]);
		EXPECT_KBD(0xfa);
	}
	outb(0x60, 0xee);
	EXPECT_KBD(0xee);
	outb(0x60, 0xf2);
	EXPECT_KBD(0xfa, 0xab, 0x41);
	outb(0x60, 0xed);
	EXPECT_KBD(0xfa);
	outb(0x60, 0x07);
	EXPECT_KBD(0xfa);
	outb(0x60, 0xf3);
	outb(0x60, 0x2b);
	EXPECT_KBD(0xfa, 0xfa);
	outb(0x60, 0x12);
	EXPECT_KBD(0xfe);
	outb(0x64, 0x60);
	outb(0x60, 0x05);
	outb(0x60, 0xf2);
	EXPECT_KBD(0xfa, 0xab, 0x83);
	outb(0x60, 0xf0);
	outb(0x60, 0x00);
	EXPECT_KBD(0xfa, 0xfa, 0x02);
	outb(0x60, 0xfe);
	EXPECT_KBD(0x02);
}
END_TEST

START_TEST(mouse_answers_its_commands)
{
	static const uint8_t acked[] = {0xf4, 0xf5, 0xf6, 0xe6, 0xe7, 0xea, 0xf0};

	to_mouse(0xff);
	EXPECT_MOUSE(0xfa, 0xaa, 0x00);
	for (size_t i = 0; i < sizeof(acked); i++) {
		to_mouse(acked[i]);
		EXPECT_MOUSE(0xfa);
	}
	to_mouse(0xf6);
	EXPECT_MOUSE(0xfa);
	to_mouse(0xe8);
	to_mouse(0x03);
	EXPECT_MOUSE(0xfa, 0xfa);
	to_mouse(0xe9);
	EXPECT_MOUSE(0xfa, 0x00, 0x03, 100);
	to_mouse(0xf2);
	EXPECT_MOUSE(0xfa, 0x00);
	to_mouse(0xeb);
	EXPECT_MOUSE(0xfa, 0x08, 0x00, 0x00);
	to_mouse(0x55);
	EXPECT_MOUSE(0xfe);
}
END_TEST

START_TEST(wheel_shows_after_the_rate_knock)
{
	static const uint8_t rates[] = {200, 200, 100, 80};

	for (size_t i = 0; i < sizeof(rates); i++) {
		to_mouse(0xf3);
		to_mouse(rates[i]);
		EXPECT_MOUSE(0xfa, 0xfa);
	}
	to_mouse(0xf2);
	EXPECT_MOUSE(0xfa, 0x03);
	to_mouse(0xeb);
	EXPECT_MOUSE(0xfa, 0x08, 0x00, 0x00, 0x00);
}
END_TEST

/* The steps of Linux' i8042_check_aux(), irq test included. */
START_TEST(second_port_passes_a_driver_s_checks)
{
	outb(0x64, 0xd3);
	outb(0x60, 0x5a);
	ck_assert_uint_eq(take(true), 0x5a);
	outb(0x64, 0xa7);
	ck_assert_uint_eq(command(0x20) & 0x20, 0x20);
	outb(0x64, 0xa8);
	ck_assert_uint_eq(command(0x20) & 0x20, 0);
	outb(0x64, 0x60);
	outb(0x60, 0x47);
	outb(0x64, 0xd3);
	outb(0x60, 0xa5);
	ck_assert(fakes.level[12]);
	EXPECT_MOUSE(0xa5);
	ck_assert(!fakes.level[12]);
}
END_TEST

START_TEST(fake_keyboard_byte_comes_from_the_keyboard)
{
	outb(0x64, 0xd2);
	outb(0x60, 0x1e);
	ck_assert(fakes.level[1]);
	EXPECT_KBD(0x1e);
}
END_TEST

START_TEST(each_byte_is_an_edge_of_its_own)
{
	outb(0x60, 0xf2);
	ck_assert_uint_eq(fakes.rises[1], 1);
	take(false);
	ck_assert_uint_eq(fakes.rises[1], 2);
	take(false);
	ck_assert_uint_eq(fakes.rises[1], 3);
	take(false);
	ck_assert_uint_eq(fakes.rises[1], 3);
	ck_assert(!fakes.level[1]);
}
END_TEST

START_TEST(disabled_interrupt_stays_low)
{
	outb(0x64, 0x60);
	outb(0x60, 0x44);
	outb(0x60, 0xf4);
	ck_assert(!fakes.level[1]);
	EXPECT_KBD(0xfa);
}
END_TEST

START_TEST(disabled_port_keeps_its_bytes)
{
	static const uint8_t a[] = {0x1c};

	outb(0x64, 0xad);
	ck_assert_int_eq(i8042_key(kbc, a, 1), 0);
	expect_empty();
	outb(0x64, 0xae);
	EXPECT_KBD(0x1e);
}
END_TEST

START_TEST(keys_are_translated_to_set_1)
{
	static const uint8_t make[] = {0x1c};
	static const uint8_t brk[] = {0xf0, 0x1c};
	static const uint8_t up[] = {0xe0, 0x75};
	static const uint8_t up_brk[] = {0xe0, 0xf0, 0x75};
	static const uint8_t f7_brk[] = {0xf0, 0x83};

	ck_assert_int_eq(i8042_key(kbc, make, 1), 0);
	EXPECT_KBD(0x1e);
	ck_assert_int_eq(i8042_key(kbc, brk, 2), 0);
	EXPECT_KBD(0x9e);
	ck_assert_int_eq(i8042_key(kbc, up, 2), 0);
	EXPECT_KBD(0xe0, 0x48);
	ck_assert_int_eq(i8042_key(kbc, up_brk, 3), 0);
	EXPECT_KBD(0xe0, 0xc8);
	ck_assert_int_eq(i8042_key(kbc, f7_brk, 2), 0);
	EXPECT_KBD(0xc1);
	outb(0x64, 0x60);
	outb(0x60, 0x05);
	ck_assert_int_eq(i8042_key(kbc, brk, 2), 0);
	EXPECT_KBD(0xf0, 0x1c);
}
END_TEST

START_TEST(key_queue_is_bounded_and_all_or_none)
{
	static const uint8_t brk[] = {0xe0, 0xf0, 0x75};
	uint8_t many[64] = {0};
	unsigned int n = 0;

	ck_assert_int_eq(i8042_key(kbc, many, sizeof(many)), -ENOSPC);
	expect_empty();
	while (i8042_key(kbc, brk, 3) == 0)
		ck_assert_uint_le(++n, 10);
	ck_assert_uint_ge(n, 5);
	while (inb(0x64) & 1) {
		ck_assert_uint_eq(inb(0x60), 0xe0);
		ck_assert_uint_eq(take(false), 0xc8);
	}
	outb(0x60, 0xf5);
	EXPECT_KBD(0xfa);
	ck_assert_int_eq(i8042_key(kbc, brk, 3), -EAGAIN);
}
END_TEST

START_TEST(even_pulse_commands_reset)
{
	for (unsigned int cmd = 0xf0; cmd <= 0xff; cmd++) {
		unsigned int before = fakes.n_power;

		outb(0x64, cmd);
		ck_assert_uint_eq(fakes.n_power - before, cmd % 2 == 0);
	}
	ck_assert_int_eq(fakes.event, POWER_RESET);
	ck_assert_str_eq(fakes.source, "i8042");
}
END_TEST

START_TEST(output_port_resets_and_remembers_a20)
{
	ck_assert_uint_eq(command(0xd0) & 3, 3);
	outb(0x64, 0xdd);
	ck_assert_uint_eq(command(0xd0) & 3, 1);
	outb(0x64, 0xdf);
	ck_assert_uint_eq(command(0xd0) & 3, 3);
	outb(0x64, 0xd1);
	outb(0x60, 0xdd);
	ck_assert_uint_eq(command(0xd0) & 3, 1);
	ck_assert_uint_eq(fakes.n_power, 0);
	outb(0x64, 0xd1);
	outb(0x60, 0xfe);
	ck_assert_uint_eq(fakes.n_power, 1);
	ck_assert_str_eq(fakes.source, "i8042");
}
END_TEST

START_TEST(without_mouse_the_second_port_fails_at_once)
{
	outb(0x64, 0xd3);
	outb(0x60, 0x5a);
	EXPECT_MOUSE(0xa5);
	ck_assert_uint_eq(command(0xa9), 2);
	to_mouse(0xf2);
	EXPECT_MOUSE(0xfe);
}
END_TEST

START_TEST(survives_any_access_and_resets_to_fresh)
{
	struct bus *other = bus_create("other");
	struct i8042_config config = config_on(other, true);
	struct err err = ERR_INIT;
	struct device *fresh = i8042_create(&config, &err);

	fakes_torture(kbc, fresh, 0x5f, 8, 200000);
	ck_assert(!fakes.level[1] && !fakes.level[12]);
	device_destroy(fresh);
	bus_destroy(other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("i8042");
	TCase *tc = tcase_create("i8042");
	TCase *bare = tcase_create("without mouse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, controller_tests_pass);
	tcase_add_test(tc, command_byte_reads_back);
	tcase_add_test(tc, firmware_sequence_is_answered);
	tcase_add_test(tc, keyboard_answers_its_commands);
	tcase_add_test(tc, mouse_answers_its_commands);
	tcase_add_test(tc, wheel_shows_after_the_rate_knock);
	tcase_add_test(tc, second_port_passes_a_driver_s_checks);
	tcase_add_test(tc, fake_keyboard_byte_comes_from_the_keyboard);
	tcase_add_test(tc, each_byte_is_an_edge_of_its_own);
	tcase_add_test(tc, disabled_interrupt_stays_low);
	tcase_add_test(tc, disabled_port_keeps_its_bytes);
	tcase_add_test(tc, keys_are_translated_to_set_1);
	tcase_add_test(tc, key_queue_is_bounded_and_all_or_none);
	tcase_add_test(tc, even_pulse_commands_reset);
	tcase_add_test(tc, output_port_resets_and_remembers_a20);
	tcase_add_test(tc, survives_any_access_and_resets_to_fresh);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(bare, setup_without_mouse, teardown);
	tcase_add_test(bare, without_mouse_the_second_port_fails_at_once);
	suite_add_tcase(s, bare);
	return fakes_main(s);
}
