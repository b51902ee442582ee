/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/steps.h"

#include "vmm/core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_NS (10 * NS_PER_MS)

int check_start(char *const *words, size_t n, struct err *err)
{
	static const char *const ours[] = {"--serial", "--control"};

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < 2; j++) {
			size_t len = strlen(ours[j]);

			if (strncmp(words[i], ours[j], len) == 0 &&
			    (!words[i][len] || words[i][len] == '='))
				return err_set(err, -EINVAL,
					       "%s belongs to the scenario itself; attach uses a "
					       "machine that has its own",
					       ours[j]);
		}
	}
	return 0;
}

static int refuse_second(const struct play *play, struct err *err)
{
	if (play->target.state == TARGET_NONE)
		return 0;
	return err_set(err, -EBUSY, "a scenario has one machine, and this one has it already");
}

/* Says that the machine is no longer there, and how it went. */
static int ended(const struct play *play, struct err *err)
{
	char end[256];

	target_describe_end(&play->target, end, sizeof(end));
	return err_set(err, -ECONNRESET, "the machine has %s", end);
}

int run_start(struct play *play, struct step *step, struct err *err)
{
	int rc;

	if (!step->progress) {
		rc = refuse_second(play, err);
		if (!rc)
			rc = target_start(&play->target, play->vise, step->words, step->n, err);
		if (rc)
			return rc;
		step->progress = 1;
	}
	/* A machine may be over before we came to speak to it; what it wrote is there. */
	if (play->target.state == TARGET_ENDED)
		return play->target.status ? ended(play, err) : 0;
	rc = target_connect(&play->target, err);
	if (rc != -EAGAIN && rc != -ECONNRESET)
		return rc;
	step->wake = play->now + RETRY_NS;
	return STEP_WAITS;
}

int check_attach(char *const *words, size_t n, struct err *err)
{
	if (n < 2 || (strncmp(words[1], "unix:", 5) == 0 && words[1][5]) ||
	    (strncmp(words[1], "file:", 5) == 0 && words[1][5]))
		return 0;
	return err_set(err, -EINVAL, "serial port \"%s\": expected unix:PATH or file:PATH",
		       words[1]);
}

int run_attach(struct play *play, struct step *step, struct err *err)
{
	int rc = refuse_second(play, err);

	return rc ? rc
		  : target_attach(&play->target, step->words[0],
				  step->n > 1 ? step->words[1] : NULL, err);
}

int check_wait(char *const *words, size_t n, struct err *err)
{
	long long status;

	return n ? step_integer(words[0], 0, 255, &status, err) : 0;
}

int run_wait(struct play *play, struct step *step, struct err *err)
{
	long long status = 0;
	int rc = check_wait(step->words, step->n, err);

	if (!rc && step->n)
		rc = step_integer(step->words[0], 0, 255, &status, err);
	if (rc)
		return rc;
	if (play->target.state == TARGET_NONE)
		return err_set(err, -ENOTCONN, "there is no machine; start or attach comes first");
	if (play->target.attached && step->n)
		return err_set(err, -EINVAL,
			       "the exit status of a machine that was attached is not known");
	if (play->target.state != TARGET_ENDED)
		return STEP_WAITS;
	if (!play->target.attached && play->target.status != status) {
		rc = ended(play, err);
		err_prefix(err, "expected exit status %lld", status);
	}
	return rc;
}

static int copy(int from, int to)
{
	char buffer[65536];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		for (ssize_t done = 0, part; done < n; done += part) {
			part = write(to, buffer + done, (size_t)(n - done));
			if (part < 0)
				return -errno;
		}
	return n < 0 ? -errno : 0;
}

/* The header is read first: it speaks of samples that were there before it. */
int run_save_wav(struct play *play, struct step *step, struct err *err)
{
	const char *source = step->n > 1 ? step->words[1] : play->target.wav;
	const char *path = step->words[0];
	struct stat from_st, to_st;
	int from, to, rc;

	if (!source)
		return err_set(err, -EINVAL,
			       "which file? The machine was not started with --snd "
			       "wav,path=FILE; expected SOURCE");
	from = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (from < 0)
		return err_set_errno(err, errno, "%s: cannot open", source);
	to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (to < 0)
		rc = err_set_errno(err, errno, "%s: cannot create", path);
	else if (fstat(from, &from_st) < 0 || fstat(to, &to_st) < 0)
		rc = err_set_errno(err, errno, "%s", path);
	else if (from_st.st_dev == to_st.st_dev && from_st.st_ino == to_st.st_ino)
		rc = err_set(err, -EINVAL, "%s: is what the machine writes; expected another file",
			     path);
	else {
		rc = ftruncate(to, 0) < 0 ? -errno : copy(from, to);
		if (rc)
			err_set_errno(err, -rc, "%s: cannot copy %s", path, source);
	}
	close(from);
	if (to >= 0 && close(to) < 0 && !rc)
		rc = err_set_errno(err, errno, "%s: cannot write", path);
	return rc;
}
