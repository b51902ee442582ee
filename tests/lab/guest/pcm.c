/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays and records by the kernel's own PCM interface, without a sound library between:
 *
 *   pcm play CHANNELS <SAMPLES     S16 at 48 kHz, to the end of the input, then waits until all is
 * played pcm record CHANNELS FRAMES >SAMPLES pcm info                       what the driver offers
 */
#include <errno.h>
#include <fcntl.h>
#include <sound/asound.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RATE   48000U
#define PERIOD 1024U	    /* frames */
#define BUFFER (6 * PERIOD) /* less than the 160 ms that the driver allows */

static void die(const char *what)
{
	fprintf(stderr, "pcm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct snd_interval *interval(struct snd_pcm_hw_params *p, int param)
{
	return &p->intervals[param - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
}

static struct snd_mask *mask(struct snd_pcm_hw_params *p, int param)
{
	return &p->masks[param - SNDRV_PCM_HW_PARAM_FIRST_MASK];
}

static void any(struct snd_pcm_hw_params *p)
{
	memset(p, 0, sizeof(*p));
	for (int i = SNDRV_PCM_HW_PARAM_FIRST_MASK; i <= SNDRV_PCM_HW_PARAM_LAST_MASK; i++)
		memset(mask(p, i)->bits, 0xff, sizeof(mask(p, i)->bits));
	for (int i = SNDRV_PCM_HW_PARAM_FIRST_INTERVAL; i <= SNDRV_PCM_HW_PARAM_LAST_INTERVAL; i++)
		interval(p, i)->max = ~0U;
	p->rmask = ~0U;
	p->info = ~0U;
}

static void fix(struct snd_pcm_hw_params *p, int param, unsigned int value)
{
	*interval(p, param) = (struct snd_interval){.min = value, .max = value, .integer = 1};
}

static void choose(struct snd_pcm_hw_params *p, int param, unsigned int value)
{
	memset(mask(p, param)->bits, 0, sizeof(mask(p, param)->bits));
	mask(p, param)->bits[value / 32] = 1U << (value % 32);
}

static int open_pcm(const char *path, unsigned int channels, snd_pcm_uframes_t start)
{
	struct snd_pcm_hw_params hw;
	struct snd_pcm_sw_params sw = {
		.period_step = 1,
		.avail_min = 1,
		.start_threshold = start,
		.stop_threshold = BUFFER,
		.boundary = BUFFER,
	};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die(path);
	any(&hw);
	choose(&hw, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
	choose(&hw, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
	choose(&hw, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
	fix(&hw, SNDRV_PCM_HW_PARAM_CHANNELS, channels);
	fix(&hw, SNDRV_PCM_HW_PARAM_RATE, RATE);
	fix(&hw, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, PERIOD);
	fix(&hw, SNDRV_PCM_HW_PARAM_BUFFER_SIZE, BUFFER);
	if (ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &hw) < 0)
		die("HW_PARAMS");
	/* The boundary is the largest multiple of the buffer that does not overflow. */
	while (sw.boundary * 2 <= 0x7fffffffUL - BUFFER)
		sw.boundary *= 2;
	if (ioctl(fd, SNDRV_PCM_IOCTL_SW_PARAMS, &sw) < 0)
		die("SW_PARAMS");
	if (ioctl(fd, SNDRV_PCM_IOCTL_PREPARE) < 0)
		die("PREPARE");
	return fd;
}

static int play(unsigned int channels)
{
	static char block[PERIOD * 16];
	int fd = open_pcm("/dev/snd/pcmC0D0p", channels, BUFFER);
	size_t frame = 2UL * channels;
	size_t n;

	while ((n = fread(block, frame, PERIOD, stdin)) > 0) {
		struct snd_xferi x = {.buf = block, .frames = n};

		if (ioctl(fd, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &x) < 0)
			die("WRITEI_FRAMES");
	}
	if (ioctl(fd, SNDRV_PCM_IOCTL_DRAIN) < 0)
		die("DRAIN");
	close(fd);
	printf("played\n");
	return 0;
}

static int record(unsigned int channels, unsigned long frames)
{
	static char block[PERIOD * 16];
	int fd = open_pcm("/dev/snd/pcmC0D0c", channels, 1);
	size_t frame = 2UL * channels;

	while (frames > 0) {
		unsigned long n = frames < PERIOD ? frames : PERIOD;
		struct snd_xferi x = {.buf = block, .frames = n};

		if (ioctl(fd, SNDRV_PCM_IOCTL_READI_FRAMES, &x) < 0)
			die("READI_FRAMES");
		if (fwrite(block, frame, n, stdout) != n)
			die("write");
		frames -= n;
	}
	close(fd);
	return 0;
}

static int info(void)
{
	static const char *const paths[] = {"/dev/snd/pcmC0D0p", "/dev/snd/pcmC0D0c"};

	for (size_t i = 0; i < 2; i++) {
		struct snd_pcm_hw_params hw;
		int fd = open(paths[i], O_RDWR | O_CLOEXEC);

		any(&hw);
		if (fd < 0 || ioctl(fd, SNDRV_PCM_IOCTL_HW_REFINE, &hw) < 0)
			die(paths[i]);
		printf("%s|channels %u..%u|rate %u..%u|formats", i ? "capture" : "playback",
		       interval(&hw, SNDRV_PCM_HW_PARAM_CHANNELS)->min,
		       interval(&hw, SNDRV_PCM_HW_PARAM_CHANNELS)->max,
		       interval(&hw, SNDRV_PCM_HW_PARAM_RATE)->min,
		       interval(&hw, SNDRV_PCM_HW_PARAM_RATE)->max);
		for (unsigned int f = 0; f < 64; f++)
			if (mask(&hw, SNDRV_PCM_HW_PARAM_FORMAT)->bits[f / 32] >> (f % 32) & 1)
				printf(" %u", f);
		printf("\n");
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "play") == 0)
		return play((unsigned int)strtoul(argv[2], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "record") == 0)
		return record((unsigned int)strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "info") == 0)
		return info();
	fprintf(stderr, "usage: pcm play CHANNELS | record CHANNELS FRAMES | info\n");
	return 2;
}
