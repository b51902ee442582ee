/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/session.h"

#include "tests/unit/machine_double.h"

#include <stdlib.h>

/*
 * Any bytes into a session, cut at places that the first byte decides: no crash, no leak, progress
 * on every call, and each line out is one JSON object on one line.
 */

static void check_line(void *arg, const char *line, size_t n)
{
	json_t *message = json_loadb(line, n, 0, NULL);

	(void)arg;
	if (!json_is_object(message) || line[n - 1] != '\n' || memchr(line, '\n', n - 1))
		abort();
	json_decref(message);
}

static void pass_event(void *arg, const char *event, json_t *data)
{
	struct clock clock = clock_host();
	json_t *message = session_event_new(event, data, &clock);

	session_event(arg, message);
	json_decref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char negotiation[] = "{\"execute\":\"qmp_capabilities\"}";
	struct machine machine = {.state = MACHINE_RUNNING};
	struct session *s = session_create(&machine, check_line, NULL);
	size_t step = size ? 1 + data[0] % 64U : 1;

	machine_on_event(&machine, pass_event, s);
	session_greet(s);
	if (size && data[0] & 0x80)
		session_feed(s, negotiation, sizeof(negotiation) - 1);
	for (size_t at = size ? 1 : 0; at < size;) {
		size_t n = size - at < step ? size - at : step;
		size_t used = session_feed(s, data + at, n);

		if (used == 0 || used > n)
			abort();
		at += used;
	}
	session_destroy(s);
	return 0;
}
