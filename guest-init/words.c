/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/words.h"

#include <string.h>

bool words_plain(const char *command)
{
	const char *blank = strpbrk(command, " \t");
	const char *equals = strchr(command, '=');

	if (strpbrk(command, "'\"\\$`|&;<>()[]{}*?!~#\n"))
		return false;
	/* "A=1 program" sets a variable; "program A=1" does not. */
	return !equals || (blank && equals > blank && blank > command);
}

/* Copies one word to @out without its quotes; returns the place after it, NULL if it never ends. */
static char *copy_word(char *s, char *out)
{
	char quote = 0;

	for (; *s; s++) {
		if (!quote && strchr(" \t\n", *s))
			break;
		if (quote && *s == quote)
			quote = 0;
		else if (!quote && (*s == '\'' || *s == '"'))
			quote = *s;
		else if (*s == '\\' && s[1] && (!quote || (quote == '"' && strchr("\"\\", s[1]))))
			*out++ = *++s;
		else
			*out++ = *s;
	}
	if (quote)
		return NULL;
	if (*s)
		s++;
	*out = '\0';
	return s;
}

int words_split(char *command, char **words, size_t max)
{
	size_t n = 0;

	for (;;) {
		command += strspn(command, " \t\n");
		if (!*command)
			break;
		if (n + 1 >= max)
			return -1;
		words[n] = command;
		command = copy_word(command, command);
		if (!command)
			return -1;
		n++;
	}
	if (max)
		words[n] = NULL;
	return (int)n;
}
