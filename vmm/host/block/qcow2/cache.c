/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Metadata in memory: pages of L2 tables and refcount blocks, which come and go, and the two tables
 * that stay. What is changed is marked by the sector; a commit copies it out.
 */

static struct qcow2_page **bucket(struct qcow2 *q, uint64_t offset)
{
	return &q->hash[(offset / q->page_size * 0x9e3779b97f4a7c15ULL >> 32) % QCOW2_HASH];
}

static struct qcow2_page *find(struct qcow2 *q, uint64_t offset)
{
	struct qcow2_page *page = *bucket(q, offset);

	while (page && page->offset != offset)
		page = page->hash_next;
	return page;
}

static void unhash(struct qcow2 *q, const struct qcow2_page *page)
{
	struct qcow2_page **at = bucket(q, page->offset);

	while (*at != page)
		at = &(*at)->hash_next;
	*at = page->hash_next;
}

/* The page that was not used for longest among those that nothing holds. */
static unsigned int oldest(const struct qcow2 *q)
{
	unsigned int best = q->n_pages;

	for (unsigned int i = 0; i < q->n_pages; i++) {
		const struct qcow2_page *page = q->pages[i];

		if (page->loading || page->anchoring || page->committing || page->pins ||
		    page->dirty)
			continue;
		if (best == q->n_pages || page->used < q->pages[best]->used)
			best = i;
	}
	return best;
}

/* An empty page, at the expense of another one when there are many; NULL when all are held. */
static struct qcow2_page *new_page(struct qcow2 *q)
{
	struct qcow2_page *page;
	unsigned int i;

	if (q->n_pages == q->max_pages) {
		i = oldest(q);
		if (i == q->n_pages)
			return NULL;
		page = q->pages[i];
		unhash(q, page);
	} else {
		page = malloc(sizeof(*page) + q->page_size);
		if (!page)
			return NULL;
		q->pages[q->n_pages++] = page;
	}
	memset(page, 0, sizeof(*page));
	page->q = q;
	return page;
}

/* Takes a page that could not be read out of the cache. */
static void remove_page(struct qcow2 *q, struct qcow2_page *page)
{
	unhash(q, page);
	for (unsigned int i = 0; i < q->n_pages; i++) {
		if (q->pages[i] != page)
			continue;
		q->pages[i] = q->pages[--q->n_pages];
		break;
	}
	free(page);
}

static void page_done(struct block_request *req, int result)
{
	struct qcow2_page *page = (struct qcow2_page *)req;
	struct qcow2 *q = page->q;
	bool lost = page->loading && result;

	if (page->anchoring && !result) {
		page->anchored = true;
		if (page->offset + req->len > q->file_end)
			q->file_end = page->offset + req->len;
	}
	page->loading = page->anchoring = false;
	qcow2_wake(q, &page->waiters, result);
	if (lost)
		remove_page(q, page);
	qcow2_pump(q);
}

static void submit(struct qcow2_page *page, enum block_op op, size_t len)
{
	page->req = (struct block_request){.op = op,
					   .offset = page->offset,
					   .buf = page->bytes,
					   .len = len,
					   .done = page_done};
	block_submit(page->q->file, &page->req);
}

/* When all pages are held, a commit lets go of some. */
static int wait_for_page(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;

	if (q->n_pages < q->max_pages || q->blk.read_only)
		return -ENOMEM;
	qcow2_ask_commit(q);
	qcow2_list_push(&q->commit.waiters, op);
	return -EAGAIN;
}

struct qcow2_page *qcow2_page_get(struct qcow2_op *op, uint64_t offset, int *rc)
{
	struct qcow2 *q = op->q;
	struct qcow2_page *page;
	size_t there;

	offset -= offset % q->page_size;
	page = find(q, offset);
	*rc = -EAGAIN;
	if (!page) {
		page = new_page(q);
		if (!page) {
			*rc = wait_for_page(op);
			return NULL;
		}
		page->offset = offset;
		page->hash_next = *bucket(q, offset);
		*bucket(q, offset) = page;
		there = qcow2_clip_read(q, offset, page->bytes, q->page_size);
		page->loading = there;
		if (there)
			submit(page, BLOCK_READ, there);
	}
	page->used = ++q->uses;
	if (page->loading) {
		qcow2_list_push(&page->waiters, op);
		return NULL;
	}
	*rc = 0;
	return page;
}

struct qcow2_page *qcow2_page_for_change(struct qcow2_op *op, uint64_t offset, int *rc)
{
	struct qcow2_page *page = qcow2_page_get(op, offset, rc);

	if (!page || page->anchored)
		return page;
	if (!page->anchoring) {
		page->anchoring = true;
		submit(page, BLOCK_WRITE, op->q->page_size);
	}
	qcow2_list_push(&page->waiters, op);
	*rc = -EAGAIN;
	return NULL;
}

uint8_t *qcow2_page_at(const struct qcow2 *q, struct qcow2_page *page, uint64_t offset)
{
	return page->bytes + offset % q->page_size;
}

static void note_dirty(struct qcow2 *q)
{
	q->dirty_sectors++;
	if (q->dirty_sectors >= QCOW2_DIRTY_SECTORS || q->dirty_pages >= QCOW2_DIRTY_PAGES)
		qcow2_ask_commit(q);
	else
		qcow2_commit_later(q);
}

void qcow2_page_changed(struct qcow2 *q, struct qcow2_page *page, unsigned int at, unsigned int len,
			enum qcow2_stage stage)
{
	page->stage = stage;
	for (unsigned int i = at / BLOCK_SECTOR; i <= (at + len - 1) / BLOCK_SECTOR; i++) {
		if (page->dirty >> i & 1)
			continue;
		q->dirty_pages += !page->dirty;
		page->dirty |= (uint8_t)(1U << i);
		note_dirty(q);
	}
}

void qcow2_cache_free(struct qcow2 *q)
{
	for (unsigned int i = 0; i < q->n_pages; i++)
		free(q->pages[i]);
	free(q->pages);
	free(q->l1.bytes);
	free(q->l1.state);
	free(q->reftable.bytes);
	free(q->reftable.state);
}

/* ---- tables ---- */

#define ENTRIES_PER_SECTOR (BLOCK_SECTOR / 8)

uint64_t qcow2_table_entry(const struct qcow2_table *table, uint64_t i)
{
	return i < table->entries ? ld_be64(table->bytes + i * 8) : 0;
}

int qcow2_table_anchor(struct qcow2_op *op, struct qcow2_table *table, uint64_t i)
{
	size_t sector = (size_t)(i / ENTRIES_PER_SECTOR);

	if (table->state[sector] & QCOW2_TABLE_ANCHORED)
		return 0;
	op->anchored = &table->state[sector];
	qcow2_write_file(op, 0, table->offset + sector * BLOCK_SECTOR,
			 table->bytes + sector * BLOCK_SECTOR, BLOCK_SECTOR);
	return -EAGAIN;
}

void qcow2_table_set(struct qcow2 *q, struct qcow2_table *table, uint64_t i, uint64_t value)
{
	uint8_t *state = &table->state[i / ENTRIES_PER_SECTOR];

	st_be64(table->bytes + i * 8, value);
	table->dirty = true;
	if (*state & QCOW2_TABLE_DIRTY)
		return;
	*state |= QCOW2_TABLE_DIRTY;
	note_dirty(q);
}

void qcow2_table_forget(struct qcow2 *q, struct qcow2_table *table)
{
	for (size_t i = 0; table->dirty && i < table->sectors; i++) {
		q->dirty_sectors -= table->state[i] & QCOW2_TABLE_DIRTY;
		table->state[i] &= (uint8_t)~QCOW2_TABLE_DIRTY;
	}
	table->dirty = false;
}

int qcow2_page_forget(struct qcow2_op *op, uint64_t offset)
{
	struct qcow2 *q = op->q;

	for (uint64_t at = 0; at < q->cluster_size; at += q->page_size) {
		struct qcow2_page *page = find(q, offset + at);

		if (!page)
			continue;
		if (page->loading || page->anchoring) {
			qcow2_list_push(&page->waiters, op);
			return -EAGAIN;
		}
		remove_page(q, page);
	}
	return 0;
}

int qcow2_room(struct qcow2_op *op, uint64_t drops)
{
	struct qcow2 *q = op->q;

	if (q->dirty_sectors < QCOW2_DIRTY_SECTORS_MAX && q->dirty_pages < QCOW2_DIRTY_PAGES_MAX &&
	    drops <= QCOW2_DROPS - q->n_drops)
		return 0;
	qcow2_ask_commit(q);
	qcow2_list_push(&q->commit.waiters, op);
	return -EAGAIN;
}
