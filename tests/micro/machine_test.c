/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"

#include "vmm/app/machine/machine.h"
#include "vmm/core/clock.h"
#include "vmm/core/log.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The whole machine with the tiny kernel: its ends, and floods of resets. */

#define WARM_RESETS 50U
#define N_RESETS    400U
#define HEAP_SLACK  (64U << 10)

static struct machine_config config;
static struct machine *machine;
static struct loop *loop;
static unsigned int resets, stop_after;
static size_t heap_warm;

static size_t heap(void)
{
	return mallinfo2().uordblks;
}

static void on_event(void *arg, const char *event, json_t *data)
{
	(void)arg;
	(void)data;
	if (strcmp(event, "SHUTDOWN") == 0 && config.no_shutdown)
		loop_stop(loop);
	if (strcmp(event, "RESET") != 0)
		return;
	resets++;
	if (resets == WARM_RESETS)
		heap_warm = heap();
	if (resets == stop_after)
		loop_stop(loop);
}

/* The kernel stands beside this program. */
static char *kernel_path(void)
{
	char self[PATH_MAX];
	char *path;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	CHECK(asprintf(&path, "%s/tiny-kernel", self) > 0);
	return path;
}

static void configure(const char *what, unsigned int cpus)
{
	machine_config_init(&config);
	config.kernel = kernel_path();
	config.append = strdup(what);
	config.serial = strdup("null");
	config.memory = 64 << 20;
	config.cpus = cpus;
}

static void start_configured(void)
{
	struct err err = ERR_INIT;

	log_set_level(LOG_LEVEL_ERROR);
	loop = loop_create(&err);
	machine = loop ? machine_create(&config, loop, &err) : NULL;
	if (!machine)
		tap_fail(__FILE__, __LINE__, "%s", err.text);
	machine_on_event(machine, on_event, NULL);
	CHECK_OK(machine_start(machine, &err), err);
}

static void start(const char *what, unsigned int cpus)
{
	configure(what, cpus);
	start_configured();
}

static void run_to_stop(void)
{
	struct err err = ERR_INIT;

	CHECK_OK(loop_run(loop, &err), err);
}

static void finish(void)
{
	machine_destroy(machine);
	loop_destroy(loop);
	machine_config_fini(&config);
}

static void tiny_kernel_powers_off(void)
{
	start("p", 2);
	run_to_stop();
	CHECK_EQ(machine_result(machine)->end, MACHINE_END_POWEROFF);
	finish();
}

static void flood(const char *what)
{
	stop_after = N_RESETS;
	start(what, 1);
	run_to_stop();
	CHECK_EQ(resets, N_RESETS);
	CHECK_EQ(machine_state(machine), MACHINE_RUNNING);
	if (heap() > heap_warm + HEAP_SLACK)
		tap_fail(__FILE__, __LINE__, "heap grew from %zu to %zu bytes over %u resets",
			 heap_warm, heap(), N_RESETS - WARM_RESETS);
	finish();
}

static void flood_of_reset_requests_does_not_grow_memory(void)
{
	flood("r");
}

static void flood_of_triple_faults_does_not_grow_memory(void)
{
	flood("t");
}

/* Requests that come while the main loop does not run are kept as one. */
static void requests_that_nobody_hears_do_not_pile_up(void)
{
	size_t before;

	start("r", 1);
	usleep(50000);
	before = heap();
	usleep(300000);
	CHECK_EQ(heap(), before);
	CHECK_EQ(resets, 0);
	finish();
}

static void stop_and_cont_race_with_output(void)
{
	struct err err = ERR_INIT;

	start("l", 2);
	for (unsigned int i = 0; i < 300; i++) {
		CHECK_OK(loop_run_once(loop, 0, &err), err);
		CHECK_OK(machine_stop(machine, &err), err);
		CHECK_EQ(machine_state(machine), MACHINE_PAUSED);
		CHECK_OK(machine_cont(machine, &err), err);
	}
	CHECK_EQ(machine_state(machine), MACHINE_RUNNING);
	finish();
}

/* Runs the loop for @ms. */
static void look_on(int ms)
{
	struct err err = ERR_INIT;

	for (int i = 0; i < ms; i += 10) {
		CHECK_OK(loop_run_once(loop, 0, &err), err);
		usleep(10000);
	}
}

static void paused_machine_waits_for_cont(void)
{
	struct err err = ERR_INIT;

	configure("p", 1);
	config.paused = true;
	start_configured();
	look_on(100);
	CHECK_EQ(machine_state(machine), MACHINE_PRELAUNCH);
	CHECK_EQ(machine_timing(machine).first_run, 0);
	CHECK_OK(machine_cont(machine, &err), err);
	run_to_stop();
	CHECK_EQ(machine_result(machine)->end, MACHINE_END_POWEROFF);
	finish();
}

static void guest_that_powers_off_leaves_the_machine_there(void)
{
	struct err err = ERR_INIT;

	configure("p", 1);
	config.no_shutdown = true;
	start_configured();
	run_to_stop();
	CHECK_EQ(machine_state(machine), MACHINE_OFF);
	CHECK_EQ(machine_result(machine)->end, MACHINE_END_NONE);
	CHECK(machine_cont(machine, &err) < 0);
	CHECK_OK(machine_reset(machine, &err), err);
	CHECK_EQ(machine_state(machine), MACHINE_PRELAUNCH);
	CHECK_OK(machine_cont(machine, &err), err);
	run_to_stop();
	CHECK_EQ(machine_state(machine), MACHINE_OFF);
	machine_end(machine, MACHINE_END_QUIT, 0, "");
	CHECK_EQ(machine_result(machine)->end, MACHINE_END_QUIT);
	finish();
}

int main(void)
{
	static const struct tap_test tests[] = {
		TAP_TEST(tiny_kernel_powers_off),
		TAP_TEST(flood_of_reset_requests_does_not_grow_memory),
		TAP_TEST(flood_of_triple_faults_does_not_grow_memory),
		TAP_TEST(requests_that_nobody_hears_do_not_pile_up),
		TAP_TEST(stop_and_cont_race_with_output),
		TAP_TEST(paused_machine_waits_for_cont),
		TAP_TEST(guest_that_powers_off_leaves_the_machine_there),
	};

	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), 30, micro_unavailable());
}
