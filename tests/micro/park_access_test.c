/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/clock.h"
#include "vmm/kvm/cpus.h"
#include "vmm/kvm/vm.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Parking in the middle of accesses: an instruction of many accesses loses none, and a vCPU that
 * came too late for a park runs on after it.
 */

#define CODE	   0x10000U
#define DEVICE	   0xd0000000U
#define TABLE_SIZE 64U

/* mov esi, DEVICE; mov edi, TABLE; mov ecx, 64; cld; rep movsb; jmp to the first */
static const uint8_t copy_loop[] = {0xbe, 0x00, 0x00, 0x00, 0xd0, 0xbf, 0x00, 0x00, 0x02, 0x00,
				    0xb9, 0x40, 0x00, 0x00, 0x00, 0xfc, 0xf3, 0xa4, 0xeb, 0xec};

static struct kvm kvm;
static struct guest_mem *mem;
static struct loop *loop;
static struct kvm_vm *vm;
static struct bus *pio, *mmio;
static struct cpus *cpus;
static struct err err;

static atomic_uint expected; /* offset of the next read */
static atomic_ullong reads;
static atomic_uint wrong;
static atomic_uint sleep_ms; /* how long the next read takes */

static uint64_t device_read(void *owner, uint64_t offset, unsigned int size)
{
	unsigned int ms = atomic_exchange(&sleep_ms, 0);

	(void)owner;
	/* The kick of a park interrupts each sleep. */
	for (; ms; ms--)
		usleep(1000);
	if (size != 1 || offset != atomic_load(&expected))
		atomic_fetch_add(&wrong, 1);
	atomic_store(&expected, (unsigned int)(offset + 1) % TABLE_SIZE);
	atomic_fetch_add(&reads, 1);
	return offset;
}

static const struct region_ops device_ops = {
	.name = "recorder", .sizes = BUS_SIZE_ANY, .unaligned = true, .read = device_read};

static void failed(void *arg, unsigned int index, const char *text)
{
	(void)arg;
	fprintf(stderr, "# vCPU %u: %s\n", index, text);
	atomic_fetch_add(&wrong, 1);
}

static void set_up(void)
{
	struct region region = {DEVICE, 0x1000, &device_ops, NULL};
	struct cpu_start start = {.mode = CPU_START_PROTECTED, .rip = CODE};
	struct cpus_config config = {.n_cpus = 1, .failed = failed};

	ck_assert_int_eq(kvm_open(&kvm, NULL, &err), 0);
	mem = guest_mem_create(4U << 20, false, &err);
	loop = loop_create(&err);
	ck_assert_msg(loop != NULL, "%s", err.text);
	vm = kvm_vm_create(&kvm, mem, loop, &err);
	ck_assert_msg(vm != NULL, "%s", err.text);
	pio = bus_create("port");
	mmio = bus_create("MMIO");
	ck_assert_int_eq(bus_add(mmio, &region, &err), 0);
	ck_assert_int_eq(guest_mem_write(mem, CODE, copy_loop, sizeof(copy_loop)), 0);
	config.vm = vm;
	config.pio = pio;
	config.mmio = mmio;
	cpus = cpus_create(&config, &err);
	ck_assert_msg(cpus != NULL, "%s", err.text);
	ck_assert_int_eq(cpus_reset(cpus, &start, &err), 0);
	ck_assert_int_eq(cpus_start(cpus, &err), 0);
	expected = 0;
	reads = 0;
	wrong = 0;
	cpus_unpark(cpus);
}

static void tear_down(void)
{
	cpus_destroy(cpus);
	bus_destroy(mmio);
	bus_destroy(pio);
	kvm_vm_destroy(vm);
	loop_destroy(loop);
	guest_mem_destroy(mem);
	kvm_close(&kvm);
}

/* Waits up to 5 s for one more read. */
static bool makes_progress(void)
{
	unsigned long long before = atomic_load(&reads);

	for (int i = 0; i < 5000 && atomic_load(&reads) == before; i++)
		usleep(1000);
	return atomic_load(&reads) != before;
}

START_TEST(parking_loses_no_access_of_a_string_move)
{
	int rc;

	for (int i = 0; i < 300; i++) {
		ck_assert(makes_progress());
		rc = cpus_park(cpus, 5000, &err);
		ck_assert_int_eq(rc, 0);
		cpus_unpark(cpus);
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(late_vcpu_runs_on_after_a_park_that_timed_out)
{
	int rc;

	atomic_store(&sleep_ms, 500);
	while (atomic_load(&sleep_ms))
		usleep(1000);
	rc = cpus_park(cpus, 50, &err);
	ck_assert_int_eq(rc, -ETIMEDOUT);
	cpus_unpark(cpus);
	ck_assert(makes_progress());
	ck_assert(makes_progress());
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("park_access");
	TCase *tc = tcase_create("park");
	SRunner *sr;
	int n_failed;

	if (access("/dev/kvm", R_OK | W_OK) != 0) {
		printf("1..0 # SKIP no /dev/kvm\n");
		return 77;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, parking_loses_no_access_of_a_string_move);
	tcase_add_test(tc, late_vcpu_runs_on_after_a_park_that_timed_out);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return n_failed != 0;
}
