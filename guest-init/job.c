/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/job.h"

#include <stdlib.h>
#include <string.h>

#include "docs/abi/vise-init.h"

static bool number(const char *value, unsigned short *out)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (end == value || *end || n > 65535)
		return false;
	*out = (unsigned short)n;
	return true;
}

static bool job_set(struct job *job, const char *key, const char *value)
{
	if (!strcmp(key, VISE_INIT_KEY_EXEC))
		job->exec = value;
	else if (!strcmp(key, VISE_INIT_KEY_ROOT))
		job->root = value;
	else if (!strcmp(key, VISE_INIT_KEY_TERM))
		job->term = value;
	else if (!strcmp(key, VISE_INIT_KEY_SELFTEST))
		job->selftest = value;
	else if (!strcmp(key, VISE_INIT_KEY_SHELL))
		job->shell = !strcmp(value, "1");
	else if (!strcmp(key, VISE_INIT_KEY_ROWS))
		return number(value, &job->rows);
	else if (!strcmp(key, VISE_INIT_KEY_COLS))
		return number(value, &job->cols);
	else
		return false;
	return true;
}

/* Splits "key=value" at its first '=' and takes it; remembers what it cannot. */
static void take(struct job *job, char *pair)
{
	char *value = strchr(pair, '=');

	if (!*pair)
		return;
	if (value)
		*value++ = '\0';
	if ((!value || !job_set(job, pair, value)) && !job->unknown)
		job->unknown = pair;
}

static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1] == 'n') {
			*out++ = '\n';
			s++;
		} else if (*s == '\\' && s[1] == '\\') {
			*out++ = *s++;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

void job_parse(char *text, struct job *job)
{
	while (*text) {
		char *end = strchrnul(text, '\n');
		char *next = *end ? end + 1 : end;

		*end = '\0';
		unescape(text);
		take(job, text);
		text = next;
	}
}

/* Cuts the next word off @text as the kernel does: double quotes hold blanks and are dropped. */
static char *cmdline_word(char **text)
{
	char *s = *text + strspn(*text, " \t\n");
	char *word = s;
	char *out = s;
	bool quoted = false;

	for (; *s && (quoted || !strchr(" \t\n", *s)); s++) {
		if (*s == '"')
			quoted = !quoted;
		else
			*out++ = *s;
	}
	*text = *s ? s + 1 : s;
	*out = '\0';
	return word;
}

void job_parse_cmdline(char *text, struct job *job)
{
	size_t prefix = strlen(VISE_INIT_CMDLINE_PREFIX);

	while (*text) {
		char *word = cmdline_word(&text);

		if (!strncmp(word, VISE_INIT_CMDLINE_PREFIX, prefix))
			take(job, word + prefix);
	}
}
