/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/config_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A machine file. Nothing may crash or leak; a refusal is one line; what is read prints, and what
 * is printed is read back to the same. */

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

static char *print(const struct machine_config *config, size_t *len)
{
	struct err err = ERR_INIT;
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	require(machine_config_print(config, out, &err) == 0);
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine_config config, again;
	struct err err = ERR_INIT;
	char *text, *text_again;
	size_t len, len_again;

	machine_config_init(&config);
	if (machine_config_parse((const char *)data, size, "input", &config, &err)) {
		require_line(&err);
		machine_config_fini(&config);
		return 0;
	}
	text = print(&config, &len);
	machine_config_init(&again);
	require(machine_config_parse(text, len, "printed", &again, &err) == 0);
	text_again = print(&again, &len_again);
	require(strcmp(text, text_again) == 0);
	if (machine_config_check(&config, &err))
		require_line(&err);
	free(text);
	free(text_again);
	machine_config_fini(&config);
	machine_config_fini(&again);
	return 0;
}
