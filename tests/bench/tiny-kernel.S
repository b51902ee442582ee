/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest guest that shows it runs: entered by PVH in 32-bit mode, it writes one byte to the
 * first serial port and halts. Plain integer instructions only, so that it runs on every KVM.
 */
	.section .note.Xen, "a", @note
	.long 4, 4, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long _start

	.text
	.code32
	.globl _start
_start:
	mov $0x3f8, %edx
	mov $'!', %al
	out %al, %dx
1:	hlt
	jmp 1b

	.section .note.GNU-stack, "", @progbits
