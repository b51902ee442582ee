/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/match.h"
#include "tools/scenario/script.h"
#include "tools/scenario/serial.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * A scenario, and the same bytes from a guest. A refusal is one line that names the file; each
 * statement that was accepted has the number of words that its row allows; what is shown is
 * printable; lines are bounded. A scenario that includes gets one statement in place of each file.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

/* Where loading has no argument, the text that is fuzzed stands in its path. */
static char *load(const char *path, struct err *err)
{
	(void)err;
	return strdup(strncmp(path, "/fuzz\n", 6) == 0 ? path + 6 : "sleep 1\n");
}

static void check_block(const struct block *block)
{
	for (size_t i = 0; i < block->n; i++) {
		const struct statement *s = &block->list[i];

		REQUIRE(s->row && s->line > 0 && s->text);
		REQUIRE(s->words.n >= s->row->min && s->words.n <= s->row->max);
		REQUIRE((s->row->kind == STATEMENT_PARALLEL) == (s->n_branches > 0));
		for (size_t j = 0; j < s->n_branches; j++)
			check_block(&s->branches[j]);
	}
}

static void check_script(const char *text)
{
	struct err err = ERR_INIT;
	struct script script;
	char *path;

	REQUIRE(asprintf(&path, "/fuzz\n%s", text) > 0);
	if (script_parse(&script, path, load, &err) == 0) {
		check_block(&script.top);
		script_fini(&script);
	} else {
		REQUIRE(err.code < 0 && err.text[0] && !script.top.list);
	}
	free(path);
}

static void check_words(const char *text)
{
	struct variables v = {0};
	struct err err = ERR_INIT;
	struct words words;

	REQUIRE(variables_set(&v, "a", "x\"\\\x01", &err) == 0);
	if (words_parse(text, &words, &err) == 0) {
		for (size_t i = 0; i < words.n; i++)
			free(word_expand(&words.list[i], &v, &err));
		words_fini(&words);
	} else {
		REQUIRE(err.code < 0 && err.text[0]);
	}
	variables_fini(&v);
}

static void check_guest(const uint8_t *data, size_t size)
{
	struct serial *s = calloc(1, sizeof(*s));
	char *field = strdup("a=1");

	REQUIRE(s && field);
	serial_feed(s, (const char *)data, size);
	serial_feed(s, (const char *)data, size);
	for (uint64_t i = s->first; i < s->next; i++) {
		const char *line = serial_line(s, i);
		char *shown = text_escape(line, 100);

		REQUIRE(strlen(line) <= SERIAL_LINE_MAX && shown);
		for (const char *c = shown; *c; c++)
			REQUIRE(*c >= 0x20 && *c < 0x7f);
		match_marker(line, "T|x", &field, 1);
		free(shown);
	}
	serial_fini(s);
	free(field);
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	REQUIRE(text != NULL);
	check_script(text);
	check_words(text);
	check_guest(data, size);
	free(text);
	return 0;
}
