/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_INIT_REPORT_H
#define VISE_APP_INIT_REPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the report lines of vise-init (docs/abi/vise-init.h) from the second serial port. Bytes
 * come from vCPU threads and are a guest's: anything may be in them.
 */

struct init_report_state {
	bool ready;
	bool exited;
	unsigned int status; /* 0..255 */
	bool died;
	bool handed_over;
	char text[200];	   /* why it died */
	char warning[200]; /* newest warning not yet taken; empty: none */
};

struct init_report {
	pthread_mutex_t lock;
	char line[256];
	size_t len;
	bool overlong;
	struct init_report_state state;
};

void init_report_init(struct init_report *r);
void init_report_fini(struct init_report *r);

/* Forgets all that was fed: the guest starts again. */
void init_report_reset(struct init_report *r);

/* Takes output. True when a line changed the state. */
bool init_report_feed(struct init_report *r, const uint8_t *data, size_t len);

/* The state so far; takes the warning away. */
struct init_report_state init_report_take(struct init_report *r);

#endif
