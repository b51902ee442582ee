/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/pci/pci.h"
#include "devices/pci/pci_host.h"

#include <check.h>
#include <stdlib.h>

/* What a machine reset leaves of a guest's PCI configuration: nothing. */

#define WINDOW	   0xc0000000U
#define WINDOW_END 0xfebfffffU
#define DEVFN	   PCI_DEVFN(4, 0)

static struct bus *pio, *mmio;
static struct pci_bus *pci;
static struct device *host;
static struct device dev;
static struct pci_function fn;
static struct err err;

static const struct region_ops bar_ops = {.name = "bar", .sizes = BUS_SIZE_ANY};
static const struct device_ops dev_ops = {.name = "device"};
static const struct pci_identity identity = {
	.vendor = 0x1af4, .device = 0x1042, .interrupt_pin = 1};

static void set_up(void)
{
	struct irq_line lines[24] = {0};

	pio = bus_create("port");
	mmio = bus_create("MMIO");
	pci = pci_bus_create(mmio, pio, lines, 24);
	host = pci_host_create("pci-host", pio, pci, &err);
	ck_assert_ptr_nonnull(host);
	device_init(&dev, &dev_ops, "device");
	pci_function_init(&fn, &dev, NULL, &identity);
	pci_function_add_bar(&fn, 0, PCI_BAR_MEM64, 0x4000, &bar_ops, NULL);
	ck_assert_int_eq(pci_bus_add(pci, &fn, DEVFN, &err), 0);
	ck_assert_int_eq(pci_bus_assign(pci, WINDOW, WINDOW_END, &err), 0);
}

static void tear_down(void)
{
	pci_bus_del(&fn);
	device_fini(&dev);
	device_destroy(host);
	pci_bus_destroy(pci);
	bus_destroy(mmio);
	bus_destroy(pio);
}

START_TEST(bar_moved_above_4_gib_comes_back_into_the_window)
{
	pci_bus_config_write(pci, DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	pci_bus_config_write(pci, DEVFN, PCI_BAR0 + 4, 4, 1);
	ck_assert_uint_eq(fn.bars[0].mapped, 0x1c0000000ULL);
	pci_function_reset(&fn);
	ck_assert_uint_eq(fn.bars[0].mapped, PCI_BAR_UNMAPPED);
	ck_assert_int_eq(pci_bus_assign(pci, WINDOW, WINDOW_END, &err), 0);
	ck_assert_uint_eq(pci_bus_config_read(pci, DEVFN, PCI_BAR0, 4), WINDOW | PCI_BAR_MEM_64);
	ck_assert_uint_eq(pci_bus_config_read(pci, DEVFN, PCI_BAR0 + 4, 4), 0);
}
END_TEST

START_TEST(bridges_come_back_as_created)
{
	for (uint8_t slot = 0; slot < 2; slot++) {
		uint8_t devfn = PCI_DEVFN(slot, 0);
		uint32_t before[64];

		for (unsigned int r = 0; r < 64; r++)
			before[r] = pci_bus_config_read(pci, devfn, 4 * r, 4);
		for (unsigned int r = 0; r < 64; r++)
			pci_bus_config_write(pci, devfn, 4 * r, 4, UINT32_MAX);
		device_reset(host);
		for (unsigned int r = 0; r < 64; r++)
			ck_assert_uint_eq(pci_bus_config_read(pci, devfn, 4 * r, 4), before[r]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pci_reset");
	TCase *tc = tcase_create("reset");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, bar_moved_above_4_gib_comes_back_into_the_window);
	tcase_add_test(tc, bridges_come_back_as_created);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
