/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_JOB_H
#define VISE_GUEST_INIT_JOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What vise-init is asked to do (docs/abi/vise-init.h). The strings lie in the text that was
 * parsed, which the caller keeps.
 */
struct job {
	const char *exec; /* NULL: none */
	const char *root; /* NULL: stay in the initramfs */
	const char *term;
	const char *selftest; /* "1" or the self test's flags; NULL: none */
	bool shell;
	unsigned short rows; /* 0: the host has no terminal */
	unsigned short cols;
	const char *unknown; /* the first key or value that was not understood, or NULL */
};

/* Reads `key=value` lines. @text is NUL-terminated and is changed: line ends become NUL. */
void job_parse(char *text, struct job *job);

/* Reads the vise.KEY=VALUE words of a kernel command line, with the kernel's quoting. Changes
 * @text likewise. */
void job_parse_cmdline(char *text, struct job *job);

#endif
