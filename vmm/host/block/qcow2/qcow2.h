/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_QCOW2_H
#define VISE_HOST_BLOCK_QCOW2_H

#include "vmm/host/block/driver.h"
#include "vmm/host/block/qcow2/cluster_set.h"
#include "vmm/host/block/qcow2/header.h"
#include "vmm/host/block/qcow2/keeper.h"

/*
 * A qcow2 image over a raw driver: for the files of this folder only; driver.h has qcow2_open().
 *
 * Work is done by operations (struct qcow2_op), each a small state machine: `step` is called when
 * it can go on, does what it can without waiting, and leaves the operation on exactly one list: of
 * what it waits for, or of those that are ready. A step that found something missing (a page of
 * metadata, a lock) is called again from its beginning once that is there, so steps change nothing
 * before they have all they need; what they then do happens at once. qcow2_pump() runs them.
 *
 * Metadata is changed in memory only, by such a step: a cluster's refcount and what refers to it
 * change together. Now and then a commit (commit.c) takes a copy of all that is dirty and writes
 * it, in an order that is safe when the host loses power: refcounts, then what refers to the new
 * clusters, then the refcounts of what is free now. The copy lies in memory that a keeper
 * (keeper.c) shares: when this process is killed in the middle of a commit, the keeper finishes it.
 * So the file as others see it goes from one consistent state to the next. Data written to new
 * clusters lies in places that nothing refers to yet; data written since the last flush may be lost
 * with the process, as with a disk that has a write cache.
 *
 * All is on the loop's thread; no lock.
 */

#define QCOW2_OPS	 64U	     /* operations at work; more requests wait */
#define QCOW2_PAGE	 4096U	     /* metadata is cached in pages of this size, or a cluster's */
#define QCOW2_PAGES	 1024U	     /* of a writable image */
#define QCOW2_BASE_PAGES 256U	     /* of one that is only read */
#define QCOW2_HASH	 256U	     /* buckets of the page cache */
#define QCOW2_PIECE	 64U	     /* clusters allocated in one step */
#define QCOW2_COW_PIECE	 16U	     /* the same, where old clusters lose a reference */
#define QCOW2_COPY	 (64U << 10) /* bytes copied at a time when a cluster is copied */
#define QCOW2_DROPS	 512U	     /* runs of references that a commit takes away, at most */
#define QCOW2_COMMIT_NS	 (2ULL * 1000000000) /* dirty metadata is written after this time */
#define QCOW2_ROUNDS	 64 /* of the pump, before the loop's other sources have a turn */

/* Dirty metadata at which a commit starts, and at which nothing more may get dirty before it has.
 */
#define QCOW2_DIRTY_SECTORS	768U
#define QCOW2_DIRTY_SECTORS_MAX 1024U
#define QCOW2_DIRTY_PAGES	128U
#define QCOW2_DIRTY_PAGES_MAX	256U

struct qcow2;
struct qcow2_op;

/* Operations, first in first out. */
struct qcow2_op_list {
	struct qcow2_op *head, *tail;
};

/* What a commit writes, in this order. */
enum qcow2_stage {
	QCOW2_STAGE_REFCOUNTS, /* of clusters that are referred to from now on */
	QCOW2_STAGE_REFTABLE,  /* refcount table and header */
	QCOW2_STAGE_MAPPING,   /* L1 and L2 */
	QCOW2_STAGE_DROPS,     /* refcounts of clusters that are not referred to any more */
	QCOW2_STAGES,
};

/* A piece of an L2 table or of a refcount block. */
struct qcow2_page {
	struct block_request req; /* first */
	uint64_t offset;	  /* in the file */
	struct qcow2_page *hash_next;
	struct qcow2_op_list waiters; /* while it is read or anchored */
	struct qcow2 *q;
	uint64_t used;	/* when, in q->uses: the oldest goes first */
	bool loading;	/* its bytes are not there yet */
	bool anchoring; /* it is written as it is */
	/* Written once since it was read: so the host has the space, and the commit will not fail
	 * for want of it, when it is too late to fail the request. */
	bool anchored;
	bool committing; /* the commit at work writes from it: the file is older than the page */
	unsigned int pins;
	uint8_t dirty; /* a bit a sector */
	enum qcow2_stage stage;
	uint8_t bytes[];
};

/* L1 table or refcount table: whole in memory, as in the file, whole sectors. */
struct qcow2_table {
	uint64_t offset;
	uint32_t entries;
	uint8_t *bytes;
	size_t sectors;
	uint8_t *state; /* a byte a sector: QCOW2_TABLE_* */
	bool dirty;
};

#define QCOW2_TABLE_DIRTY    1U
#define QCOW2_TABLE_ANCHORED 2U

/* What a cluster of the disk is. */
enum qcow2_kind {
	QCOW2_UNALLOCATED, /* the backing file's */
	QCOW2_ZERO,
	QCOW2_DATA,
	QCOW2_COMPRESSED,
};

struct qcow2_io {
	struct block_request req; /* first */
	struct qcow2_op *op;
};

struct qcow2_op {
	struct qcow2 *q;
	struct qcow2_op *next; /* in the one list it is on */
	void (*step)(struct qcow2_op *op);
	void (*finished)(struct qcow2_op *op, int result); /* once, at its end */
	struct block_request *request; /* the guest's; NULL for work of our own */
	struct qcow2_op *child;	       /* copies what a new cluster keeps of the old one */
	struct qcow2_op *parent;       /* of a child */
	uint64_t at, end;	       /* what is left, in bytes of the disk */
	uint8_t *buf;		       /* for what is at @at */
	int error;		       /* of what was waited for; the step ends with it */
	struct qcow2_io io[3];
	unsigned int io_pending;
	bool locked, exclusive; /* lock_first and lock_end hold */
	bool fresh;	   /* nothing was ever written to what is reserved: it reads as zeros */
	bool scanning;	   /* scan holds */
	bool had_meta;	   /* the meta lock was its own before it began to make a block */
	uint8_t *anchored; /* state of the table's sector that io[0] anchors */

	/* Guest clusters that it keeps others from, lock_first to before lock_end. */
	uint64_t lock_first, lock_end;

	/* Clusters of the file that are to be its own, and where it looks for them. */
	uint64_t reserved, n_reserved;
	uint64_t scan;

	/* The clusters at work in write.c. */
	uint64_t piece;	  /* first guest cluster */
	uint64_t piece_n; /* how many */
	enum qcow2_kind piece_kind;
	uint64_t piece_end;	 /* bytes: where the guest's data ends in them */
	uint64_t copy, copy_end; /* bytes of the disk that are still to be copied */
	uint8_t *copy_buf;

	/* Making of tables (grow.c, resize.c); under the meta lock. */
	void (*after)(struct qcow2_op *op);
	uint64_t block; /* the refcount block that is to be made */
	uint64_t area;	/* its cluster, or the first of a new refcount table and its blocks */
	uint64_t area_blocks, area_table;
	uint8_t *area_bytes;
	uint64_t new_size;
};

/* A run of clusters that loses one reference each; the page of their refcounts is pinned. */
struct qcow2_drop {
	uint64_t cluster, n;
	struct qcow2_page *page;
};

struct qcow2_commit_request {
	struct block_request req; /* first */
	struct qcow2 *q;
};

struct qcow2_commit {
	bool running, asked, failed; /* failed: the record waits to be written again */
	unsigned int action;	     /* what of it is done next */
	unsigned int pending;
	int result;
	struct qcow2_record *record;	      /* shared with the keeper; NULL when read-only */
	struct qcow2_commit_request *reqs;    /* one an entry of the record */
	struct request_list flushes;	      /* waiting for the next commit */
	struct request_list taken;	      /* waiting for this one */
	struct qcow2_op_list waiters;	      /* operations that need it to go on */
	struct qcow2_drop freed[QCOW2_DROPS]; /* by this commit: not to be used before it is done */
	unsigned int n_freed;
};

/* The one decompressor of an image, and the cluster that it made last. */
struct qcow2_inflate {
	struct qcow2_op_list waiters;
	bool busy;
	uint64_t entry; /* the L2 entry it is of; 0: none */
	uint64_t skip;	/* bytes before the compressed data in @in */
	size_t in_len;
	uint8_t *in;
	uint8_t *out;
};

struct qcow2 {
	struct block blk;
	struct block *file;
	struct block *backing; /* NULL: none */
	char *path;
	struct qcow2_header header;
	unsigned int cluster_bits;
	uint64_t cluster_size;
	unsigned int l2_bits;	     /* an L2 table has 1 << l2_bits entries */
	unsigned int refcounts_bits; /* a refcount block has 1 << refcounts_bits of them */
	uint64_t file_end;	     /* bytes: from here on the file reads as zeros */
	uint64_t high;		     /* bytes: from here on nothing was written or reserved */

	bool device;  /* not a regular file: what was never written is not zero */
	bool damaged; /* metadata contradicts itself: nothing is allocated any more */
	bool pumping;
	bool commit_timer_set;
	bool header_dirty; /* header_sector is to be written */

	struct qcow2_op *ops; /* QCOW2_OPS and as many children */
	struct qcow2_op *free_ops;
	unsigned int active;
	struct request_list queued;   /* submitted, not kicked */
	struct request_list kicked;   /* no operation has taken them on yet */
	struct request_list finished; /* progress holds the error number */
	struct qcow2_op_list ready;
	struct qcow2_op_list blocked; /* by guest clusters that others have locked */
	struct loop_timer *again;     /* the pump has more to do */
	struct loop_timer *commit_timer;

	struct qcow2_page *hash[QCOW2_HASH];
	struct qcow2_page **pages;
	unsigned int page_size, n_pages, max_pages;
	uint64_t uses;
	unsigned int dirty_sectors, dirty_pages;

	struct qcow2_table l1, reftable;
	uint8_t header_sector[BLOCK_SECTOR];
	struct cluster_set metadata; /* clusters of the file that the guest's data must not touch */
	uint64_t cursor;	     /* where the search for free clusters begins */
	struct qcow2_drop drops[QCOW2_DROPS];
	unsigned int n_drops;
	struct qcow2_op *meta_owner; /* who makes or replaces tables */
	struct qcow2_op_list meta_waiters;
	uint8_t *zeros; /* a cluster of them */

	struct qcow2_inflate inflate;
	struct qcow2_commit commit;
	struct keeper *keeper;
};

/* ---- engine.c: operations ---- */

void qcow2_list_push(struct qcow2_op_list *list, struct qcow2_op *op);
struct qcow2_op *qcow2_list_pop(struct qcow2_op_list *list);

/* All of @list may try again, in order; with @error (or 0) for what they waited for. */
void qcow2_wake(struct qcow2 *q, struct qcow2_op_list *list, int error);

/* @op goes on with @step: when its I/O is done, or in its turn. */
void qcow2_op_next(struct qcow2_op *op, void (*step)(struct qcow2_op *op));

/* The error of what @op waited for, once; 0 when there was none. */
int qcow2_op_error(struct qcow2_op *op);

/* Gives back what @op holds (locks, reservation, buffers) and ends it. */
void qcow2_op_finish(struct qcow2_op *op, int result);

/* A free operation, all fields as after a finish; NULL when all are at work. */
struct qcow2_op *qcow2_op_take(struct qcow2 *q);

/* Runs all that is ready; never recurses. */
void qcow2_pump(struct qcow2 *q);

/* Runs until no operation is left (commits are not waited for unless something needs them). */
void qcow2_run_down(struct qcow2 *q);

/* Queues I/O of @op in @slot. A read beyond the end of the file gives zeros, and may need no I/O at
 * all. Followed by qcow2_op_next(). */
void qcow2_read_file(struct qcow2_op *op, unsigned int slot, uint64_t offset, uint8_t *buf,
		     size_t len);
void qcow2_write_file(struct qcow2_op *op, unsigned int slot, uint64_t offset, uint8_t *buf,
		      size_t len);
void qcow2_read_backing(struct qcow2_op *op, uint64_t offset, uint8_t *buf, size_t len);

/* Zeroes what a read of [@offset, @offset + @len) has behind the end of the file, and returns how
 * many bytes, whole sectors, are in front of it. */
size_t qcow2_clip_read(const struct qcow2 *q, uint64_t offset, uint8_t *buf, size_t len);

/* The guest clusters [@first, @end) are @op's: its alone, or shared with other readers. False when
 * it has to wait; it then does, and starts over. */
bool qcow2_lock(struct qcow2_op *op, uint64_t first, uint64_t end, bool exclusive);
void qcow2_unlock(struct qcow2_op *op);

/* The right to make tables; false when @op has to wait, and does. */
bool qcow2_take_meta(struct qcow2_op *op);
void qcow2_drop_meta(struct qcow2_op *op);

/* ---- cache.c: pages and tables ---- */

/* The page that holds byte @offset of the file. NULL with *@rc: -EAGAIN when @op waits for it, else
 * the error. The page stays until the next step. */
struct qcow2_page *qcow2_page_get(struct qcow2_op *op, uint64_t offset, int *rc);

/* The same, anchored: it may be changed. */
struct qcow2_page *qcow2_page_for_change(struct qcow2_op *op, uint64_t offset, int *rc);

/* Bytes @at to @at + @len of the page were changed; written in @stage of a commit. */
void qcow2_page_changed(struct qcow2 *q, struct qcow2_page *page, unsigned int at, unsigned int len,
			enum qcow2_stage stage);

uint8_t *qcow2_page_at(const struct qcow2 *q, struct qcow2_page *page, uint64_t offset);

void qcow2_cache_free(struct qcow2 *q);

/* Entry @i; 0 beyond the end. */
uint64_t qcow2_table_entry(const struct qcow2_table *table, uint64_t i);

/* Makes sure that entry @i may be changed: 0, or -EAGAIN when @op waits for that. */
MUST_CHECK int qcow2_table_anchor(struct qcow2_op *op, struct qcow2_table *table, uint64_t i);
void qcow2_table_set(struct qcow2 *q, struct qcow2_table *table, uint64_t i, uint64_t value);

/* Nothing of @table is dirty any more, whatever it was. */
void qcow2_table_forget(struct qcow2 *q, struct qcow2_table *table);

/* Whether more metadata may get dirty and @drops more runs may lose references: 0, or -EAGAIN when
 * @op waits for a commit. */
MUST_CHECK int qcow2_room(struct qcow2_op *op, uint64_t drops);

/* The cluster at @offset is to become a table: what is cached of its former life goes. 0, or
 * -EAGAIN when @op waits. */
MUST_CHECK int qcow2_page_forget(struct qcow2_op *op, uint64_t offset);

/* ---- map.c ---- */

/* A run of bytes of the disk that are in one place. */
struct qcow2_extent {
	enum qcow2_kind kind;
	bool copied;	/* DATA: its clusters are nobody else's, and may be written */
	bool holds;	/* its clusters refer to clusters of the file, ZERO ones too */
	uint64_t entry; /* the L2 entry of its first cluster */
	uint64_t host;	/* DATA: where the first byte lies in the file */
	uint64_t len;	/* bytes; of a compressed one, at most to the end of the cluster */
};

/* What is at byte @at of the disk, at most @len bytes of it. 0, -EAGAIN when @op waits, or an
 * error. */
MUST_CHECK int qcow2_map(struct qcow2_op *op, uint64_t at, uint64_t len, struct qcow2_extent *e);

/* Where the L2 entry of guest cluster @cluster lies in the file; 0 when it has no table. */
uint64_t qcow2_l2_at(const struct qcow2 *q, uint64_t cluster);

/* The clusters of the file that @entry refers to: the first, and how many (0: none). */
uint64_t qcow2_entry_clusters(const struct qcow2 *q, uint64_t entry, uint64_t *first);

/* ---- read.c, inflate.c, write.c ---- */

void qcow2_read_step(struct qcow2_op *op);
void qcow2_write_step(struct qcow2_op *op);

/* Gives @op the bytes of the compressed cluster @e and goes on with qcow2_read_step(); or waits for
 * that. */
void qcow2_inflate(struct qcow2_op *op, const struct qcow2_extent *e);
void qcow2_inflate_free(struct qcow2 *q);

/* ---- refcount.c, grow.c ---- */

/* Reserves up to @n clusters of the file in a row, at least @min, as op->reserved; their refcount
 * blocks exist. 0, -EAGAIN when @op waits, or an error. */
MUST_CHECK int qcow2_reserve(struct qcow2_op *op, uint64_t n, uint64_t min);
void qcow2_unreserve(struct qcow2_op *op);

/* Makes sure that refcounts of [@first, @first + @n) can change: 0, -EAGAIN, or an error. @drop:
 * they are to lose a reference, so they must have one. */
MUST_CHECK int qcow2_refcounts_ready(struct qcow2_op *op, uint64_t first, uint64_t n, bool drop);

/* At most how many runs of struct qcow2_drop the clusters [@first, @first + @n) make. */
uint64_t qcow2_drop_runs(const struct qcow2 *q, uint64_t n);

/* Sets refcounts to 1, once ready. */
void qcow2_refcounts_take(struct qcow2_op *op, uint64_t first, uint64_t n);

/* Takes a reference away with the next commit, once ready. */
void qcow2_refcounts_drop(struct qcow2_op *op, uint64_t first, uint64_t n);

/* For commit.c: takes the references away now, and returns the sectors of the page that changed, a
 * bit each. */
uint8_t qcow2_refcounts_lower(struct qcow2 *q, const struct qcow2_drop *drop);

/* Sets refcount number @i of the block that @page is of. */
void qcow2_refcount_set(struct qcow2 *q, struct qcow2_page *page, uint64_t i, uint64_t value);

/* Where in its block refcount number @i lies, in bytes. */
uint64_t qcow2_refcount_at(const struct qcow2 *q, uint64_t i);

/* @op makes the refcount block number @block, then goes on with the step it is in. */
void qcow2_make_refblock(struct qcow2_op *op, uint64_t block);

/* Metadata contradicts itself: says so, once. -EIO. */
int qcow2_damaged(struct qcow2 *q, const char *what, uint64_t offset);

/* ---- commit.c ---- */

/* A commit is to start soon. */
void qcow2_ask_commit(struct qcow2 *q);

/* Arms the timer that commits what gets dirty now. */
void qcow2_commit_later(struct qcow2 *q);

/* For the pump: starts a commit when one is wanted, and the next part of one at work. */
void qcow2_commit_poll(struct qcow2 *q);

/* Whether qcow2_commit_poll() has something to do now. */
bool qcow2_commit_waits(const struct qcow2 *q);

/* Writes all that is dirty and waits for it; no operation is at work. 0 or the error. */
MUST_CHECK int qcow2_commit_now(struct qcow2 *q);

/* ---- load.c ---- */

/* Reads @len bytes at @offset of @fd; zeros where the file has ended. Blocks. 0 or the error. */
MUST_CHECK int qcow2_load(int fd, uint8_t *buf, size_t len, uint64_t offset);

/* Reads the tables that stay in memory; for a writable image also what is metadata, and refuses one
 * in which tables overlap. Blocks. 0 or the error. */
MUST_CHECK int qcow2_load_tables(struct qcow2 *q, int fd, struct err *err);

/* ---- resize.c ---- */

/* block_ops.resize: grows the disk. */
int qcow2_resize(struct block *blk, uint64_t size, struct err *err);

#endif
