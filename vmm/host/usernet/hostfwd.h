/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_HOSTFWD_H
#define VISE_HOST_USERNET_HOSTFWD_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A port of the host whose connections or datagrams go to the guest. Addresses and ports in host
 * byte order. */
struct hostfwd {
	bool udp;
	uint32_t host; /* 0: every address of the host */
	uint16_t host_port;
	uint32_t guest;
	uint16_t guest_port;
};

/* Parses "[tcp|udp]:[HOST]:PORT-[GUEST]:PORT": tcp, every address of the host and the guest's
 * address where left out. -EINVAL and a line that begins with "hostfwd='SPEC': ". Any thread. */
MUST_CHECK int hostfwd_parse(const char *spec, struct hostfwd *fwd, struct err *err);

/* Do the two claim the same port of the host? */
bool hostfwd_clash(const struct hostfwd *a, const struct hostfwd *b);

#endif
