/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include "virtio/input/input.h"
#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option.h"

#include <errno.h>
#include <string.h>

/* -device: the names there are, what they are asked, and how they are read. */

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): initializers have none. */
#define PCI_DEVICE(n, a, r, f, c, t, h) \
	{.name = n, .alias = a, .role = r, .form = f, .category = c, .bus = "PCI", .tables = t, .help = h}
#define INPUT_DEVICE(n, a, k, h) \
	{.name = n, .alias = a, .role = QEMU_INPUT, .form = QEMU_FORM_OPEN, .kind = k, .category = "Input", \
	 .bus = "PCI", .tables = qemu_input_tables, .help = h}
/* NOLINTEND(bugprone-macro-parentheses) */

/* Rows of a category stand together. The kind of a port is its number; 1 stands for 1 and 2. */
const struct qemu_device_type qemu_device_types[] = {
	PCI_DEVICE("virtio-blk-pci", "virtio-blk", QEMU_BLK, QEMU_FORM_OPEN, "Storage", qemu_blk_tables, "disk"),
	PCI_DEVICE("virtio-blk-pci-non-transitional", NULL, QEMU_BLK, QEMU_FORM_MODERN, "Storage",
		   qemu_blk_fixed_tables, "disk"),
	PCI_DEVICE("virtio-blk-pci-transitional", NULL, QEMU_BLK, QEMU_FORM_TRANSITIONAL, "Storage",
		   qemu_blk_fixed_tables, "disk"),
	PCI_DEVICE("virtio-net-pci", "virtio-net", QEMU_NET, QEMU_FORM_OPEN, "Network", qemu_net_tables, "network interface"),
	PCI_DEVICE("virtio-net-pci-non-transitional", NULL, QEMU_NET, QEMU_FORM_MODERN, "Network",
		   qemu_net_fixed_tables, "network interface"),
	PCI_DEVICE("virtio-net-pci-transitional", NULL, QEMU_NET, QEMU_FORM_TRANSITIONAL, "Network",
		   qemu_net_fixed_tables, "network interface"),
	INPUT_DEVICE("virtio-keyboard-pci", "virtio-keyboard", VIRTIO_INPUT_KEYBOARD, "keyboard"),
	INPUT_DEVICE("virtio-mouse-pci", "virtio-mouse", VIRTIO_INPUT_MOUSE, "mouse"),
	INPUT_DEVICE("virtio-tablet-pci", "virtio-tablet", VIRTIO_INPUT_TABLET, "tablet"),
	PCI_DEVICE("virtio-serial-pci", "virtio-serial", QEMU_SERIAL, QEMU_FORM_OPEN, "Input", qemu_serial_tables,
		   "the console device, which is there in any case"),
	PCI_DEVICE("virtio-serial-pci-non-transitional", NULL, QEMU_SERIAL, QEMU_FORM_MODERN, "Input",
		   qemu_serial_fixed_tables, "the console device"),
	PCI_DEVICE("virtio-serial-pci-transitional", NULL, QEMU_SERIAL, QEMU_FORM_TRANSITIONAL, "Input",
		   qemu_serial_fixed_tables, "the console device"),
	{.name = "virtconsole", .role = QEMU_PORT, .form = QEMU_FORM_NONE, .kind = 0, .category = "Input",
	 .bus = "virtio-serial-bus", .tables = qemu_port_tables, .help = "where port 0 of the console goes"},
	{.name = "virtserialport", .role = QEMU_PORT, .form = QEMU_FORM_NONE, .kind = 1, .category = "Input",
	 .bus = "virtio-serial-bus", .tables = qemu_port_tables, .help = "where its port ktstr-bulk or ktstr-stats goes"},
	PCI_DEVICE("virtio-sound-pci", "virtio-sound", QEMU_SND, QEMU_FORM_OPEN, "Sound", qemu_snd_tables, "sound"),
	PCI_DEVICE("virtio-snd-pci", "virtio-snd", QEMU_SND, QEMU_FORM_OPEN, "Sound", qemu_snd_tables, "sound"),
	{0},
};
/* clang-format on */

void qemu_print_devices(FILE *out)
{
	const char *category = NULL;

	for (const struct qemu_device_type *t = qemu_device_types; t->name; t++) {
		if (!category || strcmp(category, t->category) != 0)
			fprintf(out, "%s%s devices:\n", category ? "\n" : "", t->category);
		category = t->category;
		fprintf(out, "name \"%s\", bus %s", t->name, t->bus);
		if (t->alias)
			fprintf(out, ", alias \"%s\"", t->alias);
		fprintf(out, ", desc \"%s\"\n", t->help);
	}
}

static void print_key(FILE *out, const struct qemu_key *k)
{
	char head[64];

	snprintf(head, sizeof(head), "%s=<%s>", k->name, k->type);
	fprintf(out, "  %-30s - %s", head, k->help);
	if (k->standard)
		fprintf(out, " (default: %s)", k->standard);
	fputc('\n', out);
}

void qemu_print_device(FILE *out, const struct qemu_device_type *type)
{
	fprintf(out, "%s options:\n", type->name);
	for (const struct qemu_key *const *t = type->tables; *t; t++)
		for (const struct qemu_key *k = *t; k->name; k++)
			if (strcmp(k->name, "driver") != 0)
				print_key(out, k);
}

static const struct qemu_device_type *find_type(const char *name, struct err *err)
{
	struct nearest near = NEAREST_INIT(name);
	char quoted[OPTION_QUOTE_SIZE];

	for (const struct qemu_device_type *t = qemu_device_types; t->name; t++) {
		if (strcmp(t->name, name) == 0 || (t->alias && strcmp(t->alias, name) == 0))
			return t;
		nearest_try(&near, t->name);
	}
	option_quote(name, quoted, sizeof(quoted));
	if (near.best)
		err_set(err, -ENODEV, "Device %s not found, did you mean '%s'?", quoted, near.best);
	else
		err_set(err, -ENODEV, "Device %s not found; -device help lists those there are",
			quoted);
	return NULL;
}

/* Moves the question to the end of @kv. */
static bool asks_for_help(struct keyvals *kv)
{
	for (size_t i = 0; i < kv->n; i++)
		if (kv->items[i].lone &&
		    (strcmp(kv->items[i].key, "help") == 0 || strcmp(kv->items[i].key, "?") == 0)) {
			struct keyval asked = kv->items[i];

			memmove(&kv->items[i], &kv->items[i + 1],
				(kv->n - i - 1) * sizeof(kv->items[0]));
			kv->items[kv->n - 1] = asked;
			return true;
		}
	return false;
}

/* With the type known: its properties, or help about them once they are right. */
static int read_properties(struct qemu_line *line, struct qemu_device *d, struct keyvals *kv,
			   struct err *err)
{
	bool help = asks_for_help(kv);
	char what[80];
	int rc;

	snprintf(what, sizeof(what), "-device %s", d->type->name);
	kv->n -= help; /* the question stands last, and is freed with the rest */
	rc = qemu_keys_fill(d->type->tables, d, kv, what, err);
	kv->n += help;
	if (rc || !help)
		return rc;
	qemu_print_device(line->out, d->type);
	return 1;
}

int qemu_read_device(struct qemu_line *line, const char *arg, struct err *err)
{
	struct qemu_device *d = &line->devices[line->n_devices];
	const char *driver;
	struct keyvals kv;
	int rc;

	if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
		qemu_print_devices(line->out);
		return 1;
	}
	rc = qemu_one_more(&line->n_devices, "-device", err);
	if (rc)
		return rc;
	rc = *arg == '{' ? keyval_parse_json(&kv, "-device", arg, err)
			 : keyval_parse(&kv, "-device", "driver", arg, err);
	qemu_keys_init(qemu_all_device_tables, d);
	driver = keyval_get(&kv, "driver");
	if (!rc && driver) {
		d->type = find_type(driver, err);
		rc = d->type ? read_properties(line, d, &kv, err) : -ENODEV;
	} else if (!rc) {
		rc = err_set(err, -EINVAL, "-device: expected NAME,key=value,...");
	}
	keyval_fini(&kv);
	return rc;
}
