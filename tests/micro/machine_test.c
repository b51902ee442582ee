/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"

#include "vmm/app/config/machine_options.h"
#include "vmm/app/machine/machine_internal.h"
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

/* One option of `vise run` into the configuration. */
static void option(const char *name, const char *value)
{
	struct err err = ERR_INIT;

	CHECK_OK(
		option_set(options_find(machine_options, name, strlen(name)), &config, value, &err),
		err);
}

static unsigned int pci_word(unsigned int slot, unsigned int offset)
{
	return pci_bus_config_read(machine->pci, PCI_DEVFN(slot, 0), offset, 2) & 0xffffU;
}

/* What stands at @slot: device ID, revision, PCI subsystem ID. */
static void check_pci(unsigned int slot, unsigned int device, unsigned int revision,
		      unsigned int subsystem)
{
	CHECK_EQ(pci_word(slot, PCI_VENDOR_ID), 0x1af4);
	CHECK_EQ(pci_word(slot, PCI_DEVICE_ID), device);
	CHECK_EQ(pci_word(slot, PCI_REVISION_ID) & 0xffU, revision);
	CHECK_EQ(pci_word(slot, PCI_SUBSYSTEM_ID), subsystem);
}

static void devices_bear_the_identity_that_is_asked_for(void)
{
	configure("l", 1);
	option("net", "none");
	option("net", "none,identity=qemu,addr=9");
	option("net", "none,identity=qemu,transitional=on,addr=a,id=third");
	option("input", "mouse");
	option("input", "tablet,identity=qemu,addr=b");
	option("snd", "none,identity=qemu");
	start_configured();
	check_pci(3, 0x1041, 1, 0x0001);
	check_pci(9, 0x1041, 1, 0x1100);
	check_pci(10, 0x1000, 0, 0x0001);
	check_pci(5, 0x1052, 1, 0x0011);
	check_pci(11, 0x1052, 1, 0x1100);
	check_pci(6, 0x1059, 1, 0x1100);
	CHECK(machine_find_device(machine, "third") == machine_find_device(machine, "net2"));
	CHECK(machine_find_device(machine, "third"));
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
		TAP_TEST(devices_bear_the_identity_that_is_asked_for),
	};

	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), 30, micro_unavailable());
}
