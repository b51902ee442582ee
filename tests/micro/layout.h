/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_MICRO_LAYOUT_H
#define VISE_TESTS_MICRO_LAYOUT_H

/*
 * What the host side of a micro test and its guest code agree on: where things lie in the guest's
 * 4 MiB of RAM, the ports and addresses of the test's own device, and the entries of the code.
 * Shared with freestanding code and with the linker script: plain numbers only.
 */

#define MICRO_RAM 0x400000

#define MICRO_PML4   0x1000
#define MICRO_PDPT   0x2000
#define MICRO_DIRS   0x3000 /* four page directories: the low 4 GiB, open to ring 3 */
#define MICRO_GDT    0x7000
#define MICRO_IDT    0x8000
#define MICRO_AP     0x9000  /* where the real-mode code of further CPUs is copied */
#define MICRO_TSS    0x10000 /* one each CPU */
#define MICRO_TSS_AT 0x3000  /* distance of two */
#define MICRO_STACK  0x50000 /* top of CPU 0's, 4 KiB each; the ring 3 stack half of it */
#define MICRO_BOX    0x80000 /* struct micro_box */
#define MICRO_RING   0x90000 /* a virtqueue and its buffers */
#define MICRO_CODE   0x100000

/* Selectors. The first two are those of the product's start state. */
#define MICRO_CS    0x10
#define MICRO_DS    0x18
#define MICRO_UCS   0x33
#define MICRO_UDS   0x3b
#define MICRO_TR(n) (0x40 + 16 * (n))

#define MICRO_MAX_CPUS 4

/* The test's device on the port bus: 8 bytes that take any access, and on the MMIO bus likewise. */
#define MICRO_PORT 0x500
#define MICRO_MMIO 0xd0000000
/* A write says that the guest has come to this point; the value goes to the test. */
#define MICRO_PORT_MARK 0x510
/* A write blocks its vCPU until the test lets it go. */
#define MICRO_PORT_BLOCK 0x518
/* Where nothing answers. */
#define MICRO_PORT_NONE 0x520
#define MICRO_MMIO_NONE 0xd1000000

#define MICRO_BLK_SLOT 4 /* 00:04.0 */
#define MICRO_VECTOR   0x41
#define MICRO_AP_COUNT (MICRO_AP + 0xf00) /* CPUs that ran that code */
#define MICRO_SECTORS  64		  /* of the test disk */

enum micro_entry {
	MICRO_ENTRY_PIO,
	MICRO_ENTRY_MMIO,
	MICRO_ENTRY_MSI,
	MICRO_ENTRY_BLK_POLL,
	MICRO_ENTRY_BLK_MSIX,
	MICRO_ENTRY_BLK_INTX,
	MICRO_ENTRY_SPIN,
	MICRO_ENTRY_PIO_FLOOD,
	MICRO_ENTRY_MMIO_FLOOD,
	MICRO_ENTRY_HALT,
	MICRO_ENTRY_BLOCK,
	MICRO_ENTRY_WAKE_APS,
	MICRO_ENTRY_STATE,
	MICRO_ENTRY_TRIPLE_FAULT,
	MICRO_N_ENTRIES
};

#endif
