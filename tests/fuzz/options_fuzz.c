/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/config_json.h"
#include "vmm/app/config/machine_options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A command line from words that NUL bytes part. Nothing may crash or leak; a refusal is one line;
 * what is accepted survives the way through JSON unless it is not UTF-8.
 */

#define MAX_WORDS 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

static void require_line(const struct err *err)
{
	require(err->code < 0 && err->text[0] && !strchr(err->text, '\n'));
}

/* The config as JSON; NULL where it cannot be. The caller frees. */
static char *print(const struct machine_config *config, size_t *len)
{
	struct err err = ERR_INIT;
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	int rc = machine_config_print(config, out, &err);

	fclose(out);
	if (rc == 0)
		return text;
	require_line(&err);
	free(text);
	return NULL;
}

static void round_trip(const struct machine_config *config)
{
	struct machine_config again;
	struct err err = ERR_INIT;
	size_t len, len_again;
	char *text = print(config, &len);
	char *text_again;

	if (!text)
		return;
	machine_config_init(&again);
	require(machine_config_parse(text, len, "printed", &again, &err) == 0);
	text_again = print(&again, &len_again);
	require(text_again && strcmp(text, text_again) == 0);
	free(text);
	free(text_again);
	machine_config_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words = malloc(size + 1);
	char *argv[MAX_WORDS + 2] = {(char *)"run"};
	struct run_options options;
	struct err err = ERR_INIT;
	int argc = 1;

	memcpy(words, data, size);
	words[size] = '\0';
	for (size_t at = 0; at <= size && argc <= MAX_WORDS; at += strlen(words + at) + 1) {
		/* Files of the host are the other fuzz target's. */
		if (strncmp(words + at, "--config", strlen("--config")) == 0)
			continue;
		argv[argc++] = words + at;
	}
	run_options_init(&options);
	if (run_options_parse(&options, argc, argv, &err)) {
		require_line(&err);
	} else {
		round_trip(&options.config);
		if (machine_config_check(&options.config, &err))
			require_line(&err);
	}
	run_options_fini(&options);
	free(words);
	return 0;
}
