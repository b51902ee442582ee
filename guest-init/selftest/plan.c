/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENV "AERO_VIRTIO_SELFTEST_"

enum kind { FLAG, TEXT, NUMBER };

struct row {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *env; /* FLAG: variable, without ENV; NULL: none */
	unsigned min;	 /* NUMBER */
	unsigned max;
};

/* clang-format off */
#define MEMBER(m) offsetof(struct plan, m)

static const struct row rows[] = {
	{"http-url",           TEXT,   MEMBER(http_url), NULL, 0, 0},
	{"dns-host",           TEXT,   MEMBER(dns_host), NULL, 0, 0},
	{"log-file",           TEXT,   MEMBER(log_file), NULL, 0, 0},
	{"blk-root",           TEXT,   MEMBER(blk_root), NULL, 0, 0},
	{"udp-port",           NUMBER, MEMBER(udp_port), NULL, 1, 65535},
	{"net-timeout-sec",    NUMBER, MEMBER(net_timeout_sec), NULL, 1, 86400},
	{"io-size-mib",        NUMBER, MEMBER(io_size_mib), NULL, 1, 256},
	{"io-chunk-kib",       NUMBER, MEMBER(io_chunk_kib), NULL, 4, 4096},
	{"expect-blk-msi",     FLAG, MEMBER(expect_blk_msi), "EXPECT_BLK_MSI", 0, 0},
	{"test-blk-resize",    FLAG, MEMBER(test_blk_resize), "TEST_BLK_RESIZE", 0, 0},
	{"test-blk-reset",     FLAG, MEMBER(test_blk_reset), "TEST_BLK_RESET", 0, 0},
	{"test-net-link-flap", FLAG, MEMBER(test_net_link_flap), "TEST_NET_LINK_FLAP", 0, 0},
	{"require-net-msix",   FLAG, MEMBER(require_net_msix), "REQUIRE_NET_MSIX", 0, 0},
	{"require-input-msix", FLAG, MEMBER(require_input_msix), "REQUIRE_INPUT_MSIX", 0, 0},
	{"require-snd-msix",   FLAG, MEMBER(require_snd_msix), "REQUIRE_SND_MSIX", 0, 0},
	{"test-input-events",  FLAG, MEMBER(test_input_events), "TEST_INPUT_EVENTS", 0, 0},
	{"test-input-events-extended",  FLAG, MEMBER(test_input_extended),
		"TEST_INPUT_EVENTS_EXTENDED", 0, 0},
	{"test-input-events-modifiers", FLAG, MEMBER(test_input_modifiers),
		"TEST_INPUT_EVENTS_MODIFIERS", 0, 0},
	{"test-input-events-buttons",   FLAG, MEMBER(test_input_buttons),
		"TEST_INPUT_EVENTS_BUTTONS", 0, 0},
	{"test-input-events-wheel",     FLAG, MEMBER(test_input_wheel),
		"TEST_INPUT_EVENTS_WHEEL", 0, 0},
	{"test-input-media-keys",       FLAG, MEMBER(test_input_media_keys),
		"TEST_INPUT_MEDIA_KEYS", 0, 0},
	{"test-input-led",     FLAG, MEMBER(test_input_led), "TEST_INPUT_LED", 0, 0},
	{"test-input-leds",    FLAG, MEMBER(test_input_leds), "TEST_INPUT_LEDS", 0, 0},
	{"test-input-tablet-events",    FLAG, MEMBER(test_input_tablet_events),
		"TEST_INPUT_TABLET_EVENTS", 0, 0},
	{"test-tablet-events", FLAG, MEMBER(test_input_tablet_events), "TEST_TABLET_EVENTS", 0, 0},
	{"require-snd",        FLAG, MEMBER(require_snd), NULL, 0, 0},
	{"test-snd",           FLAG, MEMBER(require_snd), NULL, 0, 0},
	{"disable-snd",        FLAG, MEMBER(disable_snd), NULL, 0, 0},
	{"disable-snd-capture", FLAG, MEMBER(disable_snd_capture), NULL, 0, 0},
	{"test-snd-capture",   FLAG, MEMBER(test_snd_capture), "TEST_SND_CAPTURE", 0, 0},
	{"require-snd-capture", FLAG, MEMBER(require_snd_capture), NULL, 0, 0},
	{"require-non-silence", FLAG, MEMBER(require_non_silence), NULL, 0, 0},
	{"test-snd-buffer-limits", FLAG, MEMBER(test_snd_buffer_limits),
		"TEST_SND_BUFFER_LIMITS", 0, 0},
	{"allow-virtio-snd-transitional", FLAG, MEMBER(allow_snd_transitional), NULL, 0, 0},
};

/* What a flag of the first column forbids. */
static const struct { size_t off; size_t on; } conflicts[] = {
	{MEMBER(disable_snd), MEMBER(require_snd)},
	{MEMBER(disable_snd), MEMBER(require_snd_msix)},
	{MEMBER(disable_snd), MEMBER(test_snd_capture)},
	{MEMBER(disable_snd), MEMBER(require_snd_capture)},
	{MEMBER(disable_snd), MEMBER(require_non_silence)},
	{MEMBER(disable_snd), MEMBER(test_snd_buffer_limits)},
	{MEMBER(disable_snd_capture), MEMBER(test_snd_capture)},
	{MEMBER(disable_snd_capture), MEMBER(require_snd_capture)},
	{MEMBER(disable_snd_capture), MEMBER(require_non_silence)},
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

void plan_init(struct plan *plan)
{
	*plan = (struct plan){
		.http_url = "http://10.0.2.2:18080/aero-virtio-selftest",
		.dns_host = "host.lan",
		.udp_port = 18081,
		.net_timeout_sec = 120,
		.io_size_mib = 32,
		.io_chunk_kib = 1024,
	};
}

static bool *flag_at(const struct plan *plan, size_t offset)
{
	return (bool *)((char *)plan + offset);
}

void plan_environment(struct plan *plan, char *(*lookup)(const char *name))
{
	static const char *const yes[] = {"1", "true", "yes", "on"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[64];
		const char *value;

		if (!rows[i].env)
			continue;
		snprintf(name, sizeof(name), ENV "%s", rows[i].env);
		value = lookup(name);
		for (size_t j = 0; value && j < COUNT(yes); j++) {
			if (!strcasecmp(value, yes[j]))
				*flag_at(plan, rows[i].offset) = true;
		}
	}
}

static const struct row *find_row(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strlen(rows[i].name) == len && !memcmp(rows[i].name, name, len))
			return &rows[i];
	}
	return NULL;
}

static const char *name_of(size_t offset)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].offset == offset)
			return rows[i].name;
	}
	return "";
}

static bool store(struct plan *plan, const struct row *row, const char *value, char *why,
		  size_t size)
{
	void *member = (char *)plan + row->offset;
	unsigned long n;
	char *end;

	if (row->kind == TEXT) {
		if (*value)
			*(const char **)member = value;
		else
			snprintf(why, size, "--%s: expected a text, not an empty one", row->name);
		return *value != '\0';
	}
	n = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || n < row->min || n > row->max) {
		snprintf(why, size, "--%s: expected a number from %u to %u, not '%.40s'", row->name,
			 row->min, row->max, value);
		return false;
	}
	*(unsigned *)member = (unsigned)n;
	return true;
}

static bool agreed(const struct plan *plan, char *why, size_t size)
{
	for (size_t i = 0; i < COUNT(conflicts); i++) {
		if (*flag_at(plan, conflicts[i].off) && *flag_at(plan, conflicts[i].on)) {
			snprintf(why, size, "--%s excludes --%s", name_of(conflicts[i].off),
				 name_of(conflicts[i].on));
			return false;
		}
	}
	return true;
}

bool plan_parse(struct plan *plan, char *const *words, size_t count, char *why, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = words[i] + 2;
		const char *value = strncmp(words[i], "--", 2) ? NULL : strchr(name, '=');
		const struct row *row = NULL;

		if (!strncmp(words[i], "--", 2))
			row = find_row(name, value ? (size_t)(value - name) : strlen(name));
		if (!row || (row->kind == FLAG && value)) {
			snprintf(why, size, "'%.60s' is no flag of the self test", words[i]);
			return false;
		}
		if (row->kind == FLAG) {
			*flag_at(plan, row->offset) = true;
			continue;
		}
		value = value ? value + 1 : i + 1 < count ? words[++i] : "";
		if (!store(plan, row, value, why, size))
			return false;
	}
	return agreed(plan, why, size);
}
