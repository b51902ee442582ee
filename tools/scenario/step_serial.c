/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/match.h"
#include "tools/scenario/steps.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 10

/* Whether a line is the one. Negative errno: an error, told in @err. */
typedef int (*match_fn)(struct play *play, struct step *step, const char *line, void *arg,
			struct err *err);

static int not_seen(const struct play *play, struct err *err)
{
	const struct target *t = &play->target;
	char end[256];

	if (t->state == TARGET_NONE)
		return err_set(err, -ENOTCONN, "there is no machine; start or attach comes first");
	if (t->attached && t->serial_fd < 0 && !t->serial.next && t->state != TARGET_ENDED)
		return err_set(
			err, -ENOTCONN,
			"the machine's serial port is not open; attach SOCKET SERIAL opens it");
	if (t->state == TARGET_ENDED) {
		target_describe_end(t, end, sizeof(end));
		return err_set(err, -ECONNRESET, "not seen, and the machine has %s", end);
	}
	return STEP_WAITS;
}

/* Looks at the lines that this step has not seen yet; takes the first that matches. */
static int scan(struct play *play, struct step *step, match_fn match, void *arg, struct err *err)
{
	const struct serial *s = &play->target.serial;

	if (step->scanned < s->first)
		step->scanned = s->first;
	for (; step->scanned < s->next; step->scanned++) {
		int rc = match(play, step, serial_line(s, step->scanned), arg, err);

		if (rc > 0)
			step->branch->cursor = step->scanned + 1;
		if (rc)
			return rc < 0 ? rc : 0;
	}
	return not_seen(play, err);
}

static int match_text(struct play *play, struct step *step, const char *line, void *arg,
		      struct err *err)
{
	(void)play;
	(void)arg;
	(void)err;
	return strstr(line, step->words[0]) != NULL;
}

int run_expect(struct play *play, struct step *step, struct err *err)
{
	const struct serial *s = &play->target.serial;
	struct err why = ERR_INIT;
	int rc = scan(play, step, match_text, NULL, &why);

	/* A prompt is a line that is not finished; one that was taken is not seen again. */
	if (rc && step->branch->cursor <= s->next && strstr(s->partial, step->words[0])) {
		step->branch->cursor = s->next + 1;
		return 0;
	}
	if (rc < 0)
		*err = why;
	return rc;
}

static int match_fields(struct play *play, struct step *step, const char *line, void *arg,
			struct err *err)
{
	(void)play;
	(void)arg;
	(void)err;
	return match_marker(line, step->words[0], step->words + 1, step->n - 1);
}

int run_expect_fields(struct play *play, struct step *step, struct err *err)
{
	return scan(play, step, match_fields, NULL, err);
}

static int compile(regex_t *pattern, const char *text, struct err *err)
{
	char why[128];
	int rc = regcomp(pattern, text, REG_EXTENDED);

	if (!rc)
		return 0;
	regerror(rc, pattern, why, sizeof(why));
	return err_set(err, -EINVAL, "pattern \"%.100s\": %s", text, why);
}

int check_pattern(char *const *words, size_t n, struct err *err)
{
	regex_t pattern;
	int rc = compile(&pattern, words[0], err);

	if (rc)
		return rc;
	if (pattern.re_nsub < n - 1)
		rc = err_set(err, -EINVAL, "the pattern has %zu groups for %zu names",
			     pattern.re_nsub, n - 1);
	for (size_t i = 1; !rc && i < n; i++)
		if (!variables_is_name(words[i], strlen(words[i])))
			rc = err_set(err, -EINVAL,
				     "\"%.40s\" is no name of a variable: expected a letter, then "
				     "letters, digits, _ or -",
				     words[i]);
	regfree(&pattern);
	return rc;
}

static int match_pattern(struct play *play, struct step *step, const char *line, void *arg,
			 struct err *err)
{
	regmatch_t groups[GROUPS_MAX];
	int rc = 0;

	if (regexec(arg, line, GROUPS_MAX, groups, 0))
		return 0;
	for (size_t i = 1; !rc && i < step->n; i++) {
		/* A group that took no part in the match is empty. */
		size_t from = groups[i].rm_so < 0 ? 0 : (size_t)groups[i].rm_so;
		size_t to = groups[i].rm_so < 0 ? 0 : (size_t)groups[i].rm_eo;
		char *value = strndup(line + from, to - from);

		rc = value ? variables_set(&play->variables, step->words[i], value, err)
			   : err_set(err, -ENOMEM, "out of memory");
		free(value);
	}
	return rc ? rc : 1;
}

int run_expect_match(struct play *play, struct step *step, struct err *err)
{
	regex_t pattern;
	int rc = compile(&pattern, step->words[0], err);

	if (rc)
		return rc;
	rc = scan(play, step, match_pattern, &pattern, err);
	regfree(&pattern);
	return rc;
}
