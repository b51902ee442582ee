/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/hostfwd.h"
#include "vmm/host/usernet/usernet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A host-forward as a user writes it. A refusal is one line that begins with the option; what is
 * accepted means the same when it is written out in full, and clashes with itself.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

static void write_out(const struct hostfwd *fwd, char *text, size_t size)
{
	struct in_addr host = {htonl(fwd->host)}, guest = {htonl(fwd->guest)};
	char host_text[INET_ADDRSTRLEN], guest_text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &host, host_text, sizeof(host_text));
	inet_ntop(AF_INET, &guest, guest_text, sizeof(guest_text));
	snprintf(text, size, "%s:%s:%u-%s:%u", fwd->udp ? "udp" : "tcp", host_text, fwd->host_port,
		 guest_text, fwd->guest_port);
}

static void round_trip(const struct hostfwd *fwd)
{
	struct hostfwd again;
	char text[100];

	require(fwd->host_port && fwd->guest_port &&
		(fwd->guest & USERNET_MASK) == USERNET_NETWORK);
	write_out(fwd, text, sizeof(text));
	require(hostfwd_parse(text, &again, NULL) == 0);
	require(again.udp == fwd->udp && again.host == fwd->host &&
		again.host_port == fwd->host_port && again.guest == fwd->guest &&
		again.guest_port == fwd->guest_port);
	require(hostfwd_clash(fwd, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *spec = malloc(size + 1);
	struct err err = ERR_INIT;
	struct hostfwd fwd;

	memcpy(spec, data, size);
	spec[size] = '\0';
	if (hostfwd_parse(spec, &fwd, &err) == 0)
		round_trip(&fwd);
	else
		require(err.code < 0 && strncmp(err.text, "hostfwd='", 9) == 0 &&
			!strchr(err.text, '\n'));
	free(spec);
	return 0;
}
