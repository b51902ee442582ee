/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct keeper {
	pid_t pid;
};

struct qcow2_record *qcow2_record_create(void)
{
	void *p = mmap(NULL, sizeof(struct qcow2_record), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void qcow2_record_destroy(struct qcow2_record *record)
{
	if (record)
		munmap(record, sizeof(*record));
}

static int write_all(int fd, const uint8_t *bytes, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int qcow2_record_replay(const struct qcow2_record *record, int fd)
{
	uint32_t entries = atomic_load(&record->entries);
	uint32_t at = 0;

	for (uint32_t i = 0; i < entries; i++) {
		const struct qcow2_record_entry *e = &record->entry[i];
		int rc;

		if (i && e->stage != record->entry[i - 1].stage && fdatasync(fd) < 0)
			return -errno;
		rc = write_all(fd, record->bytes[at], (size_t)e->sectors * KEEPER_SECTOR,
			       e->offset);
		if (rc)
			return rc;
		at += e->sectors;
	}
	return entries && fdatasync(fd) < 0 ? -errno : 0;
}

/* A pidfd tells of the end only when all threads of the process are gone, those that io_uring
 * writes with included: nothing of it can come after what is written here. */
static void wait_for_end(int process)
{
	struct pollfd p = {.fd = process, .events = POLLIN};

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

/* Moves the two descriptors to the front and closes all others, which belong to the machine. */
static bool keep_two(int *fd, int *process)
{
	int a = dup(*fd), b = dup(*process);

	if (a < 0 || b < 0 || dup2(a, 0) < 0 || dup2(b, 1) < 0)
		return false;
	*fd = 0;
	*process = 1;
	return close_range(2, ~0U, 0) == 0;
}

static _Noreturn void keep(const struct qcow2_record *record, int fd, int process)
{
	sigset_t all;

	/* Whatever ends the machine must not end its keeper before: a session of its own keeps
	 * away what is sent to a terminal's or a shell's job. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "vise-keeper");
	if (!keep_two(&fd, &process))
		_exit(1);
	wait_for_end(process);
	_exit(qcow2_record_replay(record, fd) ? 1 : 0);
}

struct keeper *keeper_start(int fd, const struct qcow2_record *record, struct err *err)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int errnum = errno;

	if (!keeper || process < 0) {
		err_set_errno(err, keeper ? errnum : ENOMEM, "keeper process");
		free(keeper);
		if (process >= 0)
			close(process);
		return NULL;
	}
	keeper->pid = fork();
	errnum = errno;
	if (!keeper->pid)
		keep(record, fd, process);
	close(process);
	if (keeper->pid < 0) {
		err_set_errno(err, errnum, "keeper process");
		free(keeper);
		return NULL;
	}
	return keeper;
}

void keeper_stop(struct keeper *keeper)
{
	if (!keeper)
		return;
	kill(keeper->pid, SIGKILL);
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(keeper);
}
