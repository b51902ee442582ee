/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/config_devices.h"
#include "vmm/app/config/machine_options.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct run_options run;
static struct config_device list[CONFIG_MAX_DEVICES];
static size_t n;
static struct err err;

static void setup(void)
{
	run_options_init(&run);
	memset(&err, 0, sizeof(err));
	n = 0;
}

static void teardown(void)
{
	run_options_fini(&run);
}

/* Reads one option of `vise run`. */
static void given(const char *option, const char *value)
{
	char *argv[] = {(char *)"run", (char *)option, (char *)value};

	ck_assert_msg(run_options_parse(&run, 3, argv, &err) == 0, "%s", err.text);
}

static void places(void)
{
	ck_assert_msg(config_devices(&run.config, list, &n, &err) == 0, "%s", err.text);
}

static void refuses(const char *line)
{
	ck_assert_int_lt(config_devices(&run.config, list, &n, &err), 0);
	ck_assert_str_eq(err.text, line);
}

static void stands(size_t i, const char *id, const char *backend, unsigned int slot,
		   unsigned int function)
{
	ck_assert_uint_lt(i, n);
	ck_assert_str_eq(list[i].id, id);
	ck_assert_str_eq(list[i].backend_id, backend);
	ck_assert_uint_eq(list[i].devfn, slot << 3 | function);
}

START_TEST(first_of_each_kind_has_its_slot)
{
	given("--machine", "contract");
	{
		char *argv[] = {(char *)"run", (char *)"--tablet"};
		ck_assert_int_eq(run_options_parse(&run, 2, argv, &err), 0);
	}
	given("--disk", "a");
	given("--disk", "b");
	given("--net", "none");
	given("--net", "none");
	ck_assert_int_eq(machine_config_complete(&run.config, &err), 0);
	places();
	ck_assert_uint_eq(n, 9);
	stands(0, "aero_virtio_net0", "net0", 3, 0);
	stands(1, "aero_virtio_net1", "net1", 23, 0);
	stands(2, "aero_virtio_blk0", "drive0", 4, 0);
	stands(3, "aero_virtio_blk1", "drive1", 8, 0);
	stands(4, "aero_virtio_kbd0", "", 5, 0);
	stands(5, "aero_virtio_mouse0", "", 5, 1);
	stands(6, "aero_virtio_tablet0", "", 5, 2);
	stands(7, "aero_virtio_snd0", "snd0", 6, 0);
	stands(8, "console0", "", 7, 0);
}
END_TEST

START_TEST(ids_and_addresses_are_as_given)
{
	given("--disk", "a,id=root,backend-id=drive-root,addr=4.1");
	given("--net", "none,addr=4");
	given("--input", "tablet");
	places();
	stands(0, "aero_virtio_net0", "net0", 4, 0);
	stands(1, "root", "drive-root", 4, 1);
	stands(2, "aero_virtio_tablet0", "", 5, 0);
}
END_TEST

START_TEST(who_names_no_address_gives_way)
{
	given("--net", "none");
	given("--disk", "a,addr=3");
	places();
	stands(0, "aero_virtio_net0", "net0", 31, 0);
	stands(1, "aero_virtio_blk0", "drive0", 3, 0);
}
END_TEST

START_TEST(only_inputs_of_the_contract_share_a_slot)
{
	given("--input", "keyboard,identity=qemu");
	given("--input", "mouse,identity=qemu");
	given("--input", "tablet");
	places();
	stands(0, "aero_virtio_kbd0", "", 5, 0);
	stands(1, "aero_virtio_mouse0", "", 31, 0);
	stands(2, "aero_virtio_tablet0", "", 30, 0);
}
END_TEST

START_TEST(refuses_what_is_taken)
{
	given("--disk", "a,id=x");
	given("--net", "none,backend-id=x");
	refuses("--disk: the id 'x' is taken already, by --net");
	teardown();
	setup();
	given("--disk", "a,addr=9");
	given("--disk", "b,addr=09.0");
	refuses("--disk: addr: PCI address '09.0' is taken already");
	teardown();
	setup();
	given("--disk", "a,addr=1");
	refuses("--disk: addr: PCI address '1' is taken already");
}
END_TEST

START_TEST(refuses_what_is_no_address)
{
	static const char *const wrong[] = {"a,addr=20",  "a,addr=4.8",	 "a,addr=x", "a,addr=4.",
					    "a,addr=0x4", "a,addr=4.11", "a,addr=-1"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		teardown();
		setup();
		given("--disk", wrong[i]);
		ck_assert_int_lt(config_devices(&run.config, list, &n, &err), 0);
		ck_assert_ptr_nonnull(strstr(err.text, "--disk: addr: expected a slot from 0 to"));
	}
}
END_TEST

START_TEST(refuses_a_function_that_nobody_finds)
{
	given("--disk", "a,addr=9.1");
	refuses("--disk: addr: slot 9 needs a function 0 too, or no guest finds the others");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_devices");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, first_of_each_kind_has_its_slot);
	tcase_add_test(tc, ids_and_addresses_are_as_given);
	tcase_add_test(tc, who_names_no_address_gives_way);
	tcase_add_test(tc, only_inputs_of_the_contract_share_a_slot);
	tcase_add_test(tc, refuses_what_is_taken);
	tcase_add_test(tc, refuses_what_is_no_address);
	tcase_add_test(tc, refuses_a_function_that_nobody_finds);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
