/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/loop_internal.h"

/*
 * What the loop looks at while it is awake. A look leaves the list when it has seen something, and
 * is served with the events of that turn; or when the loop is about to sleep, and is told so.
 */

void loop_look_for(struct loop *loop, struct loop_look *look)
{
	if (look->queued)
		return;
	look->queued = true;
	look->next = loop->looks;
	loop->looks = look;
}

static void take_off(struct loop_look **list, const struct loop_look *look)
{
	while (*list && *list != look)
		list = &(*list)->next;
	if (*list)
		*list = look->next;
}

void loop_look_away(struct loop *loop, struct loop_look *look)
{
	take_off(&loop->looks, look);
	take_off(&loop->seen, look);
	look->queued = false;
}

/* Moves those of which @test is true to the list of what is to be served; with @all the others
 * leave the list too. */
static bool sift(struct loop *loop, bool (*test)(const struct loop_look *look), bool all)
{
	struct loop_look **at = &loop->looks;

	while (*at) {
		struct loop_look *look = *at;
		bool found = test(look);

		if (!found && !all) {
			at = &look->next;
			continue;
		}
		*at = look->next;
		look->queued = found;
		if (found) {
			look->next = loop->seen;
			loop->seen = look;
		}
	}
	return loop->seen;
}

static bool sees(const struct loop_look *look)
{
	return look->look(look->arg);
}

static bool is_told(const struct loop_look *look)
{
	return look->rest(look->arg);
}

bool loop_look(struct loop *loop)
{
	return sift(loop, sees, false);
}

bool loop_look_rest(struct loop *loop)
{
	return sift(loop, is_told, true);
}

int loop_look_serve(struct loop *loop)
{
	int n = 0;

	while (loop->seen && !atomic_load(&loop->stop)) {
		struct loop_look *look = loop->seen;

		loop->seen = look->next;
		look->queued = false;
		look->serve(look->arg);
		loop_run_deferred(loop);
		n++;
	}
	return n;
}
