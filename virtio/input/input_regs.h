/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_INPUT_REGS_H
#define VISE_VIRTIO_INPUT_REGS_H

/* Numbers of virtio 1.2, section 5.8. Event types and codes are Linux's own, from
 * <linux/input-event-codes.h>. */

/* Virtqueues (5.8.2). */
#define VIRTIO_INPUT_EVENTQ  0U
#define VIRTIO_INPUT_STATUSQ 1U

/* struct virtio_input_config (5.8.4): select, subsel, size, reserved[5], u[128]. */
#define VIRTIO_INPUT_CFG_SELECT	     0U
#define VIRTIO_INPUT_CFG_SUBSEL	     1U
#define VIRTIO_INPUT_CFG_SIZE	     2U
#define VIRTIO_INPUT_CFG_PAYLOAD     8U
#define VIRTIO_INPUT_CFG_PAYLOAD_MAX 128U
#define VIRTIO_INPUT_CFG_BYTES	     (VIRTIO_INPUT_CFG_PAYLOAD + VIRTIO_INPUT_CFG_PAYLOAD_MAX)

/* enum virtio_input_config_select (5.8.4). */
#define VIRTIO_INPUT_CFG_UNSET	    0x00U
#define VIRTIO_INPUT_CFG_ID_NAME    0x01U
#define VIRTIO_INPUT_CFG_ID_SERIAL  0x02U
#define VIRTIO_INPUT_CFG_ID_DEVIDS  0x03U
#define VIRTIO_INPUT_CFG_PROP_BITS  0x10U
#define VIRTIO_INPUT_CFG_EV_BITS    0x11U
#define VIRTIO_INPUT_CFG_ABS_INFO   0x12U
#define VIRTIO_INPUT_DEVIDS_BYTES   8U	/* bustype, vendor, product, version: le16 each */
#define VIRTIO_INPUT_ABS_INFO_BYTES 20U /* min, max, fuzz, flat, res: le32 each */

/* struct virtio_input_event (5.8.6): type le16, code le16, value le32. */
#define VIRTIO_INPUT_EVENT_BYTES 8U

#endif
