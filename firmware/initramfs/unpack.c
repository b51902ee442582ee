/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's half of unpacking: modules are unpacked here because the host is faster at it than
 * most guests. The guest's init has the same ability for modules that did not come this way; the
 * two share nothing, since nothing of the VMM is linked into the guest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "firmware/initramfs/file.h"

#define WINDOW_LOG 27

/* One call of a codec: how much it took and gave, and how it stands. */
enum progress { MORE, DONE, DAMAGED, TOO_HUNGRY };

struct span {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

struct codec {
	uint8_t magic[6];
	size_t magic_len;
	void *(*open)(void);
	enum progress (*step)(void *state, struct span *s);
	void (*close)(void *state);
};

static void *gzip_open(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z && inflateInit2(z, 16 + MAX_WBITS) != Z_OK) {
		free(z);
		z = NULL;
	}
	return z;
}

static enum progress gzip_step(void *state, struct span *s)
{
	z_stream *z = state;
	int status;

	z->next_in = (Bytef *)(uintptr_t)s->in;
	z->avail_in = (uInt)s->in_len;
	z->next_out = s->out;
	z->avail_out = (uInt)s->out_len;
	status = inflate(z, Z_NO_FLUSH);
	s->in = z->next_in;
	s->in_len = z->avail_in;
	s->out = z->next_out;
	s->out_len = z->avail_out;
	if (status == Z_STREAM_END)
		return DONE;
	if (status == Z_MEM_ERROR)
		return TOO_HUNGRY;
	return status == Z_OK ? MORE : DAMAGED;
}

static void gzip_close(void *state)
{
	inflateEnd(state);
	free(state);
}

static void *xz_open(void)
{
	lzma_stream *x = calloc(1, sizeof(*x));

	if (x && lzma_stream_decoder(x, 1ULL << WINDOW_LOG, 0) != LZMA_OK) {
		free(x);
		x = NULL;
	}
	return x;
}

static enum progress xz_step(void *state, struct span *s)
{
	lzma_stream *x = state;
	lzma_ret status;

	x->next_in = s->in;
	x->avail_in = s->in_len;
	x->next_out = s->out;
	x->avail_out = s->out_len;
	status = lzma_code(x, LZMA_FINISH);
	s->in = x->next_in;
	s->in_len = x->avail_in;
	s->out = x->next_out;
	s->out_len = x->avail_out;
	if (status == LZMA_STREAM_END)
		return DONE;
	if (status == LZMA_MEM_ERROR || status == LZMA_MEMLIMIT_ERROR)
		return TOO_HUNGRY;
	return status == LZMA_OK ? MORE : DAMAGED;
}

static void xz_close(void *state)
{
	lzma_end(state);
	free(state);
}

static void *zstd_open(void)
{
	ZSTD_DStream *z = ZSTD_createDStream();

	if (z)
		ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG);
	return z;
}

static enum progress zstd_step(void *state, struct span *s)
{
	ZSTD_inBuffer in = {s->in, s->in_len, 0};
	ZSTD_outBuffer out = {s->out, s->out_len, 0};
	size_t status = ZSTD_decompressStream(state, &out, &in);

	s->in += in.pos;
	s->in_len -= in.pos;
	s->out += out.pos;
	s->out_len -= out.pos;
	if (ZSTD_isError(status) || (status && !in.pos && !out.pos))
		return DAMAGED;
	return status ? MORE : DONE;
}

static void zstd_close(void *state)
{
	ZSTD_freeDStream(state);
}

static const struct codec codecs[] = {
	{{0x1f, 0x8b}, 2, gzip_open, gzip_step, gzip_close},
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, xz_open, xz_step, xz_close},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_open, zstd_step, zstd_close},
};

/* Doubles @out, up to @max; there is always a byte for the final NUL. */
static int grow(struct file *out, size_t *room, size_t max)
{
	size_t size = *room ? *room * 2 : 256U * 1024;
	uint8_t *data;

	if (*room == max)
		return -EFBIG;
	if (size > max)
		size = max;
	data = realloc(out->data, size + 1);
	if (!data)
		return -ENOMEM;
	out->data = data;
	*room = size;
	return 0;
}

static int unpack(const struct codec *codec, const struct file *in, struct file *out, size_t max)
{
	struct span s = {.in = in->data, .in_len = in->len};
	void *state = codec->open();
	enum progress now = MORE;
	size_t room = 0;
	int ret = state ? 0 : -ENOMEM;

	while (!ret && now == MORE) {
		if (out->len == room)
			ret = grow(out, &room, max);
		if (ret)
			break;
		s.out = out->data + out->len;
		s.out_len = room - out->len;
		now = codec->step(state, &s);
		out->len = room - s.out_len;
	}
	if (state)
		codec->close(state);
	if (!ret && now == DAMAGED)
		ret = -EBADMSG;
	if (!ret && now == TOO_HUNGRY)
		ret = -ENOMEM;
	if (!ret)
		out->data[out->len] = '\0';
	return ret;
}

int file_unpack(struct file *file, const char *path, size_t max, struct err *err)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		struct file out = {.mode = file->mode};
		int ret;

		if (file->len < codecs[i].magic_len ||
		    memcmp(file->data, codecs[i].magic, codecs[i].magic_len) != 0)
			continue;
		ret = unpack(&codecs[i], file, &out, max < UINT32_MAX ? max : UINT32_MAX);
		if (ret) {
			file_fini(&out);
			return err_set(err, ret, "%s: %s", path,
				       ret == -EBADMSG ? "damaged or truncated"
				       : ret == -EFBIG ? "too large when unpacked"
						       : "no memory to unpack it");
		}
		file_fini(file);
		*file = out;
		break;
	}
	return 0;
}
