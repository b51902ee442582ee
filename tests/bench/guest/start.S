/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from a PVH entry (32 bits, no paging) to C in 64-bit user mode: 4 GiB mapped one to one,
 * ports up to FFFh allowed by the TSS, interrupts off, no IDT. A KVM that emulates ring 0 runs ring 3
 * at full speed.
 */

#define NOTE_PHYS32_ENTRY 18

#define CR0_PG	    0x80000000
#define CR4_PAE	    0x20
#define MSR_EFER    0xc0000080
#define EFER_LME    0x100
#define PAGE_TABLE  0x7  /* present, writable, user */
#define PAGE_2M	    0x87 /* the same, large */
#define FLAGS_USER  0x002
#define TSS_SIZE    104
#define PORTS	    0x1000

#define CODE0 0x08
#define DATA3 0x13
#define CODE3 0x1b
#define TSS   0x20

	.section .note.Xen, "a", @note
	.balign 4
	.long	4, 4, NOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	start

	.text
	.code32
	.globl	start
start:
	cld
	/* 2048 pages of 2 MiB in four directories, one behind the other. */
	movl	$directories, %edi
	movl	$PAGE_2M, %eax
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	jnc	1b
	movl	$directories + PAGE_TABLE, %eax
	movl	$pointers, %edi
	movl	$4, %ecx
2:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x1000, %eax
	loop	2b
	movl	$pointers + PAGE_TABLE, top

	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$top, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG, %eax
	movl	%eax, %cr0
	lgdt	gdt_register
	ljmp	$CODE0, $3f

	.code64
3:	movl	$DATA3, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	$tss, %eax
	movw	%ax, gdt_tss + 2
	shrl	$16, %eax
	movb	%al, gdt_tss + 4
	movb	%ah, gdt_tss + 7
	movl	$TSS, %eax
	ltr	%ax
	movl	$stack - 8, %ecx
	movq	$stack - 0x800, %rsp
	pushq	$DATA3
	pushq	%rcx
	pushq	$FLAGS_USER
	pushq	$CODE3
	pushq	$run
	iretq

	.data
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* ring 0, 64-bit code */
	.quad	0x00cff3000000ffff	/* ring 3, data */
	.quad	0x00affb000000ffff	/* ring 3, 64-bit code */
gdt_tss:
	.word	TSS_SIZE + PORTS / 8, 0
	.byte	0, 0x89, 0, 0
	.quad	0
gdt_register:
	.word	gdt_register - gdt - 1
	.quad	gdt

tss:	.skip	TSS_SIZE - 2
	.word	TSS_SIZE		/* where the bitmap begins: all zero but its end */
	.skip	PORTS / 8
	.byte	0xff

	.bss
	.balign	4096
top:	.skip	4096
pointers:
	.skip	4096
directories:
	.skip	4 * 4096
	.skip	8192
stack:
	.section .note.GNU-stack, "", @progbits
