/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's init in benchmarks: says at once on the console that it runs and what the kernel's
 * clock shows, then does what BENCH=WORK on the kernel's command line asks, with marks that
 * tests/bench/stopwatch.c understands.
 */
#include "tests/bench/blkload.h"
#include "tests/bench/netload.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The host's hook runs at a mark; what follows must not disturb it. */
#define PAUSE_US 500000

static void mark(const char *text)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "BENCH %s\n", text);

	if (write(1, line, (size_t)n) != n)
		_exit(1);
}

/* In the order of their names; one that another machine needs fails and does no harm. */
static void load_modules(void)
{
	glob_t found;

	if (glob("/modules/*.ko", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);

		if (syscall(SYS_finit_module, fd, "", 0) < 0)
			fprintf(stderr, "%s: %s\n", found.gl_pathv[i], strerror(errno));
		close(fd);
	}
	globfree(&found);
}

/* BENCH=blk:SECONDS,DEPTH[,DEPTH]... */
static void blk(const char *depths, double seconds)
{
	while (*depths == ',') {
		unsigned int depth = (unsigned int)strtoul(depths + 1, (char **)&depths, 10);
		struct blkload_result result;
		char text[100];

		snprintf(text, sizeof(text), "begin qd%u", depth);
		mark(text);
		usleep(PAUSE_US);
		if (blkload_run("/dev/vda", depth, seconds, &result) < 0) {
			mark("failed");
			return;
		}
		snprintf(text, sizeof(text), "end qd%u %llu %.0f %.1f", depth, result.requests,
			 (double)result.requests / result.seconds, result.median_us);
		mark(text);
		usleep(PAUSE_US);
	}
}

/* BENCH=net:SECONDS,tap or user: what of the two ways the interface leads */
static void net(const char *kind, double seconds)
{
	/* A frame of 64 bytes, FCS included, and one of the full size, have so much payload. */
	static const struct {
		const char *name;
		enum netload_what what;
		uint32_t size;
	} runs[] = {
		{"tx-Mbit", NETLOAD_TX, 0},
		{"rx-Mbit", NETLOAD_RX, 0},
		{"tx-64-pps", NETLOAD_UDP_TX, 18},
		{"rx-64-pps", NETLOAD_UDP_RX, 18},
		{"tx-1500-pps", NETLOAD_UDP_TX, 1472},
		{"rx-1500-pps", NETLOAD_UDP_RX, 1472},
	};
	bool tap = strcmp(kind, ",tap") == 0;
	size_t n = tap ? sizeof(runs) / sizeof(runs[0]) : 2; /* nothing reaches a guest unasked */
	const char *host = tap ? "192.168.99.1" : "10.0.2.2";

	if (netload_up(tap ? "192.168.99.2" : "10.0.2.15") < 0) {
		char text[100];

		snprintf(text, sizeof(text), "failed: eth0: %s", strerror(errno));
		mark(text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		double rate = netload_run(host, runs[i].what, runs[i].size, seconds);
		char text[100];

		snprintf(text, sizeof(text), "net %s %.1f", runs[i].name,
			 runs[i].size ? rate : rate * 8 / 1e6);
		mark(rate < 0 ? "failed" : text);
	}
}

int main(void)
{
	const char *work = getenv("BENCH");
	struct timespec t;
	char text[100];

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof(text), "init %.3f", (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6);
	mark(text);
	if (work && strncmp(work, "blk:", 4) == 0) {
		char *depths;
		double seconds = strtod(work + 4, &depths);

		mount("dev", "/dev", "devtmpfs", 0, "");
		load_modules();
		blk(depths, seconds);
	}
	if (work && strncmp(work, "net:", 4) == 0) {
		char *kind;
		double seconds = strtod(work + 4, &kind);

		load_modules();
		net(kind, seconds);
	}
	mark("done");
	for (;;)
		pause();
}
