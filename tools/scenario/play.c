/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/play.h"

#include "vmm/core/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SEEN_LINES   5
#define SEEN_BYTES   200
#define FILE_TICK_NS (20 * NS_PER_MS)
#define TICK_MAX_MS  1000

static int go_on(struct play *play, struct branch *b, struct err *err);

static uint64_t now_ns(void)
{
	struct clock host = clock_host();

	return clock_monotonic_ns(&host);
}

void play_init(struct play *play, const char *vise)
{
	*play = (struct play){.vise = vise, .signals = -1};
	target_init(&play->target);
}

int play_prepare(struct play *play, struct err *err)
{
	int rc = target_make_dir(&play->target, err);

	return rc ? rc : variables_set(&play->variables, "dir", play->target.dir, err);
}

static void end_step(struct step *step)
{
	for (size_t i = 0; i < step->n; i++)
		free(step->words[i]);
	free(step->words);
	*step = (struct step){0};
}

static int note(struct play *play, const struct step *step, bool failed)
{
	struct step_result *bigger;
	size_t n = play->n_results;

	if ((n & (n - 1)) == 0 || n == 0) {
		bigger = realloc(play->results, (n ? 2 * n : 1) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		play->results = bigger;
	}
	play->results[play->n_results++] = (struct step_result){
		.statement = step->statement,
		.seconds = (double)(now_ns() - step->started) / (double)NS_PER_SEC,
		.failed = failed,
	};
	return 0;
}

/* The last lines of the serial port, for who must find out why. */
static char *last_lines(const struct serial *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	uint64_t from = s->next > SEEN_LINES ? s->next - SEEN_LINES : 0;

	if (!out)
		return NULL;
	for (uint64_t i = from; i <= s->next; i++) {
		const char *line = i < s->next ? serial_line(s, i) : s->partial;
		char *shown = line && (*line || i < s->next) ? text_escape(line, SEEN_BYTES) : NULL;

		if (shown)
			fprintf(out, "%s\n", shown);
		free(shown);
	}
	fclose(out);
	if (text && *text)
		return text;
	free(text);
	return NULL;
}

static int failed(struct play *play, const struct step *step, const struct err *why)
{
	/* The first failure is the one that counts. */
	if (play->failure.statement)
		return -1;
	play->failure.statement = step->statement;
	snprintf(play->failure.text, sizeof(play->failure.text), "%s", why->text);
	play->failure.seen = last_lines(&play->target.serial);
	(void)note(play, step, true);
	return -1;
}

static int expand(struct play *play, struct step *step, struct err *err)
{
	const struct statement *s = step->statement;
	const struct statement_row *row = s->row;
	char *within;
	int rc = 0;

	step->words = calloc(s->words.n + 1, sizeof(*step->words));
	if (!step->words)
		return err_set(err, -ENOMEM, "out of memory");
	for (; !rc && step->n < s->words.n; step->n += !rc) {
		step->words[step->n] = word_expand(&s->words.list[step->n], &play->variables, err);
		rc = step->words[step->n] ? 0 : -EINVAL;
	}
	step->within = row->within;
	if (!rc && s->within.n) {
		within = word_expand(&s->within.list[1], &play->variables, err);
		rc = within ? duration_parse(within, &step->within, err) : -EINVAL;
		free(within);
	}
	if (!rc && row->check)
		rc = row->check(step->words, step->n, err);
	return rc;
}

static int begin(struct play *play, struct branch *b, struct err *err)
{
	struct step *step = &b->step;

	*step = (struct step){.statement = &b->block->list[b->at],
			      .started = play->now,
			      .scanned = b->cursor,
			      .branch = b};
	b->running = true;
	if (expand(play, step, err))
		return -1;
	if (step->within > 0)
		step->until = play->now + (uint64_t)(step->within * (double)NS_PER_SEC);
	return 0;
}

static int run_parallel(struct play *play, struct branch *b, struct err *err)
{
	const struct statement *s = b->step.statement;
	bool waits = false;
	int rc = 0;

	if (!b->children) {
		b->children = calloc(s->n_branches, sizeof(*b->children));
		if (!b->children)
			return err_set(err, -ENOMEM, "out of memory");
		b->n_children = s->n_branches;
		for (size_t i = 0; i < b->n_children; i++)
			b->children[i] =
				(struct branch){.block = &s->branches[i], .cursor = b->cursor};
	}
	for (size_t i = 0; i < b->n_children && rc >= 0; i++) {
		rc = go_on(play, &b->children[i], err);
		waits |= rc == STEP_WAITS;
	}
	if (rc < 0 || waits)
		return rc < 0 ? rc : STEP_WAITS;
	/* What any branch has taken is taken. */
	for (size_t i = 0; i < b->n_children; i++)
		if (b->children[i].cursor > b->cursor)
			b->cursor = b->children[i].cursor;
	free(b->children);
	b->children = NULL;
	b->n_children = 0;
	return 0;
}

static int run_step(struct play *play, struct branch *b, struct err *err)
{
	struct step *step = &b->step;
	const struct statement_row *row = step->statement->row;
	int rc;

	step->wake = 0;
	if (row->kind == STATEMENT_PARALLEL)
		return run_parallel(play, b, err);
	rc = row->run(play, step, err);
	if (rc == STEP_WAITS && step->until && play->now >= step->until)
		rc = err_set(err, -ETIMEDOUT, "not within %g s", step->within);
	return rc;
}

/* Runs the steps of a branch until one waits. 0: the branch is at its end. */
static int go_on(struct play *play, struct branch *b, struct err *err)
{
	while (b->at < b->block->n) {
		int rc = b->running ? 0 : begin(play, b, err);

		if (!rc)
			rc = run_step(play, b, err);
		if (rc == STEP_WAITS)
			return rc;
		if (!rc && note(play, &b->step, false))
			rc = err_set(err, -ENOMEM, "out of memory");
		if (rc)
			return failed(play, &b->step, err);
		end_step(&b->step);
		b->running = false;
		b->at++;
	}
	return 0;
}

static void sooner(uint64_t *when, uint64_t t)
{
	if (t && (!*when || t < *when))
		*when = t;
}

/* When the next step must be looked at; 0: never. */
static uint64_t next_time(const struct branch *b)
{
	uint64_t when = 0;

	if (!b->running)
		return 0;
	sooner(&when, b->step.until);
	sooner(&when, b->step.wake);
	for (size_t i = 0; i < b->n_children; i++)
		sooner(&when, next_time(&b->children[i]));
	return when;
}

static int wait_ms(const struct play *play)
{
	uint64_t when = next_time(&play->root);

	if (play->target.serial_is_file)
		sooner(&when, play->now + FILE_TICK_NS);
	if (when && when <= play->now)
		return 0;
	if (!when || when - play->now > TICK_MAX_MS * NS_PER_MS)
		return TICK_MAX_MS;
	return (int)((when - play->now + NS_PER_MS - 1) / NS_PER_MS);
}

/* Waits for news. The number of a signal that ends the play, or 0. */
static int wait_for_news(struct play *play)
{
	struct pollfd fds[TARGET_FDS + 1];
	struct signalfd_siginfo info;
	size_t n = target_fds(&play->target, fds);

	fds[n] = (struct pollfd){.fd = play->signals, .events = POLLIN};
	if (poll(fds, n + 1, wait_ms(play)) > 0 && fds[n].revents & POLLIN &&
	    read(play->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		return (int)info.ssi_signo;
	return 0;
}

/* The step that is under way, the innermost of the first branch that is. */
static const struct step *current(const struct branch *b)
{
	for (size_t i = 0; i < b->n_children; i++)
		if (b->children[i].running)
			return current(&b->children[i]);
	return &b->step;
}

static int play_all(struct play *play)
{
	struct err err = ERR_INIT;
	int rc, signo;

	for (;;) {
		play->now = now_ns();
		target_pump(&play->target);
		rc = go_on(play, &play->root, &err);
		if (rc <= 0)
			return rc;
		signo = wait_for_news(play);
		if (signo) {
			err_set(&err, -EINTR, "interrupted by SIG%s", sigabbrev_np(signo));
			return failed(play, current(&play->root), &err);
		}
	}
}

static void fini_branch(struct branch *b)
{
	if (b->running)
		end_step(&b->step);
	for (size_t i = 0; i < b->n_children; i++)
		fini_branch(&b->children[i]);
	free(b->children);
	*b = (struct branch){0};
}

int play_run(struct play *play, const struct script *script)
{
	uint64_t started = now_ns();
	sigset_t set, before;
	int rc;

	/* Signals come as news, so that what was started is ended and what was made is removed. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &before);
	play->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	play->root = (struct branch){.block = &script->top};
	rc = play_all(play);
	fini_branch(&play->root);
	target_close(&play->target);
	play->seconds = (double)(now_ns() - started) / (double)NS_PER_SEC;
	if (play->signals >= 0)
		close(play->signals);
	play->signals = -1;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

void play_fini(struct play *play)
{
	target_close(&play->target);
	variables_fini(&play->variables);
	free(play->results);
	free(play->failure.seen);
	*play = (struct play){.signals = -1};
	target_init(&play->target);
}
