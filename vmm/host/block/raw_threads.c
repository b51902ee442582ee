/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/driver.h"

#include "vmm/core/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * Raw image by a few threads that make blocking calls, for hosts that refuse io_uring. Threads
 * start when there is more to do than they are; they stay until the image is closed.
 *
 * A thread puts what it finished on a list; the first on an empty list signals an eventfd, and the
 * loop takes the whole list at once.
 */

#define POOL_THREADS 4

struct raw_threads {
	struct block blk;
	struct raw_file file;
	struct loop *loop;
	struct loop_fd *source;
	int finished_fd;
	struct request_list queued; /* not kicked yet */
	size_t in_flight;	    /* kicked and not given back */

	/* The loop's thread and the pool, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t work_waits;
	pthread_cond_t some_finished;
	struct request_list work;
	struct request_list finished; /* progress holds the error number */
	size_t idle;
	bool stop;

	size_t threads;
	pthread_t thread[POOL_THREADS];
};

static int perform(const struct raw_file *file, struct block_request *req)
{
	int more;

	do {
		size_t left = req->len - req->progress;
		off_t at = (off_t)(req->offset + req->progress);
		ssize_t n;

		if (req->op == BLOCK_FLUSH)
			n = fdatasync(file->fd);
		else if (req->op == BLOCK_READ)
			n = pread(file->fd, req->buf + req->progress, left, at);
		else
			n = pwrite(file->fd, req->buf + req->progress, left, at);
		more = raw_file_advance(req, n < 0 ? -errno : n);
	} while (more > 0);
	return more;
}

static void wake_loop(struct raw_threads *t)
{
	uint64_t one = 1;

	/* Cannot fail: the counter takes more batches than there will ever be. */
	if (write(t->finished_fd, &one, sizeof(one)) < 0)
		return;
}

/* Called under the lock, which is not held over anything slow, nor over what wakes a thread that
 * wants the lock next. */
static void work_off(struct raw_threads *t)
{
	struct block_request *req;

	while ((req = request_list_pop(&t->work))) {
		int result;

		pthread_mutex_unlock(&t->lock);
		result = perform(&t->file, req);
		pthread_mutex_lock(&t->lock);
		req->progress = (size_t)-result;
		request_list_push(&t->finished, req);
		if (t->finished.count > 1)
			continue;
		pthread_cond_signal(&t->some_finished);
		pthread_mutex_unlock(&t->lock);
		wake_loop(t);
		pthread_mutex_lock(&t->lock);
	}
}

static void *pool_thread(void *arg)
{
	struct raw_threads *t = arg;

	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		work_off(t);
		t->idle++;
		while (!t->stop && !t->work.count)
			pthread_cond_wait(&t->work_waits, &t->lock);
		t->idle--;
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static bool start_thread(struct raw_threads *t)
{
	sigset_t all, before;
	int rc;

	/* Signals are for the threads that expect them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&t->thread[t->threads], NULL, pool_thread, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return false;
	pthread_setname_np(t->thread[t->threads++], "vise-block");
	return true;
}

static void give_back(struct raw_threads *t)
{
	struct request_list batch;
	struct block_request *req;

	pthread_mutex_lock(&t->lock);
	batch = request_list_take(&t->finished);
	pthread_mutex_unlock(&t->lock);
	while ((req = request_list_pop(&batch))) {
		t->in_flight--;
		request_finish(req, -(int)req->progress);
	}
}

static void on_finished(void *arg, unsigned int events)
{
	(void)events;
	give_back(arg);
}

static void threads_submit(struct block *blk, struct block_request *req)
{
	struct raw_threads *t = (struct raw_threads *)blk;

	req->progress = 0;
	request_list_push(&t->queued, req);
}

static void threads_kick(struct block *blk)
{
	struct raw_threads *t = (struct raw_threads *)blk;
	struct block_request *req;
	size_t idle, lacking;

	if (!t->queued.count)
		return;
	pthread_mutex_lock(&t->lock);
	while ((req = request_list_pop(&t->queued))) {
		request_list_push(&t->work, req);
		t->in_flight++;
	}
	idle = t->idle < t->work.count ? t->idle : t->work.count;
	lacking = t->work.count - idle;
	pthread_mutex_unlock(&t->lock);
	while (idle--)
		pthread_cond_signal(&t->work_waits);
	while (lacking-- && t->threads < POOL_THREADS && start_thread(t))
		;
	if (t->threads)
		return;
	/* The host has no thread for us: slow is better than failed. */
	pthread_mutex_lock(&t->lock);
	work_off(t);
	pthread_mutex_unlock(&t->lock);
}

static void threads_read_now(struct block *blk, struct loop_now *reads, unsigned int n)
{
	const struct raw_threads *t = (const struct raw_threads *)blk;

	loop_read_now(t->loop, t->file.fd, reads, n);
}

static void threads_drain(struct block *blk)
{
	struct raw_threads *t = (struct raw_threads *)blk;

	for (threads_kick(blk); t->in_flight; threads_kick(blk)) {
		pthread_mutex_lock(&t->lock);
		while (!t->finished.count)
			pthread_cond_wait(&t->some_finished, &t->lock);
		pthread_mutex_unlock(&t->lock);
		give_back(t);
	}
}

static int threads_resize(struct block *blk, uint64_t size, struct err *err)
{
	struct raw_threads *t = (struct raw_threads *)blk;
	int rc = raw_file_resize(&t->file, size, err);

	if (!rc)
		blk->size = size;
	return rc;
}

static void threads_destroy(struct block *blk)
{
	struct raw_threads *t = (struct raw_threads *)blk;

	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_broadcast(&t->work_waits);
	pthread_mutex_unlock(&t->lock);
	while (t->threads)
		pthread_join(t->thread[--t->threads], NULL);
	loop_del_fd(t->source);
	close(t->finished_fd);
	raw_file_close(&t->file);
	pthread_cond_destroy(&t->some_finished);
	pthread_cond_destroy(&t->work_waits);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static const struct block_ops threads_ops = {
	.name = "raw/threads",
	.submit = threads_submit,
	.kick = threads_kick,
	.read_now = threads_read_now,
	.drain = threads_drain,
	.resize = threads_resize,
	.destroy = threads_destroy,
};

struct block *raw_threads_create(const struct raw_file *file, struct loop *loop, struct err *err)
{
	struct raw_threads *t = calloc(1, sizeof(*t));

	if (!t) {
		err_set(err, -ENOMEM, "disk image %s: out of memory", file->path);
		return NULL;
	}
	t->loop = loop;
	t->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->finished_fd < 0) {
		err_set_errno(err, errno, "disk image %s: eventfd", file->path);
		goto fail_eventfd;
	}
	t->source = loop_add_fd(loop, t->finished_fd, LOOP_READ | LOOP_EDGE, on_finished, t, err);
	if (!t->source)
		goto fail;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work_waits, NULL);
	pthread_cond_init(&t->some_finished, NULL);
	t->file = *file;
	t->blk = (struct block){&threads_ops, file->size, file->read_only};
	return &t->blk;
fail:
	close(t->finished_fd);
fail_eventfd:
	free(t);
	return NULL;
}
