/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/hostfwd.h"
#include "vmm/host/usernet/usernet.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *spec, bool udp, uint32_t host, uint16_t host_port, uint32_t guest,
		   uint16_t guest_port)
{
	struct err err = ERR_INIT;
	struct hostfwd fwd;

	ck_assert_msg(hostfwd_parse(spec, &fwd, &err) == 0, "%s: %s", spec, err.text);
	ck_assert_int_eq(fwd.udp, udp);
	ck_assert_uint_eq(fwd.host, host);
	ck_assert_uint_eq(fwd.host_port, host_port);
	ck_assert_uint_eq(fwd.guest, guest);
	ck_assert_uint_eq(fwd.guest_port, guest_port);
}

/* It is refused in one line that names it and says @why. */
static void refuse(const char *spec, const char *why)
{
	struct err err = ERR_INIT;
	struct hostfwd fwd;

	ck_assert_msg(hostfwd_parse(spec, &fwd, &err) == -EINVAL, "%s", spec);
	ck_assert_msg(strncmp(err.text, "hostfwd='", 9) == 0 &&
			      strncmp(err.text + 9, spec, strlen(spec)) == 0,
		      "%s", err.text);
	ck_assert_msg(strstr(err.text, why) != NULL, "%s: %s", spec, err.text);
}

START_TEST(reads_what_there_is_and_fills_in_the_rest)
{
	expect("tcp::2222-:22", false, 0, 2222, USERNET_GUEST, 22);
	expect("::1-:65535", false, 0, 1, USERNET_GUEST, 65535);
	expect("udp:127.0.0.1:53-10.0.2.16:5353", true, 0x7f000001, 53, 0x0a000210, 5353);
	expect("tcp:0.0.0.0:80-:8080", false, 0, 80, USERNET_GUEST, 8080);
}
END_TEST

START_TEST(refuses_another_form)
{
	refuse("", "not of the form [tcp|udp]:[HOST]:PORT-[GUEST]:PORT");
	refuse("tcp", "not of the form");
	refuse("tcp:2222-:22", "not of the form");
	refuse("tcp::2222", "not of the form");
	refuse("tcp::2222-22", "not of the form");
	refuse("TCP::1-:1", "neither tcp nor udp");
	refuse("sctp::1-:1", "neither tcp nor udp");
}
END_TEST

START_TEST(refuses_bad_addresses)
{
	refuse("tcp:localhost:1-:1", "host's address is not");
	refuse("tcp:127.1:1-:1", "host's address is not");
	refuse("tcp:256.0.0.1:1-:1", "host's address is not");
	refuse("tcp:1111111111111111111111:1-:1", "host's address is not");
	refuse("tcp::1-guest:1", "guest's address is none");
	refuse("tcp::1-10.0.3.15:1", "guest's address is none");
	refuse("tcp::1-10.0.2.0:1", "guest's address is none");
	refuse("tcp::1-10.0.2.2:1", "guest's address is none");
	refuse("tcp::1-10.0.2.3:1", "guest's address is none");
	refuse("tcp::1-10.0.2.255:1", "guest's address is none");
}
END_TEST

START_TEST(refuses_bad_ports)
{
	refuse("tcp::-:22", "host's port is not 1 to 65535");
	refuse("tcp::0-:22", "host's port is not");
	refuse("tcp::65536-:22", "host's port is not");
	refuse("tcp::4294967297-:22", "host's port is not");
	refuse("tcp:: 1-:22", "host's port is not");
	refuse("tcp::0x16-:22", "host's port is not");
	refuse("tcp::000022-:22", "host's port is not");
	refuse("tcp::1-:", "guest's port is not");
	refuse("tcp::1-:0", "guest's port is not");
	refuse("tcp::1-:70000", "guest's port is not");
	refuse("tcp::1-:22,", "guest's port is not");
	refuse("tcp::1-:22:", "guest's port is not");
}
END_TEST

START_TEST(an_odd_one_stays_one_short_line)
{
	char spec[5000];
	struct err err = ERR_INIT;
	struct hostfwd fwd;

	memset(spec, '\n', sizeof(spec));
	spec[sizeof(spec) - 1] = '\0';
	ck_assert_int_eq(hostfwd_parse(spec, &fwd, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "not of the form"));
	ck_assert_ptr_null(strchr(err.text, '\n'));
}
END_TEST

START_TEST(tells_a_port_that_is_named_twice)
{
	static const struct {
		const char *a, *b;
		bool clash;
	} cases[] = {
		{"tcp::80-:80", "tcp::80-:81", true},
		{"tcp::80-:80", "tcp:127.0.0.1:80-:81", true},
		{"tcp:127.0.0.1:80-:80", "tcp:127.0.0.1:80-:81", true},
		{"tcp:127.0.0.2:80-:80", "tcp:127.0.0.1:80-:81", false},
		{"tcp::80-:80", "udp::80-:80", false},
		{"tcp::80-:80", "tcp::81-:80", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hostfwd a, b;

		ck_assert_int_eq(hostfwd_parse(cases[i].a, &a, NULL), 0);
		ck_assert_int_eq(hostfwd_parse(cases[i].b, &b, NULL), 0);
		ck_assert_int_eq(hostfwd_clash(&a, &b), cases[i].clash);
		ck_assert_int_eq(hostfwd_clash(&b, &a), cases[i].clash);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usernet_hostfwd");
	TCase *tc = tcase_create("hostfwd");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, reads_what_there_is_and_fills_in_the_rest);
	tcase_add_test(tc, refuses_another_form);
	tcase_add_test(tc, refuses_bad_addresses);
	tcase_add_test(tc, refuses_bad_ports);
	tcase_add_test(tc, an_odd_one_stays_one_short_line);
	tcase_add_test(tc, tells_a_port_that_is_named_twice);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
