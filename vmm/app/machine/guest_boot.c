/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "firmware/acpi/acpi.h"
#include "firmware/initramfs/initramfs.h"
#include "firmware/layout.h"
#include "vmm/core/part.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * What a machine boots: the initramfs when it is ours to make, the kernel's command line, and the
 * loading of it all at each start and reset.
 */

static int make_initramfs(struct machine *m, struct err *err)
{
	const struct machine_config *c = m->config;
	struct winsize size = {0};
	char vise_init[PATH_MAX];
	struct initramfs_config config = {
		.vise_init = vise_init,
		.kernel = c->kernel,
		.modules = c->modules,
		.exec = c->exec,
		.root = c->root,
		.term = getenv("TERM"),
		.include = c->include,
		.n_include = c->n_include,
		.shell = c->shell,
		.selftest = c->selftest && !*c->selftest ? "1" : c->selftest,
		.has_disk = c->n_disks > 0,
		.has_net = c->n_nics > 0,
		.has_input = c->n_inputs > 0,
		.has_snd = c->n_sound > 0,
		.has_console = true,
	};

	if (part_find("vise-init", "--exec, --shell, --selftest and --root need", "", vise_init,
		      sizeof(vise_init), err) < 0)
		return -ENOENT;
	if (isatty(STDIN_FILENO) && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
		config.rows = size.ws_row;
		config.cols = size.ws_col;
	}
	m->initrd_fd = initramfs_build(&config, err);
	return m->initrd_fd < 0 ? m->initrd_fd : 0;
}

/* The console is COM1, and a panic resets at once: the run then ends with the panic. A machine that
 * runs one command or a shell shows its output, not the kernel's. User's words come last and win.
 */
static char *make_cmdline(const struct machine_config *c)
{
	const char *quiet = c->exec || c->shell || c->selftest ? " quiet" : "";
	const char *rdinit = machine_has_init(c) ? " rdinit=/init" : "";
	const char *append = c->append ? c->append : "";
	char *line;

	if (c->append_only)
		return strdup(append);
	if (asprintf(&line, "console=ttyS0 panic=-1%s%s%s%s", quiet, rdinit, *append ? " " : "",
		     append) < 0)
		return NULL;
	return line;
}

int machine_boot_open(struct machine *m, struct err *err)
{
	const struct machine_config *c = m->config;
	struct boot_source source = {.kernel = c->kernel};
	char *cmdline;

	m->initrd_fd = -1;
	if (machine_has_init(c)) {
		if (make_initramfs(m, err) < 0)
			return -EINVAL;
		source.initrd = "the initramfs made for --exec, --shell, --selftest or --root";
	} else if (c->initrd) {
		m->initrd_fd = open(c->initrd, O_RDONLY | O_CLOEXEC);
		if (m->initrd_fd < 0)
			return err_set_errno(err, errno, "--initrd %s", c->initrd);
		source.initrd = c->initrd;
	}
	cmdline = make_cmdline(c);
	if (!cmdline)
		return err_set(err, -ENOMEM, "kernel command line: out of memory");
	source.initrd_fd = m->initrd_fd;
	source.cmdline = cmdline;
	m->boot = boot_open(&source, err);
	free(cmdline);
	return m->boot ? 0 : -EINVAL;
}

static int build_tables(struct machine *m, gpa_t *rsdp, struct err *err)
{
	struct acpi_config config = {
		.n_cpus = m->config->cpus,
		.pci_gsi = pci_gsi,
		.has_com1 = true,
		.has_com2 = true,
	};

	return acpi_build(&config, m->mem, LAYOUT_ACPI, LAYOUT_ACPI_SIZE, rsdp, err);
}

int machine_boot_load(struct machine *m, struct err *err)
{
	struct boot_entry entry;
	struct cpu_start start;
	gpa_t rsdp;
	int rc;

	rc = pci_bus_assign(m->pci, LAYOUT_PCI_WINDOW, LAYOUT_PCI_WINDOW_END, err);
	if (rc == 0)
		rc = pci_bus_assign_ports(m->pci, LAYOUT_PCI_PORTS, LAYOUT_PCI_PORTS_END, err);
	if (rc == 0)
		rc = build_tables(m, &rsdp, err);
	if (rc == 0)
		rc = boot_load(m->boot, m->mem, rsdp, &entry, err);
	if (rc)
		return rc;
	start = (struct cpu_start){
		.mode = entry.mode == BOOT_LONG_MODE ? CPU_START_LONG : CPU_START_PROTECTED,
		.rip = entry.rip,
		.rsi = entry.rsi,
		.rbx = entry.rbx,
		.rsp = entry.rsp,
		.cr3 = entry.cr3,
		.gdt_base = entry.gdt_base,
		.gdt_limit = entry.gdt_limit,
	};
	return cpus_reset(m->cpus, &start, err);
}
