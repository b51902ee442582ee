/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/initramfs/applets.h"
#include "firmware/initramfs/elf_deps.h"
#include "firmware/initramfs/file.h"

#define PROGRAM_MAX  (512U << 20)
#define SCRIPT_DEPTH 4
#define PATH_LEN     4096

/* Where commands are looked for in the guest (guest-init sets it so). */
static const char guest_path_list[] =
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

int programs_guest_path(const char *path, char *guest)
{
	size_t used = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && !strncmp(path, "..", 2)) {
			while (used && guest[--used] != '/')
				;
		} else if (len && !(len == 1 && *path == '.')) {
			if (used + 1 + len > CPIO_PATH_MAX)
				return -ENAMETOOLONG;
			guest[used++] = '/';
			memcpy(guest + used, path, len);
			used += len;
		}
		path += len + (path[len] == '/');
	}
	if (!used)
		guest[used++] = '/';
	guest[used] = '\0';
	return 0;
}

/* Finds @name in the directories of @list; false when it is in none. */
static bool find_in(const char *list, const char *name, char *path)
{
	while (list && *list) {
		int len = (int)strcspn(list, ":");
		struct stat st;

		/* An empty entry means the current directory, which is not searched here. */
		snprintf(path, PATH_LEN, "%.*s/%s", len, list, name);
		if (len && !access(path, X_OK) && !stat(path, &st) && S_ISREG(st.st_mode))
			return true;
		list += len;
		list += *list == ':';
	}
	return false;
}

static int add_file(struct cpio *cpio, const char *host, const char *guest, struct err *err)
{
	struct file file;
	int ret;

	if (cpio_has(cpio, guest))
		return 0;
	ret = file_load(&file, host, PROGRAM_MAX, err);
	if (ret)
		return ret;
	ret = cpio_add_file(cpio, guest, file.mode & 0777, file.data, file.len, err);
	file_fini(&file);
	return ret;
}

static int add_depth(struct cpio *cpio, const char *host, const char *guest, int depth,
		     struct err *err);

/* "#!/usr/bin/env NAME" needs both programs. */
static int add_interpreter(struct cpio *cpio, const struct elf_deps *deps, int depth,
			   struct err *err)
{
	const char *base = strrchr(deps->interp, '/');
	char path[PATH_LEN];
	int ret;

	/* An interpreter that is not on the host may be in the archive; the guest will tell. */
	if (cpio_has(cpio, deps->interp) || access(deps->interp, R_OK))
		return 0;
	/* The shell comes later, and may be BusyBox. */
	if (!strcmp(deps->interp, "/bin/sh"))
		return 0;
	ret = add_depth(cpio, deps->interp, deps->interp, depth + 1, err);
	if (!ret && deps->interp_arg && base && !strcmp(base, "/env") &&
	    find_in(getenv("PATH"), deps->interp_arg, path))
		ret = add_depth(cpio, path, path, depth + 1, err);
	return ret;
}

static int add_depth(struct cpio *cpio, const char *host, const char *guest, int depth,
		     struct err *err)
{
	struct elf_deps deps;
	char place[CPIO_PATH_MAX + 1];
	int ret = elf_deps_collect(&deps, host, err);

	for (size_t i = 0; i < deps.n && !ret; i++) {
		ret = programs_guest_path(deps.paths[i], place);
		ret = ret ? err_set_errno(err, -ret, "%s", deps.paths[i])
			  : add_file(cpio, deps.paths[i], place, err);
	}
	/* Only the loader's own list says where these libraries are. */
	if (!ret && deps.needs_cache && !access("/etc/ld.so.cache", R_OK))
		ret = add_file(cpio, "/etc/ld.so.cache", "/etc/ld.so.cache", err);
	if (!ret && deps.interp && depth < SCRIPT_DEPTH)
		ret = add_interpreter(cpio, &deps, depth, err);
	elf_deps_fini(&deps);
	return ret ? ret : add_file(cpio, host, guest, err);
}

int programs_add(struct cpio *cpio, const char *host, const char *guest, struct err *err)
{
	char place[CPIO_PATH_MAX + 1];
	int ret = programs_guest_path(guest ? guest : host, place);

	if (ret)
		return err_set_errno(err, -ret, "%s", guest ? guest : host);
	return add_depth(cpio, host, place, 0, err);
}

int programs_add_shell(struct cpio *cpio, bool interactive, struct err *err)
{
	static const char *const busybox[] = {"/bin/busybox", "/usr/bin/busybox"};
	int ret;

	for (size_t i = 0; i < 2; i++) {
		if (access(busybox[i], X_OK))
			continue;
		ret = programs_add(cpio, busybox[i], "/bin/busybox", err);
		if (!ret)
			ret = cpio_add_link(cpio, "/bin/sh", "busybox", err);
		return ret ? ret : applets_add(cpio, busybox[i], err);
	}
	if (interactive && !access("/bin/bash", X_OK)) {
		ret = programs_add(cpio, "/bin/bash", NULL, err);
		if (ret)
			return ret;
	}
	if (access("/bin/sh", X_OK))
		return err_set(err, -ENOENT,
			       "%s: this host has neither /bin/busybox nor /bin/sh for the guest;"
			       " install busybox-static",
			       interactive ? "--shell" : "--exec");
	return programs_add(cpio, "/bin/sh", NULL, err);
}

/* What a shell does itself. */
static bool is_shell_word(const char *word)
{
	/* clang-format off */
	static const char *const words[] = {
		".", ":", "[", "alias", "bg", "break", "case", "cd", "command", "continue", "echo",
		"eval", "exec", "exit", "export", "false", "fg", "for", "getopts", "hash", "if",
		"jobs", "kill", "local", "printf", "pwd", "read", "readonly", "return", "set",
		"shift", "test", "times", "trap", "true", "type", "ulimit", "umask", "unalias",
		"unset", "until", "wait", "while",
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(word, words[i]))
			return true;
	}
	return false;
}

/* In the archive, where the guest would look. */
static bool in_archive(const struct cpio *cpio, const char *name)
{
	const char *list = guest_path_list;
	char path[PATH_LEN];

	while (*list) {
		int len = (int)strcspn(list, ":");

		snprintf(path, sizeof(path), "%.*s/%s", len, list, name);
		if (cpio_has(cpio, path))
			return true;
		list += len;
		list += *list == ':';
	}
	return false;
}

/* True when the guest's search will see a program at @path. */
static bool on_guest_path(const char *path)
{
	size_t dir = (size_t)(strrchr(path, '/') - path);
	const char *at = guest_path_list;

	while ((at = strstr(at, "/"))) {
		size_t len = strcspn(at, ":");

		if (len == dir && !strncmp(at, path, dir))
			return true;
		at += len;
	}
	return false;
}

/* Adds the program @word; @found tells whether there was one. */
static int add_first(struct cpio *cpio, const char *word, bool *found, struct err *err)
{
	char guest[CPIO_PATH_MAX + 1];
	char path[PATH_LEN];
	int ret;

	*found = true;
	if (strchr(word, '/')) {
		ret = programs_guest_path(word, guest);
		if (ret)
			return err_set_errno(err, -ret, "--exec: %s", word);
		if (cpio_has(cpio, guest))
			return 0;
		*found = !access(word, F_OK);
		return *found ? programs_add(cpio, word, NULL, err) : 0;
	}
	if (in_archive(cpio, word))
		return 0;
	*found = find_in(getenv("PATH"), word, path);
	if (!*found)
		return 0;
	if (on_guest_path(path))
		return programs_add(cpio, path, path, err);
	snprintf(guest, sizeof(guest), "/bin/%s", word);
	return programs_add(cpio, path, guest, err);
}

int programs_add_command(struct cpio *cpio, const char *command, struct err *err)
{
	char word[512];
	bool found = true;
	bool named;
	size_t len;
	int ret = 0;

	command += strspn(command, " \t\n");
	len = strcspn(command, " \t\n;&|<>()");
	if (len >= sizeof(word))
		return err_set(err, -ENAMETOOLONG, "--exec: the first word is too long");
	snprintf(word, sizeof(word), "%.*s", (int)len, command);
	/* Quotes, variables and assignments are for the shell to understand. */
	named = *word && !strpbrk(word, "'\"\\$`{}*?~#!=");
	if (named)
		ret = add_first(cpio, word, &found, err);
	if (!ret)
		ret = programs_add_shell(cpio, false, err);
	if (ret)
		return ret;
	if (named && !found && !is_shell_word(word) && !in_archive(cpio, word))
		return err_set(err, -ENOENT,
			       "--exec: '%s' is not on this host's PATH; add it with --include"
			       " HOST:GUEST, or boot a disk that has it with --root",
			       word);
	return 0;
}
