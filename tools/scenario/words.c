/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/words.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One word being read. */
struct reader {
	const char *at;
	struct word *word;
	char *text; /* the literal part so far */
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int out_of_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory");
}

static int put(struct reader *r, char c, struct err *err)
{
	/* Grows when len + 1 is a power of two. */
	if ((r->len & (r->len + 1)) == 0) {
		char *bigger = realloc(r->text, 2 * r->len + 16);

		if (!bigger)
			return out_of_memory(err);
		r->text = bigger;
	}
	r->text[r->len++] = c;
	r->text[r->len] = '\0';
	return 0;
}

static int add_part(struct word *word, char *text, bool variable, struct err *err)
{
	struct part *bigger = text ? realloc(word->parts, (word->n + 1) * sizeof(*bigger)) : NULL;

	if (!bigger) {
		free(text);
		return out_of_memory(err);
	}
	word->parts = bigger;
	bigger[word->n++] = (struct part){text, variable};
	return 0;
}

static int end_literal(struct reader *r, struct err *err)
{
	char *text = r->text;

	if (!r->len)
		return 0;
	r->text = NULL;
	r->len = 0;
	return add_part(r->word, text, false, err);
}

static int read_variable(struct reader *r, struct err *err)
{
	const char *name = r->at + 2;
	const char *end = strchr(name, '}');
	int rc;

	if (!end || !variables_is_name(name, (size_t)(end - name)))
		return err_set(err, -EINVAL,
			       "\"%.20s\": expected ${name}; \\$ within quotes is a dollar sign",
			       r->at);
	rc = end_literal(r, err);
	if (rc)
		return rc;
	r->at = end + 1;
	return add_part(r->word, strndup(name, (size_t)(end - name)), true, err);
}

static int read_char(struct reader *r, struct err *err)
{
	if (r->at[0] == '$' && r->at[1] == '{')
		return read_variable(r, err);
	return put(r, *r->at++, err);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int read_hex(struct reader *r, struct err *err)
{
	int high = hex_digit(r->at[0]);
	int low = high < 0 ? -1 : hex_digit(r->at[1]);

	if (low < 0 || high + low == 0)
		return err_set(err, -EINVAL, "\\x needs two hexadecimal digits that are not 00");
	r->at += 2;
	return put(r, (char)(high * 16 + low), err);
}

static int read_escape(struct reader *r, struct err *err)
{
	static const char names[] = "\"\\$nrt";
	static const char values[] = "\"\\$\n\r\t";
	char c = *++r->at;
	const char *found = c ? strchr(names, c) : NULL;

	if (c)
		r->at++;
	if (c == 'x')
		return read_hex(r, err);
	if (!found)
		return err_set(err, -EINVAL,
			       "unknown escape \\%c: expected \\\" \\\\ \\$ \\n \\r \\t or \\xHH",
			       c);
	return put(r, values[found - names], err);
}

static int read_quoted(struct reader *r, struct err *err)
{
	int rc = 0;

	r->at++;
	while (!rc && *r->at && *r->at != '"')
		rc = *r->at == '\\' ? read_escape(r, err) : read_char(r, err);
	if (rc)
		return rc;
	if (!*r->at)
		return err_set(err, -EINVAL, "a double quote is not closed");
	r->at++;
	return 0;
}

static int read_json(struct reader *r, struct err *err)
{
	bool string = false;
	size_t depth = 0;
	int rc = 0;

	r->word->json = true;
	do {
		char c = *r->at;

		if (!c)
			return err_set(err, -EINVAL, "a bracket of JSON is not closed");
		if (c == '"')
			string = !string;
		else if (string && c == '\\' && r->at[1])
			rc = put(r, *r->at++, err);
		else if (!string && (c == '{' || c == '['))
			depth++;
		else if (!string && (c == '}' || c == ']'))
			depth--;
		if (!rc)
			rc = read_char(r, err);
	} while (!rc && depth);
	if (!rc && *r->at && !is_blank(*r->at))
		rc = err_set(err, -EINVAL, "\"%.20s\" follows JSON without a blank", r->at);
	return rc;
}

static int read_plain(struct reader *r, struct err *err)
{
	int rc = 0;

	while (!rc && *r->at && !is_blank(*r->at))
		rc = *r->at == '"' ? read_quoted(r, err) : read_char(r, err);
	return rc;
}

static int add_word(struct words *words, struct reader *r, struct err *err)
{
	struct word *bigger;
	int rc;

	if (words->n == WORDS_MAX)
		return err_set(err, -EINVAL, "more than %d words", WORDS_MAX);
	bigger = realloc(words->list, (words->n + 1) * sizeof(*bigger));
	if (!bigger)
		return out_of_memory(err);
	words->list = bigger;
	r->word = &bigger[words->n++];
	*r->word = (struct word){0};
	rc = *r->at == '{' ? read_json(r, err) : read_plain(r, err);
	if (!rc)
		rc = end_literal(r, err);
	return rc;
}

int words_parse(const char *line, struct words *words, struct err *err)
{
	struct reader r = {.at = line};
	int rc = 0;

	*words = (struct words){0};
	while (!rc) {
		while (is_blank(*r.at))
			r.at++;
		if (!*r.at || *r.at == '#')
			break;
		rc = add_word(words, &r, err);
	}
	free(r.text);
	if (rc)
		words_fini(words);
	return rc;
}

void words_fini(struct words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		for (size_t j = 0; j < words->list[i].n; j++)
			free(words->list[i].parts[j].text);
		free(words->list[i].parts);
	}
	free(words->list);
	*words = (struct words){0};
}

bool word_is_constant(const struct word *word)
{
	for (size_t i = 0; i < word->n; i++)
		if (word->parts[i].variable)
			return false;
	return true;
}

/* Whether JSON's text is within a string after @text, when it was (@string) before. */
static bool in_string_after(const char *text, bool string)
{
	for (; *text; text++) {
		if (string && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			string = !string;
	}
	return string;
}

/* A value within JSON. What a guest has sent must not become structure. */
static int put_json(FILE *out, const char *value, bool string, struct err *err)
{
	json_t *json = string ? json_string(value) : json_loads(value, JSON_DECODE_ANY, NULL);
	char *text = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;

	json_decref(json);
	if (!text)
		return err_set(err, -EINVAL, "a variable's value is no %s of JSON",
			       string ? "string" : "value");
	if (string)
		fwrite(text + 1, 1, strlen(text) - 2, out);
	else
		fputs(text, out);
	free(text);
	return 0;
}

static int expand_to(FILE *out, const struct word *word, const struct variables *v, struct err *err)
{
	bool string = false;

	for (size_t i = 0; i < word->n; i++) {
		const struct part *part = &word->parts[i];
		const char *text = part->variable ? variables_get(v, part->text) : part->text;
		int rc = 0;

		if (!text)
			return err_set(err, -ENOENT, "variable ${%s} is not set", part->text);
		if (part->variable && word->json)
			rc = put_json(out, text, string, err);
		else
			fputs(text, out);
		if (rc)
			return rc;
		if (!part->variable)
			string = in_string_after(text, string);
	}
	return 0;
}

char *word_expand(const struct word *word, const struct variables *v, struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc = out ? expand_to(out, word, v, err) : -ENOMEM;

	if ((out && fclose(out) != 0) || rc == -ENOMEM)
		rc = out_of_memory(err);
	if (!rc)
		return text;
	free(text);
	return NULL;
}

char *text_escape(const char *text, size_t max)
{
	char *escaped = malloc(4 * strnlen(text, max) + 4);
	char *to = escaped;

	if (!escaped)
		return NULL;
	for (size_t i = 0; i < max && text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f)
			*to++ = (char)c;
		else
			to += sprintf(to, "\\x%02x", c);
	}
	if (strnlen(text, max) == max && text[max])
		to = stpcpy(to, "...");
	*to = '\0';
	return escaped;
}
