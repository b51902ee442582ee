/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/stream/stream_internal.h"

#include <string.h>

/* Memory in the place of a descriptor: output stays in the stream's own buffer until somebody
 * fetches it, input is what somebody gives. */

static int ring_open(struct stream *s, const struct stream_config *config, struct err *err)
{
	(void)config;
	(void)err;
	s->flush = STREAM_FLUSH_NEVER;
	return 0;
}

bool stream_is_ring(const struct stream *s)
{
	return s->ops == &stream_ring_ops;
}

size_t stream_ring_read(struct stream *s, void *buf, size_t len)
{
	uint8_t *to = buf;
	size_t done = 0;

	while (stream_is_ring(s) && done < len) {
		size_t n;
		const uint8_t *data = stream_output_piece(s, &n);

		if (!n)
			break;
		if (n > len - done)
			n = len - done;
		memcpy(to + done, data, n);
		stream_output_consume(s, n);
		done += n;
	}
	if (done)
		stream_tell_writable(s);
	return done;
}

size_t stream_ring_write(struct stream *s, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t done = 0;

	while (stream_is_ring(s) && done < len) {
		size_t n;
		uint8_t *to = stream_input_room(s, &n);

		if (n > len - done)
			n = len - done;
		if (!n)
			break;
		memcpy(to, from + done, n);
		s->input_len += n;
		done += n;
		stream_pump(s);
	}
	return done;
}

const struct stream_ops stream_ring_ops = {
	.name = "ring",
	.open = ring_open,
};
