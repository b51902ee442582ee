/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest kernel that `vise run` boots: an ELF image with a PVH entry, 32-bit code of plain
 * integer instructions, so that it runs on any KVM. The last character of its command line says
 * what it does:
 *
 *	p	prints lines on COM1 for some milliseconds, then powers off (also anything else)
 *	l	prints lines for ever
 *	c	prints its command line, then powers off
 *	r	asks for a reset by port CF9h, again and again
 *	t	ends in a triple fault
 */

#define COM1		0x3f8
#define LSR		(COM1 + 5)
#define LSR_THRE	0x20
#define PM1_CNT		0x604
#define SLP_S5		0x3400 /* SLP_EN, SLP_TYP 5 */
#define RESET_PORT	0xcf9
#define RESET_NOW	0x06
#define LINES		40
#define START_CMDLINE	24 /* in hvm_start_info */
#define NOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.balign 4
	.long	4, 4, NOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	start

	.text
	.code32
	.globl	start
start:
	movl	$stack, %esp
	movl	START_CMDLINE(%ebx), %esi
	movl	%esi, %ebp
	xorl	%ebx, %ebx		/* the last character so far */
1:	movb	(%esi), %al
	incl	%esi
	testb	%al, %al
	jz	2f
	movb	%al, %bl
	jmp	1b
2:	cmpb	$'r', %bl
	je	reset
	cmpb	$'t', %bl
	je	fault
	cmpb	$'c', %bl
	je	command_line
	movl	$LINES, %edi
3:	call	print_line
	cmpb	$'l', %bl
	je	3b
	decl	%edi
	jnz	3b
off:	movl	$PM1_CNT, %edx
	movl	$SLP_S5, %eax
	outw	%ax, %dx
4:	hlt
	jmp	4b

reset:
	movl	$RESET_PORT, %edx
	movb	$RESET_NOW, %al
5:	outb	%al, %dx
	jmp	5b

command_line:
	movl	%ebp, %esi
	call	print
	jmp	off

fault:
	lidt	no_idt
	ud2

/* Writes the line, or the text at ESI, byte by byte as the transmitter takes them; changes EAX, EDX
 * and ESI. */
print_line:
	movl	$line, %esi
print:
6:	movl	$LSR, %edx
7:	inb	%dx, %al
	testb	$LSR_THRE, %al
	jz	7b
	movb	(%esi), %al
	incl	%esi
	testb	%al, %al
	jz	8f
	movl	$COM1, %edx
	outb	%al, %dx
	jmp	6b
8:	ret

line:	.asciz	"tiny kernel\r\n"
no_idt:	.word	0
	.long	0

	.bss
	.balign	16
	.skip	1024
stack:
	.section .note.GNU-stack, "", @progbits
