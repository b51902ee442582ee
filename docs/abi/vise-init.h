/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_ABI_VISE_INIT_H
#define VISE_ABI_VISE_INIT_H

/*
 * What the host (vise) and the guest's first process (vise-init) agree on.
 *
 * Job. The initramfs holds a text file of `key=value` lines that says what to run. Values go to the
 * end of the line; "\\" stands for a backslash and "\n" for a newline in them. Keys that vise-init
 * does not know are reported and ignored. Without a job file the same keys are read from the
 * kernel command line with "vise." in front: vise.exec="uname -a" vise.root=/dev/vda.
 *
 *   exec=CMD    run CMD and end with its status. Words without shell syntax whose first names a
 *               program are executed directly; anything else goes to `/bin/sh -c`. Without a shell
 *               the words are split (quotes and backslashes honoured) and executed.
 *   shell=1     an interactive shell on the console
 *   root=DEV    wait for the device, mount it and make it the root; with neither exec nor shell
 *               the disk's own init takes over
 *   rows=N cols=N   size of the console's terminal. Given: the host's user types at it, so ^C
 *               interrupts and Enter ends a line. Not given with exec: bytes pass as they are, and
 *               only ^D (end of file), ^U and backspace (VEOF, VKILL, VERASE) keep their meaning
 *   term=NAME   TERM of what is run
 *
 * Modules. A text file of module paths in load order, one a line, loaded before anything else.
 * Files may be compressed by gzip, xz or zstd.
 *
 * Reports. vise-init writes lines to the second serial port, each "VISE-INIT VERB [TEXT]\n". A
 * reader ignores verbs that it does not know, and anything that does not begin so.
 *
 *   VISE-INIT ready            the job starts now
 *   VISE-INIT exit STATUS      the job ended; 128+N for death by signal N, 127 command not found,
 *                              126 not executable. Power-off follows
 *   VISE-INIT died REASON      vise-init could not do the job; power-off follows
 *   VISE-INIT warn TEXT        something is not as asked, the job goes on
 *   VISE-INIT handover PATH    the disk's init PATH is the first process from here on: no exit
 *                              line will come
 *
 * The host may write lines to the same port:
 *
 *   winsize ROWS COLS          sets the size of the console's terminal (1..65535 each)
 *
 * A machine without the second port runs its job all the same; nothing is reported then.
 */

#define VISE_INIT_JOB_PATH     "/lib/vise/job"
#define VISE_INIT_MODULES_PATH "/lib/vise/modules.list"
#define VISE_INIT_MODULES_DIR  "/lib/vise/modules"

/* Largest job file and largest line of the report channel, in bytes. */
#define VISE_INIT_JOB_MAX  65536
#define VISE_INIT_LINE_MAX 256

#define VISE_INIT_KEY_EXEC  "exec"
#define VISE_INIT_KEY_SHELL "shell"
#define VISE_INIT_KEY_ROOT  "root"
#define VISE_INIT_KEY_ROWS  "rows"
#define VISE_INIT_KEY_COLS  "cols"
#define VISE_INIT_KEY_TERM  "term"

/* In front of each key on the kernel command line. */
#define VISE_INIT_CMDLINE_PREFIX "vise."

#define VISE_INIT_REPORT_DEV	"/dev/ttyS1"
#define VISE_INIT_REPORT	"VISE-INIT "
#define VISE_INIT_VERB_READY	"ready"
#define VISE_INIT_VERB_EXIT	"exit"
#define VISE_INIT_VERB_DIED	"died"
#define VISE_INIT_VERB_WARN	"warn"
#define VISE_INIT_VERB_HANDOVER "handover"
#define VISE_INIT_HOST_WINSIZE	"winsize"

#define VISE_INIT_STATUS_NOT_EXECUTABLE 126
#define VISE_INIT_STATUS_NOT_FOUND	127
#define VISE_INIT_STATUS_SIGNAL		128

#endif
