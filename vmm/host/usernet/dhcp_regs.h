/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_DHCP_REGS_H
#define VISE_HOST_USERNET_DHCP_REGS_H

/* DHCP messages (RFC 2131, section 2) and options (RFC 2132). */

#define DHCP_SERVER_PORT 67U
#define DHCP_CLIENT_PORT 68U

#define DHCP_OP	       0U /* 1: of the client, 2: of the server */
#define DHCP_HTYPE     1U
#define DHCP_HLEN      2U
#define DHCP_XID       4U
#define DHCP_YIADDR    16U
#define DHCP_CHADDR    28U
#define DHCP_COOKIE    236U
#define DHCP_OPTIONS   240U
#define DHCP_MAGIC     0x63825363U
#define DHCP_BOOTREPLY 2U

#define DHCP_OPTION_PAD	    0U	 /* RFC 2132, 3.1 */
#define DHCP_OPTION_ROUTER  3U	 /* 3.5 */
#define DHCP_OPTION_DNS	    6U	 /* 3.8 */
#define DHCP_OPTION_REQUEST 50U	 /* 9.1 */
#define DHCP_OPTION_TYPE    53U	 /* 9.6 */
#define DHCP_OPTION_END	    255U /* 3.2 */

#define DHCP_TYPE_DISCOVER 1U
#define DHCP_TYPE_OFFER	   2U
#define DHCP_TYPE_REQUEST  3U
#define DHCP_TYPE_ACK	   5U

#endif
