/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_ACPI_AML_H
#define VISE_FIRMWARE_ACPI_AML_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A builder of AML (ACPI 6.4, section 20), just large enough for a namespace without methods. It
 * appends to a buffer of fixed size and never writes past it: the first thing that does not fit
 * turns all later calls into no-ops, and aml_finish() reports it.
 *
 * Everything that aml_scope(), aml_device(), aml_package() or aml_resources() opens is closed by
 * aml_end(), innermost first. Names are written as in ASL and padded with '_' to four characters;
 * only aml_scope() takes a leading '\'. Integers are 32 bits: tables of revision 1 have no others.
 */

#define AML_MAX_DEPTH 8

struct aml {
	uint8_t *buf;
	size_t size;
	size_t len;
	int status; /* 0, or the negative errno of the first failure */
	unsigned int depth;
	struct {
		size_t start;	/* where the PkgLength goes */
		bool resources; /* a buffer: its size and an end tag are due at the end */
	} open[AML_MAX_DEPTH];
};

void aml_init(struct aml *a, void *buf, size_t size);

/* 0 with the number of bytes in @len, -ENOSPC when they did not fit, -EINVAL when the nesting was
 * wrong or a name malformed. */
MUST_CHECK int aml_finish(const struct aml *a, size_t *len, struct err *err);

void aml_scope(struct aml *a, const char *name);
void aml_device(struct aml *a, const char *name);
/* A package of exactly @n elements, which the caller then writes. */
void aml_package(struct aml *a, uint8_t n);
/* A resource template: the aml_res_*() descriptors that follow, up to aml_end(). */
void aml_resources(struct aml *a);
void aml_end(struct aml *a);

/* Name (@name, ...): the one object written next is its value. */
void aml_name(struct aml *a, const char *name);
void aml_integer(struct aml *a, uint32_t value);
/* An EISA id such as "PNP0A03", as an integer. */
void aml_eisa_id(struct aml *a, const char *id);
/* Processor (@name, @id, 0, 0) {}: a CPU without power states of its own. */
void aml_processor(struct aml *a, const char *name, uint8_t id);

/* Fixed 16-bit port range of 1 to 255 ports. */
void aml_res_io(struct aml *a, uint16_t base, uint8_t len);
/* ISA interrupts, edge and active high; bit n of @mask is IRQ n. */
void aml_res_irq(struct aml *a, uint16_t mask);
/* Ranges a bridge passes down; @min and @max are both inside. */
void aml_res_bus(struct aml *a, uint16_t min, uint16_t max);
void aml_res_io_window(struct aml *a, uint16_t min, uint16_t max);
void aml_res_memory_window(struct aml *a, uint32_t min, uint32_t max, bool cacheable);

#endif
