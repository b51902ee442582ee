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
 *   selftest=1  run the self test of the virtio devices and end with its verdict: 0 PASS, 1 FAIL.
 *   selftest=FLAGS   likewise, with flags; see below. Goes before exec and shell
 *   root=DEV    wait for the device, mount it and make it the root; with neither exec, shell
 *               nor selftest the disk's own init takes over
 *   rows=N cols=N   size of the console's terminal. Given: the host's user types at it, so ^C
 *               interrupts and Enter ends a line. Not given with exec: bytes pass as they are, and
 *               only ^D (end of file), ^U and backspace (VEOF, VKILL, VERASE) keep their meaning
 *   term=NAME   TERM of what is run
 *
 * Self test. It tries each virtio device and prints, on the first serial port, the lines of the
 * Windows 7 self test: AERO_VIRTIO_SELFTEST|START, |CONFIG, |TEST|NAME|STATUS|..., |RESULT. Flags
 * are words with quotes as a shell has them; a value stands behind the flag or after '='. A flag
 * that is wrong: status 2, and no line. Variables AERO_VIRTIO_SELFTEST_NAME=1 of the kernel's
 * command line set the flags marked with *, e.g. AERO_VIRTIO_SELFTEST_TEST_BLK_RESET for
 * --test-blk-reset.
 *
 *   --http-url URL --udp-port N --dns-host NAME     the servers, as 10.0.2.2 by default
 *   --net-timeout-sec N     for link and address, 120; also for the link to come back
 *   --blk-root PATH         a directory for the file, or a disk whose last sectors are written and
 *                           put back. Not given: a virtio disk with a mounted file system, or one
 *                           that ends in zeros
 *   --io-size-mib N --io-chunk-kib N                32 and 1024
 *   --log-file PATH         the lines go there too
 *   --expect-blk-msi*       the disk must use messages
 *   --require-net-msix* --require-input-msix* --require-snd-msix*
 *   --test-blk-resize* --test-blk-reset* --test-net-link-flap*
 *   --test-input-events* --test-input-events-extended* --test-input-events-modifiers*
 *   --test-input-events-buttons* --test-input-events-wheel* --test-input-media-keys*
 *   --test-input-led* --test-input-leds* --test-input-tablet-events* (--test-tablet-events*)
 *   --require-snd (--test-snd)   no sound device is a failure
 *   --disable-snd --disable-snd-capture
 *   --test-snd-capture* --require-snd-capture --require-non-silence --test-snd-buffer-limits*
 *   --allow-virtio-snd-transitional
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

#define VISE_INIT_KEY_EXEC     "exec"
#define VISE_INIT_KEY_SHELL    "shell"
#define VISE_INIT_KEY_ROOT     "root"
#define VISE_INIT_KEY_ROWS     "rows"
#define VISE_INIT_KEY_COLS     "cols"
#define VISE_INIT_KEY_TERM     "term"
#define VISE_INIT_KEY_SELFTEST "selftest"

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
