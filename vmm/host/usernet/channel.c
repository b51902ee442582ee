/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define HEADER sizeof(uint32_t)

/* What a socket is asked to hold; the kernel may give less. */
#define SOCKET_BUFFER (1024 * 1024)

int channel_init(struct channel *ch, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	int size = SOCKET_BUFFER;
	int rc;

	*ch = (struct channel){.fd = fd};
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		rc = -errno;
		channel_fini(ch);
		return rc;
	}
	/* Only speed depends on it. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ch->in = malloc(CHANNEL_BUFFER);
	ch->out = malloc(CHANNEL_BUFFER);
	if (!ch->in || !ch->out) {
		channel_fini(ch);
		return -ENOMEM;
	}
	return 0;
}

void channel_fini(struct channel *ch)
{
	if (ch->fd >= 0)
		close(ch->fd);
	free(ch->in);
	free(ch->out);
	*ch = (struct channel){.fd = -1};
}

/* Moves what lies in @buf from *@head to *@end to its begin. */
static void move_down(uint8_t *buf, size_t *head, size_t *end)
{
	memmove(buf, buf + *head, *end - *head);
	*end -= *head;
	*head = 0;
}

bool channel_put(struct channel *ch, const void *data, size_t len)
{
	uint32_t size = (uint32_t)len;

	if (CHANNEL_BUFFER - channel_waiting(ch) < HEADER + len)
		return false;
	if (CHANNEL_BUFFER - ch->out_end < HEADER + len)
		move_down(ch->out, &ch->out_head, &ch->out_end);
	memcpy(ch->out + ch->out_end, &size, HEADER);
	memcpy(ch->out + ch->out_end + HEADER, data, len);
	ch->out_end += HEADER + len;
	return true;
}

int channel_flush(struct channel *ch)
{
	while (channel_waiting(ch)) {
		ssize_t n = send(ch->fd, ch->out + ch->out_head, channel_waiting(ch),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		ch->out_head += (size_t)n;
	}
	ch->out_head = ch->out_end = 0;
	return 0;
}

int channel_fill(struct channel *ch)
{
	ssize_t n;

	if (ch->in_head == ch->in_end)
		ch->in_head = ch->in_end = 0;
	else if (ch->in_head)
		move_down(ch->in, &ch->in_head, &ch->in_end);
	/* Never without a whole record: one takes a part of the buffer only. */
	if (ch->in_end == CHANNEL_BUFFER)
		return 0;
	do
		n = recv(ch->fd, ch->in + ch->in_end, CHANNEL_BUFFER - ch->in_end, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	ch->in_end += (size_t)n;
	return n ? 0 : -ENOTCONN;
}

int channel_next(const struct channel *ch, const uint8_t **data)
{
	size_t have = ch->in_end - ch->in_head;
	uint32_t size;

	if (have < HEADER)
		return 0;
	memcpy(&size, ch->in + ch->in_head, HEADER);
	if (!size || size > CHANNEL_RECORD_MAX)
		return -EPROTO;
	if (have - HEADER < size)
		return 0;
	*data = ch->in + ch->in_head + HEADER;
	return (int)size;
}

void channel_take(struct channel *ch)
{
	uint32_t size;

	memcpy(&size, ch->in + ch->in_head, HEADER);
	ch->in_head += HEADER + size;
}
