/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/modules/decompress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#define WINDOW_LOG 27
#define FIRST_SIZE (256U * 1024)

/* The growing output. Each codec fills the free part and asks for more. */
struct output {
	uint8_t *data;
	size_t used;
	size_t size;
	size_t max;
};

static int output_grow(struct output *out)
{
	size_t size = out->size ? out->size * 2 : FIRST_SIZE;
	uint8_t *data;

	if (out->used < out->size)
		return 0;
	if (out->size >= out->max)
		return -EFBIG;
	if (size > out->max)
		size = out->max;
	data = realloc(out->data, size);
	if (!data)
		return -ENOMEM;
	out->data = data;
	out->size = size;
	return 0;
}

static int unpack_gzip(const uint8_t *in, size_t len, struct output *out)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)len};
	int ret = 0;
	int status = Z_OK;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	while (status != Z_STREAM_END) {
		ret = output_grow(out);
		if (ret)
			break;
		z.next_out = out->data + out->used;
		z.avail_out = (uInt)(out->size - out->used);
		status = inflate(&z, Z_NO_FLUSH);
		out->used = out->size - z.avail_out;
		if (status != Z_OK && status != Z_STREAM_END) {
			ret = status == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
			break;
		}
	}
	inflateEnd(&z);
	return ret;
}

static int unpack_xz(const uint8_t *in, size_t len, struct output *out)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_ret status = LZMA_OK;
	int ret = 0;

	if (lzma_stream_decoder(&s, 1ULL << WINDOW_LOG, 0) != LZMA_OK)
		return -ENOMEM;
	s.next_in = in;
	s.avail_in = len;
	while (status != LZMA_STREAM_END) {
		ret = output_grow(out);
		if (ret)
			break;
		s.next_out = out->data + out->used;
		s.avail_out = out->size - out->used;
		status = lzma_code(&s, LZMA_FINISH);
		out->used = out->size - s.avail_out;
		if (status != LZMA_OK && status != LZMA_STREAM_END) {
			ret = status == LZMA_MEM_ERROR || status == LZMA_MEMLIMIT_ERROR ? -ENOMEM
											: -EBADMSG;
			break;
		}
	}
	lzma_end(&s);
	return ret;
}

static int unpack_zstd(const uint8_t *in, size_t len, struct output *out)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer src = {in, len, 0};
	size_t status = 1;
	int ret = 0;

	if (!z)
		return -ENOMEM;
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG);
	while (status) {
		ZSTD_outBuffer dst;
		size_t before = src.pos;

		ret = output_grow(out);
		if (ret)
			break;
		dst = (ZSTD_outBuffer){out->data, out->size, out->used};
		status = ZSTD_decompressStream(z, &dst, &src);
		if (ZSTD_isError(status) || (dst.pos == out->used && src.pos == before)) {
			ret = -EBADMSG;
			break;
		}
		out->used = dst.pos;
	}
	ZSTD_freeDStream(z);
	return ret;
}

static const struct codec {
	uint8_t magic[6];
	size_t len;
	int (*unpack)(const uint8_t *in, size_t len, struct output *out);
} codecs[] = {
	{{0x1f, 0x8b}, 2, unpack_gzip},
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
};

int decompress(const uint8_t *in, size_t len, size_t max, uint8_t **out, size_t *out_len)
{
	struct output output = {.max = max};

	if (len > UINT32_MAX || max > UINT32_MAX)
		return -EFBIG;
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		int ret;

		if (len < codecs[i].len || memcmp(in, codecs[i].magic, codecs[i].len) != 0)
			continue;
		ret = codecs[i].unpack(in, len, &output);
		if (ret) {
			free(output.data);
			return ret;
		}
		*out = output.data;
		*out_len = output.used;
		return 0;
	}
	return -ENOTSUP;
}
