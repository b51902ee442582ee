/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Options about the machine as a whole. */

static const char *const off_only[] = {"off", NULL};
static const char *const on_only[] = {"on", NULL};
static const char *const either[] = {"on", "off", NULL};
static const char *const either_or_auto[] = {"on", "off", "auto", NULL};
static const char *const irqchips[] = {"on", NULL};
static const char *const dialects[] = {"v1", "virtio", NULL};

/* One value in several of these: each option uses what it has. */
struct machine_words {
	char *type, *accel, *dialect, *base, *guest;
	int64_t cpus, maxcpus, sockets, dies, clusters, cores, threads;
};

/* clang-format off */
static const struct qemu_key machine_keys[] = {
	{.name = "type", QEMU_TEXT(struct machine_words, type)},
	{.name = "accel", QEMU_TEXT(struct machine_words, accel)},
	{.name = "dialect", QEMU_WORD(struct machine_words, dialect), .words = dialects},
	{.name = "kernel-irqchip", .kind = QEMU_KEY_FIXED, .words = irqchips},
	{.name = "kernel_irqchip", .kind = QEMU_KEY_FIXED, .words = irqchips},
	{.name = "usb", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool"},
	{.name = "smm", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool"},
	{.name = "hpet", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool"},
	{.name = "acpi", .kind = QEMU_KEY_FIXED, .words = on_only, .type = "bool"},
	{.name = "graphics", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool"},
	{.name = "vmport", .kind = QEMU_KEY_FIXED, .words = either_or_auto},
	{.name = "mem-merge", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool"},
	{.name = "dump-guest-core", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool"},
	{0},
};

static const struct qemu_key memory_keys[] = {
	{.name = "size", QEMU_TEXT(struct machine_words, type)},
	{.name = "slots", .kind = QEMU_KEY_REFUSED, .help = "memory cannot be plugged"},
	{.name = "maxmem", .kind = QEMU_KEY_REFUSED, .help = "memory cannot be plugged"},
	{0},
};

#define SMP_KEY(m) {.name = #m, QEMU_NUMBER(struct machine_words, m), .max = MACHINE_MAX_CPUS}
static const struct qemu_key smp_keys[] = {
	SMP_KEY(cpus), SMP_KEY(maxcpus), SMP_KEY(sockets), SMP_KEY(dies), SMP_KEY(clusters),
	SMP_KEY(cores), SMP_KEY(threads),
	{0},
};

static const char *const clocks[] = {"host", NULL};
static const char *const drifts[] = {"none", "slew", NULL};
static const char *const bases[] = {"utc", "localtime", NULL};
static const struct qemu_key rtc_keys[] = {
	{.name = "base", QEMU_WORD(struct machine_words, base), .words = bases},
	{.name = "clock", .kind = QEMU_KEY_FIXED, .words = clocks},
	/* Ticks that the guest is late for follow later in any case. */
	{.name = "driftfix", .kind = QEMU_KEY_FIXED, .words = drifts},
	{0},
};

static const char *const orders[] = {"c", NULL};
static const struct qemu_key boot_keys[] = {
	{.name = "order", .kind = QEMU_KEY_FIXED, .words = orders},
	{.name = "menu", .kind = QEMU_KEY_FIXED, .words = off_only, .type = "bool"},
	{.name = "strict", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool"},
	{0},
};

static const struct qemu_key name_keys[] = {
	{.name = "guest", .kind = QEMU_KEY_ANY},
	{.name = "debug-threads", .kind = QEMU_KEY_FIXED, .words = either, .type = "bool"},
	{.name = "process", .kind = QEMU_KEY_REFUSED, .help = "the process keeps its name"},
	{0},
};
/* clang-format on */

/* Reads @arg by one @table; the caller frees with fini(). */
static int read_words(struct machine_words *words, const struct qemu_key *table, const char *option,
		      const char *implied, const char *arg, struct err *err)
{
	const struct qemu_key *const tables[] = {table, NULL};
	struct keyvals kv;
	int rc;

	*words = (struct machine_words){0};
	qemu_keys_init(tables, words);
	rc = keyval_parse(&kv, option, implied, arg, err);
	if (!rc)
		rc = qemu_keys_fill(tables, words, &kv, option, err);
	keyval_fini(&kv);
	return rc;
}

static void fini(struct machine_words *words, const struct qemu_key *table)
{
	qemu_keys_fini((const struct qemu_key *const[]){table, NULL}, words);
}

/* Names of QEMU's machines all mean the one machine that there is. */
static const struct {
	const char *name, *help;
	bool versions; /* "pc-i440fx-7.2" too */
} machines[] = {
	{"pc", "the machine of Vise: i440FX and PIIX3 (default)", false},
	{"q35", "the same machine", false},
	{"pc-i440fx-", "the same machine, any version", true},
	{"pc-q35-", "the same machine, any version", true},
};

static void print_machines(FILE *out)
{
	fprintf(out, "Supported machines are:\n");
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		fprintf(out, "%s%-*s %s\n", machines[i].name, 20 - (int)strlen(machines[i].name),
			machines[i].versions ? "VERSION" : "", machines[i].help);
}

static int check_machine(const char *type, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		size_t len = strlen(machines[i].name);

		if (machines[i].versions ? strncmp(type, machines[i].name, len) == 0 &&
						   isdigit((unsigned char)type[len])
					 : strcmp(type, machines[i].name) == 0)
			return 0;
	}
	return err_set(err, -EINVAL,
		       "-machine: unsupported machine type %s; expected pc, q35 or a version of "
		       "them (-machine help lists them)",
		       option_quote(type, quoted, sizeof(quoted)));
}

/* "kvm", or a list with colons that has it. */
static int check_accel(const char *accel, const char *option, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	for (const char *at = accel; *at; at += strcspn(at, ":"), at += *at == ':')
		if (strcspn(at, ":") == 3 && strncmp(at, "kvm", 3) == 0)
			return 0;
	return err_set(err, -EINVAL, "%s: expected kvm, not %s", option,
		       option_quote(accel, quoted, sizeof(quoted)));
}

int qemu_set_dialect(struct qemu_line *line, const char *dialect, const char *what, struct err *err)
{
	if (line->config.dialect && strcmp(line->config.dialect, dialect) != 0)
		return err_set(err, -EINVAL,
			       "%s: dialect: expected %s, which was given before: a machine has "
			       "one dialect",
			       what, line->config.dialect);
	return qemu_set(&line->config.dialect, dialect, err);
}

int qemu_read_machine(struct qemu_line *line, const char *arg, struct err *err)
{
	struct machine_words words;
	int rc;

	if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
		print_machines(line->out);
		return 1;
	}
	rc = read_words(&words, machine_keys, "-machine", "type", arg, err);
	if (!rc && words.type)
		rc = check_machine(words.type, err);
	if (!rc && words.accel)
		rc = check_accel(words.accel, "-machine: accel", err);
	if (!rc && words.dialect)
		rc = qemu_set_dialect(line, words.dialect, "-machine", err);
	fini(&words, machine_keys);
	return rc;
}

int qemu_read_memory(struct qemu_line *line, const char *arg, struct err *err)
{
	const struct option row = {.name = "m",
				   OPT_SIZE(struct machine_config, memory),
				   .min = 32ULL << 20,
				   .max = 1ULL << 40,
				   .step = 4096};
	struct machine_words words;
	char size[64];
	int rc = read_words(&words, memory_keys, "-m", "size", arg, err);

	/* Without a suffix it is MiB; with K, M, G or T as everywhere. */
	if (!rc) {
		const char *text = words.type ? words.type : "";
		bool plain = *text && strspn(text, "0123456789") == strlen(text);

		snprintf(size, sizeof(size), "%.60s%s", text, plain ? "M" : "");
		rc = option_set(&row, &line->config, size, err);
		if (rc)
			err_prefix(err, "-m");
	}
	fini(&words, memory_keys);
	return rc;
}

/* What the parts of a topology that are given multiply to; -1: none is. */
static int64_t smp_product(const struct machine_words *w)
{
	const int64_t parts[] = {w->sockets, w->dies, w->clusters, w->cores, w->threads};
	int64_t product = 1;
	bool any = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] >= 0) {
			product *= parts[i];
			any = true;
		}
	return any ? product : -1;
}

int qemu_read_smp(struct qemu_line *line, const char *arg, struct err *err)
{
	struct machine_words w;
	int rc = read_words(&w, smp_keys, "-smp", "cpus", arg, err);
	int64_t product, n;

	if (rc)
		return rc;
	product = smp_product(&w);
	n = w.cpus >= 0 ? w.cpus : product >= 0 ? product : w.maxcpus >= 0 ? w.maxcpus : 1;
	if (n < 1 || n > MACHINE_MAX_CPUS)
		return err_set(err, -EINVAL, "-smp: expected from 1 to %d processors, not %lld",
			       MACHINE_MAX_CPUS, (long long)n);
	if (w.maxcpus >= 0 && w.maxcpus != n)
		return err_set(err, -EINVAL,
			       "-smp: maxcpus: expected %lld, as many as there are: none can be "
			       "plugged",
			       (long long)n);
	/* Parts that are left out are whatever makes it right. */
	if (product == 0 || (product > 0 && n % product != 0))
		return err_set(err, -EINVAL,
			       "-smp: sockets, cores and threads make %lld processors, but cpus "
			       "is %lld",
			       (long long)product, (long long)n);
	line->config.cpus = (uint32_t)n;
	return 0;
}

/* Whatever the model, the guest sees the processor that KVM shows it. */
static const char *const cpus[] = {"host",	     "max",
				   "base",	     "qemu32",
				   "qemu64",	     "kvm32",
				   "kvm64",	     "Nehalem",
				   "Westmere",	     "SandyBridge",
				   "IvyBridge",	     "Haswell",
				   "Broadwell",	     "Skylake-Client",
				   "Skylake-Server", "Cascadelake-Server",
				   "Icelake-Server", "EPYC",
				   "EPYC-Rome",	     "EPYC-Milan",
				   "Penryn",	     "Conroe",
				   "Opteron_G5",     NULL};

int qemu_read_cpu(struct qemu_line *line, const char *arg, struct err *err)
{
	struct nearest near = NEAREST_INIT(arg);
	char quoted[OPTION_QUOTE_SIZE];

	if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
		fprintf(line->out, "Available CPUs (all mean the host's, as KVM shows it):\n");
		for (size_t i = 0; cpus[i]; i++)
			fprintf(line->out, "x86 %s\n", cpus[i]);
		return 1;
	}
	if (strchr(arg, ','))
		return err_set(err, -EINVAL,
			       "-cpu: features are not supported: expected a model alone, not %s",
			       option_quote(arg, quoted, sizeof(quoted)));
	for (size_t i = 0; cpus[i]; i++) {
		if (strcmp(arg, cpus[i]) == 0)
			return 0;
		nearest_try(&near, cpus[i]);
	}
	return err_set(err, -EINVAL, "-cpu: unknown model %s%s%s; -cpu help lists them",
		       option_quote(arg, quoted, sizeof(quoted)),
		       near.best ? ", did you mean " : "", near.best ? near.best : "");
}

int qemu_read_accel(struct qemu_line *line, const char *arg, struct err *err)
{
	if (strcmp(arg, "help") != 0 && strcmp(arg, "?") != 0)
		return check_accel(arg, "-accel", err);
	fprintf(line->out, "Accelerators supported in QEMU binary:\nkvm\n");
	return 1;
}

int qemu_read_rtc(struct qemu_line *line, const char *arg, struct err *err)
{
	struct machine_words words;
	int rc = read_words(&words, rtc_keys, "-rtc", NULL, arg, err);

	line->config.rtc_local = words.base && strcmp(words.base, "localtime") == 0;
	fini(&words, rtc_keys);
	return rc;
}

/* Those whose values change nothing. */
static int read_and_drop(const struct qemu_key *table, const char *option, const char *implied,
			 const char *arg, struct err *err)
{
	struct machine_words words;
	int rc = read_words(&words, table, option, implied, arg, err);

	fini(&words, table);
	return rc;
}

int qemu_read_boot(struct qemu_line *line, const char *arg, struct err *err)
{
	(void)line;
	return read_and_drop(boot_keys, "-boot", "order", arg, err);
}

int qemu_read_name(struct qemu_line *line, const char *arg, struct err *err)
{
	(void)line;
	return read_and_drop(name_keys, "-name", "guest", arg, err);
}
