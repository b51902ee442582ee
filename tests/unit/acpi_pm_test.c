/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "devices/acpi_pm.h"
#include "tests/unit/platform_fakes.h"

#include <errno.h>

#define EVT  0x600
#define CNT  0x604
#define TMR  0x608
#define GPE0 0x620

static struct device *pm;

static struct acpi_pm_config config_on(struct bus *pio)
{
	return (struct acpi_pm_config){.pio = pio,
				       .base = 0x600,
				       .slp_typ_s5 = 5,
				       .sci = FAKE_IRQ(9),
				       .clock = FAKE_CLOCK,
				       .loop = fakes.loop,
				       .power = FAKE_POWER};
}

static void setup(void)
{
	struct acpi_pm_config config;
	struct err err = ERR_INIT;

	fakes_setup();
	config = config_on(fakes.pio);
	pm = acpi_pm_create(&config, &err);
	ck_assert_msg(pm != NULL, "%s", err.text);
}

static void teardown(void)
{
	device_destroy(pm);
	fakes_teardown();
}

START_TEST(timer_counts_at_3579545_hz)
{
	ck_assert_uint_eq(inl(TMR), 0);
	fakes_advance(NS_PER_SEC);
	ck_assert_uint_eq(inl(TMR), 3579545);
	fakes_advance(10000 * NS_PER_SEC);
	ck_assert_uint_eq(inl(TMR), (uint32_t)(10001ULL * 3579545));
	ck_assert_uint_eq(inw(TMR + 2), inl(TMR) >> 16);
	ck_assert_uint_eq(inb(TMR + 1), inl(TMR) >> 8 & 0xff);
}
END_TEST

START_TEST(timer_never_runs_backwards_within_a_second)
{
	unsigned int last = 0;

	for (unsigned int i = 0; i < 10000; i++) {
		unsigned int now = inl(TMR);

		ck_assert_uint_ge(now, last);
		last = now;
		fakes_advance(97);
	}
}
END_TEST

START_TEST(carry_sets_status_and_interrupts_when_enabled)
{
	uint64_t carry_ns = (1ULL << 31) * NS_PER_SEC / ACPI_PM_TIMER_HZ + 1;

	fakes_advance(carry_ns);
	ck_assert_uint_eq(inw(EVT), 1);
	outw(EVT, 1);
	ck_assert_uint_eq(inw(EVT), 0);
	outw(EVT + 2, 1);
	fakes_run();
	ck_assert(!fakes.level[9]);
	fakes_advance(carry_ns);
	fakes_run();
	ck_assert(fakes.level[9]);
	outw(EVT, 1);
	ck_assert(!fakes.level[9]);
}
END_TEST

START_TEST(power_button_raises_the_sci_when_enabled)
{
	outw(EVT + 2, 0x100);
	acpi_pm_press_power_button(pm);
	ck_assert(fakes.level[9]);
	ck_assert_uint_eq(inw(EVT), 0x100);
	outb(EVT + 1, 1);
	ck_assert(!fakes.level[9]);
	ck_assert_uint_eq(inw(EVT), 0);
	ck_assert_uint_eq(fakes.rises[9], 1);
}
END_TEST

START_TEST(button_pressed_early_waits_for_its_enable)
{
	acpi_pm_press_power_button(pm);
	ck_assert(!fakes.level[9]);
	outl(EVT, 0x01000000);
	ck_assert(fakes.level[9]);
	ck_assert_uint_eq(inl(EVT), 0x01000100);
}
END_TEST

START_TEST(sci_en_is_always_set)
{
	ck_assert_uint_eq(inw(CNT), 1);
	outw(CNT, 0);
	ck_assert_uint_eq(inw(CNT), 1);
	outw(CNT, 0xdfff);
	ck_assert_uint_eq(inw(CNT), 0x1c03);
	ck_assert_uint_eq(fakes.n_power, 0);
}
END_TEST

START_TEST(sleep_enable_with_s5_powers_off)
{
	outw(CNT, 5 << 10);
	ck_assert_uint_eq(fakes.n_power, 0);
	outw(CNT, 5 << 10 | 1 << 13);
	ck_assert_uint_eq(fakes.n_power, 1);
	ck_assert_int_eq(fakes.event, POWER_OFF);
	ck_assert_str_eq(fakes.source, "acpi");
	ck_assert_uint_eq(inw(CNT) & 1 << 13, 0);
	outb(CNT + 1, (5 << 10 | 1 << 13) >> 8);
	ck_assert_uint_eq(fakes.n_power, 2);
}
END_TEST

START_TEST(other_sleep_types_do_nothing)
{
	for (unsigned int type = 0; type < 8; type++)
		if (type != 5)
			outw(CNT, type << 10 | 1 << 13);
	ck_assert_uint_eq(fakes.n_power, 0);
}
END_TEST

START_TEST(gpe_block_remembers_enables_and_has_no_events)
{
	outw(GPE0 + 2, 0xa55a);
	outw(GPE0, 0xffff);
	ck_assert_uint_eq(inl(GPE0), 0xa55a0000);
	ck_assert_uint_eq(inb(GPE0 + 3), 0xa5);
}
END_TEST

START_TEST(refuses_ports_that_are_taken)
{
	struct acpi_pm_config config = config_on(fakes.pio);
	struct err err = ERR_INIT;

	ck_assert_ptr_null(acpi_pm_create(&config, &err));
	ck_assert_int_eq(err.code, -EEXIST);
}
END_TEST

START_TEST(survives_any_access_and_resets_to_fresh)
{
	struct bus *other = bus_create("other");
	struct acpi_pm_config config = config_on(other);
	struct err err = ERR_INIT;
	struct device *fresh = acpi_pm_create(&config, &err);

	acpi_pm_press_power_button(pm);
	fakes_torture(pm, fresh, 0x5f8, 0x40, 20000);
	ck_assert(!fakes.level[9]);
	ck_assert_uint_eq(inl(TMR), 0);
	device_destroy(fresh);
	bus_destroy(other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("acpi_pm");
	TCase *tc = tcase_create("acpi_pm");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, timer_counts_at_3579545_hz);
	tcase_add_test(tc, timer_never_runs_backwards_within_a_second);
	tcase_add_test(tc, carry_sets_status_and_interrupts_when_enabled);
	tcase_add_test(tc, power_button_raises_the_sci_when_enabled);
	tcase_add_test(tc, button_pressed_early_waits_for_its_enable);
	tcase_add_test(tc, sci_en_is_always_set);
	tcase_add_test(tc, sleep_enable_with_s5_powers_off);
	tcase_add_test(tc, other_sleep_types_do_nothing);
	tcase_add_test(tc, gpe_block_remembers_enables_and_has_no_events);
	tcase_add_test(tc, refuses_ports_that_are_taken);
	tcase_add_test(tc, survives_any_access_and_resets_to_fresh);
	suite_add_tcase(s, tc);
	return fakes_main(s);
}
