/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/config_devices.h"

#include "vmm/core/option/option.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS	  32U
#define FUNCTIONS 8U
#define NO_PLACE  0xffU /* the last function of the last slot, which is never given unasked */

#define DEVFN(slot, function) ((uint8_t)((slot) << 3 | (function)))

/* Slots 0 and 1 are the chipset's, 2 is left to a display. */
#define FIRST_FREE_SLOT 3U

struct kind_row {
	const char *option;
	unsigned int first, more; /* slot of the first, and of the second and on; 0: any */
	const char *id, *backend; /* with the number behind it; NULL: none */
};

static const struct kind_row kinds[CONFIG_N_KINDS] = {
	[CONFIG_NIC] = {"--net", 3, 8 + MACHINE_MAX_DISKS - 1, "aero_virtio_net", "net"},
	[CONFIG_DISK] = {"--disk", 4, 8, "aero_virtio_blk", "drive"},
	[CONFIG_INPUT] = {"--input", 5, 0, NULL, NULL},
	[CONFIG_SOUND] = {"--snd", 6, 0, "aero_virtio_snd", "snd"},
	[CONFIG_CONSOLE] = {"--console", 7, 0, "console", NULL},
};

/* By enum virtio_input_kind. */
static const char *const input_ids[] = {"aero_virtio_kbd0", "aero_virtio_mouse0",
					"aero_virtio_tablet0"};
#define INPUT_KINDS (sizeof(input_ids) / sizeof(input_ids[0]))

/* The list while it is made. */
struct places {
	struct config_device *list;
	size_t n;
	uint8_t taken[SLOTS]; /* bit f: function f */
};

static void add(struct places *p, enum config_device_kind kind, size_t index,
		const struct virtio_options *virtio, const char *standard_id)
{
	const struct kind_row *row = &kinds[kind];
	struct config_device *d = &p->list[p->n++];

	*d = (struct config_device){
		.kind = kind, .index = index, .virtio = virtio, .devfn = NO_PLACE};
	if (virtio->id || standard_id)
		snprintf(d->id, sizeof(d->id), "%s", virtio->id ? virtio->id : standard_id);
	else
		snprintf(d->id, sizeof(d->id), "%s%zu", row->id, index);
	if (row->backend && virtio->backend_id)
		snprintf(d->backend_id, sizeof(d->backend_id), "%s", virtio->backend_id);
	else if (row->backend)
		snprintf(d->backend_id, sizeof(d->backend_id), "%s%zu", row->backend, index);
}

static void list_all(struct places *p, const struct machine_config *c)
{
	for (size_t i = 0; i < c->n_nics; i++)
		add(p, CONFIG_NIC, i, &c->nics[i].virtio, NULL);
	for (size_t i = 0; i < c->n_disks; i++)
		add(p, CONFIG_DISK, i, &c->disks[i].virtio, NULL);
	for (uint32_t kind = 0; kind < INPUT_KINDS; kind++)
		for (size_t i = 0; i < c->n_inputs; i++)
			if (c->inputs[i].kind == kind)
				add(p, CONFIG_INPUT, i, &c->inputs[i].virtio, input_ids[kind]);
	for (size_t i = 0; i < c->n_sound; i++)
		add(p, CONFIG_SOUND, i, &c->sound[i].virtio, NULL);
	for (size_t i = 0; i < c->n_console; i++)
		add(p, CONFIG_CONSOLE, i, &c->console[i].virtio, NULL);
}

static bool has_name(const struct config_device *d, const char *name)
{
	return *name && (strcmp(d->id, name) == 0 || strcmp(d->backend_id, name) == 0);
}

static int check_ids(const struct places *p, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct config_device *d = &p->list[i];
			const char *twice = has_name(&p->list[j], d->id)	   ? d->id
					    : has_name(&p->list[j], d->backend_id) ? d->backend_id
										   : NULL;

			if (twice)
				return err_set(err, -EINVAL,
					       "%s: the id %s is taken already, by %s",
					       kinds[d->kind].option,
					       option_quote(twice, quoted, sizeof(quoted)),
					       kinds[p->list[j].kind].option);
		}
	return 0;
}

/* "SLOT" or "SLOT.FUNCTION" as one number; false when it is neither. */
static bool parse_addr(const char *text, uint8_t *devfn)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	unsigned long slot = strtoul(text, NULL, 16);
	const char *rest = text + digits;
	unsigned int function = 0;

	if (digits < 1 || digits > 2 || slot >= SLOTS)
		return false;
	if (rest[0] == '.' && rest[1] >= '0' && rest[1] <= '7' && !rest[2])
		function = (unsigned int)(rest[1] - '0');
	else if (rest[0])
		return false;
	*devfn = DEVFN(slot, function);
	return true;
}

static void take(struct places *p, struct config_device *d, uint8_t devfn)
{
	d->devfn = devfn;
	p->taken[devfn >> 3] |= (uint8_t)(1U << (devfn & 7U));
}

static int place_asked(struct places *p, struct config_device *d, struct err *err)
{
	const char *option = kinds[d->kind].option;
	char quoted[OPTION_QUOTE_SIZE];
	uint8_t devfn;

	option_quote(d->virtio->addr, quoted, sizeof(quoted));
	if (!parse_addr(d->virtio->addr, &devfn))
		return err_set(err, -EINVAL,
			       "%s: addr: expected a slot from 0 to 1f and perhaps a function, "
			       "such as 5 or 5.1, not %s",
			       option, quoted);
	if (p->taken[devfn >> 3] >> (devfn & 7U) & 1U)
		return err_set(err, -EINVAL, "%s: addr: PCI address %s is taken already", option,
			       quoted);
	take(p, d, devfn);
	return 0;
}

/* A function without a function 0 beside it is one that no guest looks for. */
static int check_functions(const struct places *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct config_device *d = &p->list[i];
		unsigned int slot = d->devfn >> 3;

		if (d->virtio->addr && !(p->taken[slot] & 1U))
			return err_set(err, -EINVAL,
				       "%s: addr: slot %x needs a function 0 too, or no guest "
				       "finds the others",
				       kinds[d->kind].option, slot);
	}
	return 0;
}

/* The wanted slot, or the highest that is free; SLOTS when there is none. */
static unsigned int free_slot(const struct places *p, unsigned int wanted)
{
	unsigned int slot = SLOTS;

	if (wanted && !p->taken[wanted])
		return wanted;
	while (slot > FIRST_FREE_SLOT)
		if (!p->taken[--slot])
			return slot;
	return SLOTS;
}

/* Input devices of the contract are functions of one slot, whichever of them there are. */
static unsigned int shared_slot(const struct places *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct config_device *d = &p->list[i];

		if (d->kind == CONFIG_INPUT && d->devfn != NO_PLACE && !d->virtio->addr &&
		    d->virtio->identity == IDENTITY_CONTRACT)
			return d->devfn >> 3;
	}
	return SLOTS;
}

static int place_free(struct places *p, struct config_device *d, struct err *err)
{
	const struct kind_row *row = &kinds[d->kind];
	bool shares = d->kind == CONFIG_INPUT && d->virtio->identity == IDENTITY_CONTRACT;
	unsigned int slot = shares ? shared_slot(p) : SLOTS;
	unsigned int function = 0;

	if (slot == SLOTS)
		slot = free_slot(p, d->kind == CONFIG_INPUT || d->index == 0 ? row->first
				    : row->more ? row->more + (unsigned int)d->index - 1
						: 0);
	if (slot == SLOTS)
		return err_set(err, -EINVAL, "%s: no PCI slot is left for it", row->option);
	while (p->taken[slot] >> function & 1U)
		function++;
	take(p, d, DEVFN(slot, function));
	return 0;
}

int config_devices(const struct machine_config *config, struct config_device *list, size_t *n,
		   struct err *err)
{
	struct places p = {.list = list, .taken = {[0] = 0xff, [1] = 0xff}};
	int rc;

	list_all(&p, config);
	*n = p.n;
	rc = check_ids(&p, err);
	for (size_t i = 0; i < p.n && !rc; i++)
		if (list[i].virtio->addr)
			rc = place_asked(&p, &list[i], err);
	if (!rc)
		rc = check_functions(&p, err);
	for (size_t i = 0; i < p.n && !rc; i++)
		if (!list[i].virtio->addr)
			rc = place_free(&p, &list[i], err);
	return rc;
}
