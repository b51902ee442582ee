/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "devices/acpi_pm.h"
#include "devices/debug_console.h"
#include "devices/debug_exit.h"
#include "devices/i8042.h"
#include "devices/pci/pci_host.h"
#include "devices/reset_control.h"
#include "devices/rtc.h"
#include "devices/serial.h"
#include "firmware/acpi/acpi.h"
#include "firmware/layout.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * What a machine is made of, as a list of steps in order. Each step adds to the machine; taking
 * apart walks the same parts backwards. The whole registry of devices is this list.
 */

#define COM1_PORT     0x3f8U
#define COM1_IRQ      4U
#define COM2_PORT     0x2f8U
#define COM2_IRQ      3U
#define DRAIN_STEP_MS 20
#define DRAIN_MS      1000U /* for a reader that is slow, not one that is gone */

static struct irq_line line(struct machine *m, unsigned int gsi)
{
	return kvm_vm_irq_line(m->vm, gsi);
}

static struct power_sink power(struct machine *m)
{
	return (struct power_sink){.request = machine_power_request, .owner = m};
}

int machine_add_device(struct machine *m, struct device *dev)
{
	if (!dev)
		return -EINVAL;
	m->devices[m->n_devices++] = dev;
	return 0;
}

static int build_boot(struct machine *m, struct err *err)
{
	return machine_boot_open(m, err);
}

static int build_memory(struct machine *m, struct err *err)
{
	m->mem = guest_mem_create(m->config->memory, m->config->hugepages, err);
	return m->mem ? 0 : -ENOMEM;
}

static int build_vm(struct machine *m, struct err *err)
{
	int rc = kvm_open(&m->kvm, NULL, err);

	if (rc < 0)
		return rc;
	m->vm = kvm_vm_create(&m->kvm, m->mem, m->loop, err);
	return m->vm ? 0 : -EIO;
}

static int build_buses(struct machine *m, struct err *err)
{
	struct irq_line lines[KVM_VM_LINES];

	for (unsigned int gsi = 0; gsi < KVM_VM_LINES; gsi++)
		lines[gsi] = line(m, gsi);
	m->pio = bus_create("port");
	m->mmio = bus_create("MMIO");
	m->pci = pci_bus_create(m->mmio, m->pio, lines, KVM_VM_LINES);
	return m->pio && m->mmio && m->pci ? 0 : err_set(err, -ENOMEM, "buses: out of memory");
}

static int build_cpus(struct machine *m, struct err *err)
{
	struct cpus_config config = {
		.vm = m->vm,
		.pio = m->pio,
		.mmio = m->mmio,
		.n_cpus = m->config->cpus,
		.power = power(m),
		.failed = machine_cpu_failed,
		.arg = m,
		.first_run = machine_first_run,
	};

	m->cpus = cpus_create(&config, err);
	return m->cpus ? 0 : -EIO;
}

static int build_chipset(struct machine *m, struct err *err)
{
	struct acpi_pm_config pm = {
		.pio = m->pio,
		.base = ACPI_PM_BASE,
		.slp_typ_s5 = ACPI_SLP_TYP_S5,
		.sci = line(m, LAYOUT_SCI_IRQ),
		.clock = m->clock,
		.loop = m->loop,
		.power = power(m),
	};
	struct reset_control_config reset = {.pio = m->pio, .power = power(m)};
	struct i8042_config i8042 = {
		.pio = m->pio,
		.kbd_irq = line(m, 1),
		.mouse_irq = line(m, 12),
		.power = power(m),
	};
	int rc = machine_add_device(m, pci_host_create("pci-host", m->pio, m->pci, err));

	if (rc == 0) {
		m->acpi_pm = acpi_pm_create(&pm, err);
		rc = machine_add_device(m, m->acpi_pm);
	}
	if (rc == 0)
		rc = machine_add_device(m, reset_control_create(&reset, err));
	if (rc == 0)
		rc = machine_add_device(m, i8042_create(&i8042, err));
	return rc;
}

/* Seconds that local time is ahead of UTC, now. */
static int32_t local_offset(void)
{
	time_t now = time(NULL);
	struct tm local;

	return localtime_r(&now, &local) ? (int32_t)local.tm_gmtoff : 0;
}

static int build_rtc(struct machine *m, struct err *err)
{
	uint64_t total = guest_mem_size(m->mem);
	uint64_t low = total < GUEST_MEM_LOW_END ? total : GUEST_MEM_LOW_END;
	struct rtc_config config = {
		.pio = m->pio,
		.irq = line(m, 8),
		.clock = m->clock,
		.loop = m->loop,
		.offset_s = m->config->rtc_local ? local_offset() : 0,
		.memory_low = low,
		.memory_high = total - low,
		.n_cpus = m->config->cpus,
	};

	return machine_add_device(m, rtc_create(&config, err));
}

struct stream *machine_open_stream(struct machine *m, const char *option, const char *spec,
				   struct err *err)
{
	struct stream_config config = {0};
	struct stream *stream;

	if (stream_parse(spec, &config, err) < 0) {
		err_prefix(err, "%s", option);
		return NULL;
	}
	config.escape = true;
	stream = stream_create(&config, m->loop, err);
	if (!stream)
		err_prefix(err, "%s", option);
	return stream;
}

static int build_com1(struct machine *m, struct err *err)
{
	const char *spec = m->config->serial ? m->config->serial : "stdio";
	struct serial_config port = {
		.id = "serial0",
		.pio = m->pio,
		.port = COM1_PORT,
		.irq = line(m, COM1_IRQ),
		.tap = machine_com1_tap,
		.tap_arg = m,
	};

	port.stream = m->com1_stream = machine_open_stream(m, "--serial", spec, err);
	if (!port.stream)
		return -EINVAL;
	m->com1 = serial_create(&port, err);
	return machine_add_device(m, m->com1);
}

static int build_com2(struct machine *m, struct err *err)
{
	struct serial_config port = {
		.id = "serial1",
		.pio = m->pio,
		.port = COM2_PORT,
		.irq = line(m, COM2_IRQ),
	};

	if (machine_has_init(m->config)) {
		port.tap = machine_com2_tap;
		port.tap_arg = m;
	} else if (m->config->com2) {
		port.stream = m->com2_stream =
			machine_open_stream(m, "--com2", m->config->com2, err);
		if (!port.stream)
			return -EINVAL;
	}
	m->com2 = serial_create(&port, err);
	return machine_add_device(m, m->com2);
}

/* Asked for by --debug-console, so it is printed at any log level; a guest's control characters are
 * not for the user's terminal. */
static void print_debug_line(void *owner, const char *text, size_t len)
{
	char line[DEBUG_CONSOLE_LINE + 1];
	size_t n = 0;

	(void)owner;
	for (; n < len && n < DEBUG_CONSOLE_LINE; n++)
		line[n] = (char)(text[n] >= ' ' && text[n] <= '~' ? text[n] : '?');
	line[n] = '\0';
	fprintf(stderr, "debug console: %s\n", line);
}

static int build_debug(struct machine *m, struct err *err)
{
	struct debug_exit_config debug_exit = {.pio = m->pio, .power = power(m)};
	struct debug_console_config console = {.pio = m->pio, .output = print_debug_line};
	int rc = 0;

	if (m->config->debug_exit)
		rc = machine_add_device(m, debug_exit_create(&debug_exit, err));
	if (rc == 0 && m->config->debug_console)
		rc = machine_add_device(m, debug_console_create(&console, err));
	return rc;
}

/* The streams begin to flow once everything stands; a terminal turns raw only here. */
static int build_connections(struct machine *m, struct err *err)
{
	struct stream_user first = machine_com1_user(m);
	struct stream_user second = serial_stream_user(m->com2);
	int rc = 0;

	if (m->com2_stream)
		rc = stream_start(m->com2_stream, &second, err);
	if (rc == 0)
		rc = machine_start_console(m, err);
	if (rc == 0)
		rc = stream_start(m->com1_stream, &first, err);
	return rc;
}

static int (*const steps[])(struct machine *m, struct err *err) = {
	build_boot, build_memory, build_vm,   build_buses, build_cpus,		 build_chipset,
	build_rtc,  build_com1,	  build_com2, build_debug, machine_build_virtio, build_connections,
};

int machine_assemble(struct machine *m, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == 0; i++)
		rc = steps[i](m, err);
	return rc;
}

int machine_dry_run(const struct machine_config *config, struct loop *loop, struct err *err)
{
	struct machine m = {.config = config, .loop = loop, .initrd_fd = -1};
	int rc = machine_boot_open(&m, err);

	if (rc == 0)
		rc = machine_try_backends(config, loop, err);
	boot_close(m.boot);
	if (m.initrd_fd >= 0)
		close(m.initrd_fd);
	return rc;
}

/* What the guest wrote to the console's ports before its end goes where it should, as far as its
 * readers take it: the loop moves it from the guest's buffers to the streams. */
static void drain_ports(struct machine *m)
{
	uint64_t end = clock_monotonic_ns(&m->clock) + DRAIN_MS * NS_PER_MS;

	while (m->console && virtio_console_busy(m->console) && clock_monotonic_ns(&m->clock) < end)
		if (loop_run_once(m->loop, DRAIN_STEP_MS, NULL) < 0)
			break;
	for (size_t i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		if (m->port_streams[i])
			stream_drain(m->port_streams[i], DRAIN_MS);
}

void machine_disassemble(struct machine *m)
{
	/* No vCPU may call a device any more, no device a line of the VM. The last output leaves
	 * while the ports that may hold some of it still stand. */
	cpus_destroy(m->cpus);
	if (m->com1_stream)
		stream_drain(m->com1_stream, DRAIN_MS);
	if (m->com2_stream)
		stream_drain(m->com2_stream, DRAIN_MS);
	drain_ports(m);
	while (m->n_devices > 0)
		device_destroy(m->devices[--m->n_devices]);
	stream_destroy(m->com1_stream);
	stream_destroy(m->com2_stream);
	for (size_t i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		stream_destroy(m->port_streams[i]);
	pci_bus_destroy(m->pci);
	bus_destroy(m->mmio);
	bus_destroy(m->pio);
	kvm_vm_destroy(m->vm);
	kvm_close(&m->kvm);
	guest_mem_destroy(m->mem);
	boot_close(m->boot);
	if (m->initrd_fd >= 0)
		close(m->initrd_fd);
}
