/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/winsize.h"

#include <stdlib.h>
#include <string.h>

#include "docs/abi/vise-init.h"

bool winsize_parse(const char *line, unsigned short *rows, unsigned short *cols)
{
	size_t word = strlen(VISE_INIT_HOST_WINSIZE);
	unsigned long n[2];

	if (strncmp(line, VISE_INIT_HOST_WINSIZE, word) != 0)
		return false;
	line += word;
	for (size_t i = 0; i < 2; i++) {
		char *end;

		if (*line++ != ' ' || *line < '0' || *line > '9')
			return false;
		n[i] = strtoul(line, &end, 10);
		if (n[i] == 0 || n[i] > 65535)
			return false;
		line = end;
	}
	if (*line)
		return false;
	*rows = (unsigned short)n[0];
	*cols = (unsigned short)n[1];
	return true;
}
