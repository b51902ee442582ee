/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file being read; @at moves through its text. */
struct source {
	const char *file;
	char *at;
	unsigned int line;     /* of what was read last */
	unsigned int next;     /* of what comes */
	unsigned int includes; /* how deep it is included */
};

struct parser {
	struct script *script;
	script_load_fn load;
	bool placed; /* the error has its file and line */
};

static int parse_block(struct parser *p, struct source *src, struct block *block,
		       unsigned int depth, enum statement_kind *ended_by, struct err *err);

static int out_of_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory");
}

/* The next line, cut in place; one that ends with a backslash goes on in the next. NULL at the end.
 */
static char *next_line(struct source *src)
{
	char *line = src->at;
	char *end = line;

	if (!*line)
		return NULL;
	src->line = src->next;
	while (*end && *end != '\n') {
		if (*end == '\\' && end[1] == '\n') {
			end[0] = end[1] = ' ';
			src->next++;
		}
		end++;
	}
	src->next++;
	src->at = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

static struct statement *add_statement(struct parser *p, struct source *src, struct block *block,
				       const char *text)
{
	struct statement *bigger;

	/* Grows when the number is a power of two, or 0. */
	if ((block->n & (block->n - 1)) == 0 || block->n == 0) {
		bigger = realloc(block->list, (block->n ? 2 * block->n : 1) * sizeof(*bigger));
		if (!bigger)
			return NULL;
		block->list = bigger;
	}
	bigger = &block->list[block->n];
	*bigger = (struct statement){.file = src->file, .line = src->line, .text = strdup(text)};
	if (!bigger->text)
		return NULL;
	block->n++;
	p->script->n_statements++;
	return bigger;
}

/* Moves the words from @from on to @to. */
static int move_words(struct words *words, size_t from, struct words *to)
{
	size_t n = words->n - from;

	to->list = calloc(n ? n : 1, sizeof(*to->list));
	if (!to->list)
		return -ENOMEM;
	if (n)
		memcpy(to->list, words->list + from, n * sizeof(*to->list));
	to->n = n;
	words->n = from;
	return 0;
}

static bool is_plain(const struct word *word, const char *text)
{
	return word->n == 1 && !word->parts[0].variable && strcmp(word->parts[0].text, text) == 0;
}

static int cut_within(struct statement *s, struct err *err)
{
	size_t n = s->words.n;

	if (s->row->within > 0 && n >= 2 && is_plain(&s->words.list[n - 2], "within"))
		return move_words(&s->words, n - 2, &s->within) ? out_of_memory(err) : 0;
	return 0;
}

static int check_within(const struct statement *s, struct err *err)
{
	struct variables none = {0};
	double seconds;
	char *text;
	int rc;

	if (!s->within.n || !word_is_constant(&s->within.list[1]))
		return 0;
	text = word_expand(&s->within.list[1], &none, err);
	rc = text ? duration_parse(text, &seconds, err) : -ENOMEM;
	free(text);
	return rc;
}

/* What can be said of the words before variables have values. */
static int check_words(const struct statement *s, struct err *err)
{
	const struct statement_row *row = s->row;
	struct variables none = {0};
	char *words[WORDS_MAX] = {0};
	size_t n = 0;
	int rc = 0;

	if (s->words.n < row->min || s->words.n > row->max)
		return err_set(err, -EINVAL, "%s: expected %s%s%s", row->name, row->name,
			       *row->arguments ? " " : " without anything behind it",
			       row->arguments);
	rc = check_within(s, err);
	for (; !rc && n < s->words.n && word_is_constant(&s->words.list[n]); n++) {
		words[n] = word_expand(&s->words.list[n], &none, err);
		rc = words[n] ? 0 : -ENOMEM;
	}
	if (!rc && n == s->words.n && row->check) {
		rc = row->check(words, n, err);
		if (rc)
			err_prefix(err, "%s", row->name);
	}
	while (n--)
		free(words[n]);
	return rc;
}

static int parse_branches(struct parser *p, struct source *src, struct statement *s,
			  unsigned int depth, struct err *err)
{
	enum statement_kind ended_by = STATEMENT_AND;
	unsigned int line = src->line;

	while (ended_by == STATEMENT_AND) {
		struct block *bigger =
			realloc(s->branches, (s->n_branches + 1) * sizeof(*s->branches));
		int rc;

		if (!bigger)
			return out_of_memory(err);
		s->branches = bigger;
		bigger[s->n_branches++] = (struct block){0};
		rc = parse_block(p, src, &bigger[s->n_branches - 1], depth + 1, &ended_by, err);
		if (rc)
			return rc;
	}
	if (ended_by == STATEMENT_END)
		return 0;
	src->line = line;
	return err_set(err, -EINVAL, "parallel has no end");
}

/* The path of an included file is seen from the file that includes it. */
static char *beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *full = NULL;

	if (*path == '/' || !slash)
		return strdup(path);
	if (asprintf(&full, "%.*s/%s", (int)(slash - file), file, path) < 0)
		return NULL;
	return full;
}

/* Takes @path. */
static int parse_file(struct parser *p, char *path, unsigned int includes, struct block *block,
		      unsigned int depth, struct err *err)
{
	char **bigger = realloc(p->script->files, (p->script->n_files + 1) * sizeof(*bigger));
	struct source src = {.file = path, .line = 1, .next = 1, .includes = includes};
	enum statement_kind ended_by = STATEMENT_STEP;
	struct err why = ERR_INIT;
	char *text;
	int rc;

	if (!bigger || !path) {
		free(path);
		p->script->files = bigger ? bigger : p->script->files;
		return out_of_memory(err);
	}
	p->script->files = bigger;
	bigger[p->script->n_files++] = path;
	text = p->load(path, err);
	if (!text)
		return err->code;
	src.at = text;
	rc = parse_block(p, &src, block, depth, &ended_by, &why);
	if (!rc && ended_by != STATEMENT_STEP)
		rc = err_set(&why, -EINVAL, "%s stands outside of parallel",
			     ended_by == STATEMENT_AND ? "and" : "end");
	if (rc && !p->placed)
		err_set(err, rc, "%s:%u: %s", path, src.line, why.text);
	else if (rc)
		*err = why;
	p->placed = rc != 0;
	free(text);
	return rc;
}

static int parse_include(struct parser *p, struct source *src, const struct words *words,
			 struct block *block, unsigned int depth, struct err *err)
{
	struct variables none = {0};
	char *path, *full;

	if (words->n != 2 || !word_is_constant(&words->list[1]))
		return err_set(err, -EINVAL,
			       "include: expected include FILE, a name without variables");
	if (src->includes == SCRIPT_DEPTH_MAX || p->script->n_files == SCRIPT_FILES_MAX)
		return err_set(err, -ELOOP, "include: more than %d files, or %d deep",
			       SCRIPT_FILES_MAX, SCRIPT_DEPTH_MAX);
	path = word_expand(&words->list[1], &none, err);
	full = path ? beside(src->file, path) : NULL;
	free(path);
	if (!full)
		return out_of_memory(err);
	return parse_file(p, full, src->includes + 1, block, depth, err);
}

static int parse_statement(struct parser *p, struct source *src, struct block *block,
			   const struct statement_row *row, const char *text, struct words *words,
			   unsigned int depth, struct err *err)
{
	struct statement *s;
	int rc;

	if (p->script->n_statements == SCRIPT_STATEMENTS_MAX)
		return err_set(err, -E2BIG, "more than %d statements", SCRIPT_STATEMENTS_MAX);
	s = add_statement(p, src, block, text);
	if (!s)
		return out_of_memory(err);
	s->row = row;
	if (move_words(words, 1, &s->words))
		return out_of_memory(err);
	rc = cut_within(s, err);
	if (!rc)
		rc = check_words(s, err);
	if (!rc && row->kind == STATEMENT_PARALLEL)
		rc = depth == SCRIPT_DEPTH_MAX
			     ? err_set(err, -EINVAL, "parallel: more than %d deep",
				       SCRIPT_DEPTH_MAX)
			     : parse_branches(p, src, s, depth, err);
	return rc;
}

/* One line. Sets @ended_by when it ends the block. */
static int parse_line(struct parser *p, struct source *src, struct block *block, char *line,
		      unsigned int depth, enum statement_kind *ended_by, struct err *err)
{
	const struct statement_row *row;
	struct variables none = {0};
	struct words words;
	char *text, *name;
	int rc = words_parse(line, &words, err);

	if (rc || !words.n)
		return rc;
	text = line + strspn(line, " \t\r");
	name = word_is_constant(&words.list[0]) ? word_expand(&words.list[0], &none, err)
						: strdup("${...}");
	row = name ? statements_find(name, err) : NULL;
	if (!row)
		rc = -EINVAL;
	else if (row->kind == STATEMENT_INCLUDE)
		rc = parse_include(p, src, &words, block, depth, err);
	else if (row->kind != STATEMENT_AND && row->kind != STATEMENT_END)
		rc = parse_statement(p, src, block, row, text, &words, depth, err);
	else if (words.n > 1)
		rc = err_set(err, -EINVAL, "%s stands alone on its line", name);
	else
		*ended_by = row->kind;
	free(name);
	words_fini(&words);
	return rc;
}

/* Up to the end of the file, or of the block, which @ended_by then tells. */
static int parse_block(struct parser *p, struct source *src, struct block *block,
		       unsigned int depth, enum statement_kind *ended_by, struct err *err)
{
	char *line;
	int rc = 0;

	*ended_by = STATEMENT_STEP;
	while (!rc && *ended_by == STATEMENT_STEP && (line = next_line(src)))
		rc = parse_line(p, src, block, line, depth, ended_by, err);
	return rc;
}

static void fini_block(struct block *block)
{
	for (size_t i = 0; i < block->n; i++) {
		struct statement *s = &block->list[i];

		for (size_t j = 0; j < s->n_branches; j++)
			fini_block(&s->branches[j]);
		free(s->branches);
		free(s->text);
		words_fini(&s->words);
		words_fini(&s->within);
	}
	free(block->list);
}

int script_parse(struct script *script, const char *path, script_load_fn load, struct err *err)
{
	struct parser p = {.script = script, .load = load};
	int rc;

	*script = (struct script){0};
	rc = parse_file(&p, strdup(path), 0, &script->top, 0, err);
	if (rc)
		script_fini(script);
	return rc;
}

void script_fini(struct script *script)
{
	fini_block(&script->top);
	for (size_t i = 0; i < script->n_files; i++)
		free(script->files[i]);
	free(script->files);
	*script = (struct script){0};
}

static char *read_all(int fd, const char *path, struct err *err)
{
	char *text = malloc(SCRIPT_FILE_MAX + 2);
	size_t len = 0;
	ssize_t n = 1;

	while (text && n > 0 && len <= SCRIPT_FILE_MAX) {
		n = read(fd, text + len, SCRIPT_FILE_MAX + 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (!text)
		err_set(err, -ENOMEM, "out of memory");
	else if (n < 0)
		err_set_errno(err, errno, "scenario %s: cannot read", path);
	else if (len > SCRIPT_FILE_MAX)
		err_set(err, -EFBIG, "scenario %s: more than 1 MiB", path);
	else if (memchr(text, 0, len))
		err_set(err, -EILSEQ, "scenario %s: not a text, it has a NUL byte", path);
	else {
		text[len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

char *script_load_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		err_set_errno(err, errno, "scenario %s: cannot open", path);
	else if (!S_ISREG(st.st_mode))
		err_set(err, -EISDIR, "scenario %s: not a regular file", path);
	else
		text = read_all(fd, path, err);
	if (fd >= 0)
		close(fd);
	return text;
}
