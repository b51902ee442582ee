/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"
#include "vmm/core/clock.h"
#include "vmm/kvm/cpus_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

/* The rendezvous: four vCPUs with different loads are parked and released again and again. */

#define N_PARKS	  1500U
#define N_ENTRIES 15000U
#define WAKE_NS	  40000U

enum { SPINNER, PORT_READER, MEMORY_READER, HALTED, N_CPUS };

static struct micro m;

static void sleep_us(unsigned int us)
{
	nanosleep(&(struct timespec){.tv_nsec = us * 1000L}, NULL);
}

static uint64_t register_a(unsigned int cpu)
{
	struct kvm_regs regs;

	CHECK_EQ(ioctl(m.cpus->cpu[cpu].fd, KVM_GET_REGS, &regs), 0);
	return (uint32_t)regs.rax;
}

static void start(void)
{
	micro_init(&m, N_CPUS);
	m.count_reads = true;
	micro_boot(&m, MICRO_ENTRY_SPIN);
	micro_place(&m, PORT_READER, MICRO_ENTRY_PIO_FLOOD);
	micro_place(&m, MEMORY_READER, MICRO_ENTRY_MMIO_FLOOD);
	micro_place(&m, HALTED, MICRO_ENTRY_HALT);
	micro_go(&m);
	while (!micro_box(&m).counter[SPINNER][0] || !m.port_reads || !m.memory_reads ||
	       !micro_box(&m).counter[HALTED][0])
		sleep_us(1000);
}

/* What all the vCPUs have done so far. */
struct progress {
	uint64_t spins, port_reads, memory_reads;
};

static struct progress progress(void)
{
	return (struct progress){micro_box(&m).counter[SPINNER][0], m.port_reads, m.memory_reads};
}

static void wait_for_progress(const struct progress *since)
{
	uint64_t until = micro_now_ns() + 10 * NS_PER_SEC;
	struct progress now;

	do {
		sleep_us(50);
		now = progress();
	} while ((now.spins == since->spins || now.port_reads == since->port_reads ||
		  now.memory_reads == since->memory_reads) &&
		 micro_now_ns() < until);
	CHECK(now.spins != since->spins);
	CHECK(now.port_reads != since->port_reads);
	CHECK(now.memory_reads != since->memory_reads);
}

static void parked_vcpus_stand_still_with_their_accesses_finished(void)
{
	struct progress last = {0};

	start();
	for (unsigned int i = 0; i < N_PARKS; i++) {
		struct progress a, b;

		/* Any moment will do; but now and then all have run in between for sure. */
		sleep_us((unsigned int)rand() % 200);
		if (i % 10 == 0)
			wait_for_progress(&last);
		micro_park(&m);
		a = progress();
		for (unsigned int cpu = 0; cpu < N_CPUS; cpu++)
			CHECK_EQ(m.cpus->cpu[cpu].acked, m.cpus->epoch);
		/* The answer of the last read has reached the register. */
		CHECK_EQ(register_a(PORT_READER), (uint32_t)a.port_reads);
		CHECK_EQ(register_a(MEMORY_READER), (uint32_t)a.memory_reads);
		if (i % 50 == 0)
			sleep_us(3000);
		b = progress();
		CHECK(memcmp(&a, &b, sizeof(a)) == 0);
		last = a;
		micro_go(&m);
	}
	CHECK_EQ(m.failures, 0);
	micro_fini(&m);
}

static void park_right_after_unpark_loses_no_request(void)
{
	start();
	for (unsigned int i = 0; i < N_PARKS; i++) {
		micro_park(&m);
		micro_go(&m);
	}
	micro_park(&m);
	micro_park(&m); /* parked already: acknowledged all the same */
	CHECK_EQ(m.failures, 0);
	micro_fini(&m);
}

/* The request comes when the thread has looked for it and is about to enter the guest, which never
 * exits by itself. The moment is short: try many, spread over the time that a thread takes to wake.
 */
static void park_at_the_moment_of_entry_loses_no_request(void)
{
	micro_init(&m, 1);
	micro_boot(&m, MICRO_ENTRY_SPIN);
	for (unsigned int i = 0; i < N_ENTRIES; i++) {
		uint64_t until;

		micro_go(&m);
		until = micro_now_ns() + (unsigned int)rand() % WAKE_NS;
		while (micro_now_ns() < until)
			;
		micro_park(&m);
	}
	CHECK_EQ(m.failures, 0);
	micro_fini(&m);
}

static void destroying_a_running_machine_ends_its_threads(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		start();
		sleep_us(i * 50);
		micro_fini(&m);
	}
}

/* vCPU 2's device sits in a call that takes long. */
static void a_vcpu_that_does_not_come_is_named(void)
{
	struct err err = ERR_INIT;
	uint64_t begin, took;

	micro_init(&m, 3);
	micro_boot(&m, MICRO_ENTRY_SPIN);
	micro_place(&m, 1, MICRO_ENTRY_SPIN);
	micro_place(&m, 2, MICRO_ENTRY_BLOCK);
	micro_go(&m);
	while (!m.blocked)
		sleep_us(1000);
	begin = micro_now_ns();
	CHECK(cpus_park(m.cpus, 200, &err) == -ETIMEDOUT);
	took = micro_now_ns() - begin;
	CHECK(strstr(err.text, "vCPU 2") != NULL);
	CHECK(took >= 199 * NS_PER_MS && took < 5 * NS_PER_SEC);
	/* It comes once it can, and everything goes on as before. */
	CHECK_EQ(sem_post(&m.block), 0);
	micro_park(&m);
	micro_go(&m);
	while (!m.blocked)
		sleep_us(1000);
	CHECK_EQ(micro_box(&m).counter[2][0], 1);
	CHECK_EQ(sem_post(&m.block), 0);
	while (micro_box(&m).counter[2][0] < 2)
		sleep_us(1000);
	atomic_store(&m.block_open, true);
	CHECK_EQ(sem_post(&m.block), 0);
	micro_fini(&m);
}

static void vcpus_that_wait_for_a_start_can_be_parked(void)
{
	micro_init(&m, N_CPUS);
	micro_boot(&m, MICRO_ENTRY_SPIN);
	micro_go(&m);
	for (unsigned int i = 0; i < 200; i++) {
		sleep_us(200);
		micro_park(&m);
		micro_go(&m);
	}
	micro_park(&m);
	/* Waiting costs nothing: KVM_RUN sleeps, it does not come back again and again. */
	CHECK(cpus_stats(m.cpus, 3)->exits_interrupted <= 2 * 202);
	CHECK_EQ(m.failures, 0);
	micro_fini(&m);
}

int main(void)
{
	static const struct tap_test tests[] = {
		TAP_TEST(parked_vcpus_stand_still_with_their_accesses_finished),
		TAP_TEST(park_right_after_unpark_loses_no_request),
		TAP_TEST(park_at_the_moment_of_entry_loses_no_request),
		TAP_TEST(destroying_a_running_machine_ends_its_threads),
		TAP_TEST(a_vcpu_that_does_not_come_is_named),
		TAP_TEST(vcpus_that_wait_for_a_start_can_be_parked),
	};

	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), 60, micro_unavailable());
}
