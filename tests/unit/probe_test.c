/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/probe.h"

#include <check.h>
#include <stdlib.h>

/* Figures as they were seen on each kind of host. */
static struct kvm_probe hardware(void)
{
	return (struct kvm_probe){
		.sse_runs = true,
		.ring0_speed = 2000000000,
		.ring3_iopl = true,
		.ring3_bitmap = true,
		.exit_ns = 1500,
	};
}

START_TEST(judges_fast_and_complete_as_hardware)
{
	struct kvm_probe p = hardware();

	ck_assert_int_eq(kvm_probe_judge(&p), KVM_VERDICT_HARDWARE);
	p.exit_ns = KVM_PROBE_MAX_EXIT_NS;
	p.ring0_speed = KVM_PROBE_MIN_SPEED;
	ck_assert_int_eq(kvm_probe_judge(&p), KVM_VERDICT_HARDWARE);
}
END_TEST

START_TEST(judges_dear_exits_as_nested)
{
	struct kvm_probe p = hardware();

	p.exit_ns = KVM_PROBE_MAX_EXIT_NS + 1;
	ck_assert_int_eq(kvm_probe_judge(&p), KVM_VERDICT_NESTED);
	p.ring0_speed = 150000000;
	p.exit_ns = 38000;
	ck_assert_int_eq(kvm_probe_judge(&p), KVM_VERDICT_NESTED);
}
END_TEST

START_TEST(judges_failing_sse_or_slow_ring_0_as_ring3_only)
{
	struct kvm_probe p = hardware();

	p.sse_runs = false;
	ck_assert_int_eq(kvm_probe_judge(&p), KVM_VERDICT_RING3);
	p = hardware();
	p.ring0_speed = KVM_PROBE_MIN_SPEED - 1;
	ck_assert_int_eq(kvm_probe_judge(&p), KVM_VERDICT_RING3);
}
END_TEST

START_TEST(names_every_verdict)
{
	ck_assert_str_eq(kvm_verdict_name(KVM_VERDICT_NONE), "none");
	ck_assert_str_eq(kvm_verdict_name(KVM_VERDICT_RING3), "ring3");
	ck_assert_str_eq(kvm_verdict_name(KVM_VERDICT_NESTED), "nested");
	ck_assert_str_eq(kvm_verdict_name(KVM_VERDICT_HARDWARE), "hardware");
}
END_TEST

/* On whatever host this runs: the verdict is the rule's, and an absent KVM has a line for people.
 */
START_TEST(probes_the_host_it_runs_on)
{
	struct err err = ERR_INIT;
	struct kvm_probe p;

	if (kvm_probe(&p, &err) < 0) {
		ck_assert_int_eq(p.verdict, KVM_VERDICT_NONE);
		ck_assert_str_ne(err.text, "");
	} else {
		ck_assert_int_eq(p.verdict, kvm_probe_judge(&p));
		ck_assert_uint_gt(p.ring0_speed, 0);
		ck_assert_uint_gt(p.exit_ns, 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("probe");
	TCase *tc = tcase_create("probe");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, judges_fast_and_complete_as_hardware);
	tcase_add_test(tc, judges_dear_exits_as_nested);
	tcase_add_test(tc, judges_failing_sse_or_slow_ring_0_as_ring3_only);
	tcase_add_test(tc, names_every_verdict);
	tcase_add_test(tc, probes_the_host_it_runs_on);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
