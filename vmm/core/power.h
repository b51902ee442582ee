/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_POWER_H
#define VISE_CORE_POWER_H

/*
 * What a device asks of the machine as a whole. The request is noted and carried out later on the
 * main loop, with the vCPUs parked; the function returns at once and may be called under a device
 * lock, from any thread.
 */

enum power_event {
	POWER_OFF,	  /* ACPI S5 */
	POWER_RESET,	  /* reset register, CF9, i8042, triple fault */
	POWER_DEBUG_EXIT, /* isa-debug-exit; value is the byte or word written */
	POWER_PANIC,	  /* the guest said that it panicked */
};

struct power_sink {
	void (*request)(void *owner, enum power_event event, unsigned int value,
			const char *source);
	void *owner;
};

static inline void power_request(const struct power_sink *sink, enum power_event event,
				 unsigned int value, const char *source)
{
	if (sink->request)
		sink->request(sink->owner, event, value, source);
}

#endif
