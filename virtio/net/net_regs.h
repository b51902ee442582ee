/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_NET_REGS_H
#define VISE_VIRTIO_NET_REGS_H

/* Numbers of virtio 1.2, section 5.1 (network device). */

/* 5.1.3, feature bits. */
#define VIRTIO_NET_F_CSUM	   (1ULL << 0)
#define VIRTIO_NET_F_GUEST_CSUM	   (1ULL << 1)
#define VIRTIO_NET_F_MAC	   (1ULL << 5)
#define VIRTIO_NET_F_GUEST_TSO4	   (1ULL << 7)
#define VIRTIO_NET_F_GUEST_TSO6	   (1ULL << 8)
#define VIRTIO_NET_F_GUEST_ECN	   (1ULL << 9)
#define VIRTIO_NET_F_HOST_TSO4	   (1ULL << 11)
#define VIRTIO_NET_F_HOST_TSO6	   (1ULL << 12)
#define VIRTIO_NET_F_HOST_ECN	   (1ULL << 13)
#define VIRTIO_NET_F_MRG_RXBUF	   (1ULL << 15)
#define VIRTIO_NET_F_STATUS	   (1ULL << 16)
#define VIRTIO_NET_F_CTRL_VQ	   (1ULL << 17)
#define VIRTIO_NET_F_CTRL_RX	   (1ULL << 18)
#define VIRTIO_NET_F_CTRL_VLAN	   (1ULL << 19)
#define VIRTIO_NET_F_CTRL_RX_EXTRA (1ULL << 20)
#define VIRTIO_NET_F_CTRL_MAC_ADDR (1ULL << 23)

/* 5.1.4, config structure. */
#define VIRTIO_NET_S_LINK_UP 1U

/* 5.1.6, struct virtio_net_hdr: offsets, and its size without and with num_buffers. */
#define VIRTIO_NET_HDR_FLAGS	   0U
#define VIRTIO_NET_HDR_GSO_TYPE	   1U
#define VIRTIO_NET_HDR_HDR_LEN	   2U
#define VIRTIO_NET_HDR_GSO_SIZE	   4U
#define VIRTIO_NET_HDR_CSUM_START  6U
#define VIRTIO_NET_HDR_CSUM_OFFSET 8U
#define VIRTIO_NET_HDR_NUM_BUFFERS 10U
#define VIRTIO_NET_HDR_SHORT	   10U
#define VIRTIO_NET_HDR_LONG	   12U

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1U
#define VIRTIO_NET_HDR_F_DATA_VALID 2U
#define VIRTIO_NET_HDR_GSO_NONE	    0U
#define VIRTIO_NET_HDR_GSO_TCPV4    1U
#define VIRTIO_NET_HDR_GSO_TCPV6    4U
#define VIRTIO_NET_HDR_GSO_ECN	    0x80U

/* 5.1.6.5, control queue: class, command, data; then the answer. */
#define VIRTIO_NET_CTRL_RX	      0U
#define VIRTIO_NET_CTRL_RX_PROMISC    0U
#define VIRTIO_NET_CTRL_RX_ALLMULTI   1U
#define VIRTIO_NET_CTRL_RX_ALLUNI     2U
#define VIRTIO_NET_CTRL_RX_NOMULTI    3U
#define VIRTIO_NET_CTRL_RX_NOUNI      4U
#define VIRTIO_NET_CTRL_RX_NOBCAST    5U
#define VIRTIO_NET_CTRL_MAC	      1U
#define VIRTIO_NET_CTRL_MAC_TABLE_SET 0U
#define VIRTIO_NET_CTRL_MAC_ADDR_SET  1U
#define VIRTIO_NET_CTRL_VLAN	      2U
#define VIRTIO_NET_CTRL_VLAN_ADD      0U
#define VIRTIO_NET_CTRL_VLAN_DEL      1U
#define VIRTIO_NET_OK		      0U
#define VIRTIO_NET_ERR		      1U

#endif
