/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/config_json.h"
#include "vmm/app/qemu/keyval.h"
#include "vmm/app/qemu/line.h"
#include "vmm/core/log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * QEMU's command line from words that NUL bytes part. Nothing may crash or leak; a refusal is one
 * line; what is accepted is a machine that prints as JSON and reads back, unless it is not UTF-8.
 * Keys and values that are written anew, each in quotes, read the same.
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

static void write_quoted(FILE *out, const char *value)
{
	fputc('"', out);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static char *write_items(const struct keyvals *kv)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < kv->n; i++) {
		fprintf(out, "%s%s=", i ? "," : "", kv->items[i].key);
		write_quoted(out, kv->items[i].value);
	}
	fclose(out);
	return text;
}

static void keyval_round_trip(const char *word)
{
	struct keyvals kv, again;
	struct err err = ERR_INIT;
	char *text;

	if (keyval_parse(&kv, "-x", "implied", word, &err)) {
		require_line(&err);
		keyval_fini(&kv);
		return;
	}
	text = write_items(&kv);
	require(keyval_parse(&again, "-x", NULL, text, &err) == 0 && again.n == kv.n);
	for (size_t i = 0; i < kv.n; i++)
		require(strcmp(kv.items[i].key, again.items[i].key) == 0 &&
			strcmp(kv.items[i].value, again.items[i].value) == 0);
	free(text);
	keyval_fini(&kv);
	keyval_fini(&again);
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

static void json_round_trip(const struct machine_config *config)
{
	struct machine_config again;
	struct err err = ERR_INIT;
	size_t len;
	char *text = print(config, &len);

	if (!text)
		return;
	machine_config_init(&again);
	/* Rows may judge what no option of QEMU's had to: an id that is too long. */
	if (machine_config_parse(text, len, "printed", &again, &err))
		require_line(&err);
	free(text);
	machine_config_fini(&again);
}

static void read_line(int argc, char **argv, FILE *out)
{
	struct qemu_line *line = malloc(sizeof(*line));
	struct err err = ERR_INIT;
	int rc;

	qemu_line_init(line, out);
	rc = qemu_line_parse(line, argc, argv, &err);
	if (rc < 0) {
		require_line(&err);
	} else if (rc == 0) {
		json_round_trip(&line->config);
		if (machine_config_complete(&line->config, &err) ||
		    machine_config_check(&line->config, &err))
			require_line(&err);
	}
	qemu_line_fini(line);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words = malloc(size + 1);
	char *argv[MAX_WORDS + 2] = {(char *)"qemu-system-x86_64"};
	FILE *out = fopen("/dev/null", "w");
	int argc = 1;

	log_set_level(LOG_LEVEL_ERROR);
	memcpy(words, data, size);
	words[size] = '\0';
	for (size_t at = 0; at <= size && argc <= MAX_WORDS; at += strlen(words + at) + 1) {
		argv[argc++] = words + at;
		keyval_round_trip(words + at);
	}
	read_line(argc, argv, out);
	fclose(out);
	free(words);
	return 0;
}
