/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_SND_H
#define VISE_GUESTDRV_SND_H

#include "tests/guestdrv/gd_queue.h"
#include "virtio/snd/snd.h"
#include "virtio/snd/snd_regs.h"

/*
 * A machine with one virtio-snd function, whose sink keeps what is played, whose source counts, and
 * whose clock only a test moves; the start sequences of the Windows 7 and the Linux driver; and
 * control messages and transfers as the two of them write them.
 */

#define GD_SND_DEVFN  PCI_DEVFN(6, 0)
#define GD_SND_EVENTS 8U    /* buffers that the Windows 7 driver posts */
#define GD_SND_EVENT  64U   /* bytes of each */
#define GD_SND_MS     48U   /* frames in a millisecond */
#define GD_SND_PRESET 0xeeU /* what a driver's response and status bytes hold before */
#define GD_SND_HEARD  (4U << 20)

struct gd_snd_config {
	struct gd_machine_config machine;
	uint16_t vectors;
	bool dialect_virtio;
	uint32_t properties;
};

/* The sink: what was played, the format of the last write. */
struct gd_snd_sink {
	struct audio_sink sink;
	uint8_t *heard;
	size_t n;	 /* bytes; beyond GD_SND_HEARD they are only counted */
	uint64_t writes; /* calls */
	struct audio_format format;
	void (*hook)(void *arg); /* called by each write; NULL: nothing */
	void *hook_arg;
};

/* The source: each sample is one more than the one before, from 1 on, 16 bits; the other formats
 * get the bytes all the same. Zeros once @left frames were given. */
struct gd_snd_source {
	struct audio_source source;
	uint16_t next;
	uint64_t left;
	struct audio_format format;
	void (*hook)(void *arg);
	void *hook_arg;
};

struct gd_snd {
	struct gd_machine *m;
	struct virtio_device *vd;
	struct gd_dev dev;
	struct gd_queue control, event, tx, rx;
	struct gd_snd_sink *sink;     /* the device's */
	struct gd_snd_source *source; /* likewise */
	uint64_t now_ns;
	bool dialect_virtio;
	gpa_t event_buffers; /* of the Windows 7 driver, GD_SND_EVENT bytes each */
};

/* Builds it, BAR placed and decoding on; the device is as after power-on. NULL @config: defaults.
 */
void gd_snd_open(struct gd_snd *s, const struct gd_snd_config *config);
void gd_snd_close(struct gd_snd *s);

/* The whole start of the Windows 7 driver (contract section 19.5); NULL, or what makes it refuse.
 */
const char *gd_snd_start(struct gd_snd *s);

/* The same for the Linux driver, which speaks virtio 1.2. */
const char *gd_snd_start_linux(struct gd_snd *s);

/* Moves the clock and rings the doorbells of both transfer queues: the device has done what is due
 * when this returns. */
void gd_snd_advance(struct gd_snd *s, uint64_t ms);

/*
 * One control message through a table of two entries: @len bytes of @request, room for @room bytes
 * of response, of which @response gets what the driver's buffer holds afterwards (it is preset).
 * The used length, or -1 when no answer comes.
 */
int64_t gd_snd_control(struct gd_snd *s, const void *request, uint32_t len, void *response,
		       uint32_t room);

/* The status of a request with only a code and a stream, on the wire's scale; -1: no answer. */
int64_t gd_snd_command(struct gd_snd *s, uint32_t code, uint32_t stream);

struct gd_snd_params {
	uint32_t buffer_bytes, period_bytes, features;
	uint8_t channels, format, rate;
};

/* What the driver of the contract asks for on stream @id. */
struct gd_snd_params gd_snd_standard(uint32_t id);

/* The status of SET_PARAMS. */
int64_t gd_snd_set_params(struct gd_snd *s, uint32_t stream, const struct gd_snd_params *params);

/* SET_PARAMS, PREPARE, START; false when one of them is not OK. */
bool gd_snd_run(struct gd_snd *s, uint32_t stream);

/* PCM_INFO(@start, @count) with room for @room bytes, as the dialect writes it; the used length. */
int64_t gd_snd_pcm_info(struct gd_snd *s, uint32_t start, uint32_t count, void *response,
			uint32_t room);

/* A transfer in RAM: header, payload, status. */
struct gd_snd_xfer {
	gpa_t header, data, status;
	uint32_t header_len, len;
	bool input;
};

/* Allocates a transfer of @len bytes for @stream; status and an input's payload are preset. */
struct gd_snd_xfer gd_snd_xfer(struct gd_snd *s, uint32_t stream, uint32_t len);

/* Its segments: header, payload (left out when empty), status; how many. */
uint32_t gd_snd_segs(const struct gd_snd_xfer *x, struct gd_seg *segs);

/* Submits it by an indirect table and rings; the head, or -1. */
int gd_snd_submit(struct gd_snd *s, const struct gd_snd_xfer *x);

/* Submits any segments on the queue of @input. */
int gd_snd_submit_segs(struct gd_snd *s, bool input, const struct gd_seg *segs, uint32_t n);

/* Takes the next completion of the queue that there is now, without waiting: its used length, and
 * @head; -1 when there is none. */
int64_t gd_snd_completed(struct gd_snd *s, bool input, int *head);

/* The status word of a transfer. */
uint32_t gd_snd_status(struct gd_snd *s, const struct gd_snd_xfer *x);

/* Bytes heard so far as samples: sample @i. */
int16_t gd_snd_heard(const struct gd_snd *s, size_t i);

/* PCM_INFO works and says what it always says: the device goes on. */
bool gd_snd_works(struct gd_snd *s);

#endif
