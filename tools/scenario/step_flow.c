/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/steps.h"

#include "vmm/core/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int step_integer(const char *text, long long min, long long max, long long *value, struct err *err)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	if (end == text || *end || isspace((unsigned char)*text) || errno || *value < min ||
	    *value > max)
		return err_set(err, -EINVAL, "\"%.40s\": expected an integer from %lld to %lld",
			       text, min, max);
	return 0;
}

int check_sleep(char *const *words, size_t n, struct err *err)
{
	double seconds;

	(void)n;
	return duration_parse(words[0], &seconds, err);
}

int run_sleep(struct play *play, struct step *step, struct err *err)
{
	double seconds = 0;
	int rc = duration_parse(step->words[0], &seconds, err);

	if (rc)
		return rc;
	step->wake = step->started + (uint64_t)(seconds * (double)NS_PER_SEC);
	return play->now < step->wake ? STEP_WAITS : 0;
}

int check_set(char *const *words, size_t n, struct err *err)
{
	(void)n;
	if (variables_is_name(words[0], strlen(words[0])))
		return 0;
	return err_set(err, -EINVAL,
		       "\"%.40s\" is no name of a variable: expected a letter, then letters, "
		       "digits, _ or -",
		       words[0]);
}

int run_set(struct play *play, struct step *step, struct err *err)
{
	return variables_set(&play->variables, step->words[0], step->words[1], err);
}

int check_fail(char *const *words, size_t n, struct err *err)
{
	size_t len = strspn(words[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	(void)n;
	if (len && !words[0][len] && len < sizeof(((struct failure *)NULL)->token))
		return 0;
	return err_set(err, -EINVAL, "\"%.40s\" is no token: expected capitals, digits and _",
		       words[0]);
}

int run_fail(struct play *play, struct step *step, struct err *err)
{
	char *text = text_escape(step->words[1], 400);

	snprintf(play->failure.token, sizeof(play->failure.token), "%s", step->words[0]);
	err_set(err, -ECANCELED, "%s: %s", step->words[0], text ? text : "");
	free(text);
	return -ECANCELED;
}
