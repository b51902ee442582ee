/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/irq.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-init/file.h"
#include "guest-init/selftest/sysfs.h"

#define PCI	 "/sys/bus/pci/devices"
#define TEXT_MAX (1U << 20)

/* " 24:   12   0  PCI-MSIX-0000:00:04.0   1-edge   virtio1-req.0": counts, chip, type, actions. */
static void parse_counts(const char *s, const char *end, struct irq_vector *v)
{
	char row[512];
	char *at = row;
	char *action;

	snprintf(row, sizeof(row), "%.*s", (int)(end - s), s);
	v->count = 0;
	for (;;) {
		char *after;
		uint64_t n = strtoull(at, &after, 10);

		/* A chip's name may begin with a digit; a count has a blank behind it. */
		if (after == at || (*after != ' ' && *after != '\0'))
			break;
		v->count += n;
		at = after;
	}
	at += strspn(at, " ");
	/* Behind the chip's name and the type stand the actions, which may hold blanks. */
	action = strstr(at, "-edge");
	if (!action)
		action = strstr(at, "-fasteoi");
	if (!action)
		action = strstr(at, "-level");
	if (action)
		action += strcspn(action, " ");
	else
		action = at + strlen(at);
	action += strspn(action, " ");
	snprintf(v->action, sizeof(v->action), "%s", action);
}

bool irq_parse_row(const char *text, unsigned number, struct irq_vector *v)
{
	while (*text) {
		const char *end = text + strcspn(text, "\n");
		char *colon;
		unsigned long n = strtoul(text, &colon, 10);

		if (colon != text && *colon == ':' && colon < end && n == number) {
			parse_counts(colon + 1, end, v);
			v->number = number;
			return true;
		}
		text = *end ? end + 1 : end;
	}
	return false;
}

static void add_vector(struct irq_info *info, const char *text, unsigned number)
{
	struct irq_vector *v = &info->vectors[info->n];

	if (info->n == IRQ_MAX)
		return;
	*v = (struct irq_vector){.number = number};
	if (text)
		irq_parse_row(text, number, v);
	info->n++;
}

static int by_number(const void *a, const void *b)
{
	unsigned x = ((const struct irq_vector *)a)->number;
	unsigned y = ((const struct irq_vector *)b)->number;

	return (x > y) - (x < y);
}

/* Linux hands out numbers in the order of the device's table. */
static void read_messages(const struct device *d, struct irq_info *info, const char *text)
{
	char path[SYSFS_PATH_MAX];
	const struct dirent *e;
	char kind[16];
	DIR *dir;

	snprintf(path, sizeof(path), PCI "/%s/msi_irqs", d->pci);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		char *end;
		unsigned long number = strtoul(e->d_name, &end, 10);

		if (end == e->d_name || *end)
			continue;
		if (sysfs_text(kind, sizeof(kind), "%s/%s", path, e->d_name))
			info->mode = !strcmp(kind, "msix") ? IRQ_MSIX : IRQ_MSI;
		info->messages++;
		add_vector(info, text, (unsigned)number);
	}
	if (dir)
		closedir(dir);
	qsort(info->vectors, info->n, sizeof(info->vectors[0]), by_number);
}

void irq_read(const struct device *d, struct irq_info *info)
{
	char *text = file_read("/proc/interrupts", TEXT_MAX);
	int64_t line;

	*info = (struct irq_info){.mode = IRQ_NONE};
	read_messages(d, info, text);
	line = info->n ? -1 : sysfs_number(PCI "/%s/irq", d->pci);
	if (line > 0) {
		add_vector(info, text, (unsigned)line);
		/* A line that nobody has asked for is none. */
		if (strstr(info->vectors[0].action, *d->virtio ? d->virtio : "virtio"))
			info->mode = IRQ_INTX;
	}
	free(text);
}

const char *irq_mode_name(enum irq_mode mode)
{
	static const char *const names[] = {
		[IRQ_NONE] = "none",
		[IRQ_INTX] = "intx",
		[IRQ_MSI] = "msi",
		[IRQ_MSIX] = "msix",
	};

	return names[mode];
}

static int find(const struct irq_info *info, const struct device *d, const char *suffix)
{
	char want[160];

	snprintf(want, sizeof(want), "%s-%s", d->virtio, suffix);
	for (size_t i = 0; i < info->n; i++) {
		if (!strcmp(info->vectors[i].action, want))
			return (int)i;
	}
	return -1;
}

int irq_vector_of(const struct irq_info *info, const struct device *d, const char *suffix,
		  bool queue)
{
	int i = -1;

	if (!info->messages)
		return -1;
	i = find(info, d, suffix);
	return i < 0 && queue ? find(info, d, "virtqueues") : i;
}

uint64_t irq_count_of(const struct irq_info *info, const struct device *d, const char *suffix,
		      bool queue)
{
	int i = info->mode == IRQ_INTX ? 0 : irq_vector_of(info, d, suffix, queue);

	return i < 0 ? 0 : info->vectors[i].count;
}

uint64_t irq_total(const struct irq_info *info)
{
	uint64_t total = 0;

	for (size_t i = 0; i < info->n; i++)
		total += info->vectors[i].count;
	return total;
}

void irq_fields(const struct irq_info *info, struct marker *m, bool exact)
{
	bool shown_as_msi = info->mode == IRQ_MSIX && !exact;

	marker_text(m, "irq_mode", irq_mode_name(shown_as_msi ? IRQ_MSI : info->mode));
	marker_number(m, "irq_message_count", info->messages);
	if (info->mode == IRQ_NONE)
		marker_text(m, "irq_reason", "no_interrupt_in_use");
}

void irq_line(const struct device_kind *kind, const struct irq_info *info, struct marker *m)
{
	char head[64];

	snprintf(head, sizeof(head), "%s-irq", kind->name);
	marker_begin(m, head);
	if (info->mode == IRQ_NONE) {
		marker_token(m, "WARN");
		marker_text(m, "reason", "no_interrupt_in_use");
		return;
	}
	marker_token(m, "INFO");
	marker_text(m, "mode", irq_mode_name(info->mode));
	if (info->messages)
		marker_number(m, "messages", info->messages);
}
