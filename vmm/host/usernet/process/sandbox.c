/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The order matters. Namespaces come first, as they give the rights to make an empty root, and
 * entering one of users takes back the wish to die with the parent. Capabilities go after that. The
 * filter is last: it forbids all the rest of this file.
 *
 * The network stays the host's: connecting to it is what this process is for.
 */

#define SPACES (CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)
#define DIR    "/proc" /* a folder that every host has, to lay an empty one over */

static const struct limit {
	int resource;
	rlim_t value;
} limits[] = {
	{RLIMIT_CORE, 0},			 /* a dump would hold what the guest sent */
	{RLIMIT_NOFILE, 1024},			 /* a socket for each of its connections */
	{RLIMIT_AS, (rlim_t)1024 * 1024 * 1024}, /* its fragments and windows */
	{RLIMIT_MEMLOCK, 0},
};

/* Writes @text to a file of /proc/self: as well as may be. */
static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0) {
		/* What needs it fails then, and says so. */
	}
	close(fd);
}

/* One user and one group, as which this process goes on. */
static void map_ids(uid_t uid, gid_t gid)
{
	char text[64];

	write_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	write_file("/proc/self/uid_map", text);
	snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	write_file("/proc/self/gid_map", text);
}

static bool enter_namespaces(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER | SPACES) == 0) {
		map_ids(uid, gid);
		return true;
	}
	/* Where user namespaces are forbidden, root needs none. */
	return unshare(SPACES) == 0;
}

/* An empty file system takes the place of the root, and the old one goes. */
static bool enter_empty_root(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=555") < 0 ||
	    chdir(DIR) < 0)
		return false;
	/* Over itself: the old root ends up on top of the new one, and is taken off. */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return false;
	return mount(NULL, "/", NULL,
		     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     NULL) == 0;
}

static int lower_limits(struct err *err)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit now;

		if (getrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0)
			return err_set_errno(err, errno, "sandbox: limits");
		if (now.rlim_max > limits[i].value)
			now.rlim_max = limits[i].value;
		if (now.rlim_cur > now.rlim_max || limits[i].resource == RLIMIT_NOFILE)
			now.rlim_cur = now.rlim_max;
		if (setrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0)
			return err_set_errno(err, errno, "sandbox: limits");
	}
	return 0;
}

static int drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	/* Nothing is executed any more that could get them back; this is for the looks of
	 * /proc/PID/status, and refused to those who have none. */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	if (syscall(SYS_capset, &header, none) < 0)
		return err_set_errno(err, errno, "sandbox: dropping capabilities");
	return 0;
}

int sandbox_enter(struct sandbox *sandbox, struct err *err)
{
	int rc;

	sandbox->namespaces = enter_namespaces();
	sandbox->empty_root = sandbox->namespaces && enter_empty_root();
	rc = lower_limits(err);
	if (!rc)
		rc = drop_capabilities(err);
	if (rc)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set_errno(err, errno, "sandbox: no new privileges");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set_errno(err, errno, "sandbox: not to be dumped");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_set_errno(err, errno, "sandbox: to die with the monitor");
	return sandbox_filter(err);
}
