/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/file_check.h"

#include "vmm/core/option/option.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_USES (2 * MACHINE_MAX_DISKS + MACHINE_MAX_NICS + 16)

/* A file of the host, and what it is for. */
struct use {
	const char *option;
	const char *path;
	const char *harm; /* what happens to it, as in a message; NULL: it is not made or grown */
};

struct uses {
	struct use use[MAX_USES];
	size_t n;
};

static void add(struct uses *all, const char *option, const char *path, const char *harm)
{
	if (path && all->n < MAX_USES)
		all->use[all->n++] = (struct use){option, path, harm};
}

/* What follows @prefix in @where; NULL when it is another kind. */
static const char *behind(const char *where, const char *prefix)
{
	size_t n = strlen(prefix);

	return where && strncmp(where, prefix, n) == 0 ? where + n : NULL;
}

/* A stream to a file. */
static void add_stream(struct uses *all, const char *option, const char *where)
{
	add(all, option, behind(where, "file:"), "empty");
	add(all, option, behind(where, "append:"), "add to");
}

static void collect(const struct machine_config *c, struct uses *all)
{
	add(all, "--kernel", c->kernel, NULL);
	add(all, "--initrd", c->initrd, NULL);
	for (size_t i = 0; i < c->n_disks; i++)
		add(all, "--disk", c->disks[i].path, NULL);
	for (size_t i = 0; i < c->n_nics; i++)
		add(all, "--net: pcap", c->nics[i].pcap, "empty");
	for (size_t i = 0; i < c->n_sound; i++) {
		add(all, "--snd: path", c->sound[i].path, "empty");
		add(all, "--snd: capture", behind(c->sound[i].capture, "wav:"), NULL);
	}
	add_stream(all, "--serial", c->serial);
	add_stream(all, "--com2", c->com2);
	for (size_t i = 0; i < c->n_console; i++)
		add_stream(all, "--console", c->console[i].where);
	add_stream(all, "--bulk", c->bulk);
	add_stream(all, "--stats", c->stats);
	add(all, "--status-file", c->status_file, "empty");
}

/* Whether two paths lead to one file that holds something; a device such as /dev/null does not. */
static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (stat(a, &sa) < 0 || stat(b, &sb) < 0)
		return strcmp(a, b) == 0;
	return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino && !S_ISCHR(sa.st_mode) &&
	       !S_ISFIFO(sa.st_mode);
}

int file_config_check(const struct machine_config *config, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];
	struct uses all = {.n = 0};

	collect(config, &all);
	for (size_t i = 0; i < all.n; i++)
		for (size_t j = i + 1; j < all.n; j++) {
			const struct use *a = &all.use[i], *b = &all.use[j];

			if ((a->harm || b->harm) && same_file(a->path, b->path))
				return err_set(err, -EINVAL,
					       "%s and %s both name the file %s, which %s would %s",
					       a->option, b->option,
					       option_quote(a->path, quoted, sizeof(quoted)),
					       a->harm ? a->option : b->option,
					       a->harm ? a->harm : b->harm);
		}
	return 0;
}
