/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_AUDIO_RIFF_REGS_H
#define VISE_HOST_AUDIO_RIFF_REGS_H

/* Numbers of RIFF WAVE files: "Multimedia Programming Interface and Data Specifications 1.0", and
 * WAVEFORMATEX and WAVEFORMATEXTENSIBLE, which came after it. */

#define RIFF_HEADER_SIZE 12U /* "RIFF", size of what follows, "WAVE" */
#define RIFF_CHUNK_SIZE	 8U  /* four characters, size; padded to even */

#define WAVE_FORMAT_PCM	       1U
#define WAVE_FORMAT_IEEE_FLOAT 3U
#define WAVE_FORMAT_EXTENSIBLE 0xfffeU

/* In the "fmt " chunk. */
#define WAVE_FMT_SIZE	     16U
#define WAVE_FMT_EXT_SIZE    40U
#define WAVE_FMT_TAG	     0U
#define WAVE_FMT_CHANNELS    2U
#define WAVE_FMT_RATE	     4U
#define WAVE_FMT_BYTE_RATE   8U
#define WAVE_FMT_BLOCK_ALIGN 12U
#define WAVE_FMT_BITS	     14U
#define WAVE_FMT_SUBFORMAT   24U /* a GUID: the tag in two bytes, then WAVE_SUBFORMAT_TAIL */

#define WAVE_SUBFORMAT_TAIL "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

#endif
