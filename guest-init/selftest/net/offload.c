/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/offload.h"

#include <stdlib.h>
#include <string.h>

#include "guest-init/file.h"

#define TEXT_MAX 16384

/* The text has pairs of lines, "Tcp: NAME NAME..." and "Tcp: VALUE VALUE...". */
static bool value_of(const char *text, const char *group, const char *name, uint64_t *value)
{
	const char *names = strstr(text, group);
	const char *values = names ? strstr(names + 1, group) : NULL;
	size_t len = strlen(name);

	while (values && *names && *names != '\n' && *values && *values != '\n') {
		size_t word = strcspn(names, " \n");

		if (word == len && !memcmp(names, name, len)) {
			char *end;

			*value = strtoull(values, &end, 10);
			return end != values;
		}
		names += word;
		values += strcspn(values, " \n");
		names += *names == ' ';
		values += *values == ' ';
	}
	return false;
}

bool offload_parse(const char *text, struct offload_counts *c)
{
	return value_of(text, "Tcp: ", "OutSegs", &c->tcp) &&
	       value_of(text, "Udp: ", "OutDatagrams", &c->udp);
}

bool offload_read(struct offload_counts *c)
{
	char *text = file_read("/proc/net/snmp", TEXT_MAX);
	bool ok = text && offload_parse(text, c);

	free(text);
	return ok;
}
