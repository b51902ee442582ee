/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_CONTRACT_H
#define VISE_TESTS_CONTRACT_H

#include "tests/guestdrv/gd_blk.h"
#include "tests/guestdrv/gd_echo.h"

#include <check.h>
#include <stdlib.h>

/*
 * What the contract tests share. Each test begins with the clauses that it shows, by their ID in
 * docs/contract-v1.md; tests/contract/check-clauses compares the two both ways.
 */

#define CLAUSE(id) ((void)(id))

/* The kind of trap that a test sets, of those that docs/contract-v1.md lists. */
#define TRAP(kind) ((void)(kind))

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static inline int contract_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *sr = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

/* main() of a file of tests, in the order given. */
#define CONTRACT_MAIN(name, ...)                                                                   \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__};                                        \
		return contract_run(name, tests, COUNT_OF(tests));                                 \
	}

/* A blk machine as after power-on, or running under the Windows 7 driver's start sequence. */
static inline void open_blk(struct gd_blk *b)
{
	gd_blk_open(b, NULL);
}

static inline void start_blk_with(struct gd_blk *b, const struct gd_blk_config *config)
{
	const char *why;

	gd_blk_open(b, config);
	why = gd_blk_start(b, &gd_win7_blk);
	ck_assert_msg(!why, "the driver refuses: %s", why);
}

static inline void start_blk(struct gd_blk *b)
{
	start_blk_with(b, NULL);
}

/* A machine with one echo device of the queues that snd has: sizes differ inside one device. */
struct echo {
	struct gd_machine *m;
	struct virtio_device *vd;
	struct gd_dev dev;
	struct gd_queue q[4];
};

#define ECHO_DEVFN PCI_DEVFN(6, 0)

static inline void open_echo_with(struct echo *e, const struct gd_machine_config *machine,
				  uint16_t vectors)
{
	static const struct gd_echo_config config = {
		.id = "echo0",
		.virtio_id = VIRTIO_ID_SOUND,
		.n_queues = 4,
		.sizes = {64, 64, 256, 64},
	};

	e->m = gd_machine_create(machine);
	e->vd = gd_echo_create(e->m, &config);
	gd_plug(e->m, e->vd, ECHO_DEVFN, vectors);
	gd_assign(e->m);
	gd_dev_open(&e->dev, e->m, ECHO_DEVFN);
}

static inline void open_echo(struct echo *e)
{
	open_echo_with(e, NULL, 0);
}

/* All four queues up and DRIVER_OK. */
static inline void start_echo_queues(struct echo *e)
{
	const char *why = gd_init_device(&e->dev, &gd_win7_snd);

	ck_assert_msg(!why, "the driver refuses: %s", why);
	for (uint16_t q = 0; q < 4; q++)
		ck_assert(gd_queue_setup(&e->q[q], &e->dev, q, 4));
	gd_driver_ok(&e->dev);
}

static inline void start_echo(struct echo *e)
{
	open_echo(e);
	start_echo_queues(e);
}

static inline void close_echo(struct echo *e)
{
	gd_machine_destroy(e->m);
}

/* Adds an echo request of @len bytes (in and out) to @q; where its answer will be. */
static inline gpa_t echo_add(struct gd_queue *q, uint32_t len, uint8_t byte)
{
	struct gd_machine *m = q->dev->m;
	gpa_t in = gd_alloc(m, len, 16);
	gpa_t out = gd_alloc(m, len, 16);
	struct gd_seg segs[] = {{in, len, false}, {out, len, true}};

	gd_fill(m, in, byte, len);
	ck_assert_int_ge(gd_add(q, segs, 2), 0);
	return out;
}

/* One echo request through @q: true when its answer comes and is right. */
static inline bool echo_works(struct gd_queue *q)
{
	struct gd_used used;
	gpa_t out = echo_add(q, 24, 0x5a);

	gd_kick(q);
	return gd_wait_used(q, &used) && used.len == 24 && gd_all(q->dev->m, out, 0x5a, 24);
}

#endif
