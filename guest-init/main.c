/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vise-init: the first process of a Linux guest. It mounts what programs need, loads modules, goes
 * to the disk if asked, runs one command, shell or self test, tells the host how it ended, and
 * powers off. The first process must never return or crash: the kernel would panic, and nobody
 * would learn why.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "docs/abi/vise-init.h"
#include "guest-init/console.h"
#include "guest-init/file.h"
#include "guest-init/job.h"
#include "guest-init/modules/modules.h"
#include "guest-init/power.h"
#include "guest-init/report.h"
#include "guest-init/root/mount.h"
#include "guest-init/root/root.h"
#include "guest-init/run.h"

/* The text stays allocated: the job's strings lie in it. */
static void read_job(struct job *job)
{
	char *text = file_read(VISE_INIT_JOB_PATH, VISE_INIT_JOB_MAX);

	if (text) {
		job_parse(text, job);
		return;
	}
	text = file_read("/proc/cmdline", VISE_INIT_JOB_MAX);
	if (text)
		job_parse_cmdline(text, job);
}

int main(void)
{
	struct job job = {.exec = NULL};
	const char *failed = NULL;
	int error;
	int tty;

	if (getpid() != 1) {
		fprintf(stderr, "vise-init: only for the first process of a guest\n");
		return 125;
	}
	umask(022);
	reboot(RB_DISABLE_CAD); /* Ctrl-Alt-Del becomes SIGINT */
	run_block_signals();
	error = mount_base(&failed);
	report_open();
	if (error)
		report_died("cannot mount %s: %s", failed, strerror(-error));
	read_job(&job);
	tty = console_open(&job);
	if (tty < 0)
		report_warn("no console: output is lost");
	if (job.unknown)
		report_warn("job: not understood: %s", job.unknown);
	modules_load(VISE_INIT_MODULES_PATH);
	if (job.root)
		root_switch(job.root);
	if (job.root && !job.exec && !job.shell && !job.selftest) {
		run_handover(&job);
		report_died("%s has no /sbin/init; give --exec or --shell", job.root);
	}
	if (!job.exec && !job.shell && !job.selftest)
		report_died("no job: neither " VISE_INIT_JOB_PATH " nor the kernel command line"
			    " (vise.exec=, vise.shell=1, vise.selftest=1, vise.root=) says what to "
			    "run");
	mount_rest();
	report_send(VISE_INIT_VERB_EXIT, "%d", run_job(&job, tty));
	power_end(POWER_OFF);
}
