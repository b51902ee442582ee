/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/acpi_pm.h"
#include "firmware/acpi/acpi.h"
#include "firmware/acpi/aml.h"
#include "firmware/layout.h"
#include "vmm/core/le.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE LAYOUT_ACPI
#define SIZE LAYOUT_ACPI_SIZE

static struct guest_mem *mem;
static uint8_t copy[SIZE];

static unsigned int piix_gsi(unsigned int slot, unsigned int pin)
{
	static const unsigned int lines[] = {10, 10, 11, 11};

	return lines[(slot + pin - 1) % 4];
}

static unsigned int wild_gsi(unsigned int slot, unsigned int pin)
{
	return slot == 31 && pin == 3 ? 24 : 10;
}

static unsigned int high_gsi(unsigned int slot, unsigned int pin)
{
	return 16 + (slot + pin) % 8;
}

static void setup(void)
{
	struct err err = ERR_INIT;

	mem = guest_mem_create(2 << 20, false, &err);
	ck_assert_msg(mem != NULL, "%s", err.text);
}

static void teardown(void)
{
	guest_mem_destroy(mem);
}

static void build_with(const struct acpi_config *config)
{
	struct err err = ERR_INIT;
	gpa_t rsdp = 0;

	ck_assert_msg(acpi_build(config, mem, BASE, SIZE, &rsdp, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(rsdp, BASE);
	ck_assert_int_eq(guest_mem_read(mem, BASE, copy, SIZE), 0);
}

static void build(unsigned int n_cpus)
{
	struct acpi_config config = {
		.n_cpus = n_cpus, .pci_gsi = piix_gsi, .has_com1 = true, .has_com2 = true};

	build_with(&config);
}

static const uint8_t *at(uint64_t gpa, size_t len)
{
	ck_assert_uint_ge(gpa, BASE);
	ck_assert_uint_le(gpa + len, BASE + SIZE);
	return copy + (gpa - BASE);
}

static unsigned int sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s += *p++;
	return s;
}

/* The table at @gpa, its signature, length and checksum checked. */
static const uint8_t *table(uint64_t gpa, const char *signature)
{
	const uint8_t *t = at(gpa, 36);

	ck_assert_mem_eq(t, signature, 4);
	ck_assert_uint_eq(gpa % 16, 0);
	at(gpa, ld_le32(t + 4));
	ck_assert_uint_eq(sum(t, ld_le32(t + 4)), 0);
	return t;
}

static const uint8_t *find_table(const char *signature)
{
	const uint8_t *xsdt = table(ld_le64(copy + 24), "XSDT");
	const uint8_t *rsdt = table(ld_le32(copy + 16), "RSDT");
	unsigned int n = (ld_le32(xsdt + 4) - 36) / 8;

	ck_assert_uint_eq(n, (ld_le32(rsdt + 4) - 36) / 4);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t gpa = ld_le64(xsdt + 36 + 8 * i);

		ck_assert_uint_eq(gpa, ld_le32(rsdt + 36 + 4 * i));
		if (memcmp(at(gpa, 36), signature, 4) == 0)
			return table(gpa, signature);
	}
	ck_abort_msg("no %s", signature);
	return NULL;
}

static const uint8_t *find_dsdt(void)
{
	return table(ld_le32(find_table("FACP") + 40), "DSDT");
}

/* A reader of the little AML that the tables use. */
struct reader {
	const uint8_t *p, *end;
};

static uint8_t next(struct reader *r)
{
	ck_assert(r->p < r->end);
	return *r->p++;
}

/* Consumes a PkgLength; the reader of what it covers. */
static struct reader block(struct reader *r)
{
	const uint8_t *start = r->p;
	uint8_t lead = next(r);
	size_t len = lead >> 6 ? lead & 0xf : lead & 0x3f;
	struct reader in;

	for (unsigned int i = 0; i < lead >> 6; i++)
		len |= (size_t)next(r) << (4 + 8 * i);
	ck_assert_uint_le(len, (size_t)(r->end - start));
	in = (struct reader){r->p, start + len};
	r->p = start + len;
	return in;
}

static uint32_t integer(struct reader *r)
{
	uint8_t op = next(r);
	unsigned int n = op == 0x0a ? 1 : op == 0x0b ? 2 : op == 0x0c ? 4 : 0;
	uint32_t v = 0;

	if (op <= 1)
		return op;
	ck_assert_uint_ne(n, 0);
	for (unsigned int i = 0; i < n; i++)
		v |= (uint32_t)next(r) << (8 * i);
	return v;
}

/* The value of the first Name (@name, ...) in the DSDT. */
static struct reader named(const char *name)
{
	const uint8_t *dsdt = find_dsdt();
	uint32_t len = ld_le32(dsdt + 4);
	char key[6] = {8};

	memcpy(key + 1, name, 5);
	for (uint32_t i = 36; i + 5 < len; i++)
		if (memcmp(dsdt + i, key, 5) == 0)
			return (struct reader){dsdt + i + 5, dsdt + len};
	ck_abort_msg("no %s", name);
	return (struct reader){NULL, NULL};
}

START_TEST(rsdp_is_revision_2_with_both_checksums)
{
	build(1);
	ck_assert_mem_eq(copy, "RSD PTR ", 8);
	ck_assert_uint_eq(copy[15], 2);
	ck_assert_uint_eq(ld_le32(copy + 20), 36);
	ck_assert_uint_eq(sum(copy, 20), 0);
	ck_assert_uint_eq(sum(copy, 36), 0);
}
END_TEST

START_TEST(fadt_names_the_ports_of_the_pm_device)
{
	const uint8_t *t;

	build(1);
	t = find_table("FACP");
	ck_assert_uint_eq(ld_le32(t + 4), 244);
	ck_assert_uint_eq(t[8], 3);
	ck_assert_uint_eq(ld_le16(t + 46), 9);
	ck_assert_uint_eq(ld_le32(t + 48), 0);
	ck_assert_uint_eq(ld_le32(t + 56), 0x600 + ACPI_PM_OFFSET_EVT);
	ck_assert_uint_eq(ld_le32(t + 64), 0x600 + ACPI_PM_OFFSET_CNT);
	ck_assert_uint_eq(ld_le32(t + 76), 0x600 + ACPI_PM_OFFSET_TMR);
	ck_assert_uint_eq(ld_le32(t + 80), 0x600 + ACPI_PM_OFFSET_GPE0);
	ck_assert_uint_eq(ld_le64(t + 152), 0x600);
	ck_assert_uint_eq(ld_le64(t + 212), 0x608);
	ck_assert_uint_eq(t[108], 0x32);
	ck_assert_uint_eq(ld_le16(t + 109), 3);
	ck_assert_uint_eq(t[116], 1);
	ck_assert_uint_eq(t[117], 8);
	ck_assert_uint_eq(ld_le64(t + 120), 0xcf9);
	ck_assert_uint_eq(t[128], 6);
}
END_TEST

START_TEST(facs_is_64_byte_aligned)
{
	uint32_t gpa;

	build(1);
	gpa = ld_le32(find_table("FACP") + 36);
	ck_assert_uint_eq(gpa % 64, 0);
	ck_assert_mem_eq(at(gpa, 64), "FACS", 4);
	ck_assert_uint_eq(ld_le32(at(gpa, 64) + 4), 64);
}
END_TEST

static const unsigned int cpu_counts[] = {1, 4, 64};

START_TEST(madt_lists_every_cpu_and_level_irq)
{
	unsigned int n_cpus = cpu_counts[_i];
	unsigned int seen[5] = {0};
	unsigned int cpus = 0;
	uint32_t overrides = 0;
	const uint8_t *t;

	build(n_cpus);
	t = find_table("APIC");
	ck_assert_uint_eq(ld_le32(t + 36), 0xfee00000);
	for (uint32_t i = 44; i < ld_le32(t + 4); i += t[i + 1]) {
		const uint8_t *e = t + i;

		ck_assert_uint_ge(e[1], 6);
		ck_assert_uint_le(e[0], 4);
		seen[e[0]]++;
		if (e[0] == 0) {
			ck_assert_uint_eq(e[2], cpus);
			ck_assert_uint_eq(e[3], cpus++);
			ck_assert_uint_eq(ld_le32(e + 4), 1);
		} else if (e[0] == 2) {
			overrides |= 1U << e[3];
			ck_assert_uint_eq(ld_le32(e + 4), e[3] == 0 ? 2 : e[3]);
			ck_assert_uint_eq(ld_le16(e + 8), e[3] == 0 ? 0 : 0xd);
		}
	}
	ck_assert_uint_eq(cpus, n_cpus);
	ck_assert_uint_eq(seen[1], 1);
	ck_assert_uint_eq(seen[4], 1);
	ck_assert_uint_eq(overrides, 1U << 0 | 1U << 9 | 1U << 10 | 1U << 11);
}
END_TEST

START_TEST(dsdt_has_a_processor_for_every_cpu)
{
	unsigned int n_cpus = cpu_counts[_i];
	unsigned int found = 0;
	const uint8_t *t;

	build(n_cpus);
	t = find_dsdt();
	for (uint32_t i = 36; i + 13 < ld_le32(t + 4); i++)
		if (t[i] == 0x5b && t[i + 1] == 0x83) {
			char name[5] = "";

			snprintf(name, sizeof(name), "C%03X", found);
			ck_assert_uint_eq(t[i + 2], 11);
			ck_assert_mem_eq(t + i + 3, name, 4);
			ck_assert_uint_eq(t[i + 7], found++);
		}
	ck_assert_uint_eq(found, n_cpus);
}
END_TEST

static void check_prt(unsigned int (*gsi)(unsigned int, unsigned int))
{
	struct reader r = named("_PRT");
	struct reader prt;

	ck_assert_uint_eq(next(&r), 0x12);
	prt = block(&r);
	ck_assert_uint_eq(next(&prt), 124);
	for (unsigned int slot = 1; slot < 32; slot++)
		for (unsigned int pin = 0; pin < 4; pin++) {
			struct reader e;

			ck_assert_uint_eq(next(&prt), 0x12);
			e = block(&prt);
			ck_assert_uint_eq(next(&e), 4);
			ck_assert_uint_eq(integer(&e), slot << 16 | 0xffff);
			ck_assert_uint_eq(integer(&e), pin);
			ck_assert_uint_eq(integer(&e), 0);
			ck_assert_uint_eq(integer(&e), gsi(slot, pin));
			ck_assert_ptr_eq(e.p, e.end);
		}
	ck_assert_ptr_eq(prt.p, prt.end);
}

START_TEST(prt_routes_every_slot_and_pin)
{
	struct acpi_config config = {.n_cpus = 1, .pci_gsi = high_gsi};

	build(1);
	check_prt(piix_gsi);
	build_with(&config);
	check_prt(high_gsi);
}
END_TEST

START_TEST(gsis_above_15_need_no_override)
{
	struct acpi_config config = {.n_cpus = 1, .pci_gsi = high_gsi};
	const uint8_t *t;
	unsigned int n = 0;

	build_with(&config);
	t = find_table("APIC");
	for (uint32_t i = 44; i < ld_le32(t + 4); i += t[i + 1])
		n += t[i] == 2;
	ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(s5_has_the_pm_device_s_type_twice)
{
	struct reader r;
	struct reader p;

	build(1);
	r = named("_S5_");
	ck_assert_uint_eq(next(&r), 0x12);
	p = block(&r);
	ck_assert_uint_eq(next(&p), 4);
	ck_assert_uint_eq(integer(&p), ACPI_SLP_TYP_S5);
	ck_assert_uint_eq(integer(&p), ACPI_SLP_TYP_S5);
}
END_TEST

START_TEST(pci_window_is_the_layout_s)
{
	const uint8_t *crs;
	struct reader r;
	struct reader b;
	unsigned int memory = 0;

	build(1);
	r = named("_CRS");
	ck_assert_uint_eq(next(&r), 0x11);
	b = block(&r);
	ck_assert_uint_eq(integer(&b), (size_t)(b.end - b.p));
	for (crs = b.p; *crs != 0x79; crs += *crs & 0x80 ? 3 + ld_le16(crs + 1) : 1 + (*crs & 7)) {
		ck_assert(crs < b.end - 2);
		if (*crs != 0x87)
			continue;
		ck_assert_uint_eq(ld_le32(crs + 10), memory ? LAYOUT_PCI_WINDOW : 0xa0000);
		ck_assert_uint_eq(ld_le32(crs + 14), memory ? LAYOUT_PCI_WINDOW_END : 0xbffff);
		ck_assert_uint_eq(ld_le32(crs + 22), ld_le32(crs + 14) - ld_le32(crs + 10) + 1);
		memory++;
	}
	ck_assert_uint_eq(memory, 2);
	ck_assert_ptr_eq(crs, b.end - 2);
}
END_TEST

START_TEST(com_ports_are_there_only_when_configured)
{
	static const uint8_t pnp0501[] = {0x0c, 0x41, 0xd0, 0x05, 0x01};
	struct acpi_config config = {.n_cpus = 1, .pci_gsi = piix_gsi, .has_com2 = true};
	const uint8_t *t;

	build(1);
	t = find_dsdt();
	ck_assert_ptr_nonnull(memmem(t, ld_le32(t + 4), "COM1", 4));
	ck_assert_ptr_nonnull(memmem(t, ld_le32(t + 4), "COM2", 4));
	ck_assert_ptr_nonnull(memmem(t, ld_le32(t + 4), pnp0501, sizeof(pnp0501)));
	build_with(&config);
	t = find_dsdt();
	ck_assert_ptr_null(memmem(t, ld_le32(t + 4), "COM1", 4));
	ck_assert_ptr_nonnull(memmem(t, ld_le32(t + 4), "COM2", 4));
}
END_TEST

START_TEST(every_size_fits_whole_or_fails_with_nothing_written)
{
	struct acpi_config config = {.n_cpus = 64, .pci_gsi = piix_gsi, .has_com1 = true};
	size_t size = 0;
	int rc;

	do {
		struct err err = ERR_INIT;
		gpa_t rsdp = 0;

		rc = acpi_build(&config, mem, BASE, size, &rsdp, &err);
		if (rc == 0)
			break;
		ck_assert_int_eq(rc, -ENOSPC);
		ck_assert_str_ne(err.text, "");
		ck_assert_uint_eq(rsdp, 0);
		ck_assert_int_eq(guest_mem_read(mem, BASE, copy, SIZE), 0);
		ck_assert_uint_eq(copy[0], 0);
	} while (++size < SIZE);
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_gt(size, 2000);
	ck_assert_int_eq(guest_mem_read(mem, BASE, copy, SIZE), 0);
	for (size_t i = size; i < SIZE; i++)
		ck_assert_uint_eq(copy[i], 0);
}
END_TEST

START_TEST(rejects_what_has_no_tables)
{
	struct acpi_config config = {.n_cpus = 1, .pci_gsi = piix_gsi};
	struct err err = ERR_INIT;
	gpa_t rsdp = 0;

	ck_assert_int_eq(acpi_build(&config, mem, 2 << 20, SIZE, &rsdp, &err), -EFAULT);
	ck_assert_int_eq(acpi_build(&config, mem, BASE + 8, SIZE, &rsdp, &err), -EINVAL);
	ck_assert_int_eq(acpi_build(&config, mem, 0xfffffff0, SIZE, &rsdp, &err), -EINVAL);
	config.n_cpus = 0;
	ck_assert_int_eq(acpi_build(&config, mem, BASE, SIZE, &rsdp, &err), -EINVAL);
	config.n_cpus = 65;
	ck_assert_int_eq(acpi_build(&config, mem, BASE, SIZE, &rsdp, &err), -EINVAL);
	config.n_cpus = 1;
	config.pci_gsi = wild_gsi;
	ck_assert_int_eq(acpi_build(&config, mem, BASE, SIZE, &rsdp, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "GSI 24"));
}
END_TEST

START_TEST(builder_uses_the_shortest_length_form)
{
	static const size_t contents[] = {0, 50, 58, 59, 4000, 4089, 4090, 5000};
	uint8_t buf[8192];

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct reader r = {buf, buf + sizeof(buf)};
		struct reader in;
		struct aml a;
		size_t len;

		aml_init(&a, buf, sizeof(buf));
		aml_scope(&a, "X");
		for (size_t k = 0; k < contents[i]; k++)
			aml_integer(&a, 1);
		aml_end(&a);
		ck_assert_int_eq(aml_finish(&a, &len, NULL), 0);
		ck_assert_uint_eq(next(&r), 0x10);
		in = block(&r);
		ck_assert_ptr_eq(r.p, buf + len);
		ck_assert_uint_eq((size_t)(in.end - in.p), contents[i] + 4);
		ck_assert_mem_eq(in.p, "X___", 4);
		ck_assert_uint_eq(buf[1] >> 6, contents[i] + 5 <= 63	 ? 0
					       : contents[i] + 6 <= 4095 ? 1
									 : 2);
	}
}
END_TEST

START_TEST(builder_refuses_bad_nesting_and_names)
{
	uint8_t buf[256];
	struct aml a;
	size_t len;

	aml_init(&a, buf, sizeof(buf));
	aml_end(&a);
	ck_assert_int_eq(aml_finish(&a, &len, NULL), -EINVAL);
	aml_init(&a, buf, sizeof(buf));
	aml_scope(&a, "X");
	ck_assert_int_eq(aml_finish(&a, &len, NULL), -EINVAL);
	aml_init(&a, buf, sizeof(buf));
	for (unsigned int i = 0; i <= AML_MAX_DEPTH; i++)
		aml_scope(&a, "X");
	ck_assert_int_eq(aml_finish(&a, &len, NULL), -EINVAL);
	aml_init(&a, buf, sizeof(buf));
	aml_name(&a, "FIVE5");
	ck_assert_int_eq(aml_finish(&a, &len, NULL), -EINVAL);
	aml_init(&a, buf, sizeof(buf));
	aml_eisa_id(&a, "PNP");
	ck_assert_int_eq(aml_finish(&a, &len, NULL), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("acpi");
	TCase *tc = tcase_create("acpi");
	SRunner *sr = srunner_create(s);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, rsdp_is_revision_2_with_both_checksums);
	tcase_add_test(tc, fadt_names_the_ports_of_the_pm_device);
	tcase_add_test(tc, facs_is_64_byte_aligned);
	tcase_add_loop_test(tc, madt_lists_every_cpu_and_level_irq, 0, 3);
	tcase_add_loop_test(tc, dsdt_has_a_processor_for_every_cpu, 0, 3);
	tcase_add_test(tc, prt_routes_every_slot_and_pin);
	tcase_add_test(tc, gsis_above_15_need_no_override);
	tcase_add_test(tc, s5_has_the_pm_device_s_type_twice);
	tcase_add_test(tc, pci_window_is_the_layout_s);
	tcase_add_test(tc, com_ports_are_there_only_when_configured);
	tcase_add_test(tc, every_size_fits_whole_or_fails_with_nothing_written);
	tcase_add_test(tc, rejects_what_has_no_tables);
	tcase_add_test(tc, builder_uses_the_shortest_length_form);
	tcase_add_test(tc, builder_refuses_bad_nesting_and_names);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
