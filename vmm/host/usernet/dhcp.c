/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/dhcp.h"

#include "vmm/host/usernet/dhcp_regs.h"
#include "vmm/host/usernet/frame.h"
#include "vmm/host/usernet/usernet.h"

#include <stdbool.h>
#include <string.h>

/* Where the options of an offer or an acknowledgement end; 0: of none such. */
static size_t find_end(const uint8_t *msg, size_t len)
{
	bool answer = false;
	size_t at = DHCP_OPTIONS;

	while (at < len && msg[at] != DHCP_OPTION_END) {
		if (msg[at] == DHCP_OPTION_PAD) {
			at++;
			continue;
		}
		if (len - at < 2 || len - at - 2 < msg[at + 1] || msg[at] == DHCP_OPTION_DNS)
			return 0;
		if (msg[at] == DHCP_OPTION_TYPE && msg[at + 1] == 1)
			answer = msg[at + 2] == DHCP_TYPE_OFFER || msg[at + 2] == DHCP_TYPE_ACK;
		at += 2U + msg[at + 1];
	}
	return answer && at < len ? at : 0;
}

void dhcp_add_nameserver(uint8_t *frame, size_t len)
{
	struct ip_packet ip;
	struct udp_way way;
	size_t msg_len, at;
	uint8_t *msg;

	if (!frame_parse_ip(frame, len, &ip) || !frame_parse_udp(&ip, &way, &msg_len) ||
	    way.src_port != DHCP_SERVER_PORT || way.dst_port != DHCP_CLIENT_PORT ||
	    msg_len < DHCP_OPTIONS)
		return;
	msg = frame + (ip.payload - frame) + UDP_HEADER;
	if (msg[DHCP_OP] != DHCP_BOOTREPLY || ld_be32(msg + DHCP_COOKIE) != DHCP_MAGIC)
		return;
	at = find_end(msg, msg_len);
	/* Tag, length, address, and the end again. */
	if (!at || msg_len - at < 2 + sizeof(uint32_t) + 1)
		return;
	msg[at] = DHCP_OPTION_DNS;
	msg[at + 1] = sizeof(uint32_t);
	st_be32(msg + at + 2, USERNET_NAMESERVER);
	msg[at + 2 + sizeof(uint32_t)] = DHCP_OPTION_END;
	frame_set_checksums(frame, &ip);
}
