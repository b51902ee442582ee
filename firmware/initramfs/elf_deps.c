/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/elf_deps.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/initramfs/elf.h"
#include "firmware/initramfs/file.h"

#define PROGRAM_MAX   (512U << 20)
#define CONF_MAX      (64U << 10)
#define MAX_CONF_DIRS 128
#define CONF_DEPTH    4
#define PATH_LEN      4096

static const char *const default_dirs[] = {
	"/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu",
	"/lib64",
	"/usr/lib64",
	"/lib",
	"/usr/lib",
};

/* Directories of /etc/ld.so.conf. */
struct conf {
	char *dirs[MAX_CONF_DIRS];
	size_t n;
	bool read;
};

struct search {
	struct elf_deps *deps;
	struct conf conf;
	const char *program;
	char *rpath; /* the program's own, which its libraries inherit; NULL: none */
	struct err *err;
};

static void read_conf(struct conf *conf, const char *path, int depth);

static void read_included(struct conf *conf, const char *pattern, int depth)
{
	glob_t found;

	pattern += strspn(pattern, " \t");
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_conf(conf, found.gl_pathv[i], depth);
	globfree(&found);
}

/* "include" lines nest; broken files are passed over, as the loader's own tool does. */
static void read_conf(struct conf *conf, const char *path, int depth)
{
	struct file file;
	char *save = NULL;

	if (file_load(&file, path, CONF_MAX, NULL))
		return;
	for (char *line = strtok_r((char *)file.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		if (!strncmp(line, "include", 7) && depth < CONF_DEPTH)
			read_included(conf, line + 7, depth + 1);
		line[strcspn(line, " \t\r")] = '\0';
		if (*line == '/' && conf->n < MAX_CONF_DIRS) {
			conf->dirs[conf->n] = strdup(line);
			conf->n += conf->dirs[conf->n] != NULL;
		}
	}
	file_fini(&file);
}

/* A library of the wrong kind (32-bit) is passed over by the loader. */
static bool is_library(const char *path)
{
	struct elf_info info;
	struct file file;
	bool good;

	if (access(path, R_OK) || file_load(&file, path, PROGRAM_MAX, NULL))
		return false;
	good = !elf_info_parse(file.data, file.len, &info);
	file_fini(&file);
	return good;
}

static bool try_in(const char *dir, size_t dir_len, const char *name, char *path)
{
	int len = snprintf(path, PATH_LEN, "%.*s/%s", (int)dir_len, dir, name);

	return len > 0 && len < PATH_LEN && is_library(path);
}

/* Looks in a list like "$ORIGIN/../lib:/opt/lib", where @origin is the directory of the object. */
static bool try_list(const char *list, const char *object, const char *name, char *path)
{
	static const char *const words[] = {"$ORIGIN", "${ORIGIN}"};
	const char *slash = strrchr(object, '/');
	int origin = slash ? (int)(slash - object) : 0;

	while (list && *list) {
		size_t len = strcspn(list, ":");
		char dir[PATH_LEN];
		int n = -1;

		for (size_t i = 0; i < 2 && n < 0; i++) {
			size_t w = strlen(words[i]);

			if (len >= w && !strncmp(list, words[i], w))
				n = snprintf(dir, sizeof(dir), "%.*s%.*s", origin, object,
					     (int)(len - w), list + w);
		}
		if (n < 0)
			n = snprintf(dir, sizeof(dir), "%.*s", (int)len, list);
		/* A relative entry depends on where the program is started: not taken along. */
		if (n > 0 && n < PATH_LEN && *dir == '/' && try_in(dir, (size_t)n, name, path))
			return true;
		list += len + (list[len] == ':');
	}
	return false;
}

/* The loader's order. */
static bool find_library(struct search *s, const struct elf_info *of, const char *object,
			 const char *name, char *path)
{
	if (strchr(name, '/')) {
		snprintf(path, PATH_LEN, "%s", name);
		return *name == '/' && is_library(path);
	}
	if (of->runpath) {
		if (try_list(of->runpath, object, name, path))
			return true;
	} else if (try_list(of->rpath, object, name, path) ||
		   try_list(s->rpath, s->program, name, path)) {
		return true;
	}
	for (size_t i = 0; i < sizeof(default_dirs) / sizeof(default_dirs[0]); i++) {
		if (try_in(default_dirs[i], strlen(default_dirs[i]), name, path))
			return true;
	}
	if (!s->conf.read)
		read_conf(&s->conf, "/etc/ld.so.conf", 0);
	s->conf.read = true;
	for (size_t i = 0; i < s->conf.n; i++) {
		if (try_in(s->conf.dirs[i], strlen(s->conf.dirs[i]), name, path)) {
			s->deps->needs_cache = true;
			return true;
		}
	}
	return false;
}

static int add_path(struct search *s, const char *path)
{
	struct elf_deps *deps = s->deps;

	if (deps->n == ELF_DEPS_MAX)
		return err_set(s->err, -E2BIG, "%s: more than %d libraries", s->program,
			       ELF_DEPS_MAX);
	deps->paths[deps->n] = strdup(path);
	if (!deps->paths[deps->n])
		return err_set(s->err, -ENOMEM, "%s: no memory", s->program);
	deps->n++;
	return 0;
}

/* Libraries are known by their last name: the loader loads each once. */
static bool known(const struct elf_deps *deps, const char *name)
{
	const char *slash = strrchr(name, '/');

	name = slash ? slash + 1 : name;
	for (size_t i = 0; i < deps->n; i++) {
		if (!strcmp(strrchr(deps->paths[i], '/') + 1, name))
			return true;
	}
	return false;
}

static int add_needs(struct search *s, const struct elf_info *info, const char *object)
{
	char path[PATH_LEN];
	int ret = 0;

	for (size_t i = 0; i < info->n_needed && !ret; i++) {
		if (known(s->deps, info->needed[i]))
			continue;
		if (!find_library(s, info, object, info->needed[i], path))
			return err_set(s->err, -ENOENT,
				       "%s: library %s (needed by %s) is not on this host",
				       s->program, info->needed[i], object);
		ret = add_path(s, path);
	}
	return ret;
}

/* "#!/usr/bin/env python3": the program and one word. */
static int read_script(struct elf_deps *deps, char *line)
{
	char *save = NULL;
	char *word;

	line[strcspn(line, "\n")] = '\0';
	word = strtok_r(line + 2, " \t\r", &save);
	if (!word)
		return 0;
	deps->interp = strdup(word);
	word = strtok_r(NULL, " \t\r", &save);
	deps->interp_arg = word ? strdup(word) : NULL;
	return deps->interp && (deps->interp_arg || !word) ? 0 : -ENOMEM;
}

/* One object: what it is, and what it needs. @first: the program itself. */
static int add_object(struct search *s, const char *object, bool first)
{
	struct elf_info info;
	struct file file;
	int ret = file_load(&file, object, PROGRAM_MAX, s->err);

	if (ret)
		return ret;
	ret = elf_info_parse(file.data, file.len, &info);
	s->deps->is_elf |= first && ret != -ENOEXEC;
	if (ret == -ENOEXEC && first)
		ret = file.len > 2 && !memcmp(file.data, "#!", 2)
			      ? read_script(s->deps, (char *)file.data)
			      : 0;
	else if (ret)
		ret = err_set(s->err, ret,
			      ret == -ENOTSUP ? "%s: not for 64-bit x86, which the guest is"
					      : "%s: damaged ELF file",
			      object);
	else {
		if (first && info.rpath && !info.runpath)
			s->rpath = strdup(info.rpath);
		if (first && info.interp && *info.interp != '/')
			ret = err_set(s->err, -EBADMSG, "%s: its loader has no absolute path",
				      object);
		else if (first && info.interp)
			ret = add_path(s, info.interp);
		if (!ret)
			ret = add_needs(s, &info, object);
	}
	file_fini(&file);
	return ret;
}

int elf_deps_collect(struct elf_deps *deps, const char *program, struct err *err)
{
	struct search s = {.deps = deps, .program = program, .err = err};
	int ret;

	memset(deps, 0, sizeof(*deps));
	ret = add_object(&s, program, true);
	/* The list grows while it is walked: libraries of libraries. */
	for (size_t i = 0; i < deps->n && !ret; i++)
		ret = add_object(&s, deps->paths[i], false);
	for (size_t i = 0; i < s.conf.n; i++)
		free(s.conf.dirs[i]);
	free(s.rpath);
	return ret;
}

void elf_deps_fini(struct elf_deps *deps)
{
	for (size_t i = 0; i < deps->n; i++)
		free(deps->paths[i]);
	free(deps->interp);
	free(deps->interp_arg);
	memset(deps, 0, sizeof(*deps));
}
