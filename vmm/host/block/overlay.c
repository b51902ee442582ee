/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/driver.h"

#include "vmm/core/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Copy-on-write view of an image: what is written goes to the same place of a sparse temporary
 * file (the top), and one bit a sector tells that it is there. Everything else is read from the
 * base; behind the base's end there is only the top, whose holes read as zeros.
 *
 * A bit a sector rather than one a cluster: every write covers whole sectors, so none has to be
 * completed from the base first, and two writes in flight cannot take each other's bytes away. The
 * map costs 1/4096 of what it describes, and only its touched pages exist.
 *
 * A read is cut into runs that lie in one place; they are read one after the other, so that a
 * request never needs more than one `struct part`.
 */

#define SECTORS_PER_WORD 64U

struct overlay {
	struct block blk;
	struct block *base;
	struct block *top;
	uint64_t base_end; /* sectors; from there on all is in the top */
	uint64_t *map;	   /* bit set: the sector is in the top */
	size_t map_bytes;
	struct part *free_parts;
	size_t in_flight;
	struct request_list
		answered; /* progress holds the error number; for the timer to give back */
	struct loop_timer *timer;
};

/* The piece of a request that is under way, as a request to the top or to the base. */
struct part {
	struct block_request req; /* first: part_done() gets this */
	struct overlay *overlay;
	struct block_request *whole; /* its progress is the overlay's */
	struct part *next_free;
};

static size_t map_bytes_for(uint64_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size_t)(size / BLOCK_SECTOR / 8) / page * page + page;
}

static int map_grow(struct overlay *ov, uint64_t size, struct err *err)
{
	size_t bytes = map_bytes_for(size);
	void *map;

	if (bytes <= ov->map_bytes)
		return 0;
	if (ov->map)
		map = mremap(ov->map, ov->map_bytes, bytes, MREMAP_MAYMOVE);
	else
		map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return err_set_errno(err, errno,
				     "snapshot=on: map of %zu bytes for a disk of %" PRIu64, bytes,
				     size);
	ov->map = map;
	ov->map_bytes = bytes;
	return 0;
}

/* Forgets all from @sector on. Whole pages are given back, and come again as zeros. */
static void map_cut(struct overlay *ov, uint64_t sector)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t word = (size_t)(sector / SECTORS_PER_WORD);
	size_t begin = (word + 1) * sizeof(*ov->map);
	size_t whole = (begin + page - 1) / page * page;

	ov->map[word] &= (1ULL << sector % SECTORS_PER_WORD) - 1;
	memset((char *)ov->map + begin, 0, whole - begin);
	if (whole < ov->map_bytes)
		madvise((char *)ov->map + whole, ov->map_bytes - whole, MADV_DONTNEED);
}

static void map_set(struct overlay *ov, uint64_t first, uint64_t end)
{
	while (first < end) {
		unsigned int bit = first % SECTORS_PER_WORD;
		uint64_t count = SECTORS_PER_WORD - bit;
		uint64_t ones = ~0ULL;

		if (count > end - first) {
			count = end - first;
			ones = (1ULL << count) - 1;
		}
		ov->map[first / SECTORS_PER_WORD] |= ones << bit;
		first += count;
	}
}

/* The end of the run of sectors from @first on, at most @end, that lie where @first does; *@where
 * is that place. */
static uint64_t find_run(const struct overlay *ov, uint64_t first, uint64_t end,
			 struct block **where)
{
	uint64_t flip;

	*where = ov->top;
	if (first >= ov->base_end)
		return end;
	if (end > ov->base_end)
		end = ov->base_end;
	/* Flipped so that a one is a sector that lies elsewhere. */
	flip = ov->map[first / SECTORS_PER_WORD] >> first % SECTORS_PER_WORD & 1 ? ~0ULL : 0;
	if (!flip)
		*where = ov->base;
	while (first < end) {
		unsigned int bit = first % SECTORS_PER_WORD;
		uint64_t word = (ov->map[first / SECTORS_PER_WORD] ^ flip) >> bit;

		if (word) {
			first += (unsigned int)__builtin_ctzll(word);
			break;
		}
		first += SECTORS_PER_WORD - bit;
	}
	return first < end ? first : end;
}

/* Submits what comes next of the request and returns the driver that has to be kicked. */
static struct block *submit_part(struct part *part)
{
	struct overlay *ov = part->overlay;
	const struct block_request *whole = part->whole;
	uint64_t offset = whole->offset + whole->progress;
	uint64_t end = whole->offset + whole->len;
	struct block *where = ov->top;

	if (whole->op == BLOCK_READ)
		end = BLOCK_SECTOR *
		      find_run(ov, offset / BLOCK_SECTOR, end / BLOCK_SECTOR, &where);
	part->req.op = whole->op;
	part->req.offset = offset;
	part->req.buf = whole->buf + whole->progress;
	part->req.len = (size_t)(end - offset);
	block_submit(where, &part->req);
	return where;
}

static void part_done(struct block_request *req, int result)
{
	struct part *part = (struct part *)req;
	struct overlay *ov = part->overlay;
	struct block_request *whole = part->whole;

	if (!result && req->op == BLOCK_WRITE)
		map_set(ov, req->offset / BLOCK_SECTOR, (req->offset + req->len) / BLOCK_SECTOR);
	whole->progress += req->len;
	if (!result && whole->progress < whole->len) {
		block_kick(submit_part(part));
		return;
	}
	part->next_free = ov->free_parts;
	ov->free_parts = part;
	ov->in_flight--;
	request_finish(whole, result);
}

static struct part *take_part(struct overlay *ov)
{
	struct part *part = ov->free_parts;

	if (part) {
		ov->free_parts = part->next_free;
		return part;
	}
	part = calloc(1, sizeof(*part));
	if (part) {
		part->overlay = ov;
		part->req.done = part_done;
	}
	return part;
}

/* Through the loop, because `done` must not run inside submit. */
static void answer_later(struct overlay *ov, struct block_request *req, int result)
{
	req->progress = (size_t)-result;
	request_list_push(&ov->answered, req);
	loop_set_timer(ov->timer, 1);
}

static void give_answers(void *arg)
{
	struct overlay *ov = arg;
	struct request_list all = request_list_take(&ov->answered);
	struct block_request *req;

	while ((req = request_list_pop(&all)))
		request_finish(req, -(int)req->progress);
}

static void overlay_submit(struct block *blk, struct block_request *req)
{
	struct overlay *ov = (struct overlay *)blk;
	struct part *part;

	/* What is thrown away at the end need not be durable. */
	if (req->op == BLOCK_FLUSH) {
		answer_later(ov, req, 0);
		return;
	}
	part = take_part(ov);
	if (!part) {
		answer_later(ov, req, -ENOMEM);
		return;
	}
	req->progress = 0;
	part->whole = req;
	ov->in_flight++;
	submit_part(part);
}

static void overlay_kick(struct block *blk)
{
	struct overlay *ov = (struct overlay *)blk;

	block_kick(ov->top);
	block_kick(ov->base);
}

static void overlay_drain(struct block *blk)
{
	struct overlay *ov = (struct overlay *)blk;

	while (ov->in_flight || ov->answered.count) {
		give_answers(ov);
		block_drain(ov->base);
		block_drain(ov->top);
	}
}

static int overlay_resize(struct block *blk, uint64_t size, struct err *err)
{
	struct overlay *ov = (struct overlay *)blk;
	uint64_t sectors = size / BLOCK_SECTOR;
	int rc = map_grow(ov, size, err);

	if (rc)
		return rc;
	rc = block_resize(ov->top, size, err);
	if (rc)
		return rc;
	if (size < blk->size)
		map_cut(ov, sectors);
	/* What was cut off does not come back when the disk grows again. */
	if (sectors < ov->base_end)
		ov->base_end = sectors;
	blk->size = size;
	return 0;
}

static void overlay_destroy(struct block *blk)
{
	struct overlay *ov = (struct overlay *)blk;
	struct part *part = ov->free_parts;

	while (part) {
		struct part *next = part->next_free;

		free(part);
		part = next;
	}
	if (ov->map)
		munmap(ov->map, ov->map_bytes);
	loop_del_timer(ov->timer);
	block_destroy(ov->top);
	block_destroy(ov->base);
	free(ov);
}

static const struct block_ops overlay_ops = {
	.name = "overlay",
	.submit = overlay_submit,
	.kick = overlay_kick,
	.drain = overlay_drain,
	.resize = overlay_resize,
	.destroy = overlay_destroy,
};

struct block *overlay_create(struct block *base, enum block_aio aio, struct loop *loop,
			     struct err *err)
{
	struct overlay *ov = calloc(1, sizeof(*ov));
	struct raw_file file;

	if (!ov) {
		err_set(err, -ENOMEM, "snapshot=on: out of memory");
		return NULL;
	}
	ov->timer = loop_add_timer(loop, give_answers, ov);
	if (!ov->timer)
		err_set(err, -ENOMEM, "snapshot=on: out of memory");
	else if (!map_grow(ov, base->size, err) && !raw_file_temporary(&file, base->size, err))
		ov->top = raw_create(&file, aio, loop, err);
	if (!ov->top) {
		overlay_destroy(&ov->blk);
		return NULL;
	}
	ov->base = base;
	ov->base_end = base->size / BLOCK_SECTOR;
	ov->blk = (struct block){&overlay_ops, base->size, false};
	return &ov->blk;
}
