/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/power.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest-init/report.h"

#define GRACE_MS   500
#define MAX_MOUNTS 256

static void sleep_ms(long ms)
{
	struct timespec t = {0, ms * 1000000};

	nanosleep(&t, NULL);
}

/* Every orphan is a child of the first process, so no child means nobody is left. */
static int reaped_all(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid < 0 && errno == ECHILD;
}

static void end_processes(void)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	for (size_t s = 0; s < 2 && !reaped_all(); s++) {
		kill(-1, signals[s]);
		kill(-1, SIGCONT);
		for (int ms = 0; ms < GRACE_MS && !reaped_all(); ms += 5)
			sleep_ms(5);
	}
}

/* Unmounts what lies on a device, the last mounted first; what is busy becomes read-only. */
static void end_mounts(void)
{
	char table[65536];
	char *points[MAX_MOUNTS];
	size_t n = 0;
	char *save = NULL;
	ssize_t len;
	int fd = open("/proc/mounts", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	len = read(fd, table, sizeof(table) - 1);
	close(fd);
	if (len <= 0)
		return;
	table[len] = '\0';
	for (char *line = strtok_r(table, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *point = strchr(line, ' ');
		char *end = point ? strchr(point + 1, ' ') : NULL;

		if (!end || strncmp(line, "/dev/", 5) != 0 || n == MAX_MOUNTS)
			continue;
		*end = '\0';
		points[n++] = point + 1;
	}
	while (n--) {
		if (!strcmp(points[n], "/") || umount(points[n]))
			mount(NULL, points[n], NULL, MS_REMOUNT | MS_RDONLY, NULL);
	}
}

/* The kernel's last words are emergencies, which even `quiet` shows; behind the job's own output
 * they would only be noise. */
static void quiet_kernel(void)
{
	int fd = open("/proc/sys/kernel/printk", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		dprintf(fd, "0\n");
		close(fd);
	}
}

void power_end(enum power_how how)
{
	if (getpid() != 1)
		_exit(125);
	/* What the job wrote goes out at the settings that it was written with. */
	tcdrain(STDOUT_FILENO);
	end_processes();
	sync();
	end_mounts();
	report_drain();
	quiet_kernel();
	reboot(how == POWER_OFF ? RB_POWER_OFF : RB_AUTOBOOT);
	/* A kernel without power control: the host sees a halted CPU rather than a panic. */
	reboot((int)RB_HALT_SYSTEM);
	for (;;)
		pause();
}
