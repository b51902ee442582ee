/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_SND_REGS_H
#define VISE_VIRTIO_SND_REGS_H

/* Numbers of virtio 1.2, section 5.14, and where contract v1 (section 16) differs from it. */

/* Queues (5.14.2). */
#define VIRTIO_SND_VQ_CONTROL 0U
#define VIRTIO_SND_VQ_EVENT   1U
#define VIRTIO_SND_VQ_TX      2U
#define VIRTIO_SND_VQ_RX      3U
#define VIRTIO_SND_N_VQS      4U

/* Requests (5.14.6). */
#define VIRTIO_SND_R_JACK_INFO	    0x0001U
#define VIRTIO_SND_R_JACK_REMAP	    0x0002U
#define VIRTIO_SND_R_PCM_INFO	    0x0100U
#define VIRTIO_SND_R_PCM_SET_PARAMS 0x0101U
#define VIRTIO_SND_R_PCM_PREPARE    0x0102U
#define VIRTIO_SND_R_PCM_RELEASE    0x0103U
#define VIRTIO_SND_R_PCM_START	    0x0104U
#define VIRTIO_SND_R_PCM_STOP	    0x0105U
#define VIRTIO_SND_R_CHMAP_INFO	    0x0200U

/* Events (5.14.6). */
#define VIRTIO_SND_EVT_JACK_CONNECTED	  0x1000U
#define VIRTIO_SND_EVT_JACK_DISCONNECTED  0x1001U
#define VIRTIO_SND_EVT_PCM_PERIOD_ELAPSED 0x1100U
#define VIRTIO_SND_EVT_PCM_XRUN		  0x1101U
#define VIRTIO_SND_EVENT_SIZE		  8U

/* Status: as contract v1 has them; virtio 1.2 adds VIRTIO_SND_S_BASE (5.14.6). */
enum virtio_snd_status {
	VIRTIO_SND_S_OK = 0,
	VIRTIO_SND_S_BAD_MSG = 1,
	VIRTIO_SND_S_NOT_SUPP = 2,
	VIRTIO_SND_S_IO_ERR = 3,
};
#define VIRTIO_SND_S_BASE 0x8000U

/* Requests: code, then a stream, or start, count and (virtio 1.2 only) the size of an entry. */
#define VIRTIO_SND_HDR_SIZE	   4U
#define VIRTIO_SND_QUERY_SIZE_V1   12U
#define VIRTIO_SND_QUERY_SIZE	   16U
#define VIRTIO_SND_PCM_HDR_SIZE	   8U
#define VIRTIO_SND_PCM_PARAMS_SIZE 24U
#define VIRTIO_SND_JACK_INFO_SIZE  24U
#define VIRTIO_SND_PCM_INFO_SIZE   32U

/* Transfers (5.14.6.8): the header has a second, reserved word in contract v1. */
#define VIRTIO_SND_XFER_SIZE_V1	   8U
#define VIRTIO_SND_XFER_SIZE	   4U
#define VIRTIO_SND_PCM_STATUS_SIZE 8U

#define VIRTIO_SND_D_OUTPUT 0U
#define VIRTIO_SND_D_INPUT  1U

/* Formats and rates (5.14.6.6.2): numbers of bits in pcm_info, values in set_params. */
#define VIRTIO_SND_PCM_FMT_U8	   4U
#define VIRTIO_SND_PCM_FMT_S16	   5U
#define VIRTIO_SND_PCM_FMT_S24	   15U
#define VIRTIO_SND_PCM_FMT_S32	   17U
#define VIRTIO_SND_PCM_FMT_FLOAT   19U
#define VIRTIO_SND_PCM_FMT_FLOAT64 20U
#define VIRTIO_SND_PCM_RATE_8000   1U
#define VIRTIO_SND_PCM_RATE_48000  7U

/* Jacks (5.14.6.4): a pin's default configuration and capabilities as HD Audio has them. */
#define HDA_DEFCONF_SPEAKER    0x01114010U /* jack at the rear, speaker, 3.5 mm, green */
#define HDA_DEFCONF_MICROPHONE 0x01a19020U /* jack at the rear, microphone, 3.5 mm, pink */
#define HDA_PINCAP_PRESENCE    0x00000004U
#define HDA_PINCAP_OUT	       0x00000010U
#define HDA_PINCAP_IN	       0x00000020U

#endif
