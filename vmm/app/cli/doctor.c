/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/commands.h"
#include "vmm/app/cli/help.h"
#include "vmm/core/log.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * `vise doctor`: what this host offers of what Vise uses, one line a check, with the remedy where
 * something is missing; the last line says what follows for people.
 */

#define HUGEPAGES_FREE "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"

#define REMEDY_HARDWARE                                                                            \
	"use a host with hardware virtualization, or enable nested virtualization on it"
#define REMEDY_KERNEL "use a newer host kernel"

struct host {
	struct kvm kvm; /* fd -1: none */
	struct kvm_probe probe;
	struct err err; /* why there is no KVM */
};

struct finding {
	bool missing;
	char text[sizeof(((struct err *)0)->text)];
	const char *remedy; /* with `missing`; NULL when the text has it */
};

static void check_device(const struct host *host, struct finding *f)
{
	f->missing = host->kvm.fd < 0;
	if (f->missing)
		snprintf(f->text, sizeof(f->text), "%s", host->err.text);
	else
		snprintf(f->text, sizeof(f->text), "usable, for up to %u vCPUs",
			 host->kvm.max_vcpus);
}

static void check_kind(const struct host *host, struct finding *f)
{
	static const char *const kinds[] = {
		[KVM_VERDICT_RING3] = "runs user code only, emulates the guest's kernel",
		[KVM_VERDICT_NESTED] = "complete, nested in an emulator or another KVM",
		[KVM_VERDICT_HARDWARE] = "complete, on hardware",
	};
	enum kvm_verdict verdict = host->probe.verdict;

	f->missing = verdict < KVM_VERDICT_NESTED;
	f->remedy = REMEDY_HARDWARE;
	if (verdict == KVM_VERDICT_NONE)
		snprintf(f->text, sizeof(f->text), "%s", host->err.text);
	else
		snprintf(f->text, sizeof(f->text), "%s: %s", kvm_verdict_name(verdict),
			 kinds[verdict]);
}

static void check_sse(const struct host *host, struct finding *f)
{
	snprintf(f->text, sizeof(f->text), "%s",
		 host->probe.sse_runs ? "runs" : "fails, and every stock kernel uses it");
}

static void check_speed(const struct host *host, struct finding *f)
{
	snprintf(f->text, sizeof(f->text), "%.1f million instructions/s (emulated: below %.0f)",
		 (double)host->probe.ring0_speed / 1e6, (double)KVM_PROBE_MIN_SPEED / 1e6);
}

static void check_ring3(const struct host *host, struct finding *f)
{
	snprintf(f->text, sizeof(f->text), "by IOPL: %s, by I/O bitmap: %s",
		 host->probe.ring3_iopl ? "yes" : "no", host->probe.ring3_bitmap ? "yes" : "no");
}

static void check_exit(const struct host *host, struct finding *f)
{
	snprintf(f->text, sizeof(f->text), "%.1f us (on hardware: up to %.0f)",
		 (double)host->probe.exit_ns / 1e3, (double)KVM_PROBE_MAX_EXIT_NS / 1e3);
}

static void check_irqfd(const struct host *host, struct finding *f)
{
	f->missing = !host->kvm.has_irqfd;
	f->remedy = REMEDY_KERNEL;
	snprintf(f->text, sizeof(f->text), "%s",
		 f->missing ? "missing: each interrupt takes a slower way" : "yes");
}

static void check_ioeventfd(const struct host *host, struct finding *f)
{
	f->missing = !host->kvm.has_ioeventfd_any_length;
	f->remedy = REMEDY_KERNEL;
	snprintf(f->text, sizeof(f->text), "%s",
		 f->missing ? "not of any length: each kick of a queue leaves the guest"
			    : "yes, of any length");
}

static void check_uring(const struct host *host, struct finding *f)
{
	struct io_uring ring;
	int rc = io_uring_queue_init(1, &ring, 0);

	(void)host;
	if (rc == 0) {
		io_uring_queue_exit(&ring);
		snprintf(f->text, sizeof(f->text), "allowed");
		return;
	}
	f->missing = true;
	snprintf(f->text, sizeof(f->text), "refused (%s): threads do the disk I/O instead",
		 strerror(-rc));
	f->remedy = rc == -ENOSYS ? "use a newer host kernel, or a container profile that lets "
				    "io_uring_setup pass"
		    : rc == -EPERM
			    ? "sysctl kernel.io_uring_disabled=0, or a container profile that "
			      "lets io_uring_setup pass"
			    : "raise the limit of locked memory (ulimit -l)";
}

static void check_hugepages(const struct host *host, struct finding *f)
{
	FILE *in = fopen(HUGEPAGES_FREE, "re");
	char line[32] = "";
	uint64_t n;

	(void)host;
	if (in && !fgets(line, sizeof(line), in))
		line[0] = '\0';
	if (in)
		(void)fclose(in); /* was only read */
	n = strtoull(line, NULL, 10);
	f->missing = n == 0;
	f->remedy = in ? "sysctl vm.nr_hugepages=N, N pages of 2 MiB; only --hugepages needs it"
		       : "a host kernel with CONFIG_HUGETLBFS; only --hugepages needs it";
	snprintf(f->text, sizeof(f->text), "%" PRIu64 " MiB free in pages of 2 MiB", n * 2);
}

enum need { NEED_NOTHING, NEED_KVM, NEED_PROBE };

struct check {
	const char *name;
	enum need need; /* left out without it */
	void (*run)(const struct host *host, struct finding *f);
};

/* clang-format off */
static const struct check checks[] = {
	{"/dev/kvm",           NEED_NOTHING, check_device},
	{"kind of KVM",        NEED_KVM,     check_kind},
	{"SSE in ring 0",      NEED_PROBE,   check_sse},
	{"speed in ring 0",    NEED_PROBE,   check_speed},
	{"ports from ring 3",  NEED_PROBE,   check_ring3},
	{"exit to user space", NEED_PROBE,   check_exit},
	{"irqfd",              NEED_KVM,     check_irqfd},
	{"ioeventfd",          NEED_KVM,     check_ioeventfd},
	{"io_uring",           NEED_NOTHING, check_uring},
	{"huge pages",         NEED_NOTHING, check_hugepages},
};
/* clang-format on */

static void print_verdict(const struct host *host)
{
	const struct kvm_probe *p = &host->probe;

	printf("stock kernels boot natively: ");
	switch (p->verdict) {
	case KVM_VERDICT_NONE:
		printf("no, because Vise has no KVM to run a guest on\n");
		break;
	case KVM_VERDICT_RING3:
		printf("no, because this KVM emulates the guest's kernel: %s\n",
		       p->sse_runs ? "too slow" : "SSE instructions fail");
		break;
	case KVM_VERDICT_NESTED:
		printf("yes, but slowly, because this KVM is nested: exits are dear\n");
		break;
	case KVM_VERDICT_HARDWARE:
		printf("yes, because this KVM runs the guest's kernel on hardware\n");
		break;
	}
}

static enum need host_has(const struct host *host)
{
	if (host->kvm.fd < 0)
		return NEED_NOTHING;
	return host->probe.verdict == KVM_VERDICT_NONE ? NEED_KVM : NEED_PROBE;
}

static void print_findings(const struct host *host)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding f = {0};

		if (checks[i].need > host_has(host))
			continue;
		checks[i].run(host, &f);
		printf("%-20s %s\n", checks[i].name, f.text);
		if (f.missing && f.remedy)
			printf("%-20s -> %s\n", "", f.remedy);
	}
}

int cmd_doctor(int argc, char **argv)
{
	struct host host = {.kvm = {.fd = -1}, .err = ERR_INIT};
	struct doctor_options options = {0};
	int next;

	if (options_parse(doctor_option_parts, &options, argc, argv, &next, &host.err) < 0) {
		log_error("%s", host.err.text);
		return EXIT_STATUS_ERROR;
	}
	if (next < argc) {
		log_error("doctor: unexpected argument '%s'", argv[next]);
		return EXIT_STATUS_ERROR;
	}
	if (options.help) {
		help_subcommand(stdout, &subcommands[SUBCOMMAND_DOCTOR]);
		return 0;
	}
	/* What the probe says of a missing KVM, the opening says too. */
	if (kvm_probe(&host.probe, &host.err) < 0)
		host.probe.verdict = KVM_VERDICT_NONE;
	if (options.probe) {
		puts(kvm_verdict_name(host.probe.verdict));
	} else {
		if (kvm_open(&host.kvm, NULL, &host.err) < 0)
			host.kvm.fd = -1;
		print_findings(&host);
		print_verdict(&host);
		kvm_close(&host.kvm);
	}
	if (fflush(stdout) != 0)
		return EXIT_STATUS_ERROR;
	return host.probe.verdict >= KVM_VERDICT_NESTED ? 0 : 1;
}
