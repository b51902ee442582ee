/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/acpi/acpi_internal.h"
#include "firmware/layout.h"
#include "vmm/core/le.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Everything is built in a scratch image of [base, base + size) and copied to the guest once it is
 * complete. Offsets are written by number, as the specification's tables give them (ACPI 6.4,
 * section 5.2), through the accessors of vmm/core/le.h.
 */

#define ACPI_MAX_CPUS	64U
#define ACPI_IMAGE_SIZE 0x8000U /* all the tables of the largest machine, several times over */

#define RSDP_LEN       36U
#define SDT_HEADER_LEN 36U
#define FACS_LEN       64U
#define FADT_LEN       244U /* revision 3 */
#define WAET_LEN       40U
#define N_TABLES       3U /* that RSDT and XSDT list */

#define MADT_LEVEL_HIGH 0x000dU

struct image {
	uint8_t *buf;
	size_t size;
	size_t used;
	gpa_t base;
};

/* Zeroed room for @len bytes at a multiple of @align of the guest's addresses; NULL when full. */
static uint8_t *image_alloc(struct image *image, size_t len, size_t align)
{
	size_t pad = (size_t)(-(image->base + image->used) & (align - 1));
	uint8_t *at;

	if (pad > image->size - image->used || len > image->size - image->used - pad)
		return NULL;
	at = image->buf + image->used + pad;
	image->used += pad + len;
	return at;
}

static uint64_t image_gpa(const struct image *image, const uint8_t *at)
{
	return image->base + (uint64_t)(at - image->buf);
}

static uint8_t checksum(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *p++);
	return (uint8_t)-sum;
}

/* Writes @text without its NUL: signatures and ids fill their fields. */
static void put_text(uint8_t *p, const char *text)
{
	while (*text)
		*p++ = (uint8_t)*text++;
}

/* Fills in the header of a table whose body stands behind it, and its checksum over all. */
static void sdt_seal(uint8_t *t, const char *signature, uint8_t revision, size_t len)
{
	put_text(t, signature);
	st_le32(t + 4, (uint32_t)len);
	t[8] = revision;
	t[9] = 0;
	put_text(t + 10, "VISE  ");
	put_text(t + 16, "VISEMACH");
	st_le32(t + 24, 1);
	put_text(t + 28, "VISE");
	st_le32(t + 32, 1);
	t[9] = checksum(t, len);
}

/* Generic address structure (5.2.3.2) of an I/O port; @access 1, 2, 3: byte, word, dword. */
static void put_io_gas(uint8_t *p, uint8_t bits, uint8_t access, uint16_t port)
{
	p[0] = 1;
	p[1] = bits;
	p[2] = 0;
	p[3] = access;
	st_le64(p + 4, port);
}

static uint8_t *build_facs(struct image *image)
{
	uint8_t *t = image_alloc(image, FACS_LEN, 64);

	if (!t)
		return NULL;
	put_text(t, "FACS");
	st_le32(t + 4, FACS_LEN);
	t[32] = 1; /* version */
	return t;
}

static uint8_t *build_dsdt(struct image *image, const struct acpi_config *config)
{
	uint8_t *t = image_alloc(image, SDT_HEADER_LEN, 16);
	size_t len;

	if (!t ||
	    acpi_dsdt_build(config, t + SDT_HEADER_LEN, image->size - image->used, &len, NULL) < 0)
		return NULL;
	image->used += len;
	/* Revision 1 makes integers 32 bits wide, for every interpreter alike. */
	sdt_seal(t, "DSDT", 1, SDT_HEADER_LEN + len);
	return t;
}

enum fadt_flags {
	FADT_WBINVD = 1U << 0,
	FADT_PROC_C1 = 1U << 2,
	FADT_NO_SLEEP_BUTTON = 1U << 5,
	FADT_NO_FIXED_RTC = 1U << 6,
	FADT_TMR_VAL_EXT = 1U << 8,
	FADT_RESET_REG = 1U << 10,
	FADT_PLATFORM_CLOCK = 1U << 15,
};

static void fill_fadt_ports(uint8_t *t)
{
	st_le32(t + 56, ACPI_PM_BASE + ACPI_PM_EVT);
	st_le32(t + 64, ACPI_PM_BASE + ACPI_PM_CNT);
	st_le32(t + 76, ACPI_PM_BASE + ACPI_PM_TMR);
	st_le32(t + 80, ACPI_PM_BASE + ACPI_PM_GPE0);
	t[88] = 4;
	t[89] = 2;
	t[91] = 4;
	t[92] = 4;
	put_io_gas(t + 148, 32, 2, ACPI_PM_BASE + ACPI_PM_EVT);
	put_io_gas(t + 172, 16, 2, ACPI_PM_BASE + ACPI_PM_CNT);
	put_io_gas(t + 208, 32, 3, ACPI_PM_BASE + ACPI_PM_TMR);
	put_io_gas(t + 220, 32, 1, ACPI_PM_BASE + ACPI_PM_GPE0);
	put_io_gas(t + 116, 8, 1, ACPI_RESET_PORT);
	t[128] = ACPI_RESET_VALUE;
}

static uint8_t *build_fadt(struct image *image, uint64_t facs, uint64_t dsdt)
{
	uint8_t *t = image_alloc(image, FADT_LEN, 16);

	if (!t)
		return NULL;
	st_le32(t + 36, (uint32_t)facs);
	st_le32(t + 40, (uint32_t)dsdt);
	st_le64(t + 140, dsdt);
	t[44] = 1; /* interrupt model of ACPI 1.0: with IOAPIC */
	t[45] = 1; /* desktop */
	st_le16(t + 46, LAYOUT_SCI_IRQ);
	/* SMI_CMD stays 0: there is no legacy mode to leave, SCI_EN reads 1 from the start. */
	st_le16(t + 96, 0x0fff); /* no C2 */
	st_le16(t + 98, 0x0fff); /* no C3 */
	t[108] = 0x32;		 /* century in CMOS */
	st_le16(t + 109, 3);	 /* legacy devices, 8042 */
	st_le32(t + 112, FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP_BUTTON | FADT_NO_FIXED_RTC |
				 FADT_TMR_VAL_EXT | FADT_RESET_REG | FADT_PLATFORM_CLOCK);
	fill_fadt_ports(t);
	sdt_seal(t, "FACP", 3, FADT_LEN);
	return t;
}

/* Interrupt source override (5.2.12.5) of ISA interrupt @irq. */
static uint8_t *put_override(uint8_t *p, unsigned int irq, unsigned int gsi, uint16_t flags)
{
	p[0] = 2;
	p[1] = 10;
	p[2] = 0;
	p[3] = (uint8_t)irq;
	st_le32(p + 4, gsi);
	st_le16(p + 8, flags);
	return p + 10;
}

/* The ISA interrupts that are level triggered: the SCI and what PCI is routed to below 16. */
static uint32_t level_irqs(const struct acpi_config *config)
{
	uint32_t mask = 1U << LAYOUT_SCI_IRQ;

	for (unsigned int slot = 1; slot < ACPI_PCI_SLOTS; slot++)
		for (unsigned int pin = 0; pin < ACPI_PCI_PINS; pin++)
			mask |= 1U << config->pci_gsi(slot, pin);
	return mask & 0xffff;
}

static uint8_t *build_madt(struct image *image, const struct acpi_config *config)
{
	uint32_t level = level_irqs(config);
	size_t len = 44 + 8U * config->n_cpus + 12 +
		     10U * (1 + (unsigned int)__builtin_popcount(level)) + 6;
	uint8_t *t = image_alloc(image, len, 16);
	uint8_t *p;

	if (!t)
		return NULL;
	st_le32(t + 36, (uint32_t)LAYOUT_LAPIC);
	st_le32(t + 40, 1); /* there are 8259s too */
	p = t + 44;
	for (unsigned int i = 0; i < config->n_cpus; i++, p += 8) {
		p[1] = 8; /* type 0: local APIC */
		p[2] = (uint8_t)i;
		p[3] = (uint8_t)i;
		st_le32(p + 4, 1);
	}
	p[0] = 1; /* IOAPIC 0, GSI base 0 */
	p[1] = 12;
	st_le32(p + 4, (uint32_t)LAYOUT_IOAPIC);
	p = put_override(p + 12, 0, 2, 0);
	for (unsigned int irq = 0; irq < 16; irq++)
		if (level & 1U << irq)
			p = put_override(p, irq, irq, MADT_LEVEL_HIGH);
	p[0] = 4; /* NMI at LINT1 of all processors */
	p[1] = 6;
	p[2] = 0xff;
	p[5] = 1;
	sdt_seal(t, "APIC", 1, len);
	return t;
}

/* Windows' hint that the PM timer needs one read, not three. RTC acknowledges stay necessary. */
static uint8_t *build_waet(struct image *image)
{
	uint8_t *t = image_alloc(image, WAET_LEN, 16);

	if (!t)
		return NULL;
	st_le32(t + 36, 1U << 1);
	sdt_seal(t, "WAET", 1, WAET_LEN);
	return t;
}

/* RSDT with 4-byte or XSDT with 8-byte entries. */
static uint8_t *build_root(struct image *image, uint8_t *const *tables, size_t entry_size)
{
	size_t len = SDT_HEADER_LEN + N_TABLES * entry_size;
	uint8_t *t = image_alloc(image, len, 16);

	if (!t)
		return NULL;
	for (size_t i = 0; i < N_TABLES; i++) {
		uint8_t *entry = t + SDT_HEADER_LEN + i * entry_size;

		if (entry_size == 8)
			st_le64(entry, image_gpa(image, tables[i]));
		else
			st_le32(entry, (uint32_t)image_gpa(image, tables[i]));
	}
	sdt_seal(t, entry_size == 8 ? "XSDT" : "RSDT", 1, len);
	return t;
}

static void fill_rsdp(uint8_t *t, uint64_t rsdt, uint64_t xsdt)
{
	put_text(t, "RSD PTR ");
	put_text(t + 9, "VISE  ");
	t[15] = 2;
	st_le32(t + 16, (uint32_t)rsdt);
	st_le32(t + 20, RSDP_LEN);
	st_le64(t + 24, xsdt);
	t[8] = checksum(t, 20); /* of the part that ACPI 1.0 knows */
	t[32] = checksum(t, RSDP_LEN);
}

static int build_all(struct image *image, const struct acpi_config *config)
{
	uint8_t *rsdp = image_alloc(image, RSDP_LEN, 16);
	uint8_t *facs = build_facs(image);
	uint8_t *dsdt = facs ? build_dsdt(image, config) : NULL;
	uint8_t *tables[N_TABLES];
	uint8_t *rsdt;
	uint8_t *xsdt;

	if (!rsdp || !facs || !dsdt)
		return -ENOSPC;
	tables[0] = build_fadt(image, image_gpa(image, facs), image_gpa(image, dsdt));
	tables[1] = build_madt(image, config);
	tables[2] = build_waet(image);
	if (!tables[0] || !tables[1] || !tables[2])
		return -ENOSPC;
	rsdt = build_root(image, tables, 4);
	xsdt = build_root(image, tables, 8);
	if (!rsdt || !xsdt)
		return -ENOSPC;
	fill_rsdp(rsdp, image_gpa(image, rsdt), image_gpa(image, xsdt));
	return 0;
}

static int check_config(const struct acpi_config *config, gpa_t base, size_t size, struct err *err)
{
	if (config->n_cpus == 0 || config->n_cpus > ACPI_MAX_CPUS)
		return err_set(err, -EINVAL, "ACPI tables: %u CPUs, 1 to %u possible",
			       config->n_cpus, ACPI_MAX_CPUS);
	/* RSDT and FADT hold 32-bit addresses; the RSDP is searched for in steps of 16. */
	if (base % 16 != 0 || base > UINT32_MAX || size > UINT32_MAX - base)
		return err_set(err, -EINVAL,
			       "ACPI tables: 0x%llx is not 16-byte aligned and below 4 GiB",
			       (unsigned long long)base);
	for (unsigned int slot = 1; slot < ACPI_PCI_SLOTS; slot++)
		for (unsigned int pin = 0; pin < ACPI_PCI_PINS; pin++)
			if (config->pci_gsi(slot, pin) >= ACPI_IOAPIC_PINS)
				return err_set(err, -EINVAL,
					       "ACPI tables: slot %u pin %u has GSI %u, the IOAPIC "
					       "ends at %u",
					       slot, pin, config->pci_gsi(slot, pin),
					       ACPI_IOAPIC_PINS - 1);
	return 0;
}

int acpi_build(const struct acpi_config *config, const struct guest_mem *mem, gpa_t base,
	       size_t size, gpa_t *rsdp, struct err *err)
{
	struct image image = {.base = base};
	int rc = check_config(config, base, size, err);

	if (rc < 0)
		return rc;
	if (!guest_mem_contains(mem, base, size))
		return err_set(err, -EFAULT, "ACPI tables: 0x%llx + %zu bytes is not RAM",
			       (unsigned long long)base, size);
	image.size = size < ACPI_IMAGE_SIZE ? size : ACPI_IMAGE_SIZE;
	image.buf = calloc(1, image.size ? image.size : 1);
	if (!image.buf)
		return err_set(err, -ENOMEM, "ACPI tables: out of memory");
	rc = build_all(&image, config);
	if (rc < 0)
		rc = err_set(err, rc, "ACPI tables: %u CPUs do not fit in %zu bytes",
			     config->n_cpus, size);
	else
		rc = guest_mem_write(mem, base, image.buf, image.used);
	free(image.buf);
	if (rc == 0)
		*rsdp = base;
	return rc;
}
