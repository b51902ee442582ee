/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_KVM_PROBE_H
#define VISE_KVM_PROBE_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Which KVM is this? Capabilities do not tell: a KVM without hardware behind it answers like any
 * other and then cannot run a stock kernel. So run tiny guests and look at what they do.
 */

enum kvm_verdict {
	KVM_VERDICT_NONE,     /* no usable /dev/kvm */
	KVM_VERDICT_RING3,    /* runs user code only; the kernel's is emulated, and not all of it */
	KVM_VERDICT_NESTED,   /* runs everything, inside an emulator: slow exits */
	KVM_VERDICT_HARDWARE, /* runs everything at full speed */
};

struct kvm_probe {
	enum kvm_verdict verdict;
	bool sse_runs;	      /* an SSE instruction in ring 0 */
	uint64_t ring0_speed; /* instructions per second in ring 0 */
	bool ring3_iopl;      /* port output in ring 3, allowed by IOPL 3 alone */
	bool ring3_bitmap;    /* the same, allowed by the I/O bitmap of the TSS */
	uint64_t exit_ns;     /* one port output from ring 0 to this process and back */
};

#define KVM_PROBE_MIN_SPEED   10000000ULL /* instructions per second; emulation is far below */
#define KVM_PROBE_MAX_EXIT_NS 15000ULL	  /* a nested exit is above */

/*
 * Runs the probe guests, each for at most 0.2 s, and judges them. A guest that fails leaves its
 * figure 0. Returns 0; or a negative errno and @err when there is no usable /dev/kvm, and the
 * verdict is then KVM_VERDICT_NONE. Uses SIGRTMIN + 1 of the calling thread meanwhile.
 */
MUST_CHECK int kvm_probe(struct kvm_probe *result, struct err *err);

/* The rule by itself: the verdict that follows from the figures of a KVM that is there. */
enum kvm_verdict kvm_probe_judge(const struct kvm_probe *figures);

/* "none", "ring3", "nested" or "hardware". */
const char *kvm_verdict_name(enum kvm_verdict verdict);

#endif
