/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_NET_FIXTURE_H
#define VISE_TESTS_NET_FIXTURE_H

#include "tests/guestdrv/gd_net.h"
#include "vmm/core/le.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the tests of virtio-net's properties share: a machine whose driver takes all that is
 * offered. */

#define NET_ALL_OFFLOADS (NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6 | NET_OFFLOAD_ECN)
#define NET_ALL_PROPERTIES                                                                         \
	(VIRTIO_NET_MRG_RXBUF | VIRTIO_NET_CSUM | VIRTIO_NET_TSO | VIRTIO_NET_CTRL_VQ)

/* The Windows 7 driver with @wanted besides, up to DRIVER_OK; no receive buffers. */
static inline void net_start_wanting(struct gd_net *n, const struct gd_net_config *config,
				     uint64_t wanted)
{
	struct gd_persona persona = gd_win7_net;
	const char *why;

	persona.wanted |= wanted;
	gd_net_open(n, config);
	why = gd_net_prepare(n, &persona);
	ck_assert_msg(!why, "the driver refuses: %s", why);
	gd_driver_ok(&n->dev);
}

static inline void net_start_greedy(struct gd_net *n, const struct gd_net_config *config)
{
	net_start_wanting(n, config, UINT64_MAX);
}

static inline uint64_t net_counter(const struct gd_net *n, const char *name)
{
	const struct device_ops *ops = n->vd->dev.ops;

	for (size_t i = 0; i < ops->n_fields; i++)
		if (strcmp(ops->fields[i].name, name) == 0)
			return field_get(n->vd, &ops->fields[i], 0);
	ck_abort_msg("no counter %s", name);
}

/* main() of a file of tests. */
static inline int net_run(const char *name, const TTest *const *tests, size_t n)
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

#define NET_MAIN(name, ...)                                                                        \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__};                                        \
		return net_run(name, tests, sizeof(tests) / sizeof(tests[0]));                     \
	}

#endif
