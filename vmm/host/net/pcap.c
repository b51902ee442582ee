/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/clock.h"
#include "vmm/core/log.h"
#include "vmm/host/net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Captures what passes through another backend to a pcap file. Each record is one write, so the
 * file is complete up to the last frame whenever the program ends. When a record cannot be written
 * whole, the file is cut back to the one before, and the capture ends; the network goes on.
 *
 * A frame is captured when it is taken: one that is refused, and offered or sent again, once only.
 */

/* The file format as libpcap documents it (pcap-savefile); host byte order, nanoseconds. */
#define PCAP_MAGIC_NS	  0xa1b23c4dU
#define PCAP_MAJOR	  2
#define PCAP_MINOR	  4
#define PCAP_SNAPLEN	  262144U /* the usual maximum; no frame is as long */
#define LINKTYPE_ETHERNET 1U

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, sigfigs;
	uint32_t snaplen;
	uint32_t linktype;
};

struct pcap_record {
	uint32_t seconds, nanoseconds;
	uint32_t captured, length;
};

struct net_pcap {
	struct net net;
	struct net *below;
	int fd; /* -1 once the capture has ended */
	off_t size;
	struct clock clock;
	char *path;
};

static struct net_pcap *to_pcap(struct net *n)
{
	return (struct net_pcap *)n;
}

/* Writes all of @iov at the end, or nothing. */
static int append(struct net_pcap *p, const struct iovec *iov, int n)
{
	ssize_t want = 0;
	ssize_t done;

	for (int i = 0; i < n; i++)
		want += (ssize_t)iov[i].iov_len;
	do {
		done = pwritev(p->fd, iov, n, p->size);
	} while (done < 0 && errno == EINTR);
	if (done == want) {
		p->size += done;
		return 0;
	}
	return done < 0 ? -errno : -ENOSPC;
}

static void end_capture(struct net_pcap *p, int errnum)
{
	log_warn("capture %s: %s; the capture ends here, the network goes on", p->path,
		 strerror(errnum));
	if (ftruncate(p->fd, p->size) < 0)
		log_warn("capture %s: its last frame is incomplete", p->path);
	close(p->fd);
	p->fd = -1;
}

static void capture(struct net_pcap *p, const void *frame, size_t len)
{
	uint64_t now;
	struct pcap_record record;
	const struct iovec iov[] = {
		{&record, sizeof(record)},
		{(void *)frame, len},
	};
	int rc;

	if (p->fd < 0)
		return;
	now = clock_realtime_ns(&p->clock);
	record = (struct pcap_record){
		.seconds = (uint32_t)(now / NS_PER_SEC),
		.nanoseconds = (uint32_t)(now % NS_PER_SEC),
		.captured = (uint32_t)len,
		.length = (uint32_t)len,
	};
	rc = append(p, iov, 2);
	if (rc < 0)
		end_capture(p, -rc);
}

static void copy_counters(struct net_pcap *p)
{
	p->net.tx_dropped = p->below->tx_dropped;
	p->net.rx_dropped = p->below->rx_dropped;
}

static bool on_receive(void *arg, const struct net_offload *offload, const void *frame, size_t len)
{
	struct net_pcap *p = arg;

	copy_counters(p);
	if (!p->net.user.receive(p->net.user.arg, offload, frame, len))
		return false;
	capture(p, frame, len);
	return true;
}

static void on_received(void *arg)
{
	struct net_pcap *p = arg;

	copy_counters(p);
	p->net.user.received(p->net.user.arg);
}

static void on_writable(void *arg)
{
	struct net_pcap *p = arg;

	p->net.user.writable(p->net.user.arg);
}

static int pcap_start(struct net *n, struct err *err)
{
	struct net_user user = {
		.receive = on_receive,
		.received = on_received,
		.writable = on_writable,
		.arg = n,
	};

	return net_start(to_pcap(n)->below, &user, err);
}

static int pcap_send(struct net *n, const struct net_offload *offload, const void *frame,
		     size_t len)
{
	struct net_pcap *p = to_pcap(n);
	int rc = net_send(p->below, offload, frame, len);

	copy_counters(p);
	if (rc == 0)
		capture(p, frame, len);
	return rc;
}

static void pcap_flush(struct net *n)
{
	net_flush(to_pcap(n)->below);
	copy_counters(to_pcap(n));
}

static void pcap_want_input(struct net *n)
{
	net_want_input(to_pcap(n)->below);
}

static void pcap_set_offloads(struct net *n, unsigned int rx)
{
	net_set_offloads(to_pcap(n)->below, rx);
}

static void pcap_destroy(struct net *n)
{
	struct net_pcap *p = to_pcap(n);

	net_destroy(p->below);
	if (p->fd >= 0)
		close(p->fd);
	free(p->path);
	free(p);
}

static const struct net_ops pcap_ops = {
	.name = "pcap",
	.start = pcap_start,
	.send = pcap_send,
	.flush = pcap_flush,
	.want_input = pcap_want_input,
	.set_offloads = pcap_set_offloads,
	.destroy = pcap_destroy,
};

/* Opens the file, empties it and writes its header. */
static int begin_capture(struct net_pcap *p, struct err *err)
{
	struct pcap_header header = {
		.magic = PCAP_MAGIC_NS,
		.major = PCAP_MAJOR,
		.minor = PCAP_MINOR,
		.snaplen = PCAP_SNAPLEN,
		.linktype = LINKTYPE_ETHERNET,
	};
	const struct iovec iov = {&header, sizeof(header)};
	struct stat st;
	int rc;

	/* Non-blocking only for what is not a file: that would stop the loop, and is refused. */
	p->fd = open(p->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (p->fd < 0)
		return err_set_errno(err, errno, "capture %s: cannot write the file", p->path);
	if (fstat(p->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "capture %s: not a regular file; choose another path",
			       p->path);
	if (ftruncate(p->fd, 0) < 0)
		return err_set_errno(err, errno, "capture %s: cannot empty the file", p->path);
	rc = append(p, &iov, 1);
	return rc < 0 ? err_set_errno(err, -rc, "capture %s: cannot write its header", p->path) : 0;
}

struct net *net_pcap_open(struct net *below, const char *path, struct loop *loop, struct err *err)
{
	struct net_pcap *p = calloc(1, sizeof(*p));
	char *copy = strdup(path);

	(void)loop;
	if (!p || !copy) {
		err_set(err, -ENOMEM, "capture %s: out of memory", path);
		free(p);
		free(copy);
		net_destroy(below);
		return NULL;
	}
	p->net = (struct net){
		.ops = &pcap_ops,
		.tx_offloads = below->tx_offloads,
		.rx_offloads = below->rx_offloads,
	};
	p->below = below;
	p->fd = -1;
	p->clock = clock_host();
	p->path = copy;
	if (begin_capture(p, err) < 0) {
		pcap_destroy(&p->net);
		return NULL;
	}
	return &p->net;
}
