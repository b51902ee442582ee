/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_REGS_H
#define VISE_VIRTIO_REGS_H

/* Numbers of virtio 1.2: section 2.1 (status), 2.7 (split ring), 4.1.4 (PCI), 5.2 (block), 6
 * (feature bits). */

#define VIRTIO_ID_NET	  1U
#define VIRTIO_ID_BLOCK	  2U
#define VIRTIO_ID_CONSOLE 3U
#define VIRTIO_ID_INPUT	  18U
#define VIRTIO_ID_SOUND	  25U

#define VIRTIO_STATUS_ACKNOWLEDGE 0x01U
#define VIRTIO_STATUS_DRIVER	  0x02U
#define VIRTIO_STATUS_DRIVER_OK	  0x04U
#define VIRTIO_STATUS_FEATURES_OK 0x08U
#define VIRTIO_STATUS_NEEDS_RESET 0x40U
#define VIRTIO_STATUS_FAILED	  0x80U

#define VIRTIO_F_INDIRECT_DESC (1ULL << 28)
#define VIRTIO_F_EVENT_IDX     (1ULL << 29)
#define VIRTIO_F_VERSION_1     (1ULL << 32)

#define VIRTQ_DESC_F_NEXT	   1U
#define VIRTQ_DESC_F_WRITE	   2U
#define VIRTQ_DESC_F_INDIRECT	   4U
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1U
#define VIRTQ_DESC_SIZE		   16U
#define VIRTQ_USED_ELEM_SIZE	   8U
#define VIRTQ_AVAIL_BYTES(size)	   (4ULL + 2ULL * (size))
#define VIRTQ_USED_BYTES(size)	   (4ULL + 8ULL * (size))
#define VIRTQ_EVENT_BYTES	   2U /* behind both, with EVENT_IDX */

/* The legacy interface: the ring's parts lie behind each other, the used one on the next multiple
 * of this (2.7.2), and its registers are ports of BAR 0 (4.1.4.10). */
#define VIRTIO_F_ANY_LAYOUT    (1ULL << 27)
#define VIRTIO_LEGACY_ALIGN    4096U
#define VIRTIO_LEGACY_PFN_BITS 12U

#define VIRTIO_LEGACY_DEVICE_FEATURES 0x00U
#define VIRTIO_LEGACY_DRIVER_FEATURES 0x04U
#define VIRTIO_LEGACY_QUEUE_PFN	      0x08U
#define VIRTIO_LEGACY_QUEUE_SIZE      0x0cU
#define VIRTIO_LEGACY_QUEUE_SELECT    0x0eU
#define VIRTIO_LEGACY_QUEUE_NOTIFY    0x10U
#define VIRTIO_LEGACY_STATUS	      0x12U
#define VIRTIO_LEGACY_ISR	      0x13U
#define VIRTIO_LEGACY_CONFIG	      0x14U /* while MSI-X is off */
#define VIRTIO_LEGACY_CONFIG_VECTOR   0x14U /* while it is on, as the two that follow */
#define VIRTIO_LEGACY_QUEUE_VECTOR    0x16U
#define VIRTIO_LEGACY_CONFIG_MSIX     0x18U

#define VIRTIO_PCI_VENDOR	  0x1af4U
#define VIRTIO_PCI_DEVICE_BASE	  0x1040U
#define VIRTIO_PCI_CAP_COMMON_CFG 1U
#define VIRTIO_PCI_CAP_NOTIFY_CFG 2U
#define VIRTIO_PCI_CAP_ISR_CFG	  3U
#define VIRTIO_PCI_CAP_DEVICE_CFG 4U
#define VIRTIO_ISR_QUEUE	  1U
#define VIRTIO_ISR_CONFIG	  2U
#define VIRTIO_MSI_NO_VECTOR	  0xffffU

#define VIRTIO_BLK_F_SEG_MAX  (1ULL << 2)
#define VIRTIO_BLK_F_RO	      (1ULL << 5)
#define VIRTIO_BLK_F_BLK_SIZE (1ULL << 6)
#define VIRTIO_BLK_F_FLUSH    (1ULL << 9)

#define VIRTIO_BLK_T_IN	    0U
#define VIRTIO_BLK_T_OUT    1U
#define VIRTIO_BLK_T_FLUSH  4U
#define VIRTIO_BLK_T_GET_ID 8U

#define VIRTIO_BLK_S_OK	    0U
#define VIRTIO_BLK_S_IOERR  1U
#define VIRTIO_BLK_S_UNSUPP 2U

#define VIRTIO_BLK_ID_BYTES 20U

#endif
