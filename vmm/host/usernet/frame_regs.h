/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_FRAME_REGS_H
#define VISE_HOST_USERNET_FRAME_REGS_H

/* Headers of frames: offsets within each, in bytes. */

/* Ethernet II (IEEE 802.3, 3.2.6) */
#define ETH_DST	      0U
#define ETH_SRC	      6U
#define ETH_TYPE      12U
#define ETH_HEADER    14U
#define ETH_ADDRESS   6U
#define ETH_TYPE_IPV4 0x0800U
#define ETH_TYPE_ARP  0x0806U
#define ETH_FRAME_MIN 60U /* without FCS; shorter ones are padded */
#define ARP_BYTES     28U /* RFC 826, for Ethernet and IPv4 */
#define ARP_HLN	      4U
#define ARP_PLN	      5U

/* IPv4 (RFC 791, 3.1) */
#define IPV4_VERSION_IHL 0U
#define IPV4_TOTAL	 2U
#define IPV4_FRAGMENT	 6U	 /* flags and offset */
#define IPV4_FRAGMENTED	 0x3fffU /* more fragments, or an offset */
#define IPV4_TTL	 8U
#define IPV4_PROTOCOL	 9U
#define IPV4_CHECKSUM	 10U
#define IPV4_SRC	 12U
#define IPV4_DST	 16U
#define IPV4_HEADER	 20U
#define IPV4_ICMP	 1U
#define IPV4_TCP	 6U
#define IPV4_UDP	 17U

/* UDP (RFC 768) */
#define UDP_SRC	     0U
#define UDP_DST	     2U
#define UDP_LENGTH   4U
#define UDP_CHECKSUM 6U
#define UDP_HEADER   8U

/* TCP (RFC 9293, 3.1) */
#define TCP_SRC	     0U
#define TCP_DST	     2U
#define TCP_SEQ	     4U
#define TCP_ACK_NO   8U
#define TCP_OFFSET   12U
#define TCP_FLAGS    13U
#define TCP_FIN	     0x01U
#define TCP_SYN	     0x02U
#define TCP_RST	     0x04U
#define TCP_PSH	     0x08U
#define TCP_ACK	     0x10U
#define TCP_WINDOW   14U
#define TCP_CHECKSUM 16U
#define TCP_HEADER   20U

#endif
