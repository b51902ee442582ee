/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/debug_console.h"
#include "devices/debug_exit.h"
#include "devices/device_timer.h"
#include "devices/reset_control.h"
#include "devices/ticks.h"
#include "tests/unit/platform_fakes.h"

#include <errno.h>

static struct device *dev;
static char lines[8][DEBUG_CONSOLE_LINE + 1];
static unsigned int n_lines;

static void note_line(void *owner, const char *line, size_t len)
{
	ck_assert_ptr_eq(owner, lines);
	ck_assert_uint_le(len, DEBUG_CONSOLE_LINE);
	if (n_lines < 8)
		snprintf(lines[n_lines], sizeof(lines[0]), "%.*s", (int)len, line);
	n_lines++;
}

static struct device *create_reset(struct bus *pio)
{
	struct reset_control_config config = {.pio = pio, .power = FAKE_POWER};

	return reset_control_create(&config, NULL);
}

static struct device *create_exit(struct bus *pio)
{
	struct debug_exit_config config = {.pio = pio, .power = FAKE_POWER};

	return debug_exit_create(&config, NULL);
}

static struct device *create_console(struct bus *pio)
{
	struct debug_console_config config = {.pio = pio, .output = note_line, .owner = lines};

	return debug_console_create(&config, NULL);
}

static void use(struct device *(*create)(struct bus *))
{
	dev = create(fakes.pio);
	ck_assert_ptr_nonnull(dev);
}

static void setup(void)
{
	fakes_setup();
	dev = NULL;
	n_lines = 0;
}

static void teardown(void)
{
	device_destroy(dev);
	fakes_teardown();
}

START_TEST(cf9_resets_when_bit_2_rises)
{
	use(create_reset);
	outb(0xcf9, 2);
	ck_assert_uint_eq(fakes.n_power, 0);
	ck_assert_uint_eq(inb(0xcf9), 2);
	outb(0xcf9, 6);
	ck_assert_uint_eq(fakes.n_power, 1);
	ck_assert_int_eq(fakes.event, POWER_RESET);
	ck_assert_str_eq(fakes.source, "cf9");
	outb(0xcf9, 6);
	ck_assert_uint_eq(fakes.n_power, 1);
	device_reset(dev);
	ck_assert_uint_eq(inb(0xcf9), 0);
	outb(0xcf9, 6);
	ck_assert_uint_eq(fakes.n_power, 2);
}
END_TEST

static uint64_t pci_seen;

static void pci_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)owner;
	(void)offset;
	(void)size;
	pci_seen = value;
}

START_TEST(pci_address_port_does_not_reach_cf9)
{
	static const struct region_ops ops = {
		.name = "pci-address", .sizes = BUS_SIZE_4, .unaligned = true, .write = pci_write};
	struct region region = {.base = 0xcf8, .len = 1, .ops = &ops};

	use(create_reset);
	outl(0xcf8, 0x80000600);
	outw(0xcf9, 0x0606);
	outl(0xcf9, 0x06060606);
	outw(0xcf8, 0x0600);
	ck_assert_uint_eq(fakes.n_power, 0);
	ck_assert_int_eq(bus_add(fakes.pio, &region, NULL), 0);
	outl(0xcf8, 0x80000600);
	ck_assert_uint_eq(pci_seen, 0x80000600);
	ck_assert_uint_eq(fakes.n_power, 0);
	outb(0xcf9, 6);
	ck_assert_uint_eq(fakes.n_power, 1);
}
END_TEST

START_TEST(port_92_resets_when_bit_0_rises_and_has_a20_on)
{
	use(create_reset);
	ck_assert_uint_eq(inb(0x92), 2);
	outb(0x92, 0);
	ck_assert_uint_eq(inb(0x92), 2);
	ck_assert_uint_eq(fakes.n_power, 0);
	outb(0x92, 3);
	ck_assert_uint_eq(fakes.n_power, 1);
	ck_assert_str_eq(fakes.source, "port92");
	outb(0x92, 1);
	ck_assert_uint_eq(fakes.n_power, 1);
	outb(0x92, 0);
	outb(0x92, 1);
	ck_assert_uint_eq(fakes.n_power, 2);
	ck_assert_uint_eq(inb(0x92), 2);
}
END_TEST

START_TEST(debug_exit_reports_the_value_at_its_width)
{
	use(create_exit);
	outb(0x501, 0x31);
	ck_assert_int_eq(fakes.event, POWER_DEBUG_EXIT);
	ck_assert_uint_eq(fakes.value, 0x31);
	outw(0x501, 0x1234);
	ck_assert_uint_eq(fakes.value, 0x1234);
	outl(0x501, 0xdeadbeef);
	ck_assert_uint_eq(fakes.value, 0xdeadbeef);
	ck_assert_uint_eq(fakes.n_power, 3);
	outb(0x502, 1);
	bus_write(fakes.pio, 0x501, 8, 1);
	ck_assert_uint_eq(fakes.n_power, 3);
	ck_assert_uint_eq(inl(0x501), 0xffffffff);
}
END_TEST

START_TEST(debug_exit_port_is_configurable)
{
	struct debug_exit_config config = {.pio = fakes.pio, .port = 0xf4, .power = FAKE_POWER};

	dev = debug_exit_create(&config, NULL);
	ck_assert_ptr_nonnull(dev);
	outb(0x501, 1);
	ck_assert_uint_eq(fakes.n_power, 0);
	outb(0xf4, 7);
	ck_assert_uint_eq(fakes.value, 7);
}
END_TEST

static void print(const char *text)
{
	while (*text)
		outb(0x402, (unsigned char)*text++);
}

START_TEST(debug_console_is_present_and_gives_whole_lines)
{
	use(create_console);
	ck_assert_uint_eq(inb(0x402), 0xe9);
	print("SeaBIOS");
	ck_assert_uint_eq(n_lines, 0);
	print(" (version)\n\nnext");
	ck_assert_uint_eq(n_lines, 2);
	ck_assert_str_eq(lines[0], "SeaBIOS (version)");
	ck_assert_str_eq(lines[1], "");
}
END_TEST

START_TEST(debug_console_cuts_long_lines)
{
	use(create_console);
	for (unsigned int i = 0; i < DEBUG_CONSOLE_LINE + 3; i++)
		outb(0x402, 'x');
	ck_assert_uint_eq(n_lines, 1);
	ck_assert_uint_eq(strlen(lines[0]), DEBUG_CONSOLE_LINE);
	outb(0x402, '\n');
	ck_assert_str_eq(lines[1], "xxx");
}
END_TEST

START_TEST(debug_console_gives_the_rest_at_reset_and_end)
{
	use(create_console);
	print("half");
	device_reset(dev);
	ck_assert_str_eq(lines[0], "half");
	device_reset(dev);
	ck_assert_uint_eq(n_lines, 1);
	print("end");
	device_destroy(dev);
	dev = NULL;
	ck_assert_str_eq(lines[1], "end");
	ck_assert_uint_eq(inb(0x402), 0xff);
}
END_TEST

static struct device *(*const creators[])(struct bus *) = {create_reset, create_exit,
							   create_console};
static const uint16_t ports[][2] = {{0xcf7, 4}, {0x501, 4}, {0x402, 1}};

START_TEST(survives_any_access_and_resets_to_fresh)
{
	struct bus *other = bus_create("other");
	struct device *fresh = creators[_i](other);

	use(creators[_i]);
	fakes_torture(dev, fresh, ports[_i][0], ports[_i][1], 20000);
	device_destroy(fresh);
	bus_destroy(other);
}
END_TEST

START_TEST(second_of_a_kind_is_refused_and_leaves_nothing)
{
	struct debug_exit_config config = {.pio = fakes.pio, .port = 0xcf9};
	struct err err = ERR_INIT;

	use(create_reset);
	ck_assert_ptr_null(create_reset(fakes.pio));
	ck_assert_ptr_null(debug_exit_create(&config, &err));
	ck_assert_int_eq(err.code, -EEXIST);
	ck_assert_uint_eq(inb(0x92), 2);
	device_destroy(dev);
	ck_assert_uint_eq(inb(0x92), 0xff);
	use(create_reset);
}
END_TEST

START_TEST(failed_creation_takes_its_first_regions_back)
{
	struct debug_exit_config config = {.pio = fakes.pio, .port = 0x92, .power = FAKE_POWER};

	dev = debug_exit_create(&config, NULL);
	ck_assert_ptr_nonnull(dev);
	ck_assert_ptr_null(create_reset(fakes.pio)); /* CF9h fits, 92h does not */
	ck_assert_uint_eq(inb(0xcf9), 0xff);
}
END_TEST

static unsigned int timer_calls;

static void count_call(void *arg)
{
	(void)arg;
	timer_calls++;
}

START_TEST(timer_fires_once_and_can_be_disarmed)
{
	struct err err = ERR_INIT;
	struct device_timer *timer;

	timer_calls = 0;
	timer = device_timer_create(fakes.loop, count_call, NULL, &err);
	ck_assert_ptr_nonnull(timer);
	fakes_run();
	ck_assert_uint_eq(timer_calls, 0);
	device_timer_set(timer, 1);
	fakes_run();
	ck_assert_uint_eq(timer_calls, 1);
	device_timer_set(timer, 1);
	device_timer_set(timer, 0);
	fakes_run();
	ck_assert_uint_eq(timer_calls, 1);
	device_timer_set(timer, 1);
	device_timer_destroy(timer);
	fakes_run();
	ck_assert_uint_eq(timer_calls, 1);
}
END_TEST

START_TEST(ticks_and_nanoseconds_are_inverse)
{
	static const uint32_t hz[] = {32768, 3579545};

	for (unsigned int h = 0; h < 2; h++)
		for (uint64_t t = 1; t < 1ULL << 45; t = t * 3 + 1) {
			uint64_t ns = ticks_to_ns(t, hz[h]);

			ck_assert_uint_eq(ticks_from_ns(ns, hz[h]), t);
			ck_assert_uint_eq(ticks_from_ns(ns - 1, hz[h]), t - 1);
		}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("platform");
	TCase *tc = tcase_create("platform");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, cf9_resets_when_bit_2_rises);
	tcase_add_test(tc, pci_address_port_does_not_reach_cf9);
	tcase_add_test(tc, port_92_resets_when_bit_0_rises_and_has_a20_on);
	tcase_add_test(tc, debug_exit_reports_the_value_at_its_width);
	tcase_add_test(tc, debug_exit_port_is_configurable);
	tcase_add_test(tc, debug_console_is_present_and_gives_whole_lines);
	tcase_add_test(tc, debug_console_cuts_long_lines);
	tcase_add_test(tc, debug_console_gives_the_rest_at_reset_and_end);
	tcase_add_loop_test(tc, survives_any_access_and_resets_to_fresh, 0, 3);
	tcase_add_test(tc, second_of_a_kind_is_refused_and_leaves_nothing);
	tcase_add_test(tc, failed_creation_takes_its_first_regions_back);
	tcase_add_test(tc, timer_fires_once_and_can_be_disarmed);
	tcase_add_test(tc, ticks_and_nanoseconds_are_inverse);
	suite_add_tcase(s, tc);
	return fakes_main(s);
}
