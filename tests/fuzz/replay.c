/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The main of a fuzz target that fuzzes nothing: it replays, in the order of their names, the
 * inputs of tests/fuzz/seeds/NAME and tests/fuzz/crashes/NAME, where NAME is its own. TAP on
 * stdout; the input at work is named on stderr first, for an input that ends the program can no
 * more do so itself.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of its own size, so that a read beyond the end shows. The caller frees. */
static uint8_t *read_input(const char *path, size_t *size)
{
	FILE *in = fopen(path, "re");
	uint8_t *data = NULL;
	long len;

	if (!in)
		return NULL;
	if (fseek(in, 0, SEEK_END) == 0 && (len = ftell(in)) >= 0) {
		rewind(in);
		*size = (size_t)len;
		data = malloc(*size ? *size : 1);
		if (data && fread(data, 1, *size, in) != *size) {
			free(data);
			data = NULL;
		}
	}
	fclose(in);
	return data;
}

static void replay(const char *path, unsigned int number, unsigned int *failed)
{
	size_t size = 0;
	uint8_t *data = read_input(path, &size);

	if (!data) {
		printf("not ok %u - %s cannot be read: %s\n", number, path, strerror(errno));
		++*failed;
		return;
	}
	fprintf(stderr, "replaying %s\n", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	printf("ok %u - %s\n", number, path);
	fflush(stdout);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A folder that is not there holds nothing. */
static void replay_folder(const char *kind, const char *name, unsigned int *number,
			  unsigned int *failed)
{
	char folder[256], path[600];
	struct dirent **entries;
	int n;

	snprintf(folder, sizeof(folder), "tests/fuzz/%s/%s", kind, name);
	n = scandir(folder, &entries, visible, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		replay(path, ++*number, failed);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	unsigned int number = 0, failed = 0;

	if (!slash)
		return 2;
	replay_folder("seeds", slash + 1, &number, &failed);
	replay_folder("crashes", slash + 1, &number, &failed);
	if (number == 0) {
		printf("not ok 1 - tests/fuzz/seeds/%s is empty\n", slash + 1);
		failed = 1;
	}
	printf("1..%u\n", number);
	return failed != 0;
}
