/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/pci/msix.h"

#include "vmm/core/le.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *entry(const struct msix *msix, uint16_t vector)
{
	return msix->table + (size_t)vector * PCI_MSIX_ENTRY_SIZE;
}

static uint32_t pba_size(const struct msix *msix)
{
	return (msix->n + 63U) / 64U * 8U;
}

static void mask_all(struct msix *msix)
{
	memset(msix->table, 0, (size_t)msix->n * PCI_MSIX_ENTRY_SIZE);
	for (uint16_t v = 0; v < msix->n; v++)
		entry(msix, v)[PCI_MSIX_ENTRY_CTRL] = PCI_MSIX_ENTRY_MASKED;
}

int msix_init(struct msix *msix, struct pci_function *fn, unsigned int cap, uint16_t n,
	      unsigned int bar, uint32_t table_offset, struct msi_sink sink)
{
	uint8_t *c = fn->config + cap;

	memset(msix, 0, sizeof(*msix));
	msix->fn = fn;
	msix->sink = sink;
	msix->cap = cap;
	msix->table = calloc(n, PCI_MSIX_ENTRY_SIZE);
	msix->routes = malloc(n * sizeof(*msix->routes));
	if (!msix->table || !msix->routes) {
		msix->n = 0; /* no route is set yet */
		msix_fini(msix);
		return -ENOMEM;
	}
	msix->n = n;
	msix->table_offset = table_offset;
	msix->pba_offset = (table_offset + n * PCI_MSIX_ENTRY_SIZE + 7U) & ~7U;
	memset(msix->routes, 0xff, n * sizeof(*msix->routes));
	mask_all(msix);

	pci_function_add_cap(fn, PCI_CAP_ID_MSIX, cap, PCI_MSIX_CAP_SIZE);
	st_le16(c + PCI_MSIX_CONTROL, (uint16_t)(n - 1));
	st_le32(c + PCI_MSIX_TABLE, msix->table_offset | bar);
	st_le32(c + PCI_MSIX_PBA, msix->pba_offset | bar);
	st_le16(fn->writable + cap + PCI_MSIX_CONTROL, PCI_MSIX_CONTROL_EN | PCI_MSIX_CONTROL_MASK);
	return 0;
}

void msix_fini(struct msix *msix)
{
	for (uint16_t v = 0; v < msix->n; v++)
		if (msix->routes[v] >= 0)
			msix->sink.ops->close(msix->sink.owner, msix->routes[v]);
	free(msix->table);
	free(msix->routes);
	memset(msix, 0, sizeof(*msix));
}

static uint16_t control(const struct msix *msix)
{
	return ld_le16(msix->fn->config + msix->cap + PCI_MSIX_CONTROL);
}

bool msix_enabled(const struct msix *msix)
{
	return msix->n && (control(msix) & PCI_MSIX_CONTROL_EN);
}

void msix_reset(struct msix *msix)
{
	if (!msix->n)
		return;
	st_le16(msix->fn->config + msix->cap + PCI_MSIX_CONTROL, (uint16_t)(msix->n - 1));
	mask_all(msix);
	msix_clear_pending(msix);
}

static bool deliverable(const struct msix *msix, uint16_t vector)
{
	return !(control(msix) & PCI_MSIX_CONTROL_MASK) && pci_function_is_master(msix->fn) &&
	       !(entry(msix, vector)[PCI_MSIX_ENTRY_CTRL] & PCI_MSIX_ENTRY_MASKED);
}

static void send(struct msix *msix, uint16_t vector)
{
	const uint8_t *e = entry(msix, vector);
	const struct msi_sink *sink = &msix->sink;
	int *route = &msix->routes[vector];

	if (*route < 0)
		*route = sink->ops->open(sink->owner);
	if (*route < 0)
		return;
	TRACE2(msix_send, msix->fn->devfn, vector);
	sink->ops->set(sink->owner, *route, ld_le64(e), ld_le32(e + PCI_MSIX_ENTRY_DATA));
	sink->ops->signal(sink->owner, *route);
}

static void send_pending(struct msix *msix)
{
	if (!msix_enabled(msix))
		return;
	for (uint16_t v = 0; v < msix->n; v++) {
		uint64_t bit = 1ULL << (v % 64);

		if (!(msix->pending[v / 64] & bit) || !deliverable(msix, v))
			continue;
		msix->pending[v / 64] &= ~bit;
		send(msix, v);
	}
}

void msix_config_written(struct msix *msix)
{
	send_pending(msix);
}

bool msix_claims(const struct msix *msix, uint64_t offset)
{
	return msix->n && offset >= msix->table_offset &&
	       offset < msix->pba_offset + pba_size(msix);
}

uint64_t msix_read(const struct msix *msix, uint64_t offset, unsigned int size)
{
	uint64_t table_end = msix->table_offset + (uint64_t)msix->n * PCI_MSIX_ENTRY_SIZE;
	uint8_t out[8] = {0};

	for (unsigned int i = 0; i < size; i++) {
		uint64_t at = offset + i;

		if (at < table_end)
			out[i] = msix->table[at - msix->table_offset];
		else if (at >= msix->pba_offset && at < msix->pba_offset + pba_size(msix))
			out[i] = (uint8_t)(msix->pending[(at - msix->pba_offset) / 8] >>
					   (8 * ((at - msix->pba_offset) % 8)));
	}
	return ld_le64(out);
}

void msix_write(struct msix *msix, uint64_t offset, unsigned int size, uint64_t value)
{
	uint64_t at = offset - msix->table_offset;
	uint64_t table_size = (uint64_t)msix->n * PCI_MSIX_ENTRY_SIZE;

	if ((size != 4 && size != 8) || at % size != 0 || at >= table_size)
		return;
	st_le32(msix->table + at, (uint32_t)value);
	if (size == 8)
		st_le32(msix->table + at + 4, (uint32_t)(value >> 32));
	send_pending(msix);
}

void msix_notify(struct msix *msix, uint16_t vector)
{
	if (!msix_enabled(msix) || vector >= msix->n)
		return;
	if (deliverable(msix, vector))
		send(msix, vector);
	else
		msix->pending[vector / 64] |= 1ULL << (vector % 64);
}

void msix_clear_pending(struct msix *msix)
{
	memset(msix->pending, 0, sizeof(msix->pending));
}
