/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linked code of tests/micro/code, as bytes of the test program. */
	.section .rodata
	.globl micro_code, micro_code_end
	.balign 16
micro_code:
	.incbin MICRO_CODE_BIN
micro_code_end:
	.section .note.GNU-stack, "", @progbits
