/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"
#include "vmm/app/control/commands/memory_file.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

/*
 * dump-guest-memory: all RAM as an ELF core (System V ABI, chapters 4 and 5), a PT_LOAD segment for
 * each range of it. Virtual and physical addresses are alike: there is no paging in it.
 */

#define PAGE 4096U

/* The header, the table of segments, and zeros up to the first segment's page. */
struct core_head {
	Elf64_Ehdr elf;
	Elf64_Phdr segments[MACHINE_MAX_RANGES];
	uint8_t rest[PAGE - sizeof(Elf64_Ehdr) - MACHINE_MAX_RANGES * sizeof(Elf64_Phdr)];
};

_Static_assert(sizeof(struct core_head) == PAGE, "segments begin on a page of the file");

static void fill_head(struct core_head *head, const struct machine_range *ranges, size_t n)
{
	uint64_t offset = PAGE;

	memset(head, 0, sizeof(*head));
	memcpy(head->elf.e_ident, ELFMAG, SELFMAG);
	head->elf.e_ident[EI_CLASS] = ELFCLASS64;
	head->elf.e_ident[EI_DATA] = ELFDATA2LSB;
	head->elf.e_ident[EI_VERSION] = EV_CURRENT;
	head->elf.e_type = ET_CORE;
	head->elf.e_machine = EM_X86_64;
	head->elf.e_version = EV_CURRENT;
	head->elf.e_phoff = sizeof(head->elf);
	head->elf.e_ehsize = sizeof(head->elf);
	head->elf.e_phentsize = sizeof(head->segments[0]);
	head->elf.e_phnum = (Elf64_Half)n;
	for (size_t i = 0; i < n; i++) {
		head->segments[i] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = offset,
			.p_vaddr = ranges[i].base,
			.p_paddr = ranges[i].base,
			.p_filesz = ranges[i].size,
			.p_memsz = ranges[i].size,
			.p_align = PAGE,
		};
		offset += ranges[i].size;
	}
}

static int dump(const struct machine *m, const char *name, struct err *err)
{
	struct machine_range ranges[MACHINE_MAX_RANGES];
	size_t n = machine_memory_ranges(m, ranges);
	struct core_head head;
	struct memory_file f;
	int rc = memory_file_open(&f, name, err);

	if (rc < 0)
		return rc;
	fill_head(&head, ranges, n);
	rc = memory_file_write(&f, &head, sizeof(head), err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = memory_file_save(&f, m, ranges[i].base, ranges[i].size, err);
	return memory_file_close(&f, rc, err);
}

json_t *control_dump_guest_memory(struct machine *m, const json_t *args,
				  struct control_error *error)
{
	static const char scheme[] = "file:";
	const char *protocol = json_string_value(json_object_get(args, "protocol"));
	const char *format = json_string_value(json_object_get(args, "format"));

	if (json_is_true(json_object_get(args, "paging")))
		err_set(&error->err, -EINVAL, "Parameter 'paging' expects false");
	else if (json_is_true(json_object_get(args, "detach")))
		err_set(&error->err, -EINVAL, "Parameter 'detach' expects false");
	else if (format && strcmp(format, "elf") != 0)
		err_set(&error->err, -EINVAL, "Parameter 'format' expects elf");
	else if (strncmp(protocol, scheme, strlen(scheme)) != 0 || !protocol[strlen(scheme)])
		err_set(&error->err, -EINVAL, "Parameter 'protocol' expects file:PATH");
	if (error->err.code || dump(m, protocol + strlen(scheme), &error->err) < 0)
		return NULL;
	return json_object();
}
