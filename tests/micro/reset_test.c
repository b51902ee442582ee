/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"

#include <string.h>

/* Triple faults, power-on state, and CPUs that are woken by INIT and SIPI. */

#define N_RESETS 100U

static struct micro m;

static void wait_reset(unsigned int n)
{
	for (unsigned int i = 0; atomic_load(&m.power[POWER_RESET]) < n && i < 10000; i++)
		micro_loop_for(&m, 1);
	if (atomic_load(&m.failures))
		tap_fail(__FILE__, __LINE__, "%s", m.failure);
	CHECK_EQ(m.power[POWER_RESET], n);
}

static void a_triple_fault_asks_for_a_reset_once(void)
{
	micro_init(&m, 1);
	for (unsigned int i = 1; i <= N_RESETS; i++) {
		micro_boot(&m, MICRO_ENTRY_TRIPLE_FAULT);
		micro_go(&m);
		wait_reset(i);
		CHECK(strcmp(m.power_source, "triple fault") == 0);
		micro_park(&m);
	}
	/* A vCPU that faulted does not run on, however often it is released. */
	micro_go(&m);
	micro_loop_for(&m, 20);
	CHECK_EQ(m.power[POWER_RESET], N_RESETS);
	CHECK_EQ(m.failures, 0);
	micro_park(&m);
	micro_fini(&m);
}

/* Runs the guest that shows its state, spoils it, and shows it again; returns what it showed. */
static unsigned int show_state(struct micro_access log[MICRO_LOG], unsigned int boot)
{
	unsigned int n;

	atomic_store(&m.n_log, 0U);
	micro_boot(&m, MICRO_ENTRY_STATE);
	micro_go(&m);
	wait_reset(boot);
	micro_park(&m);
	n = atomic_load(&m.n_log);
	CHECK(n > 20 && n % 2 == 0 && n <= MICRO_LOG);
	memcpy(log, m.log, n * sizeof(*log));
	return n;
}

static void reset_restores_what_the_guest_spoiled(void)
{
	struct micro_access first[MICRO_LOG], again[MICRO_LOG];
	unsigned int n, changed = 0;

	micro_init(&m, 1);
	n = show_state(first, 1);
	for (unsigned int i = 0; i < n / 2; i++)
		changed += first[i].value != first[n / 2 + i].value;
	CHECK(changed >= 15); /* or there was nothing to restore */
	for (unsigned int boot = 2; boot < 10; boot++) {
		CHECK_EQ(show_state(again, boot), n);
		for (unsigned int i = 0; i < n; i++)
			if (again[i].value != first[i].value)
				tap_fail(__FILE__, __LINE__,
					 "boot %u: value %u is 0x%llx, at first it was 0x%llx",
					 boot, i, (unsigned long long)again[i].value,
					 (unsigned long long)first[i].value);
	}
	micro_fini(&m);
}

static void guest_wakes_its_other_cpus_after_each_reset(void)
{
	micro_init(&m, MICRO_MAX_CPUS);
	for (unsigned int i = 1; i <= 20; i++) {
		struct err err = ERR_INIT;

		micro_boot(&m, MICRO_ENTRY_WAKE_APS);
		CHECK_OK(kvm_vm_reset(m.vm, &err), err);
		micro_set_argument(&m, MICRO_MAX_CPUS - 1);
		micro_go(&m);
		micro_wait_marks(&m, i);
		micro_park(&m);
	}
	CHECK_EQ(m.failures, 0);
	micro_fini(&m);
}

int main(void)
{
	static const struct tap_test tests[] = {
		TAP_TEST(a_triple_fault_asks_for_a_reset_once),
		TAP_TEST(reset_restores_what_the_guest_spoiled),
		TAP_TEST(guest_wakes_its_other_cpus_after_each_reset),
	};

	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), 30, micro_unavailable());
}
