/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/cpus.h"

#include "vmm/core/clock.h"
#include "vmm/kvm/cpuid.h"
#include "vmm/kvm/cpus_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KICK_SIGNAL SIGRTMIN

const struct field cpu_stats_fields[] = {
	FIELD_COUNT(struct cpu_stats, exits_io),
	FIELD_COUNT(struct cpu_stats, exits_mmio),
	FIELD_COUNT(struct cpu_stats, exits_interrupted),
	FIELD_COUNT(struct cpu_stats, exits_other),
};
const size_t cpu_stats_n_fields = sizeof(cpu_stats_fields) / sizeof(cpu_stats_fields[0]);

/* Empty: the signal's only work is to make KVM_RUN return. */
static void on_kick_signal(int sig)
{
	(void)sig;
}

static int install_kick_handler(struct err *err)
{
	struct sigaction action = {.sa_handler = on_kick_signal};

	if (sigaction(KICK_SIGNAL, &action, NULL) < 0)
		return err_set_errno(err, errno, "vCPU: sigaction");
	return 0;
}

static int set_cpuid(const struct cpu *cpu, struct kvm_cpuid2 *cpuid, unsigned int room,
		     struct err *err)
{
	const struct kvm *kvm = kvm_vm_kvm(cpu->cpus->config.vm);
	struct cpuid_topology topology = {
		.n_cpus = cpu->cpus->config.n_cpus,
		.tsc_deadline = kvm->has_tsc_deadline,
	};

	if (cpuid_set_topology(cpuid, room, &topology, cpu->index) < 0)
		return err_set(err, -ENOSPC, "vCPU %u: CPUID table is full", cpu->index);
	if (ioctl(cpu->fd, KVM_SET_CPUID2, cpuid) < 0)
		return err_set_errno(err, errno, "vCPU %u: KVM_SET_CPUID2", cpu->index);
	return 0;
}

static int cpu_create(struct cpu *cpu, struct kvm_cpuid2 *cpuid, unsigned int room, struct err *err)
{
	const struct kvm *kvm = kvm_vm_kvm(cpu->cpus->config.vm);
	void *run;

	cpu->fd =
		ioctl(kvm_vm_fd(cpu->cpus->config.vm), KVM_CREATE_VCPU, (unsigned long)cpu->index);
	if (cpu->fd < 0)
		return err_set_errno(err, errno, "vCPU %u: KVM_CREATE_VCPU", cpu->index);
	run = mmap(NULL, (size_t)kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (run == MAP_FAILED)
		return err_set_errno(err, errno, "vCPU %u: kvm_run", cpu->index);
	cpu->run = run;
	if (set_cpuid(cpu, cpuid, room, err) < 0)
		return -EIO;
	return cpu_state_save(cpu, err);
}

static int create_all(struct cpus *cpus, struct err *err)
{
	const struct kvm *kvm = kvm_vm_kvm(cpus->config.vm);
	struct kvm_cpuid2 *cpuid = kvm_supported_cpuid(kvm, CPUID_SPARE, err);
	unsigned int room;
	int rc = 0;

	if (!cpuid)
		return -ENOMEM;
	room = cpuid->nent + CPUID_SPARE;
	for (unsigned int i = 0; i < cpus->config.n_cpus && rc == 0; i++)
		rc = cpu_create(&cpus->cpu[i], cpuid, room, err);
	free(cpuid);
	return rc;
}

struct cpus *cpus_create(const struct cpus_config *config, struct err *err)
{
	const struct kvm *kvm = kvm_vm_kvm(config->vm);
	pthread_condattr_t monotonic;
	struct cpus *cpus;

	if (config->n_cpus > kvm->max_vcpus) {
		err_set(err, -EINVAL, "%u vCPUs asked for, this host's KVM has at most %u",
			config->n_cpus, kvm->max_vcpus);
		return NULL;
	}
	cpus = calloc(1, sizeof(*cpus));
	if (!cpus || !(cpus->cpu = calloc(config->n_cpus, sizeof(*cpus->cpu)))) {
		err_set(err, -ENOMEM, "vCPUs: out of memory");
		free(cpus);
		return NULL;
	}
	cpus->config = *config;
	cpus->park = true;
	cpus->epoch = 1;
	pthread_mutex_init(&cpus->lock, NULL);
	/* The wall clock may jump, and a park must not time out for it. */
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&cpus->acked, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_cond_init(&cpus->released, NULL);
	for (unsigned int i = 0; i < config->n_cpus; i++)
		cpus->cpu[i] = (struct cpu){.cpus = cpus, .index = i, .fd = -1};
	if (install_kick_handler(err) < 0 || create_all(cpus, err) < 0) {
		cpus_destroy(cpus);
		return NULL;
	}
	return cpus;
}

/* Makes every thread leave KVM_RUN; under the lock, with cpus->park set. */
static void kick_all(struct cpus *cpus)
{
	for (unsigned int i = 0; i < cpus->config.n_cpus; i++) {
		struct cpu *cpu = &cpus->cpu[i];

		__atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		if (cpu->has_thread)
			pthread_kill(cpu->thread, KICK_SIGNAL);
	}
}

void cpus_destroy(struct cpus *cpus)
{
	if (!cpus)
		return;
	pthread_mutex_lock(&cpus->lock);
	cpus->quit = true;
	atomic_store(&cpus->park, true);
	if (cpus->cpu[0].has_thread)
		kick_all(cpus);
	pthread_cond_broadcast(&cpus->released);
	pthread_mutex_unlock(&cpus->lock);
	for (unsigned int i = 0; i < cpus->config.n_cpus; i++) {
		struct cpu *cpu = &cpus->cpu[i];

		if (cpu->has_thread)
			pthread_join(cpu->thread, NULL);
		if (cpu->run)
			munmap(cpu->run, (size_t)kvm_vm_kvm(cpus->config.vm)->run_size);
		if (cpu->fd >= 0)
			close(cpu->fd);
	}
	pthread_cond_destroy(&cpus->released);
	pthread_cond_destroy(&cpus->acked);
	pthread_mutex_destroy(&cpus->lock);
	free(cpus->cpu);
	free(cpus);
}

/*
 * Acknowledges the epoch and sleeps until released. Returns false when the thread is to end.
 * `immediate_exit` is cleared under the lock, so that a park that comes right after sets it again.
 */
static bool cpu_park(struct cpu *cpu)
{
	struct cpus *cpus = cpu->cpus;
	bool go_on;

	pthread_mutex_lock(&cpus->lock);
	while (atomic_load(&cpus->park) && !cpus->quit) {
		if (cpu->acked != cpus->epoch) {
			cpu->acked = cpus->epoch;
			pthread_cond_signal(&cpus->acked);
		}
		pthread_cond_wait(&cpus->released, &cpus->lock);
	}
	__atomic_store_n(&cpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	go_on = !cpus->quit;
	pthread_mutex_unlock(&cpus->lock);
	return go_on;
}

/* A vCPU that failed waits for the next park instead of running. */
static void wait_for_park(struct cpu *cpu)
{
	struct cpus *cpus = cpu->cpus;

	pthread_mutex_lock(&cpus->lock);
	while (!atomic_load(&cpus->park) && !cpus->quit)
		pthread_cond_wait(&cpus->released, &cpus->lock);
	pthread_mutex_unlock(&cpus->lock);
}

static void *cpu_thread(void *arg)
{
	struct cpu *cpu = arg;
	char name[16];

	snprintf(name, sizeof(name), "vcpu%u", cpu->index);
	pthread_setname_np(pthread_self(), name);
	while (cpu_park(cpu)) {
		if (cpu->failed)
			wait_for_park(cpu);
		else
			cpu_run(cpu);
	}
	return NULL;
}

int cpus_start(struct cpus *cpus, struct err *err)
{
	sigset_t all, old;
	int rc = 0;

	/* vCPU threads take no signal but the kick: all others belong to the main loop. */
	sigfillset(&all);
	sigdelset(&all, KICK_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned int i = 0; i < cpus->config.n_cpus && rc == 0; i++) {
		struct cpu *cpu = &cpus->cpu[i];

		rc = -pthread_create(&cpu->thread, NULL, cpu_thread, cpu);
		cpu->has_thread = rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc ? err_set_errno(err, -rc, "vCPU: cannot start a thread") : 0;
}

int cpus_reset(struct cpus *cpus, const struct cpu_start *start, struct err *err)
{
	for (unsigned int i = 0; i < cpus->config.n_cpus; i++) {
		int rc = cpu_state_reset(&cpus->cpu[i], i == 0 ? start : NULL, err);

		if (rc < 0)
			return rc;
		cpus->cpu[i].failed = false;
	}
	return 0;
}

/* The first vCPU with a thread that has not acknowledged; under the lock. */
static const struct cpu *first_missing(const struct cpus *cpus)
{
	for (unsigned int i = 0; i < cpus->config.n_cpus; i++)
		if (cpus->cpu[i].has_thread && cpus->cpu[i].acked != cpus->epoch)
			return &cpus->cpu[i];
	return NULL;
}

int cpus_park(struct cpus *cpus, unsigned int timeout_ms, struct err *err)
{
	struct clock host = clock_host();
	uint64_t until = clock_monotonic_ns(&host) + timeout_ms * NS_PER_MS;
	struct timespec deadline = {
		.tv_sec = (time_t)(until / NS_PER_SEC),
		.tv_nsec = (long)(until % NS_PER_SEC),
	};
	const struct cpu *missing;
	int rc = 0;

	pthread_mutex_lock(&cpus->lock);
	cpus->epoch++;
	atomic_store(&cpus->park, true);
	kick_all(cpus);
	pthread_cond_broadcast(&cpus->released);
	while ((missing = first_missing(cpus)) && rc == 0)
		rc = -pthread_cond_timedwait(&cpus->acked, &cpus->lock, &deadline);
	if (missing)
		rc = err_set(err, -ETIMEDOUT, "vCPU %u did not stop within %u ms", missing->index,
			     timeout_ms);
	pthread_mutex_unlock(&cpus->lock);
	return missing ? rc : 0;
}

void cpus_unpark(struct cpus *cpus)
{
	pthread_mutex_lock(&cpus->lock);
	atomic_store(&cpus->park, false);
	pthread_cond_broadcast(&cpus->released);
	pthread_mutex_unlock(&cpus->lock);
}

const struct cpu_stats *cpus_stats(const struct cpus *cpus, unsigned int index)
{
	return &cpus->cpu[index].stats;
}

unsigned int cpus_count(const struct cpus *cpus)
{
	return cpus->config.n_cpus;
}
