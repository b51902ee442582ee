/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_SERVICES_H
#define VISE_HOST_USERNET_SERVICES_H

#include "vmm/host/usernet/resolver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What stands between the guest and the TCP/IP stack: the name server at USERNET_NAMESERVER is
 * served here, and only frames that the stack understands pass. It knows nothing of the stack.
 *
 * For one thread. Times are of CLOCK_MONOTONIC, in nanoseconds.
 */

/* Fragments are kept for half a minute where the rest is missing: so many new ones a second keep
 * that to some 250 MB. */
#define SERVICES_FRAGMENTS 4000U

struct services {
	bool restricted; /* names that are not our own are refused */
	struct resolver resolver;
	/* A frame for the guest. */
	void (*send)(void *arg, const uint8_t *frame, size_t len);
	void *arg;
	uint64_t refused;	/* frames that went nowhere */
	uint64_t second;	/* in which fragments were last counted */
	unsigned int fragments; /* in that second */
};

/* @server NULL: the host has no name server. */
void services_init(struct services *s, bool restricted, const struct sockaddr_storage *server,
		   socklen_t server_len, void (*send)(void *arg, const uint8_t *frame, size_t len),
		   void *arg);
void services_fini(struct services *s);

/* Looks at a frame of the guest. False: it is for the stack. True: it was served or thrown away. */
bool services_take(struct services *s, const uint8_t *frame, size_t len, uint64_t now_ns);

/* Looks at a frame of the stack for the guest, and changes it where that leaves out the name
 * server: a DHCP answer of a restricted network. The length stays. */
void services_amend(const struct services *s, uint8_t *frame, size_t len);

#endif
