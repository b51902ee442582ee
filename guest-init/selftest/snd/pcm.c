/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/snd/pcm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sound/asound.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"

#define RATE	      48000
#define CHANNELS      2
#define PERIOD_MS     20
#define BUFFER_MS     160
#define XRUNS_MAX     1000
#define DRAIN_POLL_MS 5

typedef struct snd_pcm_hw_params hw_params;

static struct snd_interval *interval(hw_params *p, int which)
{
	return &p->intervals[which - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
}

static void set_mask(hw_params *p, int which, unsigned bit)
{
	struct snd_mask *m = &p->masks[which - SNDRV_PCM_HW_PARAM_FIRST_MASK];

	memset(m, 0, sizeof(*m));
	m->bits[bit / 32] = 1U << bit % 32;
}

/* Everything is possible: the kernel narrows it down. */
static void any_params(hw_params *p)
{
	memset(p, 0, sizeof(*p));
	memset(p->masks, 0xff, sizeof(p->masks));
	for (size_t i = 0; i < sizeof(p->intervals) / sizeof(p->intervals[0]); i++)
		p->intervals[i].max = UINT32_MAX;
	p->rmask = UINT32_MAX;
	p->info = UINT32_MAX;
	set_mask(p, SNDRV_PCM_HW_PARAM_ACCESS, (unsigned)SNDRV_PCM_ACCESS_RW_INTERLEAVED);
	set_mask(p, SNDRV_PCM_HW_PARAM_FORMAT, (unsigned)SNDRV_PCM_FORMAT_S16_LE);
}

static int refine(int fd, hw_params *p)
{
	p->rmask = UINT32_MAX;
	return ioctl(fd, SNDRV_PCM_IOCTL_HW_REFINE, p) ? -errno : 0;
}

/* Narrows one interval to the value nearest to @wish that is still possible. */
static int choose(int fd, hw_params *p, int which, unsigned wish)
{
	struct snd_interval *i = interval(p, which);
	unsigned value = wish < i->min ? i->min : wish > i->max ? i->max : wish;
	hw_params tried = *p;
	int ret;

	*interval(&tried, which) = (struct snd_interval){.min = value, .max = value, .integer = 1};
	ret = refine(fd, &tried);
	if (ret) {
		/* Not that very one: at least so much, or else at most. */
		tried = *p;
		interval(&tried, which)->min = value;
		ret = refine(fd, &tried);
	}
	if (ret) {
		tried = *p;
		interval(&tried, which)->max = value;
		ret = refine(fd, &tried);
	}
	if (!ret)
		*p = tried;
	return ret;
}

static int set_software(const struct pcm *pcm)
{
	struct snd_pcm_sw_params p = {
		.period_step = 1,
		.avail_min = pcm->period,
		.start_threshold = pcm->capture ? 1 : pcm->buffer,
		.stop_threshold = pcm->buffer,
		.boundary = pcm->buffer,
		.proto = SNDRV_PCM_VERSION,
	};

	while (p.boundary * 2 <= LONG_MAX - pcm->buffer)
		p.boundary *= 2;
	return ioctl(pcm->fd, SNDRV_PCM_IOCTL_SW_PARAMS, &p) ? -errno : 0;
}

static int set_up(struct pcm *pcm)
{
	hw_params p;
	int ret;

	any_params(&p);
	ret = refine(pcm->fd, &p);
	if (!ret)
		ret = choose(pcm->fd, &p, SNDRV_PCM_HW_PARAM_RATE, RATE);
	if (!ret)
		ret = choose(pcm->fd, &p, SNDRV_PCM_HW_PARAM_CHANNELS, CHANNELS);
	if (!ret)
		ret = choose(pcm->fd, &p, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, RATE / 1000 * PERIOD_MS);
	if (!ret)
		ret = choose(pcm->fd, &p, SNDRV_PCM_HW_PARAM_BUFFER_SIZE, RATE / 1000 * BUFFER_MS);
	if (!ret && ioctl(pcm->fd, SNDRV_PCM_IOCTL_HW_PARAMS, &p))
		ret = -errno;
	if (ret)
		return ret;
	pcm->rate = interval(&p, SNDRV_PCM_HW_PARAM_RATE)->min;
	pcm->channels = interval(&p, SNDRV_PCM_HW_PARAM_CHANNELS)->min;
	pcm->period = interval(&p, SNDRV_PCM_HW_PARAM_PERIOD_SIZE)->min;
	pcm->buffer = interval(&p, SNDRV_PCM_HW_PARAM_BUFFER_SIZE)->min;
	if (!pcm->rate || !pcm->channels || !pcm->period || pcm->period > pcm->buffer)
		return -EINVAL;
	ret = set_software(pcm);
	if (!ret && ioctl(pcm->fd, SNDRV_PCM_IOCTL_PREPARE))
		ret = -errno;
	return ret;
}

static int open_node(const char *node, bool capture)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/snd/%s", node);
	fd = open(path, (capture ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int pcm_open(struct pcm *pcm, const char *node, bool capture)
{
	int ret;

	*pcm = (struct pcm){.fd = open_node(node, capture), .capture = capture};
	if (pcm->fd < 0)
		return pcm->fd;
	ret = set_up(pcm);
	if (ret)
		pcm_close(pcm);
	return ret;
}

void pcm_close(struct pcm *pcm)
{
	if (pcm->fd >= 0)
		close(pcm->fd);
	pcm->fd = -1;
}

int pcm_start(struct pcm *pcm)
{
	return ioctl(pcm->fd, SNDRV_PCM_IOCTL_START) ? -errno : 0;
}

static int recover(struct pcm *pcm)
{
	if (++pcm->xruns > XRUNS_MAX)
		return -EPIPE;
	if (ioctl(pcm->fd, SNDRV_PCM_IOCTL_PREPARE))
		return -errno;
	return pcm->capture ? pcm_start(pcm) : 0;
}

long pcm_transfer(struct pcm *pcm, int16_t *samples, unsigned long frames, uint64_t deadline)
{
	struct pollfd p = {.fd = pcm->fd, .events = pcm->capture ? POLLIN : POLLOUT};
	unsigned long done = 0;

	while (done < frames) {
		struct snd_xferi x = {.buf = samples + done * pcm->channels,
				      .frames = frames - done};
		int ret = pcm->capture ? ioctl(pcm->fd, SNDRV_PCM_IOCTL_READI_FRAMES, &x)
				       : ioctl(pcm->fd, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &x);

		if (ret && errno == EPIPE) {
			ret = recover(pcm);
			if (ret)
				return ret;
			continue;
		}
		if (ret && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (!ret && x.result > 0) {
			done += (unsigned long)x.result;
			continue;
		}
		if (clock_ns() >= deadline)
			break;
		poll(&p, 1, clock_left_ms(deadline));
	}
	return (long)done;
}

int pcm_drain(struct pcm *pcm, uint64_t deadline)
{
	/* On a non-blocking descriptor this only begins it. */
	if (ioctl(pcm->fd, SNDRV_PCM_IOCTL_DRAIN) && errno != EAGAIN)
		return -errno;
	for (;;) {
		struct snd_pcm_status s;

		memset(&s, 0, sizeof(s));
		if (ioctl(pcm->fd, SNDRV_PCM_IOCTL_STATUS, &s))
			return -errno;
		if (s.state == SNDRV_PCM_STATE_SETUP)
			return 0;
		if (s.state != SNDRV_PCM_STATE_DRAINING && s.state != SNDRV_PCM_STATE_RUNNING)
			return -EPIPE;
		if (clock_ns() >= deadline)
			return -ETIMEDOUT;
		clock_sleep_ms(DRAIN_POLL_MS);
	}
}

int pcm_try_buffer(const char *node, bool capture, unsigned bytes, uint64_t *got)
{
	int fd = open_node(node, capture);
	hw_params p;
	int ret;

	if (fd < 0)
		return fd;
	any_params(&p);
	interval(&p, SNDRV_PCM_HW_PARAM_BUFFER_BYTES)->min = bytes;
	ret = refine(fd, &p);
	if (!ret)
		ret = choose(fd, &p, SNDRV_PCM_HW_PARAM_RATE, RATE);
	if (!ret)
		ret = choose(fd, &p, SNDRV_PCM_HW_PARAM_CHANNELS, CHANNELS);
	if (!ret)
		ret = choose(fd, &p, SNDRV_PCM_HW_PARAM_BUFFER_BYTES, bytes);
	if (!ret && ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &p))
		ret = -errno;
	if (!ret)
		*got = interval(&p, SNDRV_PCM_HW_PARAM_BUFFER_BYTES)->min;
	close(fd);
	return ret;
}
