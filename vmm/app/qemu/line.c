/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STANDARD_MEMORY (128ULL << 20) /* QEMU's */

void qemu_line_init(struct qemu_line *line, FILE *out)
{
	memset(line, 0, sizeof(*line));
	machine_config_init(&line->config);
	line->config.memory = STANDARD_MEMORY;
	line->config.append_only = true;
	line->out = out;
}

/* One kind of object: its array, how many, how large one is, and what it owns. */
struct kind {
	void *first;
	size_t n, size;
	const struct qemu_key *const *tables;
};

void qemu_line_fini(struct qemu_line *line)
{
	const struct kind kinds[] = {
		{line->chardevs, line->n_chardevs, sizeof(line->chardevs[0]), qemu_chardev_tables},
		{line->netdevs, line->n_netdevs, sizeof(line->netdevs[0]), qemu_netdev_tables},
		{line->drives, line->n_drives, sizeof(line->drives[0]), qemu_drive_tables},
		{line->blockdevs, line->n_blockdevs, sizeof(line->blockdevs[0]),
		 qemu_blockdev_tables},
		{line->audiodevs, line->n_audiodevs, sizeof(line->audiodevs[0]),
		 qemu_audiodev_tables},
		{line->devices, line->n_devices, sizeof(line->devices[0]), qemu_all_device_tables},
	};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (size_t i = 0; i < kinds[k].n; i++)
			qemu_keys_fini(kinds[k].tables, (char *)kinds[k].first + i * kinds[k].size);
	for (size_t i = 0; i < line->n_serials; i++)
		free(line->serials[i]);
	free(line->pidfile);
	machine_config_fini(&line->config);
}

int qemu_set(char **member, const char *value, struct err *err)
{
	char *copy = strdup(value);

	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	free(*member);
	*member = copy;
	return 0;
}

int qemu_check_id(const void *objects, size_t n, size_t size, size_t offset, const char *option,
		  struct err *err)
{
	const char *const *last = (const void *)((const char *)objects + (n - 1) * size + offset);

	for (size_t i = 0; i + 1 < n; i++) {
		const char *const *id = (const void *)((const char *)objects + i * size + offset);

		if (strcmp(*id, *last) == 0)
			return err_set(err, -EINVAL, "%s: the id '%s' is given twice", option,
				       *last);
	}
	return 0;
}

char *qemu_join(const char *kind, const char *rest, struct err *err)
{
	char *text = NULL;

	if (asprintf(&text, "%s:%s", kind, rest) >= 0)
		return text;
	err_set(err, -ENOMEM, "out of memory");
	return NULL;
}

int qemu_one_more(size_t *n, const char *option, struct err *err)
{
	if (*n == QEMU_MAX_OBJECTS)
		return err_set(err, -EINVAL, "%s: given more than %u times", option,
			       QEMU_MAX_OBJECTS);
	(*n)++;
	return 0;
}
