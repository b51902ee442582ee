/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include "vmm/core/clock.h"
#include "vmm/core/log.h"
#include "vmm/core/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A commit: a copy of all dirty metadata goes into the record, and from there into the file, stage
 * by stage. Meanwhile the metadata in memory may change again; that is for the next commit. When
 * the disk refuses something, the record stays as it is, and the next commit begins with it.
 */

static const struct {
	enum qcow2_stage stage;
	bool sync; /* makes the stage durable, rather than writing it */
} actions[] = {
	{QCOW2_STAGE_REFCOUNTS, false}, {QCOW2_STAGE_REFCOUNTS, true},
	{QCOW2_STAGE_REFTABLE, false},	{QCOW2_STAGE_REFTABLE, true},
	{QCOW2_STAGE_MAPPING, false},	{QCOW2_STAGE_MAPPING, true},
	{QCOW2_STAGE_DROPS, false},	{QCOW2_STAGE_DROPS, true},
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

void qcow2_ask_commit(struct qcow2 *q)
{
	q->commit.asked = true;
}

void qcow2_commit_later(struct qcow2 *q)
{
	struct clock host = clock_host();

	if (q->commit_timer_set)
		return;
	q->commit_timer_set = true;
	loop_set_timer(q->commit_timer, clock_monotonic_ns(&host) + QCOW2_COMMIT_NS);
}

/* ---- the record ---- */

struct filling {
	struct qcow2_record *record;
	uint32_t entries, sectors;
};

static void append(struct filling *f, enum qcow2_stage stage, uint64_t offset,
		   const uint8_t *sector)
{
	struct qcow2_record_entry *last = &f->record->entry[f->entries];

	/* The limits of what may be dirty leave a margin of a thousand sectors. */
	assert(f->sectors < KEEPER_SECTORS);
	memcpy(f->record->bytes[f->sectors++], sector, BLOCK_SECTOR);
	if (f->entries && last[-1].stage == (uint32_t)stage &&
	    last[-1].offset + (uint64_t)last[-1].sectors * BLOCK_SECTOR == offset) {
		last[-1].sectors++;
		return;
	}
	*last = (struct qcow2_record_entry){offset, 1, (uint32_t)stage};
	f->entries++;
}

static int by_offset(const void *a, const void *b)
{
	uint64_t x = (*(struct qcow2_page *const *)a)->offset;
	uint64_t y = (*(struct qcow2_page *const *)b)->offset;

	return (x > y) - (x < y);
}

static void append_page(struct qcow2 *q, struct filling *f, struct qcow2_page *page,
			enum qcow2_stage stage)
{
	for (unsigned int i = 0; page->dirty >> i; i++)
		if (page->dirty >> i & 1)
			append(f, stage, page->offset + (uint64_t)i * BLOCK_SECTOR,
			       page->bytes + (size_t)i * BLOCK_SECTOR);
	q->dirty_sectors -= (unsigned int)__builtin_popcount(page->dirty);
	q->dirty_pages--;
	page->dirty = 0;
	page->committing = true;
}

/* The pages are in the order of their places, so that neighbours make one write. */
static void append_pages(struct qcow2 *q, struct filling *f, enum qcow2_stage stage)
{
	for (unsigned int i = 0; i < q->n_pages; i++)
		if (q->pages[i]->dirty && q->pages[i]->stage == stage)
			append_page(q, f, q->pages[i], stage);
}

static void append_table(struct qcow2 *q, struct filling *f, struct qcow2_table *table,
			 enum qcow2_stage stage)
{
	for (size_t i = 0; table->dirty && i < table->sectors; i++)
		if (table->state[i] & QCOW2_TABLE_DIRTY)
			append(f, stage, table->offset + i * BLOCK_SECTOR,
			       table->bytes + i * BLOCK_SECTOR);
	qcow2_table_forget(q, table);
}

/* Free clusters have that refcount in memory from here on; the search skips them until the commit
 * is done. */
static void append_drops(struct qcow2 *q, struct filling *f)
{
	struct qcow2_commit *commit = &q->commit;

	for (unsigned int i = 0; i < q->n_drops; i++) {
		struct qcow2_page *page = q->drops[i].page;
		uint8_t changed = qcow2_refcounts_lower(q, &q->drops[i]) & (uint8_t)~page->dirty;

		q->dirty_pages += !page->dirty && changed;
		page->dirty |= changed;
		q->dirty_sectors += (unsigned int)__builtin_popcount(changed);
		page->stage = QCOW2_STAGE_DROPS;
		commit->freed[i] = q->drops[i];
	}
	commit->n_freed = q->n_drops;
	q->n_drops = 0;
	append_pages(q, f, QCOW2_STAGE_DROPS);
}

static void fill(struct qcow2 *q)
{
	struct filling f = {.record = q->commit.record};

	qsort(q->pages, q->n_pages, sizeof(struct qcow2_page *), by_offset);
	append_pages(q, &f, QCOW2_STAGE_REFCOUNTS);
	if (q->header_dirty)
		append(&f, QCOW2_STAGE_REFTABLE, 0, q->header_sector);
	q->header_dirty = false;
	append_table(q, &f, &q->reftable, QCOW2_STAGE_REFTABLE);
	append_table(q, &f, &q->l1, QCOW2_STAGE_MAPPING);
	append_pages(q, &f, QCOW2_STAGE_MAPPING);
	append_drops(q, &f);
	/* From now on the keeper would write it. */
	atomic_store(&f.record->entries, f.entries);
}

/* ---- the writing ---- */

static void commit_done(struct block_request *req, int result)
{
	struct qcow2 *q = ((struct qcow2_commit_request *)req)->q;
	struct qcow2_commit *commit = &q->commit;

	if (result)
		commit->result = result;
	else if (req->op == BLOCK_WRITE && req->offset + req->len > q->file_end)
		q->file_end = req->offset + req->len;
	if (!--commit->pending)
		qcow2_pump(q);
}

static void submit(struct qcow2 *q, unsigned int i, struct block_request req)
{
	struct qcow2_commit_request *r = &q->commit.reqs[i];

	r->req = req;
	r->req.done = commit_done;
	r->q = q;
	q->commit.pending++;
	block_submit(q->file, &r->req);
}

/* Starts the writes of @stage; false when there are none. */
static bool write_stage(struct qcow2 *q, enum qcow2_stage stage, bool really)
{
	struct qcow2_record *record = q->commit.record;
	uint32_t entries = atomic_load(&record->entries), at = 0;
	bool any = false;

	for (uint32_t i = 0; i < entries; i++) {
		const struct qcow2_record_entry *e = &record->entry[i];

		if (e->stage == (uint32_t)stage) {
			any = true;
			if (really)
				submit(q, i,
				       (struct block_request){.op = BLOCK_WRITE,
							      .offset = e->offset,
							      .buf = record->bytes[at],
							      .len = (size_t)e->sectors *
								     BLOCK_SECTOR});
		}
		at += e->sectors;
	}
	return any;
}

static void finish_list(struct qcow2 *q, struct request_list *list, int result)
{
	struct block_request *req;

	while ((req = request_list_pop(list))) {
		req->progress = (size_t)-result;
		request_list_push(&q->finished, req);
	}
}

static void succeed(struct qcow2 *q)
{
	struct qcow2_commit *commit = &q->commit;

	atomic_store(&commit->record->entries, 0);
	for (unsigned int i = 0; i < q->n_pages; i++)
		q->pages[i]->committing = false;
	for (unsigned int i = 0; i < commit->n_freed; i++) {
		commit->freed[i].page->pins--;
		if (commit->freed[i].cluster < q->cursor)
			q->cursor = commit->freed[i].cluster;
	}
	commit->n_freed = 0;
	commit->running = commit->failed = false;
	finish_list(q, &commit->taken, 0);
	qcow2_wake(q, &commit->waiters, 0);
}

static void fail(struct qcow2 *q)
{
	struct qcow2_commit *commit = &q->commit;

	if (!commit->failed)
		log_error("disk image %s: what was written cannot be made durable: %s", q->path,
			  strerror(-commit->result));
	commit->running = false;
	commit->failed = true;
	finish_list(q, &commit->taken, commit->result);
	finish_list(q, &commit->flushes, commit->result);
	qcow2_wake(q, &commit->waiters, commit->result);
	qcow2_commit_later(q);
}

static void advance(struct qcow2 *q)
{
	struct qcow2_commit *commit = &q->commit;

	while (!commit->pending && !commit->result && commit->action < ACTIONS) {
		enum qcow2_stage stage = actions[commit->action].stage;
		bool sync = actions[commit->action++].sync;
		/* The last one of them is what flushes wait for, whatever was written. */
		bool wanted = stage == QCOW2_STAGE_MAPPING && commit->taken.count;

		if (!sync)
			write_stage(q, stage, true);
		else if (wanted || write_stage(q, stage, false))
			submit(q, 0, (struct block_request){.op = BLOCK_FLUSH});
	}
	if (commit->pending)
		return;
	if (commit->result)
		fail(q);
	else
		succeed(q);
}

static bool anything_dirty(const struct qcow2 *q)
{
	return q->dirty_sectors || q->header_dirty || q->n_drops;
}

static void start(struct qcow2 *q)
{
	struct qcow2_commit *commit = &q->commit;

	commit->asked = false;
	commit->running = true;
	commit->action = 0;
	commit->result = 0;
	/* What failed before comes first. It is not what the flushes wait for. */
	if (commit->failed)
		return;
	commit->taken = request_list_take(&commit->flushes);
	fill(q);
}

bool qcow2_commit_waits(const struct qcow2 *q)
{
	const struct qcow2_commit *commit = &q->commit;

	return commit->running ? !commit->pending : commit->asked || commit->flushes.count;
}

void qcow2_commit_poll(struct qcow2 *q)
{
	struct qcow2_commit *commit = &q->commit;

	if (!commit->running && qcow2_commit_waits(q))
		start(q);
	if (commit->running && !commit->pending)
		advance(q);
}

int qcow2_commit_now(struct qcow2 *q)
{
	do {
		qcow2_ask_commit(q);
		qcow2_pump(q);
		qcow2_run_down(q);
		if (q->commit.failed)
			return q->commit.result;
	} while (anything_dirty(q));
	return 0;
}
