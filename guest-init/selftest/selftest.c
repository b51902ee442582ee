/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest-init/selftest/net/url.h"
#include "guest-init/selftest/sysfs.h"
#include "guest-init/selftest/test.h"
#include "guest-init/words.h"

#define MAX_WORDS 128

struct marker *test_begin(struct selftest *t, const char *name, const char *status)
{
	if (!strcmp(status, "FAIL"))
		t->failed = true;
	marker_test(&t->m, name, status);
	return &t->m;
}

void test_end(struct selftest *t)
{
	output_marker(&t->out, &t->m);
}

void test_say(struct selftest *t, const char *name, const char *status, const char *reason)
{
	test_begin(t, name, status);
	if (reason)
		marker_token(&t->m, reason);
	test_end(t);
}

void test_not_asked(struct selftest *t, const char *name)
{
	test_say(t, name, "SKIP", "flag_not_set");
}

static bool read_plan(struct plan *plan, char *flags, char *why, size_t size)
{
	char *words[MAX_WORDS];
	int n;

	plan_init(plan);
	plan_environment(plan, getenv);
	if (!strcmp(flags, "1") || !*flags)
		return true;
	n = words_split(flags, words, MAX_WORDS);
	if (n < 0) {
		snprintf(why, size, "flags with an open quote, or more than %d", MAX_WORDS - 1);
		return false;
	}
	if (!plan_parse(plan, words, (size_t)n, why, size))
		return false;
	if (!url_parse(&(struct url){.port = 0}, plan->http_url)) {
		snprintf(why, size,
			 "--http-url: expected http://HOST[:PORT]/PATH without blanks,"
			 " not '%.60s'",
			 plan->http_url);
		return false;
	}
	return true;
}

static void say_config(struct selftest *t)
{
	const struct plan *p = &t->plan;
	struct marker *m = &t->m;
	char large[URL_MAX + 8];

	marker_begin(m, MARKER_PREFIX);
	marker_token(m, "CONFIG");
	marker_text(m, "http_url", p->http_url);
	url_large(p->http_url, large, sizeof(large));
	marker_text(m, "http_url_large", large);
	marker_number(m, "udp_port", p->udp_port);
	marker_text(m, "dns_host", p->dns_host);
	marker_text(m, "blk_root", p->blk_root ? p->blk_root : "");
	marker_flag(m, "expect_blk_msi", p->expect_blk_msi);
	marker_flag(m, "require_net_msix", p->require_net_msix);
	marker_flag(m, "require_input_msix", p->require_input_msix);
	marker_flag(m, "require_snd_msix", p->require_snd_msix);
	marker_flag(m, "test_net_link_flap", p->test_net_link_flap);
	test_end(t);
}

static void run_tests(struct selftest *t)
{
	marker_begin(&t->m, MARKER_PREFIX);
	marker_token(&t->m, "START");
	marker_text(&t->m, "version", "1");
	test_end(t);
	say_config(t);
	test_blk(t);
	test_input(t);
	test_snd(t);
	test_net(t);
	marker_begin(&t->m, MARKER_PREFIX);
	marker_token(&t->m, "RESULT");
	marker_token(&t->m, t->failed ? "FAIL" : "PASS");
	test_end(t);
}

int selftest_run(const char *value)
{
	struct selftest *t = calloc(1, sizeof(*t));
	char *flags = strdup(value);
	char why[256];
	int status = 2;

	if (!t || !flags) {
		fprintf(stderr, "vise-init: selftest: no memory\n");
	} else if (!read_plan(&t->plan, flags, why, sizeof(why))) {
		fprintf(stderr, "vise-init: selftest: %s\n", why);
	} else if (!output_open(&t->out, t->plan.log_file)) {
		fprintf(stderr, "vise-init: selftest: --log-file %s: %s\n", t->plan.log_file,
			strerror(errno));
	} else {
		signal(SIGPIPE, SIG_IGN);
		/* The kernel's own lines would cut ours in two where both have one port; its
		 * emergencies still may. */
		sysfs_write("2\n", "/proc/sys/kernel/printk");
		run_tests(t);
		status = t->failed;
		output_close(&t->out);
	}
	free(flags);
	free(t);
	return status;
}
