/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_PLAN_H
#define VISE_GUEST_INIT_SELFTEST_PLAN_H

#include <stdbool.h>
#include <stddef.h>

/* What the self test is asked to do: the flags of docs/abi/vise-init.h. Strings lie in the words
 * that were parsed, or are constants. No side effects here. */

struct plan {
	const char *http_url;
	const char *dns_host;
	const char *log_file; /* NULL: none */
	const char *blk_root; /* a directory or a block device; NULL: looked for */
	unsigned udp_port;
	unsigned net_timeout_sec;
	unsigned io_size_mib;
	unsigned io_chunk_kib;
	bool expect_blk_msi;
	bool test_blk_resize;
	bool test_blk_reset;
	bool test_net_link_flap;
	bool require_net_msix;
	bool require_input_msix;
	bool require_snd_msix;
	bool test_input_events;
	bool test_input_extended;
	bool test_input_modifiers;
	bool test_input_buttons;
	bool test_input_wheel;
	bool test_input_media_keys;
	bool test_input_led;
	bool test_input_leds;
	bool test_input_tablet_events;
	bool require_snd;
	bool disable_snd;
	bool disable_snd_capture;
	bool test_snd_capture;
	bool require_snd_capture;
	bool require_non_silence;
	bool test_snd_buffer_limits;
	bool allow_snd_transitional;
};

/* The defaults. */
void plan_init(struct plan *plan);

/* Sets the opt-in flags whose variable (AERO_VIRTIO_SELFTEST_...) @lookup finds with one of the
 * values 1, true, yes, on, in any case. @lookup is getenv() or a stand-in for it. */
void plan_environment(struct plan *plan, char *(*lookup)(const char *name));

/*
 * Reads @count words: --name, --name VALUE or --name=VALUE. False with one line in @why (@size
 * bytes) that says which word is wrong and what would be right, also for flags that exclude each
 * other.
 */
bool plan_parse(struct plan *plan, char *const *words, size_t count, char *why, size_t size);

#endif
