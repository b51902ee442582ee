/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_snd.h"

#include "vmm/core/le.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_BYTES 12U
#define INFO_BYTES   (4U + 2 * VIRTIO_SND_PCM_INFO_SIZE)

static void sink_write(struct audio_sink *sink, const struct audio_format *format,
		       const void *frames, size_t bytes)
{
	struct gd_snd_sink *s = (struct gd_snd_sink *)sink;

	s->format = *format;
	if (bytes % audio_frame_bytes(format) != 0)
		gd_die("sink", "half a frame");
	if (s->n <= GD_SND_HEARD && bytes <= GD_SND_HEARD - s->n)
		memcpy(s->heard + s->n, frames, bytes);
	s->n += bytes;
	s->writes++;
	if (s->hook)
		s->hook(s->hook_arg);
}

static void sink_destroy(struct audio_sink *sink)
{
	struct gd_snd_sink *s = (struct gd_snd_sink *)sink;

	free(s->heard);
	free(s);
}

static void source_read(struct audio_source *source, const struct audio_format *format,
			void *frames, size_t bytes)
{
	struct gd_snd_source *s = (struct gd_snd_source *)source;
	uint32_t frame = audio_frame_bytes(format);
	uint8_t *out = frames;

	s->format = *format;
	if (bytes % frame != 0)
		gd_die("source", "half a frame");
	memset(out, 0, bytes);
	for (; bytes > 0 && s->left > 0; bytes -= frame, out += frame, s->left--)
		for (uint32_t at = 0; at + 2 <= frame; at += 2)
			st_le16(out + at, s->next++);
	if (s->hook)
		s->hook(s->hook_arg);
}

static void source_destroy(struct audio_source *source)
{
	free(source);
}

static uint64_t test_clock(void *owner)
{
	return ((struct gd_snd *)owner)->now_ns;
}

static const struct audio_sink_ops sink_ops = {
	.name = "test", .write = sink_write, .destroy = sink_destroy};
static const struct audio_source_ops source_ops = {
	.name = "test", .read = source_read, .destroy = source_destroy};

void gd_snd_open(struct gd_snd *s, const struct gd_snd_config *config)
{
	static const struct gd_snd_config plain;
	struct virtio_snd_config snd = {.id = "snd0"};
	struct err err = ERR_INIT;

	if (!config)
		config = &plain;
	memset(s, 0, sizeof(*s));
	s->m = gd_machine_create(&config->machine);
	s->sink = calloc(1, sizeof(*s->sink));
	s->source = calloc(1, sizeof(*s->source));
	if (!s->sink || !s->source || !(s->sink->heard = malloc(GD_SND_HEARD)))
		gd_die("snd", "out of memory");
	s->sink->sink.ops = &sink_ops;
	s->source->source.ops = &source_ops;
	s->source->next = 1;
	s->source->left = UINT64_MAX;
	s->now_ns = 5 * NS_PER_SEC;
	s->dialect_virtio = config->dialect_virtio;
	snd.mem = s->m->mem;
	snd.loop = s->m->loop;
	snd.clock = (struct clock){test_clock, test_clock, s};
	snd.sink = &s->sink->sink;
	snd.source = &s->source->source;
	snd.dialect_virtio = config->dialect_virtio;
	snd.properties = config->properties;
	s->vd = virtio_snd_create(&snd, &err);
	if (!s->vd)
		gd_die("snd", err.text);
	gd_plug(s->m, s->vd, GD_SND_DEVFN, config->vectors);
	gd_assign(s->m);
	gd_dev_open(&s->dev, s->m, GD_SND_DEVFN);
}

void gd_snd_close(struct gd_snd *s)
{
	gd_machine_destroy(s->m);
}

/* Config as the driver reads it: byte by byte. */
static const char *check_config(struct gd_snd *s)
{
	uint8_t c[CONFIG_BYTES];
	uint8_t before = (uint8_t)gd_rd(&s->dev, GD_GENERATION);

	for (uint32_t i = 0; i < CONFIG_BYTES; i++)
		c[i] = (uint8_t)gd_bar_rd(&s->dev, VIRTIO_PCI_DEVICE + i, 1);
	if (gd_rd(&s->dev, GD_GENERATION) != before)
		return "config changes by itself";
	if (ld_le32(c) != 0 && ld_le32(c) != 2)
		return "jacks";
	if (ld_le32(c + 4) != 2)
		return "streams";
	return ld_le32(c + 8) ? "chmaps" : NULL;
}

static const char *setup_queues(struct gd_snd *s, const struct gd_persona *persona)
{
	static const uint16_t sizes[] = {64, 64, 256, 64};
	struct gd_queue *queues[] = {&s->control, &s->event, &s->tx, &s->rx};

	if (gd_rd(&s->dev, GD_NUM_QUEUES) < 4)
		return "fewer than four queues";
	for (uint16_t q = 0; q < 4; q++) {
		if (gd_queue_rd(&s->dev, q, GD_QUEUE_SIZE) != sizes[q])
			return "a queue's size";
		if (gd_rd(&s->dev, GD_QUEUE_NOTIFY_OFF) != q)
			return "a queue's notify offset";
		if (!gd_queue_setup(queues[q], &s->dev, q, persona->used_align))
			return "queue_enable does not read back as 1";
		if (gd_queue_rd(&s->dev, q, GD_QUEUE_SIZE) != sizes[q] ||
		    gd_rd(&s->dev, GD_QUEUE_NOTIFY_OFF) != q)
			return "a queue changes when it is enabled";
	}
	return NULL;
}

/* Entry @id of PCM_INFO as the Windows 7 driver wants it. */
static const char *check_info(const uint8_t *info, uint32_t id)
{
	static const uint8_t channels[] = {2, 1};

	if (ld_le32(info) != id)
		return "PCM_INFO: the streams are not in order";
	if (info[24] != id)
		return "PCM_INFO: direction";
	if (!(ld_le64(info + 8) & 1ULL << VIRTIO_SND_PCM_FMT_S16))
		return "PCM_INFO: no S16";
	if (!(ld_le64(info + 16) & 1ULL << VIRTIO_SND_PCM_RATE_48000))
		return "PCM_INFO: no 48 kHz";
	if (info[25] > channels[id] || info[26] < channels[id])
		return "PCM_INFO: channels";
	return NULL;
}

const char *gd_snd_start(struct gd_snd *s)
{
	const char *why = gd_init_device(&s->dev, &gd_win7_snd);
	uint8_t info[INFO_BYTES];

	if (!why)
		why = check_config(s);
	if (!why)
		why = setup_queues(s, &gd_win7_snd);
	if (why)
		return why;
	s->event_buffers = gd_alloc(s->m, (uint64_t)GD_SND_EVENTS * GD_SND_EVENT, 16);
	gd_fill(s->m, s->event_buffers, GD_SND_PRESET, (size_t)GD_SND_EVENTS * GD_SND_EVENT);
	for (uint32_t i = 0; i < GD_SND_EVENTS; i++) {
		struct gd_seg seg = {s->event_buffers + (gpa_t)i * GD_SND_EVENT, GD_SND_EVENT,
				     true};

		gd_add_indirect(&s->event, 0, &seg, 1);
	}
	gd_kick(&s->event);
	gd_no_interrupt(&s->tx, true);
	gd_driver_ok(&s->dev);
	if (gd_snd_pcm_info(s, 0, 2, info, sizeof(info)) < (int64_t)sizeof(info))
		return "PCM_INFO: too short an answer";
	if (ld_le32(info) != VIRTIO_SND_S_OK)
		return "PCM_INFO: status";
	why = check_info(info + 4, 0);
	return why ? why : check_info(info + 4 + VIRTIO_SND_PCM_INFO_SIZE, 1);
}

const char *gd_snd_start_linux(struct gd_snd *s)
{
	const char *why = gd_init_device(&s->dev, &gd_linux);
	uint32_t jacks, n;
	uint8_t info[4 + 2 * VIRTIO_SND_PCM_INFO_SIZE];

	if (!why)
		why = setup_queues(s, &gd_linux);
	if (why)
		return why;
	gd_driver_ok(&s->dev);
	jacks = (uint32_t)gd_bar_rd(&s->dev, VIRTIO_PCI_DEVICE, 4);
	n = (uint32_t)gd_bar_rd(&s->dev, VIRTIO_PCI_DEVICE + 4, 4);
	if (jacks) {
		uint8_t request[VIRTIO_SND_QUERY_SIZE] = {0};

		st_le32(request, VIRTIO_SND_R_JACK_INFO);
		st_le32(request + 8, jacks);
		st_le32(request + 12, VIRTIO_SND_JACK_INFO_SIZE);
		if (gd_snd_control(s, request, sizeof(request), info,
				   4 + jacks * VIRTIO_SND_JACK_INFO_SIZE) < 4 ||
		    ld_le32(info) != VIRTIO_SND_S_BASE)
			return "JACK_INFO";
	}
	if (gd_snd_pcm_info(s, 0, n, info, 4 + n * VIRTIO_SND_PCM_INFO_SIZE) < 4 ||
	    ld_le32(info) != VIRTIO_SND_S_BASE)
		return "PCM_INFO";
	/* Event buffers come last, and directly. */
	s->event_buffers = gd_alloc(s->m, 64 * VIRTIO_SND_EVENT_SIZE, 16);
	for (uint32_t i = 0; i < 64; i++) {
		struct gd_seg seg = {s->event_buffers + (gpa_t)i * VIRTIO_SND_EVENT_SIZE,
				     VIRTIO_SND_EVENT_SIZE, true};

		gd_add(&s->event, &seg, 1);
	}
	gd_kick(&s->event);
	return NULL;
}

void gd_snd_advance(struct gd_snd *s, uint64_t ms)
{
	s->now_ns += ms * NS_PER_MS;
	gd_bar_wr(&s->dev, VIRTIO_PCI_NOTIFY + 4 * VIRTIO_SND_VQ_TX, 2, VIRTIO_SND_VQ_TX);
	gd_bar_wr(&s->dev, VIRTIO_PCI_NOTIFY + 4 * VIRTIO_SND_VQ_RX, 2, VIRTIO_SND_VQ_RX);
	gd_settle(s->m);
}

int64_t gd_snd_control(struct gd_snd *s, const void *request, uint32_t len, void *response,
		       uint32_t room)
{
	gpa_t at = gd_alloc(s->m, len ? len : 1, 16);
	gpa_t answer = gd_alloc(s->m, room ? room : 1, 16);
	struct gd_seg segs[2];
	struct gd_used used;
	uint32_t n = 0;

	gd_write(s->m, at, request, len);
	gd_fill(s->m, answer, GD_SND_PRESET, room);
	if (len)
		segs[n++] = (struct gd_seg){at, len, false};
	if (room)
		segs[n++] = (struct gd_seg){answer, room, true};
	if (gd_add_indirect(&s->control, 0, segs, n) < 0)
		return -1;
	gd_kick(&s->control);
	if (!gd_wait_used(&s->control, &used))
		return -1;
	if (response)
		gd_read(s->m, answer, response, room);
	return used.len;
}

int64_t gd_snd_command(struct gd_snd *s, uint32_t code, uint32_t stream)
{
	uint8_t request[VIRTIO_SND_PCM_HDR_SIZE], response[4];

	st_le32(request, code);
	st_le32(request + 4, stream);
	if (gd_snd_control(s, request, sizeof(request), response, sizeof(response)) != 4)
		return -1;
	return ld_le32(response);
}

struct gd_snd_params gd_snd_standard(uint32_t id)
{
	return (struct gd_snd_params){
		.buffer_bytes = 19200,
		.period_bytes = 1920,
		.channels = id == 0 ? 2 : 1,
		.format = VIRTIO_SND_PCM_FMT_S16,
		.rate = VIRTIO_SND_PCM_RATE_48000,
	};
}

int64_t gd_snd_set_params(struct gd_snd *s, uint32_t stream, const struct gd_snd_params *params)
{
	uint8_t request[VIRTIO_SND_PCM_PARAMS_SIZE] = {0}, response[4];

	st_le32(request, VIRTIO_SND_R_PCM_SET_PARAMS);
	st_le32(request + 4, stream);
	st_le32(request + 8, params->buffer_bytes);
	st_le32(request + 12, params->period_bytes);
	st_le32(request + 16, params->features);
	request[20] = params->channels;
	request[21] = params->format;
	request[22] = params->rate;
	if (gd_snd_control(s, request, sizeof(request), response, sizeof(response)) != 4)
		return -1;
	return ld_le32(response);
}

bool gd_snd_run(struct gd_snd *s, uint32_t stream)
{
	struct gd_snd_params params = gd_snd_standard(stream);
	int64_t ok = s->dialect_virtio ? VIRTIO_SND_S_BASE : VIRTIO_SND_S_OK;

	return gd_snd_set_params(s, stream, &params) == ok &&
	       gd_snd_command(s, VIRTIO_SND_R_PCM_PREPARE, stream) == ok &&
	       gd_snd_command(s, VIRTIO_SND_R_PCM_START, stream) == ok;
}

int64_t gd_snd_pcm_info(struct gd_snd *s, uint32_t start, uint32_t count, void *response,
			uint32_t room)
{
	uint8_t request[VIRTIO_SND_QUERY_SIZE];

	st_le32(request, VIRTIO_SND_R_PCM_INFO);
	st_le32(request + 4, start);
	st_le32(request + 8, count);
	st_le32(request + 12, VIRTIO_SND_PCM_INFO_SIZE);
	return gd_snd_control(s, request,
			      s->dialect_virtio ? VIRTIO_SND_QUERY_SIZE : VIRTIO_SND_QUERY_SIZE_V1,
			      response, room);
}

struct gd_snd_xfer gd_snd_xfer(struct gd_snd *s, uint32_t stream, uint32_t len)
{
	struct gd_snd_xfer x = {
		.header_len = s->dialect_virtio ? VIRTIO_SND_XFER_SIZE : VIRTIO_SND_XFER_SIZE_V1,
		.len = len,
		.input = stream == VIRTIO_SND_D_INPUT,
	};

	x.header = gd_alloc(s->m, x.header_len, 16);
	x.status = gd_alloc(s->m, VIRTIO_SND_PCM_STATUS_SIZE, 16);
	x.data = gd_alloc(s->m, len ? len : 1, 16);
	gd_st32(s->m, x.header, stream);
	gd_fill(s->m, x.status, GD_SND_PRESET, VIRTIO_SND_PCM_STATUS_SIZE);
	if (x.input)
		gd_fill(s->m, x.data, GD_SND_PRESET, len);
	return x;
}

uint32_t gd_snd_segs(const struct gd_snd_xfer *x, struct gd_seg *segs)
{
	uint32_t n = 0;

	segs[n++] = (struct gd_seg){x->header, x->header_len, false};
	if (x->len)
		segs[n++] = (struct gd_seg){x->data, x->len, x->input};
	segs[n++] = (struct gd_seg){x->status, VIRTIO_SND_PCM_STATUS_SIZE, true};
	return n;
}

int gd_snd_submit_segs(struct gd_snd *s, bool input, const struct gd_seg *segs, uint32_t n)
{
	struct gd_queue *q = input ? &s->rx : &s->tx;
	int head = gd_add_indirect(q, 0, segs, n);

	gd_kick(q);
	gd_settle(s->m);
	return head;
}

int gd_snd_submit(struct gd_snd *s, const struct gd_snd_xfer *x)
{
	struct gd_seg segs[3];

	return gd_snd_submit_segs(s, x->input, segs, gd_snd_segs(x, segs));
}

int64_t gd_snd_completed(struct gd_snd *s, bool input, int *head)
{
	struct gd_used used;

	if (!gd_take_used(input ? &s->rx : &s->tx, &used))
		return -1;
	if (head)
		*head = (int)used.id;
	return used.len;
}

uint32_t gd_snd_status(struct gd_snd *s, const struct gd_snd_xfer *x)
{
	return gd_ld32(s->m, x->status);
}

int16_t gd_snd_heard(const struct gd_snd *s, size_t i)
{
	if (2 * i + 2 > s->sink->n || 2 * i + 2 > GD_SND_HEARD)
		gd_die("sink", "a sample that was not played");
	return (int16_t)ld_le16(s->sink->heard + 2 * i);
}

bool gd_snd_works(struct gd_snd *s)
{
	uint8_t info[INFO_BYTES];
	uint32_t ok = s->dialect_virtio ? VIRTIO_SND_S_BASE : VIRTIO_SND_S_OK;

	return gd_snd_pcm_info(s, 0, 2, info, sizeof(info)) == (int64_t)sizeof(info) &&
	       ld_le32(info) == ok && info[4 + 24] == 0 &&
	       info[4 + VIRTIO_SND_PCM_INFO_SIZE + 24] == 1;
}
