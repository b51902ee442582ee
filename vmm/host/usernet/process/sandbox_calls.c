/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/process/sandbox.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>

/*
 * The system calls that the helper may make once it has seen a frame of the guest. One that is not
 * here kills it.
 */

static const struct rule {
	int call;
	/* Which argument must be `value` in the bits of `mask`; mask 0: they may be anything. */
	unsigned int argument;
	uint32_t mask, value;
} rules[] = {
	/* The loop */
	{SCMP_SYS(poll), 0, 0, 0},
	{SCMP_SYS(restart_syscall), 0, 0, 0}, /* a poll() that was stopped goes on */
	{SCMP_SYS(clock_gettime), 0, 0, 0},   /* where the clock is not read in user space */
	{SCMP_SYS(getrandom), 0, 0, 0},	      /* numbers of questions to the name server */

	/* The channel, and the sockets of the guest's connections: of the Internet, no others */
	{SCMP_SYS(socket), 0, UINT32_MAX, AF_INET},
	{SCMP_SYS(socket), 0, UINT32_MAX, AF_INET6}, /* the name server may have such an address */
	{SCMP_SYS(connect), 0, 0, 0},
	{SCMP_SYS(bind), 0, 0, 0},     /* sockets that the host answers to: libslirp, for UDP */
	{SCMP_SYS(listen), 0, 0, 0},   /* the same, for TCP */
	{SCMP_SYS(accept), 0, 0, 0},   /* host-forwards */
	{SCMP_SYS(recvfrom), 0, 0, 0}, /* recv() too */
	{SCMP_SYS(sendto), 0, 0, 0},   /* send() too */
	{SCMP_SYS(recvmsg), 0, 0, 0},  /* what became of a datagram: MSG_ERRQUEUE */
	{SCMP_SYS(shutdown), 0, 0, 0}, /* one direction has ended */
	{SCMP_SYS(close), 0, 0, 0},
	{SCMP_SYS(getsockname), 0, 0, 0}, /* the port that a socket got */
	{SCMP_SYS(getpeername), 0, 0, 0},
	{SCMP_SYS(getsockopt), 0, 0, 0},	   /* why a connection failed */
	{SCMP_SYS(setsockopt), 0, 0, 0},	   /* no delay, urgent data in line, time to live */
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL}, /* to make a socket non-blocking */
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFL},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD}, /* and close-on-exec */
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFD},
	{SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD}, /* the size of the next datagram */
	{SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO},  /* non-blocking */

	/* Memory, none of it to be executed */
	{SCMP_SYS(brk), 0, 0, 0},
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0}, /* malloc() grows an arena by it */
	{SCMP_SYS(munmap), 0, 0, 0},
	{SCMP_SYS(mremap), 0, 0, 0}, /* realloc() of the table for poll() */
	{SCMP_SYS(madvise), 0, 0, 0},
	{SCMP_SYS(futex), 0, 0, 0}, /* locks of the C library and GLib */

	/* Messages: ours, and GLib's, which looks whether stderr is a terminal */
	{SCMP_SYS(write), 0, 0, 0},
	{SCMP_SYS(writev), 0, 0, 0}, /* the C library's last words */
	{SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS},

	/* The end, by return, by signal, by abort() of an assertion in libslirp */
	{SCMP_SYS(exit_group), 0, 0, 0},
	{SCMP_SYS(exit), 0, 0, 0},
	{SCMP_SYS(rt_sigreturn), 0, 0, 0},
	{SCMP_SYS(rt_sigprocmask), 0, 0, 0},
	{SCMP_SYS(rt_sigaction), 0, 0, 0},
	{SCMP_SYS(getpid), 0, 0, 0},
	{SCMP_SYS(gettid), 0, 0, 0},
	{SCMP_SYS(tgkill), 0, 0, 0},
};

static int add_rules(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];
		struct scmp_arg_cmp arg =
			SCMP_CMP(r->argument, SCMP_CMP_MASKED_EQ, r->mask, r->value);
		int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, r->call, r->mask ? 1 : 0,
						&arg);

		if (rc)
			return rc;
	}
	return 0;
}

int sandbox_filter(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = filter ? add_rules(filter) : -ENOMEM;

	if (!rc)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc ? err_set_errno(err, -rc, "sandbox: filter of system calls") : 0;
}
