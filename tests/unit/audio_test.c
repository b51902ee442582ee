/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/le.h"
#include "vmm/host/audio/audio.h"
#include "vmm/host/audio/audio_convert.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Audio sinks and sources: what is in the files, and what comes out of them. */

#define HEADER 44U

static const struct audio_format cd48 = {AUDIO_S16, 48000, 2};
static const struct audio_format mono48 = {AUDIO_S16, 48000, 1};
static char path[256];
static struct err err;

static void setup(void)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(path, sizeof(path), "%s/vise-audio-XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	err = (struct err)ERR_INIT;
}

static void teardown(void)
{
	unlink(path);
}

/* The whole file; its size. */
static size_t slurp(uint8_t *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(buf, 1, size, f);
	fclose(f);
	return n;
}

static void spew(const void *bytes, size_t n)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static struct audio_sink *wav_sink(void)
{
	struct audio_sink *sink = audio_sink_open("wav", path, &err);

	ck_assert_msg(sink != NULL, "%s", err.text);
	return sink;
}

static struct audio_source *wav_source(void)
{
	char spec[300];

	snprintf(spec, sizeof(spec), "wav:%s", path);
	return audio_source_open(spec, &err);
}

static void check_header(const uint8_t *h, uint32_t bytes)
{
	ck_assert_mem_eq(h, "RIFF", 4);
	ck_assert_uint_eq(ld_le32(h + 4), 36 + bytes);
	ck_assert_mem_eq(h + 8, "WAVEfmt ", 8);
	ck_assert_uint_eq(ld_le32(h + 16), 16);
	ck_assert_uint_eq(ld_le16(h + 20), 1);
	ck_assert_uint_eq(ld_le16(h + 22), 2);
	ck_assert_uint_eq(ld_le32(h + 24), 48000);
	ck_assert_uint_eq(ld_le32(h + 28), 192000);
	ck_assert_uint_eq(ld_le16(h + 32), 4);
	ck_assert_uint_eq(ld_le16(h + 34), 16);
	ck_assert_mem_eq(h + 36, "data", 4);
	ck_assert_uint_eq(ld_le32(h + 40), bytes);
}

START_TEST(wav_file_is_right_after_every_write)
{
	struct audio_sink *sink = wav_sink();
	uint8_t file[HEADER + 64], samples[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

	ck_assert_uint_eq(slurp(file, sizeof(file)), HEADER);
	check_header(file, 0);
	audio_sink_write(sink, &cd48, samples, 12);
	ck_assert_uint_eq(slurp(file, sizeof(file)), HEADER + 12);
	check_header(file, 12);
	audio_sink_write(sink, &cd48, samples + 4, 8);
	ck_assert_uint_eq(slurp(file, sizeof(file)), HEADER + 20);
	check_header(file, 20);
	ck_assert_mem_eq(file + HEADER, samples, 12);
	ck_assert_mem_eq(file + HEADER + 12, samples + 4, 8);
	audio_sink_sync(sink);
	audio_sink_destroy(sink);
	ck_assert_uint_eq(slurp(file, sizeof(file)), HEADER + 20);
}
END_TEST

START_TEST(wav_file_replaces_what_was_there)
{
	uint8_t old[200] = {0}, file[300];

	spew(old, sizeof(old));
	audio_sink_destroy(wav_sink());
	ck_assert_uint_eq(slurp(file, sizeof(file)), HEADER);
}
END_TEST

START_TEST(wav_file_takes_other_formats_converted)
{
	static const struct {
		struct audio_format format;
		uint8_t frame[16];
		int16_t left, right;
	} cases[] = {
		{{AUDIO_U8, 48000, 1}, {0xc0}, 0x4000, 0x4000},
		{{AUDIO_S16, 48000, 1}, {0x34, 0x12}, 0x1234, 0x1234},
		{{AUDIO_S24, 48000, 2}, {0, 0, 0x40, 0xee, 0, 0, 0xc0, 0x11}, 0x4000, -0x4000},
		{{AUDIO_S32, 48000, 2}, {0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0x7f}, -32768, 32767},
		{{AUDIO_FLOAT, 48000, 2}, {0, 0, 0, 0x3f, 0, 0, 0xc0, 0x7f}, 0x4000, 0},
		{{AUDIO_FLOAT64, 48000, 2},
		 {0, 0, 0, 0, 0, 0, 0xe0, 0xbf, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f},
		 -0x4000,
		 32767},
		{{AUDIO_S16, 48000, 4}, {1, 0, 2, 0, 3, 0, 4, 0}, 1, 2},
	};
	uint8_t file[HEADER + 8];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct audio_sink *sink = wav_sink();

		audio_sink_write(sink, &cases[i].format, cases[i].frame,
				 audio_frame_bytes(&cases[i].format));
		audio_sink_destroy(sink);
		ck_assert_uint_eq(slurp(file, sizeof(file)), HEADER + 4);
		ck_assert_int_eq((int16_t)ld_le16(file + HEADER), cases[i].left);
		ck_assert_int_eq((int16_t)ld_le16(file + HEADER + 2), cases[i].right);
	}
}
END_TEST

START_TEST(wav_file_has_48_khz_whatever_is_played)
{
	static const uint32_t rates[] = {8000, 24000, 44100, 96000, 192000};
	static uint8_t file[HEADER + 200000];

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct audio_format format = {AUDIO_S16, rates[i], 2};
		struct audio_sink *sink = wav_sink();
		size_t bytes;

		/* A second of a ramp, in pieces that do not divide it. */
		for (uint32_t at = 0; at < rates[i]; at++) {
			uint8_t frame[4];

			st_le16(frame, (uint16_t)(at * 20000ULL / rates[i]));
			st_le16(frame + 2, 7);
			audio_sink_write(sink, &format, frame, 4);
		}
		audio_sink_destroy(sink);
		bytes = slurp(file, sizeof(file)) - HEADER;
		check_header(file, (uint32_t)bytes);
		ck_assert_uint_le(bytes, 192000);
		ck_assert_uint_ge(bytes, 192000 - 4 * 13);
		for (size_t k = 0; k < bytes / 4; k++) {
			int v = (int16_t)ld_le16(file + HEADER + 4 * k);

			ck_assert_int_le(abs(v - (int)(k * 20000 / 48000)), 4);
			ck_assert_int_eq(ld_le16(file + HEADER + 4 * k + 2), 7);
		}
	}
}
END_TEST

/*
 * A medium of a size of our choice: pwrite() of this program keeps the header, forgets the samples,
 * and has no more room than that.
 */
static struct {
	bool on;
	uint64_t room, end;
	uint8_t header[HEADER];
} medium;

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	uint64_t offset = (uint64_t)at;

	if (!medium.on)
		return syscall(SYS_pwrite64, fd, buf, len, at);
	if (offset >= medium.room) {
		errno = ENOSPC;
		return -1;
	}
	if (len > medium.room - offset)
		len = medium.room - offset;
	if (offset < HEADER)
		memcpy(medium.header + offset, buf, len);
	if (offset + len > medium.end)
		medium.end = offset + len;
	return (ssize_t)len;
}

START_TEST(wav_file_on_a_full_disk_keeps_what_it_has)
{
	uint8_t samples[16] = {0};
	struct audio_sink *sink;

	medium.on = true;
	medium.room = HEADER + 10;
	sink = wav_sink();
	audio_sink_write(sink, &cd48, samples, 4);
	check_header(medium.header, 4);
	audio_sink_write(sink, &cd48, samples, 12);
	check_header(medium.header, 8);
	/* Room that comes later does not count: there would be a gap. */
	medium.room = 1000;
	audio_sink_write(sink, &cd48, samples, 16);
	audio_sink_destroy(sink);
	check_header(medium.header, 8);
	ck_assert_uint_le(medium.end, HEADER + 10);
}
END_TEST

START_TEST(wav_file_ends_at_four_gib)
{
	static uint8_t block[8U << 20];
	uint64_t most = (0xffffffffULL - 36) / 4 * 4;
	struct audio_sink *sink;

	medium.on = true;
	medium.room = UINT64_MAX;
	sink = wav_sink();
	for (uint64_t n = 0; n < most + 2 * sizeof(block); n += sizeof(block))
		audio_sink_write(sink, &cd48, block, sizeof(block));
	audio_sink_destroy(sink);
	check_header(medium.header, (uint32_t)most);
	ck_assert_uint_eq(medium.end, HEADER + most);
}
END_TEST

START_TEST(sinks_are_refused_in_one_line)
{
	static const struct {
		const char *name, *path, *says;
	} cases[] = {
		{"alsa", NULL, "use none or wav"},
		{"", NULL, "use none or wav"},
		{"wav", NULL, "needs the path"},
		{"wav", "/nonexistent/x.wav", "/nonexistent/x.wav: cannot create it"},
		{"wav", "/tmp", "/tmp: cannot create it"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct err)ERR_INIT;
		ck_assert_ptr_null(audio_sink_open(cases[i].name, cases[i].path, &err));
		ck_assert_int_lt(err.code, 0);
		ck_assert_ptr_nonnull(strstr(err.text, cases[i].says));
		ck_assert_ptr_null(strchr(err.text, '\n'));
	}
}
END_TEST

START_TEST(none_takes_and_forgets)
{
	struct audio_sink *sink = audio_sink_open("none", NULL, &err);

	ck_assert_ptr_nonnull(sink);
	audio_sink_write(sink, &cd48, "abcd", 4);
	audio_sink_sync(sink);
	audio_sink_destroy(sink);
	audio_sink_destroy(NULL);
	audio_source_destroy(NULL);
}
END_TEST

START_TEST(silence_is_silent_in_every_format)
{
	struct audio_source *source = audio_source_open("silence", &err);
	struct audio_format u8 = {AUDIO_U8, 8000, 1};
	uint8_t buf[4];

	ck_assert_ptr_nonnull(source);
	memset(buf, 1, sizeof(buf));
	audio_source_read(source, &mono48, buf, 4);
	ck_assert_mem_eq(buf, "\0\0\0\0", 4);
	audio_source_read(source, &u8, buf, 4);
	ck_assert_mem_eq(buf, "\x80\x80\x80\x80", 4);
	audio_source_destroy(source);
}
END_TEST

START_TEST(tone_is_a_sine_of_440_hz)
{
	/* 0.25118864 * 32768 * sin(2 pi 440 n / 48000) */
	static const struct {
		uint32_t n;
		int16_t value;
	} points[] = {{0, 0},	  {1, 474},    {2, 946},   {10, 4483},	  {27, 8230},
		      {28, 8224}, {54, 259},   {55, -215}, {82, -8230},	  {300, -8231},
		      {600, 0},	  {900, 8231}, {1200, 0},  {11999, -474}, {12000, 0}};
	struct audio_source *source = audio_source_open("tone", &err);
	static uint8_t whole[2 * 12001], parts[2 * 12001];

	ck_assert_ptr_nonnull(source);
	audio_source_read(source, &mono48, whole, sizeof(whole));
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		ck_assert_int_eq((int16_t)ld_le16(whole + 2 * points[i].n), points[i].value);
	audio_source_destroy(source);
	/* However it is cut. */
	source = audio_source_open("tone", &err);
	for (size_t at = 0; at < sizeof(parts);) {
		size_t len = 2 * (1 + at % 97);

		if (len > sizeof(parts) - at)
			len = sizeof(parts) - at;
		audio_source_read(source, &mono48, parts + at, len);
		at += len;
	}
	ck_assert_mem_eq(whole, parts, sizeof(whole));
	audio_source_destroy(source);
}
END_TEST

START_TEST(sources_are_refused_in_one_line)
{
	static const char *const specs[] = {"",		"noise",	"tones",
					    "wav",	"wav:",		"wav:/nonexistent/x.wav",
					    "wav:/tmp", "wav:/dev/null"};

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		err = (struct err)ERR_INIT;
		ck_assert_ptr_null(audio_source_open(specs[i], &err));
		ck_assert_int_lt(err.code, 0);
		ck_assert_ptr_null(strchr(err.text, '\n'));
	}
}
END_TEST

/* ---- WAV files as sources ---- */

static uint8_t file[4096];
static size_t file_len;

static void put(const void *bytes, size_t n)
{
	memcpy(file + file_len, bytes, n);
	file_len += n;
}

static void put32(uint32_t v)
{
	uint8_t b[4];

	st_le32(b, v);
	put(b, 4);
}

static void put16(uint32_t v)
{
	uint8_t b[4];

	st_le32(b, v);
	put(b, 2);
}

static void begin(void)
{
	file_len = 0;
	put("RIFF", 4);
	put32(0); /* nobody looks at it */
	put("WAVE", 4);
}

static void put_fmt(uint32_t tag, uint32_t channels, uint32_t rate, uint32_t bits)
{
	put("fmt ", 4);
	put32(16);
	put16(tag);
	put16(channels);
	put32(rate);
	put32(rate * channels * bits / 8);
	put16(channels * bits / 8);
	put16(bits);
}

/* What @n frames of mono or stereo S16 at 48 kHz the file gives. */
static void expect(const struct audio_format *format, const int16_t *samples, size_t n)
{
	struct audio_source *source;
	uint8_t got[256];

	spew(file, file_len);
	source = wav_source();
	ck_assert_msg(source != NULL, "%s", err.text);
	audio_source_read(source, format, got, 2 * n);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq((int16_t)ld_le16(got + 2 * i), samples[i]);
	audio_source_destroy(source);
}

START_TEST(wav_source_gives_the_samples_then_silence)
{
	begin();
	put_fmt(1, 1, 48000, 16);
	put("data", 4);
	put32(6);
	put16(100);
	put16(0xfffe);
	put16(300);
	put("rubbish!", 8);
	expect(&mono48, (int16_t[]){100, -2, 300, 0, 0}, 5);
}
END_TEST

START_TEST(wav_source_takes_every_kind)
{
	begin();
	put_fmt(1, 1, 48000, 8);
	put("data", 4);
	put32(2);
	put("\x80\xff", 2);
	expect(&mono48, (int16_t[]){0, 127 * 256, 0}, 3);

	begin();
	put_fmt(1, 1, 48000, 24);
	put("data", 4);
	put32(6);
	put("\x00\x34\x12\x00\x00\x80", 6);
	expect(&mono48, (int16_t[]){0x1234, -32768}, 2);

	begin();
	put_fmt(1, 1, 48000, 32);
	put("data", 4);
	put32(4);
	put("\0\0\x34\x12", 4);
	expect(&mono48, (int16_t[]){0x1234}, 1);

	begin();
	put_fmt(3, 1, 48000, 32);
	put("data", 4);
	put32(8);
	put("\0\0\0\xbf\0\0\x80\x7f", 8);
	expect(&mono48, (int16_t[]){-0x4000, 32767}, 2);

	begin();
	put_fmt(3, 1, 48000, 64);
	put("data", 4);
	put32(8);
	put("\0\0\0\0\0\0\xe0\x3f", 8);
	expect(&mono48, (int16_t[]){0x4000}, 1);

	begin();
	put("fmt ", 4);
	put32(40);
	put16(0xfffe);
	put16(1);
	put32(48000);
	put32(96000);
	put16(2);
	put16(16);
	put16(22);
	put16(16);
	put32(4);
	put("\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71", 16);
	put("data", 4);
	put32(2);
	put16(77);
	expect(&mono48, (int16_t[]){77, 0}, 2);
}
END_TEST

START_TEST(wav_source_maps_channels_and_rates)
{
	begin();
	put_fmt(1, 2, 48000, 16);
	put("data", 4);
	put32(8);
	put16(100);
	put16(300);
	put16(10);
	put16(20);
	expect(&mono48, (int16_t[]){200, 15, 0}, 3);
	expect(&cd48, (int16_t[]){100, 300, 10, 20, 0, 0}, 6);

	begin();
	put_fmt(1, 1, 24000, 16);
	put("data", 4);
	put32(6);
	put16(100);
	put16(200);
	put16(400);
	expect(&mono48, (int16_t[]){100, 150, 200, 300, 400, 200, 0}, 7);
	expect(&cd48, (int16_t[]){100, 100, 150, 150}, 4);

	begin();
	put_fmt(1, 1, 96000, 16);
	put("data", 4);
	put32(10);
	for (unsigned int i = 1; i <= 5; i++)
		put16(i * 100);
	expect(&mono48, (int16_t[]){100, 300, 500, 0}, 4);
}
END_TEST

START_TEST(wav_source_skips_chunks_and_their_padding)
{
	begin();
	put("LIST", 4);
	put32(3);
	put("abc\0", 4);
	put_fmt(1, 1, 48000, 16);
	put("fact", 4);
	put32(4);
	put32(1);
	put("data", 4);
	put32(0);
	put("LIST", 4);
	put32(2);
	put("ab", 2);
	put("data", 4);
	put32(2);
	put16(55);
	expect(&mono48, (int16_t[]){55, 0}, 2);
}
END_TEST

START_TEST(wav_source_reads_what_a_killed_recorder_left)
{
	static const uint32_t sizes[] = {0, 0xffffffff, 1000};

	for (size_t i = 0; i < 3; i++) {
		begin();
		put_fmt(1, 1, 48000, 16);
		put("data", 4);
		put32(sizes[i]);
		put16(7);
		put16(8);
		put("\x01", 1); /* half a sample */
		expect(&mono48, (int16_t[]){7, 8, 0, 0}, 4);
	}
}
END_TEST

START_TEST(wav_source_without_samples_is_silent)
{
	begin();
	put_fmt(1, 1, 48000, 16);
	put("data", 4);
	put32(0);
	expect(&mono48, (int16_t[]){0, 0}, 2);
}
END_TEST

START_TEST(wav_source_crosses_its_blocks)
{
	static uint8_t got[3 * 20000];
	struct audio_source *source;
	FILE *f;

	begin();
	put_fmt(1, 1, 48000, 24);
	put("data", 4);
	put32(3 * 20000);
	f = fopen(path, "we");
	ck_assert_uint_eq(fwrite(file, 1, file_len, f), file_len);
	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t s[3] = {0, (uint8_t)i, (uint8_t)(i >> 8)};

		ck_assert_uint_eq(fwrite(s, 1, 3, f), 3);
	}
	fclose(f);
	source = wav_source();
	ck_assert_ptr_nonnull(source);
	audio_source_read(source, &mono48, got, 40002);
	for (uint32_t i = 0; i < 20000; i++)
		ck_assert_uint_eq(ld_le16(got + 2 * i), i);
	ck_assert_uint_eq(ld_le16(got + 40000), 0);
	audio_source_destroy(source);
}
END_TEST

static void refused(const char *says)
{
	spew(file, file_len);
	err = (struct err)ERR_INIT;
	ck_assert_ptr_null(wav_source());
	ck_assert_ptr_nonnull(strstr(err.text, path));
	ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);
	ck_assert_ptr_null(strchr(err.text, '\n'));
}

START_TEST(odd_wav_files_are_refused)
{
	static const struct {
		uint32_t tag, channels, rate, bits;
		const char *says;
	} formats[] = {
		{1, 0, 48000, 16, "0 channels"},       {1, 33, 48000, 16, "33 channels"},
		{1, 1, 0, 16, "0 frames a second"},    {1, 1, 1000000, 16, "1000000 frames"},
		{1, 1, 48000, 12, "format 1 with 12"}, {2, 1, 48000, 16, "format 2 with 16"},
		{3, 1, 48000, 16, "format 3 with 16"}, {0xfffe, 1, 48000, 16, "format 65534"},
		{1, 1, 48000, 0, "with 0 bits"},
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		begin();
		put_fmt(formats[i].tag, formats[i].channels, formats[i].rate, formats[i].bits);
		put("data", 4);
		put32(4);
		put32(0);
		refused(formats[i].says);
	}
	file_len = 0;
	refused("no WAV file");
	begin();
	refused("no format chunk");
	file[8] = 'X';
	refused("no WAV file");
	begin();
	put_fmt(1, 1, 48000, 16);
	refused("no data chunk");
	begin();
	put("fmt ", 4);
	put32(10);
	put("0123456789", 10);
	refused("has 10 bytes");
	begin();
	put_fmt(1, 1, 48000, 16);
	st_le16(file + 12 + 8 + 12, 3);
	put("data", 4);
	put32(0);
	refused("frames of 3 bytes");
}
END_TEST

/* What one codec stores, it loads; what is beyond full scale is clipped. */
START_TEST(codecs_round_trip)
{
	static const double values[] = {0, 0.5, -0.5, -1, 0.25, -0.0078125};

	for (enum audio_sample s = AUDIO_U8; s <= AUDIO_FLOAT64; s++) {
		const struct audio_codec *codec = audio_codec(s);
		uint8_t p[8];

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			codec->store(p, values[i]);
			ck_assert(codec->load(p) == values[i]);
		}
		codec->store(p, 1);
		ck_assert_double_ge(codec->load(p), 0.99);
	}
	for (int v = -32768; v <= 32767; v++) {
		uint8_t p[2], q[2];

		st_le16(p, (uint16_t)v);
		audio_codec(AUDIO_S16)->store(q, audio_codec(AUDIO_S16)->load(p));
		ck_assert_mem_eq(p, q, 2);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		wav_file_is_right_after_every_write,
		wav_file_replaces_what_was_there,
		wav_file_takes_other_formats_converted,
		wav_file_has_48_khz_whatever_is_played,
		wav_file_on_a_full_disk_keeps_what_it_has,
		wav_file_ends_at_four_gib,
		sinks_are_refused_in_one_line,
		none_takes_and_forgets,
		silence_is_silent_in_every_format,
		tone_is_a_sine_of_440_hz,
		sources_are_refused_in_one_line,
		wav_source_gives_the_samples_then_silence,
		wav_source_takes_every_kind,
		wav_source_maps_channels_and_rates,
		wav_source_skips_chunks_and_their_padding,
		wav_source_reads_what_a_killed_recorder_left,
		wav_source_without_samples_is_silent,
		wav_source_crosses_its_blocks,
		odd_wav_files_are_refused,
		codecs_round_trip,
	};
	Suite *suite = suite_create("audio");
	TCase *tc = tcase_create("audio");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
